"""Tell the provider about a wallet that may use the authorization code flow."""

from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from idv.provider.flows import attesting
from idv.provider.flows.wallets import register
from recovery_portal.kit import clock

_NEVER = {"", "javascript", "data", "file", "vbscript", "blob"}


class Command(BaseCommand):
    help = "Register a wallet for the authorization code flow, or change the one with this client id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--redirect-uri", required=True, action="append", dest="redirect_uris")
        parser.add_argument("--attester", help="every instance must be attested by this one (register_attester)")

    def handle(self, *args: Any, **options: Any) -> None:
        for address in options["redirect_uris"]:
            parts = urlsplit(address)
            if parts.scheme in _NEVER or parts.fragment or (parts.scheme in {"http", "https"} and not parts.hostname):
                raise CommandError(f"{address} is not an address of a wallet, without fragment")
        attester = attesting.find_attester(options["attester"]) if options["attester"] else None
        if options["attester"] and attester is None:
            raise CommandError(f"{options['attester']} is no registered attester")
        wallet, is_new = register(
            client_id=options["client_id"],
            name=options["name"],
            redirect_uris=options["redirect_uris"],
            attester=attester,
            at=clock.now(),
        )
        self.stdout.write(f"{wallet.name} is {'registered' if is_new else 'up to date'}.")
