import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.wallet import display

JPEG = b"\xff\xd8\xff\xe0 picture \xff\xd9"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def uri(data: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def test_a_jpeg_is_shown():
    assert display.portrait(uri(JPEG)) == uri(JPEG)


@pytest.mark.parametrize(
    "value",
    [
        uri(b"<svg onload=alert(1)>", "image/svg+xml"),
        uri(b"<script>", "text/html"),
        uri(b"<svg onload=alert(1)>"),
        uri(JPEG, "image/png"),
        uri(JPEG, "IMAGE/JPEG"),
        "data:image/jpeg," + JPEG.hex(),
        "data:image/jpeg;base64,!!!!",
        uri(JPEG) + '" onerror="alert(1)',
        uri(b"\xff\xd8\xff" + b"x" * 300_000 + b"\xff\xd9"),
        uri(JPEG[:-2]),
        "",
        None,
        7,
        ["data:image/jpeg;base64,"],
    ],
)
def test_nothing_else_is_shown_as_a_picture(value):
    assert display.portrait(value) is None


def test_a_line_loses_what_hides_or_turns_text():
    assert display.line("a\u202eb\u200bc\nd\x00e\ud800") == "abc de"
    assert display.line("x" * 500) == "x" * 120
    assert display.line(5) == ""


def test_names_become_words():
    assert display.label_of("documentIssuingCountry") == "Document issuing country"
    assert display.label_of("given_name") == "Given name"
    assert display.label_of("") == "?"


def test_a_value_that_is_cut_says_so():
    assert display.shown_claim(["a"], "x" * 5000, []).text.endswith("…")


def test_claims_follow_the_issuers_order_with_the_picture_first():
    labels = [{"path": ["b"], "label": "Second"}, {"path": ["a"], "label": "First"}]
    shown = display.shown_claims({"a": 1, "b": 2, "p": uri(JPEG), "iss": "x", "cnf": {}}, labels)
    assert [claim.label for claim in shown] == ["P", "Second", "First"]


def test_labels_come_in_the_persons_language():
    claims = [{"path": ["a"], "display": [{"name": "Vorname", "locale": "de"}, {"name": "Given", "locale": "en-GB"}]}]
    assert display.claim_labels({"credential_metadata": {"claims": claims}}) == [{"path": ["a"], "label": "Given"}]


@given(JSON)
def test_whatever_a_claim_holds_is_bounded_text(value):
    shown = display.shown_claim(["a"], value, [])
    assert len(shown.text) <= 601


@given(JSON)
def test_whatever_metadata_holds_gives_labels_or_none(value):
    for document in (
        value,
        {"claims": value},
        {"credential_metadata": value},
        {"credential_metadata": {"claims": value}},
    ):
        if isinstance(document, dict):
            for entry in display.claim_labels(document):
                assert entry["label"]
    assert isinstance(display.in_language(value), dict)
