"""``manage.py privacy report``: what this house holds about people now, and when it goes."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from recovery_portal.kit import clock
from recovery_portal.kit.privacy import holdings


class Command(BaseCommand):
    help = "report: what this house holds about people, how old it is, and when it goes. Prints no personal data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["report"])
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [
            {
                "what": str(holding.what),
                "count": holding.count,
                "oldest_at": holding.oldest_at.isoformat(timespec="seconds") if holding.oldest_at else None,
                "goes": str(holding.goes),
                "sealed": holding.is_sealed,
            }
            for holding in holdings(clock.now())
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            since = f", oldest {row['oldest_at']}" if row["oldest_at"] else ""
            sealed = " (sealed)" if row["sealed"] else ""
            self.stdout.write(f"{row['count']:>6}  {row['what']}{sealed}{since}\n        goes: {row['goes']}")
