"""Whole recoveries through the pages, with real cryptography; the faces are cue cards."""

from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import AuditEvent, User
from idv.protocol.authorization import HIGH_ASSURANCE
from idv.verifier.models import FaceCheck, PresentationRequest, SealedImage
from recovery_portal.recovery import flows
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
from tap.models import TemporaryAccessPass
from tests.fakes import faces
from tests.fakes.recovery import IPHONE, Clock, Person, make_person, make_profile, wallet_of
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db

ALICE = "alice@contoso.example"


@pytest.fixture
def browser(alice: User, profile: RecoveryProfile, provider: Provider) -> Person:
    return Person()


def the_attempt() -> RecoveryAttempt:
    return RecoveryAttempt.objects.order_by("-started_at").select_related("user").first()  # type: ignore[return-value]


def events() -> list[str]:
    return list(the_attempt().events.values_list("event", flat=True))


def to_the_face(browser: Person, provider: Provider, clock: Clock) -> Person:
    browser.start(ALICE, provider)
    return browser.share(wallet_of(provider), same_device=True, at=clock.at)


class TestProduction:
    def test_from_the_entry_to_a_registered_method_on_one_device(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
        alice: User,
    ) -> None:
        browser.type_name(ALICE).open("accounts:other_ways")
        assert "Recover your account" in browser.text
        browser.open("recovery:start")
        assert browser.page == "start"
        left = browser.consent()
        assert left["Location"].startswith("http://provider.test/authorize?")
        assert browser.come_back(provider).page == "present"
        assert browser.share(wallet_of(provider), same_device=True, at=clock.at).page == "face"
        assert browser.show_face("alice").page == "confirmed"

        shown = browser.client.post(reverse("recovery:confirmed"))
        passcode = shown.context["passcode"]
        assert passcode in shown.content.decode()
        assert shown["Cache-Control"] == "no-store"
        assert the_attempt().state == State.PASS_ISSUED
        assert passcode not in browser.open("recovery:pass").text

        prompt = reverse("accounts:prompt", args=["temporaryAccessPass"])
        assert prompt in browser.text
        browser.seen = browser.client.post(prompt, {"passcode": passcode}, follow=True)
        assert browser.page == "security_info"
        assert the_attempt().state == State.SIGNED_IN

        from accounts.flows import announce_registration

        announce_registration(user=alice, method="fido2", label="Passkey", at=clock.at)
        assert the_attempt().state == State.COMPLETED
        assert events() == [
            "started",
            "sentToProvider",
            "providerVerified",
            "presentationVerified",
            "framesSubmitted",
            "faceCheckPassed",
            "identityMatched",
            "passIssued",
            "passRedeemed",
            "authenticatorRegistered",
        ]

    def test_the_audit_uses_the_names_of_the_original(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock).show_face("alice").press("recovery:confirmed")
        trail = AuditEvent.objects.filter(service="Account Recovery").order_by("at", "pk")
        assert set(trail.values_list("activity", flat=True)) == {
            "User started account recovery",
            "User started identity issuance with certified partner",
            "User completed identity issuance with certified partner",
            "User completed identity presentation",
            "User account matched and validated",
        }
        assert {event.correlation_id for event in trail} == {the_attempt().correlation_id}
        presented = trail.get(activity="User completed identity presentation")
        assert presented.details["threshold"] == "70"
        assert float(presented.details["score"]) >= 70

    def test_every_address_on_file_hears_of_the_start_and_of_the_pass(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        """B4, A17."""
        to_the_face(browser, provider, clock).show_face("alice").press("recovery:confirmed")
        started = [letter for letter in mail.outbox if "was started" in letter.subject]
        assert sorted(letter.to[0] for letter in started) == [ALICE, "alice@home.example"]
        assert "not you" in started[0].body
        assert "/recover/not-me/" in started[0].body
        issued = [letter for letter in mail.outbox if "Temporary Access Pass" in letter.subject]
        assert sorted(letter.to[0] for letter in issued) == [ALICE, "alice@home.example"]

    def test_nothing_of_the_face_or_the_document_is_left(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock).show_face("alice")
        assert not SealedImage.objects.exists()
        assert not PresentationRequest.objects.filter(claims_sealed__isnull=False).exists()
        assert not PresentationRequest.objects.filter(seal_key__isnull=False).exists()

    def test_consent_is_kept_with_the_version_of_its_text(
        self,
        browser: Person,
        provider: Provider,
    ) -> None:
        """A4, G1."""
        browser.start(ALICE, provider)
        given = list(the_attempt().consents.values_list("kind", "text_version"))
        assert sorted(given) == [("biometrics", "2026-11"), ("recovery", "2026-11")]

    @pytest.mark.parametrize("boxes", [{}, {"recovery": "on"}, {"biometrics": "on"}])
    def test_without_both_consents_nothing_begins(
        self,
        browser: Person,
        provider: Provider,
        boxes: dict[str, str],
    ) -> None:
        browser.type_name(ALICE).press("recovery:start", **boxes)
        assert browser.page == "start"
        assert "Tick this box" in browser.text
        assert not RecoveryAttempt.objects.exists()
        assert provider.pushed == []

    def test_a_second_reveal_shows_no_second_pass(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock).show_face("alice").press("recovery:confirmed")
        first = TemporaryAccessPass.objects.get()
        assert browser.press("recovery:confirmed").page == "pass"
        assert TemporaryAccessPass.objects.get().passcode_hash == first.passcode_hash

    def test_a_newer_recovery_of_the_same_person_replaces_the_older_grant(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock).show_face("alice").press("recovery:confirmed")
        older = the_attempt()
        clock.forward(minutes=1)
        provider.at = clock.at
        other = Person(address="192.0.2.77")
        to_the_face(other, provider, clock).show_face("alice").press("recovery:confirmed")
        older.refresh_from_db()
        assert (older.state, older.reason_code) == (State.CANCELLED, "newer_attempt")
        assert the_attempt().state == State.PASS_ISSUED
        assert TemporaryAccessPass.objects.count() == 1

    def test_lost_methods_are_suspended_and_sessions_end_when_the_profile_says_so(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
        alice: User,
        profile: RecoveryProfile,
    ) -> None:
        """B9."""
        profile.old_methods = "suspend"
        profile.save()
        epoch = alice.session_epoch
        to_the_face(browser, provider, clock).show_face("alice")
        passcode = browser.client.post(reverse("recovery:confirmed")).context["passcode"]
        prompt = reverse("accounts:prompt", args=["temporaryAccessPass"])
        browser.seen = browser.client.post(prompt, {"passcode": passcode}, follow=True)
        assert browser.page == "security_info"
        alice.refresh_from_db()
        assert alice.session_epoch == epoch + 1
        assert alice.password_suspended_at is not None


class TestEvaluation:
    @pytest.mark.parametrize(("surname", "would_have"), [("Archer", "pass_issued"), ("Other", "name_mismatch")])
    def test_the_page_is_the_same_whatever_the_match_said(
        self, browser: Person, provider: Provider, clock: Clock, alice: User, profile: RecoveryProfile,
        surname: str, would_have: str,
    ) -> None:  # fmt: skip
        profile.mode = "evaluation"
        profile.save()
        User.objects.filter(pk=alice.pk).update(surname=surname)
        to_the_face(browser, provider, clock).show_face("alice")
        assert browser.page == "evaluated"
        assert "was not changed" in browser.text
        assert the_attempt().would_have == would_have
        assert not TemporaryAccessPass.objects.exists()


class TestMismatch:
    @pytest.mark.parametrize("cause", ["name", "homonym", "blank", "pass_policy", "disabled", "guest"])
    def test_one_calm_text_for_every_cause(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
        alice: User,
        cause: str,
    ) -> None:
        """A12: a failed applicant cannot learn which attribute it was."""
        to_the_face(browser, provider, clock)
        changes: dict[str, dict[str, Any]] = {
            "name": {"surname": "Baker"},
            "blank": {"given_name": ""},
            "disabled": {"account_enabled": False},
            "guest": {"user_type": "Guest", "user_principal_name": "alice_x#ext#@contoso.example"},
        }
        if cause in changes:
            User.objects.filter(pk=alice.pk).update(**changes[cause])
        elif cause == "homonym":
            make_person("alice.two@contoso.example")
        else:
            from tap.queries import get_policy

            policy = get_policy()
            policy.include_all_users = False
            policy.save()
        browser.show_face("alice")
        if browser.page == "confirmed":
            browser.press("recovery:confirmed")
        assert browser.page == "mismatch"
        assert "We could not confirm that this account is yours" in browser.text
        assert not TemporaryAccessPass.objects.exists()
        reasons = {
            "name": "name_mismatch",
            "blank": "name_blank",
            "homonym": "homonym",
            "pass_policy": "outside_pass_policy",
            "disabled": "account_disabled",
            "guest": "external_guest",
        }
        assert the_attempt().reason_code == reasons[cause]
        assert reasons[cause] not in browser.text

    def test_an_unknown_name_walks_the_same_road(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        """V12."""
        from recovery_portal.recovery import decoys

        stranger = next(
            name
            for name in (f"nobody{i}@contoso.example" for i in range(100))
            if decoys.has_entry(name) and not decoys.fails_preflight(name)
        )
        browser.type_name(stranger).open("accounts:other_ways")
        assert "Recover your account" in browser.text
        browser.start(stranger, provider)
        browser.share(wallet_of(provider), same_device=True, at=clock.at).show_face("alice")
        assert browser.page == "mismatch"
        assert the_attempt().user is None
        assert the_attempt().reason_code == "unknown_account"
        assert mail.outbox == []


class TestFace:
    def test_another_face_is_refused_and_the_score_is_the_operators(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock)
        for _ in range(2):
            assert browser.show_face("mallory").page == "face"
            assert "could not confirm that it is you" in browser.text
        assert browser.show_face("mallory").page == "refused"
        assert not TemporaryAccessPass.objects.exists()
        assert the_attempt().reason_code == "below_threshold"
        score = FaceCheck.objects.first().score  # type: ignore[union-attr]
        assert score is not None
        assert f"{score:.0f}" not in browser.text.replace("70", "")

    def test_photos_that_cannot_be_used_are_taken_again_with_a_word_of_advice(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock).show_face("alice", trouble="too_dark")
        assert browser.page == "face"
        assert "too dark" in browser.text
        assert browser.show_face("alice").page == "confirmed"

    @pytest.mark.parametrize("content", [b"", b"not a picture", b"\xff\xd8\xff" + b"0" * 100])
    def test_a_file_that_is_no_photo_leaves_everything_as_it_was(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
        content: bytes,
    ) -> None:
        to_the_face(browser, provider, clock)
        shown = browser.client.get(reverse("recovery:face")).context
        names = faces.capture([step["key"] for step in shown["steps"]], "alice")
        form = {"challenge": str(shown["challenge"]), **faces.form(dict.fromkeys(names, content))}
        answer = browser.client.post(reverse("recovery:face"), form)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
        assert the_attempt().state == State.PRESENTED
        assert browser.show_face("alice").page == "confirmed"

    def test_missing_photos_are_asked_for_again(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock)
        challenge = str(browser.client.get(reverse("recovery:face")).context["challenge"])
        answer = browser.client.post(reverse("recovery:face"), {"challenge": challenge})
        assert answer.status_code == 422
        assert "Some photos are missing" in answer.content.decode()

    def test_photos_taken_for_another_challenge_do_not_count(
        self, browser: Person, provider: Provider, clock: Clock
    ) -> None:
        to_the_face(browser, provider, clock)
        shown = browser.client.get(reverse("recovery:face")).context
        form = faces.form(faces.capture([step["key"] for step in shown["steps"]], "alice"))
        for nonce in ({}, {"challenge": "another"}):
            answer = browser.client.post(reverse("recovery:face"), {**form, **nonce})
            assert answer.status_code == 422
        assert the_attempt().state == State.PRESENTED

    def test_who_cannot_turn_moves_the_camera_instead(self, browser: Person, provider: Provider, clock: Clock) -> None:
        to_the_face(browser, provider, clock).press("recovery:face-movement", movement="camera")
        assert browser.page == "face"
        assert "Move my head instead" in browser.text
        assert "frame_camera_left" in browser.text
        assert browser.open("recovery:face-no-camera").text.count("help desk")
        assert browser.show_face("alice").page == "confirmed"

    def test_a_profile_may_ask_that_two_readers_agree(self, browser: Person, provider: Provider, clock: Clock) -> None:
        RecoveryProfile.objects.update(high_assurance=True)
        browser.type_name(ALICE).open("recovery:start")
        assert browser.consent().status_code == 302
        assert provider.pushed[-1]["acr_values"] == HIGH_ASSURANCE
        assert browser.come_back(provider).page == "refused", "this provider did not say that two readers agreed"
        provider.result_changes = {"high_assurance": True}
        assert Person().start(ALICE, provider).page == "present"

    def test_a_profile_may_insist_on_moving_the_head(self, browser: Person, provider: Provider, clock: Clock) -> None:
        RecoveryProfile.objects.update(still_head_allowed=False)
        to_the_face(browser, provider, clock)
        assert "Move the camera instead" not in browser.text
        browser.press("recovery:face-movement", movement="camera")
        assert "frame_camera_left" not in browser.text


class TestProvider:
    def test_a_provider_that_is_down_is_told_before_anybody_is_sent_away(
        self,
        browser: Person,
        provider: Provider,
    ) -> None:
        provider.down = True
        browser.type_name(ALICE)
        browser.press("recovery:start", recovery="on", biometrics="on")
        assert browser.page == "unavailable"
        assert "be done right now" in browser.text
        assert the_attempt().reason_code == "provider_unreachable"
        assert mail.outbox == []

    def test_a_declined_document_ends_on_a_page_that_says_what_to_do(
        self,
        browser: Person,
        provider: Provider,
    ) -> None:
        provider.result_changes = {"verdict": "declined", "reason_code": "document_rejected"}
        browser.start(ALICE, provider)
        assert browser.page == "refused"
        assert "Start again" in browser.text
        assert the_attempt().reason_code == "document_rejected"
        assert AuditEvent.objects.filter(activity="User failed document validation", result="failure").exists()

    def test_back_without_an_answer_they_may_go_again(
        self,
        browser: Person,
        provider: Provider,
    ) -> None:
        browser.type_name(ALICE).consent()
        browser.open(
            "recovery:return", error="access_denied", iss=provider.origin, state=str(provider.pushed[-1]["state"])
        )
        assert browser.page == "provider"
        again = browser.client.post(reverse("recovery:provider"))
        assert again["Location"].startswith("http://provider.test/authorize?")
        assert browser.come_back(provider).page == "present"

    def test_a_return_that_answers_nothing_moves_nothing(
        self,
        browser: Person,
        provider: Provider,
    ) -> None:
        browser.type_name(ALICE).consent()
        browser.come_back(provider, state="forged")
        assert browser.page == "provider"
        assert browser.come_back(provider).page == "present"

    def test_a_result_from_another_provider_ends_the_attempt(
        self,
        browser: Person,
        provider: Provider,
    ) -> None:
        browser.type_name(ALICE).consent()
        assert browser.come_back(provider, iss="http://other.test").page == "refused"
        assert the_attempt().reason_code == "issuer_mismatch"

    def test_the_form_may_lead_to_the_provider_and_nowhere_else(
        self,
        browser: Person,
        provider: Provider,
    ) -> None:
        browser.type_name(ALICE).open("recovery:start")
        policy = browser.seen["Content-Security-Policy"]
        assert "form-action 'self' http://provider.test" in policy


class TestWallet:
    def test_a_revoked_credential_ends_the_attempt(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        browser.start(ALICE, provider)
        provider.statuses.set(7, 1)
        browser.share(wallet_of(provider), same_device=True, at=clock.at)
        assert browser.page == "refused"
        assert not TemporaryAccessPass.objects.exists()

    def test_a_credential_of_another_proofing_is_not_taken(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        browser.start(ALICE, provider)
        older = wallet_of(provider, proofingReference="proofing-of-last-year")
        browser.share(older, same_device=True, at=clock.at)
        assert browser.page == "present"
        assert "not the Verified ID you received just now" in browser.text
        browser.press("recovery:present")
        assert browser.share(wallet_of(provider), same_device=True, at=clock.at).page == "face"

    def test_a_wallet_on_another_device_leaves_the_face_check_here(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        browser.start(ALICE, provider)
        assert browser.share(wallet_of(provider), same_device=False, at=clock.at).page == "face"
        assert the_attempt().face_device == the_attempt().starter

    def test_an_expired_request_is_renewed(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        """W2."""
        browser.start(ALICE, provider)
        clock.forward(minutes=11)
        assert "no longer valid" in browser.open("recovery:present").text
        browser.press("recovery:present")
        provider.at = clock.at
        assert browser.share(wallet_of(provider), same_device=True, at=clock.at).page == "face"

    def test_a_response_code_of_another_session_is_worth_nothing(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        """O2: mallory brings alice's code to her own attempt."""
        make_person("mallory@contoso.example", given_name="Mallory", surname="Marsh")
        browser.start(ALICE, provider)
        mallory = Person(address="192.0.2.66").start("mallory@contoso.example", provider)
        from tests.unit.idv.verifier.parties import post

        wallet = wallet_of(provider)
        opened = wallet.fetch(browser.request(same_device=True), browser.client, clock.at)
        back = post(browser.client, opened.response_uri, wallet.answer(opened, clock.at)).json()["redirect_uri"]
        assert mallory.open_path(back.removeprefix("http://portal.test")).page == "present"
        assert browser.open_path(back.removeprefix("http://portal.test")).page == "face"


class TestTime:
    def test_an_attempt_expires_and_leads_to_a_page_that_says_so(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock)
        clock.forward(minutes=31)
        assert browser.open("recovery:face").page == "expired"
        assert the_attempt().state == State.EXPIRED
        assert not PresentationRequest.objects.filter(claims_sealed__isnull=False).exists()

    def test_the_beat_expires_what_nobody_looks_at(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock)
        clock.forward(minutes=31)
        assert flows.expire_due(at=clock.at) == 1
        assert flows.expire_due(at=clock.at) == 0

    def test_an_unused_pass_takes_the_attempt_with_it(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock).show_face("alice").press("recovery:confirmed")
        clock.forward(minutes=61)
        assert browser.open("recovery:pass").page == "expired"

    def test_closing_the_browser_loses_nothing(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        """The session cookie is gone, the device cookie stays."""
        to_the_face(browser, provider, clock)
        for name in list(browser.client.cookies):
            if "device" not in name:
                del browser.client.cookies[name]
        assert browser.open("recovery:start").page == "face"
        cookie = browser.client.cookies["recovery-device"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert int(cookie["max-age"]) > 3600
        assert not RecoveryAttempt.objects.filter(devices__secret_digest=cookie.value).exists()

    def test_a_decision_whose_signal_was_lost_is_taken_up(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        from idv.verifier.signals import face_check_decided

        to_the_face(browser, provider, clock)
        monkeypatch.setattr(face_check_decided, "send", lambda **_: [])
        assert browser.show_face("alice").page == "checking"
        assert flows.settle_lost(at=clock.at) == 1
        assert browser.open("recovery:checking").page == "confirmed"


class TestStopping:
    def test_cancelling_deletes_what_was_sent(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        """G1: withdrawal ends the processing."""
        to_the_face(browser, provider, clock)
        assert browser.open("recovery:cancel").page == "cancel"
        assert browser.press("recovery:cancel").page == "cancelled"
        assert not PresentationRequest.objects.filter(seal_key__isnull=False).exists()

    def test_cancelling_after_the_pass_makes_it_worthless(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
    ) -> None:
        to_the_face(browser, provider, clock).show_face("alice").press("recovery:confirmed")
        browser.press("recovery:cancel")
        assert not TemporaryAccessPass.objects.exists()

    def test_this_was_not_me_asks_before_it_stops(
        self,
        browser: Person,
        provider: Provider,
    ) -> None:
        browser.start(ALICE, provider)
        link = next(line for line in mail.outbox[0].body.splitlines() if "/not-me/" in line)
        owner = Person(agent=IPHONE)
        owner.open_path(link.removeprefix("http://portal.test"))
        assert the_attempt().is_active
        owner.seen = owner.client.post(owner.path)
        assert "was stopped" in owner.text
        assert (the_attempt().state, the_attempt().reason_code) == (State.CANCELLED, "not_me")
        assert browser.open("recovery:present").page == "cancelled"
        assert "was stopped" in owner.client.post(owner.path).content.decode()

    def test_the_link_in_the_letter_is_good_for_a_week(self, browser: Person, provider: Provider, clock: Clock) -> None:
        browser.start(ALICE, provider)
        link = next(line for line in mail.outbox[0].body.splitlines() if "/not-me/" in line)
        owner = Person(agent=IPHONE)
        clock.forward(days=6, hours=23)
        owner.open_path(link.removeprefix("http://portal.test"))
        assert owner.client.get(owner.path).status_code == 200
        clock.forward(hours=1)
        assert owner.client.get(owner.path).status_code == 410

    def test_a_forged_link_stops_nothing(self, browser: Person, provider: Provider) -> None:
        browser.start(ALICE, provider)
        assert browser.client.post(reverse("recovery:not-me", args=["forged"])).status_code == 410
        assert the_attempt().is_active


class TestLimits:
    def test_one_address_cannot_start_without_end(
        self,
        browser: Person,
        provider: Provider,
        settings: Any,
    ) -> None:
        settings.RECOVERY_STARTS_PER_ACCOUNT = 2
        browser.type_name(ALICE)
        for _ in range(2):
            browser.consent()
            browser.press("recovery:cancel")
        refused = browser.consent()
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 0

    def test_a_flood_from_elsewhere_does_not_lock_the_owner_out(
        self,
        browser: Person,
        provider: Provider,
        settings: Any,
    ) -> None:
        settings.RECOVERY_STARTS_PER_ACCOUNT = settings.RECOVERY_NOTICES_PER_ACCOUNT = 2
        for host in range(4):
            Person(address=f"198.51.100.{host}").type_name(ALICE).consent()
        letters = len(mail.outbox)
        assert letters == 2 * 2
        assert browser.start(ALICE, provider).page == "present"

    def test_a_profile_in_use_keeps_the_terms_of_its_attempts(
        self,
        browser: Person,
        provider: Provider,
        clock: Clock,
        profile: RecoveryProfile,
    ) -> None:
        to_the_face(browser, provider, clock)
        RecoveryProfile.objects.filter(pk=profile.pk).update(mode="evaluation", face_check_threshold=100)
        make_profile(profile.provider, name="First", priority=1, mode="evaluation")
        assert browser.show_face("alice").page == "confirmed"
