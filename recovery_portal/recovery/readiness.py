"""Who of a profile's people would fail, known before anybody tries (facts 7.1 to 7.5)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from tap.policy import is_external_guest
from tap.queries import covered_users

from . import queries
from .machine import State
from .matching import Confidence, normalised
from .models import RecoveryAttempt, RecoveryProfile

NAME_BLANK, SEVERAL_WORDS, HOMONYM = "name_blank", "several_words", "homonym"
OUTSIDE_PASS_POLICY, EXTERNAL_GUEST = "outside_pass_policy", "external_guest"
NO_ADDRESS, NEVER_SIGNED_IN = "no_address", "never_signed_in"
CODES = (NAME_BLANK, SEVERAL_WORDS, HOMONYM, OUTSIDE_PASS_POLICY, EXTERNAL_GUEST, NO_ADDRESS, NEVER_SIGNED_IN)

_FIELDS = ("id", "user_principal_name", "given_name", "surname", "display_name", "user_type", "mail", "other_mails")
_Names = tuple[str, str]


@dataclass(frozen=True)
class Person:
    """One user in scope. ``evaluated`` is what their last attempt in Evaluation would have led to in Production:
    ``pass_issued``, a reason code, or nothing."""

    account_name: str
    display_name: str
    codes: tuple[str, ...]
    evaluated: str = ""

    @property
    def is_ready(self) -> bool:
        return not self.codes


def assess(profile: RecoveryProfile) -> list[Person]:
    """Everybody for whom ``profile`` would win, by account name. A fixed number of queries."""
    names = Counter(_directory_names())
    covered = set(covered_users().order_by().values_list("pk", flat=True))
    evaluated = _evaluated()
    confidence = Confidence(profile.match_confidence)
    people = queries.users_touched_by(profile).only(*_FIELDS, "last_sign_in_at").order_by("user_principal_name")
    return [
        Person(
            user.user_principal_name,
            user.display_name,
            tuple(_codes(user, confidence, names, covered)),
            evaluated.get(user.pk, ""),
        )
        for user in people
    ]


def _directory_names() -> Iterable[_Names]:
    rows = User.objects.exclude(given_name="").exclude(surname="").order_by().values_list("given_name", "surname")
    for given, family in rows.iterator(chunk_size=5000):
        yield normalised(given), normalised(family)


def _evaluated() -> dict[UUID | None, str]:
    ended = RecoveryAttempt.objects.filter(state=State.EVALUATED, user__isnull=False).order_by("started_at")
    return dict(ended.values_list("user_id", "would_have"))


def _codes(user: User, confidence: Confidence, names: Counter[_Names], covered: set[UUID]) -> Iterable[str]:
    given, family = normalised(user.given_name), normalised(user.surname)
    if not given or not family:
        yield NAME_BLANK
    elif confidence is Confidence.RELAXED and (" " in given or " " in family):
        yield SEVERAL_WORDS  # one word of the credential can never equal two of the directory
    elif _others_fit(given, family, confidence, names):
        yield HOMONYM
    if user.pk not in covered:
        yield OUTSIDE_PASS_POLICY
    if is_external_guest(user_type=user.user_type, user_principal_name=user.user_principal_name):
        yield EXTERNAL_GUEST
    if not user.addresses():
        yield NO_ADDRESS
    if user.last_sign_in_at is None:
        yield NEVER_SIGNED_IN


def _others_fit(given: str, family: str, confidence: Confidence, names: Counter[_Names]) -> bool:
    """Whether a credential that carries exactly the directory's names would fit somebody else, too."""
    if confidence is Confidence.EXACT:
        return names[given, family] > 1
    words = {given, family}
    return sum(names[first, second] for first in words for second in words) > 1
