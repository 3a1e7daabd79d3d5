"""Addresses of the console, under the admin site's own."""

from django.urls import path

from . import home, people

app_name = "console"
urlpatterns = [
    path("", home.home, name="home"),
    path("explain/", people.explain, name="explain"),
    path("simulator/", people.simulator, name="simulator"),
    path("profiles/<uuid:profile_id>/readiness/", people.ready, name="readiness"),
    path("profiles/<uuid:profile_id>/readiness.csv", people.ready_csv, name="readiness-csv"),
]
