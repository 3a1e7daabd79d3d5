"""Base64url, short and long: one spelling for each value, and nothing that only decodes to it."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idv.credentials import base64url

LONG = bytes(range(256)) * 16  # spelt with every character, past the length from which texts are looked at otherwise


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_what_is_written_is_read_back_and_is_what_others_write(data: bytes, is_long: bool) -> None:
    data = LONG + data if is_long else data
    text = base64url.encode(data)
    assert text == base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert base64url.decode(text) == data


@pytest.mark.parametrize("front", ["", base64url.encode(LONG[:3000])], ids=["short", "long"])
@pytest.mark.parametrize(
    "odd", ["+", "/", "=", "==", " ", "\n", "\0", ".", "~", "é", "٣", "\ud800", "AA=", "AA==", "A==="]
)
def test_no_other_character_is_read_over(front: str, odd: str) -> None:
    for text in (front + odd, odd + front, front[:4] + odd + front[4:]):
        with pytest.raises(base64url.Base64UrlInvalid):
            base64url.decode(text)


@pytest.mark.parametrize("length", [1, 5, 4001])
def test_no_text_of_such_a_length_is_one(length: int) -> None:
    with pytest.raises(base64url.Base64UrlInvalid):
        base64url.decode("A" * length)


@pytest.mark.parametrize("front", ["", base64url.encode(LONG[:3000])], ids=["short", "long"])
@pytest.mark.parametrize("last", ["AB", "A_", "AAB", "AA-"])
def test_unused_bits_are_zero(front: str, last: str) -> None:
    with pytest.raises(base64url.Base64UrlInvalid):
        base64url.decode(front + last)
