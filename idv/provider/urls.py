"""The provider's addresses. Its own site: nothing here is part of the portal."""

from django.urls import include, path, re_path

from recovery_portal.kit import views as kit_views
from recovery_portal.kit.health import health_patterns

from .admin import site as operators
from .views import arrival, desk, documents, issuer, operating, outcome, phone, server, wallet_consent

_proofing = "proofing/<uuid:proofing_id>"

_own = [
    path("", arrival.home, name="home"),
    path("authorize", arrival.authorize, name="authorize"),
    path("authorize/wallet", wallet_consent.ask, name="wallet-consent"),
    path("hand-over/<str:token>", arrival.hand_over, name="hand-over"),
    # Pages of one proofing, for the browsers that take part in it
    path(f"{_proofing}/", outcome.current, name="current"),
    path(f"{_proofing}/status", outcome.status, name="status"),
    path(f"{_proofing}/scan", arrival.scan, name="scan"),
    path(f"{_proofing}/continue-here", arrival.continue_here, name="continue-here"),
    path(f"{_proofing}/follow", outcome.follow, name="follow"),
    path(f"{_proofing}/details", phone.details, name="details"),
    path(f"{_proofing}/without-biometrics", phone.without_biometrics, name="without-biometrics"),
    path(f"{_proofing}/document", phone.document, name="document"),
    path(f"{_proofing}/document-tips", phone.document_tips, name="document-tips"),
    path(f"{_proofing}/document-photos", phone.document_photos, name="document-photos"),
    path(f"{_proofing}/another-document", phone.another_document, name="another-document"),
    path(f"{_proofing}/selfie-tips", phone.selfie_tips, name="selfie-tips"),
    path(f"{_proofing}/selfie", phone.selfie, name="selfie"),
    path(f"{_proofing}/selfie/movement", phone.movement, name="selfie-movement"),
    path(f"{_proofing}/no-camera", phone.no_camera, name="no-camera"),
    path(f"{_proofing}/checking", phone.checking, name="checking"),
    path(f"{_proofing}/review", outcome.review, name="review"),
    path(f"{_proofing}/add", outcome.add, name="add"),
    path(f"{_proofing}/open", outcome.open_wallet, name="open"),
    path(f"{_proofing}/finished", outcome.finished, name="finished"),
    path(f"{_proofing}/declined", outcome.declined, name="declined"),
    path(f"{_proofing}/cancelled", outcome.cancelled, name="cancelled"),
    path(f"{_proofing}/expired", outcome.expired, name="expired"),
    path(f"{_proofing}/cancel", outcome.cancel, name="cancel"),
    path(f"{_proofing}/your-data", outcome.your_data, name="your-data"),
    path(f"{_proofing}/return", outcome.go_home, name="return"),
    # The wire
    path("par", server.par, name="par"),
    path("token", server.token, name="token"),
    path("attestation-challenge", server.challenge, name="attestation-challenge"),
    path("jwks", documents.jwks, name="jwks"),
    path("development-ca.pem", documents.development_ca, name="development-ca"),
    path("nonce", issuer.nonce, name="nonce"),
    path("credential", issuer.credential, name="credential"),
    path("deferred-credential", issuer.deferred_credential, name="deferred-credential"),
    path("notification", issuer.notification, name="notification"),
    path("offers/<str:reference>", issuer.offer, name="offer"),
    path("status/<str:list_id>", issuer.status_list, name="status-list"),
    path("credentials/VerifiedIdentity", documents.credential_type, name="credential-type"),
    path(".well-known/oauth-authorization-server", documents.authorization_server, name="authorization-server"),
    path(".well-known/openid-configuration", documents.authorization_server, name="openid-configuration"),
    path(".well-known/openid-credential-issuer", documents.credential_issuer, name="credential-issuer"),
    path(".well-known/jwt-vc-issuer", documents.jwt_vc_issuer, name="jwt-vc-issuer"),
    path(".well-known/did.json", documents.did_document, name="did-document"),
    path(".well-known/did-configuration.json", documents.did_configuration, name="did-configuration"),
    re_path(r"^\.well-known/(?P<rest>.*)$", documents.unknown, name="unknown-well-known"),
    # Operators
    path("operator/<str:token>/", operating.enter, name="operator-enter"),
    # Emulation only
    path("specimen/", desk.desk, name="specimen-desk"),
]

urlpatterns = [path("admin/", operators.urls), path("", include((_own, "provider"))), *health_patterns]

handler400 = kit_views.bad_request
handler403 = kit_views.forbidden
handler404 = kit_views.not_found
handler500 = kit_views.server_error
