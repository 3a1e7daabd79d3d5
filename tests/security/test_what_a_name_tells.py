"""What an account name alone tells a stranger: nothing, whatever its owner signs in with, whoever proofs them (V12)."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import DirectoryGroup, User
from accounts.passkeys.models import Passkey
from accounts.signin import decoys
from idv.verifier.models import IdentityProvider
from recovery_portal.kit import clock as the_clock
from recovery_portal.kit import queue
from recovery_portal.recovery import decoys as recovery_decoys
from recovery_portal.recovery import queries
from recovery_portal.recovery.models import RecoveryProfile
from tests.fakes.recovery import Person, make_person, make_profile
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db

STRANGERS = [f"nobody{i}@contoso.example" for i in range(200)]


def ways(name: str) -> frozenset[str]:
    browser = Client()
    browser.post("/", {"account_name": name})
    entries = browser.get("/sign-in/other/").context["entries"]
    return frozenset(entry["url"] for entry in entries if entry["url"] != "/recover/")


@pytest.mark.parametrize("apps", [0, 1])
def test_an_account_with_passkeys_alone_looks_like_many_unknown_names(apps: int) -> None:
    """So does everybody after a recovery under a profile that suspends what was lost."""
    alice = User.objects.create_user("alice@contoso.example")
    now = the_clock.now()
    Passkey.objects.create(
        user=alice, name="Phone", credential_id=b"1", public_key=b"1", sign_count=0, created_at=now,
        backup_eligible=False, backed_up=False,
    )  # fmt: skip
    for number in range(apps):
        alice.authenticator_apps.create(name=str(number), secret_sealed=b"", last_step=0, created_at=now)
    shown = ways(alice.user_principal_name)
    assert "/sign-in/password/" not in shown
    plausible = [frozenset(f"/sign-in/{m.key}/" for m in decoys.plausible_methods(name)) for name in STRANGERS]
    assert plausible.count(shown) > len(STRANGERS) / 50


def test_the_provider_that_the_information_page_names_does_not_tell_an_account(profile: RecoveryProfile) -> None:
    """With a provider for each profile, unknown names are shown either."""
    other = IdentityProvider.objects.create(
        name="Otherproof",
        issuer="http://other.test",
        client_id="http://portal.test",
        allowed_vcts=["http://other.test/x"],
    )
    RecoveryProfile.objects.update(include_all_users=False)
    make_profile(other, name="Second", priority=profile.priority + 1)
    make_profile(other, name="Nobody gets as far as this", priority=profile.priority + 2)
    shown = [queries.find_profile_for_name(name) for name in STRANGERS]
    named = [found.provider.name for found in shown if found is not None]
    assert {found.name for found in shown if found is not None} == {profile.name, "Second"}
    assert len(named) == len(STRANGERS)
    assert min(named.count("Proofmark"), named.count("Otherproof")) > len(STRANGERS) / 5
    assert [queries.find_profile_for_name(name.upper()) for name in STRANGERS] == shown


def test_a_known_person_is_shown_their_own_provider(profile: RecoveryProfile) -> None:
    alice = make_person()
    assert queries.find_profile_for_name(alice.user_principal_name) == profile


class Work:
    """What the portal did for one answer: questions to the database, and tasks handed to the broker."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tasks: list[str] = []
        monkeypatch.setattr(queue, "_send", lambda task, *_: self.tasks.append(task))

    def of(self, name: str, provider: Provider) -> list[tuple[str, int, list[str], int]]:
        """For each page of the road: its address, how many questions, which tasks, and the status."""
        person, seen = Person(), []
        person.client.post("/", {"account_name": name})
        for address, form in (
            ("/sign-in/other/", None),
            ("/recover/", None),
            ("/recover/", {"recovery": "on", "biometrics": "on"}),
        ):
            self.tasks.clear()
            with CaptureQueriesContext(connection) as asked:
                answer = person.client.get(address) if form is None else person.client.post(address, form)
            seen.append((address, len(asked), list(self.tasks), answer.status_code))
        return seen


def unknown(*, with_entry: bool) -> str:
    return next(
        name
        for name in STRANGERS
        if recovery_decoys.has_entry(name) is with_entry
        and not recovery_decoys.fails_preflight(name)
        and {m.key for m in decoys.plausible_methods(name)} == {"password"}
    )


@pytest.mark.parametrize("scoped", [False, True])
def test_as_much_work_is_done_for_an_unknown_name(
    monkeypatch: pytest.MonkeyPatch,
    profile: RecoveryProfile,
    provider: Provider,
    alice: User,
    scoped: bool,
) -> None:
    """Time follows work: mail is written by a worker, and every question is asked for everybody."""
    outsider = make_person("outsider@contoso.example", last_sign_in_at=None)
    if scoped:
        group = DirectoryGroup.objects.create(display_name="Staff")
        group.members.add(alice)
        RecoveryProfile.objects.update(include_all_users=False)
        profile.include_groups.add(group)
    work = Work(monkeypatch)
    for name in (alice.user_principal_name, unknown(with_entry=True)):  # keys and policy are made when first asked for
        work.of(name, provider)
    assert work.of(unknown(with_entry=True), provider) == work.of(alice.user_principal_name, provider)
    assert work.of(unknown(with_entry=False), provider) == work.of(outsider.user_principal_name, provider)
