"""Profiles as somebody sets them up from outside the admin site: the same records, the same audit."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.audit import flows as audit
from accounts.models import DirectoryGroup
from accounts.operators import Operator
from idv.verifier.models import IdentityProvider

from ..errors import ProfileRefused
from ..models import RecoveryPolicy, RecoveryProfile
from . import stopping
from .holding import held
from .operating import CATEGORY, record_exclusion_change, record_profile_change, record_profile_removal
from .safeguarding import switch_mode

_COPIED = (
    "match_rules", "bindings", "claim_validation_enabled", "claim_extension",
    "description", "priority", "include_all_users", "match_confidence", "face_check_threshold", "still_head_allowed",
    "assistance", "high_assurance", "old_methods", "pass_reveal", "provider",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whom one profile includes."""

    everybody: bool
    groups: frozenset[UUID]


def create_profile(*, fields: Mapping[str, Any], by: Operator, at: datetime) -> RecoveryProfile:
    """A new profile, for nobody yet; one for Production takes the way that every other takes there. Raises
    ProfileRefused (name_taken), SwitchRefused."""
    mode = fields.get("mode", RecoveryProfile.Mode.EVALUATION)
    begun = {**fields, "mode": RecoveryProfile.Mode.EVALUATION.value}
    with held():
        profile = _saved(RecoveryProfile(**begun))
        words = {name: str(value) for name, value in begun.items()}
        record_profile_change(
            profile=profile, changed_by=by.user, application=by.application, changes=words, created=True, at=at
        )
        if mode != profile.mode:
            switch_mode(profile=profile, mode=mode, changed_by=by.user, application=by.application, at=at)
    return profile


def change_profile(*, profile: RecoveryProfile, fields: Mapping[str, Any], by: Operator, at: datetime) -> None:
    """Set what differs. Raises ProfileRefused, SwitchRefused; then nothing has changed."""
    save_profile(profile=profile, fields=fields, groups=None, excluded=None, by=by, at=at)


def save_profile(
    *,
    profile: RecoveryProfile | None,
    fields: Mapping[str, Any],
    groups: Collection[DirectoryGroup] | None,
    excluded: Collection[DirectoryGroup] | None,
    by: Operator,
    at: datetime,
) -> RecoveryProfile:
    """Everything about one profile in one go: a new one where ``profile`` is None. ``groups`` and ``excluded`` None
    leave the profile's groups and the feature-wide exclusions as they are; the mode is switched by the flow that
    switches it anywhere. Raises ProfileRefused, SwitchRefused; then nothing has changed."""
    with held():
        if profile is None:
            profile = create_profile(fields=fields, by=by, at=at)
        mode = fields.get("mode", profile.mode)
        apply_approved(profile=profile, fields=fields, groups=groups, excluded=excluded, by=by, at=at)
        if mode != profile.mode:
            switch_mode(profile=profile, mode=mode, changed_by=by.user, application=by.application, at=at)
    return profile


def apply_approved(
    *,
    profile: RecoveryProfile | None,
    fields: Mapping[str, Any],
    groups: Collection[DirectoryGroup] | None,
    excluded: Collection[DirectoryGroup] | None,
    by: Operator,
    at: datetime,
) -> None:
    """The same without the mode, whatever it widens: for who has made sure that it may be. Raises ProfileRefused."""
    with transaction.atomic():
        if profile is not None:
            _change(profile, fields, by, at)
            before = set(profile.include_groups.all())
            if groups is not None and before != set(groups):
                profile.include_groups.set(groups)
                words = {"include_groups": f"{_names(before)} -> {_names(groups)}"}
                record_profile_change(
                    profile=profile, changed_by=by.user, application=by.application, changes=words, created=False, at=at
                )
        if excluded is not None:
            _exclude(excluded, by, at)


def _change(profile: RecoveryProfile, fields: Mapping[str, Any], by: Operator, at: datetime) -> None:
    changes = {name: value for name, value in fields.items() if name != "mode" and getattr(profile, name) != value}
    if not changes:
        return
    words = {name: f"{getattr(profile, name)} -> {value}" for name, value in changes.items()}
    for name, value in changes.items():
        setattr(profile, name, value)
    with transaction.atomic():
        _saved(profile, only=changes)
        record_profile_change(
            profile=profile, changed_by=by.user, application=by.application, changes=words, created=False, at=at
        )


def _exclude(excluded: Collection[DirectoryGroup], by: Operator, at: datetime) -> None:
    policy = RecoveryPolicy.objects.get_or_create(id=RecoveryPolicy.THE_ROW)[0]
    before = set(policy.excluded_groups.all())
    if before == set(excluded):
        return
    policy.excluded_groups.set(excluded)
    record_exclusion_change(
        changed_by=by.user, application=by.application, before=sorted(map(str, before)),
        groups=sorted(map(str, excluded)), at=at,
    )  # fmt: skip


def _names(groups: Collection[DirectoryGroup]) -> str:
    return ", ".join(sorted(map(str, groups))) or "no group"


def copy_profile(*, profile: RecoveryProfile, name: str, by: Operator, at: datetime) -> RecoveryProfile:
    """The same rules for the same groups under another name: disabled and in Evaluation, whatever the original is.
    Raises ProfileRefused (name_taken)."""
    fields = {field: getattr(profile, field) for field in _COPIED}
    with transaction.atomic():
        copied = create_profile(fields={"name": name, **fields}, by=by, at=at)
        copied.include_groups.set(profile.include_groups.all())
    return copied


def delete_profile(*, profile: RecoveryProfile, by: Operator, at: datetime) -> None:
    """Attempts made under it keep its terms, and those that run go on. Raises SwitchRefused (approval_required) where
    its people would come under a profile that asks less of them."""
    with held():
        record_profile_removal(profile=profile, changed_by=by.user, application=by.application, at=at)
        profile.delete()


def change_scopes(
    *,
    scopes: Mapping[UUID, Scope] | None,
    excluded: Collection[DirectoryGroup] | None,
    by: Operator,
    at: datetime,
    stopped: bool | None = None,
) -> None:
    """Who is in scope of which profile, who never is, and whether recovery is stopped. None leaves a side as it is; a
    profile that ``scopes`` does not name ends up including nobody. Raises ProfileRefused (unknown_profile,
    unknown_group, not_permitted), SwitchRefused (approval_required)."""
    with held():
        if scopes is not None:
            _set_scopes(scopes, by=by, at=at)
        if excluded is not None:
            _exclude(excluded, by, at)
        if stopped is not None:
            (stopping.stop if stopped else stopping.resume)(by=by, at=at)


def demand(*, field: str, value: bool | int, by: Operator, at: datetime) -> None:
    """Ask more of a switch to Production than before; to ask less is not decided here."""
    with transaction.atomic():
        policy = RecoveryPolicy.objects.get_or_create(id=RecoveryPolicy.THE_ROW)[0]
        before = getattr(policy, field)
        if value < before:
            raise ProfileRefused("not_lowered", f"{field} is lowered in the console only.")
        setattr(policy, field, value)
        policy.save(update_fields=[field])
        audit.record(
            activity="Account Recovery settings updated", at=at, initiated_by=by.user, application=by.application,
            details={field: f"{before} -> {value}"}, category=CATEGORY,
        )  # fmt: skip


def find_provider(issuer: str) -> IdentityProvider | None:
    """By its address, or by the ``did:web`` that says the same (scheme and port aside, a DID is an address)."""
    if issuer.startswith("did:web:"):
        host, *path = (part.replace("%3A", ":") for part in issuer.removeprefix("did:web:").split(":"))
        address = "/".join([host, *path])
        return IdentityProvider.objects.filter(Q(issuer=f"https://{address}") | Q(issuer=f"http://{address}")).first()
    return IdentityProvider.objects.filter(issuer=issuer.rstrip("/")).first()


def _set_scopes(scopes: Mapping[UUID, Scope], *, by: Operator, at: datetime) -> None:
    profiles = {profile.pk: profile for profile in RecoveryProfile.objects.prefetch_related("include_groups")}
    if unknown := scopes.keys() - profiles.keys():
        raise ProfileRefused("unknown_profile", f"There is no profile {min(map(str, unknown))}.")
    wanted = {group for scope in scopes.values() for group in scope.groups}
    groups = DirectoryGroup.objects.in_bulk(wanted)
    if unknown := wanted - groups.keys():
        raise ProfileRefused("unknown_group", f"There is no group {min(map(str, unknown))}.")
    nobody = Scope(everybody=False, groups=frozenset())
    for profile in profiles.values():
        scope = scopes.get(profile.pk, nobody)
        before = Scope(
            everybody=profile.include_all_users, groups=frozenset(group.pk for group in profile.include_groups.all())
        )
        if scope == before:
            continue
        profile.include_all_users = scope.everybody
        profile.save(update_fields=["include_all_users"])
        profile.include_groups.set([groups[key] for key in scope.groups])
        after = ", ".join(sorted(groups[key].display_name for key in scope.groups)) or "no group"
        changes = {"include_all_users": f"{before.everybody} -> {scope.everybody}", "include_groups": after}
        record_profile_change(
            profile=profile, changed_by=by.user, application=by.application, changes=changes, created=False, at=at
        )


def _saved(profile: RecoveryProfile, *, only: Collection[str] | None = None) -> RecoveryProfile:
    """``only`` what was changed: a mode that somebody switches meanwhile is not switched back."""
    try:
        with transaction.atomic():
            profile.save(update_fields=only)
    except IntegrityError as error:
        raise ProfileRefused("name_taken", "There is a profile of this name.") from error
    return profile
