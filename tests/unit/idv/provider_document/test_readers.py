"""One contract for both readers; then real OCR on photographed specimens, honest, altered and hopeless."""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from idv.face import cards
from idv.face.dlib_engine import DlibFaceEngine
from idv.provider import specimen
from idv.provider.document import SIDES, DocumentReader, DocumentUnreadable
from idv.provider.document.reader import OcrDocumentReader
from idv.provider.document.scripted import ScriptedDocumentReader
from idv.provider.specimen import Holder
from recovery_portal.demo import people
from tests.unit.idv.face import pictures

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOLDER = Holder("Anna Maria", "Müller-Eriksson", date(1974, 8, 12), "F")
KINDS = list(specimen.KINDS)


def drawn(kind: str, holder: Holder = HOLDER, **how: object) -> specimen.Specimen:
    options = {"issued_on": date(2024, 5, 1)} | how
    return specimen.draw(kind, holder, people.jpeg("vera", "portrait"), **options)  # type: ignore[arg-type]


@functools.cache
def _photos(kind: str, expires: date | None) -> dict[str, bytes]:
    return drawn(kind, expires_on=expires).photographed(seed=1)


def _cards(kind: str, expires: date | None) -> dict[str, bytes]:
    told = {
        "surname": HOLDER.surname,
        "given_names": HOLDER.given_names,
        "date_of_birth": "1974-08-12",
        "document_number": HOLDER.numbered(kind).document_number,
        "expiry_date": (expires or date(2034, 5, 1)).isoformat(),
        "sex": "F",
    }
    return {side: cards.write({"document": told, "person": "vera"}) for side in SIDES[kind]}


@dataclass(frozen=True)
class World:
    reader: DocumentReader
    images: Callable[[str, date | None], dict[str, bytes]]


@pytest.fixture(
    params=[
        pytest.param(lambda: World(OcrDocumentReader(), _photos), id="ocr", marks=pytest.mark.slow),
        pytest.param(lambda: World(ScriptedDocumentReader(), _cards), id="scripted"),
    ],
)
def world(request: pytest.FixtureRequest) -> World:
    return request.param()


@pytest.mark.parametrize("kind", KINDS)
def test_it_reads_a_document(world: World, kind: str) -> None:
    reading = world.reader.read(kind, world.images(kind, None), at=AT)
    assert reading.accepted, reading.checks
    assert reading.first_refusal == ""
    fields = reading.fields
    assert (fields.given_names, fields.surname) == ("Anna Maria", "Müller-Eriksson")
    assert (fields.date_of_birth, fields.expiry_date) == (date(1974, 8, 12), date(2034, 5, 1))
    assert (fields.document_number, fields.sex) == (HOLDER.numbered(kind).document_number, "F")
    assert fields.issuing_country == "UTO"
    assert reading.portrait.startswith(b"\xff\xd8\xff")


def test_an_expired_document_is_read_and_refused(world: World) -> None:
    reading = world.reader.read("passport", world.images("passport", date(2026, 11, 21)), at=AT)
    assert reading.first_refusal == "document_expired"
    assert not reading.accepted


def test_a_document_is_valid_through_its_last_day(world: World) -> None:
    assert world.reader.read("passport", world.images("passport", AT.date()), at=AT).accepted


def test_a_missing_side_asks_for_all_photos(world: World) -> None:
    front = world.images("identity_card", None)["front"]
    with pytest.raises(DocumentUnreadable, match="side_missing"):
        world.reader.read("identity_card", {"front": front}, at=AT)


def test_a_photo_of_something_else_is_unreadable(world: World) -> None:
    with pytest.raises(DocumentUnreadable) as unreadable:
        world.reader.read("passport", {"front": pictures.nobody()}, at=AT)
    assert unreadable.value.code == "mrz_not_found"
    assert str(unreadable.value.sentence).endswith(".")


def test_an_unknown_kind_is_a_mistake_of_ours(world: World) -> None:
    with pytest.raises(KeyError):
        world.reader.read("library_card", {}, at=AT)


def test_the_script_may_refuse_with_any_code() -> None:
    images = _cards("passport", None)
    cues = (cards.read(images["front"]) or {}) | {"refused": "printed_name_differs"}
    reading = ScriptedDocumentReader().read("passport", {"front": cards.write(cues)}, at=AT)
    assert reading.first_refusal == "printed_name_differs"


@pytest.mark.slow
@pytest.mark.parametrize("severity", ["medium", "hard"])
@pytest.mark.parametrize("kind", KINDS)
def test_worse_photos_are_read_right(kind: str, severity: str) -> None:
    holder = Holder("Zoë", "O'Brien", date(1999, 2, 28), "X")
    document = drawn(kind, holder)
    reading = OcrDocumentReader().read(kind, document.photographed(seed=11, severity=severity), at=AT)
    assert reading.accepted
    assert (reading.fields.given_names, reading.fields.surname) == ("Zoë", "O'Brien")
    assert reading.fields.document_number == document.holder.document_number


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["passport", "identity_card"])
def test_an_altered_check_digit_is_refused(kind: str) -> None:
    reading = OcrDocumentReader().read(kind, drawn(kind, altered="check_digit").photographed(seed=2), at=AT)
    assert reading.first_refusal == "mrz_check_digit_wrong"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_another_name_in_print_is_refused(kind: str) -> None:
    reading = OcrDocumentReader().read(kind, drawn(kind, altered="printed_name").photographed(seed=3), at=AT)
    assert reading.first_refusal == "printed_name_differs"


@pytest.mark.slow
def test_an_identity_card_is_not_taken_for_a_passport() -> None:
    back = drawn("identity_card").jpeg("back")
    with pytest.raises(DocumentUnreadable):
        OcrDocumentReader().read("passport", {"front": back}, at=AT)


@pytest.mark.slow
def test_the_drawing_itself_and_upside_down_photos_are_read_too() -> None:
    document = drawn("passport")
    straight = OcrDocumentReader().read("passport", {"front": document.jpeg()}, at=AT)
    turned = pictures.saved(document.pages["front"].rotate(180))
    assert straight.accepted
    assert OcrDocumentReader().read("passport", {"front": turned}, at=AT).mrz == straight.mrz


@pytest.mark.slow
def test_a_barcode_that_is_no_licence_is_named() -> None:
    document = drawn("driving_licence")
    with pytest.raises(DocumentUnreadable, match="barcode_not_found"):
        OcrDocumentReader().read("driving_licence", {"front": document.jpeg(), "back": document.jpeg()}, at=AT)


@pytest.mark.slow
def test_the_portrait_of_a_photographed_document_is_recognised() -> None:
    engine = DlibFaceEngine()
    for seed, person in enumerate(("vera", "abel")):
        document = specimen.draw("passport", HOLDER, people.jpeg(person, "portrait"), issued_on=date(2024, 5, 1))
        reading = OcrDocumentReader().read("passport", document.photographed(seed=seed, severity="hard"), at=AT)
        portrait = engine.embed(reading.portrait)
        assert engine.confidence(portrait, [engine.embed(people.jpeg(person, "selfie2"))]) > 80
        other = "abel" if person == "vera" else "vera"
        assert engine.confidence(portrait, [engine.embed(people.jpeg(other, "selfie2"))]) < 50


def test_a_specimen_is_the_same_each_time_and_another_for_another_person() -> None:
    first, again = drawn("passport"), drawn("passport")
    other = drawn("passport", Holder("Bo", "Li", date(1980, 1, 1)))
    assert first.png() == again.png()
    assert first.holder.document_number != other.holder.document_number


def test_specimens_refuse_what_they_cannot_draw() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        drawn("library_card")
    with pytest.raises(ValueError, match="no check digits"):
        drawn("driving_licence", altered="check_digit")


def _specimen(tmp_path: Path, *more: str) -> dict[str, object]:
    from io import StringIO

    out = StringIO()
    portrait = str(people.path("vera", "portrait"))
    call_command(
        "specimen", "--given-name", "Anna", "--surname", "Eriksson", "--born", "1974-08-12", "--output", str(tmp_path),
        "--portrait", portrait, *more, stdout=out,
    )  # fmt: skip
    return json.loads(out.getvalue())


@pytest.mark.slow
def test_the_command_writes_printable_files(tmp_path: Path) -> None:
    told = _specimen(tmp_path, "--kind", "identity_card", "--photo")
    assert len(told["files"]) == 4  # type: ignore[arg-type]
    assert all(Path(file).stat().st_size > 10_000 for file in told["files"])  # type: ignore[attr-defined]


def test_the_command_says_what_is_wrong_with_a_portrait(tmp_path: Path) -> None:
    broken = tmp_path / "portrait.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(CommandError, match="not a photo"):
        _specimen(tmp_path, "--portrait", str(broken))
    with pytest.raises(CommandError, match="cannot be read"):
        _specimen(tmp_path, "--portrait", str(tmp_path / "nothing.jpg"))
