"""Operators in the console: a profile step by step, the simulator, an extension, a switch that two agree on, and the
story of an attempt; each page looked at on the way."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from recovery_portal.demo.organisation import EVALUATION, OPERATOR

from .admin_pages import BY_TWO
from .inside import OpenHouses
from .looks import Looks

SECOND = "second.operator@contoso.example"
PASSWORD = "a second pair of eyes"
LENA = "lena.osei@contoso.example"
PREPARE = f"""
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from recovery_portal.recovery.machine import Event
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
User.objects.create_superuser("{SECOND}", "{PASSWORD}", given_name="Second", surname="Operator")
at = timezone.now() - timedelta(hours=1)
attempt = RecoveryAttempt.begin(
    user=User.objects.get(user_principal_name="{LENA}"), account_name="{LENA}",
    profile=RecoveryProfile.objects.get(name="Staff"), at=at,
)
for event in (Event.SENT_TO_PROVIDER, Event.PROVIDER_VERIFIED, Event.PRESENTATION_VERIFIED, Event.FRAMES_SUBMITTED,
              Event.FACE_CHECK_PASSED):
    at += timedelta(seconds=20)
    attempt.apply(event, at=at)
detail = {{"confidence": "exact", "givenName": "different", "surname": "equal", "wouldMatch": "exact+nicknames"}}
attempt.apply(Event.IDENTITY_MISMATCHED, at=at, reason="name_mismatch", details=detail, match_detail=detail)
"""
CLEAR_UP = """
from recovery_portal.recovery.models import RecoveryPolicy, RecoveryProfile
RecoveryPolicy.objects.update(approval_required=False)
RecoveryProfile.objects.filter(name="Contractors").delete()
"""


@pytest.fixture
def prepared(houses: OpenHouses) -> Iterator[OpenHouses]:
    houses.run_inside("portal", PREPARE)
    yield houses
    houses.run_inside("portal", CLEAR_UP)


@pytest.fixture
def looks() -> Looks:
    return Looks.asked_for()


def sign_in(browser: Browser, houses: OpenHouses, name: str, password: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{houses.url('portal')}/admin/")
    page.get_by_label("Account name").fill(name)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Account recovery home").click()
    return page


def test_from_a_new_profile_to_production_by_two(prepared: OpenHouses, browser: Browser, looks: Looks) -> None:
    first = sign_in(browser, prepared, OPERATOR, prepared.command("portal", "seed_demo").split()[-1])
    looks.take(first, "admin-console-home")
    ask_for_two(first, looks)
    make_profile(first, looks)
    add_extension(first, looks)
    simulate(first, looks)
    second = sign_in(browser, prepared, SECOND, PASSWORD)
    approve(second, looks)
    read_an_attempt(second, looks)
    stop_and_go_on(second, looks)
    for page in (first, second):
        page.context.close()
    looks.finish(BY_TWO)


def ask_for_two(page: Page, looks: Looks) -> None:
    page.get_by_role("link", name="Before Production").click()
    page.get_by_label("A second operator approves").check()
    page.get_by_label("Attempts in Evaluation that must have succeeded before").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The safeguards were changed.")).to_be_visible()


def make_profile(page: Page, looks: Looks) -> None:
    page.get_by_role("link", name="Account recovery", exact=True).first.click()
    page.get_by_role("link", name="Add a profile step by step").click()

    def go_on(name: str) -> None:
        looks.take(page, f"admin-wizard-{name}")
        page.get_by_role("button", name="Next").click()

    page.get_by_label("Name").fill("Contractors")
    page.get_by_label("Priority").fill("900")
    go_on("details")
    page.get_by_label("Production: who proves to be one of its people").check()
    go_on("mode")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Choose all users, or at least one group.")).to_be_visible()
    page.get_by_role("listbox", name="Available groups to include").select_option(EVALUATION)
    page.get_by_role("button", name="Choose selected groups to include").click()
    go_on("groups")
    page.get_by_role("radio").first.check()
    go_on("provider")
    page.get_by_label("Relaxed: each directory name").check()
    page.get_by_label("Nicknames of given names").check()
    page.get_by_label("Date of birth, as in the person").check()
    go_on("validation")
    looks.take(page, "admin-wizard-review")
    page.get_by_role("link", name="Edit Profile details").click()
    page.get_by_label("Description").fill("People who come and go")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_text("waits for another operator's approval")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Contractors"))).to_contain_text("Evaluation")


def add_extension(page: Page, looks: Looks) -> None:
    page.get_by_role("link", name="Home").first.click()
    page.get_by_role("link", name="Account recovery home").click()
    page.get_by_role("link", name="Claim validation").click()
    looks.take(page, "admin-extensions")
    page.get_by_role("link", name="Create new extension").click()
    page.get_by_role("textbox", name="Name").fill("HR")
    page.get_by_label("Target URL").fill("https://hr.contoso.example/validate")
    page.get_by_label("dateOfBirth").check()
    looks.take(page, "admin-extension-form")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Test it").click()
    page.get_by_label("Account name").fill(LENA)
    for label in ("First name", "Last name", "dateOfBirth"):
        page.get_by_label(label).fill("x")
    page.get_by_role("button", name="Test it").click()
    expect(page.get_by_text("1003021 CustomExtensionPermissionNotGranted")).to_be_visible()
    looks.take(page, "admin-extension-test")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name="Grant permission").click()
    expect(page.get_by_text("The extension may receive claims now.")).to_be_visible()
    looks.take(page, "admin-extension")


def simulate(page: Page, looks: Looks) -> None:
    page.get_by_role("link", name="Account recovery", exact=True).first.click()
    page.get_by_role("link", name="Match simulator").click()
    page.get_by_label("Account name").fill(LENA)
    page.get_by_label("First name").fill("Helena")
    page.get_by_label("Last name").fill("Osei")
    page.get_by_label("Nicknames of given names").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("matches with nicknames").first).to_be_visible()
    looks.take(page, "admin-simulator")


def stop_and_go_on(page: Page, looks: Looks) -> None:
    page.get_by_role("link", name="Account recovery", exact=True).first.click()
    page.get_by_role("link", name="Stop or resume").click()
    looks.take(page, "admin-stop")
    page.get_by_role("button", name="Stop account recovery").click()
    page.get_by_role("link", name="Account recovery is stopped for everybody.").click()
    page.get_by_role("button", name="Let account recovery go on").click()
    expect(page.get_by_text("Account recovery goes on.")).to_be_visible()


def approve(page: Page, looks: Looks) -> None:
    page.get_by_role("link", name="Before Production").click()
    looks.take(page, "admin-safeguards")
    page.get_by_role("link", name="Switch to Production: Contractors").click()
    looks.take(page, "admin-proposal")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved and done.")).to_be_visible()
    page.get_by_role("link", name="Account recovery", exact=True).first.click()
    page.get_by_role("link", name="Readiness Staff").click()
    looks.take(page, "admin-readiness")


def read_an_attempt(page: Page, looks: Looks) -> None:
    page.get_by_role("link", name="Account recovery", exact=True).first.click()
    page.get_by_role("link", name="Attempts", exact=True).click()
    page.get_by_label("Account, correlation id").fill(LENA)
    page.get_by_label("Reason:", exact=True).select_option("The names differ.")
    page.get_by_role("button", name="Search").click()
    page.locator(".console tbody th a").first.click()
    expect(page.get_by_text("Exact, with nicknames").first).to_be_visible()
    looks.take(page, "admin-attempt-timeline")
