"""Ways to sign in for names that nobody has.

Whoever types a name is shown a prompt. For a name that the directory does not know, or whose account has no way left,
the prompts are chosen by a keyed hash of the name: always the same for one name, as common as real ones over all
names, and not to be told from real ones without the key (ASVS 6.3.8, WebAuthn L3 §14.6.2).
"""

from collections.abc import Sequence

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils.crypto import salted_hmac

from accounts.methods import AuthenticationMethod, all_methods
from accounts.models import User
from accounts.names import normalise_account_name

# Whatever people have that lasts, for a combination that no unknown name shows would prove an account: after a recovery
# that suspends what was lost, only what is new is left. Only methods that this installation has are shown.
PATTERNS: Sequence[frozenset[str]] = (
    frozenset({"password"}),
    frozenset({"password", "softwareOath"}),
    frozenset({"password", "fido2"}),
    frozenset({"password", "fido2", "softwareOath"}),
    frozenset({"fido2"}),
    frozenset({"fido2", "softwareOath"}),
    frozenset({"softwareOath"}),
)


def plausible_methods(account_name: str) -> list[AuthenticationMethod]:
    """Never empty, strongest first."""
    pattern = PATTERNS[_draw(account_name, "methods") % len(PATTERNS)]
    return [method for method in all_methods() if method.key in pattern]


def stranger() -> User:
    """Somebody who is in no table and has no way to sign in."""
    return User(password=UNUSABLE_PASSWORD_PREFIX)


def account_digest(account_name: str) -> str:
    """The name under a key: for counting and logging what may be a password typed into the wrong box."""
    return salted_hmac("accounts.signin.account", normalise_account_name(account_name), algorithm="sha256").hexdigest()


def _draw(account_name: str, purpose: str) -> int:
    name = normalise_account_name(account_name)
    return int.from_bytes(salted_hmac(f"accounts.signin.decoys.{purpose}", name, algorithm="sha256").digest()[:8])
