"""Users, names, the audit, the settings' checks."""

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from pytest_django.fixtures import Settings

from accounts import notices
from accounts.audit import flows as audit
from accounts.audit.models import AuditIsAppendOnly
from accounts.checks import check_relying_party
from accounts.models import AuditEvent, DirectoryGroup, User
from accounts.names import normalise_account_name
from accounts.queries import find_user
from tests.fakes.accounts import NOON, make_alice


@pytest.mark.django_db
def test_a_name_is_found_however_it_is_typed() -> None:
    alice = make_alice()
    for typed in (
        "alice@contoso.example",
        " ALICE@Contoso.Example\n",
        "ａlice@contoso.example",
        "alice@contoso.example\u200b",
    ):
        assert find_user(typed) == alice
    assert find_user("") is None
    assert find_user("alice") is None


def test_names_are_cut_and_cleaned() -> None:
    assert normalise_account_name("A\x00b\u202e@C") == "ab@c"
    assert len(normalise_account_name("x" * 10_000)) == 254


@pytest.mark.django_db
def test_the_database_refuses_two_spellings_of_one_name_and_no_name() -> None:
    make_alice()
    for name in ("Alice@contoso.example", ""):
        with pytest.raises(IntegrityError), transaction.atomic():
            User(user_principal_name=name, password="!").save()
    with pytest.raises(ValueError, match="principal name"):
        User.objects.create_user("  ")


@pytest.mark.django_db
def test_a_user_without_a_password_has_none() -> None:
    user = User.objects.create_user("bob@contoso.example", given_name="Bob", surname="Baker")
    assert not user.has_usable_password()
    assert user.display_name == "Bob Baker"
    assert (user.user_type, user.account_enabled, user.last_sign_in_at) == ("Member", True, None)
    group = DirectoryGroup.objects.create(display_name="Sales")
    group.members.add(user)
    assert list(user.directory_groups.all()) == [group]


@pytest.mark.django_db
def test_every_address_on_file_gets_one_letter(django_capture_on_commit_callbacks: object) -> None:
    """SP 800-63B-4 §4.6 (B4)"""
    user = make_alice(
        mail="Alice@contoso.example", other_mails=["alice@CONTOSO.example", "a@home.example", "nonsense", 7]
    )
    assert user.addresses() == ["Alice@contoso.example", "a@home.example"]
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        notices.send(user=user, notice="method_added", at=NOON, context={"method_label": "A <b>key</b>"})
    assert [m.to for m in mail.outbox] == [["Alice@contoso.example"], ["a@home.example"]]
    letter = mail.outbox[0]
    assert "\n" not in letter.subject
    assert '"A <b>key</b>" can now be used' in letter.body
    assert "22 November 2026 12:00 UTC" in letter.body
    assert "If this was not you" in letter.body


@pytest.mark.django_db
def test_the_audit_is_written_once_and_never_changed() -> None:
    alice = make_alice()
    event = audit.record(
        activity="User started account recovery",
        at=NOON,
        target=alice,
        details={"profile": "Default"},
        reason="r" * 999,
    )
    assert (event.target_name, event.service, len(event.reason)) == ("alice@contoso.example", "Account Recovery", 256)
    event.activity = "Nothing happened"
    for change in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(activity="x"),
        lambda: AuditEvent.objects.bulk_update([event], ["activity"]),
    ):
        with pytest.raises(AuditIsAppendOnly):
            change()
    event.refresh_from_db()
    assert event.activity == "User started account recovery"


@pytest.mark.django_db
def test_a_user_with_a_history_cannot_be_deleted() -> None:
    alice = make_alice()
    audit.record(activity="User sign-in", at=NOON, target=alice)
    with pytest.raises((IntegrityError, ValidationError, Exception), match="protected"):
        alice.delete()


@pytest.mark.parametrize(
    ("origins", "ids"),
    [
        (["https://portal.test"], []),
        (["https://login.portal.test", "http://localhost:8000"], ["accounts.E002"]),
        (["https://*.portal.test"], ["accounts.E001"]),
        (["https://portal.test/"], ["accounts.E001"]),
        (["https://evilportal.test"], ["accounts.E002"]),
        (["http://portal.test"], ["accounts.E003"]),
    ],
)
def test_origins_that_would_let_others_in_stop_the_start(
    settings: Settings, origins: list[str], ids: list[str]
) -> None:
    settings.WEBAUTHN_RP_ID, settings.WEBAUTHN_ORIGINS, settings.PRODUCTION = "portal.test", origins, True
    assert [problem.id for problem in check_relying_party(None)] == ids
