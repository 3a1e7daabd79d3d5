"""Addresses: the service for programs under a version of the API, the pages of the Face Check for people."""

from django.urls import path

from . import api

urlpatterns = [
    path("verifiableCredentials/createPresentationRequest", api.CreatePresentationRequest.as_view()),
    path("verifiableCredentials/createIssuanceRequest", api.CreateIssuanceRequest.as_view()),
    path("tenants/<uuid:tenant>/verifiableCredentials/contracts/<uuid:contract>/manifest", api.manifest),
]
