"""Does the person on the credential own the account that was named? Pure rules (facts 1.5), over names only.

The account is named before the proofing; matching confirms it and never finds one. Only given name and surname of the
directory count. Both levels compare trimmed, whitespace-collapsed, Unicode-normalised (NFC) and case-folded text;
diacritics count. A blank name never matches. What a profile allows beyond that stands in :mod:`.name_rules`.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from .name_rules import NO_RULES, Rule, Rules, parts, same, subsets


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


@lru_cache(maxsize=100_000)
def normalised(value: str) -> str:
    """NFC, case-folded, one space between words. Folding can denormalise, hence NFC again (Unicode 3.13, D145)."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())
    return " ".join(folded.split())


def words_of(presented: Name, rules: Rules = NO_RULES) -> frozenset[str]:
    """The words of both names on a credential, whichever claim carried them."""
    given, family = normalised(presented.given), normalised(presented.family)
    words = [*given.split(), *family.split()]
    if Rule.MULTI_WORD in rules:
        words += [*parts(given), *parts(family)]
    return frozenset(words)


def _is_whole(presented: str, directory: str, rules: Rules, *, is_given: bool) -> bool:
    """Exact: the whole name, or each of its words in order."""
    if same(presented, directory, rules, is_given=is_given):
        return True
    if not rules:
        return False
    split = parts if Rule.MULTI_WORD in rules else str.split
    ours, theirs = split(presented), split(directory)
    return len(ours) == len(theirs) > 0 and all(
        same(our, their, rules, is_given=is_given) for our, their in zip(ours, theirs, strict=True)
    )


def _is_among(words: frozenset[str], directory: str, rules: Rules, *, is_given: bool) -> bool:
    """Relaxed: the directory's name is one of the credential's words or, where the profile says so, all of its words
    are."""
    if directory in words:
        return True
    if not rules:
        return False
    if any(same(word, directory, rules, is_given=is_given) for word in words):
        return True
    several = parts(directory) if Rule.MULTI_WORD in rules else []
    return len(several) > 1 and all(
        any(same(word, part, rules, is_given=is_given) for word in words) for part in several
    )


def _verdicts(presented: Name, directory: Name, confidence: Confidence, rules: Rules = NO_RULES) -> dict[str, Verdict]:
    given, family = normalised(directory.given), normalised(directory.family)
    if confidence is Confidence.EXACT:
        found = (
            _is_whole(normalised(presented.given), given, rules, is_given=True),
            _is_whole(normalised(presented.family), family, rules, is_given=False),
        )
    else:
        words = words_of(presented, rules)
        found = (_is_among(words, given, rules, is_given=True), _is_among(words, family, rules, is_given=False))
    verdicts = {}
    for label, name, equal in (("givenName", given, found[0]), ("surname", family, found[1])):
        verdicts[label] = Verdict.BLANK if not name else Verdict.EQUAL if equal else Verdict.DIFFERENT
    if not normalised(presented.given) and not normalised(presented.family):
        verdicts = dict.fromkeys(verdicts, Verdict.BLANK)
    return verdicts


def word_by_word(presented: Name, directory: Name, rules: Rules = NO_RULES) -> list[tuple[str, tuple[str, ...]]]:
    """Each word of the credential in its normal form, with the directory names it equals as a whole, and by which rule
    where one was needed: for operators."""
    fields = (("givenName", normalised(directory.given)), ("surname", normalised(directory.family)))
    words = dict.fromkeys([*normalised(presented.given).split(), *normalised(presented.family).split()])
    found = []
    for word in words:
        labels = [_label(word, label, name, rules) for label, name in fields]
        found.append((word, tuple(label for label in labels if label)))
    return found


def _label(word: str, label: str, name: str, rules: Rules) -> str:
    for some in subsets(rules):
        if same(word, name, some, is_given=label == "givenName"):
            return f"{label} ({', '.join(sorted(some))})" if some else label
    return ""


def names_match(presented: Name, directory: Name, confidence: Confidence, rules: Rules = NO_RULES) -> bool:
    """Whether one directory entry satisfies the level."""
    return set(_verdicts(presented, directory, confidence, rules).values()) == {Verdict.EQUAL}


def deciding_rules(presented: Name, directory: Name, confidence: Confidence, rules: Rules) -> Rules | None:
    """The fewest of ``rules`` under which the names match; None where not even all of them do."""
    return next((some for some in subsets(rules) if names_match(presented, directory, confidence, some)), None)


def would_match(presented: Name, directory: Name) -> list[str]:
    """Under which level, by itself or with one further rule, the names match: ``relaxed``, ``exact+nicknames``."""
    found = []
    for confidence in Confidence:
        if names_match(presented, directory, confidence):
            found.append(confidence.value)
            continue
        found += [
            f"{confidence.value}+{rule.value}"
            for rule in Rule
            if names_match(presented, directory, confidence, frozenset({rule}))
        ]
    return found


def _visible(name: Name) -> Name:
    """Without what nobody sees: a soft hyphen that was copied along must not hide a person of the same name."""
    if name.given.isprintable() and name.family.isprintable():
        return name
    return Name(_without_format(name.given), _without_format(name.family))


def _without_format(text: str) -> str:
    return "".join(char for char in text if unicodedata.category(char) != "Cf")


def match(
    presented: Name,
    directory: Name,
    *,
    others: Iterable[Name],
    confidence: Confidence,
    rules: Rules = NO_RULES,
) -> Match:
    """Compare, then make sure that nobody else in the directory would satisfy the same credential.

    ``others`` are the names of every *other* directory entry worth comparing. Homonyms are refused: a name that fits
    two people confirms neither. Reasons: name_blank, name_mismatch, homonym.
    """
    verdicts = _verdicts(presented, directory, confidence, rules)
    detail = {"confidence": confidence.value, **{label: verdict.value for label, verdict in verdicts.items()}}
    if Verdict.BLANK in verdicts.values():
        return Match(False, "name_blank", detail)
    if Verdict.DIFFERENT in verdicts.values():
        if found := would_match(presented, directory):
            detail["wouldMatch"] = " ".join(found)
        return Match(False, "name_mismatch", detail)
    if deciding := deciding_rules(presented, directory, confidence, rules):
        detail["decidedBy"] = " ".join(sorted(deciding))
    seen = _visible(presented)
    homonyms = sum(names_match(seen, _visible(other), confidence, rules) for other in others)
    detail["homonyms"] = str(homonyms)
    return Match(False, "homonym", detail) if homonyms else Match(True, "", detail)
