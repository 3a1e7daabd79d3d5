"""The demo organisation: who works there, which groups, one profile in each mode. All of it is fictitious."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import DirectoryGroup, User
from idv.verifier.models import IdentityProvider
from recovery_portal.recovery.models import RecoveryPolicy, RecoveryProfile

DOMAIN = "contoso.example"
OPERATOR = f"operator@{DOMAIN}"
PRODUCTION, EVALUATION, EXCLUDED = "Recovery in Production", "Recovery in Evaluation", "Never by self-service"


@dataclass(frozen=True)
class Employee:
    """A demo person; ``picture`` names the synthetic person whose face is theirs."""

    given_name: str
    surname: str
    picture: str
    group: str

    @property
    def account_name(self) -> str:
        return f"{self.given_name}.{self.surname}@{DOMAIN}".lower()


EMPLOYEES = (
    Employee("Vera", "Lindqvist", "vera", PRODUCTION),
    Employee("Abel", "Moreau", "abel", PRODUCTION),
    Employee("Lena", "Osei", "lena", PRODUCTION),
    Employee("Jun", "Takahara", "jun", EVALUATION),
    Employee("Rosa", "Delgado", "rosa", EVALUATION),
    Employee("Omar", "Haddad", "omar", EXCLUDED),
)


@transaction.atomic
def found(*, at: datetime) -> str:
    """Create or refresh the organisation; returns the operator's new one-time password."""
    names = (PRODUCTION, EVALUATION, EXCLUDED)
    groups = {name: DirectoryGroup.objects.get_or_create(display_name=name)[0] for name in names}
    for employee in EMPLOYEES:
        groups[employee.group].members.add(_employ(employee, at=at))
    RecoveryPolicy.objects.get_or_create(id=RecoveryPolicy.THE_ROW)[0].excluded_groups.add(groups[EXCLUDED])
    provider = _register_provider()
    _open_profile("Staff", RecoveryProfile.Mode.PRODUCTION, 10, groups[PRODUCTION], provider)
    _open_profile("Pilot", RecoveryProfile.Mode.EVALUATION, 20, groups[EVALUATION], provider)
    password = secrets.token_urlsafe(12)
    operator = User.objects.filter(user_principal_name=OPERATOR).first() or User.objects.create_superuser(
        OPERATOR, given_name="Demo", surname="Operator", mail=OPERATOR
    )
    operator.set_password(password)
    operator.save()
    return password


def _employ(employee: Employee, *, at: datetime) -> User:
    user = User.objects.filter(user_principal_name=employee.account_name).first()
    if user is None:
        # Their passwords are lost, as the story wants it: a random one that nobody knows.
        user = User.objects.create_user(
            employee.account_name,
            secrets.token_urlsafe(24),
            given_name=employee.given_name,
            surname=employee.surname,
            mail=employee.account_name,
            other_mails=[f"{employee.given_name.lower()}@home.example"],
            usage_location="UT",
            last_sign_in_at=at - timedelta(days=3),
        )
    return user


def _register_provider() -> IdentityProvider:
    provider, _ = IdentityProvider.objects.update_or_create(
        name=settings.PROVIDER_NAME,
        defaults={
            "issuer": settings.PROVIDER_BASE_URL,
            "client_id": settings.PORTAL_BASE_URL,
            "allowed_vcts": [f"{settings.PROVIDER_BASE_URL}/credentials/VerifiedIdentity"],
        },
    )
    return provider


def _open_profile(name: str, mode: str, priority: int, group: DirectoryGroup, provider: IdentityProvider) -> None:
    profile, created = RecoveryProfile.objects.get_or_create(
        name=name,
        defaults={
            "description": f"Demo profile in {mode}.",
            "state": RecoveryProfile.State.ENABLED,
            "mode": mode,
            "priority": priority,
            "provider": provider,
            "match_confidence": RecoveryProfile.MatchConfidence.RELAXED,
        },
    )
    if created:
        profile.include_groups.add(group)
