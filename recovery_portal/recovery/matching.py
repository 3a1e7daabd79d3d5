"""Does the person on the credential own the account that was named? Pure rules (facts 1.5), over names only.

The account is named before the proofing; matching confirms it and never finds one. Only given name and surname of the
directory count. Both levels compare trimmed, whitespace-collapsed, Unicode-normalised (NFC) and case-folded text;
diacritics count. A blank name never matches.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Confidence(StrEnum):
    EXACT = "exact"
    RELAXED = "relaxed"


class Verdict(StrEnum):
    EQUAL = "equal"
    DIFFERENT = "different"
    BLANK = "blank"


@dataclass(frozen=True)
class Name:
    """A given name and a surname, of a credential (firstName, lastName) or of the directory (givenName, surname)."""

    given: str
    family: str


@dataclass(frozen=True)
class Match:
    """What the comparison found. ``reason`` is empty for a match; ``detail`` is for the operator only."""

    matched: bool
    reason: str = ""
    detail: dict[str, str] = field(default_factory=dict)


def normalised(value: str) -> str:
    """NFC, case-folded, one space between words. Folding can denormalise, hence NFC again (Unicode 3.13, D145)."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())
    return " ".join(folded.split())


def _words(presented: Name) -> frozenset[str]:
    return frozenset(normalised(presented.given).split()) | frozenset(normalised(presented.family).split())


def _verdicts(presented: Name, directory: Name, confidence: Confidence) -> dict[str, Verdict]:
    given, family = normalised(directory.given), normalised(directory.family)
    if confidence is Confidence.EXACT:
        found = (given == normalised(presented.given), family == normalised(presented.family))
    else:
        # Cross-field: each directory name must be one of the credential's words, whichever claim carried it.
        words = _words(presented)
        found = (given in words, family in words)
    verdicts = {}
    for label, name, equal in (("givenName", given, found[0]), ("surname", family, found[1])):
        verdicts[label] = Verdict.BLANK if not name else Verdict.EQUAL if equal else Verdict.DIFFERENT
    if not normalised(presented.given) and not normalised(presented.family):
        verdicts = dict.fromkeys(verdicts, Verdict.BLANK)
    return verdicts


def word_by_word(presented: Name, directory: Name) -> list[tuple[str, tuple[str, ...]]]:
    """Each word of the credential in its normal form, with the directory names it equals as a whole: for operators."""
    fields = (("givenName", normalised(directory.given)), ("surname", normalised(directory.family)))
    words = dict.fromkeys([*normalised(presented.given).split(), *normalised(presented.family).split()])
    return [(word, tuple(label for label, name in fields if name == word)) for word in words]


def names_match(presented: Name, directory: Name, confidence: Confidence) -> bool:
    """Whether one directory entry satisfies the level."""
    return set(_verdicts(presented, directory, confidence).values()) == {Verdict.EQUAL}


def match(presented: Name, directory: Name, *, others: Iterable[Name], confidence: Confidence) -> Match:
    """Compare, then make sure that nobody else in the directory would satisfy the same credential.

    ``others`` are the names of every *other* directory entry worth comparing. Homonyms are refused: a name that fits
    two people confirms neither. Reasons: name_blank, name_mismatch, homonym.
    """
    verdicts = _verdicts(presented, directory, confidence)
    detail = {"confidence": confidence.value, **{label: verdict.value for label, verdict in verdicts.items()}}
    if Verdict.BLANK in verdicts.values():
        return Match(False, "name_blank", detail)
    if Verdict.DIFFERENT in verdicts.values():
        return Match(False, "name_mismatch", detail)
    homonyms = sum(names_match(presented, other, confidence) for other in others)
    detail["homonyms"] = str(homonyms)
    return Match(False, "homonym", detail) if homonyms else Match(True, "", detail)
