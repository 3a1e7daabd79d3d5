"""The wallet's half of OpenID4VP 1.0 on the wire: fetch the request object, post the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from idv.protocol import dcql, did, strict_json, transaction_data
from idv.protocol.presentation import REQUEST_MEDIA_TYPE
from idv.wallet import did_documents, wire
from idv.wallet.errors import VerifierRefused
from idv.wallet.wire import Wire
from recovery_portal.kit import http

_REQUEST_MAX_BYTES = 131_072
_METADATA = strict_json.dumps(
    {
        "vp_formats_supported": {
            dcql.FORMAT: {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
            dcql.JWT_FORMAT: {"alg_values": ["ES256"]},
        },
        "client_id_prefixes_supported": ["x509_hash", "x509_san_dns", "decentralized_identifier"],
        "request_object_signing_alg_values_supported": ["ES256"],
        transaction_data.METADATA_MEMBER: [transaction_data.TYPE],
    }
)


def fetch_did_document(line: Wire, identifier: str) -> Mapping[str, Any] | None:
    """As `did_documents.fetch`. Raises VerifierRefused."""
    try:
        return did_documents.fetch(line, identifier)
    except did.DidInvalid as error:
        raise VerifierRefused("request_refused", f"{error.code}: {error.reason}") from error
    except http.FetchFailed as error:
        raise VerifierRefused("verifier_unreachable", f"{error.code}: {error.reason}") from error


def fetch_request(line: Wire, request_uri: str, *, wallet_nonce: str | None) -> str:
    """The request object, unverified. With a `wallet_nonce` it is asked for by POST (5.10), which also says what this
    wallet understands. Raises VerifierRefused."""
    headers = {"Accept": REQUEST_MEDIA_TYPE}
    try:
        if wallet_nonce is None:
            answer = line.send("GET", request_uri, headers=headers, max_bytes=_REQUEST_MAX_BYTES)
        else:
            form = {"wallet_nonce": wallet_nonce, "wallet_metadata": _METADATA}
            answer = line.send("POST", request_uri, data=form, headers=headers, max_bytes=_REQUEST_MAX_BYTES)
        if answer.status == 200:
            return answer.content.decode("ascii").strip()
    except http.FetchFailed as error:
        raise VerifierRefused("verifier_unreachable", f"{error.code}: {error.reason}") from error
    except UnicodeDecodeError as error:
        raise VerifierRefused("request_refused", "not a compact JWS") from error
    code = "request_expired" if answer.status in {400, 404, 410} else "verifier_unreachable"
    raise VerifierRefused(code, f"request_uri answered {answer.status}")


def answer(line: Wire, response_uri: str, form: Mapping[str, str]) -> str | None:
    """Post an answer (8.2); gives where the verifier wants this browser to go, if at all. Raises VerifierRefused."""
    try:
        reply = line.send("POST", response_uri, data=form, headers={"Accept": "application/json"})
    except http.FetchFailed as error:
        code = "verifier_refused" if error.code == "redirected" else "verifier_unreachable"
        raise VerifierRefused(code, f"{error.code}: {error.reason}") from error
    if reply.status >= 500:
        raise VerifierRefused("verifier_unreachable", f"response_uri answered {reply.status}")
    if reply.status != 200:
        raise VerifierRefused("verifier_refused", f"response_uri answered {reply.status}")
    try:
        continue_at = wire.object_in(reply).get("redirect_uri")
    except http.FetchFailed:
        return None
    # Web addresses only: a `javascript:` or `data:` link must not be followed from a wallet's page.
    return continue_at if wire.is_web_address(continue_at) else None
