"""Ten tests of Acme's own. Every fixture here comes from the plugin of recovery-portal, by being installed."""

from datetime import datetime

import pytest
from acme_portal import welcome

pytestmark = pytest.mark.recovery_scripted


def _welcome(user, audit_trail, clock):
    return welcome(user.user_principal_name, audit_trail.rows(), now=datetime.fromisoformat(clock.now))


def test_nobody_is_told_of_a_recovery_that_was_not(directory_user, audit_trail, recovery_clock):
    assert not _welcome(directory_user, audit_trail, recovery_clock).is_urgent


def test_who_recovered_today_is_asked_to_look_through_their_devices(
    visitor, face, document, recover, directory_user, audit_trail, recovery_clock
):
    recover(visitor, as_=face, with_=document)
    assert "was recovered today" in _welcome(directory_user, audit_trail, recovery_clock).text


def test_a_day_later_the_welcome_is_an_ordinary_one_again(
    visitor, face, document, recover, directory_user, audit_trail, recovery_clock
):
    recover(visitor, as_=face, with_=document)
    recovery_clock.forward(days=1, minutes=1)
    assert not _welcome(directory_user, audit_trail, recovery_clock).is_urgent


def test_somebody_elses_document_leaves_a_warning_and_no_pass(
    visitor, face, document, directory_user, wallet, audit_trail, recovery_clock, operator
):
    visitor.start_recovery().continue_here().prove_identity(as_=face, with_=document.of("Vera", "Baker"))
    visitor.receive_into(wallet)
    visitor.return_to_portal().share_from(wallet)
    visitor.check_face(face)
    assert operator.attempts_of(directory_user)[0].reason == "name_mismatch"
    assert "tried to recover" in _welcome(directory_user, audit_trail, recovery_clock).text


def test_acmes_own_rule_that_contractors_never_recover(visitor, directory_user, directory_group):
    directory_group.another("Contractors").admit(directory_user).exclude_from_recovery()
    assert not visitor.name_account().other_ways().may_recover


def test_the_pilot_group_goes_the_whole_way_and_gets_no_pass(visitor, face, document, wallet, recovery_profile):
    recovery_profile.evaluate()
    visitor.start_recovery().continue_here().prove_identity(as_=face, with_=document)
    visitor.receive_into(wallet)
    visitor.return_to_portal().share_from(wallet)
    assert visitor.check_face(face).heading == "Your identity was verified"


def test_acmes_wallet_would_be_refused_if_it_changed_a_name(visitor, face, document, wallet):
    visitor.start_recovery().continue_here().prove_identity(as_=face, with_=document)
    visitor.receive_into(wallet)
    visitor.return_to_portal()
    assert wallet.tamper(visitor, lastName="Baker").status == 400


def test_the_help_desk_hears_nothing_when_the_provider_is_away_and_the_visitor_is_told(visitor, faults, mailbox):
    faults.turn_off("provider")
    assert visitor.start_recovery().heading == "This can't be done right now"
    assert mailbox.subjects == []


@pytest.mark.recovery_scenario("relay")
def test_whoever_shows_a_colleague_their_code_gets_no_pass(scenario_run):
    assert scenario_run.attempt.state == "matched"


def test_with_a_document_that_is_really_read(visitor, phone, face, document, recover, recovery):
    recovery.choose_parts(face="real", reader="real")
    recovered = recover(visitor, as_=face, with_=document.of_kind("driving_licence"), phone=phone)
    assert recovered.attempt.score > 70
