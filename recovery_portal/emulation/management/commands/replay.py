"""Walks a recorded run again, in this process, and says what came otherwise."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from recovery_portal.testing import bundle, installation, own_database, replaying
from recovery_portal.testing.bundle import BundleInvalid
from recovery_portal.testing.scenario_words import ScenarioInvalid

_IN_PROCESS: Final = "recovery_portal.testing.settings"
_LARGEST: Final = 64 * 1024 * 1024
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")


class Command(BaseCommand):
    help = "Walk a downloaded run again, with houses and a database of its own (emulation only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bundle", type=Path, help="a file that the flow inspector or `client.bundle` made")

    def handle(self, *_: Any, **options: Any) -> None:
        path: Path = options["bundle"]
        try:
            if path.stat().st_size > _LARGEST:
                raise CommandError(f"{path} is larger than any bundle.")
            recorded = bundle.read(path.read_bytes())
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except BundleInvalid as error:
            raise CommandError(str(error)) from error
        if settings.ROLE != "all":
            self._elsewhere(path)
            return
        if recorded.is_inferred:
            self.stdout.write("The scenario is inferred from what happened.")
        found = self._walked(recorded)
        for line in found:
            self.stdout.write(line)
        if found:
            raise CommandError(f"{len(found)} things came otherwise.")
        self.stdout.write(f"The same again: {recorded.attempt['state']}.")

    def _walked(self, recorded: bundle.Bundle) -> list[str]:
        logging.disable(logging.ERROR)  # what the houses say of refusals is what is being compared
        try:
            with own_database.made(_IN_PROCESS), installation.in_process(settings.EMULATION_TOKEN) as houses:
                houses.client.introduce()
                return replaying.walk(recorded, houses)
        except ScenarioInvalid as error:
            raise CommandError(f"The run cannot be walked again: {error}") from error
        finally:
            logging.disable(logging.NOTSET)

    def _elsewhere(self, path: Path) -> None:
        """One house cannot play three: another process with all of them does, on a database in memory."""
        known = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        command = [sys.executable, "-m", "django", "replay", str(path.resolve())]
        done = subprocess.run(  # noqa: S603 - our own command line
            command, env=known | {"DJANGO_SETTINGS_MODULE": _IN_PROCESS}, check=False
        )
        if done.returncode:
            raise CommandError("It did not come out the same.", returncode=done.returncode)
