"""``manage.py calibrate_faces FOLDER``: what a confidence means, measured on labelled pictures of one's own."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from idv.face.evaluation import calibrating, curves, pairs
from recovery_portal.kit import adapters, clock


class Command(BaseCommand):
    help = (
        "Measure the configured face engine on FOLDER/<person>/*.jpg; write a report, its curves and, when there are"
        " pairs enough, a calibration for FACE_CALIBRATION_FILE."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--out", type=Path, default=Path("face-calibration"), help="where the files are written")

    def handle(self, *args: Any, **options: Any) -> None:
        engine, at = adapters.load("FACE_ENGINE"), clock.now()
        try:
            labelled = pairs.read(engine, options["folder"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        distances = pairs.compare(engine, labelled)
        try:
            calibration, fitted = calibrating.fit(engine, distances, at=at), True
        except calibrating.TooFewPairs as few:
            self.stderr.write(f"No new calibration: {few}. The report uses the one in force.")
            calibration, fitted = engine.calibration, False
        found = calibrating.report(engine, labelled, distances, calibration, at=at)
        out: Path = options["out"]
        out.mkdir(parents=True, exist_ok=True)
        name = f"{engine.name}-{at:%Y%m%d}"
        (out / f"{name}.svg").write_text(curves.draw(distances, calibration, f"{engine.name}, {calibration.label}"))
        (out / f"{name}.json").write_text(json.dumps(found | {"fitted": fitted}, indent=2) + "\n")
        self.stdout.write(
            f"{found['people']} people, {found['pictures']} pictures, {found['genuine_pairs']} genuine and"
            f" {found['impostor_pairs']} impostor pairs; equal error rate {found['equal_error_rate']:.2%}."
        )
        for confidence, rates in found["at"].items():
            self.stdout.write(
                f"  {confidence}: false match {rates['false_match']:.4%} {_span(rates['false_match_95'])},"
                f" false non-match {rates['false_non_match']:.2%} {_span(rates['false_non_match_95'])}"
            )
        self.stdout.write(f"Report: {out / name}.json and .svg")
        if fitted:
            self.stdout.write(f"Use it: FACE_CALIBRATION_FILE={(out / name).absolute()}.json")


def _span(interval: list[float]) -> str:
    return f"[{interval[0]:.2%}, {interval[1]:.2%}]"
