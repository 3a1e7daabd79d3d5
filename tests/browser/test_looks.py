"""Every page a person meets, looked at as they meet it: axe, both colour schemes, 1280 and 390 pixels, and 320 without
sideways scrolling; and the road by keyboard alone. ``PICTURES=folder`` keeps what was seen.
"""

import json
import re
import sqlite3

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from recovery_portal.demo.organisation import OPERATOR

from .admin_pages import ADMIN
from .inside import OpenHouses
from .looks import Looks
from .relying_party import relying_party
from .walk import ABEL, DECISION_TIMEOUT_MS, LENA, PIN, VERA, Person

PROOFING = re.compile(r"/proofing/([0-9a-f-]+)/")


@pytest.fixture
def looks() -> Looks:
    return Looks.asked_for()


def _turn(houses: OpenHouses, role: str, table: str, **columns: object) -> None:
    """Put the newest row of a house's ``table`` where the page to be looked at is, as a long story would have."""
    newest = f"(SELECT rowid FROM {table} ORDER BY rowid DESC LIMIT 1)"
    with sqlite3.connect(houses.databases[role].removeprefix("sqlite:///"), timeout=10) as database:
        names = ", ".join(f"{name} = ?" for name in columns)
        database.execute(f"UPDATE {table} SET {names} WHERE rowid = {newest}", tuple(columns.values()))
    database.close()


def _attempt(houses: OpenHouses, **columns: object) -> None:
    _turn(houses, "portal", "recovery_recoveryattempt", **columns)


def test_the_eye_sees(desktop: BrowserContext) -> None:
    page, looks = desktop.new_page(), Looks(None)
    page.set_content("<title>T</title><p style='color:#999;background:#aaa;width:500px'>Hard to read</p>")
    looks.take(page, "bad")
    found = "\n".join(looks.problems)
    assert "bad at 1280 px, light: color-contrast" in found
    assert "bad at 390 px, dark: color-contrast" in found
    assert "html-has-lang" in found
    assert "scrolls sideways" in found


def test_pages_of_the_journey(houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext, looks: Looks) -> None:
    person = Person(houses, VERA, desktop, phone, looks)
    person.come_to_the_face_check()
    person.check_face()
    expect(person.phone.get_by_role("button", name="Show my Temporary Access Pass")).to_be_visible(
        timeout=DECISION_TIMEOUT_MS
    )
    _look_at_the_number(person)
    person.reveal_pass()
    person.sign_in_with_pass()
    person.register_passkey()
    _look_at_security_info(person.phone, looks)
    person.sign_out()
    person.sign_in_with_passkey()
    _look_at_a_program_that_wants_a_face(person)
    _look_at_prompts(person)
    _look_at_the_wallet(person, phone.new_page())
    assert not looks.problems, "\n".join(looks.problems)


def _look_at_the_number(person: Person) -> None:
    """A profile setting that the demo does not use: the pass where the recovery began, after number matching."""
    _attempt(person.houses, state="awaitingNumber", pairing_number=42, pairing_choices="[17, 42, 86]")
    for page, name in ((person.phone, "number"), (person.desk, "number-shown")):
        page.goto(f"{person.houses.url('portal')}/recover/face/")
        person.pictures.take(page, name)
    _attempt(person.houses, state="matched", pairing_number=None, pairing_choices="[]")
    person.phone.goto(f"{person.houses.url('portal')}/recover/face/")


def _look_at_security_info(page: Page, looks: Looks) -> None:
    home = page.url
    looks.take(page, "security-info-passkey")
    page.get_by_role("link", name="Rename").first.click()
    looks.take(page, "rename")
    page.get_by_label("Name").fill("")
    page.get_by_role("button", name="Save").click()
    looks.take(page, "rename-refused")
    page.goto(home)
    page.get_by_role("link", name="Delete").first.click()
    looks.take(page, "delete")
    page.goto(f"{home}add/")
    looks.take(page, "add-method")
    page.goto(f"{home}password/")
    looks.take(page, "change-password")
    page.goto(f"{home}add/authenticator-app/")
    looks.take(page, "authenticator-app")
    secret = page.locator("#app-key").inner_text().replace(" ", "").strip()
    page.locator("#id_code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Next").click()
    looks.take(page, "authenticator-app-added")
    page.get_by_role("link", name="Done").click()


def _look_at_a_program_that_wants_a_face(person: Person) -> None:
    """The same credential for another program: it asks by the Request Service, the Face Check follows, it is called
    back by a worker."""
    phone, looks = person.phone, person.pictures
    with relying_party(person.houses) as party:
        phone.goto(f"{person.houses.url('wallet')}/paste/")
        person.unlock(phone)
        phone.get_by_label("link").fill(party.ask()["url"])
        phone.get_by_role("button", name="Continue").click()
        phone.get_by_role("button", name="Share").click()
        expect(phone.get_by_role("heading", name="One more step: Face Check")).to_be_visible()
        assert party.next_call()["requestStatus"] == "request_retrieved"
        looks.take(phone, "program-consent")
        phone.get_by_role("button", name="I agree, continue").click()
        looks.take(phone, "program-face-check")
        phone.get_by_text("Another way to do this").click()
        phone.get_by_role("link", name="I have no camera").click()
        looks.take(phone, "program-no-camera")
        phone.get_by_role("link", name="Back to the Face Check").click()
        person.take_selfies(second=True)
        expect(phone.get_by_role("heading", name="Success")).to_be_visible(timeout=DECISION_TIMEOUT_MS)
        told = party.next_call()
        assert told["requestStatus"] == "presentation_verified"
        assert told["verifiedCredentialsData"][0]["claims"]["firstName"] == person.employee.given_name
        assert told["verifiedCredentialsData"][0]["faceCheck"]["matchConfidenceScore"] >= 70
        looks.take(phone, "program-success")


def _look_at_prompts(person: Person) -> None:
    person.desk.context.clear_cookies()
    person.name_account()
    for way, name in (("face, fingerprint", "prompt-passkey"), ("verification code", "prompt-code")):
        person.desk.get_by_role("link", name=re.compile(way)).click()
        person.pictures.take(person.desk, name)
        person.desk.get_by_text("Other ways to sign in").click()


def _look_at_the_wallet(person: Person, page: Page) -> None:
    houses, looks = person.houses, person.pictures

    def go(path: str, name: str) -> None:
        page.goto(f"{houses.url('wallet')}/{path}")
        looks.take(page, name)

    page.goto(houses.url("wallet"))
    person.unlock(page)
    for path in ("settings", "history", "erase", "scan", "paste"):
        go(f"{path}/", f"wallet-{path}")
    page.get_by_label("link").fill("openid4vp://?client_id=nobody&request_uri=http%3A%2F%2Flocalhost%3A9%2Fnone")
    page.get_by_role("button", name="Continue").click()
    looks.take(page, "wallet-refused")
    request = json.loads(houses.command("portal", "request_test_presentation", "--json"))["request"]
    for answer in ("Share", "Decline"):
        go("paste/", "wallet-paste")
        page.get_by_label("link").fill(request)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name=answer).click()
        looks.take(page, f"wallet-answered-{answer.lower()}")
        request = json.loads(houses.command("portal", "request_test_presentation", "--json"))["request"]
    go("", "verified-ids")
    page.locator("a.wallet-card").first.click()
    looks.take(page, "wallet-card")
    page.get_by_role("link", name="Delete").click()
    looks.take(page, "wallet-delete")
    page.get_by_role("button", name="Lock").click()
    looks.take(page, "wallet-unlock")
    page.get_by_label("PIN", exact=True).fill(PIN[::-1])
    page.get_by_role("button", name="Unlock").click()
    looks.take(page, "wallet-unlock-refused")


def test_pages_of_other_endings(
    houses: OpenHouses, desktop: BrowserContext, phone: BrowserContext, looks: Looks
) -> None:
    person = Person(houses, LENA, desktop, phone, looks)
    portal = houses.url("portal")
    person.name_account()
    person.phone.goto(f"{portal}/recover/presented/")
    expect(person.phone.get_by_role("heading", name="Go back to where you began")).to_be_visible()
    looks.take(person.phone, "other-browser")
    person.desk.goto(f"{portal}/recover/")
    person.desk.get_by_role("button", name="Continue").click()
    looks.take(person.desk, "information-refused")
    person.name_account()
    person.ask_for_recovery()
    _look_at_the_provider(person)
    person.desk.goto(f"{portal}/recover/face/")
    looks.take(person.desk, "recovery-provider")
    _attempt(houses, state="awaitingPresentation")
    person.desk.goto(f"{portal}/recover/face/")
    looks.take(person.desk, "present-over")
    ended_at = None
    for state in ("signedIn", "completed", "evaluated", "refused", "mismatched", "unavailable", "expired"):
        _attempt(houses, state=state, ended_at=ended_at)
        person.desk.goto(f"{portal}/recover/face/")
        looks.take(person.desk, f"recovery-{state}")
        ended_at = "2026-01-01 00:00:00"
    _attempt(houses, state="started", ended_at=None)
    person.desk.goto(f"{portal}/recover/cancel/")
    looks.take(person.desk, "recovery-cancel")
    person.desk.get_by_role("button", name="Cancel recovery").click()
    looks.take(person.desk, "recovery-cancelled")
    person.phone.goto(f"{portal}/recover/phone/nothing/")
    looks.take(person.phone, "hand-off-over")
    mail = max((houses.folder / "mail").iterdir(), key=lambda path: path.stat().st_mtime).read_text()
    person.phone.goto(re.findall(r"http\S+/not-me/\S+", mail)[-1])
    looks.take(person.phone, "not-me")
    person.phone.goto(f"{portal}/nowhere/")
    looks.take(person.phone, "not-found")
    person.phone.goto(f"{portal}/demo/")
    looks.take(person.phone, "demo")
    assert not looks.problems, "\n".join(looks.problems)


def _look_at_the_provider(person: Person) -> None:
    provider, looks, page = person.houses.url("provider"), person.pictures, person.desk
    person.scan_providers_code()
    expect(page.get_by_role("heading", name="Go on with your phone")).to_be_visible()
    looks.take(page, "provider-follow")
    person.phone.get_by_role("button", name="Continue", exact=True).click()
    looks.take(person.phone, "details-refused")
    person.give_details()
    person.choose_document()
    person.photograph_document({"front": b"no picture"})
    looks.take(person.phone, "document-photos-refused")
    found = PROOFING.search(person.phone.url)
    assert found
    current = f"{provider}/proofing/{found[1]}/"
    _turn(person.houses, "provider", "provider_proofingsession", state="documentRetake", paused_until="2099-01-01")
    person.phone.goto(current)
    looks.take(person.phone, "provider-pause")
    for state in ("inReview", "declined", "cancelled", "expired"):
        _turn(person.houses, "provider", "provider_proofingsession", state=state)
        person.phone.goto(current)
        looks.take(person.phone, f"provider-{state}")
    page.goto(current)
    looks.take(page, "provider-way-home")
    for path, name in (("", "provider-home"), ("authorize?client_id=x&request_uri=y", "provider-no-entry")):
        page.goto(f"{provider}/{path}")
        looks.take(page, name)
    page.goto(f"{provider}/hand-over/nothing")
    looks.take(page, "provider-hand-over-refused")
    page.goto(f"{provider}/specimen/")
    looks.take(page, "specimen-desk")
    page.get_by_role("button", name="Make the specimen").click()
    looks.take(page, "specimen-desk-refused")
    for field in ("Made out to", "Face"):
        page.get_by_label(field, exact=True).select_option(index=1)
    page.get_by_role("button", name="Make the specimen").click()
    expect(page.get_by_role("heading", name="Your specimen")).to_be_visible(timeout=DECISION_TIMEOUT_MS)
    looks.take(page, "specimen")


ADMIN_PAGES = {
    "": "admin",
    "accounts/user/": "admin-users",
    "accounts/user/add/": "admin-user-add",
    "accounts/directorygroup/": "admin-groups",
    "accounts/auditevent/": "admin-audit",
    "verifier/identityprovider/": "admin-providers",
    "recovery/recoveryprofile/": "admin-profiles",
    "recovery/recoveryattempt/": "admin-attempts",
    "recovery/recoverypolicy/": "admin-policy",
    "tap/temporaryaccesspasspolicy/": "admin-pass-policy",
    "tap/temporaryaccesspass/add/?account_name=lena.osei@contoso.example": "admin-pass-add",
}

ADMIN_RECORDS = {
    "accounts/user/": "user",
    "recovery/recoveryprofile/": "profile",
    "recovery/recoveryattempt/": "attempt",
}


_ONE_ATTEMPT = """
from accounts.models import User
from django.utils import timezone
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
user = User.objects.filter(is_staff=False).first()
RecoveryAttempt.begin(
    user=user, account_name=user.user_principal_name, profile=RecoveryProfile.objects.first(), at=timezone.now()
)
"""


def test_pages_of_the_admin(houses: OpenHouses, browser: Browser, looks: Looks) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    password = houses.command("portal", "seed_demo").split()[-1]
    houses.run_inside("portal", _ONE_ATTEMPT)  # of whatever ran before, none may be left
    page.goto(f"{houses.url('portal')}/admin/")
    page.get_by_label("Account name").fill(OPERATOR)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    for path, name in ADMIN_PAGES.items():
        page.goto(f"{houses.url('portal')}/admin/{path}")
        looks.take(page, name, plain=True)
    page.get_by_role("button", name="Add").click()
    looks.take(page, "admin-pass-issued")
    for path, name in ADMIN_RECORDS.items():
        page.goto(f"{houses.url('portal')}/admin/{path}")
        page.locator("#result_list tbody th a").first.click()
        looks.take(page, f"admin-{name}", plain=True)
        if name == "profile":
            page.get_by_role("link", name="Switch to").click()
            looks.take(page, "admin-profile-mode")
    _look_at_the_control_room(houses, page, looks)
    _look_at_a_program_that_asks(houses, page, looks)
    _look_at_the_providers_admin(houses, page, looks)
    page.context.close()
    looks.finish(ADMIN)


def _look_at_the_control_room(houses: OpenHouses, page: Page, looks: Looks) -> None:
    page.goto(f"{houses.url('portal')}/_emulation/")
    looks.take(page, "control-room")
    page.get_by_role("link", name="Play a scenario").click()
    looks.take(page, "scenarios")
    page.get_by_role("button", name="Play").and_(page.locator("[value=expired_document]")).click()
    expect(page.get_by_text("It came out as the scenario says")).to_be_visible(timeout=DECISION_TIMEOUT_MS)
    page.locator("summary").first.click()
    looks.take(page, "inspector")


_ONE_CREDENTIAL = """
from datetime import timedelta
from django.utils import timezone
from idv.provider.flows import status
at = timezone.now()
status.reserve(
    offer=None, proofing_reference="looked-at", notification_digest="", issued_at=at, expires_at=at + timedelta(days=1)
)
"""


_ONE_BORDER_CASE = """
import json
from datetime import timedelta
from django.utils import timezone
from idv.provider.models import ProofingSession, RelyingParty
from recovery_portal.demo import people
at = timezone.now()
proofing = ProofingSession.objects.create(
    reference="looked-at", relying_party=RelyingParty.objects.first(), state="inReview", created_at=at,
    expires_at=at + timedelta(hours=1),
)
proofing.document_sealed = proofing.seal(json.dumps({"surname": "Lindqvist"}).encode(), purpose="document")
proofing.save()
for key, purpose in (("front", "document"), ("frontal", "selfie"), ("turn_left", "selfie")):
    jpeg = people.jpeg("vera", "portrait")
    proofing.photos.create(
        key=key, purpose=purpose, taken_at=at, sealed=proofing.seal(jpeg, purpose="photo-" + key)
    )
decision = proofing.decisions.create(
    round=1, outcome="review", reason_code="face_mismatch", decided_at=at, score=61.5, threshold=70
)
decision.checks.create(name="face_match", ok=False, reason_code="face_mismatch")
"""


def _look_at_the_providers_admin(houses: OpenHouses, page: Page, looks: Looks) -> None:
    houses.run_inside("provider", _ONE_CREDENTIAL)
    page.goto(f"{houses.url('provider')}/admin/")
    looks.take(page, "admin-provider-wanted")
    page.goto(houses.command("provider", "operator_link", "Operator").strip())
    looks.take(page, "admin-provider-enter")
    page.get_by_role("button", name="Sign in").click()
    looks.take(page, "admin-provider")
    page.get_by_role("link", name="Issued credentials").first.click()
    page.locator("#result_list tbody input[type=checkbox]").first.check()
    looks.take(page, "admin-provider-credentials")
    page.locator("#result_list tbody th a").first.click()
    looks.take(page, "admin-provider-credential", plain=True)
    page.go_back()
    page.locator("#result_list tbody input[type=checkbox]").first.check()
    page.locator("select[name=action]").select_option("suspend")
    page.get_by_role("button", name="Go").click()
    looks.take(page, "admin-provider-reason")
    page.get_by_label("Reason").fill("Looked at")
    page.get_by_role("button", name="Confirm").click()
    page.goto(f"{houses.url('provider')}/admin/provider/statuschange/")
    looks.take(page, "admin-provider-changes")
    page.locator("#result_list tbody th a").first.click()
    looks.take(page, "admin-provider-change", plain=True)
    houses.run_inside("provider", _ONE_BORDER_CASE)
    page.goto(f"{houses.url('provider')}/admin/provider/proofingdecision/")
    looks.take(page, "admin-provider-decisions")
    page.locator("#result_list tbody th a").first.click()
    looks.take(page, "admin-provider-decision")
    page.get_by_role("link", name="Decide…").click()
    looks.take(page, "admin-provider-review")
    page.get_by_label("Reason").fill("Looked at")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("Declined.")).to_be_visible()


FOCUSED = """() => {
  const here = document.activeElement;
  const label = here.labels?.[0]?.textContent ?? here.textContent;
  const { outlineStyle, outlineWidth } = getComputedStyle(here);
  const box = here.getBoundingClientRect();
  return {
    name: (label ?? "").trim(),
    isMarked: here.id === "main" || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2),
    isInSight: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    isOrderOwn: [...document.querySelectorAll("[tabindex]")].every((e) => e.tabIndex <= 0),
  };
}"""


def _look_at_a_program_that_asks(houses: OpenHouses, page: Page, looks: Looks) -> None:
    """A program on another device: its code is typed, what it asks for is read, and it is allowed."""
    portal = houses.url("portal")
    asked = ("--delegated-permission", "AuditLog.Read.All", "--no-secret", "--json")
    tool = json.loads(houses.command("portal", "register_app", "--name", "Shell on a server", *asked))
    begun = page.request.post(
        f"{portal}/{tool['tenantId']}/oauth2/v2.0/devicecode",
        form={"client_id": tool["clientId"], "scope": "AuditLog.Read.All"},
    ).json()
    page.goto(begun["verification_uri"])
    looks.take(page, "device-code")
    for code, name in (("BBBB-BBBB", "device-code-refused"), (begun["user_code"], "device-consent")):
        page.get_by_label("Code", exact=True).fill(code)
        page.get_by_role("button", name="Next").click()
        looks.take(page, name)
    page.get_by_role("button", name="Allow", exact=True).click()
    looks.take(page, "device-allowed")


def _tab_to(page: Page, name: str) -> None:
    """Tab until ``name`` has the focus; on the way each stop must be marked, in sight and in the page's own order."""
    passed = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        passed.append(stop["name"])
        if passed[-1] and page.evaluate("document.activeElement !== document.body"):
            assert stop["isMarked"], f"the focus cannot be seen on {stop['name']!r} of {page.url}"
            assert stop["isInSight"], f"the focus is out of sight on {stop['name']!r} of {page.url}"
            assert stop["isOrderOwn"], f"somebody changed the order on {page.url}"
        if stop["name"].startswith(name):
            return
    raise AssertionError(f"the keyboard does not reach {name!r} on {page.url}, only {passed}")


def test_the_road_by_keyboard_alone(houses: OpenHouses, desktop: BrowserContext) -> None:
    page = desktop.new_page()

    def press(name: str, key: str, heading: str = "") -> None:
        _tab_to(page, name)
        page.keyboard.press(key)
        if heading:
            expect(page.get_by_role("heading", name=heading)).to_be_visible()

    page.goto(houses.url("portal"))
    page.keyboard.type(ABEL.account_name)  # the field has the focus from the beginning
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Other ways to sign in")).to_be_visible()
    press("Other ways to sign in", "Enter", "Choose a way to sign in")
    press("Recover your account", "Enter", "Recover your account")
    press("Skip to the content", "Enter")
    press("I have read what will happen", "Space")
    press("I agree that my face", "Space")
    press("Continue", "Enter", "Continue on your phone")
    press("Use a link instead of the code", "Enter")
    press("Continue on this device", "Enter", "About you")
    for field, text in (("Your name", ABEL.given_name), ("Email address", "abel@home.example")):
        _tab_to(page, field)
        page.keyboard.type(text)
    press("I accept the terms", "Space")
    press("I agree that photos", "Space")
    press("Continue", "Enter", "Choose your document")
    _tab_to(page, "Country or region")
    page.keyboard.type("Utopia")
    press("Passport", "Space")
    press("Continue", "Enter", "Photograph your document")
    press("Continue", "Enter", "Photos of your document")
    press("Choose photos instead", "Enter")
    _tab_to(page, "Photograph the page with your picture")
    # Who cancels on the device that began is led home at once.
    press("Cancel the verification", "Enter", "Your identity check at Proofmark is not finished")
