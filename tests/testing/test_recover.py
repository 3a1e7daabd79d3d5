"""The testers' kit in process: a whole recovery in one line, each step by itself, and what it says when it fails."""

from typing import Any

import pytest

from recovery_portal.testing.pages import NotOnThisPage
from recovery_portal.testing.recovering import NotRecovered
from tests.testing.journeys import a_whole_recovery

scripted = pytest.mark.recovery_scripted


@scripted
def test_one_line_recovers_an_account_with_a_phone(
    visitor: Any, phone: Any, face: Any, document: Any, recover: Any, passkey: Any
) -> None:
    recovered = recover(visitor, as_=face, with_=document, phone=phone, passkey=passkey)
    assert recovered.attempt.state == "completed"
    phone.sign_out()
    assert phone.sign_in_with_passkey(passkey, visitor.account).heading == "My apps"


def test_with_real_eyes_and_a_real_reader(
    visitor: Any, phone: Any, face: Any, document: Any, recover: Any, passkey: Any, mailbox: Any
) -> None:
    a_whole_recovery(visitor, phone, face, document, recover, passkey, mailbox)


@scripted
def test_every_step_stands_alone(visitor: Any, phone: Any, face: Any, document: Any, wallet: Any) -> None:
    visitor.start_recovery()
    assert visitor.house == "provider"
    phone.scan(visitor).join().give_details().choose_document(document).photograph(document).take_selfies(face)
    received = phone.receive_into(wallet)
    assert received.claims["lastName"] == "Lindqvist"
    assert wallet.list() == (received,)
    visitor.return_to_portal()
    phone.scan(visitor).join()
    assert phone.share_from(wallet).accepted
    assert not wallet.replay().accepted
    phone.check_face(face.again())
    assert visitor.wait_for("Finish on your other device")
    assert len(phone.reveal_pass()) >= 8


@scripted
def test_a_recovery_that_fails_says_where_and_why(visitor: Any, face: Any, document: Any, recover: Any) -> None:
    with pytest.raises(NotRecovered, match=r"mismatched \(name_mismatch\).*'Your Temporary Access Pass'"):
        recover(visitor, as_=face, with_=document.of("Vera", "Baker"))


@scripted
def test_what_is_not_on_a_page_is_named_with_what_is(visitor: Any) -> None:
    with pytest.raises(NotOnThisPage, match=r"no button 'Sing in' on 'Sign in'.*there is: 'Next'"):
        visitor.open_portal().press("Sing in")


@scripted
def test_rules_take_effect_at_once(
    visitor: Any, directory_user: Any, directory_group: Any, recovery_profile: Any, tap_policy: Any, operator: Any
) -> None:
    recovery_profile.only_for(directory_group)
    assert not visitor.name_account().other_ways().may_recover
    directory_group.admit(directory_user)
    assert visitor.name_account().other_ways().may_recover
    tap_policy.disable()
    assert visitor.ask_for_recovery().agree().heading == "This can't be done right now"
    assert operator.attempts_of(directory_user)[0].reason == "outside_pass_policy"


@scripted
def test_letters_audit_clock_and_faults(
    visitor: Any, directory_user: Any, mailbox: Any, audit_trail: Any, recovery_clock: Any, faults: Any, operator: Any
) -> None:
    faults.turn_off("provider")
    assert visitor.start_recovery().heading == "This can't be done right now"
    faults.mend()
    assert visitor.start_recovery().house == "provider"
    assert "User started account recovery" in audit_trail.activities
    letter = mailbox.newest(directory_user.user_principal_name)
    assert "/recover/not-me/" in mailbox.link_in(letter, "/recover/")
    recovery_clock.forward(minutes=31)
    assert operator.attempts_of(directory_user)[0].state == "expired"


@scripted
def test_one_test_leaves_nothing_to_the_next(recovery: Any, visitor: Any) -> None:
    assert recovery.client.attempts(visitor.account) == []
    assert recovery.client.mailbox() == []


@pytest.mark.recovery_scenario("name_mismatch")
def test_a_marker_runs_a_scenario(scenario_run: Any) -> None:
    assert scenario_run.attempt.match_detail
    assert scenario_run.pages["face"] == "Your Temporary Access Pass"


@pytest.mark.recovery_scenario("provider_down")
def test_a_marker_alone_runs_it_too() -> None:
    pass
