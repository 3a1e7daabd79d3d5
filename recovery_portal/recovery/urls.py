"""Addresses under ``/recover/``. The names of pages are the values of :class:`.pages.Page`."""

from django.urls import path

from .views import assistance, face, outcome, present, start

app_name = "recovery"
urlpatterns = [
    path("", start.start, name="start"),
    path("provider/", start.provider, name="provider"),
    path("return/", start.provider_return, name="return"),
    path("present/", present.present, name="present"),
    path("presented/", present.presented, name="presented"),
    path("phone/<str:token>/", present.phone, name="phone"),
    path("face/", face.face, name="face"),
    path("face/movement/", face.movement, name="face-movement"),
    path("face/no-camera/", assistance.no_camera, name="face-no-camera"),
    path("assistance/", assistance.assistance, name="assistance"),
    path("assistance/ask/", assistance.ask, name="assistance-ask"),
    path("checking/", face.checking, name="checking"),
    path("status/", face.status, name="status"),
    path("number/", outcome.number, name="number"),
    path("show-number/", outcome.number_shown, name="number-shown"),
    path("confirmed/", outcome.confirmed, name="confirmed"),
    path("pass/", outcome.pass_issued, name="pass"),
    path("other-device/", outcome.other_device, name="other-device"),
    path("signed-in/", outcome.signed_in, name="signed-in"),
    path("completed/", outcome.completed, name="completed"),
    path("evaluated/", outcome.evaluated, name="evaluated"),
    path("refused/", outcome.refused, name="refused"),
    path("mismatch/", outcome.mismatch, name="mismatch"),
    path("unavailable/", outcome.unavailable, name="unavailable"),
    path("expired/", outcome.expired, name="expired"),
    path("cancelled/", outcome.cancelled, name="cancelled"),
    path("cancel/", outcome.cancel, name="cancel"),
    path("your-data/", outcome.your_data, name="your-data"),
    path("not-me/<str:token>/", outcome.not_me, name="not-me"),
]
