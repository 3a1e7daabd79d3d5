"""``jwt_vc_json``: the same identity as a plain JWT, presented inside a JWT of the holder."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from openvc.keys import P256SigningKey
from openvc.proof.vp_jwt import VpJwtProofSuite

from idv.credentials import jose, jwt_vc, keys, sd_jwt
from idv.protocol import dcql, did, presentation
from idv.verifier import flows
from idv.verifier.flows import RequestWire
from idv.verifier.models import IdentityProvider, PresentationRequest

from .parties import Provider, WalletInHand, data_uri, plain_photo, post

ISSUER_DID = "did:web:provider.test"
Spoil = Callable[[dict[str, Any]], Any]


class JwtWallet:
    """A holder with one JWT credential; what it holds and what it says can be bent."""

    def __init__(self, provider: Provider, at: datetime) -> None:
        self.provider, self.at = provider, at
        self.key = keys.generate()
        self.did = did.of_jwk(self.key.public_jwk())

    def credential(self, spoil: Spoil | None = None, signer: keys.SigningKey | None = None) -> str:
        key = self.provider.credential_key
        issued = jwt_vc.issue(
            credential_type="VerifiedIdentity",
            issuer_did=ISSUER_DID,
            holder_did=self.did,
            claims={
                "firstName": "Anna Maria",
                "lastName": "Eriksson",
                "portrait": data_uri(plain_photo()),
                "proofingReference": "proofing-1",
            },
            issued_at=self.at - timedelta(hours=1),
            expires_at=self.at + timedelta(days=30),
            status=sd_jwt.StatusReference(idx=7, uri="http://provider.test/status/1"),
            key=key,
        )
        if spoil is None and signer is None:
            return issued
        payload = dict(jose.peek(issued).payload)
        if spoil is not None:
            spoil(payload)
        signer = signer or key
        return jose.sign(payload, typ="JWT", key=did.named(signer, ISSUER_DID), named_by="kid")

    def present(self, opened: presentation.PresentationRequest, credential: str, spoil: Spoil | None = None) -> str:
        now = jose.seconds(self.at)
        payload = {
            "iss": self.did,
            "aud": opened.client_id,
            "nonce": opened.nonce,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "vp": {
                "@context": [jwt_vc.CONTEXT],
                "type": ["VerifiablePresentation"],
                "verifiableCredential": [credential],
            },
        }
        if spoil is not None:
            spoil(payload)
        signer = keys.SigningKey(private_key=self.key.private_key, kid=f"{self.did}#0")
        return jose.sign(payload, typ="JWT", key=signer, named_by="kid")


@pytest.fixture
def jwt_wallet(provider: Provider, at: datetime) -> JwtWallet:
    return JwtWallet(provider, at)


def asked(row: IdentityProvider, at: datetime, credential_format: Any) -> PresentationRequest:
    return flows.request_presentation(
        provider=row,
        proofing_reference="proofing-1",
        purpose="Recover your account",
        account_hint="a•••@fabrikam.example",
        same_device=False,
        wire=RequestWire(credential_format=credential_format),
        at=at,
    )


def answer(client: Client, opened: presentation.PresentationRequest, vp_token: dict[str, list[str]]) -> int:
    form = presentation.build_response(opened, vp_token=vp_token)
    return int(post(client, opened.response_uri, form).status_code)


@pytest.mark.parametrize("credential_format", ["jwt_vc_json", "any"])
def test_it_is_presented_and_collected(
    row: IdentityProvider,
    wallet: WalletInHand,
    jwt_wallet: JwtWallet,
    client: Client,
    at: datetime,
    credential_format: str,
) -> None:
    request = asked(row, at, credential_format)
    opened = wallet.fetch(request, client, at)
    vp = jwt_wallet.present(opened, jwt_wallet.credential())
    assert answer(client, opened, {"identity_jwt": [vp]}) == 200
    request.refresh_from_db()
    collected = flows.collect(request=request, response_code=None, at=at)
    assert (collected.first_name, collected.claims["proofingReference"]) == ("Anna Maria", "proofing-1")


def test_one_request_may_be_answered_in_either_format(
    row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
) -> None:
    opened = wallet.fetch(asked(row, at, "any"), client, at)
    assert opened.dcql_query["credential_sets"] == [{"options": [["identity"], ["identity_jwt"]]}]
    assert answer(client, opened, {"identity": [wallet.present(opened, at)]}) == 200


def test_but_not_in_both(
    row: IdentityProvider, wallet: WalletInHand, jwt_wallet: JwtWallet, client: Client, at: datetime
) -> None:
    opened = wallet.fetch(asked(row, at, "any"), client, at)
    vp = jwt_wallet.present(opened, jwt_wallet.credential())
    assert answer(client, opened, {"identity": [wallet.present(opened, at)], "identity_jwt": [vp]}) == 400


def test_an_independent_holder_is_believed(
    row: IdentityProvider, wallet: WalletInHand, jwt_wallet: JwtWallet, client: Client, at: datetime
) -> None:
    """openvc-core signs the presentation; ours only verifies. It reads the clock itself, so the door does, too."""
    holder = P256SigningKey.from_pem(jwt_wallet.key.private_pem().encode(), f"{jwt_wallet.did}#0")
    request = asked(row, at, "jwt_vc_json")
    opened = wallet.fetch(request, client, at)
    signed = VpJwtProofSuite().sign(
        [jwt_wallet.credential()],
        holder_key=holder,
        holder=jwt_wallet.did,
        audience=opened.client_id,
        nonce=opened.nonce,
    )
    payload = jose.peek(signed).payload
    assert payload["vp"]["type"] == ["VerifiablePresentation"]
    moved = dict(payload) | {"iat": jose.seconds(at), "nbf": jose.seconds(at), "exp": jose.seconds(at) + 300}
    named = keys.SigningKey(private_key=jwt_wallet.key.private_key, kid=f"{jwt_wallet.did}#0")
    vp = jose.sign(moved, typ=str(jose.peek(signed).header["typ"]), key=named, named_by="kid")
    assert answer(client, opened, {"identity_jwt": [vp]}) == 200


def put(*path: Any, value: Any) -> Spoil:
    def change(payload: dict[str, Any]) -> None:
        place: Any = payload
        for step in path[:-1]:
            place = place[step]
        if value is ...:
            place.pop(path[-1])
        else:
            place[path[-1]] = value

    return change


SPOILED_CREDENTIAL = {
    "another issuer": (put("iss", value="did:web:other.test"), "issuer_untrusted"),
    "another type": (put("vc", "type", value=["VerifiableCredential", "Loyalty"]), "vct_unexpected"),
    "no base type": (put("vc", "type", value=["VerifiedIdentity"]), "vct_unexpected"),
    "a text for types": (put("vc", "type", value="VerifiedIdentity"), "vct_unexpected"),
    "expired": (put("exp", value=1), "credential_expired"),
    "exp is a text": (put("exp", value="2099"), "time_malformed"),
    "exp is missing": (put("exp", value=...), "time_missing"),
    "not yet valid": (put("nbf", value=4_000_000_000), "credential_not_yet_valid"),
    "another holder": (put("sub", value="did:jwk:e30"), "key_unsupported"),
    "a holder by did:web": (put("sub", value="did:web:elsewhere.test"), "holder_key_missing"),
    "two subjects": (put("vc", "credentialSubject", "id", value="did:jwk:e30"), "vc_malformed"),
    "two issuers": (put("vc", "issuer", value="did:web:other.test"), "vc_malformed"),
    "subjects in a list": (put("vc", "credentialSubject", value=[{}]), "vc_malformed"),
    "no status": (put("status", value=...), "status_missing"),
    "a status elsewhere": (put("status", "status_list", "uri", value="http://evil.test/1"), "status_list_unreachable"),
    "a claim missing": (put("vc", "credentialSubject", "firstName", value=...), "claims_missing"),
    "another proofing": (put("vc", "credentialSubject", "proofingReference", value="proofing-0"), "other_proofing"),
    "a presentation in its place": (put("vp", value={}), "vc_malformed"),
    # A register that we cannot ask: whoever was revoked there would look valid here.
    "a status of another kind beside ours": (
        put("vc", "credentialStatus", value={"type": "StatusList2021Entry"}), "status_malformed"),
    "ended inside": (put("vc", "expirationDate", value="2020-01-01T00:00:00Z"), "credential_expired"),
    "ended inside, by the newer name": (put("vc", "validUntil", value="2020-01-01T00:00:00Z"), "credential_expired"),
    "an end that is no time": (put("vc", "expirationDate", value="soon"), "credential_expired"),
    "an end without a zone": (put("vc", "expirationDate", value="2099-01-01T00:00:00"), "credential_expired"),
    "for another audience": (put("aud", value="x509_hash:another"), "credential_for_another"),
}  # fmt: skip
SPOILED_PRESENTATION = {
    "another nonce": (put("nonce", value="another"), "key_binding_wrong_nonce"),
    "another audience": (put("aud", value="x509_hash:another"), "key_binding_wrong_audience"),
    "a list of audiences": (put("aud", value=["x509_hash:another"]), "key_binding_wrong_audience"),
    "another presenter": (put("iss", value="did:jwk:e30"), "key_binding_wrong_holder"),
    "an hour old": (put("iat", value=1_700_000_000), "key_binding_stale"),
    "its own exp has passed": (put("exp", value=1_700_000_000), "key_binding_stale"),
    "no iat": (put("iat", value=...), "time_missing"),
    "no credential": (put("vp", "verifiableCredential", value=[]), "vp_malformed"),
    "two credentials": (put("vp", "verifiableCredential", value=["a", "b"]), "vp_malformed"),
    "an object for a credential": (put("vp", "verifiableCredential", value=[{}]), "vp_malformed"),
    "no presentation": (put("vp", value=...), "vp_malformed"),
    "a credential beside it": (put("vc", value={}), "vc_malformed"),
    "another holder inside": (put("vp", "holder", value="did:jwk:e30"), "key_binding_wrong_holder"),
}


@pytest.mark.parametrize(("spoil", "code"), SPOILED_CREDENTIAL.values(), ids=SPOILED_CREDENTIAL)
def test_a_faulty_issuers_credential_is_refused(
    row: IdentityProvider,
    wallet: WalletInHand,
    jwt_wallet: JwtWallet,
    client: Client,
    at: datetime,
    spoil: Spoil,
    code: str,
) -> None:
    request = asked(row, at, "jwt_vc_json")
    opened = wallet.fetch(request, client, at)
    vp = jwt_wallet.present(opened, jwt_wallet.credential(spoil))
    assert answer(client, opened, {"identity_jwt": [vp]}) == 400
    request.refresh_from_db()
    assert request.reason_code == code


@pytest.mark.parametrize(("spoil", "code"), SPOILED_PRESENTATION.values(), ids=SPOILED_PRESENTATION)
def test_a_spoiled_presentation_is_refused(
    row: IdentityProvider,
    wallet: WalletInHand,
    jwt_wallet: JwtWallet,
    client: Client,
    at: datetime,
    spoil: Spoil,
    code: str,
) -> None:
    request = asked(row, at, "jwt_vc_json")
    opened = wallet.fetch(request, client, at)
    vp = jwt_wallet.present(opened, jwt_wallet.credential(), spoil)
    assert answer(client, opened, {"identity_jwt": [vp]}) == 400
    request.refresh_from_db()
    assert request.reason_code == code


def test_a_stranger_signs_neither_credential_nor_presentation(
    row: IdentityProvider, wallet: WalletInHand, jwt_wallet: JwtWallet, client: Client, at: datetime
) -> None:
    stranger = keys.SigningKey(private_key=keys.generate().private_key, kid=jwt_wallet.provider.credential_key.kid)
    forged, stolen = jwt_wallet.credential(signer=stranger), jwt_wallet.credential()
    for credential, presenter in ((forged, jwt_wallet.key), (stolen, keys.generate())):
        request = asked(row, at, "jwt_vc_json")
        opened = wallet.fetch(request, client, at)
        jwt_wallet.key = presenter
        assert answer(client, opened, {"identity_jwt": [jwt_wallet.present(opened, credential)]}) == 400
        request.refresh_from_db()
        assert request.reason_code == "jws_bad_signature"


def test_a_revoked_one_is_refused(
    row: IdentityProvider, wallet: WalletInHand, jwt_wallet: JwtWallet, client: Client, at: datetime
) -> None:
    jwt_wallet.provider.statuses.set(7, 1)
    request = asked(row, at, "jwt_vc_json")
    opened = wallet.fetch(request, client, at)
    assert answer(client, opened, {"identity_jwt": [jwt_wallet.present(opened, jwt_wallet.credential())]}) == 400
    request.refresh_from_db()
    assert request.reason_code == "credential_revoked"


def test_s17_a_presentation_is_no_credential_and_a_credential_no_presentation(
    row: IdentityProvider, wallet: WalletInHand, jwt_wallet: JwtWallet, client: Client, at: datetime
) -> None:
    opened = wallet.fetch(asked(row, at, "jwt_vc_json"), client, at)
    inner = jwt_wallet.present(opened, jwt_wallet.credential())
    assert answer(client, opened, {"identity_jwt": [jwt_wallet.present(opened, inner)]}) == 400
    opened = wallet.fetch(asked(row, at, "jwt_vc_json"), client, at)
    assert answer(client, opened, {"identity_jwt": [jwt_wallet.credential()]}) == 400


def test_an_operators_authority_does_not_let_an_uncertified_key_pass(
    row: IdentityProvider, wallet: WalletInHand, jwt_wallet: JwtWallet, client: Client, at: datetime
) -> None:
    row.trusted_certificates = jwt_wallet.provider.ca.chain_pems()[0]
    row.save()
    opened = wallet.fetch(asked(row, at, "jwt_vc_json"), client, at)
    assert answer(client, opened, {"identity_jwt": [jwt_wallet.present(opened, jwt_wallet.credential())]}) == 400


def test_transaction_data_cannot_be_demanded_of_it() -> None:
    with pytest.raises(ValueError, match="key binding"):
        RequestWire(credential_format="jwt_vc_json", demands_transaction_data=True)


@pytest.mark.parametrize("types", [[], [[]], "x", [["a", 1]], [None]])
def test_a_query_for_types_that_are_none_is_malformed(types: Any) -> None:
    query = dcql.jwt_query(query_id="a", credential_type="T", claims=["x"])
    query["credentials"][0]["meta"]["type_values"] = types
    with pytest.raises(dcql.DcqlInvalid):
        dcql.validate(query)
