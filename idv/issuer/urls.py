"""The issuer's addresses. Mounted at /verified-id/; ``well_known`` at the root, where wallets look."""

from django.urls import path

from . import views

app_name = "issuer"

urlpatterns = [
    path("issuer/offers/<str:reference>", views.offer),
    path("issuer/token", views.token),
    path("issuer/nonce", views.nonce),
    path("issuer/credential", views.credential),
    path("issuer/notification", views.notification),
    path("issuer/jwks", views.jwks),
    path("issuer/status/<int:number>", views.status_list),
    path("types/<str:type_name>", views.credential_type),
]

well_known = [
    path(".well-known/openid-credential-issuer", views.credential_issuer),
    path(".well-known/oauth-authorization-server", views.authorization_server),
    path(".well-known/jwt-vc-issuer", views.jwt_vc_issuer),
]
