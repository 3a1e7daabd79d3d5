"""Whatever is sent to the image gate: a refusal with a sentence, or a clean picture. Nothing else comes out of it."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from recovery_portal.kit import images

# Pillow's remarks about metadata that it could not read; the metadata does not come out of the gate.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

PAYLOAD = b"<script>alert('PK\x03\x04')</script>"
SIDE = 160


def _photo(form: str) -> bytes:
    """A small photo with what cameras write, as each format keeps it."""
    picture = Image.radial_gradient("L").resize((SIDE, 120)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8825] = 6, "Maker", {1: "N", 2: (52.0, 31.0, 0.5)}
    out = io.BytesIO()
    picture.save(out, form, exif=exif.tobytes())
    return out.getvalue()


PHOTOS = {form: _photo(form) for form in ("JPEG", "PNG", "WEBP", "HEIF")}
forms = st.sampled_from(sorted(PHOTOS))


def judged(data: bytes) -> str:
    """The code of the refusal, or nothing for a picture that is as promised."""
    try:
        accepted = images.accept(data, max_side=SIDE)
    except images.ImageRefused as refused:
        sentence = str(refused.sentence)  # a code without one would be a KeyError
        return refused.code if sentence else "without a word"
    with Image.open(io.BytesIO(accepted.jpeg), formats=["JPEG"]) as picture:
        picture.load()
        assert picture.size == (accepted.width, accepted.height)
        assert max(picture.size) <= SIDE
        assert picture.mode == "RGB"
        assert not picture.getexif()
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(picture.info)
    assert PAYLOAD not in accepted.jpeg
    return ""


@pytest.mark.parametrize("form", sorted(PHOTOS))
def test_the_photo_itself_passes(form: str) -> None:
    assert judged(PHOTOS[form]) == ""


@settings(max_examples=150)
@given(
    st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8 "])
)
def test_noise_after_any_signature(noise: bytes, signature: bytes) -> None:
    assert judged(signature + noise)


@settings(max_examples=250)
@given(forms, st.data())
def test_bytes_that_were_changed_cut_out_or_doubled(form: str, data: st.DataObject) -> None:
    photo = bytearray(PHOTOS[form])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(0, len(photo) - 1)))
        match data.draw(st.sampled_from(["change", "cut", "double", "end"])):
            case "change":
                photo[at : at + 1] = data.draw(st.binary(min_size=1, max_size=4))
            case "cut":
                del photo[at : at + data.draw(st.integers(1, 40))]
            case "double":
                photo[at:at] = photo[at : at + data.draw(st.integers(1, 40))]
            case "end":
                del photo[max(at, 8) :]
    judged(bytes(photo))


@settings(max_examples=80)
@given(st.integers(0, len(PHOTOS["JPEG"])), st.binary(min_size=1, max_size=60))
def test_what_the_camera_wrote_may_be_nonsense(at: int, nonsense: bytes) -> None:
    """Orientation, lengths and offsets of the EXIF block are the sender's claims like all the rest."""
    photo = PHOTOS["JPEG"]
    begins = photo.index(b"Exif\0\0") + 6
    place = begins + at % 120
    judged(photo[:place] + nonsense + photo[place + len(nonsense) :])


# Each can be read and not be written again: figures of a place, of types that are not theirs.
UNWRITABLE = {
    "text where a fraction belongs": b"\x00\x02\x00\x01\x00\x00\x00\x03",
    "fraction where a text belongs": b"\x00\x01\x00\x05\x00\x00\x00\x01",
}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("entry", UNWRITABLE.values(), ids=UNWRITABLE)
def test_metadata_that_can_be_read_and_not_written_neither_passes_nor_breaks_the_gate(form: str, entry: bytes) -> None:
    tiff = (
        b"MM\x00*\x00\x00\x00\x08" + b"\x00\x02"
        b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"  # turned
        b"\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x26" + b"\x00\x00\x00\x00"
        b"\x00\x01" + entry + b"\x00\x00\x00\x38" + b"\x00\x00\x00\x00" + b"\x00\x00\x00\x07" * 8
    )
    out = io.BytesIO()
    Image.radial_gradient("L").resize((SIDE, 120)).convert("RGB").save(out, form, exif=b"Exif\x00\x00" + tiff)
    assert judged(out.getvalue()) == ""
    accepted = images.accept(out.getvalue(), max_side=SIDE)
    assert (accepted.width, accepted.height) == (120, SIDE)


@pytest.mark.parametrize("form", sorted(PHOTOS))
@pytest.mark.parametrize("place", ["behind", "before", "comment"])
def test_a_file_of_two_kinds_is_refused(form: str, place: str) -> None:
    photo = PHOTOS[form]
    if place == "before":
        assert judged(PAYLOAD + photo) in {"not_an_image", "unsupported_type"}
    elif place == "behind":
        assert judged(photo + PAYLOAD) == "more_than_a_photo"
    else:
        out = io.BytesIO()
        with Image.open(io.BytesIO(photo)) as picture:
            picture.convert("RGB").save(out, "JPEG", comment=PAYLOAD)
        assert PAYLOAD in out.getvalue()
        assert judged(out.getvalue()) == "more_than_a_photo"
