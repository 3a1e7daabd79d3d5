"""The secret string: how it is drawn, hashed and compared."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from tap import passcode


def test_a_passcode_has_the_length_asked_for_and_nothing_that_is_misread_or_escaped() -> None:
    drawn = "".join(passcode.draw(48) for _ in range(200))
    assert len(drawn) == 48 * 200
    assert not set(drawn) & set("0Oo1lI|&<>\"'%/\\` ")
    assert set(drawn) == set(passcode.ALPHABET)


def test_eight_characters_carry_more_than_twice_the_bits_that_a_code_needs() -> None:
    """ASVS 5.0 6.5.4 asks for 20 bits; V33 names the pass as the exception from 128."""
    assert len(set(passcode.ALPHABET)) == len(passcode.ALPHABET)
    assert math.log2(len(passcode.ALPHABET)) * 8 > 48


def test_no_two_passes_are_alike() -> None:
    assert len({passcode.draw(8) for _ in range(5_000)}) == 5_000


def test_the_hash_is_salted_argon2id_at_the_owasp_minimum() -> None:
    """B11, V5."""
    first, second = passcode.hashed("+drkzqAD"), passcode.hashed("+drkzqAD")
    assert first != second
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "+drkzqAD" not in first
    assert len(first) <= 128


def test_only_the_passcode_itself_matches_its_hash() -> None:
    stored = passcode.hashed("+drkzqAD")
    assert passcode.matches("+drkzqAD", stored)
    for wrong in ("+drkzqAd", "+drkzqA", "+drkzqADx", "", " +drkzqAD", "+drkzqAD" * 20, "\ud800", "\0"):
        assert not passcode.matches(wrong, stored)


def test_a_hash_that_cannot_be_read_matches_nothing() -> None:
    assert not passcode.matches("x", "not a hash")
    assert not passcode.matches("x", "")


def test_blanks_that_copying_brings_along_are_dropped_and_case_is_kept() -> None:
    assert passcode.entered(" \t+drkzqAD\r\n") == "+drkzqAD"


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=80))
def test_whatever_is_entered_is_compared_without_an_error(text: str) -> None:
    assert passcode.matches(passcode.entered(text), passcode.hashed("+drkzqAD")) is (text.strip() == "+drkzqAD")
