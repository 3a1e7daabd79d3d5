"""Input that two JSON parsers may read in two ways is refused, cleanly (facts I10)."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.credentials import base64url, strict_json

REFUSED = {
    "a member twice": (b'{"a":1,"a":2}', "json_duplicate_member"),
    "a member twice, deep": (b'{"x":[{"a":1,"a":1}]}', "json_duplicate_member"),
    "one escaped, one plain": (b'{"a":1,"\\u0061":2}', "json_duplicate_member"),
    "NaN": (b'{"a":NaN}', "json_not_a_number"),
    "Infinity": (b"[-Infinity]", "json_not_a_number"),
    "1e400": (b'{"iat":1e400}', "json_number_out_of_range"),
    "nested a hundred thousand times": (b"[" * 100_000 + b"]" * 100_000, "json_too_deep"),
    "nested a little too deep": (b"[" * 30 + b"]" * 30, "json_too_deep"),
    "a lone surrogate": (b'{"a":"\\ud800"}', "json_lone_surrogate"),
    "a lone surrogate as a name": (b'{"\\udfff":1}', "json_lone_surrogate"),
    "a surrogate in UTF-8": (b'{"a":"\xed\xa0\x80"}', "json_not_utf8"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "json_not_utf8"),
    "UTF-16 without a mark": ('{"a":1}'.encode("utf-16-le"), "json_malformed"),
    "UTF-32": ('{"a":1}'.encode("utf-32-le"), "json_malformed"),
    "a byte order mark": (b'\xef\xbb\xbf{"a":1}', "json_malformed"),
    "a number of five thousand digits": (b"1" * 5000, "json_malformed"),
    "text after the value": (b"{} {}", "json_malformed"),
    "single quotes": (b"{'a':1}", "json_malformed"),
    "nothing": (b"", "json_malformed"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses_what_could_be_read_in_two_ways(data: bytes, code: str) -> None:
    with pytest.raises(strict_json.JsonInvalid) as refusal:
        strict_json.loads(data)
    assert refusal.value.code == code


def test_it_refuses_more_than_the_limit_before_parsing() -> None:
    with pytest.raises(strict_json.JsonInvalid) as refusal:
        strict_json.loads(b'"' + b"a" * 100 + b'"', max_bytes=50)
    assert refusal.value.code == "json_too_large"
    with pytest.raises(strict_json.JsonInvalid):
        strict_json.loads('"' + "é" * 30 + '"', max_bytes=50)


def test_a_message_must_be_an_object() -> None:
    with pytest.raises(strict_json.JsonInvalid) as refusal:
        strict_json.load_object(b"[]")
    assert refusal.value.code == "json_not_an_object"


def test_a_text_with_a_lone_surrogate_is_refused_too() -> None:
    with pytest.raises(strict_json.JsonInvalid):
        strict_json.loads('{"a":"\ud800"}')


def test_a_long_flat_document_is_not_a_deep_one() -> None:
    wide = [{"a": [number]} for number in range(100)]
    assert strict_json.loads(strict_json.dumps(wide)) == wide
    deep: object = 1
    for _ in range(23):
        deep = {"a": deep}
    assert strict_json.loads(strict_json.dumps([deep])) == [deep]
    with pytest.raises(strict_json.JsonInvalid):
        strict_json.loads(strict_json.dumps([[deep, 1]]))


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert strict_json.loads(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_it_never_writes_what_it_would_not_read() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict_json.dumps({"a": math.nan})


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_input_is_read_or_cleanly_refused(data: bytes | str) -> None:
    try:
        value = strict_json.loads(data)
    except strict_json.JsonInvalid:
        return
    assert json.loads(data) == value


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    # category Cs: surrogates
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(json_values)
def test_what_is_written_is_read_back(value: object) -> None:
    assert strict_json.loads(strict_json.dumps(value)) == value


@given(st.binary(max_size=80))
def test_base64url_has_one_spelling(data: bytes) -> None:
    assert base64url.decode(base64url.encode(data)) == data


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q+", "Q/", "QQ\n", " QQ", "QQ.", "QÄ"])
def test_base64url_refuses_padding_other_alphabets_and_unused_bits(text: str) -> None:
    with pytest.raises(base64url.Base64UrlInvalid):
        base64url.decode(text)
