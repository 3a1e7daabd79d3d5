"""Decentralized identifiers as far as the wire needs them: did:web for us, did:web and did:jwk of others.

Nothing here fetches: ``document_location`` says where a did:web document lies, the guarded client of a room goes there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from idv.credentials import base64url, jose, strict_json
from idv.credentials.keys import KeyInvalid, SigningKey, public_key_of
from recovery_portal.kit.errors import DomainError

CONFIGURATION_CONTEXT = "https://identity.foundation/.well-known/did-configuration/v1"
LINKAGE_LIFETIME = timedelta(days=90)
_MAX_CHARACTERS = 2048
_MAX_METHODS = 50


class DidInvalid(DomainError):
    """An identifier or document that cannot be used; ``code`` says why."""


def web(origin: str) -> str:
    """The did:web of an origin: the port's colon is percent-encoded, because a bare colon begins a path."""
    return f"did:web:{quote(urlsplit(origin).netloc.lower(), safe='')}"


def document_location(did: str) -> tuple[str, str]:
    """Host (with port) and path of a did:web document, to be fetched by https. Raises DidInvalid.

    The method allows paths (``did:web:host:a:b`` lies at ``/a/b/did.json``).
    """
    segments = did.split(":")
    if segments[:2] != ["did", "web"] or len(segments) < 3 or not did.isascii() or len(did) > _MAX_CHARACTERS:
        raise DidInvalid("did_unsupported", "not a did:web")
    host, steps = unquote(segments[2]), [unquote(segment) for segment in segments[3:]]
    try:
        parts = urlsplit(f"https://{host}")
        is_host = parts.netloc == host and bool(parts.hostname) and "@" not in host and parts.port != 0
    except ValueError as error:
        raise DidInvalid("did_malformed", "the name is no host") from error
    if not is_host or not all(step and step.isprintable() and not set(step) & set("/?#%\\") for step in steps):
        raise DidInvalid("did_malformed", "the name is no host, or a step of the path is none")
    if any(step in {".", ".."} for step in steps):
        raise DidInvalid("did_malformed", "the path leaves its place")
    return host, "/".join(["", *steps, "did.json"]) if steps else "/.well-known/did.json"


def named(key: SigningKey, did: str) -> SigningKey:
    """The same key under the name that a DID document gives it."""
    return replace(key, kid=f"{did}#{key.kid}")


def document(
    *,
    did: str,
    origin: str,
    keys: Sequence[SigningKey],
    current: Collection[str],
    issuing: Sequence[SigningKey] = (),
    also_at: Sequence[str] = (),
) -> dict[str, Any]:
    """The DID document of ``origin``. Retired keys stay visible as methods; only those in ``current`` speak for it.
    ``issuing`` keys sign credentials and nothing else."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
        "id": did,
        "verificationMethod": [
            {
                "id": f"{did}#{key.kid}",
                "type": "JsonWebKey2020",
                "controller": did,
                "publicKeyJwk": key.public_jwk(),
            }
            for key in (*keys, *issuing)
        ],
        "authentication": [f"{did}#{key.kid}" for key in keys if key.kid in current],
        "assertionMethod": [f"{did}#{key.kid}" for key in (*(key for key in keys if key.kid in current), *issuing)],
        "service": [
            {
                "id": f"{did}#linked-domains",
                "type": "LinkedDomains",
                "serviceEndpoint": {"origins": [origin, *also_at]},
            }
        ],
    }


def configuration(*, did: str, origin: str, key: SigningKey, at: datetime) -> dict[str, Any]:
    """The DID configuration resource: the DID says in a signed credential that ``origin`` is its own."""
    expires_at = at + LINKAGE_LIFETIME
    linkage = {
        "iss": did,
        "sub": did,
        "nbf": jose.seconds(at),
        "exp": jose.seconds(expires_at),
        "vc": {
            "@context": ["https://www.w3.org/2018/credentials/v1", CONFIGURATION_CONTEXT],
            "type": ["VerifiableCredential", "DomainLinkageCredential"],
            "issuer": did,
            "issuanceDate": _instant(at),
            "expirationDate": _instant(expires_at),
            "credentialSubject": {"id": did, "origin": origin},
        },
    }
    signed = jose.sign(linkage, typ="JWT", key=named(key, did), named_by="kid")
    return {"@context": CONFIGURATION_CONTEXT, "linked_dids": [signed]}


def key_in_document(
    document: object, *, did: str, kid: object, purpose: str = "authentication"
) -> ec.EllipticCurvePublicKey:
    """The P-256 key that ``kid`` names in ``document`` and that may be used for ``purpose``. Raises DidInvalid."""
    if not isinstance(document, Mapping) or document.get("id") != did:
        raise DidInvalid("did_document_invalid", "the document is about another identifier")
    if not isinstance(kid, str) or kid.partition("#")[0] not in {did, ""} or "#" not in kid:
        raise DidInvalid("did_key_unknown", "kid is no key of this identifier")
    wanted = did + kid[kid.index("#") :]
    for entry in (*_entries(document, purpose), *_entries(document, "verificationMethod")):
        if isinstance(entry, Mapping) and _absolute(entry.get("id"), did) == wanted:
            allowed = [e.get("id") if isinstance(e, Mapping) else e for e in _entries(document, purpose)]
            if wanted not in [_absolute(name, did) for name in allowed]:
                raise DidInvalid("did_key_wrong_purpose", f"the key is not for {purpose}")
            try:
                return public_key_of(entry.get("publicKeyJwk"))
            except KeyInvalid as error:
                raise DidInvalid(error.code, error.reason) from error
    raise DidInvalid("did_key_unknown", "no key of this name")


def of_jwk(jwk: Mapping[str, str]) -> str:
    """The did:jwk of a public key."""
    return f"did:jwk:{base64url.encode(strict_json.dumps(dict(jwk)).encode())}"


def key_of_did_jwk(did: str, *, kid: object) -> ec.EllipticCurvePublicKey:
    """The key inside a did:jwk, whose only name is ``#0``. Raises DidInvalid."""
    if not did.startswith("did:jwk:") or len(did) > _MAX_CHARACTERS:
        raise DidInvalid("did_unsupported", "not a did:jwk")
    if kid not in {f"{did}#0", "#0"}:
        raise DidInvalid("did_key_unknown", "a did:jwk has one key, #0")
    try:
        return public_key_of(strict_json.load_object(base64url.decode(did.removeprefix("did:jwk:"))))
    except DomainError as error:
        raise DidInvalid("did_malformed", f"{error.code}: {error.reason}") from error


def _entries(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name, [])
    return value[:_MAX_METHODS] if isinstance(value, list) else []


def _absolute(name: object, did: str) -> str:
    text = name if isinstance(name, str) else ""
    return f"{did}{text}" if text.startswith("#") else text


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
