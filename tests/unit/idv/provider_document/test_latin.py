"""The recogniser without the characters that no field may hold."""

from pathlib import Path

import pytest
import rapidocr

from idv.provider.document import latin, ocr

MODEL = Path(rapidocr.__file__).parent / "models" / "PP-OCRv6_rec_small.onnx"


def test_what_is_kept_is_latin_the_blank_and_what_stands_for_a_filler() -> None:
    characters = ocr._engine().text_rec.postprocess_op.character
    assert characters[0] == "blank"
    assert set("AZaz09<ÄØßłÇñ «く") <= set(characters)
    assert not set("中のЖλ") & set(characters)


def test_it_is_the_same_network_but_for_its_last_layer() -> None:
    known = ["blank", *(chr(0x4E00 + n) for n in range(18_708)), "A"]
    network, kept = latin.cut_down(MODEL, known, besides="")
    assert kept == ["blank", "A"]
    assert len(network) < MODEL.stat().st_size - 18_000 * 120 * 4


def test_a_model_of_another_making_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(ValueError, match="no layer of 3"):
        latin.cut_down(tmp_path / "empty.onnx", ["blank", "A", "B"], besides="")
