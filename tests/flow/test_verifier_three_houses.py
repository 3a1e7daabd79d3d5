"""The verifier against the real provider, over the wire: pushed, proofed, issued, presented, Face-Checked, revoked.

The houses share this process and not a line: every message goes through the guarded client as bytes.
"""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from idv.credentials import sd_jwt
from idv.protocol import presentation
from idv.provider.models import ProofingDecision, RelyingParty
from idv.verifier import errors, flows, trust
from idv.verifier.models import FaceCheck, IdentityProvider, PresentationRequest, ProofingRequest
from recovery_portal.kit import http
from recovery_portal.testing.in_process import HouseTransport
from tests.fakes import faces
from tests.fakes.proofing import Browser, WireWallet, code_in, submit_document, submit_selfie, to_document_photos
from tests.flow.provider_house import house  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

CALLBACK = "http://portal.test/recover/return/"
VERIFIER = "recovery_portal.urls"


@pytest.fixture
def row(house: None, monkeypatch: pytest.MonkeyPatch) -> IdentityProvider:  # noqa: F811
    monkeypatch.setitem(http.transports, "http://portal.test", HouseTransport())
    monkeypatch.setitem(http.transports, "http://provider.test", HouseTransport())
    call_command(
        "register_relying_party",
        client_id="http://portal.test",
        name="Contoso",
        redirect_uris=[CALLBACK],
        jwks_uri="http://portal.test/verifier/jwks",
    )
    call_command("register_provider", name="Proofmark", issuer="http://provider.test")
    return IdentityProvider.objects.get()


class Journey:
    """A person at the provider, sent there by the verifier."""

    def __init__(self, row: IdentityProvider, **asked: bool) -> None:
        flows.check_provider(provider=row, at=timezone.now())
        self.row = row
        self.sent = flows.start_proofing(
            provider=row, correlation_id="attempt-1", redirect_uri=CALLBACK, at=timezone.now(), **asked
        )
        self.browser, self.wallet, self.credential = Browser(), WireWallet(), ""
        self.browser.go(self.sent.authorization_url.removeprefix("http://provider.test"))

    def prove(self, person: str = "alice") -> "Journey":
        phone = Browser()
        phone.go(self.browser.hand_over_link())
        phone.send()
        to_document_photos(phone)
        submit_document(phone)
        submit_selfie(phone, person)
        phone.follow()
        if phone.name == "add":
            phone.send()
            [issued] = self.wallet.receive(phone.text).json()["credentials"]
            self.credential = issued["credential"]
        self.browser.follow()
        return self

    def come_home(self) -> flows.ProofingResult:
        assert self.browser.page is not None
        home = self.browser.page["Location"]
        returned = {name: values[0] for name, values in parse_qs(urlsplit(home).query).items()}
        return flows.finish_proofing(
            proofing=ProofingRequest.objects.get(pk=self.sent.pk),
            code=code_in(home),
            issuer=returned["iss"],
            state=returned["state"],
            at=timezone.now(),
        )

    @override_settings(ROOT_URLCONF=VERIFIER)
    def ask(self, proofing_reference: str) -> PresentationRequest:
        return flows.request_presentation(
            provider=self.row,
            proofing_reference=proofing_reference,
            purpose="Recover your account",
            account_hint="a•••@contoso.example",
            same_device=False,
            at=timezone.now(),
            correlation_id="attempt-1",
        )

    def present(self, asked: PresentationRequest) -> http.Response:
        link = presentation.parse_request_link(asked.authorization_request_uri)
        anchor = http.fetch("GET", "http://portal.test/verifier/development-ca.pem").content.decode()
        opened = presentation.open_request(
            http.fetch("GET", link.request_uri).content.decode(),
            expected_client_id=link.client_id,
            authorities=trust.certificates_in(anchor),
            at=timezone.now(),
        )
        presented = sd_jwt.present(
            self.credential,
            disclose=["firstName", "lastName", "portrait", "proofingReference"],
            audience=opened.client_id,
            nonce=opened.nonce,
            holder_key=self.wallet.key,
            at=timezone.now(),
        )
        form = presentation.build_response(opened, vp_token={"identity": [presented]})
        return http.fetch(
            "POST",
            opened.response_uri,
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )


def show_face(request: PresentationRequest, person: str) -> FaceCheck:
    check = flows.begin_face_check(request=request, threshold=70, at=timezone.now())
    flows.submit_frames(face_check=check, frames=faces.capture(check.challenge, person), at=timezone.now())
    check.refresh_from_db()
    return check


def test_proofed_issued_presented_and_face_checked(row: IdentityProvider) -> None:
    journey = Journey(row).prove()
    result = journey.come_home()
    assert (result.verdict, result.reason_code) == ("verified", "")
    asked = journey.ask(result.proofing_reference)
    assert journey.present(asked).status == 200
    collected = flows.collect(request=asked, response_code=None, at=timezone.now())
    assert (collected.first_name, collected.last_name) == ("Alice", "Archer")
    assert show_face(asked, "mallory").status == "failed"
    assert show_face(asked, "alice").status == "passed"


@pytest.mark.parametrize(("asked", "always"), [(True, False), (False, True), (False, False)])
def test_two_readers_must_agree_where_the_request_or_the_operator_asks_for_it(
    row: IdentityProvider, settings: Any, asked: bool, always: bool
) -> None:
    RelyingParty.objects.update(high_assurance=always)
    settings.HIGH_ASSURANCE_DOCUMENT_READER = settings.DOCUMENT_READER
    assert Journey(row, high_assurance=asked).prove().come_home().verdict == "verified"
    [decision] = ProofingDecision.objects.all()
    assert decision.checks.filter(name="two_readers_agree", ok=True).exists() is (asked or always)


def test_another_persons_selfie_is_declined_without_a_credential(row: IdentityProvider) -> None:
    journey = Journey(row).prove("mallory")
    assert journey.credential == ""
    journey.browser.go(f"{journey.browser.base}/return")
    result = journey.come_home()
    assert (result.verdict, result.reason_code) == ("declined", "face_mismatch")


def test_a_credential_of_an_earlier_proofing_is_refused(row: IdentityProvider) -> None:
    first = Journey(row).prove()
    first.come_home()
    second = Journey(row).prove()
    asked = second.ask(second.come_home().proofing_reference)
    second.credential, second.wallet = first.credential, first.wallet
    assert second.present(asked).status == 400
    asked.refresh_from_db()
    assert asked.reason_code == "other_proofing"


def test_a_revoked_credential_is_refused(row: IdentityProvider) -> None:
    journey = Journey(row).prove()
    reference = journey.come_home().proofing_reference
    call_command("revoke_credential", reference, reason="lost phone")
    cache.clear()
    asked = journey.ask(reference)
    assert journey.present(asked).status == 400
    asked.refresh_from_db()
    assert (asked.status, asked.reason_code) == ("refused", "credential_revoked")


def test_the_way_home_works_once(row: IdentityProvider) -> None:
    journey = Journey(row).prove()
    journey.come_home()
    with pytest.raises(errors.ProofingRefused, match="proofing_unknown_state"):
        journey.come_home()
