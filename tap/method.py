"""The pass as a way to sign in and as a row of Security info."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.errors import MethodNotFound, MethodRefused
from accounts.methods import MethodRow, RegistrationDuty
from accounts.models import User

from . import flows, passcode, policy
from .errors import Refusal
from .queries import find_pass, usability

_STATES = {
    policy.Usability.ENABLED_BY_POLICY: _("Ready to use"),
    policy.Usability.NOT_YET_VALID: _("Not valid yet"),
    policy.Usability.EXPIRED: _("Expired"),
    policy.Usability.ONE_TIME_USED: _("Used"),
    policy.Usability.DISABLED_BY_POLICY: _("Not allowed for this account at the moment"),
}


class TemporaryAccessPassMethod:
    """A strong way in for a while: it serves to register something that lasts, and obliges to do so."""

    key = "temporaryAccessPass"
    label = _("Use your Temporary Access Pass")
    prompt_template = "tap/prompt.html"
    # A person who was just given a pass is asked for it first, as the original does.
    strength = 100
    is_standing = False
    knows_why = True

    def usable_by(self, user: User, *, at: datetime) -> bool:
        record = find_pass(user)
        return record is not None and usability(record, at) is policy.Usability.ENABLED_BY_POLICY

    def verify(self, user: User | None, form: Mapping[str, str], *, at: datetime) -> None:
        """Spend the pass. Raises MethodRefused with the operator's error number; one road for unknown accounts too."""
        if user is None:
            passcode.spend_time()
            raise MethodRefused(Refusal.NO_PASS, "unknown account")
        outcome = flows.redeem(user=user, passcode=form.get("passcode", ""), at=at)
        if isinstance(outcome, flows.NotRedeemed):
            raise MethodRefused(outcome.refusal, f"{outcome.refusal.meaning} ({outcome.reason})")

    def must_register_after(self, user: User, *, at: datetime) -> RegistrationDuty | None:
        """Always: ten minutes for a one-time pass, else until the pass ends; and the session ends with the pass."""
        record = find_pass(user)
        if record is None:
            return RegistrationDuty(until=at, session_until=at)
        return RegistrationDuty(
            until=policy.registration_until(
                is_usable_once=record.is_usable_once, redeemed_at=at, expires_at=record.expires_at
            ),
            session_until=record.expires_at,
        )

    def describe(self, user: User, *, at: datetime) -> Sequence[MethodRow]:
        record = find_pass(user)
        if record is None:
            return []
        return [
            MethodRow(
                method=self.key,
                id=str(record.pk),
                label=_("Temporary Access Pass"),
                detail=_STATES[usability(record, at)],
                created_at=record.created_at,
                last_used_at=record.redeemed_at,
                expires_at=record.expires_at,
                can_remove=True,
            )
        ]

    def rename(self, user: User, *, row_id: str, name: str, at: datetime) -> None:
        raise MethodNotFound("method_not_found", "a Temporary Access Pass has no name of its own")

    def remove(self, user: User, *, row_id: str, at: datetime) -> None:
        record = find_pass(user)
        if record is None or str(record.pk) != row_id:
            raise MethodNotFound("method_not_found", f"no pass {row_id}")
        flows.discard(user=user)

    def suspend(self, user: User, *, at: datetime) -> int:
        """A pass has no second life: suspending deletes it."""
        return int(flows.discard(user=user))
