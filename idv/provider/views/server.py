"""The authorization server's endpoints: pushed requests and tokens, for portals and for wallets."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from idv.doors import form_of
from idv.protocol import client_attestation, issuance
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit import clock

from ..flows import attesting, authorization, tokens, wallets
from ..models import WalletClient
from .wire import endpoint, with_dpop_nonce


@endpoint("POST", limit=120)
def par(request: HttpRequest) -> HttpResponse:
    form, at = form_of(request), clock.now()
    wallet = wallets.find_client(form.get("client_id", ""))
    if wallet is None:
        pushed = authorization.push(form, at=at)
    else:
        proof, jkt = request.headers.get("DPoP", ""), _instance_of(request, form, wallet)
        pushed = wallets.push(form, client=wallet, proof=proof, instance_jkt=jkt, at=at)
    return JsonResponse({"request_uri": pushed.request_uri, "expires_in": pushed.expires_in_s}, status=201)


@endpoint("POST", limit=120)
def token(request: HttpRequest) -> HttpResponse:
    form, at = form_of(request), clock.now()
    grant, proof = form.get("grant_type"), request.headers.get("DPoP", "")
    if not grant:
        raise ProtocolRefused("invalid_request", "grant_type is missing")
    if grant == issuance.PRE_AUTHORIZED_GRANT:
        attested = attesting.find(*_attestation_in(request), client_id=form.get("client_id", ""), at=at)
        granted = tokens.grant_for_offer(form, proof=proof, attested_as=attested.client_id if attested else "", at=at)
        return _access(granted, is_bound=bool(proof))
    if grant != "authorization_code":
        raise ProtocolRefused("unsupported_grant_type", "not one of ours")
    wallet = wallets.find_client(form.get("client_id", "")) if "client_assertion" not in form else None
    if wallet is not None:
        jkt = _instance_of(request, form, wallet)
        granted = tokens.grant_for_consent(form, client=wallet, proof=proof, instance_jkt=jkt, at=at)
        return _access(granted, is_bound=bool(proof))
    # The proofing result stands in for the access token that RFC 6749 wants: there is nothing here to access.
    result = authorization.redeem_code(form, at=at)
    return JsonResponse({"proofing_result": result, "access_token": "", "token_type": "N_A", "expires_in": 0})


@endpoint("POST", limit=120)
def challenge(request: HttpRequest) -> HttpResponse:
    """A challenge for a wallet's attestation proof."""
    if not attesting.is_on():
        raise ProtocolRefused("not_found", "no attestations are asked for", status=404)
    return JsonResponse({"attestation_challenge": attesting.new_challenge(at=clock.now())})


def _instance_of(request: HttpRequest, form: Mapping[str, str], wallet: WalletClient) -> str:
    """The key of the instance that asks, when the wallet must be attested or says that it is; else empty."""
    attested = attesting.find(
        *_attestation_in(request), client_id=form.get("client_id", ""), required_of=wallet.attester, at=clock.now()
    )
    return attested.instance_jkt if attested else ""


def _attestation_in(request: HttpRequest) -> tuple[str, str]:
    return (
        request.headers.get(client_attestation.ATTESTATION_HEADER, ""),
        request.headers.get(client_attestation.POP_HEADER, ""),
    )


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
