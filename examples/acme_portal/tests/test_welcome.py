"""What needs no recovery needs nothing of the plugin."""

from datetime import UTC, datetime

from acme_portal import welcome


def test_without_an_audit_the_welcome_is_an_ordinary_one():
    assert welcome("vera@contoso.example", [], now=datetime(2026, 11, 22, tzinfo=UTC)).text == (
        "Welcome, vera@contoso.example."
    )
