"""What an issuer of OpenID4VCI 1.0 offers besides the plain road: proofs, deferral, encryption, formats, status."""

import gzip
import json
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from idv.credentials import certificates, jose, keys, sd_jwt
from idv.credentials.status_list import StatusList
from idv.protocol import did, issuance, metadata
from idv.provider import keyring, policy
from idv.provider.flows import housekeeping
from idv.provider.models import CredentialOffer, DeferredIssuance, IssuedCredential, ProviderKey, StatusListRecord
from tests.fakes.wire_wallet import FullWallet, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.flow.test_provider_wire import refused

pytestmark = pytest.mark.usefixtures("portal")
ISSUER = "http://provider.test"


def a_wallet(**offered):
    wallet = FullWallet()
    answer = wallet.redeem(offer_for_test(**offered))
    assert answer.status_code == 200, answer.content
    return wallet


def proof_named(wallet, named_by, key=None, **header):
    """A proof whose header names its key in this way."""
    from jwt.api_jws import PyJWS

    key = key or wallet.key
    names = {
        "jwk": {"jwk": key.public_jwk()},
        "kid": {"kid": did.of_jwk(key.public_jwk()) + "#0"},
        "x5c": {"x5c": key.x5c()},
    }
    payload = {"aud": ISSUER, "iat": jose.seconds(timezone.now()), "nonce": wallet.nonce()}
    return PyJWS().encode(
        json.dumps(payload).encode(), key.private_key, "ES256",
        {"typ": issuance.PROOF_TYP} | names.get(named_by, {}) | header,
    )  # fmt: skip


# --- proofs


@pytest.mark.parametrize("named_by", ["jwk", "kid", "x5c"])
def test_a_proof_may_name_its_key_in_three_ways_and_the_credential_is_bound_to_it(named_by):
    wallet = a_wallet()
    ca = certificates.development_ca("Wallet maker", timezone.now())
    wallet.key = certificates.issue_leaf(ca, name="Wallet", at=timezone.now(), dns_names=["wallet.test"])
    answer = wallet.credential(proofs={"jwt": [proof_named(wallet, named_by)]})
    assert answer.status_code == 200, answer.content
    assert sd_jwt.read(answer.json()["credentials"][0]["credential"])["cnf"] == {"jwk": wallet.key.public_jwk()}


def test_a_proof_that_names_its_key_twice_or_another_key_is_refused():
    wallet = a_wallet()
    other = keys.generate()
    ca = certificates.development_ca("Wallet maker", timezone.now())
    leaf = certificates.issue_leaf(ca, name="W", at=timezone.now(), dns_names=["w.test"])
    for header in (
        {"jwk": wallet.key.public_jwk(), "kid": did.of_jwk(wallet.key.public_jwk()) + "#0"},
        {"kid": did.of_jwk(other.public_jwk()) + "#0"},
        {"kid": did.of_jwk(wallet.key.public_jwk()) + "#1"},
        {"kid": did.of_jwk(wallet.key.public_jwk())},
        {"kid": "did:jwk:AAAA#0"},
        {"x5c": leaf.x5c()},
        {"x5c": ca.x5c()},
        {"x5c": []},
        {"x5c": ["AAAA"]},
        {},
    ):
        proof = proof_named(wallet, "", **header)
        assert refused(wallet.credential(proofs={"jwt": [proof]}), "invalid_proof"), header
    assert not IssuedCredential.objects.exists()


def test_a_batch_of_eight_cannot_be_linked_by_anything_but_what_it_says():
    wallet = a_wallet()
    nonce = wallet.nonce()
    own = [keys.generate() for _ in range(policy.BATCH_SIZE)]
    answer = wallet.credential(proofs={"jwt": [wallet.proof(nonce, key=key) for key in own]})
    compacts = [entry["credential"] for entry in answer.json()["credentials"]]
    payloads = [jose.peek(compact.split("~")[0]).payload for compact in compacts]
    assert [p["cnf"]["jwk"] for p in payloads] == [key.public_jwk() for key in own]
    places = [p["status"]["status_list"]["idx"] for p in payloads]
    assert len(set(places)) == policy.BATCH_SIZE
    assert sorted(places) != list(range(min(places), min(places) + policy.BATCH_SIZE)), "random, not in a row"
    digests = [digest for p in payloads for digest in p["_sd"]]
    assert len(set(digests)) == len(digests), "own salts"
    subjects = [{k: v for k, v in sd_jwt.read(c).items() if k not in {"cnf", "status"}} for c in compacts]
    assert all(subject == subjects[0] for subject in subjects), "one dataset"
    refusal = a_wallet().credential(proofs={"jwt": ["x"] * (policy.BATCH_SIZE + 1)})
    assert refused(refusal, "invalid_proof")


# --- deferral


def test_a_deferred_credential_comes_when_it_is_ready_once():
    wallet = a_wallet(ready_after_s=60)
    answer = wallet.credential()
    assert answer.status_code == 202
    told = answer.json()
    assert set(told) == {"transaction_id", "interval"}
    assert told["interval"] > 0
    waiting = wallet.deferred(told["transaction_id"])
    assert (waiting.status_code, waiting.json()) == (202, told)
    assert not IssuedCredential.objects.exists()
    DeferredIssuance.objects.update(ready_at=timezone.now())
    ready = wallet.deferred(told["transaction_id"])
    assert ready.status_code == 200
    assert set(ready.json()) == {"credentials"}
    assert sd_jwt.read(ready.json()["credentials"][0]["credential"])["cnf"]["jwk"] == wallet.key.public_jwk()
    assert refused(wallet.deferred(told["transaction_id"]), "invalid_transaction_id")
    assert refused(wallet.credential(), "credential_request_denied")


def test_i6_a_transaction_id_belongs_to_its_token():
    wallet, stranger = a_wallet(ready_after_s=0), a_wallet(ready_after_s=0)
    transaction_id = wallet.credential().json()["transaction_id"]
    assert refused(stranger.deferred(transaction_id), "invalid_transaction_id")
    assert refused(stranger.deferred("guess"), "invalid_transaction_id")
    assert wallet.deferred(transaction_id).status_code == 200


@pytest.mark.parametrize("transaction_id", [None, 7, "", ["x"], {}], ids=str)
def test_a_transaction_id_that_is_no_text_is_invalid(transaction_id):
    assert refused(a_wallet().deferred(transaction_id), "invalid_transaction_id")


def test_deferral_may_end_in_a_refusal_and_so_may_a_request():
    late = a_wallet(ready_after_s=0, is_denied=True)
    transaction_id = late.credential().json()["transaction_id"]
    assert refused(late.deferred(transaction_id), "credential_request_denied")
    assert refused(late.deferred(transaction_id), "invalid_transaction_id")
    assert refused(a_wallet(is_denied=True).credential(), "credential_request_denied")
    assert not IssuedCredential.objects.exists()


def test_the_deferred_endpoint_wants_a_token():
    wallet = FullWallet()
    assert refused(wallet.deferred("x"), "invalid_token", 401)


def test_claims_of_a_test_offer_outlive_it_as_long_as_a_token_may_and_no_longer():
    wallet = a_wallet(ready_after_s=0)
    transaction_id = wallet.credential().json()["transaction_id"]
    at = timezone.now()
    CredentialOffer.objects.update(expires_at=at)
    housekeeping.purge(at=at)
    assert wallet.deferred(transaction_id).status_code == 200
    left = offer_for_test()
    assert housekeeping.purge(at=left.expires_at + policy.BOUND_TOKEN_LIFETIME)["offers"] == 1


# --- encryption


@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_request_and_response_may_be_encrypted(enc):
    wallet = a_wallet()
    wanted = wallet.wanted(credential_response_encryption=wallet.response_encryption(enc=enc))
    answer = wallet.post("/credential", wallet.encrypted(wanted, enc=enc), content_type="application/jwt")
    assert answer.status_code == 200, answer.content
    members = wallet.opened(answer)
    assert sd_jwt.read(members["credentials"][0]["credential"])["fullName"] == "Vera Specimen"
    assert members["notification_id"]
    header = json.loads(keys.base64url.decode(answer.content.decode().split(".")[0]))
    assert (header["alg"], header["enc"], header["kid"]) == ("ECDH-ES", enc, wallet.response_key.kid)


def test_an_encrypted_request_may_be_answered_in_clear():
    wallet = a_wallet()
    answer = wallet.post("/credential", wallet.encrypted(wallet.wanted()), content_type="application/jwt")
    assert answer.json()["credentials"]


def test_deferred_answers_are_encrypted_on_the_same_terms():
    wallet = a_wallet(ready_after_s=0)
    sealing = {"credential_response_encryption": wallet.response_encryption()}
    answer = wallet.post("/credential", wallet.encrypted(wallet.wanted(**sealing)), content_type="application/jwt")
    assert answer.status_code == 202
    body = {"transaction_id": wallet.opened(answer)["transaction_id"], **sealing}
    ready = wallet.post("/deferred-credential", wallet.encrypted(body), content_type="application/jwt")
    assert wallet.opened(ready)["credentials"]


def test_an_error_is_never_encrypted():
    wallet = a_wallet()
    wanted = wallet.wanted(
        credential_response_encryption=wallet.response_encryption(), credential_configuration_id="Other"
    )
    answer = wallet.post("/credential", wallet.encrypted(wanted), content_type="application/jwt")
    assert refused(answer, "unknown_credential_configuration")


@pytest.mark.parametrize(
    "wrong", ["plain_request", "enc", "alg", "no_alg", "no_jwk", "private", "p384", "sig", "zip", "text", "null"]
)
def test_encryption_that_cannot_be_is_refused_before_anything_is_issued(wrong):
    wallet = a_wallet()
    good = wallet.response_encryption()
    wanted = {
        "enc": good | {"enc": "A128CBC-HS256"},
        "alg": good | {"jwk": good["jwk"] | {"alg": "RSA-OAEP-256"}},
        "no_alg": good | {"jwk": {k: v for k, v in good["jwk"].items() if k != "alg"}},
        "no_jwk": {"alg": "ECDH-ES", "enc": "A256GCM"},
        "private": good | {"jwk": good["jwk"] | {"d": good["jwk"]["x"]}},
        "p384": good | {"jwk": good["jwk"] | {"crv": "P-384"}},
        "sig": good | {"jwk": good["jwk"] | {"use": "sig"}},
        "zip": good | {"zip": "DEF"},
        "text": "A256GCM",
        "null": None,
    }.get(wrong, good)
    body = wallet.wanted()
    body["credential_response_encryption"] = wanted
    if wrong == "plain_request":
        answer = wallet.post("/credential", json.dumps(body), content_type="application/json")
    else:
        answer = wallet.post("/credential", wallet.encrypted(body), content_type="application/jwt")
    assert refused(answer, "invalid_encryption_parameters")
    assert not IssuedCredential.objects.exists()


@pytest.mark.parametrize("wrong", ["rubbish", "five_parts", "other_key", "no_kid", "utf16"])
def test_a_request_that_does_not_open_is_refused(wrong):
    wallet = a_wallet()
    stranger = keys.generate_encryption().public_jwk()
    ours = wallet.issuer_metadata()["credential_request_encryption"]["jwks"]["keys"][0]
    body = {
        "rubbish": b"not a jwe",
        "five_parts": b"a.b.c.d.e",
        "other_key": jose.encrypt(wallet.wanted(), recipient_jwk=stranger | {"kid": ours["kid"]}).encode(),
        "no_kid": jose.encrypt(wallet.wanted(), recipient_jwk={k: v for k, v in ours.items() if k != "kid"}).encode(),
        "utf16": "a.b.c.d.e".encode("utf-16"),
    }[wrong]
    assert refused(wallet.post("/credential", body, content_type="application/jwt"), "invalid_encryption_parameters")


def test_a_request_sealed_for_yesterdays_key_still_opens():
    wallet = a_wallet()
    sealed = wallet.encrypted(wallet.wanted())
    keyring.rotate(uses=[ProviderKey.Use.ENCRYPTION], at=timezone.now())
    old = json.loads(keys.base64url.decode(sealed.split(".")[0]))["kid"]
    assert wallet.issuer_metadata()["credential_request_encryption"]["jwks"]["keys"][0]["kid"] != old
    assert wallet.post("/credential", sealed, content_type="application/jwt").status_code == 200
    ProviderKey.objects.filter(kid=old).update(retired_at=timezone.now() - policy.ENCRYPTION_KEY_GRACE)
    assert old not in [key.kid for key in keyring.encryption_keys(at=timezone.now())]


# --- jwt_vc_json


def test_the_same_credential_as_a_jwt_with_dids_and_the_same_status_list():
    wallet = a_wallet(configuration_id="VerifiedIdentityJwt")
    proof = proof_named(wallet, "kid")
    answer = wallet.credential(credential_configuration_id="VerifiedIdentityJwt", proofs={"jwt": [proof]})
    compact = answer.json()["credentials"][0]["credential"]
    issuer_did, header = "did:web:provider.test", jose.peek(compact).header
    document = wallet.client.get("/.well-known/did.json").json()
    key = did.key_in_document(document, did=issuer_did, kid=header["kid"], purpose="assertionMethod")
    payload = jose.verify(compact, key=key, typ="JWT").payload
    assert payload["iss"] == issuer_did
    assert payload["sub"] == did.of_jwk(wallet.key.public_jwk())
    assert payload["vc"]["type"] == ["VerifiableCredential", "VerifiedIdentity"]
    assert payload["vc"]["credentialSubject"]["fullName"] == "Vera Specimen"
    assert payload["nbf"] <= jose.seconds(timezone.now()) < payload["exp"]
    place = payload["status"]["status_list"]
    record = IssuedCredential.objects.get()
    assert (place["idx"], place["uri"]) == (record.status_index, f"{ISSUER}/status/{record.status_list_id}")


def test_a_token_is_for_the_configuration_of_its_offer():
    wallet = a_wallet(configuration_id="VerifiedIdentityJwt")
    assert refused(wallet.credential(), "unknown_credential_configuration")


# --- what is published


def test_the_metadata_is_signed_for_who_asks():
    client = FullWallet().client
    plain = client.get("/.well-known/openid-credential-issuer")
    assert plain["Content-Type"] == "application/json"
    assert client.get("/.well-known/openid-credential-issuer", headers={"accept": "*/*"}).json() == plain.json()
    signed = client.get("/.well-known/openid-credential-issuer", headers={"accept": "application/jwt"})
    assert signed["Content-Type"] == "application/jwt"
    assert "Accept" in signed["Vary"]
    key = keyring.signing_key("credential", at=timezone.now())
    opened = jose.verify(signed.content.decode(), key=key.public_key, typ=metadata.SIGNED_TYP)
    assert opened.header["x5c"] == key.x5c()
    assert opened.payload["sub"] == ISSUER
    assert opened.payload["iat"] <= jose.seconds(timezone.now())
    assert {k: v for k, v in opened.payload.items() if k not in {"iss", "sub", "iat"}} == plain.json()


def test_names_and_labels_come_in_every_language_of_the_product(settings):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    client = FullWallet().client
    kind = client.get("/credentials/VerifiedIdentity").json()
    assert kind["vct"] == f"{ISSUER}/credentials/VerifiedIdentity"
    assert [entry["locale"] for entry in kind["display"]] == ["en", "de"]
    assert all([d["locale"] for d in claim["display"]] == ["en", "de"] for claim in kind["claims"])
    assert all(claim["sd"] == "always" and claim["display"][0]["label"] for claim in kind["claims"])
    for configuration in FullWallet().issuer_metadata()["credential_configurations_supported"].values():
        assert [entry["locale"] for entry in configuration["credential_metadata"]["display"]] == ["en", "de"]


def test_i13_metadata_does_not_follow_the_host_header_and_unknown_documents_are_not_there(settings):
    settings.ALLOWED_HOSTS = ["*"]
    client = FullWallet().client
    document = client.get("/.well-known/openid-credential-issuer", headers={"host": "evil.test"}).json()
    assert document["credential_issuer"] == ISSUER
    assert "evil" not in json.dumps(document)
    for path in (
        "openid-credential-issuer/tenant", "oauth-authorization-server/x", "jwt-vc-issuer/x", "openid-federation",
        "did-configuration", "security.txt",
    ):  # fmt: skip
        assert refused(client.get(f"/.well-known/{path}"), "not_found", 404)


# --- notification


@pytest.mark.parametrize("event", ["credential_accepted", "credential_failure", "credential_deleted"])
def test_every_event_is_noted_as_often_as_it_is_said(event):
    wallet = a_wallet()
    notification_id = wallet.credential().json()["notification_id"]
    for _ in range(2):
        answer = wallet.notify(notification_id=notification_id, event=event, event_description="why", extra=1)
        assert (answer.status_code, answer.content) == (204, b"")
    assert IssuedCredential.objects.get().notification_event == event


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "invalid_notification_request"),
        ({"event": "credential_accepted"}, "invalid_notification_request"),
        ({"notification_id": "x"}, "invalid_notification_request"),
        ({"notification_id": 7, "event": "credential_accepted"}, "invalid_notification_request"),
        ({"notification_id": "x", "event": "danced"}, "invalid_notification_request"),
        ({"notification_id": "x", "event": "credential_deleted", "event_description": 7}, "invalid_notification_request"),  # noqa: E501
        ({"notification_id": "x", "event": "credential_accepted"}, "invalid_notification_id"),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_notification_is_refused_with_the_standards_code(members, code):
    assert refused(a_wallet().notify(**members), code)


# --- status


def test_the_status_list_is_large_compressed_and_open_to_every_page():
    wallet = a_wallet()
    wallet.credential()
    record = IssuedCredential.objects.get()
    path = f"/status/{record.status_list_id}"
    plain = wallet.client.get(path)
    packed = wallet.client.get(path, headers={"accept-encoding": "gzip, br"})
    assert plain["Content-Type"] == packed["Content-Type"] == "application/statuslist+jwt"
    assert plain["Access-Control-Allow-Origin"] == "*"
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    payload = jose.peek(gzip.decompress(packed.content).decode()).payload
    assert payload["sub"] == f"{ISSUER}{path}"
    assert payload["ttl"] == policy.STATUS_TTL_S
    assert payload["exp"] > payload["iat"]
    statuses = StatusList.decoded(payload["status_list"]["lst"], payload["status_list"]["bits"])
    assert statuses.size >= 2**20
    assert record.status_index < statuses.size


@pytest.mark.parametrize("named", ["zzz", "00000000-0000-0000-0000-000000000000", "%00", "1" * 300])
def test_a_list_that_is_none_is_not_found_in_json(client, named):
    answer = client.get(f"/status/{named}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")


def test_a_full_list_is_left_for_a_new_one_and_both_answer(monkeypatch):
    monkeypatch.setattr(policy, "STATUS_LIST_FILL_MAX", 2)
    wallet = a_wallet()
    nonce = wallet.nonce()
    wallet.credential(proofs={"jwt": [wallet.proof(nonce, key=keys.generate()) for _ in range(5)]})
    lists = StatusListRecord.objects.all()
    assert sum(record.credentials.count() for record in lists) == 5
    assert all(record.credentials.count() <= 2 for record in lists)
    for record in lists:
        assert wallet.client.get(f"/status/{record.pk}").status_code == 200


def test_suspended_resumed_and_revoked_from_the_shell_with_the_reason_on_record():
    wallet = a_wallet()
    compact = wallet.credential().json()["credentials"][0]["credential"]
    reference = sd_jwt.read(compact)["proofingReference"]
    record = IssuedCredential.objects.get()

    def tell(*arguments):
        call_command("revoke_credential", reference, "--reason", "phone lost", *arguments, stdout=StringIO())
        payload = jose.peek(wallet.client.get(f"/status/{record.status_list_id}").content.decode()).payload
        listed = StatusList.decoded(payload["status_list"]["lst"], payload["status_list"]["bits"])
        record.refresh_from_db()
        assert record.status_reason == "phone lost"
        assert record.status_changed_at is not None
        return listed.get(record.status_index)

    assert [tell("--suspend"), tell("--resume"), tell()] == [2, 0, 1]
    with pytest.raises(CommandError):
        tell("--resume")


# --- test offers to order


def ordered(*arguments):
    out = StringIO()
    call_command("issue_test_offer", "--json", *arguments, stdout=out)
    told = json.loads(out.getvalue())
    link = issuance.parse_offer_link(told["offer"]) if "authorization_code" not in arguments else None
    wallet = FullWallet()
    document = issuance.offer_members(link.offer) if link and link.offer else wallet.offer(told["offer"])
    return SimpleNamespace(wallet=wallet, document=document, tx_code=told.get("tx_code"), link=told["offer"])


def received(offer, **wanted):
    wallet = offer.wallet
    answer = wallet._took(wallet.token(offer.document, offer.tx_code))
    assert answer.status_code == 200, answer.content
    return wallet.credential(credential_configuration_id=offer.document["credential_configuration_ids"][0], **wanted)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--given-name", "Alice", "--family-name", "Archer"),
        ("--no-tx-code",),
        ("--by-value",),
        ("--by-value", "--no-tx-code"),
        ("--format", "jwt_vc_json"),
        ("--config", "VerifiedIdentityJwt"),
        ("--config", "VerifiedIdentity", "--format", "dc+sd-jwt", "--tx-code"),
    ],
    ids=" ".join,
)
def test_a_test_offer_comes_as_ordered_and_can_be_received(arguments):
    offer = ordered(*arguments)
    assert (offer.tx_code is None) == ("--no-tx-code" in arguments)
    assert ("credential_offer=" in offer.link) == ("--by-value" in arguments)
    is_jwt = "jwt_vc_json" in arguments or "VerifiedIdentityJwt" in arguments
    compact = received(offer).json()["credentials"][0]["credential"]
    assert ("~" not in compact) == is_jwt


def test_a_transaction_code_where_none_was_ordered_is_refused():
    offer = ordered("--no-tx-code")
    assert refused(offer.wallet.token(offer.document, "123456"), "invalid_request")


def test_a_deferred_and_a_denied_test_offer():
    assert received(ordered("--deferred", "30")).status_code == 202
    assert refused(received(ordered("--denied")), "credential_request_denied")
    assert "authorization_code" in ordered("--grant", "authorization_code").document["grants"]


@pytest.mark.parametrize(
    "arguments",
    [("--deferred", "9999"), ("--deferred", "-1"), ("--config", "VerifiedIdentity", "--format", "jwt_vc_json")],
)
def test_an_order_that_contradicts_itself_is_refused(arguments):
    with pytest.raises(CommandError):
        ordered(*arguments)
