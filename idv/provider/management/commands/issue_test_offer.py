"""A fresh credential offer for a tester's wallet, against the running processes; in an emulation only."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from idv.protocol.issuance import offer_link_by_reference
from idv.provider import credential, demo_faces
from idv.provider.flows import issuing
from idv.provider.flows.deciding import credential_portrait
from recovery_portal.kit import clock, images


class Command(BaseCommand):
    help = "Print a credential offer and its transaction code (emulation only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--given-name", required=True)
        parser.add_argument("--family-name", required=True)
        parser.add_argument("--portrait", type=Path, help="a photo; without it a synthetic person's")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMULATION:
            raise CommandError("Test offers exist only with EMULATION=1.")
        at = clock.now()
        subject = credential.Subject(
            given_names=options["given_name"],
            surname=options["family_name"],
            date_of_birth=date(1990, 1, 1).isoformat(),
            sex="X",
            document_kind="passport",
            document_number="TEST00000",
            expiry_date=(at.date() + timedelta(days=3650)).isoformat(),
            issuing_country="UTO",
            nationality="UTO",
            portrait=credential_portrait(self._portrait(options["portrait"])),
        )
        offer = issuing.offer_for_test(subject=subject, at=at)
        link = offer_link_by_reference(offer.offer_uri)
        if options["as_json"]:
            self.stdout.write(json.dumps({"offer": link, "tx_code": offer.tx_code}))
        else:
            self.stdout.write(f"{link}\nTransaction code: {offer.tx_code}")

    def _portrait(self, path: Path | None) -> bytes:
        if path is None:
            return demo_faces.portrait("vera")
        try:
            return images.accept(path.read_bytes()).jpeg
        except OSError as error:
            raise CommandError(f"{path} cannot be read") from error
        except images.ImageRefused as refused:
            raise CommandError(str(refused.sentence)) from refused
