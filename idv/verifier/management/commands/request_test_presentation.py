"""A fresh presentation request for anybody's wallet, answered like any other. Emulation only."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from idv.verifier import flows
from idv.verifier.models import IdentityProvider
from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError


class Command(BaseCommand):
    help = "Make a fresh presentation request and print it as JSON. Emulation only."
    # They would load every page of the portal; this is asked for again and again by test suites, and must be quick.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--provider", default="", help="Name of the provider; by default the first enabled one.")
        parser.add_argument("--json", action="store_true", help="The only output format; accepted for clarity.")
        parser.add_argument(
            "--format", choices=["dc+sd-jwt", "jwt_vc_json", "any"], default="dc+sd-jwt", help="Credential format."
        )
        parser.add_argument(
            "--client-id-prefix",
            choices=["x509_hash", "x509_san_dns", "decentralized_identifier"],
            default="x509_hash",
            help="How the verifier names itself.",
        )
        parser.add_argument("--response-mode", choices=["direct_post", "direct_post.jwt"], default="direct_post.jwt")
        parser.add_argument("--request-uri-method", choices=["get", "post"], default="get")
        parser.add_argument(
            "--transaction-data",
            action="store_true",
            help="Put transaction data into the request; wallets that do not know its type must refuse it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMULATION:
            raise CommandError("Test presentations exist in emulation only (EMULATION=1).")
        providers = IdentityProvider.objects.filter(enabled=True)
        if options["provider"]:
            providers = providers.filter(name=options["provider"])
        provider = providers.first()
        if provider is None:
            raise CommandError("No such provider is registered and enabled: see manage.py register_provider.")
        if options["transaction_data"] and options["format"] != "dc+sd-jwt":
            raise CommandError("Transaction data is signed in the key binding of dc+sd-jwt alone.")
        try:
            request = flows.request_presentation(
                provider=provider,
                proofing_reference=None,
                purpose=_("Test of a wallet"),
                account_hint="",
                same_device=False,
                at=clock.now(),
                wire=flows.RequestWire(
                    prefix=options["client_id_prefix"],
                    response_mode=options["response_mode"],
                    request_uri_method=options["request_uri_method"],
                    demands_transaction_data=options["transaction_data"],
                    credential_format=options["format"],
                ),
            )
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(json.dumps({"request": request.authorization_request_uri}))
