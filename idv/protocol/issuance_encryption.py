"""Encrypted credential requests and responses (OpenID4VCI 1.0 section 10): ECDH-ES on P-256, AES-GCM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idv.credentials import base64url, jose, strict_json
from idv.credentials.keys import EncryptionKey, KeyInvalid, public_key_of
from idv.protocol.messages import IssuanceInvalid
from recovery_portal.kit.errors import DomainError

_REFUSED = "invalid_encryption_parameters"


@dataclass(frozen=True, kw_only=True)
class ResponseEncryption:
    """To whom the answer is to be encrypted, and how."""

    recipient_jwk: Mapping[str, Any]
    enc: str

    def seal(self, members: Mapping[str, Any]) -> str:
        """The answer as a compact JWE."""
        return jose.encrypt(members, recipient_jwk=self.recipient_jwk, enc=self.enc)


def metadata_members(keys: Sequence[EncryptionKey]) -> dict[str, Any]:
    """What the issuer says about encryption; wanted of nobody, open to everybody. ``keys``: the active one first."""
    return {
        "credential_request_encryption": {
            "jwks": {"keys": [key.public_jwk() for key in keys[:1]]},
            "enc_values_supported": list(jose.CONTENT_ENCRYPTIONS),
            "encryption_required": False,
        },
        "credential_response_encryption": {
            "alg_values_supported": ["ECDH-ES"],
            "enc_values_supported": list(jose.CONTENT_ENCRYPTIONS),
            "encryption_required": False,
        },
    }


def open_request(compact: bytes, *, keys: Sequence[EncryptionKey]) -> bytes:
    """The JSON text inside an encrypted request. Raises IssuanceInvalid (invalid_encryption_parameters)."""
    try:
        text = compact.decode("ascii").strip()
        header = strict_json.load_object(base64url.decode(text.partition(".")[0]), max_bytes=jose.MAX_HEADER_BYTES)
        key = next((key for key in keys if key.kid == header.get("kid")), None)
        if key is None:  # the standard wants the kid of the published key echoed
            raise IssuanceInvalid(_REFUSED, "the request names none of our encryption keys")
        return strict_json.dumps(jose.decrypt(text, key=key)).encode("utf-8")
    except UnicodeDecodeError as error:
        raise IssuanceInvalid(_REFUSED, "not a compact JWE") from error
    except IssuanceInvalid:
        raise
    except DomainError as error:
        raise IssuanceInvalid(_REFUSED, f"{error.code}: {error.reason}") from error


def response_encryption_in(members: Mapping[str, Any], *, request_was_encrypted: bool) -> ResponseEncryption | None:
    """How the answer is wanted; None for in clear. Raises IssuanceInvalid (invalid_encryption_parameters).

    Only an encrypted request may ask for it: in a plain one somebody on the way could have put in his own key.
    """
    if "credential_response_encryption" not in members:
        return None
    wanted = members["credential_response_encryption"]
    if not request_was_encrypted:
        raise IssuanceInvalid(_REFUSED, "an encrypted response needs an encrypted request")
    if not isinstance(wanted, Mapping) or "zip" in wanted:
        raise IssuanceInvalid(_REFUSED, "not an object, or with compression, which is not offered")
    jwk, enc = wanted.get("jwk"), wanted.get("enc")
    if enc not in jose.CONTENT_ENCRYPTIONS:
        raise IssuanceInvalid(_REFUSED, "enc is not one of ours")
    if not isinstance(jwk, Mapping) or jwk.get("alg") != "ECDH-ES":
        raise IssuanceInvalid(_REFUSED, "jwk names no alg that we offer")
    try:
        public_key_of(jwk, use="enc")
    except KeyInvalid as error:
        raise IssuanceInvalid(_REFUSED, f"{error.code}: {error.reason}") from error
    return ResponseEncryption(recipient_jwk=dict(jwk), enc=enc)
