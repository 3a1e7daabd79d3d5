"""What operators do with app registrations. Every change is announced, so that the audit has it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from recovery_portal.kit import tokens
from recovery_portal.kit.errors import DomainError

from .models import AppCertificate, AppRegistration, AppSecret, known_permissions
from .signals import registrations_changed

SECRET_BYTES = 32
SECRET_LIFETIME = timedelta(days=180)
LONGEST_SECRET_LIFETIME = timedelta(days=730)
SMALLEST_RSA_KEY = 2048


class RegistrationRefused(DomainError):
    """Codes: name_taken, name_missing, unknown_permission, lifetime_out_of_range, certificate_unusable,
    redirect_uri_unusable."""


@dataclass(frozen=True)
class NewSecret:
    """The only moment the secret exists outside the program's keeping."""

    record: AppSecret
    secret: str = field(repr=False)


@transaction.atomic
def register(
    *,
    name: str,
    at: datetime,
    app_permissions: Sequence[str] = (),
    delegated_permissions: Sequence[str] = (),
    redirect_uris: Sequence[str] = (),
    registered_by: Any = None,
) -> AppRegistration:
    """A new program without any credential yet. Raises RegistrationRefused."""
    name = " ".join(name.split())[:120]
    if not name:
        raise RegistrationRefused("name_missing", "An app registration needs a name.")
    for uri in redirect_uris:
        check_redirect_uri(uri)
    try:
        for names in (app_permissions, delegated_permissions):
            known_permissions(list(names))
    except ValidationError as error:
        raise RegistrationRefused("unknown_permission", "; ".join(error.messages)) from error
    try:
        with transaction.atomic():
            app = AppRegistration.objects.create(
                display_name=name,
                app_permissions=sorted(set(app_permissions)),
                delegated_permissions=sorted(set(delegated_permissions)),
                redirect_uris=list(redirect_uris),
                created_at=at,
            )
    except IntegrityError as error:
        raise RegistrationRefused("name_taken", f"There is an app registration called {name}.") from error
    announce(
        "Add application", app, at=at, by=registered_by,
        applicationPermissions=" ".join(app.app_permissions), delegatedPermissions=" ".join(app.delegated_permissions),
    )  # fmt: skip
    return app


@transaction.atomic
def add_secret(
    *,
    app: AppRegistration,
    at: datetime,
    lifetime: timedelta = SECRET_LIFETIME,
    description: str = "",
    added_by: Any = None,
) -> NewSecret:
    """Raises RegistrationRefused (lifetime_out_of_range). The old secrets stay, so that a program can be moved over."""
    if not timedelta(0) < lifetime <= LONGEST_SECRET_LIFETIME:
        raise RegistrationRefused("lifetime_out_of_range", "A secret lives at most two years.")
    secret = tokens.new_token(SECRET_BYTES)
    record = AppSecret.objects.create(
        app=app,
        digest=tokens.digest(secret),
        hint=secret[:3],
        description=description[:120],
        created_at=at,
        expires_at=at + lifetime,
    )
    announce("Update application - Certificates and secrets management", app, at=at, by=added_by, added="client secret")
    return NewSecret(record, secret)


@transaction.atomic
def add_certificate(*, app: AppRegistration, pem: str, at: datetime, added_by: Any = None) -> AppCertificate:
    """Accept assertions signed with this certificate's key. Raises RegistrationRefused."""
    certificate = read_certificate(pem)
    expires_at = certificate.not_valid_after_utc
    if expires_at <= at:
        raise RegistrationRefused("certificate_unusable", "The certificate has expired.")
    try:
        with transaction.atomic():
            record = AppCertificate.objects.create(
                app=app,
                pem=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
                thumbprint=certificate.fingerprint(hashes.SHA256()).hex(),
                thumbprint_sha1=_sha1(certificate),
                created_at=at,
                expires_at=expires_at,
            )
    except IntegrityError as error:
        raise RegistrationRefused("certificate_unusable", "The certificate is on file already.") from error
    announce(
        "Update application - Certificates and secrets management", app, at=at, by=added_by,
        added=f"certificate {record.thumbprint}",
    )  # fmt: skip
    return record


def read_certificate(pem: str) -> x509.Certificate:
    """Raises RegistrationRefused unless it is one certificate for a key that signs (RSA from 2048 bits, P-256)."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode("ascii"))
        key = certificate.public_key()
    except (ValueError, UnicodeError) as error:
        raise RegistrationRefused("certificate_unusable", "This is not a PEM certificate.") from error
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA_KEY) or (
        isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    )
    if not strong:
        raise RegistrationRefused("certificate_unusable", "The key is neither RSA of 2048 bits or more nor P-256.")
    return certificate


def check_redirect_uri(uri: str) -> None:
    """https, or http on loopback for programs on a person's own machine (RFC 8252 7.3). Raises RegistrationRefused."""
    refused = RegistrationRefused("redirect_uri_unusable", "A redirect URI is https, or http on localhost.")
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 (what is no number raises)
    except ValueError as error:
        raise refused from error
    on_loopback = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not (parts.scheme == "https" or on_loopback) or not parts.hostname or parts.fragment or len(uri) > 500:
        raise refused
    # Host and port go into the consent page's policy: whatever ends a directive there belongs to no host.
    if any(letter in " \t\x00;,'\"@" for letter in parts.netloc):
        raise refused


def announce(activity: str, app: AppRegistration, *, at: datetime, by: Any, **details: str) -> None:
    registrations_changed.send(
        sender=AppRegistration,
        activity=activity,
        at=at,
        initiated_by=by,
        details={"application": app.display_name, "appId": str(app.pk), **details},
    )


def _sha1(certificate: x509.Certificate) -> str:
    # The name under which MSAL's older form (x5t, RFC 7515 4.1.7) says which certificate it means; nothing rests on it.
    return hashlib.sha1(certificate.public_bytes(serialization.Encoding.DER), usedforsecurity=False).hexdigest()
