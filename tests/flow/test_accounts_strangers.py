"""What somebody learns who has an account name and nothing else: nothing (V12, F3), and they lock nobody out (V9)."""

import re
import statistics
import time

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent, FailureStreak, User
from accounts.signin import decoys, throttle
from recovery_portal import settings as product
from tests.fakes.accounts import PASSWORD, make_alice, make_mallory, name_account, sign_in_with_password

pytestmark = pytest.mark.django_db

CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')


def anonymised(content: bytes, name: str) -> bytes:
    return CSRF.sub(b"", content).replace(name.encode(), b"NAME")


def stranger_like(methods: set[str]) -> str:
    """An unknown name whose decoys are these methods."""
    names = (f"nobody{i}@contoso.example" for i in range(1000))
    return next(name for name in names if {m.key for m in decoys.plausible_methods(name)} == methods)


@pytest.fixture
def no_offers(settings: Settings) -> None:
    settings.SIGN_IN_OFFERS = []


@pytest.mark.usefixtures("no_offers")
def test_pages_for_a_known_and_an_unknown_name_are_the_same_bytes(client: Client) -> None:
    alice = make_alice().user_principal_name
    nobody = stranger_like({"password"})
    seen = []
    for name in (alice, nobody):
        browser = Client()
        to_prompt = name_account(browser, name)
        pages = [browser.get(to_prompt.url), browser.get("/sign-in/other/"), browser.get("/sign-in/fido2/")]
        pages.append(browser.post("/sign-in/password/", {"password": "wrong"}))
        seen.append([(p.status_code, p.get("Location"), anonymised(p.content, name)) for p in (to_prompt, *pages)])
    assert seen[0] == seen[1]


@pytest.mark.usefixtures("no_offers")
def test_an_account_with_no_way_left_looks_like_an_unknown_name(client: Client) -> None:
    name = stranger_like({"password", "fido2"})
    before = [name_account(client, name).url, anonymised(client.get("/sign-in/other/").content, name)]
    User.objects.create_user(name)  # no password, no passkey
    after = [name_account(client, name).url, anonymised(client.get("/sign-in/other/").content, name)]
    assert before == after


def test_the_same_unknown_name_always_gets_the_same_ways() -> None:
    names = [f"{i}@contoso.example" for i in range(200)]
    first = [[m.key for m in decoys.plausible_methods(name)] for name in names]
    again = [[m.key for m in decoys.plausible_methods(name.upper())] for name in names]
    assert first == again
    assert len({tuple(ways) for ways in first}) == len(decoys.PATTERNS)


def test_decoys_depend_on_the_key_of_the_installation(settings: Settings) -> None:
    names = [f"{i}@contoso.example" for i in range(50)]
    ours = [[m.key for m in decoys.plausible_methods(name)] for name in names]
    settings.SECRET_KEY = "another installation's key, as long as it has to be"
    assert [[m.key for m in decoys.plausible_methods(name)] for name in names] != ours


def test_passkey_options_have_the_same_shape_for_everybody(client: Client) -> None:
    make_alice()
    shapes = []
    for name in ("alice@contoso.example", "nobody@contoso.example"):
        name_account(client, name)
        options = client.post("/sign-in/passkey/options/").json()
        shapes.append({key: value for key, value in options.items() if key != "challenge"})
        assert len(options["challenge"]) == 43  # 256 bits (V13)
    assert shapes[0] == shapes[1]
    assert shapes[0]["allowCredentials"] == []


def test_a_challenge_that_arrives_late_brings_no_other_session(client: Client) -> None:
    """The sign-in page's script asks for one while the name is typed and sent."""
    opened = client.get("/").cookies
    late = client.post("/sign-in/passkey/options/").cookies
    assert opened
    assert not late
    stranger = Client().post("/sign-in/passkey/options/").cookies
    assert stranger, "without the page there is a session to begin"


def test_refusing_takes_as_long_for_an_unknown_name(client: Client, settings: Settings) -> None:
    """Medians of alternating runs, in processor time; Argon2 dominates, and must run for both."""
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    make_alice()
    times: dict[str, list[float]] = {"alice@contoso.example": [], stranger_like({"password"}): []}
    for _ in range(8):
        for name, spent in times.items():
            name_account(client, name)
            began = time.process_time()
            client.post("/sign-in/password/", {"password": "wrong"})
            spent.append(time.process_time() - began)
    known, unknown = (statistics.median(spent) for spent in times.values())
    assert 0.6 < known / unknown < 1.67


def test_a_failure_writes_as_much_for_an_unknown_name(client: Client) -> None:
    make_alice()
    for name in ("alice@contoso.example", stranger_like({"password"})):
        sign_in_with_password(client, User(user_principal_name=name), "wrong")
    assert FailureStreak.objects.count() == AuditEvent.objects.filter(result="failure").count() == 2
    assert AuditEvent.objects.filter(target=None).get().details == {"method": "password"}  # not what was typed


def test_too_many_tries_are_refused_for_known_and_unknown_names_alike(client: Client) -> None:
    make_alice()
    for name in ("alice@contoso.example", stranger_like({"password"})):
        name_account(client, name)
        answers = [client.post("/sign-in/password/", {"password": "wrong"}) for _ in range(11)]
        assert [a.status_code for a in answers] == [200] * 10 + [429]
        assert "Too many tries" in answers[-1].content.decode()
        assert int(answers[-1]["Retry-After"]) > 0
        right = client.post("/sign-in/password/", {"password": PASSWORD})
        assert right.status_code == 429  # the right password is no way to find out either


def test_a_stranger_who_fails_on_purpose_does_not_lock_the_owner_out() -> None:
    alice = make_alice()
    owner = Client(REMOTE_ADDR="192.0.2.1")
    sign_in_with_password(owner, alice)
    owner.post("/sign-out/")
    for i in range(throttle.MAX_STREAK + 5):
        sign_in_with_password(Client(REMOTE_ADDR=f"198.51.100.{i}"), alice, "wrong")
    # from a new browser the password is of no use for now …
    assert sign_in_with_password(Client(REMOTE_ADDR="203.0.113.9"), alice).status_code == 429
    # … but the owner's own browser does not notice, and its sign-in ends the streak
    assert sign_in_with_password(owner, alice).url == "/apps/"
    assert sign_in_with_password(Client(REMOTE_ADDR="203.0.113.9"), alice).url == "/apps/"


def test_the_mark_of_a_known_browser_cannot_be_forged_or_carried_to_another_account(client: Client) -> None:
    alice, mallory = make_alice(), make_mallory()
    sign_in_with_password(client, mallory)
    client.post("/sign-out/")
    cookie = next(name for name in client.cookies if "known-browser" in name)
    assert client.cookies[cookie]["httponly"]
    assert client.cookies[cookie]["samesite"] == "Lax"
    FailureStreak.objects.create(
        account=decoys.account_digest(alice.user_principal_name),
        method="password",
        failures=throttle.MAX_STREAK,
        last_failure_at=alice.created_at,
    )
    assert sign_in_with_password(client, alice).status_code == 429
    client.cookies[cookie] = client.cookies[cookie].value[:-2] + "xx"
    assert sign_in_with_password(client, alice).status_code == 429


def test_many_people_behind_one_address_may_sign_in() -> None:
    alice = make_alice()
    for _ in range(throttle.FAILURES_PER_ADDRESS // 10):
        for _ in range(3):
            throttle.ratelimit.hit("sign-in-address", "127.0.0.1", limit=100, period_s=600)
            throttle.ratelimit.give_back("sign-in-address", "127.0.0.1")
    assert sign_in_with_password(Client(), alice).url == "/apps/"


def test_the_portal_has_one_door(client: Client) -> None:
    """ASVS 6.1.3 (V10): the admin site has no sign-in of its own, and Django's `authenticate` knows nobody."""
    alice = make_alice(is_staff=True, is_superuser=True)
    assert client.get("/admin/login/").url == "/?next=%2Fadmin%2F"
    assert (
        client.post("/admin/login/", {"username": alice.user_principal_name, "password": PASSWORD}).status_code == 302
    )
    assert not client.login(username=alice.user_principal_name, password=PASSWORD)
    assert django_settings.AUTHENTICATION_BACKENDS == ["accounts.backends.DirectoryBackend"]
