"""Register a program that may call the API. Its secret is printed once, here."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from recovery_portal.api import permissions, registrations, tokens
from recovery_portal.kit import clock


class Command(BaseCommand):
    help = "Register a program that may call the API, and print its client id and its secret (once)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--permission", action="append", default=[], metavar="NAME",
            help=f"Application permission; may be repeated. Known: {', '.join(permissions.known())}.",
        )  # fmt: skip
        parser.add_argument("--delegated-permission", action="append", default=[], metavar="NAME")
        parser.add_argument("--redirect-uri", action="append", default=[], metavar="URI")
        parser.add_argument("--certificate", default="", help="PEM file; then no secret is made.")
        parser.add_argument("--no-secret", action="store_true", help="For programs that only act for people.")
        parser.add_argument("--days", type=int, default=180, help="How long the secret lives.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        facts: dict[str, str] = {"tenantId": settings.TENANT_ID, "issuer": tokens.issuer()}
        try:
            with transaction.atomic():
                app = registrations.register(
                    name=options["name"],
                    app_permissions=options["permission"],
                    delegated_permissions=options["delegated_permission"],
                    redirect_uris=options["redirect_uri"],
                    at=at,
                )
                facts |= {"clientId": str(app.pk), "displayName": app.display_name}
                if options["certificate"]:
                    pem = Path(options["certificate"]).read_text(encoding="ascii")
                    registrations.add_certificate(app=app, pem=pem, at=at)
                elif not options["no_secret"]:
                    made = registrations.add_secret(app=app, at=at, lifetime=timedelta(days=options["days"]))
                    facts["clientSecret"] = made.secret
        except (registrations.RegistrationRefused, OSError, UnicodeError, OverflowError) as error:
            raise CommandError(f"Nothing was registered: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(facts))
        else:
            self.stdout.write("\n".join(f"{name:13} {value}" for name, value in facts.items()))
