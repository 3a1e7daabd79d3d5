"""A person walks the provider, with a phone and with one device; the portal gets its signed answer."""

import json
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.utils import timezone

from idv.credentials import sd_jwt, status_list
from idv.credentials.status_list import StatusList
from idv.credentials.trust import TrustedIssuer, TrustedIssuers
from idv.credentials.verify import credential as verify_credential
from idv.provider.flows import deciding
from idv.provider.machine import State
from idv.provider.models import Photo, ProofingConsent, ProofingSession
from recovery_portal.kit import queue
from tests.fakes.proofing import (
    WireWallet,
    arrive,
    code_in,
    document_card,
    join_phone,
    selfie_frames,
    submit_document,
    submit_selfie,
    to_document_photos,
    to_offer,
    upload,
)
from tests.flow.provider_house import house, portal  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_whole_way_with_a_phone(portal):  # noqa: F811
    desktop = arrive(portal)
    assert desktop.name == "scan"
    phone = join_phone(desktop)
    assert phone.name == "details"
    desktop.follow()
    assert desktop.name == "follow"

    to_document_photos(phone)
    assert "Submit photos" in phone.text
    submit_document(phone)
    assert phone.name == "selfie-tips"
    submit_selfie(phone)
    phone.follow()
    assert "Add Verifiable Credential" in phone.text
    phone.send()
    assert phone.name == "open"
    assert ">Open</a>" in phone.text

    wallet = WireWallet()
    issued = wallet.receive(phone.text)
    assert issued.status_code == 200, issued.content
    phone.follow()
    assert phone.name == "finished"
    assert "<h1>Success</h1>" in phone.text
    assert phone.status()["next"] is None, "a phone stays where it is"

    desktop.follow()
    home = desktop.page["Location"]
    answer = parse_qs(urlsplit(home).query)
    assert home.startswith(portal.redirect_uri)
    assert answer["iss"] == [settings.PROVIDER_BASE_URL]
    assert answer["state"] == ["state-of-the-portal"]
    result = portal.result(code_in(home))
    assert (result.verdict, result.reason_code) == ("verified", "")

    claims = sd_jwt.read(issued.json()["credentials"][0]["credential"])
    assert claims["proofingReference"] == result.proofing_reference
    assert (claims["firstName"], claims["lastName"]) == ("Alice", "Archer"), "from the document, never as typed"


def test_the_page_that_waits_hears_of_the_queue_and_of_the_end(portal, monkeypatch):  # noqa: F811
    handed = []
    monkeypatch.setattr(queue, "enqueue", lambda task, **ids: handed.append(ids))
    phones = [join_phone(arrive(portal)) for _ in range(2)]
    for phone in phones:
        to_document_photos(phone)
        submit_document(phone)
        submit_selfie(phone)
    first, second = phones
    assert first.status()["message"] == "Your photos are being checked."
    assert second.status()["message"] == "Your photos wait for their turn. 1 other is before you."
    for ids in handed:
        deciding.decide(proofing_id=uuid.UUID(ids["proofing_id"]), round=ids["round"], at=timezone.now())
    listening = second.client.get(f"{second.base}/status?on=checking", headers={"accept": "text/event-stream"})
    assert listening["Content-Type"] == "text/event-stream"
    assert f'"next": "{second.base}/add"' in listening.getvalue().decode()
    stranger = first.client.get(f"{second.base}/status?on=checking", headers={"accept": "text/event-stream"})
    assert stranger.status_code == 404


def test_the_credential_verifies_for_whoever_trusts_the_published_keys(portal):  # noqa: F811
    desktop = arrive(portal)
    phone = join_phone(desktop)
    to_offer(phone)
    wallet = WireWallet()
    compact = wallet.receive(phone.text).json()["credentials"][0]["credential"]
    published = wallet.client.get("/.well-known/jwt-vc-issuer").json()
    trusted = TrustedIssuers(
        [
            TrustedIssuer(
                issuer=settings.PROVIDER_BASE_URL,
                vcts=frozenset({f"{settings.PROVIDER_BASE_URL}/credentials/VerifiedIdentity"}),
                jwks=published["jwks"]["keys"],
            )
        ]
    )
    verified = verify_credential(
        compact, expected_holder_jwk=wallet.key.public_jwk(), trusted=trusted, at=timezone.now()
    )
    assert set(verified.claims) == {
        "firstName", "lastName", "fullName", "dateOfBirth", "documentType", "documentNumber", "documentExpiryDate",
        "documentIssuingCountry", "nationality", "gender", "portrait", "verifiedAt", "verificationMethod",
        "proofingReference",
    }  # fmt: skip
    assert verified.status is not None
    answer = wallet.client.get(urlsplit(verified.status.uri).path)
    assert answer["Content-Type"] == status_list.MEDIA_TYPE
    listed = status_list.read_token(
        answer.content.decode(),
        uri=verified.status.uri,
        issuer=settings.PROVIDER_BASE_URL,
        trusted=trusted,
        at=timezone.now(),
    )
    assert isinstance(listed.statuses, StatusList)
    assert listed.statuses.get(verified.status.idx) == status_list.VALID
    assert listed.statuses.size >= 2**20


def test_one_device_is_enough_and_goes_home_by_itself(portal):  # noqa: F811
    browser = arrive(portal)
    browser.step("continue-here")
    assert browser.name == "details"
    to_offer(browser)
    WireWallet().receive(browser.text)
    browser.follow()
    assert "<h1>Success</h1>" in browser.text
    browser.follow()
    assert portal.result(code_in(browser.page["Location"])).verdict == "verified"


def test_another_face_is_declined_with_one_calm_text(portal):  # noqa: F811
    desktop = arrive(portal)
    phone = join_phone(desktop)
    to_document_photos(phone)
    submit_document(phone)
    submit_selfie(phone, person="mallory")
    phone.follow()
    assert phone.name == "declined"
    decision = phone.proofing.decisions.get()
    assert decision.reason_code == "face_mismatch"
    assert decision.score < decision.threshold
    assert str(decision.score) not in phone.text
    desktop.follow()
    assert desktop.name == "declined"
    desktop.go(f"{desktop.base}/return")
    result = portal.result(code_in(desktop.page["Location"]))
    assert (result.verdict, result.reason_code) == ("declined", "face_mismatch")


@pytest.mark.parametrize("cues", [{"refusal": "mrz_check_digit_wrong"}, {"refusal": "document_expired"}])
def test_every_refusal_says_the_same_to_the_person(portal, cues):  # noqa: F811
    pages = []
    for how in (cues, {}):
        phone = join_phone(arrive(portal))
        to_document_photos(phone)
        submit_document(phone, **how)
        submit_selfie(phone, person="alice" if how else "mallory")
        phone.follow()
        pages.append(phone.text.replace(str(phone.proofing.pk), "").split("<main")[1].split("</main")[0])
    assert pages[0] == pages[1]


def test_an_unreadable_document_is_photographed_again_and_the_selfie_is_kept(portal):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    submit_document(phone, unreadable="mrz_unreadable")
    submit_selfie(phone)
    phone.follow()
    assert phone.name == "document-photos"
    assert 'role="alert"' in phone.text
    submit_document(phone)
    phone.follow()
    assert phone.name == "add"
    assert [d.outcome for d in phone.proofing.decisions.order_by("round")] == ["documentUnusable", "verified"]


def test_an_unusable_selfie_is_taken_again_with_another_challenge(portal):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    submit_document(phone)
    submit_selfie(phone, trouble="too_dark")
    phone.follow()
    assert phone.name == "selfie-tips"
    assert "too dark" in phone.text
    submit_selfie(phone)
    phone.follow()
    assert phone.name == "add"


def test_photos_taken_for_another_challenge_do_not_count(portal):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    submit_document(phone)
    phone.send()
    phone.send(data=selfie_frames(phone) | {"challenge": "an-earlier-one"})
    assert (phone.name, phone.proofing.state) == ("selfie", "selfie")
    assert "a new order" in phone.text


def test_who_cannot_turn_moves_the_camera_and_who_has_none_is_told_so(portal, settings):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    submit_document(phone)
    phone.send()
    phone.step("selfie/movement", {"movement": "camera"})
    assert set(phone.proofing.challenge) == {"frontal", "camera_left", "camera_right", "closer"}
    phone.send(data=selfie_frames(phone, trouble="too_dark"))
    phone.follow()
    submit_selfie(phone)
    phone.follow()
    assert phone.name == "add"
    assert "camera_left" in phone.proofing.challenge

    settings.PROVIDER_STILL_HEAD_ALLOWED = False
    other = join_phone(arrive(portal))
    to_document_photos(other)
    submit_document(other)
    other.send()
    assert "Move the camera instead" not in other.text
    other.step("selfie/movement", {"movement": "camera"})
    assert "camera_left" not in other.proofing.challenge
    other.go(f"{other.base}/no-camera")
    assert "ask your IT help desk" in other.text
    assert "If it offers “I have no camera”, choose that" in other.text
    assert "start again at Contoso" in other.text


def _pause_is_over(phone):
    ProofingSession.objects.filter(pk=phone.proofing.pk).update(paused_until=timezone.now())


def test_five_selfies_of_no_use_lead_to_a_pause_and_ten_to_the_end(portal):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    submit_document(phone)
    for _ in range(5):
        submit_selfie(phone, trouble="blurred")
        phone.follow()
    assert phone.name == "selfie-tips"
    assert "A short pause" in phone.text
    assert "data-countdown" in phone.text
    assert phone.send().status_code == 429
    assert phone.proofing.state == State.SELFIE_TIPS, "no challenge is drawn before the pause is over"
    phone.go(f"{phone.base}/no-camera")
    assert "help desk" in phone.text
    _pause_is_over(phone)
    phone.go(f"{phone.base}/selfie-tips")
    for _ in range(5):
        assert phone.name == "selfie-tips"
        submit_selfie(phone, trouble="blurred")
        phone.follow()
    assert phone.name == "declined"
    assert phone.proofing.reason_code == "too_many_selfie_tries"


def test_five_documents_of_no_use_lead_to_a_pause_that_another_document_does_not_shorten(portal):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    submit_document(phone, unreadable="mrz_unreadable", take="0")
    submit_selfie(phone)
    phone.follow()
    for number in range(1, 5):
        assert phone.name == "document-photos"
        submit_document(phone, unreadable="mrz_unreadable", take=str(number))
        phone.follow()
    assert "A short pause" in phone.text
    posted = phone.send(data={"frame_front": upload(document_card())})
    assert posted.status_code == 429
    assert phone.proofing.state == State.DOCUMENT_RETAKE
    phone.step("another-document")
    phone.send(data={"country": "UTO", "kind": "passport"})
    phone.send()
    assert "A short pause" in phone.text
    _pause_is_over(phone)
    phone.go(f"{phone.base}/document-photos")
    submit_document(phone)
    assert phone.name == "selfie-tips"


def test_the_same_photo_of_no_use_is_not_taken_twice_and_nothing_of_it_is_kept(portal):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    submit_document(phone, unreadable="mrz_unreadable")
    submit_selfie(phone)
    phone.follow()
    submit_document(phone, unreadable="mrz_unreadable")
    assert phone.page.status_code == 422
    assert "has been looked at and could not be used" in phone.text
    assert phone.proofing.document_tries == 1
    assert len(phone.proofing.refused_photos) == 1
    submit_document(phone)
    phone.follow()
    assert phone.name == "add"
    phone.step("cancel")
    assert phone.proofing.refused_photos == []


def test_the_same_photo_may_come_again_when_not_the_photo_was_at_fault(portal):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    submit_document(phone, country="ABC")
    submit_selfie(phone)
    phone.follow()
    assert phone.proofing.retake_code == "other_country"
    assert phone.proofing.refused_photos == []
    submit_document(phone, country="ABC")
    assert phone.page.status_code == 200


@pytest.mark.parametrize("by_phone", [True, False])
def test_cancel_at_any_time_answers_access_denied(portal, by_phone):  # noqa: F811
    desktop = arrive(portal)
    phone = join_phone(desktop)
    to_document_photos(phone)
    (phone if by_phone else desktop).step("cancel")
    if by_phone:
        desktop.follow()
    assert desktop.name == "cancelled"
    desktop.follow()
    answer = parse_qs(urlsplit(desktop.page["Location"]).query)
    assert answer == {
        "error": ["access_denied"],
        "state": ["state-of-the-portal"],
        "iss": [settings.PROVIDER_BASE_URL],
    }


def test_biometrics_can_be_refused_before_any_camera_opens(portal):  # noqa: F811
    phone = join_phone(arrive(portal))
    assert "data-capture" not in phone.text
    phone.send(data={"name": "Alice", "email": "alice@home.example", "terms": "on"})
    assert phone.name == "details", "consent is separate and required"
    phone.step("without-biometrics")
    assert phone.name == "declined"
    assert "a person can check" in phone.text
    assert not ProofingConsent.objects.exists()


def test_both_consents_are_recorded_with_their_texts(portal):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    kinds = set(phone.proofing.consents.values_list("kind", "text_version"))
    assert kinds == {("terms", "2026-11"), ("biometrics", "2026-11")}


def test_nothing_about_the_person_is_left_after_the_return(portal):  # noqa: F811
    desktop = arrive(portal)
    phone = join_phone(desktop)
    to_offer(phone)
    assert not Photo.objects.exists(), "photos go with the decision"
    WireWallet().receive(phone.text)
    desktop.follow()
    gone = ProofingSession.objects.get()
    assert gone.state == State.RETURNED
    assert bytes(gone.personal_key) == b""
    assert (gone.applicant_sealed, gone.document_sealed, gone.portrait_sealed) == (None, None, None)
    assert not gone.offers.exclude(secrets_sealed=None).exists()


@pytest.mark.parametrize("end", ["cancel", "expire"])
def test_photos_and_data_go_with_every_end(portal, end, settings):  # noqa: F811
    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    submit_document(phone)
    assert Photo.objects.count() == 1
    if end == "cancel":
        phone.step("cancel")
    else:
        ProofingSession.objects.update(expires_at=timezone.now())
        phone.go(phone.path)
    assert phone.name == ("cancelled" if end == "cancel" else "expired")
    assert not Photo.objects.exists()
    assert bytes(ProofingSession.objects.get().personal_key) == b""
    withdrawn = ProofingConsent.objects.filter(withdrawn_at__isnull=False).count()
    assert withdrawn == (2 if end == "cancel" else 0), "who cancels takes consent back"


def test_a_photo_that_is_no_photo_gets_a_sentence_and_stays(portal):  # noqa: F811
    from tests.fakes.proofing import upload

    phone = join_phone(arrive(portal))
    to_document_photos(phone)
    for junk in (b"", b"not an image", b"\xff\xd8\xff" + b"\0" * 100):
        phone.send(data={"frame_front": upload(junk)})
        assert phone.page.status_code == 422
        assert phone.name == "document-photos"
        assert 'role="alert"' in phone.text
    phone.send(data={})
    assert "missing" in phone.text
    assert phone.proofing.state == State.DOCUMENT_PHOTOS


def test_a_credential_can_be_revoked_from_the_shell(portal):  # noqa: F811
    from django.core.management import call_command

    phone = join_phone(arrive(portal))
    to_offer(phone)
    wallet = WireWallet()
    claims = sd_jwt.read(wallet.receive(phone.text).json()["credentials"][0]["credential"])
    reference = claims["status"]["status_list"]
    call_command("revoke_credential", claims["proofingReference"], reason="lost phone")
    token = wallet.client.get(urlsplit(reference["uri"]).path).content.decode()
    from idv.credentials import jose

    listed = jose.peek(token, max_payload_bytes=10**6).payload["status_list"]
    assert StatusList.decoded(listed["lst"], listed["bits"]).get(reference["idx"]) == status_list.INVALID


def test_the_test_offer_command_prints_json_alone(portal, capsys):  # noqa: F811
    from django.core.management import call_command

    call_command("issue_test_offer", "--given-name", "Ann", "--family-name", "Lee", "--json")
    printed = json.loads(capsys.readouterr().out)
    wallet = WireWallet()
    answer = wallet.token(wallet.offer(printed["offer"]), printed["tx_code"])
    issued = wallet.ask(answer.json()["access_token"], [wallet.proof(wallet.nonce())])
    assert sd_jwt.read(issued.json()["credentials"][0]["credential"])["fullName"] == "Ann Lee"
