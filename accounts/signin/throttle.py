"""How often somebody may try (ASVS 6.3.1, SP 800-63B-4 §3.2.2).

Three counters, none of which lets a stranger lock the owner out: tries at one account from one browser or address,
failures from one address at any accounts, and failures in a row at one account from browsers it does not know.
Passkeys are not counted in the third, as nobody guesses one; nor are passes, whose room counts per pass.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.methods import AuthenticationMethod
from accounts.signin.decoys import account_digest
from accounts.signin.models import FailureStreak
from recovery_portal.kit import ratelimit
from recovery_portal.kit.ratelimit import RateLimited

TRIES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 100
WINDOW_S = 10 * 60
MAX_STREAK = 100
_UNGUESSABLE = frozenset({"fido2", "temporaryAccessPass"})


def admit(*, account_name: str, method: AuthenticationMethod, address: str, known_browser: str) -> None:
    """Count this try before the proof is looked at. Raises RateLimited."""
    admit_address(address)
    ratelimit.hit(
        "sign-in-account", _at(account_name, address, known_browser), limit=TRIES_PER_ACCOUNT, period_s=WINDOW_S
    )
    if not known_browser and method.key not in _UNGUESSABLE:
        streak = FailureStreak.objects.filter(account=account_digest(account_name), method=method.key).first()
        if streak is not None and streak.failures >= MAX_STREAK:
            raise RateLimited("sign-in-streak", WINDOW_S)


def admit_address(address: str) -> None:
    """Count a try from this address; it gets the try back when it succeeds. Raises RateLimited."""
    ratelimit.hit("sign-in-address", address, limit=FAILURES_PER_ADDRESS, period_s=WINDOW_S)


def give_back_address(address: str) -> None:
    ratelimit.give_back("sign-in-address", address)


def note_failure(*, account_name: str, method: AuthenticationMethod, known_browser: str, at: datetime) -> None:
    if known_browser or method.key in _UNGUESSABLE:
        return
    with transaction.atomic():
        streak, _created = FailureStreak.objects.get_or_create(
            account=account_digest(account_name), method=method.key, defaults={"last_failure_at": at}
        )
        FailureStreak.objects.filter(pk=streak.pk).update(failures=F("failures") + 1, last_failure_at=at)


def note_success(*, account_name: str, address: str, known_browser: str) -> None:
    """The owner is here: what was counted at their account is forgotten, and the address gets its try back."""
    ratelimit.forgive("sign-in-account", _at(account_name, address, known_browser))
    give_back_address(address)
    FailureStreak.objects.filter(account=account_digest(account_name)).delete()


def _at(account_name: str, address: str, known_browser: str) -> str:
    return f"{account_digest(account_name)}|{known_browser or address}"
