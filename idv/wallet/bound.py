"""Tokens that only this wallet can use (DPoP, RFC 9449): a proof with every request, and the nonce a server asks for.

A server that wants a nonce says so once: the request is repeated with it, and what comes then is the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from idv.credentials.keys import SigningKey
from idv.protocol import dpop
from idv.wallet.issuer_wire import ACCEPT, error_of, send
from idv.wallet.wire import Wire
from recovery_portal.kit import http

_WANTS_NONCE = "use_dpop_nonce"
_MAX_NONCE = 512


def post(
    line: Wire,
    url: str,
    *,
    key: SigningKey | None,
    at: datetime,
    access_token: str = "",
    headers: Mapping[str, str] = ACCEPT,
    **more: Any,
) -> http.Response:
    """One POST with the access token, if there is one; without ``key`` it is a bearer token. Raises IssuerRefused."""
    scheme = "Bearer" if key is None else "DPoP"
    sent = dict(headers) | ({"Authorization": f"{scheme} {access_token}"} if access_token else {})
    if key is None:
        return send(line, "POST", url, headers=sent, **more)
    place = _place(url, is_resource=bool(access_token))
    answer = _post_proven(line, url, key, at, access_token, sent, more)
    if answer.status in {400, 401} and _asks_for_nonce(answer) and _is_new_nonce(line, place, answer):
        answer = _post_proven(line, url, key, at, access_token, sent, more)
    _is_new_nonce(line, place, answer)
    return answer


def note_nonce(line: Wire, url: str, answer: http.Response) -> None:
    """Keep the nonce that an issuer's nonce endpoint gives along for its other endpoints (OpenID4VCI 7.2)."""
    _is_new_nonce(line, _place(url, is_resource=True), answer)


def _post_proven(
    line: Wire,
    url: str,
    key: SigningKey,
    at: datetime,
    access_token: str,
    headers: Mapping[str, str],
    more: Mapping[str, Any],
) -> http.Response:
    # Until a place has given a nonce of its own, that of the other side of the same house may do.
    is_resource = bool(access_token)
    own, other = (line.nonces.get(_place(url, is_resource=which), "") for which in (is_resource, not is_resource))
    nonce = own or other
    proof = dpop.build(key=key, method="POST", url=url.partition("?")[0], at=at, nonce=nonce, access_token=access_token)
    return send(line, "POST", url, headers={**headers, "DPoP": proof}, **more)


def _asks_for_nonce(answer: http.Response) -> bool:
    # The authorization server says it in the body (section 8), the issuer in the challenge (section 9).
    return _WANTS_NONCE in answer.headers.get("www-authenticate", "") or error_of(answer) == _WANTS_NONCE


def _is_new_nonce(line: Wire, place: str, answer: http.Response) -> bool:
    """Whether the answer brings another nonce than the last one; it is kept for the next request to that place."""
    nonce = answer.headers.get("dpop-nonce", "")
    if not 0 < len(nonce) <= _MAX_NONCE or not nonce.isascii() or nonce == line.nonces.get(place):
        return False
    line.nonces[place] = nonce
    return True


def _place(url: str, *, is_resource: bool) -> str:
    # One house may be both, and keep two books (section 9).
    return f"{'resource' if is_resource else 'server'} {http.origin_of(url)}"
