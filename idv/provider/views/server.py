"""The authorization server's endpoints: pushed requests and tokens, for portals and for wallets."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from idv.protocol import issuance
from recovery_portal.kit import clock

from ..errors import ProtocolRefused
from ..flows import authorization, tokens, wallets
from .wire import endpoint, form_of, with_dpop_nonce


@endpoint("POST", limit=120)
def par(request: HttpRequest) -> HttpResponse:
    form, at = form_of(request), clock.now()
    wallet = wallets.find_client(form.get("client_id", ""))
    if wallet is None:
        pushed = authorization.push(form, at=at)
    else:
        pushed = wallets.push(form, client=wallet, proof=request.headers.get("DPoP", ""), at=at)
    return JsonResponse({"request_uri": pushed.request_uri, "expires_in": pushed.expires_in_s}, status=201)


@endpoint("POST", limit=120)
def token(request: HttpRequest) -> HttpResponse:
    form, at = form_of(request), clock.now()
    grant, proof = form.get("grant_type"), request.headers.get("DPoP", "")
    if not grant:
        raise ProtocolRefused("invalid_request", "grant_type is missing")
    if grant == issuance.PRE_AUTHORIZED_GRANT:
        return _access(tokens.grant_for_offer(form, proof=proof, at=at), is_bound=bool(proof))
    if grant != "authorization_code":
        raise ProtocolRefused("unsupported_grant_type", "not one of ours")
    wallet = wallets.find_client(form.get("client_id", "")) if "client_assertion" not in form else None
    if wallet is not None:
        return _access(tokens.grant_for_consent(form, client=wallet, proof=proof, at=at), is_bound=bool(proof))
    # The proofing result stands in for the access token that RFC 6749 wants: there is nothing here to access.
    result = authorization.redeem_code(form, at=at)
    return JsonResponse({"proofing_result": result, "access_token": "", "token_type": "N_A", "expires_in": 0})


def _access(granted: tokens.Granted, *, is_bound: bool) -> HttpResponse:
    members: dict[str, Any] = {
        "access_token": granted.access_token,
        "token_type": granted.token_type,
        "expires_in": granted.expires_in_s,
    }
    if granted.authorization_details:
        members["authorization_details"] = granted.authorization_details
    response = JsonResponse(members)
    return with_dpop_nonce(response, at=clock.now()) if is_bound else response
