"""Tell the provider about a portal that may send people here."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from idv.provider.flows.parties import register
from recovery_portal.kit import clock


class Command(BaseCommand):
    help = "Register a relying party, or change the one with this client id. Harmless to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--redirect-uri", required=True, action="append", dest="redirect_uris")
        parser.add_argument(
            "--high-assurance", action="store_true", help="two readers must agree on everybody's document"
        )
        parser.add_argument(
            "--manual-review", action="store_true", help="border cases wait for an operator instead of being declined"
        )
        keys = parser.add_mutually_exclusive_group(required=True)
        keys.add_argument("--jwks-uri", default="")
        keys.add_argument("--jwks", type=Path, help="a file with the JWK set")

    def handle(self, *args: Any, **options: Any) -> None:
        for address in [*options["redirect_uris"], *filter(None, [options["jwks_uri"]])]:
            parts = urlsplit(address)
            if parts.scheme not in {"https", "http"} or not parts.hostname or parts.fragment:
                raise CommandError(f"{address} is not an absolute http(s) address without fragment")
        party, is_new = register(
            client_id=options["client_id"],
            name=options["name"],
            redirect_uris=options["redirect_uris"],
            jwks_uri=options["jwks_uri"],
            jwks=self._read(options["jwks"]),
            high_assurance=options["high_assurance"],
            manual_review=options["manual_review"],
            at=clock.now(),
        )
        self.stdout.write(f"{party.name} is {'registered' if is_new else 'up to date'}.")

    def _read(self, path: Path | None) -> dict[str, Any] | None:
        if path is None:
            return None
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{path} cannot be read as JSON") from error
        if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
            raise CommandError(f"{path} holds no JWK set")
        return document
