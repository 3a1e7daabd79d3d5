"""OpenID4VP 1.0: the verifier's signed request, the link that carries it, and the wallet's answer by direct_post(.jwt).

What is in the answer is for ``credentials.verify`` to believe; here it is only opened.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from cryptography import x509

from idv.credentials import jose
from idv.credentials.certificates import x509_hash
from idv.credentials.keys import EncryptionKey, SigningKey
from idv.protocol import dcql, did, links, strict_json
from idv.protocol.request_checks import WALLET_AUDIENCE, require_client, require_current, require_supported, signer_of
from idv.protocol.request_checks import PresentationMessageInvalid as PresentationMessageInvalid
from idv.protocol.transaction_data import AccountRecovery
from idv.protocol.transaction_data import read as read_transaction_data
from recovery_portal.kit.errors import DomainError

REQUEST_TYP = "oauth-authz-req+jwt"
REQUEST_MEDIA_TYPE = "application/oauth-authz-req+jwt"
SCHEME = "openid4vp"
REQUEST_LIFETIME = timedelta(minutes=10)
#: Section 8.5, and RFC 6749 4.1.2.1: what a wallet may answer instead of a presentation.
WALLET_ERRORS = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_request",
        "invalid_request_object",
        "invalid_request_uri_method",
        "invalid_scope",
        "invalid_transaction_data",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
        "vp_formats_not_supported",
        "wallet_unavailable",
    }
)

Prefix = Literal["x509_hash", "x509_san_dns", "decentralized_identifier"]
UriMethod = Literal["get", "post"]
ResponseMode = Literal["direct_post", "direct_post.jwt"]


@dataclass(frozen=True, kw_only=True)
class RequestLink:
    """What a QR code or a same-device link says: who asks, and where the signed request waits."""

    client_id: str
    request_uri: str
    request_uri_method: UriMethod


@dataclass(frozen=True, kw_only=True)
class PresentationRequest:
    """A verified request, as a wallet may act on it.

    ``verifier_names`` are the DNS names in the verifier's certificate, or the host of its did:web; believe them only
    when ``is_vouched_for``, that is, when an authority of the wallet's own list stands behind the certificate.
    """

    client_id: str
    verifier_names: tuple[str, ...]
    is_vouched_for: bool
    response_uri: str
    response_mode: ResponseMode
    nonce: str
    state: str | None
    dcql_query: Mapping[str, Any]
    client_metadata: Mapping[str, Any]
    purpose: str
    expires_at: datetime
    transaction_data: tuple[AccountRecovery, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WalletResponse:
    """The opened answer: either presentations by query id, or the error that the wallet names. Nothing is verified."""

    vp_token: Mapping[str, Any] | None
    error: str | None
    state: str | None
    encrypted: bool


def client_id_of(key: SigningKey, *, prefix: Prefix = "x509_hash", host: str = "", identifier: str = "") -> str:
    """The verifier's client_id. ``host`` is needed for x509_san_dns alone, ``identifier`` (a DID) for the third."""
    if prefix == "decentralized_identifier":
        return f"{prefix}:{identifier}"
    if not key.chain:
        raise PresentationMessageInvalid("certificate_missing", "these client identifiers need a certificate")
    return f"x509_hash:{x509_hash(key.chain[0])}" if prefix == "x509_hash" else f"x509_san_dns:{host}"


def identifier_of(client_id: str) -> str | None:
    """The DID inside a client_id of that kind, else None."""
    prefix, _, rest = client_id.partition(":")
    return rest if prefix == "decentralized_identifier" else None


def build_request(
    *,
    key: SigningKey,
    client_id: str,
    response_uri: str,
    nonce: str,
    state: str,
    dcql_query: Mapping[str, Any],
    encryption_key: EncryptionKey | None,
    at: datetime,
    expires_at: datetime | None = None,
    wallet_nonce: str | None = None,
    purpose: str = "",
    transaction_data: Sequence[str] = (),
) -> str:
    """The signed request object. It may be served more than once until it is answered.

    Without ``encryption_key`` the answer comes in the clear (direct_post), else encrypted (direct_post.jwt).
    ``purpose`` is a sentence for the consent page; wallets that do not know the member ignore it. ``wallet_nonce`` is
    echoed when the wallet posted one. ``transaction_data`` makes wallets refuse that do not know its type.
    """
    identifier = identifier_of(client_id)
    payload: dict[str, Any] = {
        # Wallets must ignore it; some compare it with the DID in the kid all the same.
        "iss": identifier or client_id,
        "aud": WALLET_AUDIENCE,
        "iat": jose.seconds(at),
        "exp": jose.seconds(expires_at or at + REQUEST_LIFETIME),
        "response_type": "vp_token",
        "response_mode": "direct_post" if encryption_key is None else "direct_post.jwt",
        "client_id": client_id,
        "response_uri": response_uri,
        "nonce": nonce,
        "state": state,
        "dcql_query": dict(dcql_query),
        "client_metadata": _client_metadata(encryption_key),
    }
    if wallet_nonce is not None:
        payload["wallet_nonce"] = wallet_nonce
    if purpose:
        payload["purpose"] = purpose
    if transaction_data:
        payload["transaction_data"] = list(transaction_data)
    if identifier is not None:
        return jose.sign(payload, typ=REQUEST_TYP, key=did.named(key, identifier), named_by="kid")
    return jose.sign(payload, typ=REQUEST_TYP, key=key, named_by="x5c")


def open_request(
    token: str,
    *,
    expected_client_id: str,
    authorities: Sequence[x509.Certificate] | None,
    at: datetime,
    expected_wallet_nonce: str | None = None,
    did_document: Mapping[str, Any] | None = None,
) -> PresentationRequest:
    """Verify a request object as a wallet must, before anything of it is shown. Raises PresentationMessageInvalid.

    ``expected_client_id`` is the one of the link. ``authorities`` are those that the wallet lets vouch for verifiers;
    None is for a wallet that keeps no such list: then link, certificate and request belong together and nothing more is
    known, so the wallet should show the person the host of ``response_uri``, where the answer will go.
    ``did_document`` is what the wallet fetched for a client_id of that kind (``identifier_of``).
    """
    try:
        # 1 the key is the client_id's: of a certificate (to an authority the wallet knows), or of a DID
        signer = signer_of(jose.peek(token).header, expected_client_id, authorities, did_document, at)
        # 2 alg, typ, signature by that key
        payload = jose.verify(token, key=signer.key, typ=REQUEST_TYP).payload
        # 3 client_id inside is the one outside, and the signer's
        response_uri = links.web_address(payload.get("response_uri"))
        require_client(payload, signer, expected_client_id, response_uri)
        # 4 it is for wallets, now, and fresh for us
        expires_at = require_current(payload, at, expected_wallet_nonce)
        # 5 it asks for what we can answer
        require_supported(payload)
        query = dcql.validate(payload.get("dcql_query"))
        # 6 what the answer is for, if it says so, is of a kind that we can show
        agreed = read_transaction_data(
            payload.get("transaction_data"), credential_ids=[entry["id"] for entry in query["credentials"]]
        )
    except PresentationMessageInvalid:
        raise
    except DomainError as error:
        raise PresentationMessageInvalid(error.code, error.reason) from error
    state, metadata, purpose = payload.get("state"), payload.get("client_metadata", {}), payload.get("purpose", "")
    if not isinstance(state, str | None) or not isinstance(metadata, dict) or not isinstance(purpose, str):
        raise PresentationMessageInvalid("request_malformed", "state, client_metadata or purpose is of another kind")
    return PresentationRequest(
        client_id=expected_client_id,
        verifier_names=signer.names,
        is_vouched_for=signer.leaf is not None and authorities is not None,
        response_uri=response_uri,
        response_mode="direct_post.jwt" if payload["response_mode"] == "direct_post.jwt" else "direct_post",
        nonce=payload["nonce"],
        state=state,
        dcql_query=query,
        client_metadata=metadata,
        purpose=purpose[:200],
        expires_at=expires_at,
        transaction_data=agreed,
    )


def request_link(*, client_id: str, request_uri: str, method: UriMethod = "get", base: str = f"{SCHEME}://") -> str:
    """The link or QR text. ``base`` is openid4vp:// for any wallet, or the address of a web wallet."""
    members = {"client_id": client_id, "request_uri": request_uri}
    if method == "post":
        members["request_uri_method"] = "post"
    return links.build(base, members)


def parse_request_link(link: str) -> RequestLink:
    """Read a link of whatever base. Raises PresentationMessageInvalid; a member given twice is refused."""
    try:
        members = links.members_of(link)
        request_uri = links.web_address(members.get("request_uri"))
    except links.LinkInvalid as error:
        raise PresentationMessageInvalid(error.code, error.reason) from error
    method = members.get("request_uri_method", "get")
    if method not in ("get", "post"):
        raise PresentationMessageInvalid("invalid_request_uri_method", "request_uri_method is neither get nor post")
    if not members.get("client_id"):
        raise PresentationMessageInvalid("link_malformed", "no client_id")
    return RequestLink(
        client_id=members["client_id"],
        request_uri=request_uri,
        request_uri_method="post" if method == "post" else "get",
    )


def build_response(request: PresentationRequest, *, vp_token: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The form a wallet posts to ``request.response_uri``; encrypted when the request says so."""
    tokens = {query_id: list(presentations) for query_id, presentations in vp_token.items()}
    state = {} if request.state is None else {"state": request.state}
    if request.response_mode == "direct_post":
        return {"vp_token": strict_json.dumps(tokens), **state}
    jwk, enc = _encryption_for(request.client_metadata)
    return {"response": jose.encrypt({"vp_token": tokens, **state}, recipient_jwk=jwk, enc=enc)}


def build_error_response(request: PresentationRequest, *, error: str) -> dict[str, str]:
    """The form by which a wallet declines. It is never encrypted: it says nothing that needs hiding."""
    return {"error": error, **({} if request.state is None else {"state": request.state})}


def open_response(form: Mapping[str, str], *, key: EncryptionKey | None, expected_state: str) -> WalletResponse:
    """Open what a wallet posted. Raises PresentationMessageInvalid.

    With ``key`` the request was direct_post.jwt: a presentation in the clear is refused, an error may come in the
    clear. Without, it was direct_post: nothing is encrypted. Either must carry our ``state``.
    """
    encrypted = "response" in form
    if encrypted and (key is None or form.keys() & {"vp_token", "error"}):
        raise PresentationMessageInvalid("response_malformed", "encrypted for nobody, or both encrypted and plain")
    try:
        if encrypted and key is not None:
            members: Mapping[str, Any] = jose.decrypt(form["response"], key=key)
        elif "error" in form or key is None:
            members = _plain_members(form)
        else:
            raise PresentationMessageInvalid("response_not_encrypted", "a presentation must be encrypted")
    except PresentationMessageInvalid:
        raise
    except DomainError as error:
        raise PresentationMessageInvalid(error.code, error.reason) from error
    state = members.get("state")
    if not isinstance(state, str) or not hmac.compare_digest(state.encode("utf-8"), expected_state.encode("utf-8")):
        raise PresentationMessageInvalid("response_wrong_state", "the answer is to another request")
    if "error" in members:
        named = members["error"]
        known = named if isinstance(named, str) and named in WALLET_ERRORS else "unknown_error"
        return WalletResponse(vp_token=None, error=known, state=state, encrypted=encrypted)
    if not isinstance(members.get("vp_token"), dict):
        raise PresentationMessageInvalid("vp_token_malformed", "vp_token is not a JSON object")
    return WalletResponse(vp_token=members["vp_token"], error=None, state=state, encrypted=encrypted)


def _plain_members(form: Mapping[str, str]) -> Mapping[str, Any]:
    """The members of an answer by direct_post: ``vp_token`` is JSON inside a form field (8.2)."""
    if "vp_token" not in form:
        return form
    if "error" in form:
        raise PresentationMessageInvalid("response_malformed", "a presentation and an error at once")
    return {**form, "vp_token": strict_json.load_object(form["vp_token"].encode("utf-8"))}


def _client_metadata(encryption_key: EncryptionKey | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "vp_formats_supported": {
            dcql.FORMAT: {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
            dcql.JWT_FORMAT: {"alg_values": ["ES256"]},
        },
    }
    if encryption_key is not None:
        metadata |= {
            "jwks": {"keys": [encryption_key.public_jwk()]},
            "encrypted_response_enc_values_supported": list(jose.CONTENT_ENCRYPTIONS),
        }
    return metadata


def _encryption_for(client_metadata: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    jwks = client_metadata.get("jwks")
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    offered = client_metadata.get("encrypted_response_enc_values_supported", ["A128GCM"])
    if not isinstance(keys, list) or not isinstance(offered, list):
        raise PresentationMessageInvalid("request_malformed", "no keys to encrypt the answer for")
    enc = next((value for value in ("A256GCM", "A128GCM") if value in offered), None)
    for jwk in keys:
        if isinstance(jwk, dict) and jwk.get("alg") == "ECDH-ES" and jwk.get("crv") == "P-256" and enc:
            return jwk, enc
    raise PresentationMessageInvalid("request_unsupported", "no way to encrypt the answer that we speak")
