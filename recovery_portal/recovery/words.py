"""What the machines and the match write down, in words for operators."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .machine import Event, State
from .models import RecoveryProfile

Words = str | Promise

STATES: Final[dict[str, Promise]] = {
    State.STARTED: _("Started"),
    State.AT_PROVIDER: _("At the provider"),
    State.AWAITING_PRESENTATION: _("Waiting for the credential"),
    State.PRESENTED: _("Credential presented"),
    State.AWAITING_ASSISTANCE: _("Waiting for an operator"),
    State.CHECKING_FACE: _("Face being checked"),
    State.FACE_CHECKED: _("Face Check passed"),
    State.AWAITING_NUMBER: _("Waiting for the number"),
    State.MATCHED: _("Account matched"),
    State.PASS_ISSUED: _("Pass issued"),
    State.SIGNED_IN: _("Signed in with the pass"),
    State.COMPLETED: _("Completed"),
    State.EVALUATED: _("Evaluated: nothing was changed"),
    State.REFUSED: _("Refused"),
    State.MISMATCHED: _("Not matched"),
    State.UNAVAILABLE: _("Not possible for this account, or now"),
    State.EXPIRED: _("Expired"),
    State.CANCELLED: _("Cancelled"),
}
EVENTS: Final[dict[str, Promise]] = {
    Event.STARTED: _("Recovery begun"),
    Event.PREFLIGHT_FAILED: _("Stopped before the provider"),
    Event.SENT_TO_PROVIDER: _("Sent to the provider"),
    Event.PROVIDER_VERIFIED: _("Verified by the provider"),
    Event.PROVIDER_DECLINED: _("Declined by the provider"),
    Event.PROVIDER_RESULT_INVALID: _("The provider's answer did not hold"),
    Event.PRESENTATION_VERIFIED: _("Credential verified"),
    Event.PRESENTATION_REFUSED: _("Credential refused"),
    Event.FRAMES_SUBMITTED: _("Photos sent"),
    Event.FRAMES_UNUSABLE: _("Photos not usable, taken again"),
    Event.FACE_CHECK_PASSED: _("Face Check passed"),
    Event.FACE_CHECK_TRY_FAILED: _("A try at the Face Check failed"),
    Event.FACE_CHECK_FAILED: _("Face Check failed"),
    Event.ASSISTANCE_ASKED: _("An operator was asked for"),
    Event.ASSISTANCE_GRANTED: _("An operator made sure who it is"),
    Event.ASSISTANCE_REFUSED: _("An operator refused"),
    Event.IDENTITY_MATCHED: _("Account matched"),
    Event.IDENTITY_MATCHED_NUMBER_DUE: _("Account matched, the number is asked for"),
    Event.IDENTITY_MISMATCHED: _("Account not matched"),
    Event.EVALUATION_MATCHED: _("Account matched, in Evaluation"),
    Event.EVALUATION_MISMATCHED: _("Account not matched, in Evaluation"),
    Event.NUMBER_CONFIRMED: _("The right number was picked"),
    Event.NUMBER_REFUSED: _("A wrong number was picked"),
    Event.PASS_ISSUED: _("Pass issued"),
    Event.PASS_REFUSED: _("No pass could be issued"),
    Event.PASS_REDEEMED: _("Signed in with the pass"),
    Event.AUTHENTICATOR_REGISTERED: _("Sign-in method registered"),
    Event.LIFETIME_ENDED: _("Time ran out"),
    Event.USER_CANCELLED: _("Cancelled by the person"),
    Event.OWNER_DISOWNED: _("Stopped by the owner of the account"),
    Event.OPERATOR_CANCELLED: _("Cancelled by an operator"),
    Event.REPLACED: _("Replaced by a newer attempt"),
}
# Of presentation requests and Face Checks.
STATUSES: Final[dict[str, Promise]] = {
    "open": _("open"),
    "answered": _("answered"),
    "collected": _("answered and taken in"),
    "declined": _("declined"),
    "refused": _("refused"),
    "expired": _("expired"),
    "superseded": _("replaced by a newer one"),
    "cancelled": _("cancelled"),
    "capturing": _("photos being taken"),
    "checking": _("being checked"),
    "unusable": _("photos not usable"),
    "passed": _("passed"),
    "failed": _("failed"),
}
NOTICES: Final[dict[str, Promise]] = {
    "recovery_started": _("Letter: a recovery was begun"),
    "recovery_completed": _("Letter: the recovery is completed"),
    "pass_issued": _("Letter: a pass was issued"),
    "pass_revoked": _("Letter: the pass was revoked"),
    "pass_withdrawn": _("Letter: the pass was withdrawn"),
    "method_added": _("Letter: a sign-in method was added"),
    "method_changed": _("Letter: a sign-in method was changed"),
    "method_removed": _("Letter: a sign-in method was removed"),
    "method_suspended": _("Letter: a sign-in method was suspended"),
    "password_changed": _("Letter: the password was changed"),
    "contact_changed": _("Letter: an address was changed"),
}
_LEVELS: Final[dict[str, Promise]] = {"exact": _("Exact"), "relaxed": _("Relaxed")}
_RULES: Final[dict[str, Promise]] = {
    "diacritics": _("without diacritics"),
    "transliteration": _("with transliteration"),
    "nicknames": _("with nicknames"),
    "multiWord": _("with names of several words"),
}
_FIELDS: Final[dict[str, Promise]] = {
    "confidence": _("Match confidence"),
    "givenName": _("Given name"),
    "surname": _("Surname"),
    "dateOfBirth": _("Date of birth"),
    "employeeId": _("Employee id"),
    "documentNumber": _("Document number"),
    "decidedBy": _("Decided by the further rule"),
    "wouldMatch": _("The names would match under"),
    "homonyms": _("Others whom the names fit"),
    "extension": _("Extension for claim validation"),
    "claimValidation": _("The extension's answer"),
    "extensionError": _("The extension's error"),
    "failedClaims": _("Claims that failed"),
}
_FINDINGS: Final[dict[str, Promise]] = {
    "equal": _("equal"),
    "different": _("differs"),
    "blank": _("blank"),
    "missing": _("one side has none"),
}
_OTHER_TERMS: Final[dict[str, Promise]] = {
    "profile_name": _("profile"),
    "provider_name": _("provider"),
    "extension_claims": _("claims sent to the extension"),
}
_SETTINGS: Final = {field.name: field for field in RecoveryProfile._meta.concrete_fields}
_NOT_FOR_READING: Final = frozenset({"profile_id", "provider_id", "extension_id"})


def of_state(state: str) -> Words:
    return STATES.get(state, state)


def of_event(event: str) -> Words:
    return EVENTS.get(event, event)


def of_way(way: str) -> str:
    """A level, by itself or with one further rule: ``relaxed``, ``exact+nicknames``."""
    return ", ".join(str({**_LEVELS, **_RULES}.get(part, part)) for part in way.split("+"))


def of_match(detail: Mapping[str, Any]) -> list[tuple[Words, str]]:
    """What the match found, field by field."""
    return [(of_field(name), _finding(name, str(value))) for name, value in detail.items()]


def of_field(name: str) -> Words:
    return _FIELDS.get(name, name)


def _finding(name: str, value: str) -> str:
    if name in {"confidence", "decidedBy", "wouldMatch"}:
        return "; ".join(of_way(way) for way in value.split())
    return str(of_finding(value))


def of_finding(value: str) -> Words:
    return _FINDINGS.get(value, value)


def of_terms(terms: Mapping[str, Any]) -> list[tuple[Words, str]]:
    """The terms of an attempt under the names that the profile's form has for them."""
    return [(_term(name), _term_value(name, value)) for name, value in terms.items() if name not in _NOT_FOR_READING]


def _term(name: str) -> Words:
    if name in _OTHER_TERMS:
        return _OTHER_TERMS[name]
    field = _SETTINGS.get(name)
    return name if field is None else field.verbose_name


def _term_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(str(_RULES.get(each) or _FIELDS.get(each, each)) for each in value) or "–"
    field = _SETTINGS.get(name)
    return str(dict(field.flatchoices).get(value, value) if field is not None and field.choices else value) or "–"
