"""A link by which an operator signs in to the provider's admin site, once."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from idv.provider import policy
from idv.provider.flows import operating
from recovery_portal.kit import clock


class Command(BaseCommand):
    help = (
        "Print a link that signs an operator in to the admin site, once and within "
        f"{policy.OPERATOR_LINK_LIFETIME.seconds // 60} minutes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="who comes; changes are recorded under this name")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not name or len(name) > 150 or not name.isprintable():
            raise CommandError("Name the operator in at most 150 printable characters.")
        link = f"{settings.PROVIDER_BASE_URL}/operator/{operating.make_link(name=name, at=clock.now())}/"
        self.stdout.write(json.dumps({"link": link}) if options["as_json"] else link)
