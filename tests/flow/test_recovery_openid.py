"""A recovery by an OpenID provider of somebody else's making: its signed verified claims in place of a credential."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from idv.face import cards
from idv.verifier import flows as verifier
from idv.verifier.errors import ProviderUnavailable
from idv.verifier.flows import registry
from idv.verifier.models import IdentityProvider, PresentationRequest, ProofingRequest
from recovery_portal.kit import http
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
from tap.models import TemporaryAccessPass
from tests.fakes.openid_provider import OpenIdProvider
from tests.fakes.recovery import Clock, Person, make_profile, query_of
from tests.flow.test_recovery_attempts_console import operator, signed_in

pytestmark = pytest.mark.django_db
ORIGIN = "http://openid.test"


@pytest.fixture
def op(clock: Clock, settings: Any) -> Iterator[OpenIdProvider]:
    settings.OUTBOUND_ORIGINS = frozenset({ORIGIN, "http://other.test"})
    settings.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    settings.LIVENESS_ENGINE = "idv.face.scripted.ScriptedLivenessEngine"
    kept = dict(http.transports)
    made = OpenIdProvider(ORIGIN, clock.now, published=lambda: Client().get("/verifier/jwks").content)
    made.portrait = cards.write({"person": "alice"})
    yield made
    http.transports.clear()
    http.transports.update(kept)


@pytest.fixture
def row(db: None) -> IdentityProvider:
    return IdentityProvider.objects.create(
        name="Utopia eID", issuer=ORIGIN, client_id="http://portal.test", protocol="oidc"
    )


@pytest.fixture
def profile(row: IdentityProvider) -> RecoveryProfile:
    return make_profile(row)


def leave(alice: User) -> tuple[Person, str]:
    """To the provider; the reference that the browser carries."""
    person = Person().type_name(alice.user_principal_name).open("recovery:start")
    answer = person.consent()
    assert answer.status_code == 302, person.text
    query = query_of(answer.headers["Location"])
    assert set(query) == {"client_id", "request_uri"}
    return person, query["request_uri"][0]


def come_back(person: Person, op: OpenIdProvider, request_uri: str, **changes: str) -> Person:
    return person.open("recovery:return", **(op.authorize(request_uri) | changes))


def attempt() -> RecoveryAttempt:
    return RecoveryAttempt.objects.get()


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "RS256"])
def test_from_the_account_name_to_the_pass(
    op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User, algorithm: str
) -> None:
    op.algorithm = algorithm
    IdentityProvider.objects.update(pinned_algorithms=[algorithm])
    person, request_uri = leave(alice)
    assert come_back(person, op, request_uri).page == "face"
    adopted = PresentationRequest.objects.get()
    assert (adopted.status, adopted.credential_vct) == ("collected", "verified_claims")
    assert b"Archer" not in bytes(adopted.claims_sealed)
    assert person.show_face("alice").page == "confirmed"
    adopted.refresh_from_db()
    assert adopted.claims_sealed is None  # names and portrait are gone with the match
    assert adopted.seal_key is None
    assert person.press("recovery:confirmed").seen.status_code == 200
    assert TemporaryAccessPass.objects.get().user == alice
    told = list(AuditEvent.objects.filter(correlation_id=attempt().correlation_id).values_list("activity", flat=True))
    assert "User account matched and validated" in told
    assert ProofingRequest.objects.get().proofing_reference == "transaction-7"


def test_another_face_and_another_name_get_no_pass(
    op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User
) -> None:
    op.person["family_name"] = "Other"
    person, request_uri = leave(alice)
    assert come_back(person, op, request_uri).show_face("alice").page == "mismatch"
    assert attempt().reason_code == "name_mismatch"
    RecoveryAttempt.objects.all().delete()
    op.person["family_name"] = "Archer"
    person, request_uri = leave(alice)
    come_back(person, op, request_uri)
    for _ in range(3):
        person.show_face("mallory")
    assert attempt().state == "refused"
    assert not TemporaryAccessPass.objects.exists()


def test_the_information_page_speaks_of_no_wallet(op: OpenIdProvider, profile: RecoveryProfile, alice: User) -> None:
    page = Person().type_name(alice.user_principal_name).open("recovery:start").text
    assert "wallet" not in page
    assert "Utopia eID checks your document" in page


def test_what_was_pushed_asks_for_names_and_a_portrait_with_pkce(
    op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User
) -> None:
    leave(alice)
    (pushed,) = op.pushed.values()
    assert (pushed["code_challenge_method"], pushed["response_type"], pushed["scope"]) == ("S256", "code", "openid")
    asked = json.loads(pushed["claims"])["id_token"]["verified_claims"]
    assert set(asked["claims"]) >= {"given_name", "family_name"}
    assert asked["verification"]["evidence"][0]["attachments"] is None


def _other_key(token: str) -> str:
    head, body, signature = token.split(".")
    broken = bytearray(base64.urlsafe_b64decode(signature + "=="))
    broken[3] ^= 1
    return f"{head}.{body}.{base64.urlsafe_b64encode(bytes(broken)).rstrip(b'=').decode()}"


def _unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"key-ES256"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def _document(**changes: Any) -> dict[str, Any]:
    jpeg = base64.b64encode(cards.write({"person": "alice"})).decode()
    attachment = {"desc": "Portrait", "content_type": "image/jpeg", "content": jpeg}
    return {"type": "document", "attachments": [attachment]} | changes


LIES: dict[str, Callable[[OpenIdProvider], None]] = {
    "signed by another key": lambda op: setattr(op, "bend", _other_key),
    "not signed": lambda op: setattr(op, "bend", _unsigned),
    "not a token": lambda op: setattr(op, "bend", lambda token: "a.b"),
    "not pinned": lambda op: setattr(op, "algorithm", "RS256"),
    "kid unknown": lambda op: op.header_changes.update(kid="nobody"),
    "another type": lambda op: op.header_changes.update(typ="at+jwt"),
    "another issuer": lambda op: op.token_changes.update(iss="http://other.test"),
    "for another": lambda op: op.token_changes.update(aud="http://other.test"),
    "for us and another": lambda op: op.token_changes.update(aud=["http://portal.test", "http://other.test"]),
    "authorized for another": lambda op: op.token_changes.update(azp="http://other.test"),
    "another nonce": lambda op: op.token_changes.update(nonce="x"),
    "no nonce": lambda op: op.token_changes.update(nonce=None),
    "expired": lambda op: op.token_changes.update(exp=int(op.at().timestamp())),
    "no expiry": lambda op: op.token_changes.update(exp=None),
    "issued long ago": lambda op: op.token_changes.update(iat=int(op.at().timestamp()) - 3600),
    "from the future": lambda op: op.token_changes.update(iat=int(op.at().timestamp()) + 3600),
    "time that is none": lambda op: op.token_changes.update(exp="soon"),
    "about nobody": lambda op: op.token_changes.update(sub=None),
    "nothing verified": lambda op: op.token_changes.update(verified_claims=None, given_name="Alice"),
    "two persons": lambda op: op.token_changes.update(verified_claims=[op.verified_claims(op.at())] * 2),
    "claims of a list": lambda op: op.verified_changes.update(claims=[]),
    "no given name": lambda op: op.person.pop("given_name"),
    "name that is none": lambda op: op.person.update(family_name=["Archer"]),
    "name too long": lambda op: op.person.update(family_name="x" * 300),
    "verified last year": lambda op: op.verification_changes.update(time="2025-01-01T00:00:00+00:00"),
    "verified tomorrow": lambda op: op.verification_changes.update(time="2027-01-01T00:00:00Z"),
    "verified at no zone": lambda op: op.verification_changes.update(time="2026-11-22T12:00:00"),
    "verified at the beginning of time": lambda op: op.verification_changes.update(time="0001-01-01T00:00:00+14:00"),
    "reference with a NUL": lambda op: op.token_changes.update(txn="transaction\0"),
    "name with a NUL": lambda op: op.person.update(family_name="Archer\0"),
    "verified never": lambda op: op.verification_changes.update(time=None),
    "no framework": lambda op: op.verification_changes.update(trust_framework=None),
    "no evidence": lambda op: op.verification_changes.update(evidence=None),
    "evidence of a bill": lambda op: op.verification_changes.update(evidence=[{"type": "utility_bill"}]),
    "no portrait": lambda op: op.verification_changes.update(evidence=[{"type": "document"}]),
    "portrait elsewhere": lambda op: op.verification_changes.update(
        evidence=[_document(attachments=[{"desc": "Portrait", "url": "http://169.254.169.254/"}])]
    ),
    "two portraits": lambda op: op.verification_changes.update(evidence=[_document(), _document()]),
    "portrait that is none": lambda op: setattr(op, "portrait", b"<svg onload=alert(1)>"),
    "portrait too large": lambda op: setattr(op, "portrait", b"\xff\xd8" + b"\0" * 1_000_001),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_ends_the_attempt(
    op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User, lie: str
) -> None:
    person, request_uri = leave(alice)
    LIES[lie](op)
    assert come_back(person, op, request_uri).page == "refused"
    assert attempt().reason_code == "result_invalid"
    assert not PresentationRequest.objects.exists()


def test_a_framework_that_the_operator_did_not_name_is_refused(
    op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User
) -> None:
    IdentityProvider.objects.update(trust_frameworks=["de_aml"])
    person, request_uri = leave(alice)
    assert come_back(person, op, request_uri).page == "refused"
    IdentityProvider.objects.update(trust_frameworks=["de_aml", "utopia_eid"])
    RecoveryAttempt.objects.all().delete()
    person, request_uri = leave(alice)
    assert come_back(person, op, request_uri).page == "face"


def test_high_assurance_is_asked_for_and_required(
    op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User
) -> None:
    RecoveryProfile.objects.update(high_assurance=True)
    person, request_uri = leave(alice)
    asked = json.loads(op.pushed[request_uri]["claims"])["id_token"]["verified_claims"]["verification"]
    assert asked["assurance_level"] == {"value": "high"}
    op.verification_changes["assurance_level"] = "medium"
    assert come_back(person, op, request_uri).page == "refused"


def test_a_binding_that_the_provider_does_not_tell_ends_the_attempt(
    op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User
) -> None:
    RecoveryProfile.objects.update(bindings=["dateOfBirth"])
    op.person.pop("birthdate")
    person, request_uri = leave(alice)
    assert come_back(person, op, request_uri).page == "refused"
    assert attempt().reason_code == "claim_missing"


class TestTheWayBack:
    @pytest.mark.parametrize("changes", [{"iss": "http://other.test"}, {"iss": ""}])
    def test_a_code_of_another_provider_is_not_carried_there(
        self, op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User, changes: dict[str, str]
    ) -> None:
        person, request_uri = leave(alice)
        come_back(person, op, request_uri, **changes)
        assert attempt().reason_code == "issuer_mismatch"
        assert len(op.codes) == 1

    def test_another_state_moves_nothing_and_the_code_counts_once(
        self, op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User
    ) -> None:
        person, request_uri = leave(alice)
        answer = op.authorize(request_uri)
        assert person.open("recovery:return", **(answer | {"state": "x"})).page == "provider"
        assert person.open("recovery:return", **answer).page == "face"
        assert person.open("recovery:return", **answer).page == "face"
        assert PresentationRequest.objects.count() == 1
        assert op.errors == []

    def test_a_code_that_the_provider_does_not_know_lets_the_person_go_again(
        self, op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User
    ) -> None:
        person, request_uri = leave(alice)
        assert come_back(person, op, request_uri, code="forged").page == "provider"
        assert attempt().state == "atProvider"
        assert person.press("recovery:provider", leave=True).seen.status_code == 302

    def test_the_answer_belongs_to_the_browser_that_asked(
        self, op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User
    ) -> None:
        _, request_uri = leave(alice)
        stranger = Person()
        come_back(stranger, op, request_uri)
        assert attempt().state == "atProvider"

    def test_who_declines_there_may_go_again(
        self, op: OpenIdProvider, row: IdentityProvider, profile: RecoveryProfile, alice: User
    ) -> None:
        person, request_uri = leave(alice)
        sent = op.pushed[request_uri]["state"]
        assert person.open("recovery:return", error="access_denied", state=sent, iss=ORIGIN).page == "provider"


class TestRegistering:
    def test_it_is_found_by_its_address_and_opened_by_a_request(self, op: OpenIdProvider) -> None:
        client = signed_in(
            operator(
                "verifier.view_identityprovider", "verifier.add_identityprovider", "verifier.change_identityprovider"
            )
        )
        for address in (ORIGIN, f"{ORIGIN}/.well-known/openid-configuration"):
            assert registry.discover(address=address).protocol == "oidc"
        form = {"address": ORIGIN, "name": "Utopia eID", "register": "1"}
        assert client.post(reverse("console:provider-add"), form).status_code == 302
        row = IdentityProvider.objects.get()
        client.post(reverse("console:provider-act", args=[row.pk]), {"act": "Subscribed"})
        assert registry.condition_of(row).subscription == "Subscribed"
        assert len(op.pushed) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"issuer": "http://other.test"},
            {"token_endpoint": "http://other.test/token"},
            {"pushed_authorization_request_endpoint": None},
            {"code_challenge_methods_supported": ["plain"]},
            {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
            {"id_token_signing_alg_values_supported": ["HS256"]},
            {"id_token_signing_alg_values_supported": None},
            {"authorization_response_iss_parameter_supported": False},
            {"verified_claims_supported": None},
        ],
    )
    def test_one_that_cannot_do_what_is_needed_is_not_used(
        self, op: OpenIdProvider, row: IdentityProvider, changes: dict[str, Any]
    ) -> None:
        op.metadata_changes = changes
        with pytest.raises(ProviderUnavailable, match="metadata_invalid"):
            registry.discover(address=ORIGIN)
        with pytest.raises(ProviderUnavailable, match="metadata_invalid"):
            verifier.check_provider(provider=row, at=op.at() + timedelta(hours=1))

    def test_pins_are_those_that_this_version_verifies(self, row: IdentityProvider) -> None:
        for pins in (["HS256"], ["none"], [], ["ES256", "HS256"], "ES256"):
            row.pinned_algorithms = pins
            with pytest.raises(ValidationError):
                row.full_clean(exclude=["metadata", "result_keys", "credential_keys"])
        row.pinned_algorithms = ["RS256", "ES256"]
        row.full_clean(exclude=["metadata", "result_keys", "credential_keys"])
