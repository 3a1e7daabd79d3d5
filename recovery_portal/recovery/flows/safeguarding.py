"""Between Evaluation and Production: so many successful attempts, and a second pair of eyes, where the policy asks for
them. Held here, so that no door has a way round them."""

import hashlib
import json
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.audit import flows as audit
from accounts.models import User

from ..errors import ProposalRefused, SwitchRefused
from ..machine import State
from ..models import Proposal, RecoveryAttempt, RecoveryPolicy, RecoveryProfile
from .operating import CATEGORY, record_profile_change

PROPOSAL_LIFETIME = timedelta(days=7)
_Kind, _Decision = Proposal.Kind, Proposal.Decision


def the_policy() -> RecoveryPolicy:
    return RecoveryPolicy.objects.filter(pk=RecoveryPolicy.THE_ROW).first() or RecoveryPolicy()


def successful_evaluations(profile: RecoveryProfile) -> int:
    """Attempts in Evaluation under ``profile`` that would have led to a pass."""
    ended = RecoveryAttempt.objects.filter(profile=profile, state=State.EVALUATED, would_have="pass_issued")
    return ended.count()


def missing_evaluations(profile: RecoveryProfile) -> int:
    wanted = the_policy().evaluations_required
    return max(0, wanted - successful_evaluations(profile)) if wanted else 0


def switch_mode(
    *, profile: RecoveryProfile, mode: str, changed_by: User | None, at: datetime, application: str = ""
) -> bool:
    """Evaluation to Production, or back. Attempts that run keep the terms they began under. False when it was so
    already. Raises SwitchRefused: to Production by what the policy asks for, and back always."""
    mode = RecoveryProfile.Mode(mode).value
    if mode == RecoveryProfile.Mode.PRODUCTION and profile.mode != mode:
        _check_evaluations(profile)
        if the_policy().approval_required:
            raise SwitchRefused("approval_required", "A second operator approves a switch to Production: propose it.")
    return _switch(profile=profile, mode=mode, changed_by=changed_by, at=at, application=application)


def propose_production(*, profile: RecoveryProfile, by: User, at: datetime) -> Proposal:
    """Raises SwitchRefused (too_few_evaluations), ProposalRefused (not_needed, pending_already)."""
    if profile.mode == RecoveryProfile.Mode.PRODUCTION or not the_policy().approval_required:
        raise ProposalRefused("not_needed", "Nothing has to be approved.")
    _check_evaluations(profile)
    with transaction.atomic():
        _expire_old(at)
        made = _propose(
            Proposal(
                kind=_Kind.PRODUCTION, profile=profile, fingerprint=fingerprint(profile), proposed_by=by, proposed_at=at
            )
        )
        _note("Account Recovery switch to Production proposed", made, by=by, at=at)
    return made


def propose_no_approval(*, by: User, at: datetime) -> Proposal:
    """Raises ProposalRefused (not_needed, pending_already)."""
    if not the_policy().approval_required:
        raise ProposalRefused("not_needed", "Nothing has to be approved.")
    with transaction.atomic():
        _expire_old(at)
        made = _propose(Proposal(kind=_Kind.NO_APPROVAL, proposed_by=by, proposed_at=at))
        _note("Account Recovery approval waiver proposed", made, by=by, at=at)
    return made


def approve(*, proposal: Proposal, by: User, at: datetime) -> None:
    """Decide and do it in one transaction. Raises ProposalRefused (own_proposal, decided_already, expired,
    profile_changed), SwitchRefused (too_few_evaluations)."""
    if proposal.proposed_by_id == by.pk:
        raise ProposalRefused("own_proposal", "Somebody else approves what you propose.")
    if at >= proposal.proposed_at + PROPOSAL_LIFETIME:
        raise ProposalRefused("expired", "The proposal is too old.")
    with transaction.atomic():
        _decide(proposal, _Decision.APPROVED, by=by, at=at)
        if proposal.kind == _Kind.NO_APPROVAL:
            RecoveryPolicy.objects.filter(pk=RecoveryPolicy.THE_ROW).update(approval_required=False)
            _note("Account Recovery approval waiver approved", proposal, by=by, at=at)
            return
        assert proposal.profile_id is not None  # the database holds it to that
        # Locked: nobody changes it between the look and the switch.
        profile = RecoveryProfile.objects.select_for_update(of=("self",)).get(pk=proposal.profile_id)
        if fingerprint(profile) != proposal.fingerprint:
            raise ProposalRefused("profile_changed", "The profile has changed since the switch was proposed.")
        _check_evaluations(profile)
        _note("Account Recovery switch to Production approved", proposal, by=by, at=at)
        _switch(profile=profile, mode=RecoveryProfile.Mode.PRODUCTION.value, changed_by=by, at=at, application="")


def reject(*, proposal: Proposal, by: User, at: datetime) -> None:
    """By another operator, or withdrawn by whoever proposed it. Raises ProposalRefused (decided_already)."""
    own = proposal.proposed_by_id == by.pk
    with transaction.atomic():
        _decide(proposal, _Decision.WITHDRAWN if own else _Decision.REJECTED, by=by, at=at)
        _note(f"Account Recovery proposal {proposal.decision}", proposal, by=by, at=at)


def change_safeguards(*, approval_required: bool, evaluations_required: int, by: User, at: datetime) -> None:
    """Ask for more at once; while approvals are required, ask for less only once two have agreed to do without them.
    Raises ProposalRefused (weaker)."""
    with transaction.atomic():
        RecoveryPolicy.objects.get_or_create(id=RecoveryPolicy.THE_ROW)
        policy = RecoveryPolicy.objects.select_for_update().get(pk=RecoveryPolicy.THE_ROW)
        before = (policy.approval_required, policy.evaluations_required)
        if policy.approval_required and (not approval_required or evaluations_required < before[1]):
            raise ProposalRefused("weaker", "Two operators agree on asking for less.")
        after = (approval_required, evaluations_required)
        if before == after:
            return
        policy.approval_required, policy.evaluations_required = after
        policy.save(update_fields=["approval_required", "evaluations_required"])
        changes = {
            "approvalRequired": f"{before[0]} -> {after[0]}",
            "evaluationsRequired": f"{before[1]} -> {after[1]}",
        }
        audit.record(
            activity="Account Recovery settings updated", at=at, initiated_by=by, details=changes, category=CATEGORY
        )


def fingerprint(profile: RecoveryProfile) -> str:
    """Everything that decides who recovers by ``profile`` and how."""
    facts = profile.terms().as_json() | {
        "state": profile.state,
        "priority": profile.priority,
        "everybody": profile.include_all_users,
        "groups": sorted(str(key) for key in profile.include_groups.values_list("pk", flat=True)),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _switch(*, profile: RecoveryProfile, mode: str, changed_by: User | None, at: datetime, application: str) -> bool:
    with transaction.atomic():
        if not RecoveryProfile.objects.filter(pk=profile.pk).exclude(mode=mode).update(mode=mode):
            return False
        before, profile.mode = profile.mode, mode
        record_profile_change(
            profile=profile,
            changed_by=changed_by,
            application=application,
            changes={"mode": f"{before} -> {mode}"},
            created=False,
            at=at,
        )
        # Whatever waits was about the switch that has just been made, or about a profile that is another one now.
        Proposal.objects.filter(profile=profile, decision=_Decision.PENDING).update(
            decision=_Decision.WITHDRAWN, decided_at=at
        )
    return True


def _check_evaluations(profile: RecoveryProfile) -> None:
    if missing := missing_evaluations(profile):
        raise SwitchRefused("too_few_evaluations", f"{missing} more attempts in Evaluation must succeed first.")


def _propose(proposal: Proposal) -> Proposal:
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
    except IntegrityError as error:
        raise ProposalRefused("pending_already", "The same waits for approval already.") from error
    return proposal


def _decide(proposal: Proposal, decision: str, *, by: User, at: datetime) -> None:
    pending = Proposal.objects.filter(pk=proposal.pk, decision=_Decision.PENDING)
    if not pending.update(decision=decision, decided_by=by, decided_at=at):
        raise ProposalRefused("decided_already", "The proposal was decided already.")
    proposal.decision, proposal.decided_by, proposal.decided_at = decision, by, at


def _expire_old(at: datetime) -> None:
    old = Proposal.objects.filter(decision=_Decision.PENDING, proposed_at__lte=at - PROPOSAL_LIFETIME)
    old.update(decision=_Decision.WITHDRAWN, decided_at=at)


def _note(activity: str, proposal: Proposal, *, by: User, at: datetime) -> None:
    details = {"proposalId": str(proposal.pk), "proposedBy": str(proposal.proposed_by)}
    if proposal.profile is not None:
        details |= {"profile": proposal.profile.name, "profileId": str(proposal.profile_id)}
    audit.record(activity=activity, at=at, initiated_by=by, details=details, category=CATEGORY)
