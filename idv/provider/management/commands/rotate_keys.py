"""Sign with fresh keys from now on; what the old ones signed stays verifiable."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from idv.provider import keyring
from recovery_portal.kit import clock


class Command(BaseCommand):
    help = (
        "Rotate the provider's keys (or take up the files PROVIDER_KEY_FILE and PROVIDER_CERTIFICATES_FILE). Old keys "
        "stay in the JWK sets and in the DID document until the last credential that they signed has expired."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--use", choices=keyring.ROTATED, action="append", help="only this use; may be repeated")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = keyring.rotate(uses=options["use"] or keyring.ROTATED, at=clock.now())
        except keyring.KeyUnusable as refused:
            raise CommandError(f"{refused.code}: {refused.reason}") from refused
        if options["as_json"]:
            self.stdout.write(json.dumps({record.use: record.kid for record in made}))
        for record in made if not options["as_json"] else ():
            self.stdout.write(f"{record.get_use_display()}: {record.kid}")
