from datetime import UTC, datetime, timedelta

import pytest

from idv.wallet import pin

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("easy", ["000000", "123456", "987654", "890123", "210987"])
def test_rows_and_repetitions_are_too_easy(easy):
    assert pin.is_too_easy(easy)


def test_an_ordinary_pin_is_not_too_easy():
    assert not pin.is_too_easy("482913")


def test_only_six_ascii_digits_are_well_formed():
    assert pin.is_well_formed("012345")
    for other in ("12345", "1234567", "12345a", "١٢٣٤٥٦", "123456\n", ""):
        assert not pin.is_well_formed(other)


def test_the_pause_begins_at_the_fifth_wrong_try_doubles_and_ends_at_an_hour():
    assert pin.pause_until(4, AT) is None
    assert pin.pause_until(5, AT) == AT + timedelta(seconds=30)
    assert pin.pause_until(6, AT) == AT + timedelta(seconds=60)
    assert pin.pause_until(50, AT) == AT + timedelta(hours=1)
    assert pin.pause_until(10**9, AT) == AT + timedelta(hours=1)


def test_stretching_depends_on_pin_and_salt():
    assert pin.stretch("482913", b"a" * 16) == pin.stretch("482913", b"a" * 16)
    assert pin.stretch("482913", b"a" * 16) != pin.stretch("482913", b"b" * 16)
    assert pin.stretch("482913", b"a" * 16) != pin.stretch("482914", b"a" * 16)
    assert len(pin.stretch("482913", b"a" * 16)) == 32
