"""Tokens, vault, limits, redirects, masking, tables: the small parts everything stands on."""

from enum import StrEnum
from typing import Any
from unittest.mock import patch

import pytest
import structlog
from django.core.cache import cache
from django.test import RequestFactory
from django_structlog.signals import bind_extra_request_metadata
from hypothesis import given
from hypothesis import strategies as st

from recovery_portal.kit import http_peer, masking, ratelimit, redirects, tokens, vault
from recovery_portal.kit.logs import redact
from recovery_portal.kit.machine import IllegalTransition, Table


def test_v33_a_token_has_at_least_128_bits_and_never_repeats() -> None:
    made = {tokens.new_token() for _ in range(1000)}
    assert len(made) == 1000
    assert min(map(len, made)) >= 22
    assert not any(token.startswith("-") for token in made), "a command would take it for an option"
    with pytest.raises(ValueError, match="128 bits"):
        tokens.new_token(15)


@given(st.text(), st.text())
def test_two_texts_are_the_same_only_when_they_are_equal(left: str, right: str) -> None:
    assert tokens.same(left, right) is (left == right)


@given(st.binary(max_size=2000), st.binary(max_size=40))
def test_what_is_sealed_opens_again_for_its_purpose_and_owner_alone(data: bytes, owner: bytes) -> None:
    sealed = vault.seal(data, purpose="a", derived_from=owner)
    assert vault.open(sealed, purpose="a", derived_from=owner) == data
    for purpose, other in (("b", owner), ("a", owner + b"!")):
        with pytest.raises(vault.VaultError):
            vault.open(sealed, purpose=purpose, derived_from=other)


@pytest.mark.parametrize("position", [0, 11, 12, -1])
def test_an_altered_seal_does_not_open(position: int) -> None:
    sealed = bytearray(vault.seal(b"portrait", purpose="a"))
    sealed[position] ^= 1
    with pytest.raises(vault.VaultError):
        vault.open(bytes(sealed), purpose="a")


def test_a_truncated_seal_does_not_open() -> None:
    with pytest.raises(vault.VaultError):
        vault.open(b"short", purpose="a")


def test_the_try_after_the_limit_is_refused_and_others_are_not() -> None:
    for _ in range(3):
        ratelimit.hit("s", "alice", limit=3, period_s=60)
    with pytest.raises(ratelimit.RateLimited) as refused:
        ratelimit.hit("s", "alice", limit=3, period_s=60)
    assert refused.value.retry_after_s == 60
    ratelimit.hit("s", "bob", limit=3, period_s=60)
    ratelimit.forgive("s", "alice")
    ratelimit.hit("s", "alice", limit=3, period_s=60)


def test_limits_fail_closed_when_the_cache_is_gone() -> None:
    with patch.object(cache, "add", side_effect=ConnectionError), pytest.raises(ConnectionError):
        ratelimit.hit("s", "alice", limit=3, period_s=60)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", None, "apps"]
)
def test_s16_a_redirect_stays_on_this_site(elsewhere: str | None) -> None:
    assert redirects.local_path(elsewhere, "/apps/") == "/apps/"
    assert redirects.local_path("/security-info/?a=1", "/apps/") == "/security-info/?a=1"


def test_a_masked_name_tells_neither_the_name_nor_its_length() -> None:
    assert masking.masked_account_name("ana@x.example") == masking.masked_account_name("abelard@x.example")
    assert masking.masked_account_name("nobody") == "n•••"


def test_logs_name_the_address_that_the_limits_count(settings: Any) -> None:
    request = RequestFactory().get("/", headers={"x-forwarded-for": "203.0.113.9, 198.51.100.1"})
    for proxies, named in ((0, "127.0.0.1"), (1, "198.51.100.1")):
        settings.TRUSTED_PROXIES = proxies
        with structlog.contextvars.bound_contextvars():
            bind_extra_request_metadata.send(sender=None, request=request, logger=None, log_kwargs={})
            assert structlog.contextvars.get_contextvars()["ip"] == named
        structlog.contextvars.clear_contextvars()


def test_v37_logs_keep_no_query_and_no_secret() -> None:
    event = {"request": "GET /recover/return/?code=abc&state=def", "passcode": "x", "portrait": b"y", "user_id": 1}
    assert redact(None, "info", event) == {
        "request": "GET /recover/return/",
        "passcode": "[redacted]",
        "portrait": "[redacted]",
        "user_id": 1,
    }
    assert redact(None, "info", {"event": "request_finished", "code": 404})["code"] == 404
    assert redact(None, "info", {"event": "signed_in", "code": 123456})["code"] == "[redacted]"


class _State(StrEnum):
    OPEN = "open"
    SHUT = "shut"


class _Event(StrEnum):
    CLOSE = "close"
    CANCEL = "cancel"


def test_a_table_refuses_what_it_does_not_list_and_draws_itself() -> None:
    table = Table[_State, _Event](
        _State.OPEN,
        {(_State.OPEN, _Event.CLOSE): _State.SHUT},
        terminal={_State.SHUT},
        from_any_active={_Event.CANCEL: _State.SHUT},
    )
    assert table.next_state(_State.OPEN, _Event.CANCEL) is _State.SHUT
    with pytest.raises(IllegalTransition):
        table.next_state(_State.SHUT, _Event.CLOSE)
    assert "OPEN --> SHUT: close" in table.as_mermaid()


@pytest.mark.parametrize(
    ("named", "known"),
    [
        ("Lyon", "Lyon"),
        ("Zürich", "Zürich"),
        ("São José dos Campos", "São José dos Campos"),
        ("京都市", "京都市"),
        ("", ""),
        ("<b>Lyon</b>", ""),
        ("Lyon\u202e", ""),
        ("10.0.0.1 2", ""),
        ("x" * 41, ""),
    ],
)
def test_a_city_is_believed_of_a_trusted_proxy_and_only_as_a_name(named: str, known: str, settings: Any) -> None:
    request = RequestFactory().get(
        "/", headers={"User-Agent": "Firefox Linux", "X-City": named.encode().decode("latin-1")}
    )
    assert http_peer.browser_and_city(request) == "Firefox on Linux"
    settings.CITY_HEADER = "X-City"
    assert http_peer.city(request) == "", "whoever comes without a proxy may write what they like"
    settings.TRUSTED_PROXIES = 1
    assert http_peer.city(request) == known
    assert http_peer.browser_and_city(request) == ", ".join(filter(None, ("Firefox on Linux", known)))


def test_a_city_that_is_no_utf_8_is_none(settings: Any) -> None:
    settings.TRUSTED_PROXIES, settings.CITY_HEADER = 1, "X-City"
    for odd in ("Z\xfcrich", "Z\u0150rich"):
        assert http_peer.city(RequestFactory().get("/", headers={"X-City": odd})) == ""
