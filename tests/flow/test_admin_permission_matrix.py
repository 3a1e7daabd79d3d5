"""Every role × every address of the admin site and the console, looking and acting. Nothing is open that is not named
here: the addresses come from the site itself, so a page that nobody thought of fails until somebody says whose it is.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.audit import flows as audit
from accounts.models import AuditEvent, DirectoryGroup, OperatorSignInPolicy, User
from accounts.passkeys.policy import PasskeyPolicy
from recovery_portal.api.models import AppRegistration
from recovery_portal.kit import clock as the_clock
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryPolicy, RecoveryProfile
from recovery_portal.recovery.roles import ROLES
from tap import flows as tap
from tap.queries import get_policy
from tests.fakes.recovery import NOON, Clock, make_person, walk

pytestmark = pytest.mark.django_db

AUTH, PRIVILEGED = "Authentication Administrator", "Privileged Authentication Administrator"
POLICY, USERS, HELPDESK, READER = (
    "Authentication Policy Administrator", "User Administrator", "Helpdesk", "Global Reader",
)  # fmt: skip
Roles = frozenset[str]
NOBODY: Roles = frozenset()
EVERYBODY: Roles = frozenset(ROLES)
SETS_UP: Roles = frozenset({AUTH, PRIVILEGED, POLICY})
READS_SET_UP: Roles = SETS_UP | {READER}
HANDLES_PASSES: Roles = frozenset({AUTH, PRIVILEGED, HELPDESK})
READS_ATTEMPTS: Roles = HANDLES_PASSES | {READER}
READS_PROFILES: Roles = READS_SET_UP | {USERS}
READS_MATCHES: Roles = frozenset({AUTH, PRIVILEGED})


class Model(NamedTuple):
    """Who may look at the list and a record of it, add one, change one, delete one."""

    look: Roles
    add: Roles = NOBODY
    change: Roles = NOBODY
    delete: Roles = NOBODY


MODELS: dict[str, Model] = {
    "accounts_user": Model(EVERYBODY, frozenset({USERS}), frozenset({USERS})),
    "accounts_directorygroup": Model(EVERYBODY, frozenset({USERS}), frozenset({USERS})),
    "accounts_auditevent": Model(READS_SET_UP),
    "accounts_operatorsigninpolicy": Model(frozenset({PRIVILEGED}), change=frozenset({PRIVILEGED})),
    "accounts_passkeypolicy": Model(READS_SET_UP, NOBODY, frozenset({POLICY})),
    "recovery_recoveryprofile": Model(READS_PROFILES, SETS_UP, SETS_UP, SETS_UP),
    "recovery_recoverypolicy": Model(READS_SET_UP, NOBODY, SETS_UP),  # the one row is there
    "recovery_recoveryattempt": Model(READS_ATTEMPTS),
    "recovery_identityrecord": Model(*[frozenset({USERS})] * 4),
    "verified_id_servicerequest": Model(READS_MATCHES | {READER}),
    "issuer_contract": Model(READS_SET_UP, SETS_UP, SETS_UP),
    "issuer_issuedcredential": Model(READS_MATCHES | {READER}),
    "verifier_identityprovider": Model(READS_SET_UP, SETS_UP, SETS_UP),
    "verifier_proofingrequest": Model(frozenset({READER})),
    "verifier_presentationrequest": Model(frozenset({READER})),
    "verifier_facecheck": Model(frozenset({READER})),
    "tap_temporaryaccesspass": Model(READS_ATTEMPTS, HANDLES_PASSES, NOBODY, HANDLES_PASSES),
    "tap_temporaryaccesspasspolicy": Model(READS_SET_UP, NOBODY, frozenset({POLICY})),
    "api_appregistration": Model(NOBODY),
    "auth_group": Model(NOBODY),
}


class Page(NamedTuple):
    """Who may open it, and who may post to it; nobody where posting has no meaning."""

    look: Roles
    act: Roles = NOBODY


PAGES: dict[str, Page] = {
    "console:home": Page(READS_PROFILES, READS_PROFILES),
    "console:explain": Page(READS_PROFILES),
    "console:simulator": Page(READS_MATCHES, READS_MATCHES),
    "console:readiness": Page(READS_PROFILES),
    "console:readiness-csv": Page(READS_MATCHES),
    "console:savings": Page(READS_PROFILES),
    "console:methods": Page(READS_SET_UP),
    "console:stop": Page(SETS_UP, SETS_UP),
    "console:attempts": Page(READS_ATTEMPTS),
    "console:attempt": Page(READS_ATTEMPTS),
    "console:attempt-cancel": Page(NOBODY, HANDLES_PASSES),
    "console:reviews": Page(READS_ATTEMPTS),
    "console:review": Page(READS_ATTEMPTS, HANDLES_PASSES),
    "console:review-issue": Page(NOBODY, HANDLES_PASSES),
    "console:assistance-queue": Page(READS_ATTEMPTS),
    "console:assistance": Page(READS_ATTEMPTS, READS_ATTEMPTS),  # of nothing: who acts is asked once there is one
    "console:blocks": Page(READS_ATTEMPTS),
    "console:block": Page(HANDLES_PASSES, HANDLES_PASSES),
    "console:wizard-new": Page(SETS_UP),
    "console:wizard-edit": Page(SETS_UP),
    "console:wizard": Page(READS_PROFILES, READS_PROFILES),  # of one's own drafts alone
    "console:safeguards": Page(READS_SET_UP, SETS_UP),
    "console:propose-no-approval": Page(NOBODY, SETS_UP),
    "console:proposal": Page(READS_SET_UP, READS_SET_UP),  # of nothing: who decides is asked once there is one
    "console:extensions": Page(READS_SET_UP),
    "console:extension": Page(READS_SET_UP),
    "console:extension-add": Page(SETS_UP, SETS_UP),
    "console:extension-change": Page(SETS_UP, SETS_UP),
    "console:extension-grant": Page(NOBODY, SETS_UP),
    "console:extension-delete": Page(NOBODY, SETS_UP),
    "console:extension-test": Page(SETS_UP, SETS_UP),
    "console:providers": Page(READS_SET_UP),
    "console:provider": Page(READS_SET_UP),
    "console:provider-add": Page(SETS_UP, SETS_UP),
    "console:provider-act": Page(NOBODY, SETS_UP),
    "admin:recovery_profile_mode": Page(SETS_UP, SETS_UP),
    "admin:accounts_auditevent_csv": Page(NOBODY, READS_SET_UP),
    "admin:accounts_auditevent_jsonl": Page(NOBODY, READS_SET_UP),
    "admin:api_app_secret": Page(NOBODY),
}

# What every operator may open, and what shows nothing by itself.
FOR_ALL = {
    "admin:index", "admin:login", "admin:logout", "admin:password_change", "admin:password_change_done",
    "admin:autocomplete", "admin:jsi18n", "admin:view_on_site", "admin:app_list", "admin:None",
}  # fmt: skip
STANDARD = re.compile(r"admin:(?P<model>\w+)_(?P<op>changelist|add|history|delete|change)")


def addresses() -> dict[str, str]:
    """Every name under /admin/ with its route."""

    def walk_urls(patterns: list[Any], prefix: str, spaces: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
                yield from walk_urls(pattern.url_patterns, route, inner)
            elif isinstance(pattern, URLPattern):
                yield ":".join((*spaces, str(pattern.name))), route

    return {
        name: route for name, route in walk_urls(get_resolver().url_patterns, "/", ()) if route.startswith("/admin/")
    }


@pytest.fixture
def world(clock: Clock, profile: RecoveryProfile) -> dict[str, object]:
    """One of everything, by the name of the argument that an address takes."""
    call_command("provision_roles", verbosity=0)
    alice = make_person()
    attempt = RecoveryAttempt.begin(user=alice, account_name=alice.user_principal_name, profile=profile, at=NOON)
    walk(attempt, State.EXPIRED, at=NOON)
    RecoveryPolicy.objects.create()
    OperatorSignInPolicy.objects.create()
    audit.record(activity="Something", at=NOON, target=alice)
    return {
        "profile_id": profile.pk,
        "attempt_id": attempt.pk,
        "user_id": alice.pk,
        "provider_id": profile.provider_id,
        "app_id": AppRegistration.objects.create(display_name="Script", created_at=NOON).pk,
        "name": "details",
        "accounts_user": alice.pk,
        "accounts_directorygroup": DirectoryGroup.objects.create(display_name="Staff").pk,
        "accounts_auditevent": AuditEvent.objects.get(activity="Something").pk,
        "accounts_operatorsigninpolicy": 1,
        "accounts_passkeypolicy": PasskeyPolicy.objects.get_or_create(pk=1)[0].pk,
        "recovery_recoveryprofile": profile.pk,
        "recovery_recoverypolicy": 1,
        "recovery_recoveryattempt": attempt.pk,
        "verifier_identityprovider": profile.provider_id,
        "tap_temporaryaccesspass": tap.issue(user=alice, issued_by=None, at=the_clock.now()).record.pk,
        "tap_temporaryaccesspasspolicy": get_policy().pk,
    }


def filled(route: str, world: dict[str, object], model: str = "") -> str:
    """The address with what is there; ids of what is not there are of nothing."""

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        return str(world.get(model if name == "object_id" else name, uuid.UUID(int=1)))

    return re.sub(r"<(?:\w+:)?(?P<name>\w+)>", value, route)


def holder(role: str) -> Client:
    bob = make_person("bob@contoso.example", is_staff=True, given_name="Bob", surname="Baker")
    bob.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(bob)
    return client


def test_every_address_is_somebodys() -> None:
    found = addresses()
    assert len(found) > 100
    nobodys = {
        name
        for name in found
        if name not in PAGES
        and name not in FOR_ALL
        and not ((standard := STANDARD.fullmatch(name)) and standard["model"] in MODELS)
    }
    assert nobodys == set()
    assert set(PAGES) - set(found) == set()


@pytest.mark.parametrize("role", ROLES)
def test_lists_and_records(role: str, world: dict[str, object]) -> None:
    client, wrong = holder(role), []
    for name, route in addresses().items():
        standard = STANDARD.fullmatch(name)
        if standard is None or standard["model"] not in MODELS:
            continue
        model, op = MODELS[standard["model"]], standard["op"]
        roles = {"add": model.add, "delete": model.delete}.get(op, model.look)
        address = filled(route, world, standard["model"])
        answer = client.get(address, follow=True)
        # What is not there leads to the index with a message, whoever asks; what may not be seen is refused.
        there = standard["model"] in world or op in {"changelist", "add"}
        if there and answer.status_code != (200 if role in roles else 403):
            wrong.append((name, "GET", answer.status_code))
        if op in {"add", "change"} and there:
            may = role in (model.add if op == "add" else model.change)
            status = client.post(address, {}, follow=True).status_code
            if status != (200 if may else 403):
                wrong.append((name, "POST", status))
    assert wrong == []


ACTIONS: dict[str, dict[str, Roles]] = {
    "accounts_user": {"sign_out_everywhere": frozenset({USERS})},
    "accounts_auditevent": {"export": READS_SET_UP},
    "recovery_identityrecord": {"delete_selected": frozenset({USERS})},
    "recovery_recoveryprofile": {
        "enable": SETS_UP, "disable": SETS_UP, "copy": SETS_UP, "delete_selected": SETS_UP,
    },
    "recovery_recoveryattempt": {"cancel_selected": HANDLES_PASSES},
    "issuer_issuedcredential": {"revoke": READS_MATCHES},
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_actions_on_lists(role: str, world: dict[str, object]) -> None:
    client = holder(role)
    for model, allowed in MODELS.items():
        if role not in allowed.look:
            continue
        context = client.get(filled(addresses()[f"admin:{model}_changelist"], world), follow=True).context
        form = context.get("action_form")
        offered = {name for name, _ in form.fields["action"].choices if name} if form else set()
        assert offered == {name for name, roles in ACTIONS.get(model, {}).items() if role in roles}, model


@pytest.mark.parametrize("role", ROLES)
def test_pages_and_acts_of_our_own(role: str, world: dict[str, object]) -> None:
    client, wrong = holder(role), []
    for name, page in PAGES.items():
        address = filled(addresses()[name], world)
        looked, acted = status_of(client.get(address, follow=True)), status_of(client.post(address, {}, follow=True))
        # 404: of nothing. 405: nothing is posted there, or nothing but posted; said only to who may be there at all.
        looks = {200, 404} if role in page.look else {405} if role in page.act else {403}
        acts = {200, 404} if role in page.act else {403, 405} if role in page.look else {403}
        if looked not in looks or acted not in acts:
            wrong.append((name, looked, acted))
    assert wrong == []


def status_of(answer: Any) -> int:
    if answer.streaming:
        b"".join(answer.streaming_content)
    return int(answer.status_code)


def test_without_a_role_and_without_being_an_operator_nothing_opens(world: dict[str, object]) -> None:
    nobody = make_person("carol@contoso.example", is_staff=True)
    alice = User.objects.get(user_principal_name="alice@contoso.example")
    for person, status in ((nobody, 403), (alice, 302), (None, 302)):
        client = Client()
        if person is not None:
            client.force_login(person)
        for name in PAGES:
            for ask in (client.get, client.post):
                assert ask(filled(addresses()[name], world)).status_code == status, (name, person)


def test_nothing_is_done_by_a_form_of_another_site(world: dict[str, object]) -> None:
    """Every address takes a POST of its own pages alone, also from somebody who may do everything."""
    root = make_person("root@contoso.example", is_staff=True, is_superuser=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(root)
    open_to_others = {name for name, route in addresses().items()
                      if client.post(filled(route, world, "recovery_recoveryprofile")).status_code != 403}  # fmt: skip
    assert open_to_others == set()
