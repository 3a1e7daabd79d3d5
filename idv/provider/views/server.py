"""The authorization server's endpoints: pushed requests and tokens, and its published documents."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from idv.protocol import issuance, metadata
from recovery_portal.kit import clock

from .. import credential, keyring, policy
from ..errors import ProtocolRefused
from ..flows import authorization, issuing
from ..models import ProviderKey
from .wire import endpoint, form_of


def _url(path: str) -> str:
    # Configured, never from the Host header: a forged one must not move our endpoints.
    return f"{settings.PROVIDER_BASE_URL}{path}"


@endpoint("GET", public=True)
def authorization_server(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        metadata.authorization_server_metadata(
            issuer=settings.PROVIDER_BASE_URL,
            authorization_endpoint=_url("/authorize"),
            token_endpoint=_url("/token"),
            par_endpoint=_url("/par"),
            jwks_uri=_url("/jwks"),
        )
    )


@endpoint("GET", public=True)
def credential_issuer(request: HttpRequest) -> HttpResponse:
    configuration = metadata.credential_configuration(
        vct=credential.vct_of(settings.PROVIDER_BASE_URL),
        scope=credential.SCOPE,
        display_name=credential.DISPLAY_NAME,
        claims=credential.CLAIM_LABELS,
    )
    return JsonResponse(
        metadata.issuer_metadata(
            issuer=settings.PROVIDER_BASE_URL,
            credential_endpoint=_url("/credential"),
            nonce_endpoint=_url("/nonce"),
            notification_endpoint=_url("/notification"),
            display_name=settings.PROVIDER_NAME,
            configurations={credential.CONFIGURATION_ID: configuration},
            batch_size=policy.BATCH_SIZE,
        )
    )


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
def development_ca(request: HttpRequest) -> HttpResponse:
    return HttpResponse(keyring.anchor_pem(at=clock.now()), content_type="application/x-pem-file")


@endpoint("GET", public=True)
def credential_type(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        metadata.type_metadata(
            vct=credential.vct_of(settings.PROVIDER_BASE_URL),
            name=credential.DISPLAY_NAME,
            description="A person whose identity document and face were checked.",
            claims=credential.CLAIM_LABELS,
        )
    )


@endpoint("GET", "POST")
def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    raise ProtocolRefused("not_found", "nothing is published here", status=404)


@endpoint("POST", limit=120)
def par(request: HttpRequest) -> HttpResponse:
    pushed = authorization.push(form_of(request), at=clock.now())
    return JsonResponse({"request_uri": pushed.request_uri, "expires_in": pushed.expires_in_s}, status=201)


@endpoint("POST", limit=120)
def token(request: HttpRequest) -> HttpResponse:
    form, at = form_of(request), clock.now()
    grant = form.get("grant_type")
    if not grant:
        raise ProtocolRefused("invalid_request", "grant_type is missing")
    if grant == "authorization_code":
        # The proofing result stands in for the access token that RFC 6749 wants: there is nothing here to access.
        result = authorization.redeem_code(form, at=at)
        return JsonResponse({"proofing_result": result, "access_token": "", "token_type": "N_A", "expires_in": 0})
    if grant == issuance.PRE_AUTHORIZED_GRANT:
        granted = issuing.grant_token(form, at=at)
        return JsonResponse(
            {"access_token": granted.access_token, "token_type": "Bearer", "expires_in": granted.expires_in_s}
        )
    raise ProtocolRefused("unsupported_grant_type", "not one of ours")
