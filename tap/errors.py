"""Refusals of this room, with the sign-in error numbers of the original where it has one."""

from enum import StrEnum

from recovery_portal.kit.errors import DomainError


class IssueRefused(DomainError):
    """No pass was made. Codes: lifetime_out_of_policy, multi_use_not_allowed, external_guest, own_account,
    not_permitted, start_out_of_range."""


class PolicyInvalid(DomainError):
    """A policy that contradicts itself; ``reason`` names the first contradiction."""


class Refusal(StrEnum):
    """Why a passcode was not accepted, for the operator. The visitor reads one sentence for all of them."""

    BLOCKED_BY_POLICY = "AADSTS130502"
    WRONG_PASSCODE = "AADSTS130503"
    EXPIRED = "AADSTS130504"
    ALREADY_USED = "AADSTS130505"
    NO_PASS = "AADSTS130507"  # noqa: S105 - an error number
    LOCKED = "AADSTS50053"

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Refusal.BLOCKED_BY_POLICY: "AccessPassBlockedByPolicy: Temporary Access Pass sign in was blocked due to User"
    " Credential Policy",
    Refusal.WRONG_PASSCODE: "InvalidAccessPass: the passcode is wrong or not yet valid",
    Refusal.EXPIRED: "AccessPassExpired: the pass has expired",
    Refusal.ALREADY_USED: "AccessPassAlreadyUsed: the one-time pass was used before",
    Refusal.NO_PASS: "no Temporary Access Pass was found for the user",
    Refusal.LOCKED: "too many wrong tries; the pass is locked for a while",
}
