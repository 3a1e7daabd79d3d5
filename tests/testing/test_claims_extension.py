"""The extension server of the testers' kit: asked, answered, broken and late. Without its word nobody recovers."""

from typing import Any

import pytest

from recovery_portal.testing.recovering import NotRecovered

pytestmark = pytest.mark.recovery_scripted


def test_it_is_asked_about_the_claims_of_the_account(
    visitor: Any, face: Any, document: Any, recover: Any, claims_extension: Any, directory_user: Any
) -> None:
    recover(visitor, as_=face, with_=document)
    [call] = claims_extension.calls
    assert call.account == directory_user.user_principal_name
    assert call.claims["dateOfBirth"] == "1990-04-12"
    assert "portrait" not in call.claims
    assert call.token.count(".") == 2


@pytest.mark.parametrize(
    ("misbehaves", "reason"),
    [
        (lambda extension: extension.fails("dateOfBirth"), "claims_refused"),
        (lambda extension: extension.breaks("error"), "extension_"),
        (lambda extension: extension.breaks("refusal"), "extension_"),
        (lambda extension: extension.breaks("no_json"), "extension_"),
        (lambda extension: extension.breaks("no_answer"), "extension_"),
        (lambda extension: extension.breaks("redirect"), "extension_"),
        (lambda extension: extension.breaks("huge"), "extension_"),
        (lambda extension: extension.breaks("off"), "extension_"),
        (lambda extension: extension.delays(milliseconds=2500), "extension_"),
    ],
)
def test_without_its_word_there_is_no_pass(
    visitor: Any, face: Any, document: Any, recover: Any, claims_extension: Any, misbehaves: Any, reason: str
) -> None:
    misbehaves(claims_extension)
    with pytest.raises(NotRecovered) as refused:
        recover(visitor, as_=face, with_=document)
    assert refused.value.attempt.state == "mismatched"
    assert refused.value.attempt.reason.startswith(reason)


def test_a_way_to_break_that_there_is_not(claims_extension: Any) -> None:
    with pytest.raises(ValueError, match="cannot break by 'tears'; there is: off, no_json"):
        claims_extension.breaks("tears")
