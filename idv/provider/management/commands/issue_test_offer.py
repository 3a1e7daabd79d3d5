"""A fresh credential offer for a tester's wallet, against the running processes; in an emulation only."""

import json
from argparse import BooleanOptionalAction
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from idv.protocol.issuance import offer_link_by_reference, offer_link_by_value
from idv.provider import credential, demo_faces, policy, portraits
from idv.provider.flows import offers
from recovery_portal.kit import clock, images


class Command(BaseCommand):
    help = "Print a credential offer and its transaction code (emulation only)."
    requires_system_checks = ()  # they cost as much time as everything else

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--given-name", default="Vera")
        parser.add_argument("--family-name", default="Specimen")
        parser.add_argument("--portrait", type=Path, help="a photo; without it a synthetic person's")
        parser.add_argument("--config", choices=list(credential.FORMATS), help="credential configuration id")
        parser.add_argument("--format", choices=sorted(set(credential.FORMATS.values())), help="the same, by format")
        parser.add_argument("--grant", choices=["pre-authorized_code", "authorization_code"])
        parser.add_argument("--tx-code", action=BooleanOptionalAction, default=True, help="ask for a transaction code")
        parser.add_argument("--by-value", action="store_true", help="the offer itself in the link, not its address")
        parser.add_argument(
            "--deferred",
            type=int,
            nargs="?",
            const=policy.DEFERRED_INTERVAL_S,
            metavar="SECONDS",
            help="the credential is ready only so long after it was asked for",
        )
        parser.add_argument("--denied", action="store_true", help="the credential is refused in the end")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMULATION:
            raise CommandError("Test offers exist only with EMULATION=1.")
        if options["deferred"] is not None and not 0 <= options["deferred"] <= policy.DEFERRED_AT_MOST_S:
            raise CommandError(f"--deferred takes 0 to {policy.DEFERRED_AT_MOST_S} seconds: tokens live no longer.")
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
            portrait=_portrait(options["portrait"]),
        )
        offer = offers.offer_for_test(
            subject=subject,
            at=at,
            configuration_id=_configuration(options["config"], options["format"]),
            with_tx_code=options["tx_code"],
            by_code_flow=options["grant"] == "authorization_code",
            ready_after_s=options["deferred"],
            is_denied=options["denied"],
        )
        link = offer_link_by_reference(offer.offer_uri)
        if options["by_value"]:
            link = offer_link_by_value(offers.read_offer(offer.offer_uri.rpartition("/")[2], at=at))
        if options["as_json"]:
            self.stdout.write(json.dumps({"offer": link} | ({"tx_code": offer.tx_code} if offer.tx_code else {})))
        else:
            self.stdout.write(link + (f"\nTransaction code: {offer.tx_code}" if offer.tx_code else ""))


def _configuration(configuration_id: str | None, credential_format: str | None) -> str:
    fitting = [name for name, fmt in credential.FORMATS.items() if credential_format in {None, fmt}]
    chosen = configuration_id or fitting[0]
    if chosen not in fitting:
        raise CommandError(f"{chosen} is not in the format {credential_format}.")
    return chosen


def _portrait(path: Path | None) -> bytes:
    if path is None:
        return portraits.for_credential(demo_faces.portrait("vera"))
    try:
        return portraits.for_credential(images.accept(path.read_bytes()).jpeg)
    except OSError as error:
        raise CommandError(f"{path} cannot be read") from error
    except images.ImageRefused as refused:
        raise CommandError(str(refused.sentence)) from refused
