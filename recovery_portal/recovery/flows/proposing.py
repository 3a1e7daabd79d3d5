"""What one operator proposes and another one decides: a switch to Production, a change of what is there, and to do
without approvals."""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction

from accounts.audit import flows as audit
from accounts.models import DirectoryGroup, User
from accounts.operators import Operator

from ..errors import ProposalRefused
from ..models import Proposal, RecoveryPolicy, RecoveryProfile
from ..widening import Wider
from . import configuring
from .holding import on_trial
from .operating import CATEGORY
from .safeguarding import carry_out, check_evaluations, the_policy

PROPOSAL_LIFETIME = timedelta(days=7)
_Kind, _Decision = Proposal.Kind, Proposal.Decision
_DECIDES = "recovery.decide_proposal"


def propose_production(*, profile: RecoveryProfile, by: User, at: datetime) -> Proposal:
    """Raises SwitchRefused (too_few_evaluations), ProposalRefused (not_permitted, not_needed, pending_already)."""
    if profile.mode == RecoveryProfile.Mode.PRODUCTION or not the_policy().approval_required:
        raise ProposalRefused("not_needed", "Nothing has to be approved.")
    check_evaluations(profile)
    made = Proposal(kind=_Kind.PRODUCTION, profile=profile, fingerprint=fingerprint(profile))
    return _propose(made, "Account Recovery switch to Production proposed", by=by, at=at)


def propose_no_approval(*, by: User, at: datetime) -> Proposal:
    """Raises ProposalRefused (not_permitted, not_needed, pending_already)."""
    if not the_policy().approval_required:
        raise ProposalRefused("not_needed", "Nothing has to be approved.")
    return _propose(Proposal(kind=_Kind.NO_APPROVAL), "Account Recovery approval waiver proposed", by=by, at=at)


def propose_change(
    *,
    profile: RecoveryProfile | None,
    fields: Mapping[str, Any] | None = None,
    groups: Collection[DirectoryGroup] | None = None,
    excluded: Collection[DirectoryGroup] | None = None,
    by: User,
    at: datetime,
) -> Proposal:
    """What ``configuring.save_profile`` refused because it widens; the mode is no part of it. Without a profile it is
    about the exclusions alone. Raises ProposalRefused (not_permitted, not_needed, pending_already), ProfileRefused."""
    if profile is not None:  # as it is, not as somebody has just tried to make it
        profile = RecoveryProfile.objects.get(pk=profile.pk)
    differing = {name: value for name, value in (fields or {}).items() if getattr(profile, name) != value}
    change = _plain(differing, groups, excluded)
    if excluded is not None and not by.has_perm("recovery.change_recoverypolicy"):
        raise ProposalRefused("not_permitted", "recovery.change_recoverypolicy")
    if not the_policy().approval_required or not (ways := ways_of(profile, change, by=by, at=at)):
        raise ProposalRefused("not_needed", "Nothing has to be approved.")
    made = Proposal(kind=_Kind.CHANGE, profile=profile, change=change, fingerprint=_seen(profile, change))
    told = {"ways": ", ".join(sorted(ways)), "change": json.dumps(change, sort_keys=True)[:2_000]}
    return _propose(made, "Account Recovery change in Production proposed", by=by, at=at, details=told)


def ways_of(profile: RecoveryProfile | None, change: Mapping[str, Any], *, by: User, at: datetime) -> frozenset[Wider]:
    """In which ways a change would widen what holds now. Raises ProposalRefused (profile_changed), ProfileRefused."""
    found: set[Wider] = set()
    with on_trial(found):
        _apply(profile, change, by=by, at=at)
    return frozenset(found)


def approve(*, proposal: Proposal, by: User, at: datetime) -> None:
    """Decide and do it in one transaction. Raises ProposalRefused (not_permitted, own_proposal, decided_already,
    expired, profile_changed), SwitchRefused (too_few_evaluations), ProfileRefused (name_taken)."""
    if not by.has_perm(_DECIDES):
        raise ProposalRefused("not_permitted", _DECIDES)
    if proposal.proposed_by_id == by.pk:
        raise ProposalRefused("own_proposal", "Somebody else approves what you propose.")
    if at >= proposal.proposed_at + PROPOSAL_LIFETIME:
        raise ProposalRefused("expired", "The proposal is too old.")
    with transaction.atomic():
        # Locked in the order in which every change of a profile locks: nobody changes it between the look and the act.
        RecoveryPolicy.objects.select_for_update().filter(pk=RecoveryPolicy.THE_ROW).first()
        _decide(proposal, _Decision.APPROVED, by=by, at=at)
        if proposal.kind == _Kind.NO_APPROVAL:
            RecoveryPolicy.objects.filter(pk=RecoveryPolicy.THE_ROW).update(approval_required=False)
            _note("Account Recovery approval waiver approved", proposal, by=by, at=at)
            return
        profile = None
        if proposal.profile_id is not None:
            profile = RecoveryProfile.objects.select_for_update(of=("self",)).filter(pk=proposal.profile_id).first()
        if is_outdated(proposal):
            raise ProposalRefused("profile_changed", "The profile has changed since this was proposed.")
        if proposal.kind == _Kind.CHANGE:
            _note("Account Recovery change in Production approved", proposal, by=by, at=at)
            _apply(profile, proposal.change, by=by, at=at)
            return
        assert profile is not None  # the database holds it to that
        check_evaluations(profile)
        _note("Account Recovery switch to Production approved", proposal, by=by, at=at)
        carry_out(profile=profile, mode=RecoveryProfile.Mode.PRODUCTION.value, changed_by=by, at=at, application="")


def reject(*, proposal: Proposal, by: User, at: datetime) -> None:
    """By another operator, or withdrawn by whoever proposed it. Raises ProposalRefused (not_permitted,
    decided_already)."""
    own = proposal.proposed_by_id == by.pk
    if not own and not by.has_perm(_DECIDES):
        raise ProposalRefused("not_permitted", _DECIDES)
    with transaction.atomic():
        _decide(proposal, _Decision.WITHDRAWN if own else _Decision.REJECTED, by=by, at=at)
        _note(f"Account Recovery proposal {proposal.decision}", proposal, by=by, at=at)


def is_outdated(proposal: Proposal) -> bool:
    """Whether what was proposed was about something else than what is there now."""
    if proposal.kind == _Kind.NO_APPROVAL:
        return False
    profile = None
    if proposal.profile_id is not None:
        profile = RecoveryProfile.objects.filter(pk=proposal.profile_id).first()
        if profile is None:
            return True
    return proposal.fingerprint != _seen(profile, proposal.change)


def fingerprint(profile: RecoveryProfile) -> str:
    """Everything that decides who recovers by ``profile`` and how."""
    facts = profile.terms().as_json() | {
        "state": profile.state,
        "priority": profile.priority,
        "everybody": profile.include_all_users,
        "groups": sorted(str(key) for key in profile.include_groups.values_list("pk", flat=True)),
    }
    return _digest(facts)


def changed_groups(keys: Collection[str]) -> list[DirectoryGroup]:
    """Raises ProposalRefused (profile_changed) where one is not there any more."""
    groups = list(DirectoryGroup.objects.filter(pk__in=keys))
    if len(groups) != len(keys):
        raise ProposalRefused("profile_changed", "A group is not there any more.")
    return groups


def changed_fields(change: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a change, as a profile takes them. Raises ProposalRefused (profile_changed)."""
    fields: dict[str, Any] = {}
    for name, value in change.get("fields", {}).items():
        column = RecoveryProfile._meta.get_field(name)
        if isinstance(column, models.ForeignKey) and value is not None:
            related = column.related_model._default_manager.filter(pk=value).first()
            if related is None:
                raise ProposalRefused("profile_changed", f"What {name} names is not there any more.")
            value = related
        fields[name] = value
    return fields


def _apply(profile: RecoveryProfile | None, change: Mapping[str, Any], *, by: User, at: datetime) -> None:
    keys, excluded = change.get("groups"), change.get("excluded")
    configuring.apply_approved(
        profile=None if profile is None else RecoveryProfile.objects.get(pk=profile.pk),
        fields=changed_fields(change),
        groups=None if keys is None else changed_groups(keys),
        excluded=None if excluded is None else changed_groups(excluded),
        by=Operator(user=by),
        at=at,
    )


def _plain(
    fields: Mapping[str, Any], groups: Collection[DirectoryGroup] | None, excluded: Collection[DirectoryGroup] | None
) -> dict[str, Any]:
    change: dict[str, Any] = {
        "fields": {
            name: str(value.pk) if isinstance(value, models.Model) else value
            for name, value in fields.items()
            if name != "mode"
        }
    }
    if groups is not None:
        change["groups"] = sorted(str(group.pk) for group in groups)
    if excluded is not None:
        change["excluded"] = sorted(str(group.pk) for group in excluded)
    return change


def _seen(profile: RecoveryProfile | None, change: Mapping[str, Any]) -> str:
    """What whoever proposes ``change`` had before them."""
    if profile is not None and "excluded" not in change:
        return fingerprint(profile)
    excluded = RecoveryPolicy.objects.exclude(excluded_groups=None).values_list("excluded_groups", flat=True)
    return _digest([fingerprint(profile) if profile else "", sorted(map(str, excluded))])


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _propose(
    proposal: Proposal, activity: str, *, by: User, at: datetime, details: Mapping[str, str] | None = None
) -> Proposal:
    is_about_all = proposal.profile is None  # exclusions, or approvals altogether
    needed = "recovery.change_recoverypolicy" if is_about_all else "recovery.change_recoveryprofile"
    if not by.has_perm(needed):
        raise ProposalRefused("not_permitted", needed)
    proposal.proposed_by, proposal.proposed_at = by, at
    with transaction.atomic():
        old = Proposal.objects.filter(decision=_Decision.PENDING, proposed_at__lte=at - PROPOSAL_LIFETIME)
        old.update(decision=_Decision.WITHDRAWN, decided_at=at)
        try:
            with transaction.atomic():
                proposal.save(force_insert=True)
        except IntegrityError as error:
            raise ProposalRefused("pending_already", "The same waits for approval already.") from error
        _note(activity, proposal, by=by, at=at, details=details)
    return proposal


def _decide(proposal: Proposal, decision: str, *, by: User, at: datetime) -> None:
    pending = Proposal.objects.filter(pk=proposal.pk, decision=_Decision.PENDING)
    if not pending.update(decision=decision, decided_by=by, decided_at=at):
        raise ProposalRefused("decided_already", "The proposal was decided already.")
    proposal.decision, proposal.decided_by, proposal.decided_at = decision, by, at


def _note(
    activity: str, proposal: Proposal, *, by: User, at: datetime, details: Mapping[str, str] | None = None
) -> None:
    told = {"proposalId": str(proposal.pk), "proposedBy": str(proposal.proposed_by), **(details or {})}
    if proposal.profile is not None:
        told |= {"profile": proposal.profile.name, "profileId": str(proposal.profile_id)}
    audit.record(activity=activity, at=at, initiated_by=by, details=told, category=CATEGORY)
