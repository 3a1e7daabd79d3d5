"""Addresses of the console, under the admin site's own."""

from django.urls import path

from . import home

app_name = "console"
urlpatterns = [
    path("", home.home, name="home"),
]
