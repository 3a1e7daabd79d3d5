"""Readiness of a profile with ten thousand people, and the match itself in a directory of as many, against reading the
same rows from the database and nothing else."""

import random
from datetime import UTC, datetime

from accounts.models import User
from idv.verifier.models import IdentityProvider
from recovery_portal.recovery import queries, readiness
from recovery_portal.recovery.matching import Confidence, Name, match
from recovery_portal.recovery.name_rules import Rule
from tests.bench.report import Report, alternately
from tests.fakes.recovery import make_person, make_profile

PEOPLE = 10_000
_GIVEN = ("Anna", "Bob", "Robert", "Jürgen", "María", "Søren", "Elizabeth", "Иван", "Anne-Marie", "John")
_SURNAMES = 300


def ten_thousand_people(report: Report) -> None:
    """Names as people have them: every tenth given name and every three-hundredth surname is the same."""
    drawn = random.Random(7)
    provider = IdentityProvider.objects.create(
        name="Bench", issuer="http://bench.example", client_id="x", allowed_vcts=["x"]
    )
    profile = make_profile(provider, name="Bench")
    people = [
        User(
            user_principal_name=f"bench{number}@contoso.example",
            given_name=f"{drawn.choice(_GIVEN)} {number % 700}",
            surname=f"Müller{drawn.randrange(_SURNAMES)}",
            mail=f"bench{number}@contoso.example",
            last_sign_in_at=datetime.now(UTC),
        )
        for number in range(PEOPLE)
    ]
    User.objects.bulk_create(people, batch_size=2000)
    alice = make_person("alice-bench@contoso.example", given_name="Alicia", surname="Bowmaker")
    names = Name("Alicia", "Bowmaker")  # nobody else in the bench is called so

    def rows() -> None:
        assert len(User.objects.values_list("id", "given_name", "surname")) > PEOPLE

    for label, rules in (("", frozenset[Rule]()), (", all rules", frozenset(Rule))):
        profile.match_rules = sorted(rules)
        for confidence in Confidence:
            profile.match_confidence = confidence.value
            took, bare = alternately(2, lambda: readiness.assess(profile), rows)
            report.add(f"Readiness, {confidence.value}{label}", took, f"{PEOPLE} rows read", bare)

        def compare(rules: frozenset[Rule] = rules) -> None:
            others = queries.names_of_others(alice)
            assert match(names, names, others=others, confidence=Confidence.RELAXED, rules=rules).matched

        took, bare = alternately(2, compare, rows)
        report.add(f"Match of names{label}", took, f"{PEOPLE} rows read", bare)
    User.objects.filter(surname__startswith="Müller").delete()
