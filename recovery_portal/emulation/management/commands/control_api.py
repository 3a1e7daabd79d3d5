"""Prints the description of the control API."""

from typing import Any

from django.core.management.base import BaseCommand

from recovery_portal.emulation import openapi
from recovery_portal.emulation.api import load


class Command(BaseCommand):
    help = "Print the control API of this house in OpenAPI (emulation only)."

    def handle(self, *_: Any, **options: Any) -> None:
        load()
        self.stdout.write(openapi.as_yaml(), ending="")
