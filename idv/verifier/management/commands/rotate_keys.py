"""Retire the portal's signing key for a new one. The retired key stays published."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from idv.verifier import keys
from recovery_portal.kit import clock


class Command(BaseCommand):
    help = "Replace the key that this portal signs its requests with. The old one stays published."

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        try:
            row = keys.rotate(at=at)
        except keys.NotProvisioned as refused:
            raise CommandError(str(refused)) from refused
        published = [entry["kid"] for entry in keys.published_jwks(at=at)["keys"]]
        self.stdout.write(json.dumps({"kid": row.kid, "published": published, "trust_anchor": row.trust_anchor}))
