"""The directory in the admin site: what operators may, and what not even a superuser may."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.audit import flows as audit
from accounts.models import AuditEvent, DirectoryGroup, User
from tests.fakes.accounts import NOON, make_alice, sign_in_with_password

pytestmark = pytest.mark.django_db

PERSON = {
    "user_principal_name": "Carol@Contoso.example", "given_name": "Carol", "surname": "Cole", "display_name": "",
    "mail": "carol@contoso.example", "other_mails": "c@home.example\n\n c@work.example ", "mobile_phone": "",
    "employee_id": "", "usage_location": "PT", "preferred_language": "", "user_type": "Member", "account_enabled": "on",
}  # fmt: skip


@pytest.fixture
def root(client: Client) -> Client:
    bob = User.objects.create_superuser("bob@contoso.example", "operator's long password")
    sign_in_with_password(client, bob, "operator's long password")
    return client


@pytest.fixture
def operator(client: Client) -> Client:
    """May see and change users, and is no superuser."""
    bob = User.objects.create_user("bob@contoso.example", "operator's long password", is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user", "add_user"]))
    sign_in_with_password(client, bob, "operator's long password")
    return client


def test_operators_add_and_edit_people(root: Client) -> None:
    group = DirectoryGroup.objects.create(display_name="Sales")
    answer = root.post("/admin/accounts/user/add/", PERSON | {"directory_groups": [group.pk]})
    assert answer.status_code == 302, answer.content.decode()
    carol = User.objects.get(user_principal_name="carol@contoso.example")
    assert carol.other_mails == ["c@home.example", "c@work.example"]
    assert carol.display_name == "Carol Cole"
    assert not carol.has_usable_password()
    assert list(carol.directory_groups.all()) == [group]
    event = AuditEvent.objects.get(activity="Add user")
    assert (event.target, event.initiated_by_name) == (carol, "bob@contoso.example")
    taken = root.post("/admin/accounts/user/add/", PERSON)
    assert "taken" in taken.content.decode()


def test_pages_open(root: Client) -> None:
    alice = make_alice()
    audit.record(activity="User sign-in", at=NOON, target=alice)
    event = AuditEvent.objects.first()
    group = DirectoryGroup.objects.create(display_name="Sales")
    for url in (
        "/admin/", "/admin/accounts/user/", f"/admin/accounts/user/{alice.pk}/change/", "/admin/accounts/user/add/",
        "/admin/accounts/directorygroup/", f"/admin/accounts/directorygroup/{group.pk}/change/",
        "/admin/accounts/auditevent/", f"/admin/accounts/auditevent/{event.pk}/change/",
    ):  # fmt: skip
        assert root.get(url).status_code == 200, url


def test_nobody_sees_or_sets_a_password(root: Client) -> None:
    """ASVS 6.4.6 (V4)"""
    alice = make_alice()
    page = root.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    assert "argon2" not in page
    assert 'name="password"' not in page
    root.post(f"/admin/accounts/user/{alice.pk}/change/", PERSON | {"password": "chosen by the operator"})
    before = alice.password
    alice.refresh_from_db()
    assert alice.password == before
    assert root.get(f"/admin/accounts/user/{alice.pk}/password/").status_code in {302, 404}


def test_nobody_writes_the_audit_superusers_included(root: Client) -> None:
    event = audit.record(activity="User sign-in", at=NOON)
    change = f"/admin/accounts/auditevent/{event.pk}/change/"
    assert root.get("/admin/accounts/auditevent/add/").status_code == 403
    assert root.post(change, {"activity": "Nothing"}).status_code == 403
    assert root.post(f"/admin/accounts/auditevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
    root.post(
        "/admin/accounts/auditevent/", {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"}
    )
    event.refresh_from_db()
    assert event.activity == "User sign-in"


def test_an_audit_event_is_read_whole_with_before_and_after(root: Client) -> None:
    event = audit.record(
        activity="Authentication Methods Policy Update", at=NOON, result="failure", reason="why", correlation_id="c-1",
        application="<b>Script</b>", details={"state": "enabled -> disabled", "<i>": "</dl>"},
    )  # fmt: skip
    shown = root.get(f"/admin/accounts/auditevent/{event.pk}/change/").content.decode()
    assert "<dt>state</dt><dd>enabled -&gt; disabled</dd>" in shown
    assert "<dt>&lt;i&gt;</dt><dd>&lt;/dl&gt;</dd>" in shown
    for told in ("2026-11-22 12:00:00", "Failure", "why", "c-1", "&lt;b&gt;Script&lt;/b&gt;", "Account Recovery"):
        assert told in shown, told


def test_a_password_is_changed_where_it_is_audited_and_written_home(root: Client) -> None:
    answer = root.get("/admin/password_change/")
    assert (answer.status_code, answer["Location"]) == (302, "/security-info/password/")
    assert root.post("/admin/password_change/", {"old_password": "x"})["Location"] == "/security-info/password/"


def test_an_operator_does_not_hand_out_rights(operator: Client) -> None:
    bob, alice = User.objects.get(user_principal_name="bob@contoso.example"), make_alice()
    for person, status in ((alice, 302), (bob, 403)):
        url = f"/admin/accounts/user/{person.pk}/change/"
        assert "is_superuser" not in operator.get(url).content.decode()
        raised = PERSON | {"user_principal_name": person.user_principal_name, "is_superuser": "on", "is_staff": "on"}
        assert operator.post(url, raised).status_code == status
        person.refresh_from_db()
        assert (person.is_staff, person.is_superuser) == (person == bob, False)


def test_accounts_are_disabled_and_never_deleted(root: Client) -> None:
    alice = make_alice()
    hers = Client()
    sign_in_with_password(hers, alice)
    assert root.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    off = {k: v for k, v in PERSON.items() if k != "account_enabled"}
    root.post(f"/admin/accounts/user/{alice.pk}/change/", off | {"user_principal_name": alice.user_principal_name})
    alice.refresh_from_db()
    assert not alice.account_enabled
    assert hers.get("/apps/").status_code == 302


def test_operators_end_sessions(root: Client) -> None:
    alice = make_alice()
    hers = Client()
    sign_in_with_password(hers, alice)
    root.post("/admin/accounts/user/", {"action": "sign_out_everywhere", "_selected_action": [str(alice.pk)]})
    assert hers.get("/apps/").status_code == 302


def test_operators_are_signed_out_by_those_alone_who_manage_operators(operator: Client) -> None:
    """Else a user administrator keeps everybody else out of the admin site."""
    boss, alice, theirs = User.objects.create_superuser("boss@contoso.example"), make_alice(), Client()
    theirs.force_login(boss)
    everybody = [str(person.pk) for person in User.objects.all()]
    form = {"action": "sign_out_everywhere", "_selected_action": everybody}
    page = operator.post("/admin/accounts/user/", form, follow=True).content.decode()
    assert "1 person was signed out everywhere" in page, alice
    assert theirs.get("/admin/").status_code == 200
    assert operator.get("/admin/").status_code == 200


def test_others_do_not_get_in(client: Client) -> None:
    assert client.get("/admin/").url.startswith("/admin/login/")
    sign_in_with_password(client, make_alice())
    assert client.get("/admin/login/").url == "/apps/"
    assert client.get("/admin/accounts/user/", follow=True).redirect_chain[-1][0] == "/apps/"


def test_signing_out_of_the_admin_site_is_signing_out_of_the_portal(root: Client) -> None:
    answer = root.post("/admin/logout/")
    assert answer.url == "/"
    assert "Clear-Site-Data" in answer
    assert root.get("/apps/").status_code == 302


def test_groups_are_written_as_account_names(root: Client) -> None:
    alice = make_alice()
    form = {"display_name": "Sales", "description": "", "members": "nobody@contoso.example"}
    assert (
        "Not in the directory: nobody@contoso.example"
        in root.post("/admin/accounts/directorygroup/add/", form).content.decode()
    )
    form["members"] = " ALICE@contoso.example\n\nbob@contoso.example\n"
    assert root.post("/admin/accounts/directorygroup/add/", form).status_code == 302
    group = DirectoryGroup.objects.get()
    assert alice in group.members.all()
    url = f"/admin/accounts/directorygroup/{group.pk}/change/"
    shown = root.get(url)
    assert shown.context["adminform"].form["members"].value() == "alice@contoso.example\nbob@contoso.example"
    assert ">\nalice@contoso.example\nbob@contoso.example</textarea>" in shown.content.decode()
    root.post(url, form | {"members": "bob@contoso.example"})
    assert [str(member) for member in group.members.all()] == ["bob@contoso.example"]
    assert AuditEvent.objects.filter(category="GroupManagement").count() == 2
