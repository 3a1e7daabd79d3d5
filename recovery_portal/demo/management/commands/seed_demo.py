"""Founds the demo organisation and prints the operator's one-time sign-in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from idv.verifier import keys
from recovery_portal.demo import organisation
from recovery_portal.kit import clock


class Command(BaseCommand):
    help = "Create or refresh the demo organisation (emulation only)."

    def handle(self, *_: Any, **options: Any) -> None:
        if not settings.EMULATION:
            raise CommandError("The demo organisation is for EMULATION=1 only.")
        at = clock.now()
        keys.provision(at=at)  # else made at the first recovery, and a task on the checklist until then
        password = organisation.found(at=at)
        self.stdout.write(f"Operator: {organisation.OPERATOR}  password (new at every start): {password}")
