"""A test body that runs as it is in process, over HTTP against running houses, and in a real Chromium."""

from typing import Any


def a_whole_recovery(
    visitor: Any, phone: Any, face: Any, document: Any, recover: Any, passkey: Any, mailbox: Any
) -> None:
    recovered = recover(visitor, as_=face, with_=document, phone=phone, passkey=passkey)
    assert recovered.attempt.state == "completed"
    assert recovered.attempt.score >= 70
    assert phone.heading == "Passkey created"
    assert recovered.passcode not in phone.page.html
    assert mailbox.wait_for("was recovered", to=visitor.account)
