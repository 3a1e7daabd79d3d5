"""Where a second operator is asked for, nobody alone gives recovery to more people or for less proof. Held round every
flow that changes profiles, so that no door has a way past it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F

from idv.verifier.models import IdentityProvider

from ..errors import SwitchRefused
from ..models import ClaimExtension, RecoveryPolicy, RecoveryProfile
from ..widening import Reach, Standing, Wider, widened


def reach() -> Reach:
    """What holds now for whom. Three queries."""
    enabled = RecoveryProfile.objects.filter(state=RecoveryProfile.State.ENABLED).order_by("priority", "name")
    groups = RecoveryPolicy.objects.exclude(excluded_groups=None).values_list("excluded_groups", flat=True)
    return Reach(
        tuple(_standing(profile) for profile in enabled.prefetch_related("include_groups")),
        frozenset(groups),
    )


def _standing(profile: RecoveryProfile) -> Standing:
    return Standing(
        in_production=profile.mode == RecoveryProfile.Mode.PRODUCTION,
        everybody=profile.include_all_users,
        groups=frozenset(group.pk for group in profile.include_groups.all()),
        provider=str(profile.provider_id),
        confidence=profile.match_confidence,
        threshold=profile.face_check_threshold,
        rules=frozenset(profile.match_rules),
        bindings=frozenset(profile.bindings),
        extension=str(profile.claim_extension_id) if profile.claim_validation_enabled else "",
        still_head_allowed=profile.still_head_allowed,
        assistance=profile.assistance,
        high_assurance=profile.high_assurance,
        reveals_in_starting_browser=profile.pass_reveal == RecoveryProfile.PassReveal.STARTING_BROWSER,
    )


@contextmanager
def held() -> Iterator[None]:
    """Undo what was done inside where it widens and two have to agree on that. Raises SwitchRefused
    (approval_required)."""
    with transaction.atomic():
        if not _lock():
            yield
            return
        before = reach()
        yield
        if ways := widened(before, reach()):
            raise SwitchRefused("approval_required", _told(ways))


class _Undone(Exception):
    """Nothing but the way out of a trial."""


@contextmanager
def on_trial(found: set[Wider]) -> Iterator[None]:
    """Find out in which ways what is done inside widens, and undo it."""
    try:
        with transaction.atomic():
            _lock()
            before = reach()
            yield
            found |= widened(before, reach())
            raise _Undone
    except _Undone:
        return


def require_free(used: IdentityProvider | ClaimExtension) -> None:
    """By another address or other certificates a provider is another provider, and an extension another one: what was
    approved was the one that is there. Raises SwitchRefused (approval_required)."""
    if is_held(used):
        raise SwitchRefused(
            "approval_required", f"A profile in Production relies on {used}: add another one, and propose the change."
        )


def is_held(used: IdentityProvider | ClaimExtension) -> bool:
    """Whether an enabled profile in Production relies on it and two have to agree on what is in Production."""
    relies = RecoveryProfile.objects.filter(
        state=RecoveryProfile.State.ENABLED, mode=RecoveryProfile.Mode.PRODUCTION
    )  # fmt: skip
    if isinstance(used, IdentityProvider):
        relies = relies.filter(provider=used.pk)
    else:
        relies = relies.filter(claim_extension=used.pk, claim_validation_enabled=True)
    return relies.exists() and RecoveryPolicy.objects.filter(approval_required=True).exists()


def _lock() -> bool:
    """Whether two have to agree. One change after the other from here on: two that widen nothing by themselves may do
    so together. An UPDATE locks on SQLite, too."""
    return bool(RecoveryPolicy.objects.filter(approval_required=True).update(approval_required=F("approval_required")))


def _told(ways: frozenset[Wider]) -> str:
    return (
        "A second operator approves what lets more people recover, or by less proof; propose it in the console. "
        f"Here: {', '.join(sorted(ways))}."
    )
