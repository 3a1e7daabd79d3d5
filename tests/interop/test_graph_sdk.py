"""Microsoft's own clients, unmodified but for the address, against a running portal: msgraph, azure-identity, msal."""

import asyncio
import gc
import json
import re
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("msgraph", reason="NOT SHOWN, the dependency group 'graph' is not installed")

import httpx
import msal
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.audit_logs.directory_audits.directory_audits_request_builder import (
    DirectoryAuditsRequestBuilder,
)
from msgraph.generated.models.claim_binding import ClaimBinding
from msgraph.generated.models.claim_binding_source import ClaimBindingSource
from msgraph.generated.models.face_check_configuration import FaceCheckConfiguration
from msgraph.generated.models.fido2_authentication_method import Fido2AuthenticationMethod
from msgraph.generated.models.fido2_authentication_method_configuration import (
    Fido2AuthenticationMethodConfiguration,
)
from msgraph.generated.models.group import Group
from msgraph.generated.models.match_confidence_level import MatchConfidenceLevel
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.password_authentication_method import PasswordAuthenticationMethod
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.temporary_access_pass_authentication_method import (
    TemporaryAccessPassAuthenticationMethod,
)
from msgraph.generated.models.temporary_access_pass_authentication_method_configuration import (
    TemporaryAccessPassAuthenticationMethodConfiguration,
)
from msgraph.generated.models.user import User
from msgraph.generated.models.verifiable_credentials_authentication_method_configuration import (
    VerifiableCredentialsAuthenticationMethodConfiguration,
)
from msgraph.generated.models.verified_id_profile import VerifiedIdProfile
from msgraph.generated.models.verified_id_profile_configuration import VerifiedIdProfileConfiguration
from msgraph.generated.models.verified_id_profile_state import VerifiedIdProfileState
from msgraph.generated.models.verified_id_usage_configuration import VerifiedIdUsageConfiguration
from msgraph.generated.models.verified_id_usage_configuration_purpose import VerifiedIdUsageConfigurationPurpose
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.tasks import PageIterator

from recovery_portal.demo.servers import RedisServer
from tests.interop.https_portal import HttpsPortal

Answer = TypeVar("Answer")
# The clients offer no way to close what they open: kiota wraps the transport and does not pass the closing on.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:response_mode='form_post':UserWarning"),  # msal's advice to servers of pages
]
SCOPES = ["https://graph.microsoft.com/.default"]
PERMISSIONS = (
    "Directory.ReadWrite.All",
    "UserAuthenticationMethod.ReadWrite.All",
    "Policy.ReadWrite.AuthenticationMethod",
    "VerifiedId-Profile.ReadWrite.All",
    "AuditLog.Read.All",
)
VERA = "vera.lindqvist@contoso.example"


@pytest.fixture(scope="module")
def portal() -> Iterator[HttpsPortal]:
    folder = Path(tempfile.mkdtemp(prefix="rp-https-"))
    redis = RedisServer(folder)
    redis.start()
    running = HttpsPortal(folder, redis_port=redis.port)
    try:
        running.manage("portal", "migrate", "--verbosity", "0")
        running.operator_password = running.manage("portal", "seed_demo").split()[-1]
        running.start_web("portal")
        running.wait_for("portal")
        yield running
    finally:
        running.stop()
        redis.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def trust(portal: HttpsPortal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As an administrator makes a machine trust a development CA: by the environment, not by code."""
    monkeypatch.setenv("SSL_CERT_FILE", str(portal.ca_file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(portal.ca_file))
    yield
    gc.collect()  # here, and not in somebody else's test


@pytest.fixture(scope="module")
def app(portal: HttpsPortal) -> dict[str, str]:
    return register(portal, "Graph SDK", *PERMISSIONS)


def register(
    portal: HttpsPortal, name: str, *permissions: str, delegated: tuple[str, ...] = (), **options: str
) -> dict[str, str]:
    asked = [part for name_ in permissions for part in ("--permission", name_)]
    if delegated:  # a program on people's own machines: no secret
        asked += [part for name_ in delegated for part in ("--delegated-permission", name_)]
        asked += ["--no-secret", "--redirect-uri", "http://localhost"]
    extra = [part for key, value in options.items() for part in (f"--{key}", value)]
    facts: dict[str, str] = json.loads(
        portal.command("portal", "register_app", "--name", name, *asked, *extra, "--json")
    )
    return facts


def authentication(portal: HttpsPortal, app: dict[str, str]) -> AzureIdentityAuthenticationProvider:
    host = portal.url("portal").removeprefix("https://")
    credential = ClientSecretCredential(
        app["tenantId"],
        app["clientId"],
        app["clientSecret"],
        authority=portal.url("portal"),
        disable_instance_discovery=True,
    )
    return AzureIdentityAuthenticationProvider(credential, scopes=SCOPES, allowed_hosts=[host, "localhost"])


def client(portal: HttpsPortal, app: dict[str, str], version: str = "v1.0") -> GraphServiceClient:
    adapter = GraphRequestAdapter(authentication(portal, app))
    adapter.base_url = f"{portal.url('portal')}/{version}"
    return GraphServiceClient(request_adapter=adapter)


def run(call: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(call)


def new_profile() -> VerifiedIdProfile:
    return VerifiedIdProfile(
        name="Contractors",
        description="People of our partners",
        state=VerifiedIdProfileState.Enabled,
        priority=5,
        verified_id_profile_configuration=VerifiedIdProfileConfiguration(
            type="verifiedIdentity",
            accepted_issuer="",
            claim_binding_source=ClaimBindingSource.Directory,
            claim_bindings=[
                ClaimBinding(
                    match_confidence_level=MatchConfidenceLevel.Relaxed,
                    source_attribute=f"{name} name",
                    verified_id_claim=f"vc.credentialSubject.{name.lower()}Name",
                )
                for name in ("First", "Last")
            ],
        ),
        face_check_configuration=FaceCheckConfiguration(is_enabled=True, source_photo_claim_name="portrait"),
        verified_id_usage_configurations=[
            VerifiedIdUsageConfiguration(
                is_enabled_for_test_only=True, purpose=VerifiedIdUsageConfigurationPurpose.Recovery
            )
        ],
    )


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_a_profile_is_created_listed_patched_switched_to_production_and_deleted(
    portal: HttpsPortal, app: dict[str, str], version: str
) -> None:
    async def story() -> None:
        graph = client(portal, app, version)
        profiles = graph.identity.verified_id.profiles
        before = await profiles.get()
        assert before is not None
        wanted = new_profile()
        assert wanted.verified_id_profile_configuration is not None
        first = (before.value or [])[0].verified_id_profile_configuration
        assert first is not None
        wanted.verified_id_profile_configuration.accepted_issuer = first.accepted_issuer
        made = await profiles.post(wanted)
        assert made is not None
        assert made.id is not None
        one = profiles.by_verified_id_profile_id(made.id)
        await one.patch(VerifiedIdProfile(description="Partners", state=VerifiedIdProfileState.Disabled))
        await one.patch(
            VerifiedIdProfile(
                verified_id_usage_configurations=[
                    VerifiedIdUsageConfiguration(
                        is_enabled_for_test_only=False, purpose=VerifiedIdUsageConfigurationPurpose.Recovery
                    )
                ]
            )
        )
        read = await one.get()
        assert read is not None
        assert read.description == "Partners"
        assert read.state == VerifiedIdProfileState.Disabled
        assert read.priority == 5
        usage = (read.verified_id_usage_configurations or [])[0]
        assert usage.is_enabled_for_test_only is False
        configuration = read.verified_id_profile_configuration
        assert configuration is not None
        assert [b.match_confidence_level for b in configuration.claim_bindings or []] == [
            MatchConfidenceLevel.Relaxed
        ] * 2
        listed = await profiles.get()
        assert listed is not None
        assert made.id in {row.id for row in listed.value or []}
        await one.delete()
        with pytest.raises(ODataError) as refusal:
            await one.get()
        assert refusal.value.response_status_code == 404
        assert refusal.value.error is not None
        assert refusal.value.error.code == "resourceNotFound"

    run(story())


def test_the_beta_sdk_works_on_the_same_profiles_and_passes(portal: HttpsPortal, app: dict[str, str]) -> None:
    beta = pytest.importorskip("msgraph_beta", reason="NOT SHOWN, msgraph-beta-sdk is not installed")
    from msgraph_beta.generated.models.temporary_access_pass_authentication_method import (
        TemporaryAccessPassAuthenticationMethod as BetaPass,
    )
    from msgraph_beta.generated.models.verified_id_profile import VerifiedIdProfile as BetaProfile

    async def story() -> None:
        adapter = beta.GraphRequestAdapter(authentication(portal, app))
        adapter.base_url = f"{portal.url('portal')}/beta"
        graph = beta.GraphServiceClient(request_adapter=adapter)
        profiles = (await graph.identity.verified_id.profiles.get()).value
        pilot = next(row for row in profiles if row.name == "Pilot")
        one = graph.identity.verified_id.profiles.by_verified_id_profile_id(pilot.id)
        await one.patch(BetaProfile(description="From the beta SDK"))
        assert (await one.get()).description == "From the beta SDK"
        methods = graph.users.by_user_id(VERA).authentication
        made = await methods.temporary_access_pass_methods.post(BetaPass(is_usable_once=True))
        assert made.temporary_access_pass
        assert made.id in {row.id for row in (await methods.methods.get()).value}
        await methods.temporary_access_pass_methods.by_temporary_access_pass_authentication_method_id(made.id).delete()
        assert (await graph.users.get()).value
        timed = methods.fido2_methods.creation_options_with_challenge_timeout_in_minutes
        named = type(timed).CreationOptionsWithChallengeTimeoutInMinutesRequestBuilderGetQueryParameters
        told = await timed.get(RequestConfiguration(query_parameters=named(challenge_timeout_in_minutes=30)))
        assert told.challenge_timeout_date_time > datetime.now(UTC) + timedelta(minutes=25)

    run(story())


def test_a_pass_is_issued_listed_and_deleted_and_its_code_is_told_once(
    portal: HttpsPortal, app: dict[str, str]
) -> None:
    async def story() -> None:
        methods = client(portal, app).users.by_user_id(VERA).authentication.temporary_access_pass_methods
        made = await methods.post(TemporaryAccessPassAuthenticationMethod(lifetime_in_minutes=60, is_usable_once=True))
        assert made is not None
        assert made.id is not None
        assert made.temporary_access_pass
        assert (made.is_usable, made.method_usability_reason) == (True, "EnabledByPolicy")
        listed = await methods.get()
        assert listed is not None
        assert [(row.id, row.temporary_access_pass) for row in listed.value or []] == [(made.id, None)]
        one = methods.by_temporary_access_pass_authentication_method_id(made.id)
        read = await one.get()
        assert read is not None
        assert (read.temporary_access_pass, read.lifetime_in_minutes) == (None, 60)
        await one.delete()
        listed = await methods.get()
        assert listed is not None
        assert not listed.value
        with pytest.raises(ODataError) as refusal:
            await methods.post(TemporaryAccessPassAuthenticationMethod(lifetime_in_minutes=5000))
        assert refusal.value.response_status_code == 400
        assert refusal.value.error is not None
        assert "valid range" in (refusal.value.error.message or "")

    run(story())


def test_methods_policies_and_passkey_options_are_read(portal: HttpsPortal, app: dict[str, str]) -> None:
    async def story() -> None:
        graph = client(portal, app)
        authentication = graph.users.by_user_id(VERA).authentication
        methods = await authentication.methods.get()
        assert methods is not None
        kinds = {type(row) for row in methods.value or []}
        assert PasswordAuthenticationMethod in kinds or not kinds
        passkeys = await authentication.fido2_methods.get()
        assert passkeys is not None
        assert all(isinstance(row, Fido2AuthenticationMethod) for row in passkeys.value or [])
        options = await authentication.fido2_methods.creation_options.get()
        assert options is not None
        policy = await graph.policies.authentication_methods_policy.get()
        assert policy is not None
        by_id = {row.id: row for row in policy.authentication_method_configurations or []}
        passes, recovery = by_id["TemporaryAccessPass"], by_id["VerifiableCredentials"]
        assert isinstance(passes, TemporaryAccessPassAuthenticationMethodConfiguration)
        assert passes.maximum_lifetime_in_minutes == 480
        assert isinstance(recovery, VerifiableCredentialsAuthenticationMethodConfiguration)
        targets = recovery.include_targets or []
        assert all(target.verified_id_profiles for target in targets)
        one = graph.policies.authentication_methods_policy.authentication_method_configurations
        item = one.by_authentication_method_configuration_id("TemporaryAccessPass")
        await item.patch(TemporaryAccessPassAuthenticationMethodConfiguration(maximum_lifetime_in_minutes=600))
        changed = await item.get()
        assert isinstance(changed, TemporaryAccessPassAuthenticationMethodConfiguration)
        assert changed.maximum_lifetime_in_minutes == 600
        passkeys_item = one.by_authentication_method_configuration_id("Fido2")
        await passkeys_item.patch(Fido2AuthenticationMethodConfiguration(is_self_service_registration_allowed=False))
        closed = await passkeys_item.get()
        assert isinstance(closed, Fido2AuthenticationMethodConfiguration)
        assert closed.is_self_service_registration_allowed is False
        await passkeys_item.patch(Fido2AuthenticationMethodConfiguration(is_self_service_registration_allowed=True))
        assert (await graph.groups.count.get() or 0) > 0

    run(story())


def test_users_and_audits_are_paged_to_the_end(portal: HttpsPortal, app: dict[str, str]) -> None:
    async def story() -> None:
        graph = client(portal, app)
        query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
            top=2, select=["id", "displayName", "userPrincipalName"], count=True
        )
        first = await graph.users.get(request_configuration=RequestConfiguration(query_parameters=query))
        assert first is not None
        names: list[str] = []
        pages = PageIterator(first, graph.request_adapter)
        await pages.iterate(lambda user: names.append(user.user_principal_name) or True)
        assert len(names) == first.odata_count == len(set(names))
        assert VERA in names
        audits_query = DirectoryAuditsRequestBuilder.DirectoryAuditsRequestBuilderGetQueryParameters(
            top=1, filter="activityDisplayName eq 'Add application'"
        )
        audits = await graph.audit_logs.directory_audits.get(
            request_configuration=RequestConfiguration(query_parameters=audits_query)
        )
        assert audits is not None
        seen: list[str] = []
        await PageIterator(audits, graph.request_adapter).iterate(
            lambda row: seen.append(row.activity_display_name) or True
        )
        assert set(seen) == {"Add application"}
        sign_ins = await graph.audit_logs.sign_ins.get()
        assert sign_ins is not None

    run(story())


def test_people_and_groups_are_made_and_joined(portal: HttpsPortal, app: dict[str, str]) -> None:
    async def story() -> None:
        graph = client(portal, app)
        user = await graph.users.post(
            User(account_enabled=True, display_name="Ida Berg", mail_nickname="ida", given_name="Ida", surname="Berg",
                 user_principal_name="ida.berg@contoso.example")
        )  # fmt: skip
        group = await graph.groups.post(
            Group(display_name="Night shift", mail_enabled=False, security_enabled=True, mail_nickname="night")
        )
        assert user is not None
        assert group is not None
        members = graph.groups.by_group_id(group.id or "").members
        reference = f"https://graph.microsoft.com/v1.0/directoryObjects/{user.id}"
        await members.ref.post(ReferenceCreate(odata_id=reference))
        listed = await members.get()
        assert listed is not None
        assert [row.id for row in listed.value or []] == [user.id]
        await members.by_directory_object_id(user.id or "").ref.delete()
        listed = await members.get()
        assert listed is not None
        assert not listed.value
        await graph.users.by_user_id("ida.berg@contoso.example").patch(User(surname="Berg-Holm"))
        again = await graph.users.by_user_id(user.id or "").get()
        assert again is not None
        assert again.surname == "Berg-Holm"

    run(story())


def test_what_an_app_was_not_given_is_refused(portal: HttpsPortal) -> None:
    reader = register(portal, "Reader", "UserAuthMethod-TAP.Read.All")

    async def story() -> None:
        graph = client(portal, reader)
        await graph.users.by_user_id(VERA).authentication.temporary_access_pass_methods.get()
        for call in (
            graph.users.get,
            graph.identity.verified_id.profiles.get,
            graph.audit_logs.directory_audits.get,
        ):
            with pytest.raises(ODataError) as refusal:
                await call()
            assert refusal.value.response_status_code == 403
        with pytest.raises(ODataError) as refusal:
            await graph.users.by_user_id(VERA).authentication.temporary_access_pass_methods.post(
                TemporaryAccessPassAuthenticationMethod()
            )
        assert refusal.value.error is not None
        assert refusal.value.error.code == "Authorization_RequestDenied"

    run(story())


def test_msal_gets_a_token_by_certificate_and_azure_identity_too(portal: HttpsPortal, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    certificate = _certify(key)
    public = certificate.public_bytes(serialization.Encoding.PEM).decode()
    (tmp_path / "public.pem").write_text(public)
    (tmp_path / "both.pem").write_text(pem + public)
    facts = register(portal, "By certificate", "User.Read.All", certificate=str(tmp_path / "public.pem"))
    authority = f"{portal.url('portal')}/{facts['tenantId']}"
    program = msal.ConfidentialClientApplication(
        facts["clientId"],
        authority=authority,
        instance_discovery=False,
        client_credential={"private_key": pem, "thumbprint": certificate.fingerprint(hashes.SHA1()).hex()},
    )
    assert program.acquire_token_for_client(SCOPES)["token_type"] == "Bearer"
    credential = CertificateCredential(
        facts["tenantId"],
        facts["clientId"],
        str(tmp_path / "both.pem"),
        authority=portal.url("portal"),
        disable_instance_discovery=True,
    )
    with credential:
        assert credential.get_token(*SCOPES).token


def test_msal_signs_a_person_in_and_the_program_may_what_they_may(portal: HttpsPortal) -> None:
    """Authorization code with PKCE as MSAL drives it; the browser's part is played by an HTTP client with cookies."""
    facts = register(portal, "Desktop tool", "User.Read.All", delegated=("User.Read", "AuditLog.Read.All"))
    program = msal.PublicClientApplication(
        facts["clientId"], authority=f"{portal.url('portal')}/{facts['tenantId']}", instance_discovery=False
    )
    flow = program.initiate_auth_code_flow(["User.Read", "AuditLog.Read.All"], redirect_uri="http://localhost:4711")
    with httpx.Client(base_url=portal.url("portal"), headers={"Referer": portal.url("portal")}) as browser:
        sign_in(browser, "operator@contoso.example", portal.operator_password)
        page = browser.get(flow["auth_uri"])
        assert "Desktop tool" in page.text
        location = post(browser, flow["auth_uri"], decision="accept").headers["location"]
    assert location.startswith("http://localhost:4711?")
    answer = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    granted = program.acquire_token_by_auth_code_flow(flow, answer)
    assert granted["id_token_claims"]["preferred_username"] == "operator@contoso.example", granted
    with httpx.Client(
        base_url=portal.url("portal"), headers={"Authorization": f"Bearer {granted['access_token']}"}
    ) as graph:
        assert graph.get("/v1.0/me").json()["displayName"] == "Demo Operator"
        assert graph.get("/v1.0/auditLogs/signIns").status_code == 200
        assert graph.get("/v1.0/identity/verifiedId/profiles").status_code == 403


def test_msal_waits_while_a_person_types_its_code_elsewhere(portal: HttpsPortal) -> None:
    facts = register(portal, "Shell", "User.Read.All", delegated=("User.Read", "UserAuthenticationMethod.Read"))
    program = msal.PublicClientApplication(
        facts["clientId"], authority=f"{portal.url('portal')}/{facts['tenantId']}", instance_discovery=False
    )
    flow = program.initiate_device_flow(["User.Read", "UserAuthenticationMethod.Read"])
    # Asked by hand: msal itself warns whoever asks it twice within the interval.
    asked = {"client_id": facts["clientId"], "device_code": flow["device_code"],
             "grant_type": "urn:ietf:params:oauth:grant-type:device_code"}  # fmt: skip
    early = httpx.post(f"{portal.url('portal')}/{facts['tenantId']}/oauth2/v2.0/token", data=asked)
    assert early.json()["error"] == "authorization_pending"
    with httpx.Client(base_url=portal.url("portal"), headers={"Referer": portal.url("portal")}) as browser:
        sign_in(browser, "operator@contoso.example", portal.operator_password)
        assert "Shell" in post(browser, "/device/", code=flow["user_code"]).text
        post(browser, "/device/", code=flow["user_code"], decision="accept")
    granted = program.acquire_token_by_device_flow(flow)
    assert granted["id_token_claims"]["preferred_username"] == "operator@contoso.example", granted
    with httpx.Client(
        base_url=portal.url("portal"), headers={"Authorization": f"Bearer {granted['access_token']}"}
    ) as graph:
        assert graph.get("/v1.0/me").json()["displayName"] == "Demo Operator"
        assert graph.get("/v1.0/me/authentication/methods").status_code == 200
        assert graph.get("/v1.0/users").status_code == 403
    # MSAL asks for a refresh token by itself, keeps it, and uses it without asking anybody.
    account = program.get_accounts()[0]
    again = program.acquire_token_silent(["User.Read"], account=account, force_refresh=True)
    assert again is not None
    assert again["access_token"] != granted["access_token"]


def sign_in(browser: httpx.Client, account_name: str, password: str) -> None:
    post(browser, "/", account_name=account_name)
    assert post(browser, "/sign-in/password/", password=password).status_code == 302


def post(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    page = browser.get(path)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None
    return browser.post(path, data={"csrfmiddlewaretoken": token.group(1), **fields})


def test_a_wrong_secret_says_what_is_wrong(portal: HttpsPortal, app: dict[str, str]) -> None:
    credential = ClientSecretCredential(
        app["tenantId"],
        app["clientId"],
        "not-the-secret",
        authority=portal.url("portal"),
        disable_instance_discovery=True,
    )
    with credential, pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token(*SCOPES)


def _certify(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "script")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
