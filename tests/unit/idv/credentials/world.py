"""One issuer, one holder, one verifier with real keys; and a trusted issuer that signs whatever it is told to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from idv.credentials import base64url, certificates, jose, keys, sd_jwt, status_list, strict_json, trust, verify

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ISSUER = "https://provider.example"
VCT = "https://provider.example/credentials/VerifiedIdentity"
LIST_URI = "https://provider.example/status/1"
AUDIENCE = "x509_hash:Zm9v"
NONCE = "bm9uY2Utb2YtMTI4LWJpdHM"
CLAIMS = {"firstName": "Alice", "lastName": "Möbius", "portrait": "data:image/jpeg;base64,/9j/4AAQ"}


class MemoryStore(dict[str, Any]):
    """The smallest TokenStore; it forgets nothing, so that what must expire has to be refused by its own word."""

    def set(self, key: str, value: Any, timeout: int) -> None:
        self[key] = value
        self["timeout"] = timeout


@dataclass(frozen=True)
class FixedStatus:
    """A status source that always answers the same."""

    status: int = status_list.VALID

    def status_of(self, reference: sd_jwt.StatusReference, issuer: str, at: datetime) -> int:
        return self.status


@dataclass(frozen=True)
class World:
    """Everybody's keys."""

    ca: keys.SigningKey
    issuer: keys.SigningKey
    holder: keys.SigningKey

    @property
    def trusted(self) -> trust.TrustedIssuers:
        return trust.TrustedIssuers(
            [trust.TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT}), authorities=self.ca.chain)]
        )

    def credential(self, **changes: Any) -> str:
        """A credential as our own issuer makes it."""
        arguments: dict[str, Any] = {
            "vct": VCT,
            "issuer": ISSUER,
            "claims": CLAIMS,
            "disclosable": list(CLAIMS),
            "holder_jwk": self.holder.public_jwk(),
            "issued_at": AT,
            "expires_at": AT + timedelta(days=30),
            "status": sd_jwt.StatusReference(idx=5, uri=LIST_URI),
            "key": self.issuer,
        }
        return sd_jwt.issue(**(arguments | changes))

    def payload(self, **changes: Any) -> dict[str, Any]:
        """The plain payload of a good credential, with ``changes``; a value of ``...`` removes the member."""
        members: dict[str, Any] = {
            "iss": ISSUER,
            "vct": VCT,
            "iat": jose.seconds(AT),
            "exp": jose.seconds(AT + timedelta(days=30)),
            "cnf": {"jwk": self.holder.public_jwk()},
            "status": {"status_list": {"idx": 5, "uri": LIST_URI}},
            "firstName": "Alice",
        } | changes
        return {name: value for name, value in members.items() if value is not ...}

    def signed(self, payload: Mapping[str, Any], *, typ: str = sd_jwt.CREDENTIAL_TYP) -> str:
        """An issuer JWT over exactly this payload: the trusted but faulty issuer."""
        return jose.sign(payload, typ=typ, key=self.issuer, named_by="x5c")

    def signed_text(self, payload_json: str) -> str:
        """An issuer JWT over a payload that no JSON writer would write."""
        return sign_text(payload_json, header={"typ": sd_jwt.CREDENTIAL_TYP, "x5c": self.issuer.x5c()}, key=self.issuer)

    def bound(self, issuer_jwt: str, disclosures: Sequence[str] = (), *, typ: str = "kb+jwt", **changes: Any) -> str:
        """A presentation of these very parts, with a key binding that is right except for ``changes``."""
        kept = "~".join([issuer_jwt, *disclosures, ""])
        members = {
            "iat": jose.seconds(AT),
            "aud": AUDIENCE,
            "nonce": NONCE,
            "sd_hash": sd_jwt.digest_of(kept),
        } | changes
        payload = {name: value for name, value in members.items() if value is not ...}
        return kept + jose.sign(payload, typ=typ, key=self.holder, named_by="nothing")

    def presented(self, credential: str | None = None, **changes: Any) -> str:
        """A presentation as a good wallet makes it."""
        arguments: dict[str, Any] = {
            "disclose": list(CLAIMS),
            "audience": AUDIENCE,
            "nonce": NONCE,
            "holder_key": self.holder,
            "at": AT,
        }
        return sd_jwt.present(credential or self.credential(), **(arguments | changes))

    def verify(self, vp: str, **changes: Any) -> verify.VerifiedPresentation:
        """Verify as our verifier does."""
        arguments: dict[str, Any] = {
            "expected_nonce": NONCE,
            "expected_audience": AUDIENCE,
            "expected_vcts": [VCT],
            "trusted": self.trusted,
            "status": FixedStatus(),
            "at": AT,
        }
        return verify.presentation(vp, **(arguments | changes))

    def without_holder(self) -> "World":
        """The same world for another holder."""
        return replace(self, holder=keys.generate())


@cache
def world() -> World:
    """The world all tests share; nothing in it changes."""
    ca = certificates.development_ca("Utopian development CA", AT - timedelta(days=1))
    issuer = certificates.issue_leaf(ca, name="Issuer", at=AT - timedelta(days=1), uri_names=[ISSUER])
    return World(ca=ca, issuer=issuer, holder=keys.generate())


def disclosure(*parts: Any) -> str:
    """A disclosure of exactly these elements."""
    return base64url.encode(strict_json.dumps(list(parts)).encode("utf-8"))


def sign_text(payload: str, *, header: Mapping[str, Any], key: keys.SigningKey) -> str:
    """A JWS by ES256 over any bytes, made without the code under test."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    head = base64url.encode(strict_json.dumps({"alg": "ES256", **header}).encode("utf-8"))
    signing_input = f"{head}.{base64url.encode(payload.encode('utf-8', 'surrogatepass'))}"
    r, s = utils.decode_dss_signature(key.private_key.sign(signing_input.encode("ascii"), ec.ECDSA(hashes.SHA256())))
    return f"{signing_input}.{base64url.encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
