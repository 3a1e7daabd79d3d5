"""WebAuthn Level 3, §7.1 and §7.2: is this answer from a key that we know, to the question that we asked, on our site?

Pure: no database, no session, no clock. py_webauthn does the cryptography and the checks it has; the ones it leaves out
(crossOrigin and topOrigin, the backup-eligibility rule, our size limits, attestation formats) stand here, and those
whose outcome somebody has to tell apart are made here first, so that each has a code of its own.
"""

import binascii
import json
from dataclasses import dataclass
from typing import Any

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_attestation_object,
    parse_authenticator_data,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AttestationFormat, AuthenticatorData

from recovery_portal.kit.errors import DomainError

# ES256, RS256 and Ed25519: what authenticators in use offer; named so that a library's new default changes nothing.
ALGORITHMS = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
# We ask for no attestation (§5.4.7); browsers then send none, or a self-attestation.
ATTESTATION_FORMATS = frozenset({AttestationFormat.NONE, AttestationFormat.PACKED})
# §7.1 step 25: no credential id is longer. An answer with everything in it stays far below 32 kB.
CREDENTIAL_ID_MAX_BYTES = 1023
ANSWER_MAX_CHARACTERS = 32_768


class CeremonyRefused(DomainError):
    """The answer does not hold. Codes: malformed, too_large, wrong_type, wrong_challenge, wrong_origin, cross_origin,
    wrong_relying_party, user_not_verified, backup_flags, backup_eligibility_changed, stale_counter, attestation_format,
    wrong_user_handle, not_verified (py_webauthn's own refusals: signature, keys, algorithms)."""


@dataclass(frozen=True, kw_only=True)
class RelyingParty:
    id: str
    origins: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the browser handed over, taken apart and nothing verified. Everything in it is a claim."""

    raw: dict[str, Any]
    credential_id: bytes
    client_data: dict[str, Any]
    user_handle: bytes | None

    @property
    def challenge(self) -> str:
        """base64url without padding, as the browser wrote it."""
        return str(self.client_data["challenge"])


@dataclass(frozen=True, kw_only=True)
class VerifiedAssertion:
    sign_count: int
    backed_up: bool


@dataclass(frozen=True, kw_only=True)
class VerifiedPasskey:
    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    backup_eligible: bool
    backed_up: bool
    transports: list[str]


def read_answer(text: str) -> Answer:
    """Take the JSON of a PublicKeyCredential apart. Raises CeremonyRefused (malformed, too_large)."""
    if len(text) > ANSWER_MAX_CHARACTERS:
        raise CeremonyRefused("too_large", f"{len(text)} characters")
    try:
        raw = json.loads(text)
        response = raw["response"]
        client_data = json.loads(base64url_to_bytes(response["clientDataJSON"]))
        handle = response.get("userHandle")
        answer = Answer(
            raw=raw,
            credential_id=base64url_to_bytes(raw["id"]),
            client_data=client_data,
            user_handle=base64url_to_bytes(handle) if handle else None,
        )
        well_formed = all(isinstance(client_data[name], str) for name in ("type", "challenge", "origin"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise CeremonyRefused("malformed", type(error).__name__) from error
    if not well_formed or not answer.credential_id or len(answer.credential_id) > CREDENTIAL_ID_MAX_BYTES:
        raise CeremonyRefused("malformed", "not a credential")
    return answer


def verify_assertion(
    answer: Answer,
    *,
    relying_party: RelyingParty,
    expected_challenge: str,
    expected_user_handle: bytes,
    public_key: bytes,
    sign_count: int,
    backup_eligible: bool,
) -> VerifiedAssertion:
    """WebAuthn L3 §7.2. Raises CeremonyRefused. Whether the challenge was ours, fresh and unused is the caller's work.

    1 the user handle is the owner's  2 type, challenge, origin, not embedded  3 our RP ID, the user was verified
    4 backup flags are possible, eligibility is what it was  5 the counter moved on  6 the signature
    """
    # 1  §7.2 step 6: with a discoverable credential the handle is always there and must name the key's owner
    if answer.user_handle != expected_user_handle:
        raise CeremonyRefused("wrong_user_handle", "the answer names another account than the key's")
    # 2
    _check_client_data(answer, "webauthn.get", relying_party=relying_party, expected_challenge=expected_challenge)
    # 3
    authenticator = _authenticator_data(answer)
    # 4  §7.2 step 20: eligibility is a property of the key and never changes
    _check_backup_flags(authenticator)
    if authenticator.flags.be != backup_eligible:
        raise CeremonyRefused("backup_eligibility_changed", f"BE was {backup_eligible}")
    # 5  §7.2 step 22: a counter that does not move means two copies of a key that must not be copied
    if (authenticator.sign_count or sign_count) and authenticator.sign_count <= sign_count:
        raise CeremonyRefused("stale_counter", f"{authenticator.sign_count} after {sign_count}")
    # 6
    try:
        verified = webauthn.verify_authentication_response(
            credential=answer.raw,
            expected_challenge=base64url_to_bytes(expected_challenge),
            expected_rp_id=relying_party.id,
            expected_origin=list(relying_party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except WebAuthnException as refusal:
        raise _named(refusal, authenticator) from refusal
    except Exception as error:  # the library lets decoding errors of hostile CBOR and base64 through as they come
        raise CeremonyRefused("malformed", type(error).__name__) from error
    return VerifiedAssertion(sign_count=verified.new_sign_count, backed_up=verified.credential_backed_up)


def verify_registration(answer: Answer, *, relying_party: RelyingParty, expected_challenge: str) -> VerifiedPasskey:
    """WebAuthn L3 §7.1, user verification required. Raises CeremonyRefused. Whether the credential id is new is the
    caller's work (and the database's).

    1 type, challenge, origin, not embedded  2 a format we take  3 backup flags are possible  4 the rest, py_webauthn
    """
    # 1
    _check_client_data(answer, "webauthn.create", relying_party=relying_party, expected_challenge=expected_challenge)
    try:
        attestation = parse_attestation_object(base64url_to_bytes(answer.raw["response"]["attestationObject"]))
    except Exception as error:  # as above: whatever hostile CBOR brings up
        raise CeremonyRefused("malformed", type(error).__name__) from error
    # 2
    if attestation.fmt not in ATTESTATION_FORMATS:
        raise CeremonyRefused("attestation_format", str(attestation.fmt))
    # 3
    _check_backup_flags(attestation.auth_data)
    # 4
    try:
        verified = webauthn.verify_registration_response(
            credential=answer.raw,
            expected_challenge=base64url_to_bytes(expected_challenge),
            expected_rp_id=relying_party.id,
            expected_origin=list(relying_party.origins),
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
    except WebAuthnException as refusal:
        raise _named(refusal, attestation.auth_data) from refusal
    except Exception as error:  # as above
        raise CeremonyRefused("malformed", type(error).__name__) from error
    if verified.credential_id != answer.credential_id:
        raise CeremonyRefused("malformed", "the id outside is not the id that was attested")
    return VerifiedPasskey(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        aaguid=verified.aaguid,
        backup_eligible=attestation.auth_data.flags.be,
        backed_up=attestation.auth_data.flags.bs,
        transports=_transports(answer),
    )


def encode(value: bytes) -> str:
    """base64url without padding, as WebAuthn's JSON has it."""
    return bytes_to_base64url(value)


def _check_client_data(
    answer: Answer, expected_type: str, *, relying_party: RelyingParty, expected_challenge: str
) -> None:
    data = answer.client_data
    if data["type"] != expected_type:
        raise CeremonyRefused("wrong_type", data["type"][:64])
    if data["challenge"] != expected_challenge:
        raise CeremonyRefused("wrong_challenge", "not the challenge of this ceremony")
    if data["origin"] not in relying_party.origins:
        raise CeremonyRefused("wrong_origin", data["origin"][:128])
    # §7.1 step 10, §7.2 step 13: we are never framed, so a ceremony inside somebody's page is somebody's trap
    if data.get("crossOrigin", False) is not False or "topOrigin" in data:
        raise CeremonyRefused("cross_origin", str(data.get("topOrigin", ""))[:128])


def _authenticator_data(answer: Answer) -> AuthenticatorData:
    try:
        return parse_authenticator_data(base64url_to_bytes(answer.raw["response"]["authenticatorData"]))
    except Exception as error:  # whatever hostile CBOR brings up
        raise CeremonyRefused("malformed", type(error).__name__) from error


def _check_backup_flags(authenticator: AuthenticatorData) -> None:
    if authenticator.flags.bs and not authenticator.flags.be:
        raise CeremonyRefused("backup_flags", "backed up, yet not eligible for it")


def _named(refusal: WebAuthnException, authenticator: AuthenticatorData) -> CeremonyRefused:
    """py_webauthn has one exception for all causes; the flags tell the one that operators ask about most."""
    return CeremonyRefused("not_verified" if authenticator.flags.uv else "user_not_verified", str(refusal)[:200])


def _transports(answer: Answer) -> list[str]:
    stated = answer.raw["response"].get("transports")
    known = {"usb", "nfc", "ble", "smart-card", "hybrid", "internal"}
    # Names alone are looked up: what else a browser writes into the list may not even be comparable.
    return [name for name in stated if isinstance(name, str) and name in known] if isinstance(stated, list) else []
