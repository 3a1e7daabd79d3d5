"""Refusals of this room where nothing happened. What happened to an attempt is an event, not an error."""

from recovery_portal.kit.errors import DomainError


class AttemptMoved(DomainError):
    """Another tab, task or device moved the attempt first; read it again."""


class NotThisDevice(DomainError):
    """The step belongs to another device of the attempt."""


class HandOffRefused(DomainError):
    """The QR code is unknown, used or too old. Codes: unknown, used, expired, attempt_over."""


class ConsentMissing(DomainError):
    """Without consent nothing is started and no camera is asked for."""


class RevealRefused(DomainError):
    """The pass cannot be handed out now."""


class NotOffered(DomainError):
    """Recovery is not set up: no profile is enabled."""


class ExtensionRefused(DomainError):
    """The extension or its listener cannot be so. Codes: name_taken, target_url_unusable, resource_id_malformed,
    resource_id_on_another_host, resource_unknown, claims_unknown, too_many, in_use, changed_meanwhile,
    not_permitted."""


class SwitchRefused(DomainError):
    """What is in Production does not become more by this. Codes: approval_required, too_few_evaluations,
    not_permitted."""


class ProposalRefused(DomainError):
    """Codes: not_needed, pending_already, own_proposal, decided_already, expired, profile_changed, weaker,
    not_permitted."""


class ProfileRefused(DomainError):
    """The profile cannot be so. Codes: name_taken, unknown_profile, unknown_group."""


class AssistanceRefused(DomainError):
    """Codes: not_offered, not_waiting, wrong_code, method_missing, same_operator, own_account, not_permitted, blocked,
    account_disabled, outside_pass_policy."""


class BlockRefused(DomainError):
    """Codes: already_blocked, not_blocked, own_account, not_permitted, reason_missing."""


class ReviewRefused(DomainError):
    """The refusal was not overruled. Codes: not_reviewable, already_proposed, already_decided, same_operator,
    own_account, not_permitted, blocked, justification_missing, overrule_too_old."""
