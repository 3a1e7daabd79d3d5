"""Operators and passes, through the admin's own pages."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.audit.models import AuditEvent
from accounts.models import User
from recovery_portal.kit import clock
from tap import flows
from tap.models import TemporaryAccessPass, TemporaryAccessPassPolicy
from tap.queries import get_policy

pytestmark = pytest.mark.django_db

ADD = "admin:tap_temporaryaccesspass_add"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def signed_in(user: User) -> Client:
    client = Client()
    now = clock.now()
    from django.conf import settings

    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["signed_in_at"] = session["seen_at"] = now.isoformat()
    session.save()
    return client


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice@contoso.example", given_name="Alice", mail="alice@contoso.example")


@pytest.fixture
def bob() -> User:
    return User.objects.create_superuser("bob@contoso.example", mail="bob@contoso.example")


@pytest.fixture
def operator(bob: User) -> Client:
    return signed_in(bob)


def issue(client: Client, user: User, **fields: str) -> HttpResponse:
    form = {"account_name": user.user_principal_name, "lifetime_minutes": "60"} | fields
    return client.post(reverse(ADD), form)


def shown_passcode(answer: HttpResponse) -> str:
    found = re.search(r'<code id="passcode"[^>]*>([^<]+)</code>', answer.content.decode())
    assert found is not None
    return found[1]


def test_the_passcode_is_shown_once_and_kept_nowhere(operator: Client, alice: User, bob: User) -> None:
    answer = issue(operator, alice)
    passcode = shown_passcode(answer)
    assert len(passcode) == 8
    assert "no-store" in answer["Cache-Control"]
    record = TemporaryAccessPass.objects.get(user=alice)
    assert record.issued_by == bob
    for url in (
        reverse("admin:tap_temporaryaccesspass_changelist"),
        reverse("admin:tap_temporaryaccesspass_change", args=[record.pk]),
        reverse("admin:accounts_user_changelist"),
        reverse("admin:index"),
        reverse(ADD),
    ):
        page = operator.get(url)
        assert page.status_code == 200, url
        assert passcode not in page.content.decode()
    assert passcode not in "".join(str(s.get_decoded()) for s in Session.objects.all())
    assert passcode not in "".join(entry.change_message + entry.object_repr for entry in LogEntry.objects.all())
    assert passcode not in record.passcode_hash


def test_the_form_decides_length_of_life_one_time_use_and_start(operator: Client, alice: User) -> None:
    start = (clock.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    answer = issue(
        operator,
        alice,
        lifetime_minutes="240",
        is_usable_once="on",
        start_at_0=f"{start:%Y-%m-%d}",
        start_at_1=f"{start:%H:%M}",
    )
    assert shown_passcode(answer)
    record = TemporaryAccessPass.objects.get(user=alice)
    assert (record.lifetime_minutes, record.is_usable_once, record.start_at) == (240, True, start)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"lifetime_minutes": "481"}, "Invalid LifetimeInMinutes specified. The valid range between 60 and 480."),
        ({"lifetime_minutes": "9" * 30}, "Invalid LifetimeInMinutes specified."),
        ({"lifetime_minutes": "soon"}, "Enter a whole number."),
        ({"start_at_0": "2001-01-01", "start_at_1": "10:00"}, "cannot lie in the past"),
        ({"account_name": "nobody@contoso.example"}, "There is no enabled account of this name."),
        ({"account_name": "\0"}, "Null characters are not allowed."),
    ],
)
def test_it_says_beside_the_field_what_cannot_be(
    operator: Client, alice: User, fields: dict[str, str], sentence: str
) -> None:
    answer = issue(operator, alice, **fields)
    assert sentence in answer.content.decode()
    assert not TemporaryAccessPass.objects.exists()


def test_an_operator_never_issues_a_pass_for_themselves(operator: Client, bob: User) -> None:
    """V4."""
    answer = issue(operator, bob)
    assert "Nobody issues a Temporary Access Pass for themselves." in answer.content.decode()
    assert not TemporaryAccessPass.objects.exists()


def test_the_persons_page_leads_to_the_form_and_ones_own_does_not(operator: Client, alice: User, bob: User) -> None:
    link = f"{reverse(ADD)}?account_name=alice%40contoso.example"
    hers = operator.get(reverse("admin:accounts_user_change", args=[alice.pk])).content.decode()
    assert link in hers
    assert 'value="alice@contoso.example"' in operator.get(link).content.decode()
    own = operator.get(reverse("admin:accounts_user_change", args=[bob.pk])).content.decode()
    assert "Add Temporary Access Pass" not in own


def test_a_pass_outside_the_policy_is_issued_with_a_warning(operator: Client, alice: User) -> None:
    policy = get_policy()
    policy.include_all_users = False
    policy.save()
    assert "does not let this person sign in" in issue(operator, alice).content.decode()
    policy.include_all_users = True
    policy.save()
    assert "does not let this person sign in" not in issue(operator, alice).content.decode()


def test_a_one_time_policy_leaves_no_choice(operator: Client, alice: User) -> None:
    policy = get_policy()
    policy.is_usable_once = True
    policy.save()
    assert "The policy requires one-time use." in operator.get(reverse(ADD)).content.decode()
    issue(operator, alice)
    assert TemporaryAccessPass.objects.get(user=alice).is_usable_once is True


def test_revoking_from_the_list_tells_the_person(
    operator: Client, alice: User, bob: User, django_capture_on_commit_callbacks: object
) -> None:
    record = flows.issue(user=alice, issued_by=None, at=clock.now()).record
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        operator.post(reverse("admin:tap_temporaryaccesspass_delete", args=[record.pk]), {"post": "yes"})
    assert not TemporaryAccessPass.objects.exists()
    assert AuditEvent.objects.get(activity="Admin deleted security info").initiated_by == bob
    assert [letter.subject for letter in mail.outbox] == ["The Temporary Access Pass for your account was deleted"]


def test_the_list_says_in_words_and_by_its_code_whether_a_pass_can_be_used(operator: Client, alice: User) -> None:
    flows.issue(user=alice, issued_by=None, at=clock.now())
    address = reverse("admin:tap_temporaryaccesspass_changelist")
    assert "Can be used <code>EnabledByPolicy</code>" in operator.get(address).content.decode()
    TemporaryAccessPassPolicy.objects.update(include_all_users=False)
    for page in (address, reverse("admin:tap_temporaryaccesspass_change", args=[TemporaryAccessPass.objects.get().pk])):
        told = operator.get(page).content.decode()
        assert "The policy does not let it be used <code>DisabledByPolicy</code>" in told


def test_a_pass_cannot_be_edited(operator: Client, alice: User) -> None:
    record = flows.issue(user=alice, issued_by=None, at=clock.now()).record
    url = reverse("admin:tap_temporaryaccesspass_change", args=[record.pk])
    assert operator.post(url, {"lifetime_minutes": "43200"}).status_code == 403


def test_an_operator_with_fewer_rights_reaches_fewer_people(alice: User, bob: User) -> None:
    helper = User.objects.create_user("helper@contoso.example", is_staff=True)
    client = signed_in(helper)
    assert issue(client, alice).status_code == 403
    helper.user_permissions.add(
        *Permission.objects.filter(codename__in=["add_temporaryaccesspass", "delete_temporaryaccesspass"])
    )
    assert shown_passcode(issue(client, alice))
    assert issue(client, bob).status_code == 403
    record = flows.issue(user=bob, issued_by=None, at=clock.now()).record
    assert (
        client.post(reverse("admin:tap_temporaryaccesspass_delete", args=[record.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert TemporaryAccessPass.objects.filter(user=bob).exists()


def test_visitors_and_people_without_rights_see_nothing(alice: User) -> None:
    for client in (Client(), signed_in(alice)):
        answer = client.get(reverse(ADD))
        assert answer.status_code in {302, 403}
        assert answer.status_code == 403 or "/admin/" in answer["Location"] or answer["Location"].startswith("/")
        assert issue(client, alice).status_code in {302, 403}
    assert not TemporaryAccessPass.objects.exists()


POLICY = {
    "state": "enabled",
    "include_all_users": "on",
    "minimum_lifetime_minutes": "60",
    "maximum_lifetime_minutes": "480",
    "default_lifetime_minutes": "60",
    "default_length": "8",
}


def test_the_policy_is_one_row_edited_in_place_and_audited(operator: Client, bob: User) -> None:
    listing = operator.get(reverse("admin:tap_temporaryaccesspasspolicy_changelist"))
    url = reverse("admin:tap_temporaryaccesspasspolicy_change", args=[1])
    assert listing["Location"] == url
    assert operator.get(url).status_code == 200
    answer = operator.post(url, POLICY | {"default_length": "12", "maximum_lifetime_minutes": "600"})
    assert answer.status_code == 302
    assert (get_policy().default_length, get_policy().maximum_lifetime_minutes) == (12, 600)
    event = AuditEvent.objects.get(activity="Authentication Methods Policy Update")
    assert event.initiated_by == bob
    assert event.details["default_length"] == "8 -> 12"
    assert event.details["maximum_lifetime_minutes"] == "480 -> 600"
    assert "minimum_lifetime_minutes" not in event.details


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"minimum_lifetime_minutes": "9"}, "greater than or equal to 10"),
        ({"maximum_lifetime_minutes": "43201"}, "less than or equal to 43200"),
        ({"default_lifetime_minutes": "500"}, "The default lifetime must lie between the minimum and the maximum."),
        ({"minimum_lifetime_minutes": "481"}, "The minimum lifetime must not exceed the maximum lifetime."),
        ({"default_length": "7"}, "greater than or equal to 8"),
        ({"default_length": "49"}, "less than or equal to 48"),
        ({"default_length": ""}, "This field is required."),
        ({"state": "maybe"}, "Select a valid choice."),
    ],
)
def test_a_policy_that_cannot_be_is_refused_with_a_sentence(
    operator: Client, change: dict[str, str], sentence: str
) -> None:
    get_policy()
    url = reverse("admin:tap_temporaryaccesspasspolicy_change", args=[1])
    answer = operator.post(url, POLICY | change)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert get_policy().default_length == 8


def test_the_policy_can_be_neither_added_nor_deleted(operator: Client) -> None:
    get_policy()
    assert operator.get(reverse("admin:tap_temporaryaccesspasspolicy_add")).status_code == 403
    url = reverse("admin:tap_temporaryaccesspasspolicy_delete", args=[1])
    assert operator.post(url, {"post": "yes"}).status_code == 403
