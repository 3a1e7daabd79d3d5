"""Claim validation by the organisation's own API: in a recovery, in its log, and whatever goes wrong with it."""

import csv
import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from accounts.models import AuditEvent, User
from accounts.operators import Operator
from recovery_portal.api import tokens
from recovery_portal.api.models import AppRegistration
from recovery_portal.api.registrations import register
from recovery_portal.demo import sample_extension
from recovery_portal.kit import clock as the_clock
from recovery_portal.recovery import flows
from recovery_portal.recovery.checks import check_verdict_time
from recovery_portal.recovery.claim_validation import ExtensionError
from recovery_portal.recovery.errors import ExtensionRefused
from recovery_portal.recovery.flows import deciding, extending, settling
from recovery_portal.recovery.flows.validating import portal_app_id
from recovery_portal.recovery.machine import State
from recovery_portal.recovery.models import ClaimExtension, ExtensionCall, RecoveryAttempt, RecoveryProfile
from tests.fakes.extensions import ORIGIN, PASS, Api, failed, make_extension, said, too_slow, unplugged
from tests.fakes.recovery import NOON, Clock, Person, make_person, walk, wallet_of
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db
ALICE = "alice@contoso.example"
BORN = "1990-01-15"


@pytest.fixture
def operator(db: None) -> User:
    return make_person("root@contoso.example", given_name="Rut", surname="Root", is_staff=True, is_superuser=True)


@pytest.fixture
def extension(operator: User, profile: RecoveryProfile, provider: Provider, settings: Any) -> ClaimExtension:
    settings.OUTBOUND_ORIGINS = settings.OUTBOUND_ORIGINS | {ORIGIN}
    made = make_extension(operator)
    profile.claim_extension, profile.claim_validation_enabled = made, True
    profile.save()
    return made


def recover(provider: Provider, clock: Clock, account: str = ALICE) -> Person:
    browser = Person().start(account, provider)
    browser.share(wallet_of(provider, dateOfBirth=BORN), same_device=True, at=clock.at)
    return browser.show_face("alice")


def the_attempt() -> RecoveryAttempt:
    return RecoveryAttempt.objects.get()


def test_a_yes_leads_to_the_pass(extension: ClaimExtension, alice: User, provider: Provider, clock: Clock) -> None:
    api = Api(said(PASS))
    assert recover(provider, clock).page == "confirmed"
    assert the_attempt().match_detail["claimValidation"] == "passed"
    call = ExtensionCall.objects.get()
    assert (call.outcome, call.tries, call.http_status, call.error_code) == ("passed", 1, 200, None)
    assert call.correlation_id == the_attempt().correlation_id
    context = api.event["data"]["verifiedIdClaimsContext"]
    assert context["claims"] == {"firstName": "Alice", "lastName": "Archer", "dateOfBirth": BORN}
    assert api.event["data"]["authenticationEventListenerId"] == str(extension.listeners.get().pk)


def test_the_token_is_the_portals_and_opens_nothing_here(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
) -> None:
    api = Api(said(PASS))
    recover(provider, clock)
    token = api.heard[0].headers["authorization"].removeprefix("Bearer ")
    key = jwt.PyJWK(tokens.published_jwks()["keys"][0]).key
    app_id = extension.resource_id.rpartition("/")[2]
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims = jwt.decode(token, key, ["ES256"], audience=app_id, issuer=tokens.issuer(), options=options)
    assert claims["azp"] == "99045fe1-7639-4a75-9d4a-577b6ca3810f"
    assert claims["exp"] - claims["iat"] == 300
    with pytest.raises(tokens.TokenRefused):
        tokens.read(token, at=clock.at)


def test_a_no_ends_in_the_one_calm_page_and_names_only_claims(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
) -> None:
    Api(said(failed("dateOfBirth", "Archer")))
    page = recover(provider, clock)
    assert page.page == "mismatch"
    assert "dateOfBirth" not in page.text
    attempt = the_attempt()
    assert (attempt.state, attempt.reason_code) == (State.MISMATCHED, "claims_refused")
    assert attempt.match_detail["failedClaims"] == "dateOfBirth other"
    kept = json.dumps(list(ExtensionCall.objects.values()), default=str) + json.dumps(
        list(AuditEvent.objects.values("details")), default=str
    )
    assert BORN not in kept
    assert "Archer" not in kept


def test_homonyms_are_the_extensions_to_tell_apart(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
) -> None:
    make_person("alice2@contoso.example")
    Api(said(PASS))
    assert recover(provider, clock).page == "confirmed"


def test_it_is_not_asked_about_somebody_whose_name_differs(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
) -> None:
    User.objects.filter(pk=alice.pk).update(surname="Other")
    api = Api(said(PASS))
    assert recover(provider, clock).page == "mismatch"
    assert the_attempt().reason_code == "name_mismatch"
    assert not api.heard


class TestTheTimeTellsNothing:
    """A name that does not match is known at once and an extension takes seconds: both are told at the same stroke."""

    @pytest.fixture(autouse=True)
    def _every_five_seconds(self, settings: Any) -> None:
        settings.RECOVERY_VERDICT_S = 5

    @pytest.mark.parametrize(
        ("surname", "answer", "reason"),
        [
            ("Other", said(PASS), "name_mismatch"),
            ("Archer", said(failed("dateOfBirth")), "claims_refused"),
            ("Archer", too_slow, "extension_error"),
            ("Archer", said(PASS), ""),
        ],
    )
    def test_whatever_it_is(
        self,
        extension: ClaimExtension,
        alice: User,
        provider: Provider,
        clock: Clock,
        surname: str,
        answer: Any,
        reason: str,
    ) -> None:
        User.objects.filter(pk=alice.pk).update(surname=surname)
        Api(answer)
        began = clock.at
        person = recover(provider, clock)
        attempt = the_attempt()
        assert (person.page, attempt.state) == ("checking", State.FACE_CHECKED)
        assert attempt.verdict_due_at is not None
        waited = attempt.verdict_due_at - attempt.moved_at
        assert (attempt.moved_at >= began, waited.total_seconds()) == (True, 5)
        assert not attempt.match_detail
        before = attempt.verdict_due_at - timedelta(microseconds=1)
        flows.conclude_claims(attempt_id=str(attempt.pk), at=before)
        settling.settle_lost(at=before)
        flows.validate_claims(attempt_id=str(attempt.pk), at=before)
        assert the_attempt().state == State.FACE_CHECKED
        flows.conclude_claims(attempt_id=str(attempt.pk), at=attempt.verdict_due_at)
        told = the_attempt()
        assert (told.state, told.reason_code) == (State.MISMATCHED if reason else State.MATCHED, reason)
        assert told.verdict_json == {}
        assert ExtensionCall.objects.count() == (surname == "Archer")

    def test_a_name_that_nobody_has_waits_as_long(
        self, extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
    ) -> None:
        api = Api(said(PASS))
        assert recover(provider, clock, "nobody@contoso.example").page == "checking"
        attempt = the_attempt()
        assert attempt.verdict_due_at == attempt.moved_at + timedelta(seconds=5)
        assert not api.heard

    def test_a_verdict_whose_worker_was_lost_is_told_by_the_sweep(
        self, extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
    ) -> None:
        Api(said(PASS))
        recover(provider, clock)
        due = the_attempt().verdict_due_at
        assert due is not None
        assert settling.settle_lost(at=due) == 1
        assert the_attempt().state == State.MATCHED

    def test_who_cancels_meanwhile_has_cancelled(
        self, extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
    ) -> None:
        Api(said(PASS))
        recover(provider, clock)
        flows.cancel(attempt=the_attempt(), at=clock.at)
        flows.conclude_claims(attempt_id=str(the_attempt().pk), at=clock.at + timedelta(minutes=1))
        assert (the_attempt().state, the_attempt().verdict_json) == (State.CANCELLED, {})


@pytest.mark.parametrize(
    ("taken", "every", "told"), [(0, 5, 5), (4.9, 5, 5), (5, 5, 5), (5.1, 5, 10), (0, 0, 0), (3, 0, 0)]
)
def test_when_a_verdict_is_told(taken: float, every: float, told: float) -> None:
    assert deciding.verdict_after(taken, every=every) == told


@pytest.mark.parametrize(("seconds", "problems"), [(5, 0), (4, 1), (0, 1)])
def test_an_installation_that_would_tell_by_the_time_does_not_start(settings: Any, seconds: int, problems: int) -> None:
    settings.PRODUCTION, settings.RECOVERY_VERDICT_S = True, seconds
    assert len(check_verdict_time(None)) == problems


def test_evaluation_asks_too_and_remembers_the_answer(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
) -> None:
    RecoveryProfile.objects.update(mode="evaluation")
    Api(said(failed("dateOfBirth")))
    recover(provider, clock)
    assert (the_attempt().state, the_attempt().would_have) == (State.EVALUATED, "claims_refused")


E = ExtensionError


@pytest.mark.parametrize(
    ("answers", "error", "tries"),
    [
        ((too_slow,), E.TimedOut, 2),
        ((unplugged,), E.ConnectionError, 2),
        ((httpx.Response(503), too_slow), E.TimedOut, 2),
        ((httpx.Response(500),), E.InvalidHTTPStatus, 2),
        ((httpx.Response(401),), E.InvalidHTTPStatus, 1),
        ((httpx.Response(302, headers={"location": "http://169.254.169.254/"}),), E.InvalidHTTPStatus, 1),
        ((httpx.Response(200, content=b"x" * 70_000),), E.ResponseSizeExceeded, 1),
        ((httpx.Response(200, json={}),), E.InvalidResponseBody, 1),
    ],
)
def test_whatever_goes_wrong_nobody_gets_a_pass(
    extension: ClaimExtension,
    alice: User,
    provider: Provider,
    clock: Clock,
    answers: Any,
    error: ExtensionError,
    tries: int,
) -> None:
    api = Api(*answers)
    assert recover(provider, clock).page == "mismatch"
    attempt, call = the_attempt(), ExtensionCall.objects.get()
    assert (attempt.reason_code, attempt.match_detail["extensionError"]) == ("extension_error", error.title)
    assert (call.outcome, call.error_code, call.tries) == ("error", error.value, tries)
    assert len(api.heard) == tries


@pytest.mark.parametrize("first", [too_slow, unplugged, httpx.Response(503)])
def test_one_moments_trouble_is_forgiven(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock, first: Any
) -> None:
    Api(first, said(PASS))
    assert recover(provider, clock).page == "confirmed"
    assert ExtensionCall.objects.get().tries == 2


def not_granted(extension: ClaimExtension) -> None:
    ClaimExtension.objects.update(granted_at=None)


def without_listener(extension: ClaimExtension) -> None:
    extension.listeners.all().delete()


def for_another_application(extension: ClaimExtension) -> None:
    extension.listeners.update(include_all_applications=False, include_applications=["other"])


def app_disabled(extension: ClaimExtension) -> None:
    AppRegistration.objects.update(enabled=False)


def app_gone(extension: ClaimExtension) -> None:
    AppRegistration.objects.all().delete()


def moved(extension: ClaimExtension) -> None:
    ClaimExtension.objects.update(target_url="https://elsewhere.example/")


def not_https(extension: ClaimExtension) -> None:
    ClaimExtension.objects.update(target_url="http://elsewhere.example/")


def bent_resource(extension: ClaimExtension) -> None:
    ClaimExtension.objects.update(resource_id="hr")


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (not_granted, E.PermissionNotGrantedToServicePrincipal),
        (without_listener, E.NotFound),
        (for_another_application, E.NotFound),
        (app_disabled, E.ResourceServicePrincipalDisabled),
        (app_gone, E.ResourceServicePrincipalNotFound),
        (moved, E.DomainNameDoesNotMatch),
        (not_https, E.IncorrectTargetUrlFormat),
        (bent_resource, E.IncorrectResourceIdFormat),
    ],
)
def test_an_extension_that_is_not_set_up_is_not_asked(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock, broken: Any, error: ExtensionError
) -> None:
    broken(extension)
    api = Api(said(PASS))
    assert recover(provider, clock).page == "mismatch"
    assert the_attempt().match_detail["extensionError"] == error.title
    assert not api.heard


def test_a_private_address_is_never_called(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
) -> None:
    app_id = extension.resource_id.rpartition("/")[2]
    ClaimExtension.objects.update(target_url="https://127.0.0.1/", resource_id=f"api://127.0.0.1/{app_id}")
    assert recover(provider, clock).page == "mismatch"
    assert the_attempt().match_detail["extensionError"] == E.Blocked.title


def test_more_questions_than_allowed_are_throttled(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock, settings: Any
) -> None:
    settings.RECOVERY_EXTENSION_CALLS_PER_MINUTE = 0
    Api(said(PASS))
    recover(provider, clock)
    assert the_attempt().match_detail["extensionError"] == E.ThrottlingError.title


def test_a_question_that_a_lost_worker_took_is_asked_again(
    extension: ClaimExtension,
    alice: User,
    provider: Provider,
    clock: Clock,
    django_capture_on_commit_callbacks: Any,
) -> None:
    attempt = RecoveryAttempt.begin(user=alice, account_name=ALICE, profile=RecoveryProfile.objects.get(), at=NOON)
    walk(attempt, State.FACE_CHECKED, at=NOON)
    settling.settle_lost(at=NOON)
    attempt.refresh_from_db()
    assert attempt.state == State.FACE_CHECKED
    clock.forward(minutes=1)
    with django_capture_on_commit_callbacks() as waiting:
        settling.settle_lost(at=clock.at)
    assert len(waiting) == 1


def test_a_second_worker_changes_nothing(
    extension: ClaimExtension, alice: User, provider: Provider, clock: Clock
) -> None:
    Api(said(PASS))
    recover(provider, clock)
    flows.validate_claims(attempt_id=str(the_attempt().pk), at=clock.at)
    assert the_attempt().state == State.MATCHED
    assert ExtensionCall.objects.count() == 1


class TestWhatWasConsentedTo:
    """What somebody has granted is what is sent, and no claim more."""

    def change(self, extension: ClaimExtension, operator: User, *claims: str) -> ClaimExtension:
        fields = {"claims": list(claims)}
        extending.change_extension(extension=extension, fields=fields, by=Operator(user=operator), at=NOON)
        return ClaimExtension.objects.get()

    def test_more_claims_need_a_new_grant(self, extension: ClaimExtension, operator: User) -> None:
        changed = self.change(extension, operator, "dateOfBirth", "documentNumber")
        assert (changed.granted_at, changed.granted_claims) == (None, [])
        event = AuditEvent.objects.get(activity="Update custom authentication extension")
        assert event.details["permission"] == "granted -> withdrawn"
        assert extending.grant_extension(extension=changed, by=operator, at=NOON)
        assert ClaimExtension.objects.get().granted_claims == ["dateOfBirth", "documentNumber"]
        granted = AuditEvent.objects.filter(activity="Grant permission to custom authentication extension")
        assert "dateOfBirth, documentNumber" in {event.details["claims"] for event in granted}

    def test_fewer_need_none_and_are_not_taken_back_without_one(
        self, extension: ClaimExtension, operator: User
    ) -> None:
        assert self.change(extension, operator).granted_at == NOON
        assert self.change(extension, operator, "dateOfBirth").granted_at is None

    def test_an_attempt_that_began_before_sends_what_is_granted_now(
        self, extension: ClaimExtension, operator: User, alice: User, provider: Provider, clock: Clock
    ) -> None:
        api = Api(said(PASS))
        browser = Person().start(ALICE, provider)
        browser.share(wallet_of(provider, dateOfBirth=BORN), same_device=True, at=clock.at)
        self.change(extension, operator)
        browser.show_face("alice")
        assert api.event["data"]["verifiedIdClaimsContext"]["claims"] == {"firstName": "Alice", "lastName": "Archer"}

    def test_a_grant_is_for_the_claims_that_were_seen(self, extension: ClaimExtension, operator: User) -> None:
        ClaimExtension.objects.update(granted_at=None)
        seen = ClaimExtension.objects.get()
        self.change(extension, operator, "dateOfBirth", "nationality")
        with pytest.raises(ExtensionRefused, match="changed_meanwhile"):
            extending.grant_extension(extension=seen, by=operator, at=NOON)


class TestSettingUp:
    def test_claims_that_would_go_elsewhere_need_a_new_grant(self, extension: ClaimExtension, operator: User) -> None:
        app_id = extension.resource_id.rpartition("/")[2]
        fields = {"target_url": "https://other.example/", "resource_id": f"api://other.example/{app_id}"}
        extending.change_extension(extension=extension, fields=fields, by=Operator(user=operator), at=NOON)
        extension.refresh_from_db()
        assert extension.granted_at is None
        event = AuditEvent.objects.filter(activity="Update custom authentication extension").get()
        assert event.details["target_url"] == f"{ORIGIN}/validate -> https://other.example/"
        assert event.details["permission"] == "granted -> withdrawn"

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"target_url": "http://plain.example/"}, "target_url_unusable"),
            ({"target_url": "javascript:alert(1)"}, "target_url_unusable"),
            ({"resource_id": "hr"}, "resource_id_malformed"),
            ({"resource_id": f"api://evil.example/{portal_app_id()}"}, "resource_id_on_another_host"),
            ({"resource_id": f"api://hr.test/{portal_app_id()}"}, "resource_unknown"),
            ({"claims": ["portrait"]}, "claims_unknown"),
            ({"display_name": "Second"}, "name_taken"),
        ],
    )
    def test_what_cannot_be(self, extension: ClaimExtension, operator: User, fields: dict[str, Any], code: str) -> None:
        make_extension(operator, display_name="Second")
        with pytest.raises(ExtensionRefused) as refused:
            extending.change_extension(extension=extension, fields=fields, by=Operator(user=operator), at=NOON)
        assert refused.value.code == code

    def test_one_that_a_profile_asks_stays(self, extension: ClaimExtension, operator: User) -> None:
        with pytest.raises(ExtensionRefused) as refused:
            extending.delete_extension(extension=extension, by=Operator(user=operator), at=NOON)
        assert refused.value.code == "in_use"
        RecoveryProfile.objects.update(claim_validation_enabled=False, claim_extension=None)
        extending.delete_extension(extension=extension, by=Operator(user=operator), at=NOON)
        assert not ClaimExtension.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_sample_server_over_real_http(
    live_server: Any, alice: User, operator: User, tmp_path: Path, settings: Any
) -> None:
    """The portal's own token service, keys fetched from it, a real socket in between."""
    settings.PORTAL_BASE_URL = live_server.url
    table = tmp_path / "employees.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerows([["userPrincipalName", "employeeId", "dateOfBirth"], [ALICE.upper(), "", BORN]])
    at = the_clock.now()  # the server's library reads the real one
    app = register(name="HR API", at=at)
    employees = sample_extension.Employees.read(table)
    server = sample_extension.serve(issuer=tokens.issuer(), app_id=str(app.pk), employees=employees, port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    settings.OUTBOUND_ORIGINS = frozenset({origin})
    extension = make_extension(operator, origin, resource_id=f"api://127.0.0.1/{app.pk}")

    def ask(born: str, user: User = alice) -> ExtensionCall:
        return extending.test_extension(
            extension=extension,
            user=user,
            claims={"firstName": "Alice", "lastName": "Archer", "dateOfBirth": born},
            correlation_id="6f1c0f0e-0000-4000-8000-000000000000",
            client_ip="",
            by=operator,
            at=at,
        )

    try:
        assert (ask(BORN).outcome, ask("1990-01-16").failed_claims) == ("passed", ["dateOfBirth"])
        assert ask(BORN, operator).failed_claims == ["employeeNotFound"]
        forged = httpx.post(origin, json={}, headers={"authorization": "Bearer x.y.z"})
        assert forged.status_code == 401
        other = register(name="Other API", at=at)
        ClaimExtension.objects.update(resource_id=f"api://127.0.0.1/{other.pk}")
        extension.refresh_from_db()
        refused = ask(BORN)  # a token for another API
        assert (refused.http_status, refused.error_code) == (401, ExtensionError.InvalidHTTPStatus)
    finally:
        server.shutdown()
        server.server_close()
