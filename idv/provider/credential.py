"""The VerifiedIdentity credential: its name, its claims and where each comes from. Nobody types any of it. Pure."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from . import policy

CONFIGURATION_ID = "VerifiedIdentity"
SCOPE = "verified_identity"
DISPLAY_NAME = "Verified Identity"
METHOD = "unsupervised-remote-document-and-face"

CLAIM_LABELS = {
    "firstName": "First name",
    "lastName": "Last name",
    "fullName": "Full name",
    "dateOfBirth": "Date of birth",
    "documentType": "Document type",
    "documentNumber": "Document number",
    "documentExpiryDate": "Document valid until",
    "documentIssuingCountry": "Issued by",
    "nationality": "Nationality",
    "gender": "Sex",
    "portrait": "Portrait",
    "verifiedAt": "Verified at",
    "verificationMethod": "How it was verified",
    "proofingReference": "Reference of the verification",
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
