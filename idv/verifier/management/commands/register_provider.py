"""Register an identity verification provider, or bring its row up to date. Harmless to repeat."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from idv.verifier import trust
from idv.verifier.models import IdentityProvider


class Command(BaseCommand):
    help = "Register an identity verification provider by its address. Harmless to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--issuer", required=True, help="The provider's address, without a slash at the end.")
        parser.add_argument("--client-id", default="", help="Our name there; by default this portal's address.")
        parser.add_argument("--vct", action="append", default=[], help="Accepted credential type; may be repeated.")
        parser.add_argument("--certificates", default="", help="PEM file of the certification authorities to trust.")
        parser.add_argument("--description", default="")
        parser.add_argument("--contact", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        issuer: str = options["issuer"]
        row = IdentityProvider.objects.filter(issuer=issuer).first() or IdentityProvider(issuer=issuer)
        row.name = options["name"]
        row.client_id = options["client_id"] or settings.PORTAL_BASE_URL
        row.description, row.contact = options["description"], options["contact"]
        row.allowed_vcts = options["vct"] or [f"{issuer}/credentials/VerifiedIdentity"]
        try:
            if options["certificates"]:
                row.trusted_certificates = Path(options["certificates"]).read_text(encoding="ascii")
                trust.certificates_in(row.trusted_certificates)
            row.full_clean()
        except (OSError, ValueError, ValidationError) as error:
            raise CommandError(f"The provider was not registered: {error}") from error
        row.save()
        self.stdout.write(json.dumps({"provider": str(row.pk), "name": row.name, "issuer": row.issuer}))
