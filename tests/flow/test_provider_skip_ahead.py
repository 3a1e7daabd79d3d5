"""No skipping ahead (V18): at every state every other page, read or posted, leads back to where the person is."""

import uuid

import pytest
from django.utils import timezone

from idv.face.liveness import Movement
from idv.provider import policy
from idv.provider.machine import TABLE, State
from idv.provider.models import AuthorizationCode, ProofingEvent, ProofingSession, RelyingParty
from idv.provider.views.visit import PAGE_BY_STATE, Role
from recovery_portal.kit.tokens import new_token
from tests.fakes.proofing import Browser, arrive, join_phone
from tests.flow.provider_house import house, portal  # noqa: F401

PAGES = [
    "scan", "follow", "details", "document", "document-tips", "document-photos", "selfie-tips", "selfie", "checking",
    "review", "add", "open", "finished", "declined", "cancelled", "expired",
]  # fmt: skip
ACTIONS = ["continue-here", "without-biometrics", "another-document"]
ROLES = list(Role)


def at_state(party: RelyingParty, state: State) -> ProofingSession:
    verdict = {
        State.VERIFIED: "verified",
        State.OFFERED: "verified",
        State.ISSUED: "verified",
        State.DECLINED: "declined",
    }
    at = timezone.now()
    return ProofingSession.objects.create(
        reference=new_token(), relying_party=party, redirect_uri="http://portal.test/back", client_state="s",
        client_nonce="n", code_challenge="c" * 43, state=state, created_at=at, expires_at=at + policy.PROOFING_LIFETIME,
        verdict=verdict.get(state, ""), document_kind="passport", country="UTO",
        challenge=["frontal", "turn_left", "turn_right"],
        challenge_expires_at=at + policy.CHALLENGE_LIFETIMES[Movement.HEAD],
    )  # fmt: skip


def bound(proofing: ProofingSession, role: Role) -> Browser:
    browser = Browser()
    browser.client.get("/specimen/")  # a page with a session of its own
    session = browser.client.session
    session["proofings"] = {str(proofing.pk): role.value}
    session.save()
    browser.client.cookies[_cookie_name()] = session.session_key
    browser.path = f"/proofing/{proofing.pk}/"
    return browser


def _cookie_name() -> str:
    from django.conf import settings

    return settings.SESSION_COOKIE_NAME


def test_every_state_has_a_page_for_every_role():
    for role in Role:
        assert set(PAGE_BY_STATE[role]) == set(State)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", list(State))
def test_every_address_leads_to_the_page_of_the_state(portal, state, role):  # noqa: F811
    proofing = at_state(RelyingParty.objects.get(), state)
    browser = bound(proofing, role)
    right = PAGE_BY_STATE[role][state]
    events = ProofingEvent.objects.count()
    for name in PAGES:
        if name == right:
            continue
        for answer in (
            browser.client.get(f"/proofing/{proofing.pk}/{name}"),
            browser.client.post(
                f"/proofing/{proofing.pk}/{name}", {"country": "UTO", "kind": "passport", "terms": "on"}
            ),
        ):
            assert answer.status_code == 302, name
            assert answer["Location"] == f"/proofing/{proofing.pk}/{right}", name
    if right not in {"scan", "details", "document-tips", "document-photos"}:
        for name in ACTIONS:
            answer = browser.client.post(f"/proofing/{proofing.pk}/{name}")
            assert answer.status_code == 302
            assert answer["Location"] == f"/proofing/{proofing.pk}/{right}"
    proofing.refresh_from_db()
    assert proofing.state == state
    assert ProofingEvent.objects.count() == events


@pytest.mark.parametrize("state", list(State))
def test_a_code_exists_only_when_there_is_a_result(portal, state):  # noqa: F811
    proofing = at_state(RelyingParty.objects.get(), state)
    answer = bound(proofing, Role.DESKTOP).client.get(f"/proofing/{proofing.pk}/return")
    carries_code = "code=" in answer["Location"]
    assert carries_code == (state in {State.ISSUED, State.DECLINED, State.RETURNED})
    assert AuthorizationCode.objects.exists() == carries_code


@pytest.mark.parametrize("state", list(State))
def test_a_phone_never_goes_home_with_a_code(portal, state):  # noqa: F811
    proofing = at_state(RelyingParty.objects.get(), state)
    assert bound(proofing, Role.PHONE).client.get(f"/proofing/{proofing.pk}/return").status_code == 404
    assert not AuthorizationCode.objects.exists()


@pytest.mark.parametrize("state", list(State))
def test_another_browser_finds_nothing_at_any_state(portal, state):  # noqa: F811
    proofing = at_state(RelyingParty.objects.get(), state)
    stranger = Browser()
    for name in [*PAGES, "status", "return", ""]:
        assert stranger.client.get(f"/proofing/{proofing.pk}/{name}").status_code == 404
    for name in [*PAGES, *ACTIONS, "cancel"]:
        assert stranger.client.post(f"/proofing/{proofing.pk}/{name}").status_code == 404
    assert stranger.client.get(f"/proofing/{uuid.uuid4()}/scan").status_code == 404
    proofing.refresh_from_db()
    assert proofing.state == state


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", [s for s in State if s in TABLE.active])
def test_an_expired_proofing_shows_so_at_every_address(portal, state, role):  # noqa: F811
    proofing = at_state(RelyingParty.objects.get(), state)
    ProofingSession.objects.update(expires_at=timezone.now())
    browser = bound(proofing, role)
    for name in PAGES[:-1]:
        assert browser.client.get(f"/proofing/{proofing.pk}/{name}")["Location"].endswith("/expired"), name
    assert browser.client.get(f"/proofing/{proofing.pk}/expired").status_code == 200


def test_going_back_reloading_and_a_second_tab_are_harmless(portal):  # noqa: F811
    desktop = arrive(portal)
    phone = join_phone(desktop)
    details = phone.path
    phone.send(data={"name": "A", "email": "a@b.example", "terms": "on", "biometrics": "on"})
    phone.go(details)
    assert phone.name == "document"
    phone.send(details, {"name": "Z", "email": "z@b.example", "terms": "on", "biometrics": "on"})
    assert phone.name == "document"
    assert phone.proofing.consents.count() == 2


def test_two_proofings_in_one_browser_do_not_mix(portal):  # noqa: F811
    first = arrive(portal)
    second = Browser()
    second.client = first.client
    second.go(portal.authorize_path())
    assert first.base != second.base
    first.step("cancel")
    second.go(second.path)
    assert second.name == "scan"


def test_a_hand_off_lets_one_phone_in(portal):  # noqa: F811
    desktop = arrive(portal)
    link = desktop.hand_over_link()
    first, second = Browser(), Browser()
    for phone in (first, second):
        phone.go(link)
        assert "Contoso" in phone.text, "who asks is shown before anything happens"
    first.send(link)
    assert first.name == "details"
    second.send(link)
    assert second.page.status_code == 404
    assert second.go(f"{first.base}/details").status_code == 404


def test_looking_at_the_link_does_not_use_it_up(portal):  # noqa: F811
    desktop = arrive(portal)
    link = desktop.hand_over_link()
    for _ in range(3):
        assert Browser().go(link).status_code == 200
    desktop.follow()
    assert desktop.name == "scan"


def test_a_hand_off_ends_with_its_time_and_with_continue_here(portal):  # noqa: F811
    from idv.provider.models import HandOff

    desktop = arrive(portal)
    link = desktop.hand_over_link()
    HandOff.objects.update(expires_at=timezone.now())
    assert Browser().go(link).status_code == 404
    desktop.go(desktop.path)
    link = desktop.hand_over_link()
    desktop.step("continue-here")
    assert Browser().go(link).status_code == 404


def test_joining_changes_the_session_key(portal):  # noqa: F811
    desktop = arrive(portal)
    phone = Browser()
    phone.client.get("/specimen/")
    session = phone.client.session
    session["planted"] = "yes"
    session.save()
    phone.client.cookies[_cookie_name()] = session.session_key
    phone.go(desktop.hand_over_link())
    phone.send()
    assert phone.client.cookies[_cookie_name()].value != session.session_key
