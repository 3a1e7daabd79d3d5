"""What this room raises when nothing happened. Codes are stable; reasons are for operators, never for visitors."""

from recovery_portal.kit.errors import DomainError


class ProviderUnavailable(DomainError):
    """The provider cannot be used now.

    Codes: provider_disabled, provider_paused, provider_not_subscribed, provider_unreachable, provider_answered_wrong,
    metadata_invalid, keys_invalid.
    """


class RegistryRefused(DomainError):
    """The registry stays as it is. Codes: address_invalid, already_registered, provider_invalid, subscription_illegal,
    already_paused, not_paused."""


class ProofingRefused(DomainError):
    """The return from the provider is not the answer to this request.

    Codes: proofing_unknown_state (nothing was touched: replayed, forged or expired), issuer_mismatch,
    code_refused, result_invalid, result_replayed, provider_unreachable (the request is over, its row says why).
    """


class PresentationRefused(DomainError):
    """A wallet's answer was not accepted; the wallet learns only that."""


class RequestUnknown(DomainError):
    """No presentation request is waiting under this address: never was, answered, expired or superseded."""


class NotCollectable(DomainError):
    """There is nothing to collect: not answered, collected already, another response code, or too late."""


class FaceCheckRefused(DomainError):
    """No Face Check can begin or take photos.

    Codes: not_presented, too_many_tries, already_passed, not_capturing, challenge_expired, frames_missing.
    """
