"""The console's pages about attempts, reviews, blocks, providers and savings, looked at as an operator comes by."""

from playwright.sync_api import Browser, Page, expect

from recovery_portal.demo.organisation import OPERATOR

from .admin_pages import ATTEMPTS
from .inside import OpenHouses, ask
from .looks import Looks
from .walk import ABEL, LENA

# A refused attempt and one that runs, made by the flows themselves, and a colleague who has proposed to overrule.
STORY = f"""
from django.utils.timezone import now
from accounts.models import User
from recovery_portal.recovery.machine import Event
from recovery_portal.recovery.models import AttemptDevice, RecoveryAttempt, RecoveryProfile
from recovery_portal.recovery.flows import reviewing
profile = RecoveryProfile.objects.select_related("provider").first()
def begun(name):
    user = User.objects.get(user_principal_name=name)
    attempt = RecoveryAttempt.begin(user=user, account_name=name, profile=profile, at=now())
    AttemptDevice.objects.create(attempt=attempt, role="starter", secret_digest=str(attempt.pk), joined_at=now(),
                                 browser="Firefox on Windows")
    attempt.apply(Event.SENT_TO_PROVIDER, at=now())
    return attempt
running, refused, other = begun({ABEL.account_name!r}), begun({LENA.account_name!r}), begun({LENA.account_name!r})
for each in (refused, other):
    each.apply(Event.PROVIDER_DECLINED, at=now(), reason="document_expired", match_detail={{"surname": "different"}})
colleague = User.objects.filter(user_principal_name="second@contoso.example").first()
colleague = colleague or User.objects.create_superuser("second@contoso.example", given_name="Second", surname="Person")
reviewing.propose_overrule(attempt=other, by=colleague, justification="Seen in person at the desk.", at=now())
"""


def signed_in(houses: OpenHouses, browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    password = houses.command("portal", "seed_demo").split()[-1]
    page.goto(f"{houses.url('portal')}/admin/")
    page.get_by_label("Account name").fill(OPERATOR)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    return page


def test_pages_of_the_console(houses: OpenHouses, browser: Browser) -> None:
    looks = Looks.asked_for()
    made = ask(houses, "portal", "[running.pk, refused.pk, other.pk, refused.user_id]", imports=STORY)
    running, refused, other, user = (str(key) for key in made)
    page = signed_in(houses, browser)
    console = f"{houses.url('portal')}/admin/account-recovery"

    def go(path: str, name: str) -> None:
        page.goto(f"{console}/{path}")
        looks.take(page, f"admin-{name}")

    go("", "home")
    go("attempts/?text=lena", "attempts-found")
    page.locator("#content-main tbody").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    go(f"attempts/{refused}/", "timeline")
    go("reviews/", "reviews")
    go(f"attempts/{refused}/review/", "review")
    go(f"attempts/{other}/review/", "review-to-decide")
    page.get_by_label("Why").fill("Called back at the number on file.")
    page.get_by_role("button", name="Approve").click()
    looks.take(page, "admin-review-approved")
    page.get_by_role("button", name="Issue the Temporary Access Pass").click()
    looks.take(page, "admin-overruled-pass")
    go(f"attempts/{running}/", "timeline-running")
    page.get_by_role("button", name="Cancel this attempt").click()
    looks.take(page, "admin-attempt-cancelled")
    go(f"blocks/{user}/", "block")
    page.get_by_label("Reason").fill("Phone and wallet stolen")
    page.get_by_role("button", name="Block").click()
    looks.take(page, "admin-blocked")
    go("blocks/", "blocks")
    page.goto(f"{console}/blocks/{user}/")
    page.get_by_role("button", name="Lift the block").click()
    go("savings/", "savings")
    go("providers/", "console-providers")
    page.locator("#content-main tbody").get_by_role("link").first.click()
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_text("It answers as it must")).to_be_visible()
    looks.take(page, "admin-provider")
    page.get_by_label("Reason of a pause").fill("Maintenance")
    page.get_by_role("button", name="Pause").click()
    looks.take(page, "admin-provider-paused")
    page.get_by_role("button", name="Resume").click()
    go("providers/add/", "provider-add")
    page.get_by_label("Address").fill(houses.url("provider"))
    page.get_by_label("Name").fill("Another name")
    page.get_by_role("button", name="Look").click()
    looks.take(page, "admin-provider-found")
    page.get_by_role("button", name="Register").click()
    looks.take(page, "admin-provider-refused")
    page.goto(f"{houses.url('portal')}/admin/accounts/auditevent/")
    looks.take(page, "admin-audit-log")
    page.goto(f"{houses.url('portal')}/admin/accounts/operatorsigninpolicy/")
    page.get_by_label("Operators sign in with a passkey").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Register a passkey and sign in with it first")).to_be_visible()
    looks.take(page, "admin-operator-sign-in")
    page.goto(f"{houses.url('portal')}/operators/passkey/")
    looks.take(page, "operator-passkey")
    page.context.close()
    looks.finish(ATTEMPTS)
