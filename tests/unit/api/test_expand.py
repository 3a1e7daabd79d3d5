"""``$expand``: what belongs to a row, to whoever may read that by its own address, at a constant cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import DirectoryGroup, User
from recovery_portal.api.expansion import MOST

from .conftest import AsApp, AsPerson


@pytest.fixture
def admins(alice: User, mallory: User) -> DirectoryGroup:
    group = DirectoryGroup.objects.create(display_name="Admins")
    group.members.add(alice, mallory)
    return group


def test_a_group_comes_with_its_members_and_a_person_with_their_groups(
    admins: DirectoryGroup, alice: User, mallory: User, as_app: AsApp
) -> None:
    api = as_app("Group.Read.All", "User.Read.All", "GroupMember.Read.All")
    listed = api("get", "groups", query_params={"$expand": "members($select=id,displayName)", "$select": "id"}).json()
    assert listed["value"] == [
        {
            "@odata.type": "#microsoft.graph.group",
            "id": str(admins.pk),
            "members": [
                {"@odata.type": "#microsoft.graph.user", "id": str(user.pk), "displayName": user.display_name}
                for user in (alice, mallory)
            ],
        }
    ]
    one = api("get", f"groups/{admins.pk}", query_params={"$expand": "members"}).json()
    assert [member["userPrincipalName"] for member in one["members"]] == [
        "alice@contoso.example",
        "mallory@contoso.example",
    ]
    assert "members" not in api("get", f"groups/{admins.pk}").json()
    person = api("get", f"users/{alice.pk}", query_params={"$expand": "memberOf"}).json()
    assert [group["displayName"] for group in person["memberOf"]] == ["Admins"]
    people = api("get", "users", query_params={"$expand": "memberOf", "$top": "1"}).json()
    assert people["value"][0]["memberOf"][0]["id"] == str(admins.pk)
    assert "%24expand=memberOf" in people["@odata.nextLink"] or "$expand=memberOf" in people["@odata.nextLink"]


@pytest.mark.parametrize(
    "text",
    ["", "*", "owners", "members,members", "members,", "members($select=)", "members($expand=memberOf)", "members;x",
     "members($filter=startswith(displayName,'a'))", "(" * 10_000, "members," * 10_000, "m\x00", "password"],
)  # fmt: skip
def test_what_cannot_be_expanded_is_a_400(admins: DirectoryGroup, as_app: AsApp, text: str) -> None:
    api = as_app("Group.Read.All", "GroupMember.Read.All")
    for path in ("groups", f"groups/{admins.pk}"):
        answer = api("get", path, query_params={"$expand": text})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_where_nothing_can_be_expanded_nothing_is_done_either(as_app: AsApp) -> None:
    answer = as_app("Group.ReadWrite.All")("post", "groups?$expand=members", {"displayName": "New"})
    assert answer.status_code == 400
    assert not DirectoryGroup.objects.exists()


def test_whoever_may_not_read_it_by_its_own_address_does_not_read_it_expanded(
    admins: DirectoryGroup, bob: User, alice: User, as_app: AsApp, as_person: AsPerson
) -> None:
    program = as_app("User.Read.All")
    assert program("get", "users", query_params={"$expand": "memberOf"}).status_code == 403
    person = as_person(bob, "User.Read.All", "GroupMember.Read.All", rights=["accounts.view_user"])
    assert person("get", f"users/{alice.pk}").status_code == 200
    assert person("get", f"users/{alice.pk}", query_params={"$expand": "memberOf"}).status_code == 403


def test_many_groups_of_many_members_cost_one_query_more_and_show_the_first_of_each(as_app: AsApp) -> None:
    people = User.objects.bulk_create(
        User(user_principal_name=f"p{n:03}@contoso.example", display_name=f"P{n}", password="!") for n in range(30)
    )
    api = as_app("Group.Read.All", "GroupMember.Read.All")
    costs = []
    for count in (1, 12):
        for n in range(DirectoryGroup.objects.count(), count):
            DirectoryGroup.objects.create(display_name=f"G{n:02}").members.set(people)
        api("get", "groups", query_params={"$expand": "members"})
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = api("get", "groups", query_params={"$expand": "members"}).json()["value"]
        costs.append(len(queries))
        assert [len(group["members"]) for group in found] == [MOST] * count
        assert found[-1]["members"][0]["userPrincipalName"] == "p000@contoso.example"
    assert costs[0] == costs[1]
