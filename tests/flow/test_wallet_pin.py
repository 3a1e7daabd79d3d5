"""The wallet's door: cookie, PIN, pause, idle lock, erasing."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from idv.wallet.models import HeldCredential, Wallet
from tests.fakes.foreign_issuer import as_path
from tests.fakes.holder import PIN, Holder
from tests.flow.wallet_parties import *  # noqa: F403
from tests.flow.wallet_parties import receive

WRONG = "111213"


def test_a_first_visit_makes_a_wallet_and_a_lasting_cookie(holder):
    holder.get("/")
    assert holder.heading == "Set up your wallet"
    holder.set_up()
    assert holder.heading == "Verified IDs"
    cookie = holder.client.cookies["wallet"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert int(cookie["max-age"]) > 300 * 24 * 3600
    assert cookie.value not in str(Wallet.objects.values().get())


def test_over_https_the_cookie_is_pinned_to_the_host(holder, settings):
    settings.SESSION_COOKIE_SECURE = True
    holder.set_up()
    assert holder.client.cookies["__Host-wallet"]["secure"]


@pytest.mark.parametrize(
    ("pin", "confirm", "says"),
    [
        ("48291", "48291", "exactly 6 digits"),
        ("48291a", "48291a", "exactly 6 digits"),
        ("482913", "482914", "not the same"),
        ("111111", "111111", "easy to guess"),
        ("123456", "123456", "easy to guess"),
        ("٤٨٢٩١٣", "٤٨٢٩١٣", "exactly 6 digits"),
    ],
)
def test_a_pin_that_will_not_do_is_explained(holder, pin, confirm, says):
    holder.post("/set-up/", pin=pin, confirm=confirm)
    assert says in holder.text
    assert not Wallet.objects.exists()


def test_the_pin_opens_and_a_wrong_one_does_not(holder):
    holder.set_up()
    holder.lock()
    holder.unlock(WRONG)
    assert holder.path == "/unlock/"
    assert "Tries left before a pause: 4" in holder.text
    holder.unlock()
    assert holder.heading == "Verified IDs"
    assert Wallet.objects.get().failed_attempts == 0


def test_five_wrong_pins_bring_a_pause_that_grows(holder):
    holder.set_up()
    holder.lock()
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(5):
            holder.unlock(WRONG)
        assert "Too many wrong PINs" in holder.text
        holder.unlock()  # even the right one is not tried during the pause
        assert holder.path == "/unlock/"
        clock.shift(timedelta(seconds=31))
        holder.unlock(WRONG)
        assert Wallet.objects.get().paused_until_at - timezone.now() == timedelta(seconds=60)
        clock.shift(timedelta(seconds=61))
        holder.unlock()
        assert holder.heading == "Verified IDs"


def test_a_wallet_left_alone_for_five_minutes_locks_and_comes_back_to_its_place(holder, issuer):
    receive(holder, issuer)
    card = f"/verified-ids/{HeldCredential.objects.get().pk}/"
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        holder.get(card)
        clock.shift(timedelta(minutes=4, seconds=50))
        assert "Alice" in holder.get(card)
        clock.shift(timedelta(minutes=4, seconds=50))
        assert holder.client.get("/stay/").status_code == 204
        clock.shift(timedelta(minutes=5, seconds=1))
        assert "Alice" not in holder.get(card)
        assert holder.client.get("/stay/").status_code == 403
        holder.unlock()
        assert holder.path == card


def test_every_page_with_content_wants_the_pin(holder, issuer):
    receive(holder, issuer)
    held = HeldCredential.objects.get()
    holder.lock()
    for path in (
        "/",
        "/history/",
        "/settings/",
        "/paste/",
        f"/verified-ids/{held.pk}/",
        f"/verified-ids/{held.pk}/delete/",
    ):
        assert holder.client.get(path)["Location"] == "/unlock/"
        assert holder.client.post(path)["Location"] == "/unlock/"
    assert HeldCredential.objects.exists()


def test_the_cookie_of_one_browser_opens_no_other_session(holder):
    """A session planted before the PIN, or copied without the cookie, stays locked."""
    holder.set_up()
    mallory = Holder()
    mallory.client.cookies["portal-session"] = holder.client.cookies["portal-session"].value
    mallory.get("/")
    assert mallory.heading == "Set up your wallet"


def test_the_session_changes_when_the_pin_is_given(holder, issuer):
    holder.get(as_path(issuer.link_by_value(), "receive"))
    before = holder.client.cookies["portal-session"].value
    holder.set_up()
    assert holder.client.cookies["portal-session"].value != before
    assert holder.heading == "Add a Verified ID"


def test_changing_the_pin_wants_the_old_one_and_keeps_everything(holder, issuer):
    receive(holder, issuer)
    holder.post("/settings/", current=WRONG, pin="739146", confirm="739146")
    assert "That is not the PIN" in holder.text
    holder.post("/settings/", current=PIN, pin="739146", confirm="739146")
    assert "The PIN was changed" in holder.text
    holder.lock()
    holder.unlock(PIN)
    assert holder.path == "/unlock/"
    holder.unlock("739146")
    assert "Alice" in holder.get(f"/verified-ids/{HeldCredential.objects.get().pk}/")


def test_a_forgotten_pin_ends_in_an_empty_wallet(holder, issuer):
    receive(holder, issuer)
    holder.lock()
    holder.get("/erase/")
    assert Wallet.objects.exists()
    holder.post("/erase/")
    assert holder.heading == "Set up your wallet"
    assert not Wallet.objects.exists()
    assert not HeldCredential.objects.exists()


def test_another_database_cannot_be_opened_with_a_guessed_cookie(holder):
    holder.client.cookies["wallet"] = "guess"
    holder.get("/")
    assert holder.heading == "Set up your wallet"


def test_pages_are_not_stored_by_the_browser(holder):
    holder.set_up()
    for path in ("/", "/settings/", "/unlock/"):
        assert "no-store" in holder.client.get(path, follow=True)["Cache-Control"]
