"""createIssuanceRequest: offered, redeemed by a wallet, called back; presented again; never taken for an identity."""

import base64
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction
from django.test import Client

from accounts.operators import Operator
from idv.credentials import jose, keys, sd_jwt
from idv.issuer import flows as issuer
from idv.issuer import keyring
from idv.issuer.models import AccessToken, Contract, IssuedCredential
from idv.issuer.models import Offer as OfferRow
from idv.protocol import did, issuance
from idv.verifier import flows as verifier
from idv.verifier.models import IdentityProvider, PresentationRequest
from recovery_portal.api import permissions, registrations
from recovery_portal.api.models import AppRegistration
from recovery_portal.testing.wallet import Offer, WalletRefused
from recovery_portal.verified_id import flows, issuing
from recovery_portal.verified_id.models import ServiceRequest
from tests.unit.idv.verifier.parties import Provider

from .conftest import APP, CLAIMS, Hands, House, make_program

OPERATOR = Operator(user=None, application="a test")

PORTAL = "http://portal.test"


def test_a_credential_goes_from_a_program_into_a_wallet(house: House, hands: Hands) -> None:
    made = house.ask(includeQRCode=True)
    body = made.json()
    assert made.status_code == 201
    assert body["url"].startswith("openid-credential-offer://?credential_offer_uri=")
    assert body["qrCode"].startswith("data:image/png;base64,iVBOR")
    assert body["expiry"] == int((hands.at + timedelta(minutes=10)).timestamp())
    assert "3141" not in made.content.decode()
    held = house.wallet.receive(Offer(body["url"], "3141"))
    assert {name: held.claims[name] for name in ("firstName", "lastName")} == {
        "firstName": "Megan",
        "lastName": "Bowen",
    }
    assert (held.claims["iss"], held.claims["vct"]) == (PORTAL, f"{PORTAL}/verified-id/types/VerifiedCredentialExpert")
    assert house.program.events == ["request_retrieved", "issuance_successful"]
    assert {told["requestId"] for told in house.program.told} == {body["requestId"]}
    assert {told["state"] for told in house.program.told} == {"s-1"}
    assert all(set(told) == {"requestId", "requestStatus", "state"} for told in house.program.told)
    assert {call.headers["api-key"] for call in house.program.calls} == {"the program's own secret"}
    row = OfferRow.objects.get()
    assert (row.secrets_sealed, row.claims_sealed) == (None, None)


def test_a_wallet_is_never_told_the_pin_and_five_wrong_ones_end_the_offer(house: House, hands: Hands) -> None:
    url = house.ask().json()["url"]
    [address] = parse_qs(urlsplit(url).query)["credential_offer_uri"]
    shown = Client(headers={"host": "portal.test"}).get(urlsplit(address).path)
    assert b"3141" not in shown.content
    assert shown.json()["grants"][issuance.PRE_AUTHORIZED_GRANT]["tx_code"]["length"] == 4
    for wrong in ("0000", "314", "31415", "٣١٤١"):
        with pytest.raises(WalletRefused, match="invalid_grant"):
            house.wallet.receive(Offer(url, wrong))
    with pytest.raises(WalletRefused, match="invalid_request"):
        house.wallet.receive(Offer(url, None))
    assert house.program.events == ["request_retrieved"]
    with pytest.raises(WalletRefused):
        house.wallet.receive(Offer(url, "9999"))
    assert house.program.told[-1]["requestStatus"] == "issuance_error"
    assert house.program.told[-1]["error"] == {"code": "IssuanceFlowFailed", "message": "issuance_service_error"}
    with pytest.raises(WalletRefused):
        house.wallet.receive(Offer(url, "3141"))
    assert not IssuedCredential.objects.exists()


def test_a_hashed_pin_is_compared_without_being_known(house: House, hands: Hands) -> None:
    value = base64.b64encode(hashlib.sha256(b"a salt of theirs" + b"271828").digest()).decode()
    pin = {"value": value, "length": 6, "salt": "a salt of theirs", "alg": "sha256", "iterations": 1, "type": "numeric"}
    url = house.ask(pin=pin).json()["url"]
    with pytest.raises(WalletRefused, match="invalid_grant"):
        house.wallet.receive(Offer(url, value))
    assert house.wallet.receive(Offer(url, "271828")).claims["firstName"] == "Megan"


def test_without_a_pin_the_link_alone_will_do(house: House, hands: Hands) -> None:
    body = house.payload()
    del body["pin"]
    url = house.ask(body).json()["url"]
    with pytest.raises(WalletRefused, match="invalid_request"):
        house.wallet.receive(Offer(url, "1234"))
    assert house.wallet.receive(Offer(url)).claims["lastName"] == "Bowen"


def test_an_offer_is_redeemed_once_and_a_token_issues_once(house: House, hands: Hands) -> None:
    offer = house.offer()
    house.wallet.receive(offer)
    with pytest.raises(WalletRefused):
        house.wallet.receive(offer)
    assert IssuedCredential.objects.count() == 1
    token = AccessToken.objects.get()
    assert len(token.token_digest) == 64


Ask = Callable[..., Any]


@pytest.fixture
def wire(house: House, hands: Hands) -> Ask:
    """A credential request that can be bent at every joint, with a token that is good."""
    [address] = parse_qs(urlsplit(house.ask().json()["url"]).query)["credential_offer_uri"]
    http = house.network("")
    offered = http.get(address).json()
    code = offered["grants"][issuance.PRE_AUTHORIZED_GRANT]["pre-authorized_code"]
    form = issuance.token_form(pre_authorized_code=code, tx_code="3141")
    token = http.post("/verified-id/issuer/token", data=form).json()["access_token"]

    def ask(**changes: Any) -> httpx.Response:
        members = {
            "audience": PORTAL, "nonce": http.post("/verified-id/issuer/nonce").json()["c_nonce"], "at": hands.at,
            "configuration_id": "VerifiedCredentialExpert", "token": token, "body": None, "key": keys.generate(),
        } | changes  # fmt: skip
        proof = issuance.build_proof(**{name: members[name] for name in ("key", "audience", "nonce", "at")})
        body = members["body"] or issuance.credential_request(
            configuration_id=members["configuration_id"], proofs=[proof]
        )
        return http.post(
            "/verified-id/issuer/credential",
            content=body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {members['token']}", "Content-Type": "application/json"},
        )

    return ask


def test_requests_of_wallets_that_are_not_as_they_should_be(wire: Ask, hands: Hands) -> None:
    for changes, status, error in (
        ({"token": "x"}, 401, "invalid_token"),
        ({"token": ""}, 401, "invalid_token"),
        ({"audience": "http://elsewhere.test"}, 400, "invalid_proof"),
        ({"at": hands.at - timedelta(hours=1)}, 400, "invalid_proof"),
        ({"nonce": "made-up"}, 400, "invalid_nonce"),
        ({"configuration_id": "VerifiedIdentity"}, 400, "unknown_credential_configuration"),
        ({"body": b"{"}, 400, "invalid_credential_request"),
        ({"body": b"\xff\xfe"}, 400, "invalid_credential_request"),
        ({"body": b"[" * 140_000}, 413, "invalid_credential_request"),
        ({"body": {"credential_configuration_id": "VerifiedCredentialExpert"}}, 400, "invalid_proof"),
    ):
        answer = wire(**changes)
        assert (answer.status_code, answer.json()["error"]) == (status, error), changes
    assert wire().status_code == 200
    assert wire().json()["error"] == "credential_request_denied"
    hands.at += timedelta(minutes=6)
    assert wire().status_code == 401


@pytest.mark.postgresql
def test_of_eight_requests_at_once_one_gets_the_credential(wire: Ask, hands: Hands) -> None:
    def ask(_: int) -> int:
        try:
            return int(wire().status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert sorted(answers) == [200] + [400] * 7
    assert IssuedCredential.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "issuer/token", 405), ("post", "issuer/offers/x", 405), ("get", "issuer/offers/x", 404),
     ("get", "issuer/status/1", 404), ("get", "types/Nothing", 404), ("post", "issuer/token", 400),
     ("post", "issuer/credential", 401), ("post", "issuer/notification", 401)],
)  # fmt: skip
@pytest.mark.django_db
def test_doors_of_the_issuer_answer_in_json(method: str, path: str, status: int) -> None:
    answer = getattr(Client(headers={"host": "portal.test"}), method)(f"/verified-id/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    assert answer["Cache-Control"] == "no-store"


def test_a_wallet_that_says_nothing_keeps_it_and_one_that_refuses_is_told_of(
    house: House, wire: Ask, hands: Hands
) -> None:
    issued = wire().json()
    assert house.program.events == ["request_retrieved"]
    flows.sweep(at=hands.at + timedelta(seconds=59))
    assert house.program.events == ["request_retrieved"]
    hands.at += timedelta(seconds=61)
    flows.sweep(at=hands.at)
    assert house.program.events[-1] == "issuance_successful"
    assert issued["notification_id"]


def test_a_wallet_that_deletes_it_at_once_is_an_error(house: House, hands: Hands) -> None:
    offer = house.offer()
    network = house.network

    class Refusing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/notification"):
                request = httpx.Request(
                    "POST", request.url, headers={"Authorization": request.headers["Authorization"]},
                    json=json.loads(request.content) | {"event": "credential_failure"},
                )  # fmt: skip
            with network("") as client:
                return client.send(request)

    house.wallet._client = httpx.Client(transport=Refusing(), base_url=PORTAL)
    house.wallet.receive(offer)
    assert house.program.told[-1]["requestStatus"] == "issuance_error"
    assert house.program.told[-1]["error"] == {"code": "IssuanceFlowFailed", "message": "unspecified_error"}


def test_what_nobody_fetches_ends_with_its_time_and_is_erased(house: House, hands: Hands) -> None:
    offer = house.offer()
    hands.at += timedelta(minutes=10)
    flows.sweep(at=hands.at)
    flows.sweep(at=hands.at)
    assert house.program.events == ["issuance_error"]
    row = OfferRow.objects.get()
    assert (row.secrets_sealed, row.claims_sealed) == (None, None)
    with pytest.raises(WalletRefused):
        house.wallet.receive(offer)
    flows.sweep(at=hands.at + timedelta(days=91))
    assert not ServiceRequest.objects.exists()
    assert not OfferRow.objects.exists()


# --- refusals --------------------------------------------------------------------------------------------------------


def _hashed(**changes: Any) -> dict[str, Any]:
    good = {"value": base64.b64encode(bytes(32)).decode(), "salt": "s", "alg": "sha256", "iterations": 1}
    return {"pin": good | changes}


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"authority": "did:web:provider.test"}, "authority"),
        ({"manifest": "https://verifiedid.did.msidentity.com/v1.0/x"}, "manifest"),
        ({"manifest": "x/contracts/00000000-0000-4000-8000-000000000000/manifest"}, "manifest"),
        ({"manifest": ""}, "manifest"),
        ({"claims": {"given_name": "Megan"}}, "claims.family_name"),
        ({"claims": {"given_name": "Megan", "family_name": " "}}, "claims.family_name"),
        ({"claims": {"given_name": "Megan", "family_name": "Bowen", "portrait": "x"}}, "claims.portrait"),
        ({"claims": {"given_name": ["x"], "family_name": "Bowen"}}, "claims.given_name"),
        ({"claims": []}, "claims"),
        ({"pin": {"value": "123", "length": 3}}, "pin.length"),
        ({"pin": {"value": "12345", "length": 4}}, "pin.value"),
        ({"pin": {"value": "12 4", "length": 4}}, "pin.value"),
        ({"pin": {"value": "١٢٣٤", "length": 4}}, "pin.value"),
        ({"pin": {"length": 4}}, "pin.value"),
        ({"pin": {"value": "1234", "length": 4, "type": "alphanumeric"}}, "pin.type"),
        (_hashed(alg="md5"), "pin.alg"),
        (_hashed(iterations=1000), "pin.iterations"),
        (_hashed(value="1234"), "pin.value"),
        ({"pin": {"value": base64.b64encode(bytes(32)).decode(), "salt": "s"}}, "pin"),
        ({"expirationDate": "2027-01-01T00:00:00Z"}, "expirationDate"),
        ({"callback": {"url": "http://plain.example/", "state": "s"}}, "callback.url"),
    ],
)  # fmt: skip
def test_what_cannot_be_issued_is_refused_in_the_services_words(
    house: House, changes: dict[str, Any], target: str
) -> None:
    answer = house.ask(**changes)
    body = answer.json()
    assert (answer.status_code, body["error"]["code"]) == (400, "badRequest")
    assert body["error"]["innererror"]["code"] == "badOrMissingField"
    assert body["error"]["innererror"]["target"] == target
    assert not OfferRow.objects.exists()


def test_the_end_of_a_credential_is_the_programs_to_set_where_the_contract_lets_it(house: House, hands: Hands) -> None:
    house.contract.allow_expiration_override = True
    house.contract.save()
    end = hands.at + timedelta(days=7)
    held = house.wallet.receive(house.offer(expirationDate=end.isoformat()))
    assert held.claims["exp"] == int(end.timestamp())
    for wrong in (hands.at, hands.at + timedelta(days=4000)):
        assert house.ask(expirationDate=wrong.isoformat()).status_code == 400


def test_asking_and_issuing_are_two_permissions(house: House, hands: Hands) -> None:
    for permission, may_issue, may_ask in (("IssueRequest", 201, 403), ("PresentRequest", 403, 201), ("All", 201, 201)):
        house.program = make_program(hands, f"VerifiableCredential.Create.{permission}", name=permission)
        assert (house.ask().status_code, house.program.ask().status_code) == (may_issue, may_ask)
    others = [name for name in permissions.known() if not name.startswith("VerifiableCredential.")]
    AppRegistration.objects.update(app_permissions=others)
    assert house.ask().status_code == 403


def test_a_program_that_asks_too_often_is_told_when_to_come_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "REQUESTS_PER_MINUTE", 2)
    assert [house.ask().status_code, house.program.ask().status_code] == [201, 201]
    for refused in (house.ask(), house.program.ask()):
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert refused.json()["error"]["code"] == "tooManyRequests"
        assert refused.json()["error"]["innererror"]["code"] == "transientError"


def test_a_contract_that_is_switched_off_issues_nothing(house: House, hands: Hands) -> None:
    offer = house.offer()
    Contract.objects.update(enabled=False)
    assert house.ask().json()["error"]["innererror"]["target"] == "manifest"
    with pytest.raises(WalletRefused):
        house.wallet.receive(offer)
    assert Client().get(urlsplit(issuing.manifest_of(house.contract)).path).status_code == 404


# --- the manifest -----------------------------------------------------------------------------------------------------


def test_the_manifest_says_who_issues_what_signed_by_a_key_of_the_authority(house: House) -> None:
    client = Client(headers={"host": "portal.test"})
    token = client.get(urlsplit(issuing.manifest_of(house.contract)).path).json()["token"]
    document = client.get("/.well-known/did.json").json()
    key = did.key_in_document(
        document, did="did:web:portal.test", kid=jose.peek(token).header["kid"], purpose="assertionMethod"
    )
    told = jose.verify(token, key=key, typ="JWT").payload
    assert told["iss"] == told["input"]["issuer"] == "did:web:portal.test"
    assert told["display"]["claims"]["vc.credentialSubject.firstName"] == {"type": "String", "label": "First name"}
    other = f"/v1.0/tenants/00000000-0000-4000-8000-000000000000/verifiableCredentials/contracts/{house.contract.pk}"
    assert client.get(f"{other}/manifest").status_code == 404


# --- presented again --------------------------------------------------------------------------------------------------


def asked_for(house: House, **changes: Any) -> Any:
    wanted = {"type": "VerifiedCredentialExpert", "acceptedIssuers": ["did:web:portal.test"]} | changes.pop(
        "wanted", {}
    )
    return house.program.ask(**({"requestedCredentials": [wanted]} | changes))


@pytest.mark.parametrize("form", ["dc+sd-jwt", "jwt_vc_json"])
def test_what_was_issued_is_presented_and_told_with_its_subject_and_a_receipt(
    house: House, hands: Hands, form: str
) -> None:
    Contract.objects.update(format=form)
    held = house.wallet.receive(house.offer())
    made = asked_for(house, includeReceipt=True)
    assert made.status_code == 201, made.content
    assert house.wallet.present(made.json()["url"]).accepted
    told = house.program.told[-1]
    assert told["requestStatus"] == "presentation_verified"
    [data] = told["verifiedCredentialsData"]
    assert data["claims"] == {"firstName": "Megan", "lastName": "Bowen"}
    assert data["issuer"] == "did:web:portal.test"
    assert data["type"] == ["VerifiableCredential", "VerifiedCredentialExpert"]
    assert data["credentialState"] == {"revocationStatus": "VALID"}
    assert data["expirationDate"] > data["issuanceDate"]
    assert told["subject"] == did.of_jwk(held.key.public_jwk())
    if form == "jwt_vc_json":
        vp = jose.peek(told["receipt"]["vp_token"]).payload["vp"]
        assert vp["verifiableCredential"] == [held.credential]
    else:
        assert told["receipt"]["vp_token"].startswith(held.credential.split("~")[0])
    row = PresentationRequest.objects.get()
    assert (row.claims_sealed, row.seal_key) == (None, None)


def test_without_asking_for_one_there_is_no_receipt(house: House, hands: Hands) -> None:
    house.wallet.receive(house.offer())
    house.wallet.present(asked_for(house).json()["url"])
    assert "receipt" not in house.program.told[-1]


@pytest.mark.parametrize("form", ["dc+sd-jwt", "jwt_vc_json"])
def test_a_revoked_credential_answers_only_who_would_rather_know(house: House, hands: Hands, form: str) -> None:
    Contract.objects.update(format=form)
    house.wallet.receive(house.offer())
    row = IssuedCredential.objects.get()
    assert issuer.revoke(credential_id=row.pk, by=OPERATOR, at=hands.at)
    assert not issuer.revoke(credential_id=row.pk, by=OPERATOR, at=hands.at)
    assert not house.wallet.present(asked_for(house).json()["url"]).accepted
    assert house.program.told[-1]["error"]["code"] == "tokenError"
    allowed = {"configuration": {"validation": {"allowRevoked": True, "validateLinkedDomain": True}}}
    assert house.wallet.present(asked_for(house, wanted=allowed).json()["url"]).accepted
    [data] = house.program.told[-1]["verifiedCredentialsData"]
    assert data["credentialState"] == {"revocationStatus": "REVOKED"}


def test_what_can_be_asked_of_a_credential_of_ones_own(house: House) -> None:
    face = {"configuration": {"validation": {"faceCheck": {"sourcePhotoClaimName": "portrait"}}}}
    for wanted, target in (
        ({"acceptedIssuers": ["did:web:provider.test"]}, "requestedCredentials.acceptedIssuers"),
        ({"constraints": [{"claimName": "dateOfBirth", "contains": ""}]},
         "requestedCredentials[0].constraints[0].claimName"),
        (face, "requestedCredentials[0].configuration.validation.faceCheck.sourcePhotoClaimName"),
    ):  # fmt: skip
        assert asked_for(house, wanted=wanted).json()["error"]["innererror"]["target"] == target
    assert asked_for(house, wanted={"acceptedIssuers": []}).status_code == 201


def test_keys_that_were_retired_still_speak_for_what_they_signed(house: House, hands: Hands) -> None:
    house.wallet.receive(house.offer())
    keyring.rotate(at=hands.at + timedelta(seconds=1))
    hands.at += timedelta(minutes=40)
    assert house.wallet.present(asked_for(house).json()["url"]).accepted
    assert len(keyring.visible_keys(at=hands.at)) == 2
    assert len(keyring.visible_keys(at=hands.at + timedelta(days=181))) == 1


# --- never an identity ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_name", "claims"),
    [
        ("VerifiedIdentity", CLAIMS), ("verifiedIdentity", CLAIMS), ("VERIFIEDIDENTITY", CLAIMS),
        ("Verified Identity", CLAIMS),
        ("", CLAIMS), ("VerifiableCredential", CLAIMS), ("Expert", []), ("Expert", None), ("Expert", {}),
        ("Expert", [CLAIMS[2]]), ("Expert", [CLAIMS[0], CLAIMS[0]]),
        ("Expert", [CLAIMS[0] | {"output": "proofingReference"}]), ("Expert", [CLAIMS[0] | {"output": "vct"}]),
        ("Expert", [CLAIMS[0] | {"output": "_sd"}]), ("Expert", [CLAIMS[0] | {"more": 1}]),
    ],
)  # fmt: skip
def test_no_contract_is_for_an_identity_or_for_nothing(type_name: str, claims: Any) -> None:
    with pytest.raises(ValidationError):
        Contract(name="x", type_name=type_name, claims=claims).clean()


@pytest.mark.django_db
def test_the_database_says_so_too() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Contract.objects.create(name="x", type_name="VerifiedIDENTITY", claims=CLAIMS)


def _asks_of_a_recovery(provider: Provider, hands: Hands) -> PresentationRequest:
    return verifier.request_presentation(
        provider=IdentityProvider.objects.get(),
        proofing_reference="proofing-1",
        purpose="Recover your account",
        account_hint="",
        same_device=False,
        at=hands.at,
    )


def test_a_recovery_takes_no_credential_that_a_program_had_issued(
    house: House, provider: Provider, hands: Hands
) -> None:
    """Whatever it says, and whatever it calls itself: the keys behind it are not those of the provider."""
    claims = [
        {"input": name, "output": name, "label": name, "required": True}
        for name in ("firstName", "lastName", "portrait")
    ]
    Contract.objects.update(claims=claims)
    given = {"firstName": "Anna Maria", "lastName": "Eriksson", "portrait": "data:image/jpeg;base64,AAAA"}
    held = house.wallet.receive(house.offer(claims=given))
    request = _asks_of_a_recovery(provider, hands)
    assert not house.wallet.present(request.authorization_request_uri).accepted
    request.refresh_from_db()
    assert (request.status, request.reason_code) == ("refused", "issuer_untrusted")
    assert held.claims["iss"] not in {row.issuer for row in IdentityProvider.objects.all()}


def test_a_recovery_takes_no_identity_that_our_own_key_signed(house: House, provider: Provider, hands: Hands) -> None:
    """Somebody with the issuer's key, even: iss and vct of the provider do not make it the provider's."""
    holder = keys.generate()
    forged = sd_jwt.issue(
        vct=provider.vct,
        issuer=provider.origin,
        claims={"firstName": "Anna Maria", "lastName": "Eriksson", "proofingReference": "proofing-1"},
        disclosable=["firstName", "lastName", "proofingReference"],
        holder_jwk=holder.public_jwk(),
        issued_at=hands.at,
        expires_at=hands.at + timedelta(days=1),
        status=sd_jwt.StatusReference(idx=7, uri=f"{provider.origin}/status/1"),
        key=keyring.signing_key(at=hands.at),
    )
    from recovery_portal.testing.wallet import VerifiedId

    request = _asks_of_a_recovery(provider, hands)
    held = VerifiedId(forged, holder)
    assert not house.wallet.present(request.authorization_request_uri, held).accepted
    request.refresh_from_db()
    assert (request.status, request.reason_code) == ("refused", "issuer_key_unknown")


def test_an_identity_does_not_pass_for_a_credential_of_ones_own(
    house: House, provider: Provider, wallet: Any, hands: Hands
) -> None:
    from recovery_portal.testing.wallet import VerifiedId

    made = asked_for(house)
    held = VerifiedId(wallet.credential, wallet.holder)
    assert not house.wallet.present(made.json()["url"], held).accepted
    assert house.program.told[-1]["error"]["code"] == "tokenError"


# --- what the original's sample applications do -----------------------------------------------------------------------


def _payload_of(token: str) -> dict[str, Any]:
    """As programs look into a token without verifying it."""
    part = token.split(".")[1]
    opened: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return opened


def test_every_request_of_the_originals_samples_is_answered_as_they_read_it(house: House, hands: Hands) -> None:
    """They look at the manifest, the metadata and the token before they begin; a receipt is a presentation as a JWT."""
    Contract.objects.update(format="jwt_vc_json")
    http, tenant = house.network(""), settings.TENANT_ID
    address = issuing.manifest_of(house.contract)
    assert address.split("/")[5] == tenant
    manifest = _payload_of(http.get(address).json()["token"])
    authority = manifest["iss"]
    assert manifest["display"]["card"]["title"] == "Expert"
    assert http.get(f"/{tenant}/v2.0/.well-known/openid-configuration").json()["tenant_region_scope"] == "WW"
    app = registrations.register(name="Sample", app_permissions=["VerifiableCredential.Create.All"], at=hands.at)
    form = {
        "grant_type": "client_credentials", "scope": "3db474b9-6a0c-4840-96ac-1fceb342124f/.default",
        "client_id": str(app.pk), "client_secret": registrations.add_secret(app=app, at=hands.at).secret,
    }  # fmt: skip
    token = http.post(f"/{tenant}/oauth2/v2.0/token", data=form).json()["access_token"]
    assert "VerifiableCredential.Create.All" in _payload_of(token)["roles"]

    def ask(kind: str, payload: dict[str, Any]) -> Any:
        common = {
            "includeQRCode": False, "authority": authority, "registration": {"clientName": "Sample", "purpose": "Try"},
            "callback": {"url": f"{APP}/api/request-callback", "state": kind, "headers": {"api-key": "key"}},
        }  # fmt: skip
        headers = {"content-type": "application/json", "Authorization": f"Bearer {token}"}
        answer = http.post(
            f"/v1.0/verifiableCredentials/{kind}", content=json.dumps(common | payload).encode(), headers=headers
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    claims = {"given_name": "Megan", "family_name": "Bowen"}
    pin = {"value": "0042", "length": 4}
    issued = ask("createIssuanceRequest", {"type": "ignore-this", "manifest": address, "pin": pin, "claims": claims})
    house.wallet.receive(Offer(issued["url"], "0042"))
    validation = {"allowRevoked": True, "validateLinkedDomain": True}
    wanted = {
        "type": "VerifiedCredentialExpert", "acceptedIssuers": [authority],
        "configuration": {"validation": validation},
    }  # fmt: skip
    asked = ask("createPresentationRequest", {"includeReceipt": True, "requestedCredentials": [wanted]})
    assert house.wallet.present(asked["url"]).accepted
    assert house.program.events == [
        "request_retrieved", "issuance_successful", "request_retrieved", "presentation_verified",
    ]  # fmt: skip
    told = house.program.told[-1]
    inner = _payload_of(_payload_of(told["receipt"]["vp_token"])["vp"]["verifiableCredential"][0])
    assert inner["jti"].startswith("urn:uuid:")
    assert told["subject"] == inner["sub"]
    assert told["verifiedCredentialsData"][0]["claims"] == {"firstName": "Megan", "lastName": "Bowen"}
