"""What must be true before anybody is sent away. The reason is for the operator; the visitor reads one calm page."""

from datetime import datetime

from accounts.models import User
from accounts.signin.decoys import stranger
from idv.verifier import flows as verifier
from idv.verifier.errors import ProviderUnavailable
from idv.verifier.models import IdentityProvider
from tap.policy import is_external_guest
from tap.queries import policy_covers

from . import decoys, queries
from .matching import normalised


def find_obstacle(*, user: User | None, account_name: str, provider: IdentityProvider, at: datetime) -> str:
    """The code of the first thing in the way, or an empty string.

    The provider is asked first and for everybody: otherwise a provider that is down would answer slowly for people in
    scope and at once for all others.
    """
    try:
        verifier.check_provider(provider=provider, at=at)
    except ProviderUnavailable as down:
        return down.code
    of_user = obstacle_of_user(user or stranger())
    return _obstacle_of_unknown(account_name) if user is None else of_user


def _obstacle_of_unknown(account_name: str) -> str:
    if not decoys.has_entry(account_name):
        return "unknown_account"
    return "unknown_account_declined" if decoys.fails_preflight(account_name) else ""


def obstacle_of_user(user: User) -> str:
    """What of the account itself stands in the way; an empty string when nothing does."""
    # Asked of everybody before anything is answered, so that no account answers sooner than another.
    reason, covered = queries.eligibility(user).reason, policy_covers(user)
    if reason:
        return reason
    if not normalised(user.given_name) or not normalised(user.surname):
        return "name_blank"
    if is_external_guest(user_type=user.user_type, user_principal_name=user.user_principal_name):
        return "external_guest"
    if not covered:
        return "outside_pass_policy"
    return ""
