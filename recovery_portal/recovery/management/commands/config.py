"""``manage.py config export`` and ``manage.py config import FILE``: what operators set up, as code."""

import argparse
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.operators import Operator
from accounts.queries import find_user
from recovery_portal.kit import clock
from recovery_portal.recovery import configuration
from recovery_portal.recovery.configuration import ConfigRefused

APPLICATION = "manage.py config"


class Command(BaseCommand):
    help = "Write the set-up out as YAML, or bring it in. Secrets and people are no part of it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        commands.add_parser("export", help="write the set-up to standard output")
        bring = commands.add_parser("import", help="bring a document in; what it does not mention stays")
        bring.add_argument("file", help="the document, or - for standard input")
        bring.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        bring.add_argument("--by", metavar="ACCOUNT", help="the operator whose act it is, for the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["command"] == "export":
            self.stdout.write(configuration.dump(configuration.export()), ending="")
            return
        try:
            changes = configuration.apply(
                configuration.load(_read(options["file"])),
                by=_operator(options["by"]),
                at=clock.now(),
                dry_run=options["dry_run"],
            )
        except (ConfigRefused, OSError, UnicodeError) as refused:
            raise CommandError(f"Nothing was changed. {refused}") from refused
        for change in changes:
            self.stdout.write(str(change))
        done = "would change" if options["dry_run"] else "changed"
        self.stdout.write(f"{len(changes)} {done}." if changes else "Nothing differs.")


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    return Path(name).read_text(encoding="utf-8")


def _operator(account: str | None) -> Operator:
    if account is None:
        return Operator(user=None, application=APPLICATION)
    user = find_user(account)
    if user is None or not user.is_staff:
        raise CommandError(f"{account} is no operator.")
    return Operator(user=user)
