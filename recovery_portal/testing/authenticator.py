"""A software FIDO2 authenticator: real keys, real signatures, settable counter and flags.

It answers the options of `navigator.credentials.create()` and `.get()` as a browser would, and returns the JSON of the
PublicKeyCredential as text. What a hostile client would change, a test changes by a keyword.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Credential:
    """A discoverable credential as the authenticator keeps it."""

    id: bytes
    rp_id: str
    user_handle: bytes
    private_key: ec.EllipticCurvePrivateKey
    sign_count: int = 0


@dataclass
class SoftwareAuthenticator:
    """`counts`: whether the signature counter moves (synced passkeys leave it at 0). `attestation`: ``none``, or
    ``packed`` for one signed by the credential's own key. `answers` keeps what it said when it made a credential."""

    origin: str = "http://portal.test"
    user_verified: bool = True
    user_present: bool = True
    backup_eligible: bool = True
    backed_up: bool = True
    counts: bool = False
    aaguid: bytes = bytes(16)
    attestation: str = "none"
    credentials: list[Credential] = field(default_factory=list)
    answers: list[str] = field(default_factory=list, repr=False)

    def create(
        self,
        options: Mapping[str, Any],
        *,
        origin: str | None = None,
        client_data: Mapping[str, Any] | None = None,
        credential_id: bytes | None = None,
        transports: tuple[str, ...] = ("internal", "hybrid"),
    ) -> str:
        """Make a credential for the creation options and answer with its attestation."""
        credential = Credential(
            id=credential_id or secrets.token_bytes(32),
            rp_id=options["rp"]["id"],
            user_handle=from_b64url(options["user"]["id"]),
            private_key=ec.generate_private_key(ec.SECP256R1()),
        )
        self.credentials.append(credential)
        numbers = credential.private_key.public_key().public_numbers()
        cose_key = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )
        attested = self.aaguid + len(credential.id).to_bytes(2, "big") + credential.id + cose_key
        authenticator_data = self._authenticator_data(credential, flags=AT) + attested
        data = self._client_data("webauthn.create", options["challenge"], origin=origin, changes=client_data)
        signed = authenticator_data + hashlib.sha256(data).digest()
        signature = credential.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))
        attestation = {
            "fmt": self.attestation,
            "attStmt": {} if self.attestation == "none" else {"alg": -7, "sig": signature},
            "authData": authenticator_data,
        }
        answer = json.dumps(
            {
                "id": b64url(credential.id),
                "rawId": b64url(credential.id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {
                    "clientDataJSON": b64url(data),
                    "attestationObject": b64url(cbor2.dumps(attestation)),
                    "transports": list(transports),
                },
            }
        )
        self.answers.append(answer)
        return answer

    def get(
        self,
        options: Mapping[str, Any],
        *,
        credential: Credential | None = None,
        origin: str | None = None,
        client_data: Mapping[str, Any] | None = None,
        user_handle: bytes | None = None,
        rp_id: str | None = None,
    ) -> str:
        """Answer the request options with the newest credential of the relying party, or the one given."""
        chosen = credential or next(c for c in reversed(self.credentials) if c.rp_id == options["rpId"])
        if self.counts:
            chosen.sign_count += 1
        data = self._client_data("webauthn.get", options["challenge"], origin=origin, changes=client_data)
        authenticator_data = self._authenticator_data(chosen, rp_id=rp_id)
        signature = chosen.private_key.sign(
            authenticator_data + hashlib.sha256(data).digest(), ec.ECDSA(hashes.SHA256())
        )
        return json.dumps(
            {
                "id": b64url(chosen.id),
                "rawId": b64url(chosen.id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {
                    "clientDataJSON": b64url(data),
                    "authenticatorData": b64url(authenticator_data),
                    "signature": b64url(signature),
                    "userHandle": b64url(chosen.user_handle if user_handle is None else user_handle),
                },
            }
        )

    def _authenticator_data(self, credential: Credential, *, flags: int = 0, rp_id: str | None = None) -> bytes:
        for wanted, bit in (
            (self.user_present, UP),
            (self.user_verified, UV),
            (self.backup_eligible, BE),
            (self.backed_up, BS),
        ):
            flags |= bit if wanted else 0
        return (
            hashlib.sha256((rp_id or credential.rp_id).encode()).digest()
            + bytes([flags])
            + credential.sign_count.to_bytes(4, "big")
        )

    def _client_data(
        self, kind: str, challenge: str, *, origin: str | None, changes: Mapping[str, Any] | None
    ) -> bytes:
        data = {"type": kind, "challenge": challenge, "origin": origin or self.origin, "crossOrigin": False}
        return json.dumps(data | dict(changes or {})).encode()
