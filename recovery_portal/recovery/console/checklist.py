"""The five tasks of the original's *Getting started*, each with its live state, and what needs an operator."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.passkeys.policy import PasskeyPolicy
from accounts.passkeys.policy import get_policy as passkey_policy
from idv.verifier.models import IdentityProvider, ProviderCondition, VerifierKey
from tap.models import PolicyState
from tap.queries import get_policy

from .. import queries
from ..models import RecoveryAttempt, RecoveryProfile

_WEEK = timedelta(days=7)
_REASONS_SHOWN = 5


@dataclass(frozen=True)
class Task:
    """One line of the checklist; ``note`` says what is there, or what is missing."""

    title: str | Promise
    done: bool
    note: str | Promise
    url: str


@dataclass(frozen=True)
class Notice:
    """Something that needs an operator, with the page where it is put right."""

    text: str | Promise
    url: str


def tasks() -> list[Task]:
    """The five tasks in the original's order (facts 1.4). A fixed number of queries."""
    has_key = VerifierKey.objects.filter(retired_at__isnull=True).exists()
    real_faces = not any("cripted" in name for name in (settings.FACE_ENGINE, settings.LIVENESS_ENGINE))
    passkeys = any(name.endswith("PasskeyMethod") for name in settings.AUTHENTICATION_METHODS)
    passkeys = passkeys and passkey_policy().state == PasskeyPolicy.State.ENABLED
    pass_on = get_policy().state == PolicyState.ENABLED
    provider = IdentityProvider.objects.filter(enabled=True).first()
    heard = provider is not None and provider.metadata_fetched_at is not None
    profiles = RecoveryProfile.objects.filter(queries.ENABLED).count()
    providers_url = reverse("console:providers")
    return [
        Task(
            _("Set up Verified ID"),
            has_key,
            _("This portal has a key to sign its requests.")
            if has_key
            else _("There is no signing key yet: run manage.py provision_verifier."),
            providers_url,
        ),
        Task(
            _("Set up Face Check"),
            real_faces,
            _("Faces are compared and checked for liveness here.")
            if real_faces
            else _("A scripted engine answers in place of a real one: for tests only."),
            providers_url,
        ),
        Task(
            _("Set up passkeys after recovery"),
            passkeys and pass_on,
            _("Whoever signs in with a pass can register a passkey.")
            if passkeys and pass_on
            else _("Enable the Temporary Access Pass policy and the passkey policy."),
            reverse("console:methods"),
        ),
        Task(
            _("Select your first identity verification provider"),
            provider is not None,
            _provider_note(provider, heard=heard),
            providers_url,
        ),
        Task(
            _("Create your first identity verification profile"),
            profiles > 0,
            ngettext("%d profile is enabled.", "%d profiles are enabled.", profiles) % profiles
            if profiles
            else _("No profile is enabled: nobody is offered recovery."),
            reverse("admin:recovery_recoveryprofile_changelist"),
        ),
    ]


def _provider_note(provider: IdentityProvider | None, *, heard: bool) -> str | Promise:
    if provider is None:
        return _("No provider is enabled.")
    if heard:
        return _("%(name)s is enabled and has answered.") % {"name": provider.name}
    return _("%(name)s is enabled; it will be asked at the first recovery.") % {"name": provider.name}


def notices(profiles: list[RecoveryProfile], in_scope: dict[UUID, int]) -> Iterator[Notice]:
    """What is wrong with the set-up. Asks nothing of the database beyond what the caller has and two policies."""
    if queries.is_stopped():
        yield Notice(_("Account recovery is stopped for everybody."), reverse("console:stop"))
    pass_on = get_policy().state == PolicyState.ENABLED
    if not pass_on:
        yield Notice(
            _("The Temporary Access Pass policy is disabled: no recovery can end well."),
            reverse("admin:tap_temporaryaccesspasspolicy_changelist"),
        )
    for profile in profiles:
        if profile.state != RecoveryProfile.State.ENABLED:
            continue
        named = {"profile": profile.name, "provider": profile.provider.name}
        url = reverse("admin:recovery_recoveryprofile_change", args=[profile.pk])
        if not profile.provider.enabled:
            yield Notice(_("%(profile)s: its provider, %(provider)s, is disabled.") % named, url)
        elif obstacle := _trouble(profile.provider):
            yield Notice(obstacle % named, reverse("console:provider", args=[profile.provider_id]))
        if not in_scope.get(profile.pk):
            yield Notice(_("%(profile)s is enabled and holds for nobody.") % named, url)


def _trouble(provider: IdentityProvider) -> str | Promise:
    """What of a provider's condition stops a recovery; the caller has fetched it with the provider."""
    condition = getattr(provider, "condition", None)
    if condition is None:
        return ""
    if condition.subscription != ProviderCondition.Subscription.SUBSCRIBED:
        return _("%(profile)s: the subscription of its provider, %(provider)s, is not active.")
    if condition.paused_at is not None:
        return _("%(profile)s: its provider, %(provider)s, is paused.")
    return _("%(profile)s: its provider, %(provider)s, did not answer last time.") if condition.is_failing else ""


def refusals(at: datetime) -> list[tuple[str, int]]:
    """The commonest reasons of the last seven days. One query."""
    ended = RecoveryAttempt.objects.filter(started_at__gte=at - _WEEK).exclude(reason_code="")
    counted = ended.values_list("reason_code").annotate(n=Count("*")).order_by("-n", "reason_code")
    return list(counted[:_REASONS_SHOWN])


def overdue(at: datetime) -> int:
    """Attempts that should have expired ten minutes ago: the beat or the worker is not running."""
    return RecoveryAttempt.objects.active().filter(Q(expires_at__lt=at - timedelta(minutes=10))).count()
