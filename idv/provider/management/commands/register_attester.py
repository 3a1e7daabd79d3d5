"""Tell the provider about a maker of wallets whose attestations are believed."""

import json
from pathlib import Path
from typing import Any

from cryptography import x509
from django.core.management.base import BaseCommand, CommandError, CommandParser

from idv.credentials.keys import public_key_of
from idv.provider.flows.attesting import register
from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError


class Command(BaseCommand):
    help = "Register an attester of wallets, or change the one with this issuer. Harmless to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--issuer", required=True, help="the iss of its attestations")
        parser.add_argument("--name", required=True)
        parser.add_argument("--jwks", type=Path, help="a file with its JWK set")
        parser.add_argument("--authorities", type=Path, help="a PEM file with the authorities over its certificates")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["jwks"] is None and options["authorities"] is None:
            raise CommandError("Name its keys by --jwks, by --authorities, or by both.")
        try:
            jwks = json.loads(options["jwks"].read_text(encoding="utf-8")) if options["jwks"] else None
            authorities = options["authorities"].read_text(encoding="ascii") if options["authorities"] else ""
            if jwks is not None:
                for entry in jwks["keys"]:
                    public_key_of(entry)
            if authorities:
                x509.load_pem_x509_certificates(authorities.encode())
        except (OSError, ValueError, TypeError, KeyError, DomainError) as error:
            raise CommandError("The file cannot be read, or holds no P-256 keys or no certificates.") from error
        attester, is_new = register(
            issuer=options["issuer"], name=options["name"], jwks=jwks, authorities=authorities, at=clock.now()
        )
        self.stdout.write(f"{attester.name} is {'registered' if is_new else 'up to date'}.")
