"""Pages of somebody who presented and is now asked for a Face Check. Mounted at /verified-id/."""

from django.urls import path

from . import views

app_name = "verified_id"

urlpatterns = [
    path("return/<uuid:key>/", views.arrive, name="return"),
    path("", views.step, name="step"),
    path("agree/", views.agree, name="agree"),
    path("face/", views.submit, name="face"),
    path("movement/", views.movement, name="movement"),
    path("no-camera/", views.no_camera, name="no-camera"),
    path("cancel/", views.cancel, name="cancel"),
    path("status/", views.status, name="status"),
]
