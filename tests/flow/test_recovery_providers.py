"""Providers in the console: added by their address, activated when they answer, paused, and watched."""

from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, User
from idv.verifier import flows as verifier
from idv.verifier.errors import ProviderUnavailable, RegistryRefused
from idv.verifier.flows import registry
from idv.verifier.flows.registry import Subscription
from idv.verifier.models import IdentityProvider, ProofingRequest, ProviderCondition
from recovery_portal.kit import http
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
from tests.fakes.recovery import NOON, Clock, Person
from tests.flow.test_recovery_attempts_console import operator, signed_in
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db

CHANGES = ("verifier.view_identityprovider", "verifier.add_identityprovider", "verifier.change_identityprovider")


@pytest.fixture
def client(provider: Provider) -> Client:
    return signed_in(operator(*CHANGES, "recovery.view_recoveryattempt", "recovery.view_attemptevent"))


def act(client: Client, row: IdentityProvider, what: str, **form: str) -> str:
    answer = client.post(reverse("console:provider-act", args=[row.pk]), {"act": what, **form}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


class TestAdding:
    @pytest.mark.parametrize(
        "address",
        [
            "http://provider.test",
            " http://provider.test/ ",
            "http://provider.test/.well-known/oauth-authorization-server",
        ],
    )
    def test_by_its_address_or_that_of_its_metadata(self, client: Client, address: str) -> None:
        page = reverse("console:provider-add")
        shown = client.post(page, {"address": address, "name": "Proofmark", "look": "1"}).content.decode()
        assert "http://provider.test/par" in shown
        assert not IdentityProvider.objects.exists()
        assert client.post(page, {"address": address, "name": "Proofmark", "register": "1"}).status_code == 302
        row = IdentityProvider.objects.get()
        assert (row.issuer, row.client_id) == ("http://provider.test", "http://portal.test")
        assert row.allowed_vcts == ["http://provider.test/credentials/VerifiedIdentity"]
        assert row.condition.subscription == Subscription.PENDING
        assert AuditEvent.objects.filter(activity="Identity verification provider registered").count() == 1

    def test_the_credential_types_are_those_that_it_publishes(self, provider: Provider) -> None:
        serve = http.transports[provider.origin]
        types = {"a": {"vct": "https://types.example/a"}, "b": {"format": "jwt_vc_json"}, "c": "nonsense"}
        document = {"credential_issuer": provider.origin, "credential_configurations_supported": types}

        def answer(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/.well-known/openid-credential-issuer":
                return httpx.Response(200, json=document)
            return serve.handle_request(request)

        http.transports[provider.origin] = httpx.MockTransport(answer)
        assert registry.discover(address=provider.origin).credential_types == ["https://types.example/a"]

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "provider.test",
            "ftp://provider.test",
            "http://provider.test?x=1",
            "http://169.254.169.254",
            "http://localhost:5432",
            "https://user:pass@provider.test",
            "http://[::1",
            "javascript:alert(1)",
            "http://provider.test/elsewhere",
        ],
    )
    def test_an_address_that_is_none_or_is_not_ours_to_ask_registers_nothing(
        self, client: Client, address: str
    ) -> None:
        for button in ("look", "register"):
            form = {"address": address, "name": "X", button: "1"}
            answer = client.post(reverse("console:provider-add"), form)
            assert answer.status_code == 200
            assert answer.context["form"].errors
        assert not IdentityProvider.objects.exists()

    def test_one_that_stands_in_for_another_is_refused(self, client: Client, provider: Provider) -> None:
        provider.metadata_changes = {"issuer": "http://other.test"}
        form = {"address": provider.origin, "name": "X", "register": "1"}
        assert "names another issuer" in client.post(reverse("console:provider-add"), form).content.decode()
        assert not IdentityProvider.objects.exists()

    def test_the_same_twice_is_refused(self, client: Client, registered_provider: IdentityProvider) -> None:
        form = {"address": "http://provider.test", "name": "Another name", "register": "1"}
        answer = client.post(reverse("console:provider-add"), form)
        assert "is registered" in answer.content.decode()
        assert IdentityProvider.objects.count() == 1


class TestOpenAndShut:
    def test_a_pending_one_opens_when_it_took_a_request(self, client: Client, provider: Provider) -> None:
        found = registry.discover(address=provider.origin)
        row = registry.register(name="Proofmark", client_id="http://portal.test", found=found, at=NOON)
        with pytest.raises(ProviderUnavailable, match="provider_not_subscribed"):
            verifier.check_provider(provider=row, at=NOON)
        provider.down = True
        act(client, row, Subscription.SUBSCRIBED)
        assert registry.condition_of(row).subscription == Subscription.PENDING
        provider.down = False
        act(client, row, Subscription.SUBSCRIBED)
        assert len(provider.pushed) == 1
        verifier.check_provider(provider=row, at=NOON)
        event = AuditEvent.objects.get(activity="Identity verification provider subscription updated")
        assert event.details["statusReason"] == "PendingFulfillmentStart -> Subscribed"
        assert not ProofingRequest.objects.exists()

    @pytest.mark.parametrize("how", ["pause", Subscription.SUSPENDED])
    def test_a_recovery_is_refused_calmly_and_goes_on_afterwards(
        self, client: Client, provider: Provider, profile: RecoveryProfile, alice: User, clock: Clock, how: str
    ) -> None:
        row = profile.provider
        act(client, row, how, reason="maintenance")
        person = Person().type_name(alice.user_principal_name).open("recovery:start")
        person.consent()
        assert person.open("recovery:start").page in {"unavailable", "start"}
        refused = RecoveryAttempt.objects.get()
        assert refused.state == "unavailable"
        assert refused.reason_code == {"pause": "provider_paused"}.get(how, "provider_not_subscribed")
        assert provider.pushed == []
        act(client, row, {"pause": "resume"}.get(how, Subscription.SUBSCRIBED))
        assert Person().type_name(alice.user_principal_name).open("recovery:start").consent().status_code == 302
        assert RecoveryAttempt.objects.filter(state="atProvider").count() == 1

    def test_whoever_is_there_already_may_come_back_while_it_is_paused(
        self, client: Client, provider: Provider, profile: RecoveryProfile, alice: User
    ) -> None:
        person = Person().type_name(alice.user_principal_name).open("recovery:start")
        person.consent()
        act(client, profile.provider, "pause")
        assert person.come_back(provider).page == "present"

    def test_the_reason_of_a_pause_is_one_printable_line(
        self, client: Client, registered_provider: IdentityProvider
    ) -> None:
        """PostgreSQL keeps no NUL: it would have been a server error there."""
        act(client, registered_provider, "pause", reason="main\0tenance\r\n tonight")
        assert registry.condition_of(registered_provider).pause_reason == "main tenance tonight"
        event = AuditEvent.objects.get(activity="Identity verification provider paused")
        assert event.details["reason"] == "main tenance tonight"

    def test_illegal_moves_change_nothing(self, registered_provider: IdentityProvider) -> None:
        row = registered_provider
        for state in ("", "nonsense", Subscription.PENDING, Subscription.SUBSCRIBED):
            with pytest.raises(RegistryRefused, match="subscription_illegal"):
                registry.set_subscription(provider=row, state=state)
        registry.set_subscription(provider=row, state=Subscription.UNSUBSCRIBED)
        for state in Subscription:
            with pytest.raises(RegistryRefused, match="subscription_illegal"):
                registry.set_subscription(provider=row, state=state)
        with pytest.raises(RegistryRefused, match="not_paused"):
            registry.resume(provider=row)
        registry.pause(provider=row, reason="x", at=NOON)
        with pytest.raises(RegistryRefused, match="already_paused"):
            registry.pause(provider=row, reason="y", at=NOON)

    def test_who_may_only_look_changes_nothing(self, provider: Provider, registered_provider: IdentityProvider) -> None:
        client = signed_in(operator("verifier.view_identityprovider"))
        page = reverse("console:provider", args=[registered_provider.pk])
        assert "Pause" not in client.get(page).content.decode()
        assert client.post(reverse("console:provider-act", args=[registered_provider.pk])).status_code == 403
        assert client.get(reverse("console:provider-add")).status_code == 403


class TestWatching:
    def test_answers_and_faults_are_noted(self, provider: Provider, registered_provider: IdentityProvider) -> None:
        verifier.check_provider(provider=registered_provider, at=NOON)
        condition = ProviderCondition.objects.get()
        assert (condition.answered_at, condition.is_failing) == (NOON, False)
        provider.down = True
        with pytest.raises(ProviderUnavailable):
            verifier.check_provider(provider=registered_provider, at=NOON + timedelta(minutes=1))
        condition.refresh_from_db()
        assert condition.is_failing
        assert condition.failure_code == "provider_unreachable"
        provider.down = False
        verifier.check_provider(provider=registered_provider, at=NOON + timedelta(minutes=2))
        condition.refresh_from_db()
        assert not condition.is_failing

    def test_keys_are_shown_with_their_age_which_a_refetch_does_not_renew(
        self, client: Client, provider: Provider, registered_provider: IdentityProvider
    ) -> None:
        act(client, registered_provider, "test")
        first = IdentityProvider.objects.get().result_keys["seen"]
        assert list(first) == [provider.result_key.kid]
        registered_provider.refresh_from_db()
        verifier.try_connection(
            provider=registered_provider, redirect_uri="http://portal.test/r/", at=NOON + timedelta(hours=1)
        )
        assert IdentityProvider.objects.get().result_keys["seen"] == first
        page = client.get(reverse("console:provider", args=[registered_provider.pk])).content.decode()
        assert provider.result_key.kid in page
        assert provider.credential_key.kid in page

    def test_declines_are_counted_by_reason_and_lead_to_the_attempt(
        self, client: Client, provider: Provider, profile: RecoveryProfile, alice: User
    ) -> None:
        provider.result_changes = {"verdict": "declined", "reason_code": "document_expired"}
        Person().start(alice.user_principal_name, provider)
        page = client.get(reverse("console:provider", args=[profile.provider_id]))
        assert [(code, n) for code, _, n in page.context["declines"]] == [("document_expired", 1)]
        assert reverse("console:attempt", args=[RecoveryAttempt.objects.get().pk]) in page.content.decode()

    def test_an_edit_of_the_row_is_audited(self, client: Client, registered_provider: IdentityProvider) -> None:
        form = {
            "name": "Proofmark", "issuer": "http://provider.test", "client_id": "http://portal.test", "enabled": "on",
            "contact": "help@provider.example", "allowed_vcts": '["x"]', "pinned_algorithms": '["ES256"]',
            "type_authorities-TOTAL_FORMS": "0", "type_authorities-INITIAL_FORMS": "0",
        }  # fmt: skip
        page = reverse("admin:verifier_identityprovider_change", args=[registered_provider.pk])
        assert client.post(page, form).status_code == 302
        event = AuditEvent.objects.get(activity="Identity verification provider updated")
        assert event.details["contact"] == " -> help@provider.example"
        assert event.initiated_by_name == "bob@contoso.example"

    def test_queries_do_not_grow_with_proofings_or_providers(
        self, client: Client, profile: RecoveryProfile, clock: Clock
    ) -> None:
        pages = [reverse("console:providers"), reverse("console:provider", args=[profile.provider_id])]
        client.get(pages[0])

        def counted() -> list[int]:
            counts = []
            for page in pages:
                with CaptureQueriesContext(connection) as asked:
                    assert client.get(page).status_code == 200
                counts.append(len(asked))
            return counts

        def declined(first: int, number: int) -> None:
            ProofingRequest.objects.bulk_create(
                ProofingRequest(
                    provider=profile.provider, correlation_id=f"c{n}", status="declined", reason_code=f"r{n % 9}",
                    redirect_uri="x", state_digest=f"s{n}", nonce=f"n{n}", authorization_url="x",
                    created_at=NOON - timedelta(seconds=n), expires_at=NOON,
                )
                for n in range(first, first + number)
            )  # fmt: skip

        declined(0, 100)
        few = counted()
        declined(100, 3000)
        IdentityProvider.objects.bulk_create(
            IdentityProvider(name=f"P{n}", issuer=f"http://p{n}.test", client_id="x") for n in range(50)
        )
        assert counted() == few


class TestHome:
    def test_a_provider_that_stops_recoveries_needs_attention(
        self, client: Client, provider: Provider, profile: RecoveryProfile, clock: Clock
    ) -> None:
        looker = signed_in(operator("recovery.view_recoveryprofile", name="carol@contoso.example"))

        def told() -> str:
            return " ".join(str(notice.text) for notice in looker.get(reverse("console:home")).context["notices"])

        act(client, profile.provider, "test")
        assert "Proofmark" not in told()
        act(client, profile.provider, "pause")
        assert "is paused" in told()
        act(client, profile.provider, Subscription.SUSPENDED)
        assert "is not active" in told()
        act(client, profile.provider, Subscription.SUBSCRIBED)
        act(client, profile.provider, "resume")
        provider.down = True
        clock.forward(minutes=1)
        act(client, profile.provider, "test")
        assert "did not answer last time" in told()
