"""Collections: filter, search, order, pages, counts; and what none of them accepts."""

import contextlib
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent, DirectoryGroup, User
from recovery_portal.api import permissions
from recovery_portal.api.errors import GraphError
from recovery_portal.api.filters import Column, parse
from tests.fakes.accounts import NOON
from tests.fakes.many import look_again

from .conftest import AsApp
from .test_permissions import OPERATIONS

COLUMNS = {
    "id": Column("pk", "guid"),
    "displayName": Column("display_name", "name"),
    "accountEnabled": Column("account_enabled", "boolean"),
    "createdDateTime": Column("created_at", "time"),
    "targetResources/id": Column("pk", "guid"),
}


def people(count: int) -> None:
    User.objects.bulk_create(
        User(user_principal_name=f"p{n:05}@contoso.example", display_name=f"Person {n % 7}", password="!")
        for n in range(count)
    )


def names(answer: Any) -> list[str]:
    return [row["userPrincipalName"] for row in answer.json()["value"]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("userPrincipalName eq 'ALICE@contoso.example'", ["alice@contoso.example"]),
        ("startswith(displayName,'al')", ["alice@contoso.example"]),
        ("startsWith(displayName, 'al') or surname eq 'Marsh'", ["alice@contoso.example", "mallory@contoso.example"]),
        ("not (surname eq 'Marsh')", ["alice@contoso.example"]),
        ("surname in ('Marsh', 'Nobody')", ["mallory@contoso.example"]),
        ("accountEnabled eq true and employeeId eq null", ["alice@contoso.example", "mallory@contoso.example"]),
        ("surname eq 'O''Hara'", []),
        ("createdDateTime lt 2001-01-01", []),
        ("createdDateTime ge 2001-01-01T00:00:00Z and surname ne 'Marsh'", ["alice@contoso.example"]),
        ("endswith(mail,'@contoso.example')", ["alice@contoso.example"]),
    ],
)
def test_it_filters_as_scripts_ask(
    alice: User, mallory: User, as_app: AsApp, expression: str, expected: list[str]
) -> None:
    assert names(as_app("User.Read.All")("get", "users", query_params={"$filter": expression})) == expected


@pytest.mark.parametrize(
    "expression",
    ["", " ", "displayName", "displayName eq", "displayName eq x", "displayName eq 'x", "password eq 'x'", "eq eq eq",
     "displayName eq 'x' displayName", "(" * 400 + "x", "not " * 50 + "accountEnabled eq true", "id eq 'x'",
     "accountEnabled eq 'yes'", "createdDateTime ge 9999-99-99", "createdDateTime ge 0001-01-01T00:00:00+23:59",
     "displayName eq '\x00'", "contains(accountEnabled,'x')", "displayName in ()", "displayName has 'x'",
     "targetResources/any(t:x/id eq 'y')", "displayName eq 'x'" * 400, "displayName gt null", "٣ eq 1"],
)  # fmt: skip
def test_a_filter_that_is_not_understood_is_a_400_that_says_so(as_app: AsApp, expression: str) -> None:
    answer = as_app("User.Read.All")("get", "users", query_params={"$filter": expression, "$top": "1"})
    assert answer.status_code == (200 if expression == "" else 400)
    if expression:
        assert answer.json()["error"]["code"] == "Request_UnsupportedQuery"


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from(["displayName", "id", "createdDateTime", "accountEnabled", "targetResources/any", "eq", "ne",
                         "in", "and", "or", "not", "(", ")", ",", ":", "'x'", "true", "null", "2026-01-01", "5", "x/id",
                         "startswith", str(uuid.UUID(int=7))]) | st.text(max_size=4),
        max_size=14,
    )
)  # fmt: skip
def test_no_filter_raises_anything_but_a_graph_error(words: list[str]) -> None:
    with contextlib.suppress(GraphError):
        assert parse(" ".join(words), COLUMNS) is not None


def test_a_lambda_over_targets_finds_what_happened_to_somebody(alice: User, mallory: User, as_app: AsApp) -> None:
    for user in (alice, mallory):
        AuditEvent.objects.create(
            at=NOON, activity="Update user", result="success", service="s", category="c", target=user
        )
    answer = as_app("AuditLog.Read.All")(
        "get", "auditLogs/directoryAudits", query_params={"$filter": f"targetResources/any(t:t/id eq '{alice.pk}')"}
    )
    assert [row["targetResources"][0]["id"] for row in answer.json()["value"]] == [str(alice.pk)]


@pytest.mark.parametrize("order", ["userPrincipalName", "displayName", "displayName desc", "createdDateTime desc"])
def test_pages_give_every_row_once(as_app: AsApp, order: str) -> None:
    people(25)
    api = as_app("User.Read.All")
    seen: list[str] = []
    answer = api("get", "users", query_params={"$top": "4", "$orderby": order, "$count": "true"})
    while True:
        seen += names(answer)
        assert answer.json()["@odata.count"] == 25
        link = answer.json().get("@odata.nextLink")
        if link is None:
            break
        assert link.startswith("http://portal.test/v1.0/users?")
        answer = api.client.get(link.removeprefix("http://portal.test"))
    assert len(seen) == len(set(seen)) == 25


@pytest.mark.parametrize(
    "options",
    [{"$top": "0"}, {"$top": "-1"}, {"$top": "1000"}, {"$top": "x"}, {"$top": "9" * 50}, {"$skiptoken": "x"},
     {"$skiptoken": "WyJ1c2VyIl0:x:y"}, {"$orderby": "password"}, {"$orderby": "displayName sideways"},
     {"$search": "ada"}, {"$search": '"password:x"'}, {"$count": "maybe"}, {"$expand": "manager"}, {"$foo": "1"}],
)  # fmt: skip
def test_options_that_are_not_served_are_refused(as_app: AsApp, options: dict[str, str]) -> None:
    assert as_app("User.Read.All")("get", "users", query_params=options).status_code == 400


def test_a_page_token_of_another_order_is_refused(as_app: AsApp) -> None:
    people(3)
    api = as_app("User.Read.All")
    link = api("get", "users", query_params={"$top": "1"}).json()["@odata.nextLink"]
    assert api.client.get(link.removeprefix("http://portal.test") + "&$orderby=displayName").status_code == 400


def test_select_and_search_and_the_bare_count(alice: User, mallory: User, as_app: AsApp) -> None:
    api = as_app("User.Read.All")
    row = api("get", "users", query_params={"$search": '"displayName:arch"', "$select": "surname"}).json()["value"][0]
    assert row == {"@odata.type": "#microsoft.graph.user", "id": str(alice.pk), "surname": "Archer"}
    assert api("get", "users/$count").content == b"2"
    both = api("get", "users", query_params={"$search": '"displayName:arch" OR "displayName:marsh"'})
    assert len(names(both)) == 2


@pytest.mark.parametrize(
    ("path", "permission"),
    [("users", "User.Read.All"), ("groups", "Group.Read.All"), ("auditLogs/directoryAudits", "AuditLog.Read.All"),
     ("auditLogs/signIns", "AuditLog.Read.All")],
)  # fmt: skip
def test_a_page_of_a_hundred_costs_the_same_number_of_queries_as_of_ten(
    as_app: AsApp, path: str, permission: str
) -> None:
    people(5)
    _events(300)
    api = as_app(permission)
    costs = set()
    for top in ("10", "100"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            api("get", path, query_params={"$top": top, "$count": "true"})
        costs.add(len(queries))
    assert len(costs) == 1
    assert costs.pop() <= 4


# Every list of the API: its address, and how its rows are made in bulk.
LISTS = [
    "users", "users/{alice}/memberOf", "groups", "groups/{group}/members", "auditLogs/directoryAudits",
    "auditLogs/signIns", "identity/verifiedId/profiles", "users/{alice}/authentication/methods",
    "users/{alice}/authentication/fido2Methods", "users/{alice}/authentication/softwareOathMethods",
    "users/{alice}/authentication/passwordMethods", "users/{alice}/authentication/phoneMethods",
    "users/{alice}/authentication/emailMethods", "users/{alice}/authentication/temporaryAccessPassMethods",
    "policies/authenticationMethodsPolicy/authenticationMethodConfigurations",
    "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/VerifiableCredentials/includeTargets",
    "identity/customAuthenticationExtensions", "identity/authenticationEventListeners",
]  # fmt: skip


def _copy(row: Model, count: int, **changes: str) -> None:
    """`count` copies of a row, made by the database; `changes` are SQL, in which `n.i` counts the copies."""
    table = row._meta.db_table
    changes["id"] = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    columns = [field.column for field in row._meta.concrete_fields]
    key = row._meta.pk.get_db_prep_value(row.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(changes.get(name, f't.{name}') for name in columns)} FROM n, {table} t WHERE t.id = %s",
            [key],
        )


def _grow(alice: User, group: DirectoryGroup, count: int) -> None:
    """At least `count` people, groups, members, memberships, audit rows and sign-ins more."""
    person = User.objects.create_user(f"grown{count}@contoso.example")
    _copy(person, count, user_principal_name=f"'grown{count}-' || n.i || '@contoso.example'")
    _copy(DirectoryGroup.objects.create(display_name=f"Grown {count}"), count)
    joined = DirectoryGroup.members.through._meta.db_table
    pk = User._meta.pk.get_db_prep_value
    insert = f"INSERT INTO {joined} (directorygroup_id, user_id)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{insert} SELECT %s, id FROM accounts_user WHERE user_principal_name LIKE %s",
            [pk(group.pk, connection), f"grown{count}%"],
        )
        cursor.execute(
            f"{insert} SELECT id, %s FROM accounts_directorygroup WHERE display_name = %s",
            [pk(alice.pk, connection), f"Grown {count}"],
        )
    for category in ("SignInLogs", "UserManagement"):
        event = AuditEvent(at=NOON, activity="User sign-in", result="success", service="s", category=category)
        AuditEvent.objects.bulk_create([event])
        _copy(event, count)
    look_again()


@pytest.mark.slow
def test_every_list_costs_the_same_number_of_queries_at_a_hundred_and_at_a_hundred_thousand_rows(
    alice: User, as_app: AsApp
) -> None:
    api = as_app(*permissions.known())
    group = DirectoryGroup.objects.create(display_name="Everybody")
    paths = [path.format(alice=alice.pk, group=group.pk) for path in LISTS]

    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert api("get", path, query_params={"$count": "true"}).status_code == 200
        return len(queries)

    _grow(alice, group, 100)
    for path in paths:  # what is made on first use is there
        cost(path)
    few = {path: cost(path) for path in paths}
    assert max(few.values()) <= 12, few
    _grow(alice, group, 100_000)
    assert User.objects.count() >= 100_000
    assert {path: cost(path) for path in paths} == few


def test_no_list_is_left_out() -> None:
    listed = {route for method, route, found in OPERATIONS if found.is_list and not route.startswith("me/")}
    assert {re.sub(r"{\w+}", "<str:key>", path) for path in LISTS} == listed


def _events(count: int) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=NOON + timedelta(seconds=n), activity="User sign-in", result="success", service="s",
            category="SignInLogs" if n % 2 else "UserManagement", details={"method": "password"},
        )
        for n in range(count)
    )  # fmt: skip
