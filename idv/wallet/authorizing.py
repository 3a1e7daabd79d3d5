"""Asking an issuer that wants to ask the person itself: authorization code flow, pushed, with PKCE (OpenID4VCI 5).

What goes out with the browser comes back with it, so what must agree is kept in two places: the `state` in the session
that left, everything else sealed with the link. Only both together redeem a code, and each once.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from idv.credentials import keys
from idv.protocol import authorization, issuance_details
from idv.protocol import links as wire_links
from idv.wallet import bound, display, issuer_client, links, offers, receiving
from idv.wallet.errors import IssuerRefused, LinkRefused
from idv.wallet.issuer_metadata import Issuer
from idv.wallet.issuer_wire import error_of, json_in
from idv.wallet.models import HeldCredential, IncomingLink
from idv.wallet.sealing import OpenWallet
from idv.wallet.wire import Wire
from recovery_portal.kit import http, tokens

PATH = "/authorized"
_KEPT = "authorizing"
_MAX_TEXT = 2048


@dataclass(frozen=True)
class Leaving:
    """Where the browser goes on, and the `state` that must come back in the same session."""

    url: str
    state: str


def begin(*, opened: OpenWallet, link: IncomingLink, at: datetime) -> Leaving:
    """Tell the authorization server what is wanted. Raises LinkRefused, IssuerRefused."""
    content = offers.prepared(opened, link)
    issuer = Issuer(**content["issuer"])
    if not issuer.has_pkce or not issuer.takes_public_clients:
        raise IssuerRefused("not_supported", "no PKCE by S256, or only wallets that it knows")
    place = issuer.authorization_endpoint
    if not place.startswith("https://") and http.origin_of(place) not in settings.OUTBOUND_ORIGINS:
        raise IssuerRefused("issuer_misconfigured", "authorization_endpoint is not https")
    state, verifier = tokens.new_token(32), authorization.new_code_verifier()
    key = keys.generate() if issuer.binds_tokens else None
    form = _request_form(issuer, content["issuer_state"], state=state, verifier=verifier, key=key)
    if issuer.par_endpoint:
        reference = _pushed(Wire(), issuer, form, key, at)
        form = {"client_id": form["client_id"], "request_uri": reference}
    links.write_content(
        opened,
        link,
        content | {_KEPT: {"state": state, "verifier": verifier, "dpop_pem": key.private_pem() if key else ""}},
    )
    return Leaving(wire_links.build(issuer.authorization_endpoint, form), state)


def finish(*, opened: OpenWallet, link: IncomingLink, query: str, at: datetime) -> HeldCredential | None:
    """The browser is back with an answer: redeem its code and take in the credential, as `receiving.accept` does.

    The caller has found the link by the `state` of this very session, and forgotten that state. Raises LinkRefused,
    IssuerRefused; then nothing was stored.
    """
    content = offers.prepared(opened, link)
    kept = content.pop(_KEPT, None)
    if kept is None:
        raise LinkRefused("authorization_unknown", "nothing was asked for under this link")
    links.claim(link, at=at)
    # Forgotten before anything of the answer is believed: what was asked once is answered once.
    links.write_content(opened, link, content)
    issuer, line = Issuer(**content["issuer"]), Wire()
    dpop_key = keys.from_pem(kept["dpop_pem"]) if kept["dpop_pem"] else None
    try:
        form = {
            "grant_type": "authorization_code",
            "code": _code_in(query, issuer, kept["state"]),
            "client_id": settings.WALLET_CLIENT_ID,
            "redirect_uri": redirect_uri(),
            "code_verifier": kept["verifier"],
        }
        grant = issuer_client.redeem(line, issuer, form, dpop_key=dpop_key, at=at)
    except (IssuerRefused, LinkRefused):
        # Nothing was issued; whether the person may ask once more is for the issuer to say.
        links.release(link)
        raise
    return receiving.take_with(opened, link, line, issuer, grant, at)


def redirect_uri() -> str:
    """Where issuers send the browser back to; registered with them beforehand, where they want that."""
    return f"{settings.WALLET_URL}{PATH}"


def state_in(query: str) -> str:
    """The `state` of an answer, by which its link is found. Raises LinkRefused."""
    return _members(query).get("state", "")


def _request_form(
    issuer: Issuer, issuer_state: str, *, state: str, verifier: str, key: keys.SigningKey | None
) -> dict[str, str]:
    form = {
        "response_type": "code",
        "client_id": settings.WALLET_CLIENT_ID,
        "redirect_uri": redirect_uri(),
        "state": state,
        "code_challenge": authorization.code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    elsewhere = issuer.server not in {"", issuer.url}
    if issuer.scope:
        form["scope"] = issuer.scope
    else:
        locations = [issuer.url] if elsewhere else []
        form["authorization_details"] = issuance_details.wanted(issuer.configuration_id, locations=locations)
    if elsewhere:  # so that a token for this issuer is no token for another of the same server (5.1.2)
        form["resource"] = issuer.url
    if issuer_state:
        form["issuer_state"] = issuer_state
    if key is not None:  # the code, too, is this key's (RFC 9449 section 10)
        form["dpop_jkt"] = keys.thumbprint(key.public_jwk())
    return form


def _pushed(line: Wire, issuer: Issuer, form: Mapping[str, str], key: keys.SigningKey | None, at: datetime) -> str:
    answer = bound.post(line, issuer.par_endpoint, key=key, at=at, data=form)
    if answer.status not in {200, 201}:
        error = error_of(answer)
        raise IssuerRefused("wallet_unknown" if error == "invalid_client" else "issuer_refused", f"par: {error}")
    reference: Any = json_in(answer).get("request_uri")
    if not isinstance(reference, str) or not 0 < len(reference) <= _MAX_TEXT or not reference.isprintable():
        raise IssuerRefused("issuer_misconfigured", "no usable request_uri")
    return reference


def _code_in(query: str, issuer: Issuer, expected_state: str) -> str:
    """The code of an answer that is this server's, to this question. Raises LinkRefused, IssuerRefused."""
    members = _members(query)
    if not hmac.compare_digest(members.get("state", "").encode(), expected_state.encode()):
        raise LinkRefused("authorization_unknown", "the answer is to another question")
    # Mix-up (RFC 9207 section 2.4): a code of one server must not be taken to another.
    if members.get("iss", None if issuer.answers_name_server else issuer.server) != issuer.server:
        raise IssuerRefused("authorization_mixed_up", "iss is missing, or is not the server that was asked")
    if "error" in members:
        raise IssuerRefused("authorization_refused", display.line(members["error"], limit=60))
    code = members.get("code", "")
    if not 0 < len(code) <= _MAX_TEXT:
        raise IssuerRefused("issuer_misconfigured", "neither code nor error")
    return code


def _members(query: str) -> dict[str, str]:
    try:
        return wire_links.members_of(f"?{query}")
    except wire_links.LinkInvalid as error:
        raise LinkRefused("authorization_unknown", error.reason) from error
