"""OpenID4VCI 1.0: the proof of possession, the credential request and its errors; the offer stands beside it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from idv.credentials import jose
from idv.credentials.keys import SigningKey, jwk_of, thumbprint
from idv.protocol import did, key_attestation, proof_keys, strict_json
from idv.protocol.credential_offer import PRE_AUTHORIZED_GRANT as PRE_AUTHORIZED_GRANT
from idv.protocol.credential_offer import SCHEME as SCHEME
from idv.protocol.credential_offer import CredentialOffer as CredentialOffer
from idv.protocol.credential_offer import OfferInvalid as OfferInvalid
from idv.protocol.credential_offer import OfferLink as OfferLink
from idv.protocol.credential_offer import TxCode as TxCode
from idv.protocol.credential_offer import offer_link as offer_link
from idv.protocol.credential_offer import offer_link_by_reference as offer_link_by_reference
from idv.protocol.credential_offer import offer_link_by_value as offer_link_by_value
from idv.protocol.credential_offer import offer_members as offer_members
from idv.protocol.credential_offer import parse_offer as parse_offer
from idv.protocol.credential_offer import parse_offer_link as parse_offer_link
from idv.protocol.issuance_encryption import ResponseEncryption, response_encryption_in
from idv.protocol.messages import IssuanceInvalid as IssuanceInvalid
from recovery_portal.kit.errors import DomainError

PROOF_TYP = "openid4vci-proof+jwt"
PROOF_AGE = timedelta(minutes=5)
CLOCK_SKEW = timedelta(seconds=60)
#: Errors of the token endpoint (section 6.3) and of the credential endpoint (section 8.3.1.2).
TOKEN_ERRORS = frozenset({"invalid_request", "invalid_grant", "invalid_client", "unsupported_grant_type"})
CREDENTIAL_ERRORS = frozenset(
    {
        "invalid_credential_request",
        "unknown_credential_configuration",
        "unknown_credential_identifier",
        "invalid_proof",
        "invalid_nonce",
        "invalid_encryption_parameters",
        "credential_request_denied",
        "invalid_transaction_id",
        "invalid_notification_id",
        "invalid_notification_request",
    }
)
_MAX_CREDENTIALS = 20


@dataclass(frozen=True, kw_only=True)
class CredentialRequest:
    """A parsed credential request: what is wanted, the proofs, not yet verified, and how the answer is to be sealed.

    ``proofs`` are of type ``jwt``, or there is one key ``attestation`` instead.
    """

    credential_configuration_id: str | None
    credential_identifier: str | None
    proofs: tuple[str, ...]
    response_encryption: ResponseEncryption | None = None
    attestation: str = ""


@dataclass(frozen=True, kw_only=True)
class VerifiedProof:
    """A key that was proven to be held. ``nonce`` is burned by the caller, once for the whole request.

    ``attestation`` is what its maker says of the key, unverified; empty when the proof brings nothing of the kind.
    """

    holder_jwk: Mapping[str, str]
    nonce: str
    issued_at: datetime
    attestation: str = ""


def token_form(*, pre_authorized_code: str, tx_code: str | None) -> dict[str, str]:
    """The form a wallet posts to the token endpoint (section 6.1)."""
    form = {"grant_type": PRE_AUTHORIZED_GRANT, "pre-authorized_code": pre_authorized_code}
    return form if tx_code is None else {**form, "tx_code": tx_code}


def build_proof(
    *, key: SigningKey, audience: str, nonce: str | None, at: datetime, named_by: Literal["jwk", "kid"] = "jwk"
) -> str:
    """A proof of possession for ``key``; ``audience`` is the credential issuer. No ``iss``: we are anonymous there.

    Named by ``kid`` the key is a did:jwk, for credentials whose holder is a DID.
    """
    payload = {"aud": audience, "iat": jose.seconds(at)} | ({} if nonce is None else {"nonce": nonce})
    named = replace(key, kid=f"{did.of_jwk(key.public_jwk())}#0") if named_by == "kid" else key
    return jose.sign(payload, typ=PROOF_TYP, key=named, named_by=named_by)


def credential_request(*, configuration_id: str, proofs: Sequence[str]) -> dict[str, Any]:
    """The JSON a wallet posts to the credential endpoint (section 8.2)."""
    return {"credential_configuration_id": configuration_id, "proofs": {"jwt": list(proofs)}}


def parse_credential_request(body: bytes, *, max_proofs: int, was_encrypted: bool = False) -> CredentialRequest:
    """Read a credential request. Raises IssuanceInvalid with the code to answer. Unknown members are ignored."""
    try:
        members = strict_json.load_object(body)
    except strict_json.JsonInvalid as error:
        raise IssuanceInvalid("invalid_credential_request", f"{error.code}: {error.reason}") from error
    configuration_id, identifier = (
        members.get(name) for name in ("credential_configuration_id", "credential_identifier")
    )
    if (configuration_id is None) == (identifier is None):
        raise IssuanceInvalid("invalid_credential_request", "exactly one of the two names of a credential")
    if not isinstance(configuration_id, str | None) or not isinstance(identifier, str | None):
        raise IssuanceInvalid("invalid_credential_request", "the name of a credential is a text")
    response_encryption = response_encryption_in(members, request_was_encrypted=was_encrypted)
    if "proof" in members:
        raise IssuanceInvalid("invalid_proof", "proof is of a draft; 1.0 has proofs")
    proofs = members.get("proofs")
    if not isinstance(proofs, dict) or len(proofs) != 1:
        raise IssuanceInvalid("invalid_proof", "proofs holds one type of proof")
    ((proof_type, texts),) = proofs.items()
    most = {"jwt": max_proofs, key_attestation.PROOF_TYPE: 1}.get(proof_type, 0)
    if not _is_texts(texts, most=most):
        raise IssuanceInvalid("invalid_proof", f"proofs holds no list of 1 to {max_proofs} jwt, nor one attestation")
    return CredentialRequest(
        credential_configuration_id=configuration_id,
        credential_identifier=identifier,
        proofs=tuple(texts) if proof_type == "jwt" else (),
        response_encryption=response_encryption,
        attestation=texts[0] if proof_type == key_attestation.PROOF_TYPE else "",
    )


def open_proofs(
    proofs: Collection[str], *, audience: str, at: datetime, client_id: str | None = None
) -> list[VerifiedProof]:
    """Verify every proof of one request. Raises IssuanceInvalid (invalid_proof) when one is bad: never issue in part.

    All keys differ and all nonces are the same one, so that burning it once burns it for all. ``client_id`` is whose
    token it is; None in the anonymous pre-authorized flow.
    """
    opened = [_open_proof(proof, audience=audience, at=at, client_id=client_id) for proof in proofs]
    if len({thumbprint(proof.holder_jwk) for proof in opened}) != len(opened):
        raise IssuanceInvalid("invalid_proof", "two proofs of one key")
    if len({proof.nonce for proof in opened}) != 1:
        raise IssuanceInvalid("invalid_proof", "the proofs carry different nonces")
    return opened


def parse_credential_response(body: bytes) -> list[str]:
    """The credentials of an immediate answer, for a wallet. Raises IssuanceInvalid; deferred answers are not spoken."""
    try:
        members = strict_json.load_object(body)
    except strict_json.JsonInvalid as error:
        raise IssuanceInvalid("credential_response_malformed", error.reason) from error
    credentials = members.get("credentials")
    if not isinstance(credentials, list) or not 0 < len(credentials) <= _MAX_CREDENTIALS:
        raise IssuanceInvalid("credential_response_malformed", "no credentials in it")
    if not all(isinstance(entry, dict) and isinstance(entry.get("credential"), str) for entry in credentials):
        raise IssuanceInvalid("credential_response_malformed", "a credential that is no text")
    return [entry["credential"] for entry in credentials]


def _open_proof(proof: str, *, audience: str, at: datetime, client_id: str | None) -> VerifiedProof:
    try:
        # 1 the header names exactly one key, by value
        header = jose.peek(proof, max_payload_bytes=8192).header
        key = proof_keys.key_of(header, at=at)
        # 2 alg, typ, signature by that very key
        payload = jose.verify(proof, key=key, typ=PROOF_TYP, max_payload_bytes=8192).payload
        issued_at = jose.required_time_of(payload, "iat")
    except DomainError as error:
        raise IssuanceInvalid("invalid_proof", f"{error.code}: {error.reason}") from error
    # 3 made for us, now, by the token's client or by nobody in particular (F.1: no iss in an anonymous flow)
    if payload.get("aud") != audience:
        raise IssuanceInvalid("invalid_proof", "aud is not this issuer")
    if "iss" in payload and (client_id is None or payload["iss"] != client_id):
        raise IssuanceInvalid("invalid_proof", "iss is another client, or stands there in an anonymous flow")
    if not at - PROOF_AGE <= issued_at <= at + CLOCK_SKEW:
        raise IssuanceInvalid("invalid_proof", "iat is not now")
    # 4 with a nonce; whether it is ours and unused is the caller's to check and burn
    nonce = payload.get("nonce")
    if not isinstance(nonce, str) or not 0 < len(nonce) <= 512:
        raise IssuanceInvalid("invalid_proof", "no nonce")
    attestation = header.get(key_attestation.HEADER_MEMBER, "")
    if not isinstance(attestation, str):
        raise IssuanceInvalid("invalid_proof", "key_attestation is no text")
    return VerifiedProof(holder_jwk=jwk_of(key), nonce=nonce, issued_at=issued_at, attestation=attestation)


def _is_texts(value: Any, *, most: int) -> bool:
    return isinstance(value, list) and 0 < len(value) <= most and all(isinstance(item, str) and item for item in value)
