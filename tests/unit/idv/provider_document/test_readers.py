"""One contract for both readers; then real OCR on photographed specimens, honest, altered and hopeless."""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image

from idv.face import cards
from idv.face.dlib_engine import DlibFaceEngine
from idv.provider import specimen
from idv.provider.document import SIDES, DocumentReader, DocumentUnreadable, glyphs, mrz, ocr, scripted
from idv.provider.document.reader import HighAssuranceDocumentReader, OcrDocumentReader
from idv.provider.document.scripted import ScriptedDocumentReader
from idv.provider.specimen import Holder, paper
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


@pytest.mark.slow
def test_a_large_card_has_its_zone_on_the_front() -> None:
    document = drawn("identity_card", size="TD2")
    photos = document.photographed(seed=5, severity="hard")
    reading = HighAssuranceDocumentReader().read("identity_card", photos, at=AT)
    assert reading.accepted, reading.checks
    assert reading.mrz == document.zone
    with pytest.raises(DocumentUnreadable, match=r"wrong_kind|mrz_not_found|mrz_unreadable"):
        OcrDocumentReader().read("passport", {"front": photos["front"]}, at=AT)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["passport", "driving_licence"])
def test_a_copy_without_colours_is_not_believed(kind: str) -> None:
    document = drawn(kind)
    copied = {side: page.convert("L").convert("RGB") for side, page in document.pages.items()}
    photos = {side: specimen.photograph(page, seed=6) for side, page in copied.items()}
    with pytest.raises(DocumentUnreadable, match="photocopy_suspected"):
        OcrDocumentReader().read(kind, photos, at=AT)


def _zone_view(text: str) -> tuple[np.ndarray, list[ocr.Line]]:
    page = Image.new("RGB", (1500, 260), (248, 249, 250))
    paper.write_zone(page, tuple(text.split("\n")), left=90, top=66, pitch=30.0, leading=76)
    rows = [np.array([[80, y], [1420, y], [1420, y + 52], [80, y + 52]], np.float32) for y in (40, 116)]
    return np.asarray(page), [ocr.Line(row) for row in rows]


def test_shapes_agree_with_what_stands_there_and_with_nothing_else() -> None:
    zone = mrz.Zone(mrz.TD3, tuple(drawn("passport").zone.split("\n")))
    shapes = glyphs.Shapes(*_zone_view(zone.text))
    assert shapes.agree(zone)
    assert not shapes.agree(mrz.replaced(zone, (0, 5, 6), "X"))
    assert not shapes.agree(mrz.replaced(zone, (1, 14, 15), "8" if zone.lines[1][14] != "8" else "3"))


def test_shapes_settle_what_no_check_digit_can() -> None:
    """The two numbers share every check digit, and neither the network nor the print tells O from 0."""
    common = {"issuer": "UTO", "surname": "Smith", "given_names": "Anna", "nationality": "UTO", "sex": "F"}
    dates = {"born": date(1952, 9, 23), "expires": date(2032, 12, 5)}
    one, other = (mrz.compose(mrz.TD3, code="P", number=n, **common, **dates) for n in ("O7OGIA0RO", "O70GIAOR0"))
    for meant in (one, other):
        assert glyphs.Shapes(*_zone_view(meant.text)).choose([one, other]) == (meant,)


def test_shapes_must_be_clearer_to_contradict_the_network_than_to_bear_it_out() -> None:
    common = {"issuer": "UTO", "surname": "Smith", "given_names": "Anna", "nationality": "UTO", "sex": "F"}
    dates = {"born": date(1952, 9, 23), "expires": date(2032, 12, 5)}
    one, other = (mrz.compose(mrz.TD3, code="P", number=n, **common, **dates) for n in ("XY8O449O6", "XY8044906"))
    sharp, rows = _zone_view(one.text)
    assert glyphs.Shapes(sharp, rows).choose([one, other], seen=other) == (one,), "as clear as can be"
    view, rows = _zone_view(other.text)
    for sigma in (1.5, 3.5, 4.5, 5.5, 6.5, 7.5, 10):  # every 0 grows as round as an O
        blurred = cv2.GaussianBlur(view, (0, 0), sigma)
        assert other in glyphs.Shapes(blurred, rows).choose([one, other], seen=other), sigma


def test_shapes_that_cannot_be_seen_choose_nothing() -> None:
    common = {"issuer": "UTO", "surname": "Smith", "given_names": "Anna", "nationality": "UTO", "sex": "F"}
    dates = {"born": date(1952, 9, 23), "expires": date(2032, 12, 5)}
    readings = [mrz.compose(mrz.TD3, code="P", number=n, **common, **dates) for n in ("O7OGIA0RO", "O70GIAOR0")]
    view, rows = _zone_view(readings[0].text)
    assert glyphs.Shapes(np.full_like(view, 200), rows).choose(readings) == tuple(readings)


@pytest.mark.parametrize(("number", "outcome"), scripted.NUMBERS.items())
def test_a_number_of_the_catalogue_chooses_the_outcome(number: str, outcome: dict[str, str]) -> None:
    front = {"front": cards.write({"document": {"document_number": number}, "side": number})}
    if code := outcome.get("unreadable"):
        with pytest.raises(DocumentUnreadable) as refused:
            ScriptedDocumentReader().read("passport", front, at=AT)
        assert refused.value.code == code
        return
    reading = ScriptedDocumentReader().read("passport", front, at=AT)
    assert reading.first_refusal == outcome.get("refused", "")
    assert (cards.read(reading.portrait) or {})["person"] == outcome.get("person", "Lindqvist")
    assert set(outcome) <= {"unreadable", "refused", "person"}


@pytest.mark.parametrize(
    "told",
    [{"date_of_birth": "yesterday"}, {"surnam": "Eriksson"}, "a passport", ["a"], {"expiry_date": None}],
)
def test_a_card_that_says_nonsense_is_no_document(told: object) -> None:
    with pytest.raises(DocumentUnreadable):
        ScriptedDocumentReader().read("passport", {"front": cards.write({"document": told})}, at=AT)
