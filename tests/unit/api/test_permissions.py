"""Every operation × every kind of caller. The matrix is made of the operations themselves: new ones are in it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import DirectoryGroup, User
from recovery_portal.api import docs, permissions
from recovery_portal.api.shell import GraphView, Operation
from recovery_portal.recovery.roles import ROLES, provision

from .conftest import Api, AsApp, AsPerson

NOBODY = "Nobody in particular"


def operations() -> Iterator[tuple[str, str, Operation]]:
    def walk(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            elif isinstance(pattern, URLPattern):
                yield prefix + str(pattern.pattern), pattern.callback

    for route, callback in walk(get_resolver().url_patterns, ""):
        view = getattr(callback, "cls", None)
        if route.startswith("v1.0/") and view is not None and issubclass(view, GraphView):
            for method in ("get", "post", "patch", "delete"):
                handler = getattr(view, method, None)
                if hasattr(handler, "operation"):
                    yield method, route.removeprefix("v1.0/"), handler.operation


OPERATIONS = sorted(operations(), key=lambda found: (found[1], found[0]))
IDS = [f"{method} {route}" for method, route, _ in OPERATIONS]


def address(route: str, user: User) -> str:
    """The route with an existing person in it, and ids of nothing."""
    filled = re.sub(r"users/<str:key>", f"users/{user.pk}", route)
    return re.sub(r"<[^>]+>", "00000000-0000-4000-8000-000000000000", filled).rstrip("^$") if "<" in filled else filled


def call(api: Any, method: str, route: str, user: User) -> Any:
    answer = api(method, address(route, user), {} if method in {"post", "patch"} else None)
    assert str(answer.status_code) in documented(method, route), f"{method} {route}: {answer.status_code} is news"
    return answer


def documented(method: str, route: str) -> set[str]:
    path = "/v1.0/" + re.sub(r"<str:(\w+)>", r"{\1}", route).removesuffix("()")
    return set(docs.document()["paths"][path][method]["responses"])


def test_the_matrix_is_not_empty() -> None:
    assert len(OPERATIONS) > 40
    for _, route, found in OPERATIONS:
        assert found.permissions, route
        assert not permissions.unknown(found.permissions), route
        assert found.role or found.own, f"{route} asks nothing of the person behind a delegated call"


@pytest.mark.parametrize(("method", "route", "found"), OPERATIONS, ids=IDS)
def test_without_a_token_nothing_is_served(
    client: Client, alice: User, method: str, route: str, found: Operation
) -> None:
    answer = getattr(client, method)(f"/v1.0/{address(route, alice)}")
    assert answer.status_code == 401


@pytest.mark.parametrize(("method", "route", "found"), OPERATIONS, ids=IDS)
def test_a_program_needs_one_of_the_permissions(
    alice: User, as_app: AsApp, method: str, route: str, found: Operation
) -> None:
    others = [name for name in permissions.known() if permissions.held_by([name]).isdisjoint(found.permissions)]
    refused = call(as_app(*others), method, route, alice)
    assert refused.status_code == (400 if found.own else 403)
    words = {"BadRequest"} if found.own else {"Authorization_RequestDenied", "forbidden"}
    assert refused.json()["error"]["code"] in words
    admitted = call(as_app(*found.permissions), method, route, alice)
    assert admitted.status_code in ({400} if found.own else {200, 201, 202, 204, 400, 404})


@pytest.mark.parametrize("name", permissions.known())
def test_a_permission_opens_what_is_documented_under_it_and_nothing_else(
    alice: User, as_app: AsApp, settings: Any, name: str
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 100_000
    api, held = as_app(name), permissions.held_by([name])
    for method, route, found in OPERATIONS:
        answer = call(api, method, route, alice)
        if found.own:
            right = answer.status_code == 400  # there is no person
        else:
            right = (answer.status_code == 403) == held.isdisjoint(found.permissions)
        assert right, f"{name}: {method} {route} answered {answer.status_code}"


@pytest.mark.parametrize("role", [*ROLES, NOBODY])
def test_a_person_may_through_a_program_what_their_role_may(
    alice: User, bob: User, as_person: AsPerson, role: str
) -> None:
    """The roles that an installation provides; the program has every permission: what is left is the person's own."""
    if role != NOBODY:
        provision()
        bob.groups.add(Group.objects.get(name=role))
    api = as_person(bob, *permissions.known())
    for method, route, found in OPERATIONS:
        answer = call(api, method, route, alice)
        allowed = found.own or found.role in ROLES.get(role, ())
        assert (answer.status_code != 403) == allowed, f"{role}: {method} {route} answered {answer.status_code}"


def test_every_operation_is_open_to_some_role_through_some_permission() -> None:
    everything = {right for rights in ROLES.values() for right in rights}
    for _, route, found in OPERATIONS:
        assert found.own or found.role in everything, f"{route}: no role has {found.role}"


# --- the original's limits, whoever asks ------------------------------------------------------------------------------

PASSES = "users/{}/authentication/temporaryAccessPassMethods"
TAP = "UserAuthMethod-TAP.ReadWrite.All"
ISSUER = list(ROLES["Authentication Administrator"])


def issue(api: Api, user: User) -> Any:
    return api("post", PASSES.format(user.pk), {})


def test_nobody_issues_a_pass_for_themselves(bob: User, as_person: AsPerson) -> None:
    refused = issue(as_person(bob, TAP, rights=ISSUER), bob)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "accessDenied")


def test_operators_passes_need_more_than_a_program_or_an_administrator(
    bob: User, as_person: AsPerson, as_app: AsApp
) -> None:
    other = User.objects.create_user("carol@contoso.example", is_staff=True)
    root = User.objects.create_superuser("root@contoso.example")
    issuer = as_person(bob, TAP, rights=ISSUER)
    for target in (other, root):
        assert issue(issuer, target).status_code == 403
        assert issue(as_app(TAP), target).status_code == 403
    privileged = as_person(bob, TAP, rights=["tap.issue_for_operators"])
    assert issue(privileged, other).status_code == 201
    assert issue(privileged, root).status_code == 403


def test_a_global_reader_sees_the_pass_and_never_its_code(
    alice: User, bob: User, as_app: AsApp, as_person: AsPerson
) -> None:
    made = issue(as_app(TAP), alice).json()
    code = made["temporaryAccessPass"]
    assert len(code) == 8
    reader = as_person(bob, *permissions.known(), rights=list(ROLES["Global Reader"]))
    one = f"{PASSES.format(alice.pk)}/{made['id']}"
    for path in (PASSES.format(alice.pk), one, f"users/{alice.pk}/authentication/methods", "auditLogs/directoryAudits"):
        answer = reader("get", path)
        assert answer.status_code == 200
        assert code not in answer.content.decode()
    assert reader("get", one).json()["temporaryAccessPass"] is None
    assert reader("delete", one).status_code == 403


def test_a_pass_of_somebody_else_is_not_found_under_ones_own_address(
    alice: User, mallory: User, as_app: AsApp, as_person: AsPerson
) -> None:
    made = issue(as_app(TAP), alice).json()
    assert as_app(TAP)("delete", f"{PASSES.format(mallory.pk)}/{made['id']}").status_code == 404
    assert as_app(TAP)("get", f"{PASSES.format(mallory.pk)}/{made['id']}").status_code == 404
    mine = as_person(mallory, "UserAuthenticationMethod.Read")
    assert mine("get", "me/authentication/temporaryAccessPassMethods").json()["value"] == []
    assert mine("get", PASSES.format(alice.pk)).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("patch", "users/{}", {"surname": "X"}), ("delete", "users/{}/authentication/fido2Methods/{}", None),
     ("post", "users/{}/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword", {}),
     ("get", "users/{}/authentication/fido2Methods/creationOptions", None),
     ("post", "users/{}/authentication/fido2Methods", {"publicKeyCredential": {}})],
)  # fmt: skip
def test_operators_accounts_are_left_to_those_who_have_every_right(
    bob: User, as_app: AsApp, as_person: AsPerson, method: str, path: str, body: Any
) -> None:
    everything = [*permissions.known()]
    other = User.objects.create_user("carol@contoso.example", is_staff=True)
    administrator = as_person(bob, *everything, rights=["accounts.change_user", "accounts.manage_methods"])
    for api in (as_app(*everything), administrator):
        assert api(method, path.format(other.pk, other.pk), body).status_code == 403
    assert administrator(method, path.format(bob.pk, bob.pk), body).status_code == 403


def test_a_privileged_administrator_manages_ways_to_sign_in_of_operators(
    bob: User, as_app: AsApp, as_person: AsPerson
) -> None:
    """Theirs, not the accounts; and of nobody who has every right."""
    everything = [*permissions.known()]
    other = User.objects.create_user("carol@contoso.example", is_staff=True)
    root = User.objects.create_superuser("root@contoso.example")
    privileged = as_person(bob, *everything, rights=list(ROLES["Privileged Authentication Administrator"]))
    reset = "users/{}/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword"
    phones = "users/{}/authentication/phoneMethods"
    phone = {"phoneNumber": "+1 4255550123", "phoneType": "mobile"}
    assert privileged("post", reset.format(other.pk), {}).status_code == 202
    assert privileged("post", phones.format(other.pk), phone).status_code == 201
    for somebody in (root, bob):
        assert privileged("post", reset.format(somebody.pk), {}).status_code == 403
        assert privileged("post", phones.format(somebody.pk), phone).status_code == 403
    assert privileged("patch", f"users/{other.pk}", {"surname": "X"}).status_code == 403
    assert as_app(*everything)("post", reset.format(other.pk), {}).status_code == 403


def test_a_group_reader_changes_no_group(alice: User, as_app: AsApp) -> None:
    group = DirectoryGroup.objects.create(display_name="Staff")
    body = {"@odata.id": f"http://portal.test/v1.0/directoryObjects/{alice.pk}"}
    assert as_app("Group.Read.All")("post", f"groups/{group.pk}/members/$ref", body).status_code == 403
    assert not group.members.exists()


def test_a_program_that_calls_too_often_is_told_when_to_come_back(alice: User, as_app: AsApp, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    api = as_app("User.Read.All")
    answers = [api("get", "users") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1]["Retry-After"] == "60"
    assert answers[-1].json()["error"]["code"] == "TooManyRequests"
    assert as_app("User.Read.All")("get", "users").status_code == 200  # another program


def test_an_app_named_in_the_audit_is_an_app(alice: User, as_app: AsApp) -> None:
    issue(as_app(TAP, "AuditLog.Read.All"), alice)
    events = as_app("AuditLog.Read.All")("get", "auditLogs/directoryAudits").json()["value"]
    found = next(event for event in events if event["activityDisplayName"] == "Admin registered security info")
    assert found["initiatedBy"]["user"] is None
    assert found["initiatedBy"]["app"]["displayName"].startswith("Program 1 (")
