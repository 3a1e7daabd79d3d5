"""The formats of Verified IDs that this wallet can hold, side by side.

A format says how a received credential is believed, what it says, what of it can be withheld, and how it is presented.
Another one is another class here and another entry of ``_FORMATS``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from idv.credentials import jose, jwt_vc, keys, sd_jwt, verify, verify_jwt
from idv.credentials.trust import authorities_named_in
from idv.credentials.verify import VerifiedCredential
from idv.protocol import dcql, did
from idv.wallet import did_documents, issuer_client, issuer_trust, wire
from idv.wallet.errors import IssuerRefused
from idv.wallet.issuer_metadata import Issuer
from idv.wallet.wire import Wire
from recovery_portal.kit import http


@dataclass(frozen=True)
class Received:
    """One copy that was believed, and the key of this wallet's that it is bound to."""

    compact: str
    key: keys.SigningKey
    verified: VerifiedCredential


class HeldFormat(Protocol):
    #: How a proof of possession names the holder's key, so that the issuer can name it in the credential.
    proof_names_key_by: Literal["jwk", "kid"]
    #: Whether a presentation can sign what it is for (OpenID4VP 1.0 appendix B.3.3).
    signs_transaction_data: bool

    def verified(
        self, line: Wire, issuer: Issuer, compacts: Sequence[str], holder_keys: Sequence[keys.SigningKey], at: datetime
    ) -> list[Received]:
        """Every copy: signed by the issuer it names, of the type that was offered, for a key of ours, each key once.

        Raises DomainErrors."""
        ...

    def claims(self, compact: str) -> Mapping[str, Any]:
        """What it says about the person."""
        ...

    def withholdable(self, compact: str) -> set[str]:
        """Which of these claims need not be shown."""
        ...

    def candidate(self, key: str, compact: str) -> dcql.HeldCredential:
        """The credential as a query is matched with it."""
        ...

    def present(
        self,
        compact: str,
        *,
        disclose: Collection[str],
        audience: str,
        nonce: str,
        holder_key: keys.SigningKey,
        at: datetime,
        transaction_data_hashes: Sequence[str] | None,
    ) -> str:
        """A presentation for one verifier and one request."""
        ...


class SdJwtFormat:
    """SD-JWT VC with a key binding."""

    proof_names_key_by: Literal["jwk", "kid"] = "jwk"
    signs_transaction_data = True

    def verified(
        self, line: Wire, issuer: Issuer, compacts: Sequence[str], holder_keys: Sequence[keys.SigningKey], at: datetime
    ) -> list[Received]:
        unused = _by_thumbprint(holder_keys)
        published: dict[str, list[dict[str, Any]]] = {}
        received = []
        for compact in compacts:
            unverified = jose.peek(sd_jwt.parse(compact).issuer_jwt)
            named = _web_address(unverified.payload)
            if named not in published:
                published[named] = issuer_client.read_keys(line, named)
            jwks = published[named] or _certified_keys(unverified.header, named, issuer, at)
            key = _taken(unused, _bound_key(unverified.payload))
            trusted = issuer_trust.self_described(issuer=named, vct=issuer.credential_type, jwks=jwks)
            checked = verify.credential(compact, expected_holder_jwk=key.public_jwk(), trusted=trusted, at=at)
            received.append(Received(compact, key, checked))
        return received

    def claims(self, compact: str) -> Mapping[str, Any]:
        return sd_jwt.read(compact)

    def withholdable(self, compact: str) -> set[str]:
        return set(sd_jwt.disclosable_claims(compact))

    def candidate(self, key: str, compact: str) -> dcql.HeldCredential:
        parsed = jose.peek(sd_jwt.parse(compact).issuer_jwt)
        return dcql.HeldCredential(
            key=key,
            vct=str(parsed.payload["vct"]),
            claims=sd_jwt.read(compact),
            authority_key_ids=authorities_named_in(parsed.header),
        )

    def present(
        self,
        compact: str,
        *,
        disclose: Collection[str],
        audience: str,
        nonce: str,
        holder_key: keys.SigningKey,
        at: datetime,
        transaction_data_hashes: Sequence[str] | None,
    ) -> str:
        return sd_jwt.present(
            compact,
            disclose=disclose,
            audience=audience,
            nonce=nonce,
            holder_key=holder_key,
            at=at,
            transaction_data_hashes=transaction_data_hashes,
        )


class JwtVcFormat:
    """A W3C credential as a JWT, presented inside another JWT; all of it is shown or nothing."""

    proof_names_key_by: Literal["jwk", "kid"] = "kid"
    signs_transaction_data = False

    def verified(
        self, line: Wire, issuer: Issuer, compacts: Sequence[str], holder_keys: Sequence[keys.SigningKey], at: datetime
    ) -> list[Received]:
        unused = _by_thumbprint(holder_keys)
        documents = _IssuerKeys(line)
        received = []
        for compact in compacts:
            unverified = jose.peek(compact)
            issuer_key = documents.key_of(unverified.payload.get("iss"), unverified.header)
            key = _taken(unused, verify_jwt.holder_key_of(unverified.payload))
            checked = verify_jwt.credential(
                compact,
                expected_holder_jwk=key.public_jwk(),
                expected_type=issuer.credential_type,
                issuer_key=issuer_key,
                at=at,
            )
            received.append(Received(compact, key, checked))
        return received

    def claims(self, compact: str) -> Mapping[str, Any]:
        return {name: value for name, value in _vc_of(compact)["credentialSubject"].items() if name != "id"}

    def withholdable(self, compact: str) -> set[str]:
        return set()

    def candidate(self, key: str, compact: str) -> dcql.HeldCredential:
        vc = _vc_of(compact)
        return dcql.HeldCredential(
            key=key,
            vct="",
            claims=vc,
            format=dcql.JWT_FORMAT,
            types=frozenset(name for name in vc["type"] if isinstance(name, str)),
        )

    def present(
        self,
        compact: str,
        *,
        disclose: Collection[str],
        audience: str,
        nonce: str,
        holder_key: keys.SigningKey,
        at: datetime,
        transaction_data_hashes: Sequence[str] | None,
    ) -> str:
        if transaction_data_hashes:
            raise dcql.DcqlInvalid("invalid_transaction_data", "this format signs no transaction data")
        holder_did = str(jose.peek(compact).payload["sub"])
        return jwt_vc.present(
            compact, holder_did=holder_did, audience=audience, nonce=nonce, holder_key=holder_key, at=at
        )


class _IssuerKeys:
    """The keys that issuers of jwt_vc_json publish, under a did:web or under their own address; each fetched once."""

    def __init__(self, line: Wire) -> None:
        self._line = line
        self._documents: dict[str, Any] = {}

    def key_of(self, named: object, header: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
        if not isinstance(named, str):
            raise IssuerRefused("credential_refused", "iss names nobody")
        if wire.is_web_address(named):
            if named not in self._documents:
                self._documents[named] = issuer_client.read_keys(self._line, named)
            return jose.key_in(self._documents[named], header.get("kid"))
        if named not in self._documents:
            try:
                self._documents[named] = did_documents.fetch(self._line, named)
            except http.FetchFailed as error:
                raise IssuerRefused("issuer_unreachable", f"{error.code}: {error.reason}") from error
        return did.key_in_document(self._documents[named], did=named, kid=header.get("kid"), purpose="assertionMethod")


_FORMATS: Mapping[str, HeldFormat] = {dcql.FORMAT: SdJwtFormat(), dcql.JWT_FORMAT: JwtVcFormat()}


def of(name: str) -> HeldFormat:
    """The format of this name; only those that `issuer_metadata` lets in are ever stored."""
    return _FORMATS[name]


def _by_thumbprint(holder_keys: Sequence[keys.SigningKey]) -> dict[str, keys.SigningKey]:
    return {keys.thumbprint(key.public_jwk()): key for key in holder_keys}


def _taken(unused: dict[str, keys.SigningKey], named: ec.EllipticCurvePublicKey) -> keys.SigningKey:
    key = unused.pop(keys.thumbprint(keys.jwk_of(named)), None)
    if key is None:
        raise IssuerRefused("credential_refused", "bound to a key that is not this wallet's")
    return key


def _web_address(payload: Mapping[str, Any]) -> str:
    named = payload.get("iss")
    if not wire.is_web_address(named):
        raise IssuerRefused("credential_refused", "iss is no web address")
    return str(named)


def _certified_keys(header: Mapping[str, Any], named: str, issuer: Issuer, at: datetime) -> list[dict[str, Any]]:
    if urlsplit(named).netloc != urlsplit(issuer.url).netloc:
        raise IssuerRefused("credential_refused", "iss is elsewhere and publishes no keys")
    return issuer_trust.certified_keys(header, issuer=named, at=at)


def _bound_key(payload: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    cnf = payload.get("cnf")
    return keys.public_key_of(cnf.get("jwk") if isinstance(cnf, Mapping) else None)


def _vc_of(compact: str) -> Mapping[str, Any]:
    vc: Mapping[str, Any] = jose.peek(compact).payload["vc"]
    return vc
