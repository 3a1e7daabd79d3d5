"""``manage.py specimen``: write a printable SPECIMEN document of Utopia to files."""

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from idv.provider import specimen
from recovery_portal.kit import clock, images


class Command(BaseCommand):
    help = "Draw a printable SPECIMEN document of the fictitious state Utopia, for any name and portrait."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--kind", choices=specimen.KINDS, default="passport")
        parser.add_argument("--given-name", required=True)
        parser.add_argument("--surname", required=True)
        parser.add_argument("--born", required=True, type=date.fromisoformat, help="date of birth, YYYY-MM-DD")
        parser.add_argument("--sex", choices=["F", "M", "X"], default="X")
        parser.add_argument("--size", choices=specimen.SIZES, default="TD1", help="of an identity card")
        parser.add_argument("--number", default="", help="document number; made up when left out")
        parser.add_argument("--expires", type=date.fromisoformat, help="YYYY-MM-DD; ten years from issue when left out")
        parser.add_argument("--issued", type=date.fromisoformat, help="YYYY-MM-DD; today when left out")
        parser.add_argument("--portrait", required=True, type=Path, help="JPEG, PNG, WebP or HEIC with one face")
        parser.add_argument("--output", type=Path, default=Path("."), help="directory for the PNG files")
        parser.add_argument("--photo", action="store_true", help="also write a phone-like photo of each side (JPEG)")
        parser.add_argument("--altered", choices=specimen.ALTERATIONS, default="", help="spoil it, for tests")

    def handle(self, **options: Any) -> None:
        try:
            portrait = images.accept(options["portrait"].read_bytes()).jpeg
        except OSError as error:
            raise CommandError(f"{options['portrait']} cannot be read: {error.strerror}") from error
        except images.ImageRefused as refused:
            raise CommandError(f"{options['portrait']}: {refused.sentence}") from refused
        holder = specimen.Holder(
            given_names=options["given_name"],
            surname=options["surname"],
            date_of_birth=options["born"],
            sex=options["sex"],
            document_number=options["number"],
        )
        try:
            drawn = specimen.draw(
                options["kind"],
                holder,
                portrait,
                issued_on=options["issued"] or clock.now().date(),
                expires_on=options["expires"],
                altered=options["altered"],
                size=options["size"],
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        files = write(drawn, options["output"], with_photos=options["photo"])
        self.stdout.write(json.dumps({"number": drawn.holder.document_number, "files": [str(file) for file in files]}))


def write(drawn: specimen.Specimen, directory: Path, *, with_photos: bool) -> list[Path]:
    """The pages as PNG (and photos as JPEG), named by kind, document number and side. Returns the paths written."""
    directory.mkdir(parents=True, exist_ok=True)
    stem = f"{drawn.kind}_{drawn.holder.document_number}"
    contents = {directory / f"{stem}_{side}.png": drawn.png(side) for side in drawn.pages}
    if with_photos:
        contents |= {directory / f"{stem}_{side}_photo.jpg": jpeg for side, jpeg in drawn.photographed().items()}
    for path, content in contents.items():
        path.write_bytes(content)
    return list(contents)
