"""Addresses of this portal as a relying party. Mounted at /verifier/; ``well_known`` at the root."""

from django.urls import path

from . import views
from .addresses import REQUESTS, RESPONSES

app_name = "verifier"

urlpatterns = [
    path("jwks", views.jwks, name="jwks"),
    path("development-ca.pem", views.development_ca, name="development_ca"),
    path(f"{REQUESTS}<str:reference>", views.request_object, name="request"),
    path(f"{RESPONSES}<str:reference>", views.response, name="response"),
]

well_known = [
    path(".well-known/did.json", views.did_document),
    path(".well-known/did-configuration.json", views.did_configuration),
    path(".well-known/<path:rest>", views.unknown_well_known),
]
