"""Extensions in the console: set up, granted, tried out, and their log; each page to whom it belongs."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, User
from recovery_portal.recovery.errors import ExtensionRefused
from recovery_portal.recovery.flows import extending
from recovery_portal.recovery.models import ClaimExtension, ExtensionCall, RecoveryProfile
from tests.fakes.extensions import ORIGIN, PASS, Api, failed, make_extension, said, too_slow
from tests.fakes.recovery import NOON, Clock, make_person
from tests.flow.test_recovery_console import operator
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db
FORM = {
    "display_name": "HR",
    "target_url": f"{ORIGIN}/validate",
    "timeout_ms": "2000",
    "maximum_retries": "1",
    "claims": ["dateOfBirth"],
}


@pytest.fixture
def root(clock: Clock, settings: Any) -> User:
    settings.OUTBOUND_ORIGINS = frozenset({ORIGIN})
    return make_person("root@contoso.example", given_name="Rut", is_staff=True, is_superuser=True)


@pytest.fixture
def client(provider: Provider, root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


def page(client: Client, name: str, *arguments: Any) -> str:
    return str(client.get(reverse(f"console:{name}", args=arguments)).content.decode())


def test_from_nothing_to_a_yes(client: Client, alice: User) -> None:
    made = client.post(reverse("console:extension-add"), FORM, follow=True)
    assert "It receives nothing before you grant it" in made.content.decode()
    extension = ClaimExtension.objects.get()
    assert extension.resource_id.startswith("api://hr.test/")
    api = Api(said(PASS))
    typed = {
        "account": "Alice@Contoso.example",
        "firstName": "Alice",
        "lastName": "Archer",
        "dateOfBirth": "1990-01-15",
    }
    address = reverse("console:extension-test", args=[extension.pk])
    assert (
        "1003021 CustomExtensionPermissionNotGrantedToServicePrincipal" in client.post(address, typed).content.decode()
    )
    assert not api.heard
    granted = {"target_url": extension.target_url, "claims": "dateOfBirth"}
    client.post(reverse("console:extension-grant", args=[extension.pk]), granted)
    assert "It said yes." in client.post(address, typed).content.decode()
    assert api.event["data"]["verifiedIdClaimsContext"]["claims"]["dateOfBirth"] == "1990-01-15"
    Api(said(failed("dateOfBirth")))
    assert "It said no." in client.post(address, typed).content.decode()
    Api(too_slow)
    assert "1003005 CustomExtensionTimedOut" in client.post(address, typed).content.decode()
    log = page(client, "extension", extension.pk)
    assert log.count("a test") == 4
    assert "1990-01-15" not in log
    assert AuditEvent.objects.filter(activity="Test custom authentication extension", target=alice).count() == 4
    assert "HR" in page(client, "extensions")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"target_url": "http://plain.example/"}, "must begin with https"),
        ({"target_url": "https://[::1"}, "must begin with https"),
        ({"resource_id": "nonsense"}, "api://host-of-the-target"),
        ({"claims": ["portrait"]}, "Select a valid choice"),
        ({"timeout_ms": "99999"}, "less than or equal to 2000"),
        ({"display_name": "\x00"}, "Null characters"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(client: Client, changes: dict[str, Any], complaint: str) -> None:
    answer = client.post(reverse("console:extension-add"), FORM | changes)
    assert answer.status_code == 200
    assert complaint in answer.content.decode()
    assert not ClaimExtension.objects.exists()


def test_change_and_delete(client: Client, root: User, profile: RecoveryProfile) -> None:
    extension = make_extension(root)
    address = reverse("console:extension-change", args=[extension.pk])
    client.post(address, FORM | {"description": "New", "resource_id": extension.resource_id})
    extension.refresh_from_db()
    assert (extension.description, extension.granted_at) == ("New", NOON)
    RecoveryProfile.objects.update(claim_extension=extension, claim_validation_enabled=True)
    delete = reverse("console:extension-delete", args=[extension.pk])
    assert "asks this extension" in client.post(delete, follow=True).content.decode()
    RecoveryProfile.objects.update(claim_extension=None, claim_validation_enabled=False)
    client.post(delete)
    assert not ClaimExtension.objects.exists()


def test_what_is_granted_is_the_address_that_was_seen(client: Client, root: User) -> None:
    """Else whoever may only change an extension turns somebody else's click into claims sent to their own address."""
    client.post(reverse("console:extension-add"), FORM)
    extension = ClaimExtension.objects.get()
    seen = extension.target_url
    assert f'value="{seen}"' in page(client, "extension", extension.pk)
    ClaimExtension.objects.update(target_url=f"{seen}/elsewhere")
    grant = reverse("console:extension-grant", args=[extension.pk])
    claims = {"claims": "dateOfBirth"}
    assert "look again" in client.post(grant, {"target_url": seen, **claims}, follow=True).content.decode()
    more = {"target_url": f"{seen}/elsewhere", "claims": "dateOfBirth nationality"}
    assert "look again" in client.post(grant, more, follow=True).content.decode()
    for nothing in ({}, {"target_url": f"{seen}/\0"}, {"target_url": "http://["}):
        assert client.post(grant, nothing, follow=True).status_code == 200
    extension.refresh_from_db()
    assert extension.granted_at is None
    with pytest.raises(ExtensionRefused, match="changed_meanwhile"):  # of two at the same moment, too
        extending.grant_extension(
            extension=ClaimExtension(
                pk=extension.pk, target_url=seen, resource_id=extension.resource_id, claims=extension.claims
            ),
            by=root,
            at=NOON,
        )
    client.post(grant, {"target_url": f"{seen}/elsewhere", **claims})
    extension.refresh_from_db()
    assert extension.granted_at is not None


@pytest.mark.parametrize("name", ["change", "grant", "delete", "test"])
def test_who_may_only_look_may_only_look(root: User, name: str) -> None:
    extension = make_extension(root)
    client = operator("recovery.view_claimextension")
    address = reverse(f"console:extension-{name}", args=[extension.pk])
    assert {client.get(address).status_code, client.post(address, FORM).status_code} <= {403, 405}
    assert client.get(reverse("console:extension", args=[extension.pk])).status_code == 200


def test_a_visitor_sees_nothing(root: User, db: None) -> None:
    extension = make_extension(root)
    for name, arguments in (("extensions", []), ("extension", [extension.pk]), ("extension-test", [extension.pk])):
        assert Client().get(reverse(f"console:{name}", args=arguments)).status_code == 302


def test_the_pages_ask_as_much_for_one_call_as_for_many(client: Client, root: User) -> None:
    extension = make_extension(root)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(client, "extensions")
            page(client, "extension", extension.pk)
        return len(asked)

    page(client, "extensions")
    before = queries()
    ExtensionCall.objects.bulk_create(
        ExtensionCall(
            extension=extension, extension_name="HR", correlation_id=str(n), at=NOON, duration_ms=1, tries=1,
            outcome="passed",
        )
        for n in range(200)
    )  # fmt: skip
    assert queries() == before
