"""Lists the scenarios of the catalogue, or plays them: in this process, or against the running houses."""

import fnmatch
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from recovery_portal.testing import installation, own_database, scenario, scenario_report, scenario_run
from recovery_portal.testing.answers import ControlError
from recovery_portal.testing.installation import Installation
from recovery_portal.testing.scenario import Scenario
from recovery_portal.testing.scenario_words import ScenarioInvalid, nearest
from recovery_portal.testing.trust import AuthorityUnreadable


class Command(BaseCommand):
    help = "List or play recovery scenarios (emulation only)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for action in ("list", "run"):
            one = actions.add_parser(action)
            one.add_argument("names", nargs="*", help="names, patterns like 'real_*', or YAML files; all without one")
            one.add_argument("--covers", default="", help="only those that cover this, like F3 or S10")
        one.add_argument("--junit", type=Path, help="write a JUnit report there")
        one.add_argument("--url", default="", help="a running portal; this installation's own unless given")
        one.add_argument("--token", default="", help="its control token")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            chosen = _chosen(options["names"], options["covers"])
        except ScenarioInvalid as error:
            raise CommandError(str(error)) from error
        if options["action"] == "list":
            for one in chosen:
                self.stdout.write(f"{one.name:28}{' '.join(one.covers):12}{one.title}")
            return
        outcomes = []
        try:
            for one, houses in _each(chosen, options["url"], options["token"]):
                outcome = scenario_run.run(one, houses)
                outcomes.append(outcome)
                self.stdout.write(f"{'passed' if outcome.passed else 'FAILED'}  {outcome.seconds:6.2f} s  {one.name}")
                for difference in outcome.differences:
                    self.stdout.write(f"        {difference}")
        except (ControlError, AuthorityUnreadable) as error:
            raise CommandError(str(error)) from error
        if options["junit"]:
            scenario_report.write_junit(options["junit"], outcomes)
        failed = sum(not outcome.passed for outcome in outcomes)
        self.stdout.write(f"{len(outcomes)} scenarios, {failed} failed, {sum(o.seconds for o in outcomes):.0f} s")
        if failed:
            raise CommandError(f"{failed} of {len(outcomes)} scenarios came out otherwise.")


def _chosen(names: list[str], covers: str) -> list[Scenario]:
    """Raises ScenarioInvalid for a name or pattern that chooses nothing."""
    known = scenario.catalogue()
    chosen = list(known.values())
    if names:
        own = [scenario.read(Path(name)) for name in names if _is_file(name)]
        for name in names:
            if not _is_file(name) and not fnmatch.filter(known, name):
                scenario.find(name)
        chosen = own + [one for one in chosen if any(fnmatch.fnmatch(one.name, name) for name in names)]
    if covers and not any(covers in one.covers for one in chosen):
        covered = sorted({word for one in chosen for word in one.covers})
        raise ScenarioInvalid(f"No scenario covers {covers!r}.{nearest(covers, covered)}")
    return [one for one in chosen if not covers or covers in one.covers]


def _is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _each(chosen: list[Scenario], url: str, token: str) -> Iterator[tuple[Scenario, Installation]]:
    """Each with houses to play it in. Raises ControlError."""
    if settings.ROLE == "all" and not url:
        with own_database.made("recovery_portal.testing.settings"), _quiet():
            for one in chosen:
                with own_database.one_test(), installation.in_process(settings.EMULATION_TOKEN) as houses:
                    own_database.forget_what_is_cached()
                    houses.client.introduce()
                    yield one, houses
        return
    address, known = url or settings.PORTAL_BASE_URL, token or settings.EMULATION_TOKEN
    with installation.running(address, known, authority=settings.OUTBOUND_CA_FILE) as houses:
        found = houses.client.snapshot()
        try:
            for one in chosen:
                houses.client.reset()
                houses.client.introduce()
                yield one, houses
        finally:
            houses.client.restore(found)
            houses.client.reset_parts()


@contextmanager
def _quiet() -> Iterator[None]:
    """What the houses log about refusals is what the scenarios are about."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)
