"""``make bench-documents``: what the document reader makes of photographed specimens nobody developed it on.

Exact: accepted, and the zone and every field as drawn. Unreadable: asked for a better photo. Refused: blamed an honest
document. Wrong: accepted with anything else than was drawn. Seeds from two million on are kept for this measurement.
Milliseconds are processor time of this process: what another process takes meanwhile does not count.
"""

import argparse
import json
import os
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import django

HELD_OUT = 2_000_000
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
OUTCOMES = ("exact", "unreadable", "refused", "wrong")
SEVERITIES = ("mild", "medium", "hard")
_NAMES = ("Anna Maria", "Zoë", "Sven Åke", "Jürgen", "Kim", "Çağla", "María José", "Pat", "Øyvind", "Li", "Grace Hope")
_SURNAMES = ("Müller-Eriksson", "O'Brien", "Sørensen", "Nguyen", "Smith", "Gonçalves", "Łukasiewicz", "Ito", "van Dyk")
_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass
class Tally:
    """What became of one set of documents."""

    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, outcome: str, milliseconds: float, why: str = "") -> None:
        self.outcomes[outcome] += 1
        self.milliseconds.append(milliseconds)
        if why:
            self.failures.append(f"{outcome}: {why}")

    def __add__(self, other: "Tally") -> "Tally":
        outcomes = {name: self.outcomes[name] + other.outcomes[name] for name in OUTCOMES}
        return Tally(outcomes, self.milliseconds + other.milliseconds, self.failures + other.failures)

    def row(self, name: str) -> str:
        number = sum(self.outcomes.values())
        ordered = sorted(self.milliseconds)
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        share = 100 * self.outcomes["exact"] / number
        figures = " | ".join(str(count) for count in self.outcomes.values())
        return f"| {name} | {number} | {figures} | {share:.1f} % | {statistics.median(ordered):.0f} | {p95:.0f} |"


def _holder(chance: random.Random) -> "object":
    from idv.provider.specimen import Holder

    born = date(1940, 1, 1) + timedelta(days=chance.randrange(24_000))
    # One number in three is any nine characters, with all the look-alikes that a real state may hand out.
    number = "".join(chance.choices(_ALNUM, k=9)) if chance.random() < 1 / 3 else ""
    personal = "".join(chance.choices(_ALNUM, k=8)) if chance.random() < 0.5 else ""
    return Holder(
        chance.choice(_NAMES), chance.choice(_SURNAMES), born, chance.choice("FMX"), document_number=number,
        personal_number=personal,
    )  # fmt: skip


def _drawn(kind: str, seed: int, size: str = "TD1") -> "object":
    from idv.provider import specimen
    from recovery_portal.demo import people

    chance = random.Random(seed)
    portrait = people.jpeg(chance.choice(people.PEOPLE), "portrait")
    issued = date(2018, 1, 1) + timedelta(days=chance.randrange(3000))
    return specimen.draw(kind, _holder(chance), portrait, issued_on=issued, size=size)


def _judge(reading: object, drawn: object) -> tuple[str, str]:
    """The outcome for an honest document, and what was different."""
    from idv.provider.document import mrz

    fields, truth = reading.fields, drawn.holder
    pairs = {
        "surname": (mrz.transliterate(fields.surname), mrz.transliterate(truth.surname)),
        "given_names": (mrz.transliterate(fields.given_names), mrz.transliterate(truth.given_names)),
        "number": (fields.document_number, truth.document_number),
        "born": (fields.date_of_birth, truth.date_of_birth),
        "expires": (fields.expiry_date, drawn.expires_on),
        "sex": (fields.sex, truth.sex),
    }
    if reading.mrz:
        pairs["zone"] = (reading.mrz, drawn.zone)
    different = [f"{key} {got!r} is {want!r}" for key, (got, want) in pairs.items() if got != want]
    if reading.accepted:
        return ("wrong", "; ".join(different)) if different else ("exact", "")
    return "refused", ", ".join(check.reason_code for check in reading.checks if not check.ok) + f" {different}"


def documents(kind: str, size: str, severity: str, seeds: Iterator[int], count: int) -> Tally:
    """Whole readings, from the bytes of the photos to the checks."""
    from idv.provider.document import DocumentUnreadable
    from idv.provider.document.reader import OcrDocumentReader

    reader, tally = OcrDocumentReader(), Tally()
    for _ in range(count):
        seed = next(seeds)
        drawn = _drawn(kind, seed, size)
        photos = drawn.photographed(seed=seed, severity=severity)
        began = time.process_time()
        try:
            reading = reader.read(kind, photos, at=AT)
        except DocumentUnreadable as unreadable:
            outcome, why = "unreadable", f"{unreadable.code} {unreadable.reason}"
        else:
            outcome, why = _judge(reading, drawn)
        tally.add(outcome, (time.process_time() - began) * 1000, why and f"{kind} {size} {severity} {seed} {why}")
    return tally


def barcodes(severity: str, pixels: float, seeds: Iterator[int], count: int) -> Tally:
    """The barcode alone, photographed so that one of its modules is ``pixels`` wide on average."""
    from idv.provider.document import DocumentUnreadable, aamva, barcode, locate
    from idv.provider.specimen import camera, pages

    tally = Tally()
    for _ in range(count):
        seed = next(seeds)
        drawn = _drawn("driving_licence", seed)
        share = pixels * pages.CARD_SIZE[0] / pages.MODULE_PX / camera.photo_width(severity)
        photo = camera.photograph(drawn.pages["back"], seed=seed, severity=severity, share=share)
        began = time.process_time()
        try:
            found = barcode.decode(locate.decode(photo))
            number = aamva.parse(found).number
            outcome = "exact" if found == drawn.barcode else "wrong"
            why = "" if outcome == "exact" else number
        except (DocumentUnreadable, aamva.LicenceMalformed) as unreadable:
            outcome, why = "unreadable", str(unreadable)
        tally.add(outcome, (time.process_time() - began) * 1000, why and f"barcode {severity} {pixels} {seed} {why}")
    return tally


def _parts(options: argparse.Namespace, seeds: Iterator[int]) -> Iterator[tuple[str, Callable[[], Tally]]]:
    pages = options.pages
    for severity in options.severity or SEVERITIES:
        if options.only in (None, "zones"):
            yield f"TD3, {severity}", lambda s=severity: documents("passport", "TD1", s, seeds, pages // 3)
            for size in ("TD1", "TD2"):
                yield (
                    f"{size}, {severity}",
                    lambda s=severity, z=size: documents("identity_card", z, s, seeds, pages // 3),
                )
        if options.only in (None, "licences"):
            yield f"licence, {severity}", lambda s=severity: documents("driving_licence", "TD1", s, seeds, pages // 6)
        if options.only in (None, "barcodes"):
            yield f"PDF417 at 3 px, {severity}", lambda s=severity: barcodes(s, 3.0, seeds, pages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=300, help="documents per severity, a third of each kind of zone")
    parser.add_argument("--seed", type=int, default=HELD_OUT, help="first seed; below two million is development")
    parser.add_argument("--severity", choices=SEVERITIES, action="append", help="only this one (may be repeated)")
    parser.add_argument("--only", choices=["zones", "licences", "barcodes"], help="only this part")
    parser.add_argument("--failures", action="store_true", help="list every document that was not read exactly")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    seeds = iter(range(options.seed, options.seed + 10_000_000))
    tallies: dict[str, Tally] = {}
    print("| set | documents | exact | unreadable | refused | wrong | exact share | median ms | p95 ms |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, measure in _parts(options, seeds):
        tallies[name] = measure()
        print(tallies[name].row(name), flush=True)
    print(sum(tallies.values(), Tally()).row("all of them"))
    if options.failures:
        print("\n".join(why for tally in tallies.values() for why in tally.failures))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"peak_mb": peak} | {name: tally.outcomes for name, tally in tallies.items()}))


if __name__ == "__main__":
    main()
