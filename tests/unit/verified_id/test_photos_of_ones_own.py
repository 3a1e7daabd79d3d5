"""A Face Check against the photo of a credential that the organisation issued: same tries, same worker, same words."""

import base64
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.test import Client

from idv.credentials import jose
from idv.face import cards
from idv.issuer import contracts
from idv.issuer.models import Contract
from idv.verifier.models import FaceCheck, PresentationRequest, SealedImage

from .conftest import Hands, House
from .test_requests import take_photos

PHOTO = cards.write({"person": "anna"})
AS_ORIGINAL = quote(base64.b64encode(PHOTO).decode(), safe="")
AS_BASE64URL = base64.urlsafe_b64encode(PHOTO).decode().rstrip("=")


def hold(house: House, photo: str | None = AS_ORIGINAL) -> None:
    claims = {"given_name": "Anna", "family_name": "Eriksson"} | ({} if photo is None else {"photo": photo})
    house.wallet.receive(house.offer(claims=claims))


def ask(house: House, **changes: Any) -> Any:
    check = {"sourcePhotoClaimName": "photo"} | changes.pop("check", {})
    wanted = {
        "type": "VerifiedCredentialExpert", "acceptedIssuers": ["did:web:portal.test"],
        "configuration": {"validation": {"allowRevoked": False, "faceCheck": check}},
    }  # fmt: skip
    return house.program.ask(**({"requestedCredentials": [wanted]} | changes))


def come_to_the_camera(house: House, **changes: Any) -> Client:
    made = ask(house, **changes)
    assert made.status_code == 201, made.content
    answer = house.wallet.present(made.json()["url"])
    parts = urlsplit(answer.continue_at)
    browser = Client(headers={"host": "portal.test"})
    assert browser.get(f"{parts.path}?{parts.query}").status_code == 302
    browser.post("/verified-id/agree/")
    return browser


@pytest.mark.parametrize(
    "photo", [AS_ORIGINAL, AS_BASE64URL, f"data:image/jpeg;base64,{base64.b64encode(PHOTO).decode()}"]
)
@pytest.mark.parametrize("form", ["dc+sd-jwt", "jwt_vc_json"])
def test_the_face_is_held_against_the_photo_of_the_claim(house: House, hands: Hands, form: str, photo: str) -> None:
    Contract.objects.update(format=form)
    hold(house, photo)
    browser = come_to_the_camera(house)
    take_photos(browser, "anna")
    told = house.program.told[-1]
    assert told["requestStatus"] == "presentation_verified"
    [data] = told["verifiedCredentialsData"]
    assert data["faceCheck"]["matchConfidenceScore"] >= 70
    assert data["faceCheck"]["sourcePhotoQuality"] == "HIGH"
    assert data["claims"] == {"firstName": "Anna", "lastName": "Eriksson", "photo": photo}
    assert not SealedImage.objects.exists()
    row = PresentationRequest.objects.get()
    assert (row.claims_sealed, row.seal_key) == (None, None)


def test_another_face_ends_as_it_does_with_an_identity(house: House, hands: Hands) -> None:
    hold(house)
    browser = come_to_the_camera(house)
    for _ in range(3):
        take_photos(browser, "somebody-else")
    told = house.program.told[-1]
    assert told["requestStatus"] == "presentation_error"
    assert told["error"] == {
        "code": "claimValidationError", "message": "Match confidence score failing to meet the threshold.",
    }  # fmt: skip
    assert "verifiedCredentialsData" not in told


def test_the_threshold_is_the_programs_own(house: House, hands: Hands) -> None:
    hold(house)
    browser = come_to_the_camera(house, check={"matchConfidenceThreshold": 100})
    take_photos(browser, "anna")
    assert FaceCheck.objects.get().threshold == 100
    assert FaceCheck.objects.get().status == "failed"


@pytest.mark.parametrize(
    "photo",
    [
        None, "not base64 at all!", "%ff%fe", base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode(),
        base64.b64encode(PHOTO[:200]).decode(), "A" * 99_999, "\u202e",
    ],
)  # fmt: skip
def test_a_credential_without_a_photo_to_compare_with_is_told_of_as_its_claims(
    house: House, hands: Hands, photo: str | None
) -> None:
    hold(house, photo)
    assert not house.wallet.present(ask(house).json()["url"]).accepted
    error = house.program.told[-1]["error"]
    assert error["code"] == "claimValidationError"
    assert "score" not in error["message"]
    assert not FaceCheck.objects.exists()


def test_a_photo_that_a_wallet_keeps_to_itself_is_no_way_round_the_camera(house: House, hands: Hands) -> None:
    Contract.objects.update(format="dc+sd-jwt")
    hold(house)
    assert not house.wallet.present(ask(house).json()["url"], leave_out=["photo"]).accepted
    assert house.program.told[-1]["error"]["code"] == "claimValidationError"


def test_nothing_is_told_before_the_face_was_seen(house: House, hands: Hands) -> None:
    hold(house)
    come_to_the_camera(house)
    assert house.program.events[-1] == "request_retrieved"
    assert not house.wallet.replay().accepted
    assert house.program.events[-1] == "request_retrieved"


@pytest.mark.parametrize(
    ("check", "member"),
    [
        ({"sourcePhotoClaimName": "portrait"}, "sourcePhotoClaimName"),
        ({"sourcePhotoClaimName": ""}, "sourcePhotoClaimName"),
        ({"sourcePhotoClaimName": None}, "sourcePhotoClaimName"),
        ({"sourcePhotoClaimName": {"photo": 1}}, "sourcePhotoClaimName"),
        ({"matchConfidenceThreshold": 49}, "matchConfidenceThreshold"),
        ({"matchConfidenceThreshold": 101}, "matchConfidenceThreshold"),
        ({"matchConfidenceThreshold": 70.5}, "matchConfidenceThreshold"),
    ],
)
def test_a_face_check_that_cannot_be_is_refused_by_its_field(house: House, check: dict[str, Any], member: str) -> None:
    error = ask(house, check=check).json()["error"]
    assert error["message"] == "The request is invalid."
    target = f"requestedCredentials[0].configuration.validation.faceCheck.{member}"
    assert (error["innererror"]["code"], error["innererror"]["target"]) == ("badOrMissingField", target)


@pytest.mark.parametrize("form", ["dc+sd-jwt", "jwt_vc_json"])
def test_a_receipt_proves_the_face_check_under_the_authoritys_key(house: House, hands: Hands, form: str) -> None:
    Contract.objects.update(format=form)
    hold(house)
    take_photos(come_to_the_camera(house, includeReceipt=True), "anna")
    told = house.program.told[-1]
    receipt = told["receipt"]
    assert receipt["vp_token"]
    assert receipt["state"]
    document = house.network("").get("/.well-known/did.json").json()
    [key] = [
        method["publicKeyJwk"] | {"kid": method["id"]}
        for method in document["verificationMethod"]
        if method["id"] == jose.peek(receipt["faceCheck"]).header["kid"]
    ]
    proof = jose.verify_with_jwks(receipt["faceCheck"], jwks=[key], typ="JWT").payload
    assert (proof["iss"], proof["sub"]) == ("did:web:portal.test", told["subject"])
    assert proof["vc"]["type"] == ["VerifiableCredential", "MicrosoftFaceCheckReceipt"]
    [result] = proof["vc"]["credentialSubject"]["faceCheckResults"]
    assert result.pop("matchConfidenceThreshold") == 70
    if form == "jwt_vc_json":
        assert result.pop("sourceVcJti") == jose.peek(house.wallet.held[0].credential).payload["jti"]
    assert result == told["verifiedCredentialsData"][0]["faceCheck"]


def test_nobody_writes_a_contract_for_receipts() -> None:
    """A receipt is of the holder and under the authority's key: it must not pass for a credential."""
    assert contracts.complaint_about_type("MicrosoftFaceCheckReceipt")
    assert contracts.complaint_about_type("microsoftFACEcheckreceipt")


def test_what_a_client_writes_as_null_was_left_out(house: House, hands: Hands) -> None:
    wanted = {
        "type": "VerifiedCredentialExpert", "purpose": None, "acceptedIssuers": None, "constraints": None,
        "configuration": {"validation": {"allowRevoked": None, "faceCheck": None}},
    }  # fmt: skip
    registration = {"clientName": "Shop", "purpose": None, "logoUrl": None}
    made = house.program.ask(requestedCredentials=[wanted], registration=registration, includeReceipt=None)
    assert made.status_code == 201, made.content
    assert house.ask(expirationDate=None, pin=None, registration=registration).status_code == 201
    refused = house.program.ask(registration={"clientName": None})
    assert refused.json()["error"]["innererror"]["target"] == "registration.clientName"
