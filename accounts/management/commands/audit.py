"""``manage.py audit verify``: is every audit row there, as it was written?"""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import sealing
from recovery_portal.kit import clock

_SHOWN = 100


def anchor(text: str) -> tuple[int, str]:
    """``NUMBER:LINK`` as an earlier run printed it."""
    number, _, link = text.partition(":")
    if not number.isdecimal() or len(link) != 64:
        raise argparse.ArgumentTypeError("give NUMBER:LINK as an earlier run printed it")
    return int(number), link


class Command(BaseCommand):
    help = "Verify the chain through the audit log. Exits with 1 when a row was changed, is missing or was added."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        verify = commands.add_parser("verify", help="walk the whole chain")
        verify.add_argument(
            "--expect",
            type=anchor,
            metavar="NUMBER:LINK",
            help="the end of the chain as noted before, elsewhere: shows that nothing was cut off behind it since",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sealing.seal_pending()
        end = sealing.head()
        count = 0
        for fault in sealing.faults(at=clock.now(), anchor=options["expect"]):
            count += 1
            if count <= _SHOWN:
                number = "-" if fault.sequence is None else fault.sequence
                self.stderr.write(f"{fault.kind}: number {number} {fault.event_id}".rstrip())
        if count:
            raise CommandError(f"The audit log is not as it was written: {count} faults.")
        self.stdout.write(f"{end.sequence} events, each as it was written. End of the chain: {end}")
