"""The VerifiedIdentity credential: its name, its claims and where each comes from. Nobody types any of it. Pure."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from . import policy

CONFIGURATION_ID = TYPE_NAME = "VerifiedIdentity"
JWT_CONFIGURATION_ID = "VerifiedIdentityJwt"
SD_JWT, JWT_VC = "dc+sd-jwt", "jwt_vc_json"
#: The credential in each format: configuration id -> format, and scope -> configuration id.
FORMATS = {CONFIGURATION_ID: SD_JWT, JWT_CONFIGURATION_ID: JWT_VC}
CONFIGURATION_BY_SCOPE = {"verified_identity": CONFIGURATION_ID, "verified_identity_jwt": JWT_CONFIGURATION_ID}
DISPLAY_NAME = _("Verified Identity")
DESCRIPTION = _("A person whose identity document and face were checked.")
METHOD = "unsupervised-remote-document-and-face"

CLAIM_LABELS = {
    "firstName": _("First name"),
    "lastName": _("Last name"),
    "fullName": _("Full name"),
    "dateOfBirth": _("Date of birth"),
    "documentType": _("Document type"),
    "documentNumber": _("Document number"),
    "documentExpiryDate": _("Document valid until"),
    "documentIssuingCountry": _("Issued by"),
    "nationality": _("Nationality"),
    "gender": _("Sex"),
    "portrait": _("Portrait"),
    "verifiedAt": _("Verified at"),
    "verificationMethod": _("How it was verified"),
    "proofingReference": _("Reference of the verification"),
}
_DOCUMENT_TYPES = {"passport": "Passport", "identity_card": "Identity card", "driving_licence": "Driver's License"}


@dataclass(frozen=True)
class Subject:
    """What a document said about its holder, with the portrait on it (JPEG)."""

    given_names: str
    surname: str
    date_of_birth: str
    sex: str
    document_kind: str
    document_number: str
    expiry_date: str
    issuing_country: str
    nationality: str
    portrait: bytes


def vct_of(issuer: str) -> str:
    return f"{issuer}/credentials/{CONFIGURATION_ID}"


def identifier_of(configuration_id: str) -> str:
    """The ``credential_identifier`` that a token names when the wallet asked by ``authorization_details``."""
    return f"{configuration_id}:1"


def claims_of(subject: Subject, *, reference: str, verified_at: datetime) -> dict[str, str]:
    """The credential's claims; what the document left empty is left out rather than claimed empty."""
    claims = {
        "firstName": subject.given_names,
        "lastName": subject.surname,
        "fullName": f"{subject.given_names} {subject.surname}".strip(),
        "dateOfBirth": subject.date_of_birth,
        "documentType": _DOCUMENT_TYPES[subject.document_kind],
        "documentNumber": subject.document_number,
        "documentExpiryDate": subject.expiry_date,
        "documentIssuingCountry": subject.issuing_country,
        "nationality": subject.nationality,
        "gender": subject.sex,
        "portrait": "data:image/jpeg;base64," + base64.b64encode(subject.portrait).decode("ascii"),
        "verifiedAt": verified_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verificationMethod": METHOD,
        "proofingReference": reference,
    }
    return {name: value for name, value in claims.items() if value}


def validity(claims: Mapping[str, str], *, at: datetime) -> tuple[datetime, datetime]:
    """From the last full hour until the credential's lifetime or the document's ends, whichever is sooner."""
    issued_at = at - timedelta(seconds=at.timestamp() % policy.ISSUED_AT_GRAIN.total_seconds())
    expires_at = issued_at + policy.CREDENTIAL_LIFETIME
    if document_end := claims.get("documentExpiryDate"):
        last_day = date.fromisoformat(document_end)
        midnight = datetime(last_day.year, last_day.month, last_day.day, tzinfo=UTC) + timedelta(days=1)
        expires_at = min(expires_at, midnight)
    return issued_at.replace(microsecond=0), expires_at.replace(microsecond=0)
