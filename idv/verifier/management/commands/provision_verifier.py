"""Make or import the portal's own signing key. Harmless to repeat."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from idv.verifier import keys
from recovery_portal.kit import clock


class Command(BaseCommand):
    help = "Make or import the key that this portal signs its requests with. Harmless to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            row = keys.provision(at=clock.now())
        except keys.NotProvisioned as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(json.dumps({"kid": row.kid, "trust_anchor": row.trust_anchor}))
