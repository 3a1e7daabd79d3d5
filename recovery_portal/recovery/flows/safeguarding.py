"""Between Evaluation and Production: so many successful attempts, and a second pair of eyes, where the policy asks for
them. Held here, so that no door has a way round them."""

from datetime import datetime

from django.db import transaction

from accounts.audit import flows as audit
from accounts.models import User

from ..errors import ProposalRefused, SwitchRefused
from ..machine import State
from ..models import Proposal, RecoveryAttempt, RecoveryPolicy, RecoveryProfile
from .operating import CATEGORY, record_profile_change

_CHANGES_PROFILES, _CHANGES_POLICY = "recovery.change_recoveryprofile", "recovery.change_recoverypolicy"


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
    already. To Production by what the policy asks for, and back always. Raises SwitchRefused (approval_required,
    too_few_evaluations, not_permitted)."""
    mode = RecoveryProfile.Mode(mode).value
    if changed_by is not None and not changed_by.has_perm(_CHANGES_PROFILES):
        raise SwitchRefused("not_permitted", _CHANGES_PROFILES)
    if mode == RecoveryProfile.Mode.PRODUCTION and profile.mode != mode:
        check_evaluations(profile)
        if the_policy().approval_required:
            raise SwitchRefused("approval_required", "A second operator approves a switch to Production: propose it.")
    return carry_out(profile=profile, mode=mode, changed_by=changed_by, at=at, application=application)


def change_safeguards(*, approval_required: bool, evaluations_required: int, by: User, at: datetime) -> None:
    """Ask for more at once; while approvals are required, ask for less only once two have agreed to do without them.
    Raises ProposalRefused (not_permitted, weaker)."""
    if not by.has_perm(_CHANGES_POLICY):
        raise ProposalRefused("not_permitted", _CHANGES_POLICY)
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


def carry_out(*, profile: RecoveryProfile, mode: str, changed_by: User | None, at: datetime, application: str) -> bool:
    """The switch itself, for who has made sure that it may be. False when it was so already."""
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
        Proposal.objects.filter(profile=profile, decision=Proposal.Decision.PENDING).update(
            decision=Proposal.Decision.WITHDRAWN, decided_at=at
        )
    return True


def check_evaluations(profile: RecoveryProfile) -> None:
    if missing := missing_evaluations(profile):
        raise SwitchRefused("too_few_evaluations", f"{missing} more attempts in Evaluation must succeed first.")
