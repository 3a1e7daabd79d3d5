"""What would the match say? For operators, with the people whose names would stand in the way."""

from dataclasses import dataclass

from accounts.models import User

from .matching import Confidence, Match, Name, match, names_match, word_by_word
from .name_rules import NO_RULES, Rules

HOMONYMS_LISTED = 50


@dataclass(frozen=True)
class Simulation:
    """One level's verdict, and the accounts that the same credential would fit, the first fifty of them by name."""

    confidence: Confidence
    verdict: Match
    homonyms: list[str]
    homonyms_in_all: int

    @property
    def decided_by(self) -> list[str]:
        """The further rules without which it would not have matched."""
        return self.verdict.detail.get("decidedBy", "").split()

    @property
    def would_match(self) -> list[str]:
        """Where it does not match: the levels, and single further rules, under which it would."""
        return self.verdict.detail.get("wouldMatch", "").split()


@dataclass(frozen=True)
class Comparison:
    words: list[tuple[str, tuple[str, ...]]]
    levels: list[Simulation]


def simulate(*, presented: Name, user: User, rules: Rules = NO_RULES) -> Comparison:
    """The verdict under each level, as an attempt would reach it. One query, whatever the directory's size."""
    directory = Name(user.given_name, user.surname)
    people = User.objects.exclude(pk=user.pk).exclude(given_name="").exclude(surname="").order_by("user_principal_name")
    fits: dict[Confidence, list[str]] = {confidence: [] for confidence in Confidence}
    rows = people.values_list("user_principal_name", "given_name", "surname")
    for account_name, given, family in rows.iterator(chunk_size=5000):
        for confidence, names in fits.items():
            if names_match(presented, Name(given, family), confidence, rules):
                names.append(account_name)
    levels = []
    for confidence, names in fits.items():
        verdict = match(presented, directory, others=(), confidence=confidence, rules=rules)
        if verdict.matched:
            detail = {**verdict.detail, "homonyms": str(len(names))}
            verdict = Match(not names, "homonym" if names else "", detail)
        levels.append(Simulation(confidence, verdict, names[:HOMONYMS_LISTED], len(names)))
    return Comparison(word_by_word(presented, directory, rules), levels)
