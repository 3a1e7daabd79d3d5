"""What the issuer publishes about itself: metadata, keys, the credential's type, its DID."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.translation import override

from idv.protocol import authorization, issuance_encryption, metadata
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit import clock

from .. import credential, keyring, policy
from ..flows import attesting
from ..models import ProviderKey
from .wire import endpoint


def _url(path: str) -> str:
    # Configured, never from the Host header: a forged one must not move our endpoints.
    return f"{settings.PROVIDER_BASE_URL}{path}"


def _in_every_language(text: Promise | str) -> dict[str, str]:
    texts = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            texts[code] = force_str(text)
    return texts


def _claims() -> Mapping[str, Mapping[str, str]]:
    return {name: _in_every_language(label) for name, label in credential.CLAIM_LABELS.items()}


@endpoint("GET", public=True)
def authorization_server(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        metadata.authorization_server_metadata(
            issuer=settings.PROVIDER_BASE_URL,
            authorization_endpoint=_url("/authorize"),
            token_endpoint=_url("/token"),
            par_endpoint=_url("/par"),
            jwks_uri=_url("/jwks"),
            scopes=list(credential.CONFIGURATION_BY_SCOPE),
            acr_values=[authorization.HIGH_ASSURANCE],
            challenge_endpoint=_url("/attestation-challenge") if attesting.is_on() else None,
        )
    )


@endpoint("GET", public=True)
def credential_issuer(request: HttpRequest) -> HttpResponse:
    """The metadata, signed for who asks so (OpenID4VCI 1.0 section 12.2.3)."""
    at, document = clock.now(), _issuer_metadata()
    response: HttpResponse = JsonResponse(document)
    if request.get_preferred_type(["application/json", metadata.SIGNED_MEDIA_TYPE]) == metadata.SIGNED_MEDIA_TYPE:
        key = keyring.signing_key(ProviderKey.Use.CREDENTIAL, at=at)
        signed = metadata.signed_issuer_metadata(document, key=key, at=at)
        response = HttpResponse(signed, content_type=metadata.SIGNED_MEDIA_TYPE)
    patch_vary_headers(response, ["Accept"])
    return response


def _issuer_metadata() -> dict[str, Any]:
    scopes = {configuration_id: scope for scope, configuration_id in credential.CONFIGURATION_BY_SCOPE.items()}
    common: dict[str, Any] = {
        "display_name": _in_every_language(credential.DISPLAY_NAME),
        "claims": _claims(),
        "takes_attestations": attesting.is_on(),
    }
    document = metadata.issuer_metadata(
        issuer=settings.PROVIDER_BASE_URL,
        credential_endpoint=_url("/credential"),
        nonce_endpoint=_url("/nonce"),
        notification_endpoint=_url("/notification"),
        deferred_credential_endpoint=_url("/deferred-credential"),
        display_name=settings.PROVIDER_NAME,
        configurations={
            credential.CONFIGURATION_ID: metadata.credential_configuration(
                vct=credential.vct_of(settings.PROVIDER_BASE_URL),
                scope=scopes[credential.CONFIGURATION_ID],
                **common,
            ),
            credential.JWT_CONFIGURATION_ID: metadata.jwt_credential_configuration(
                credential_type=credential.TYPE_NAME, scope=scopes[credential.JWT_CONFIGURATION_ID], **common
            ),
        },
        batch_size=policy.BATCH_SIZE,
    )
    return document | issuance_encryption.metadata_members(keyring.encryption_keys(at=clock.now()))


@endpoint("GET", public=True)
def jwt_vc_issuer(request: HttpRequest) -> HttpResponse:
    published = keyring.published(ProviderKey.Use.CREDENTIAL, at=clock.now())
    return JsonResponse(metadata.jwt_vc_issuer_metadata(issuer=settings.PROVIDER_BASE_URL, jwks=published["keys"]))


@endpoint("GET", public=True)
def jwks(request: HttpRequest) -> HttpResponse:
    """Keys for results and for credentials; ``typ`` keeps the two apart for whoever verifies."""
    at = clock.now()
    uses = (ProviderKey.Use.RESULT, ProviderKey.Use.CREDENTIAL)
    return JsonResponse({"keys": [entry for use in uses for entry in keyring.published(use, at=at)["keys"]]})


@endpoint("GET", public=True)
def did_document(request: HttpRequest) -> HttpResponse:
    return JsonResponse(keyring.did_document(at=clock.now()))


@endpoint("GET", public=True)
def did_configuration(request: HttpRequest) -> HttpResponse:
    """The linked domain: wallets that show an issuer's address look here whether DID and origin are one."""
    return JsonResponse(keyring.did_configuration(at=clock.now()))


@endpoint("GET", public=True)
def development_ca(request: HttpRequest) -> HttpResponse:
    return HttpResponse(keyring.anchor_pem(at=clock.now()), content_type="application/x-pem-file")


@endpoint("GET", public=True)
def credential_type(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        metadata.type_metadata(
            vct=credential.vct_of(settings.PROVIDER_BASE_URL),
            name=_in_every_language(credential.DISPLAY_NAME),
            description=_in_every_language(credential.DESCRIPTION),
            claims=_claims(),
        )
    )


@endpoint("GET", "POST")
def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    raise ProtocolRefused("not_found", "nothing is published here", status=404)
