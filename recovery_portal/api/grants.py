"""Handing out tokens: who a program is, what it asked for, what it gets (RFC 6749, RFC 7523, RFC 7636).

Refusals carry the original's error numbers, which administrators search for.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from cryptography import x509
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from idv.credentials import jose
from recovery_portal.kit import ratelimit
from recovery_portal.kit import tokens as secrets

from . import permissions, registrations, tokens
from .models import AppCertificate, AppRegistration, AppSecret, AuthorizationCode, SpentAssertion

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ("RS256", "PS256", "ES256")
LONGEST_ASSERTION = timedelta(hours=1)
CODE_LIFETIME = timedelta(seconds=60)
FAILURES_PER_MINUTE = 20
GRAPH = "https://graph.microsoft.com"
REQUEST_SERVICE = "3db474b9-6a0c-4840-96ac-1fceb342124f"  # the application id under which Verified ID is asked for
OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})


class GrantRefused(Exception):
    """``error`` is OAuth's word, ``number`` the original's (AADSTS…)."""

    def __init__(self, error: str, number: int, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.number, self.description, self.status = error, number, description, status


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a program posted to the token endpoint, and from where."""

    form: Mapping[str, str] = field(repr=False)
    token_endpoint: str
    address: str

    def get(self, name: str) -> str:
        return self.form.get(name, "")

    def by(self, app: AppRegistration | None) -> str:
        """Whom tries are counted for. Ids of programs are no secret: strangers elsewhere must not use up its tries."""
        return f"{app.pk if app else self.get('client_id')[:64]} {self.address}"


@dataclass(frozen=True)
class Granted:
    access_token: str
    scopes: list[str]
    id_token: str = ""
    refresh_token: str = ""


def client_credentials(*, asked: Asked, at: datetime) -> Granted:
    """A token for a program by itself. Raises GrantRefused, RateLimited."""
    app = authenticate_app(asked=asked, at=at)
    if asked.get("scope") not in {f"{name}/.default" for name in (GRAPH, settings.PORTAL_BASE_URL, REQUEST_SERVICE)}:
        raise GrantRefused("invalid_scope", 1002012, "A client credential request asks for the scope …/.default.")
    return Granted(tokens.issue(app=app, user=None, scopes=app.app_permissions, at=at), [asked.get("scope")])


def delegated_scopes(app: AppRegistration, asked_for: str) -> list[str]:
    """The permissions in a ``scope`` parameter that the registration may ask people for. Raises GrantRefused."""
    wanted: set[str] = set()
    for word in asked_for.split():
        name = word.removeprefix(f"{GRAPH}/").removeprefix(f"{settings.PORTAL_BASE_URL}/")
        if name == ".default":
            wanted |= set(app.delegated_permissions)
        elif name not in OPENID_SCOPES:
            wanted.add(name)
    if not wanted or permissions.unknown(wanted) or not wanted <= set(app.delegated_permissions):
        raise GrantRefused(
            "invalid_scope", 70011, "The scope is not among the delegated permissions of the application."
        )
    return sorted(wanted)


@transaction.atomic
def make_code(
    *,
    app: AppRegistration,
    user: Any,
    scopes: list[str],
    redirect_uri: str,
    challenge: str,
    nonce: str,
    at: datetime,
    wants_refresh: bool = False,
    signed_in_with: str = "",
) -> str:
    """The person agreed: a code for the program, good for one minute and one use."""
    code = secrets.new_token(32)
    AuthorizationCode.objects.filter(expires_at__lt=at - CODE_LIFETIME).delete()
    AuthorizationCode.objects.create(
        digest=secrets.digest(code),
        app=app,
        user=user,
        scopes=scopes,
        redirect_uri=redirect_uri,
        code_challenge=challenge,
        nonce=nonce[:256],
        wants_refresh=wants_refresh,
        signed_in_with=signed_in_with,
        expires_at=at + CODE_LIFETIME,
    )
    registrations.announce("Consent to application", app, at=at, by=user, scopes=" ".join(scopes), flow="code")
    return code


def authorization_code(*, asked: Asked, at: datetime) -> Granted:
    """A token for a program that acts for a person. Raises GrantRefused, RateLimited.

    The code is spent first, whatever follows (RFC 9700 4.5). A program with a secret or a certificate must show it;
    one without lives on people's own machines and is held to PKCE alone.
    """
    app = client_of(asked=asked, at=at)
    ratelimit.hit("oauth-code", asked.by(app), limit=600, period_s=60)
    digest = secrets.digest(asked.get("code"))
    mine = AuthorizationCode.objects.filter(digest=digest, app=app, used_at=None, expires_at__gt=at)
    from . import refreshing

    if not mine.update(used_at=at):
        refreshing.end(code_digest=digest, app=app, at=at)
        raise GrantRefused("invalid_grant", 70008, "The authorization code is unknown, expired or was used before.")
    code = AuthorizationCode.objects.select_related("user").get(digest=digest)
    if not secrets.same(code.redirect_uri, asked.get("redirect_uri")):
        raise GrantRefused("invalid_grant", 50011, "The redirect URI is not the one of the authorization request.")
    if not secrets.same(code.code_challenge, challenge_of(asked.get("code_verifier"))):
        raise GrantRefused("invalid_grant", 501481, "The code_verifier does not match the code_challenge.")
    if not code.user.is_active:
        raise GrantRefused("invalid_grant", 50057, "The user account is disabled.")
    return Granted(
        tokens.issue(app=app, user=code.user, scopes=code.scopes, at=at),
        code.scopes,
        id_token(app, code.user, nonce=code.nonce, at=at),
        refreshing.begin(
            app=app, user=code.user, scopes=code.scopes, signed_in_with=code.signed_in_with, code_digest=digest, at=at
        )
        if code.wants_refresh
        else "",
    )


def client_of(*, asked: Asked, at: datetime) -> AppRegistration:
    """The program that acts for a person: known, and proven where it has something to prove it with. Raises
    GrantRefused, RateLimited."""
    app = find_app(asked.get("client_id"))
    if app is None:
        raise unknown_app()
    if app.secrets.exists() or app.certificates.exists():
        return authenticate_app(asked=asked, at=at)
    return app


def authenticate_app(*, asked: Asked, at: datetime) -> AppRegistration:
    """The program behind a request to the token endpoint. Raises GrantRefused, RateLimited."""
    app = find_app(asked.get("client_id"))
    ratelimit.hit("oauth-client", asked.by(app), limit=FAILURES_PER_MINUTE, period_s=60)
    if asked.get("client_assertion_type") == ASSERTION_TYPE:
        _check_assertion(app, asked.get("client_assertion"), token_endpoint=asked.token_endpoint, at=at)
    elif secret := asked.get("client_secret"):
        _check_secret(app, secret, at=at)
    else:
        raise GrantRefused(
            "invalid_client", 7000218, "The request must contain client_assertion or client_secret.", 401
        )
    if app is None:
        raise unknown_app()
    ratelimit.give_back("oauth-client", asked.by(app))
    return app


def find_app(client_id: str) -> AppRegistration | None:
    try:
        return AppRegistration.objects.filter(pk=UUID(client_id), enabled=True).first()
    except ValueError:
        return None


def challenge_of(verifier: str) -> str:
    """PKCE's S256 (RFC 7636 4.2)."""
    digest = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def find_user(user_id: str) -> Any:
    return get_user_model().objects.filter(pk=user_id, account_enabled=True).first()


def _check_secret(app: AppRegistration | None, secret: str, *, at: datetime) -> None:
    found = AppSecret.objects.filter(app=app, digest=secrets.digest(secret)).first() if app else None
    if found is None:
        raise GrantRefused("invalid_client", 7000215, "Invalid client secret provided.", 401)
    if found.expires_at <= at:
        raise GrantRefused("invalid_client", 7000222, "The provided client secret keys are expired.", 401)


def _check_assertion(app: AppRegistration | None, assertion: str, *, token_endpoint: str, at: datetime) -> None:
    """RFC 7523 3: signed with a certificate on file, by and for this client, for us, in time, once."""
    bad = GrantRefused("invalid_client", 700027, "The client assertion failed signature validation.", 401)
    if app is None or len(assertion) > 16_384:
        raise bad
    try:
        header = jwt.get_unverified_header(assertion)
        certificate = _certificate_named(app, header)
        if certificate is None or certificate.expires_at <= at:
            raise bad
        key: Any = x509.load_pem_x509_certificate(certificate.pem.encode("ascii")).public_key()
        claims = jwt.decode(
            assertion,
            key,
            algorithms=list(ASSERTION_ALGORITHMS),
            audience=[token_endpoint, tokens.issuer()],
            options={"require": ["exp", "aud", "iss", "sub", "jti"], "verify_exp": False, "verify_nbf": False,
                     "verify_iat": False},
        )  # fmt: skip
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        starts_at = datetime.fromtimestamp(int(claims.get("nbf", 0)), UTC)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError, AttributeError, RecursionError) as error:
        raise bad from error
    if claims["iss"] != str(app.pk) or claims["sub"] != str(app.pk):
        raise GrantRefused("invalid_client", 700026, "The client assertion names another application.", 401)
    if not at - tokens.CLOCK_SKEW < expires_at < at + LONGEST_ASSERTION or starts_at > at + tokens.CLOCK_SKEW:
        raise GrantRefused("invalid_client", 700024, "The client assertion is not within its valid time range.", 401)
    try:
        with transaction.atomic():
            SpentAssertion.objects.filter(expires_at__lt=at - tokens.CLOCK_SKEW).delete()
            SpentAssertion.objects.create(app=app, jti_digest=secrets.digest(str(claims["jti"])), expires_at=expires_at)
    except IntegrityError as error:
        raise GrantRefused("invalid_client", 700025, "The client assertion was used before.", 401) from error


def _certificate_named(app: AppRegistration, header: Mapping[str, Any]) -> AppCertificate | None:
    """By x5t#S256, or by x5t or kid as older MSAL writes it."""
    for name, column in (("x5t#S256", "thumbprint"), ("x5t", "thumbprint_sha1")):
        value = header.get(name)
        if isinstance(value, str) and len(value) < 100:
            digest = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
            return app.certificates.filter(**{column: digest}).first()
    return None


def id_token(app: AppRegistration, user: Any, *, nonce: str = "", at: datetime) -> str:
    """Who signed in, for the program that asked (OpenID Connect Core 1.0 2)."""
    payload = {
        "iss": tokens.issuer(),
        "aud": str(app.pk),
        "sub": str(user.pk),
        "oid": str(user.pk),
        "tid": settings.TENANT_ID,
        "preferred_username": user.get_username(),
        "name": user.get_full_name(),
        "iat": jose.seconds(at),
        "nbf": jose.seconds(at),
        "exp": jose.seconds(at + tokens.LIFETIME),
        "ver": "2.0",
    }
    if nonce:
        payload["nonce"] = nonce
    return jose.sign(payload, typ="JWT", key=tokens.signing_key(at=at))


def unknown_app() -> GrantRefused:
    return GrantRefused("unauthorized_client", 700016, "The application was not found in the directory.", 400)
