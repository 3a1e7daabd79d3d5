"""Make credentials of one proofing stop counting."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from idv.provider.flows import status
from idv.provider.models import IssuedCredential
from recovery_portal.kit import clock


class Command(BaseCommand):
    help = "Revoke (for good) or suspend the credentials of a proofing reference; verifiers notice within seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", help="the claim proofingReference")
        parser.add_argument("--reason", required=True, help="for the record")
        parser.add_argument("--by", default="shell", help="who decides, for the record")
        parser.add_argument("--suspend", action="store_true", help="suspend instead of revoking")
        parser.add_argument("--resume", action="store_true", help="take a suspension back")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["reason"].strip():
            raise CommandError("Give a reason.")
        if options["suspend"] and options["resume"]:
            raise CommandError("Either --suspend or --resume.")
        wanted = IssuedCredential.Status.INVALID
        if options["suspend"]:
            wanted = IssuedCredential.Status.SUSPENDED
        if options["resume"]:
            wanted = IssuedCredential.Status.VALID
        changed = status.set_status(
            proofing_reference=options["reference"],
            status=wanted,
            reason=options["reason"],
            by=options["by"],
            at=clock.now(),
        )
        if not changed:
            raise CommandError("No credential of this reference that is not revoked already.")
        self.stdout.write(f"{changed} credential(s): {wanted.label}.")
