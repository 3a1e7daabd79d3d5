"""Who of a profile's people would fail, known before anybody tries (facts 7.1 to 7.5)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from tap.policy import is_external_guest
from tap.queries import covered_users

from . import queries
from .bindings import Binding
from .homonyms import Directory, Entry
from .machine import State
from .matching import Confidence, Name, normalised
from .models import IdentityRecord, RecoveryAttempt, RecoveryProfile
from .name_rules import Rule, Rules

NAME_BLANK, SEVERAL_WORDS, HOMONYM = "name_blank", "several_words", "homonym"
ATTRIBUTE_MISSING = "attribute_missing"
OUTSIDE_PASS_POLICY, EXTERNAL_GUEST = "outside_pass_policy", "external_guest"
NO_ADDRESS, NEVER_SIGNED_IN = "no_address", "never_signed_in"
CODES = (
    NAME_BLANK, SEVERAL_WORDS, HOMONYM, ATTRIBUTE_MISSING, OUTSIDE_PASS_POLICY, EXTERNAL_GUEST, NO_ADDRESS,
    NEVER_SIGNED_IN,
)  # fmt: skip

_FIELDS = (
    "id", "user_principal_name", "given_name", "surname", "display_name", "user_type", "mail", "other_mails",
    "employee_id", "last_sign_in_at",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """One user in scope. ``evaluated`` is what their last attempt in Evaluation would have led to in Production:
    ``pass_issued``, a reason code, or nothing; ``would_match`` is what would have made its names match."""

    account_name: str
    display_name: str
    codes: tuple[str, ...]
    evaluated: str = ""
    would_match: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        return not self.codes


def assess(profile: RecoveryProfile) -> list[Person]:
    """Everybody for whom ``profile`` would win, by account name. A fixed number of queries."""
    bindings = [Binding(name) for name in profile.bindings]
    known = _attributes(bindings)
    look = _Look(
        confidence=Confidence(profile.match_confidence),
        rules=frozenset(Rule(name) for name in profile.match_rules),
        bindings=bindings,
        asks_extension=profile.claim_validation_enabled,
        covered=set(covered_users().order_by().values_list("pk", flat=True)),
        known=known,
    )
    directory = Directory(_entries(known, bindings), look.rules)
    evaluated = _evaluated()
    people = (
        queries.users_touched_by(profile)
        .only(*_FIELDS)
        .prefetch_related("contact_methods")
        .order_by("user_principal_name")
    )
    return [
        Person(
            user.user_principal_name,
            user.display_name,
            tuple(look.codes(user, directory)),
            *evaluated.get(user.pk, ("", ())),
        )
        for user in people
    ]


def _entries(known: Mapping[UUID, tuple[object, object]], bindings: list[Binding]) -> Iterator[Entry]:
    rows = User.objects.exclude(given_name="").exclude(surname="").order_by()
    for key, given, family, employee_id in rows.values_list("id", "given_name", "surname", "employee_id").iterator(
        chunk_size=5000
    ):
        yield Entry(key, Name(given, family), _of(bindings, known.get(key), employee_id))


def _attributes(bindings: list[Binding]) -> dict[UUID, tuple[object, object]]:
    """Date of birth and document number by person, where a profile compares them."""
    if not bindings:
        return {}
    rows = IdentityRecord.objects.order_by().values_list("user_id", "date_of_birth", "document_number_mac")
    return {key: (born, number) for key, born, number in rows}


def _of(bindings: list[Binding], record: tuple[object, object] | None, employee_id: str) -> tuple[object, ...]:
    born, number = record or (None, "")
    values = {
        Binding.DATE_OF_BIRTH: born,
        Binding.EMPLOYEE_ID: employee_id.strip().casefold(),
        Binding.DOCUMENT_NUMBER: number,
    }
    return tuple(values[binding] for binding in bindings)


def _evaluated() -> dict[UUID | None, tuple[str, tuple[str, ...]]]:
    ended = RecoveryAttempt.objects.filter(state=State.EVALUATED, user__isnull=False).order_by("started_at")
    rows = ended.values_list("user_id", "would_have", "match_detail")
    return {key: (would_have, tuple(_text(detail).split())) for key, would_have, detail in rows}


def _text(detail: Any) -> str:
    return str(detail.get("wouldMatch", "")) if isinstance(detail, dict) else ""


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What a profile asks of its people."""

    confidence: Confidence
    rules: Rules
    bindings: list[Binding]
    asks_extension: bool
    covered: set[UUID]
    known: Mapping[UUID, tuple[object, object]]

    def codes(self, user: User, directory: Directory) -> Iterable[str]:
        given, family = normalised(user.given_name), normalised(user.surname)
        attributes = _of(self.bindings, self.known.get(user.pk), user.employee_id)
        if not given or not family:
            yield NAME_BLANK
        elif self._is_beyond_relaxed(given, family):
            yield SEVERAL_WORDS  # one word of the credential can never equal two of the directory
        elif not self.asks_extension and directory.others_fit(
            Entry(user.pk, Name(user.given_name, user.surname), attributes), self.confidence
        ):
            yield HOMONYM  # an extension tells them apart where there is one
        if not all(attributes):
            yield ATTRIBUTE_MISSING
        if user.pk not in self.covered:
            yield OUTSIDE_PASS_POLICY
        if is_external_guest(user_type=user.user_type, user_principal_name=user.user_principal_name):
            yield EXTERNAL_GUEST
        if not user.addresses():
            yield NO_ADDRESS
        if user.last_sign_in_at is None:
            yield NEVER_SIGNED_IN

    def _is_beyond_relaxed(self, given: str, family: str) -> bool:
        if self.confidence is not Confidence.RELAXED or Rule.MULTI_WORD in self.rules:
            return False
        return len(given.split()) > 1 or len(family.split()) > 1
