"""The issuer under attack (facts 2.2): codes, nonces, proofs, tokens; the error table of OpenID4VCI 1.0."""

import json
import logging
import random
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from PIL import Image

from idv.credentials import jose, keys, sd_jwt
from idv.protocol import issuance
from idv.provider import credential, policy, portraits
from idv.provider.flows import offers, steps
from idv.provider.models import (
    AccessToken,
    CredentialOffer,
    IssuanceNonce,
    IssuedCredential,
    ProofingDecision,
    ProofingSession,
    RelyingParty,
)
from recovery_portal.kit import http
from recovery_portal.kit.logs import redact
from tests.fakes.proofing import WireWallet
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.flow.test_provider_skip_ahead import at_state
from tests.flow.test_provider_wire import refused

OFFERED = "offered"


@pytest.fixture
def proofing(portal):  # noqa: F811
    proofing = at_state(RelyingParty.objects.get(), OFFERED)
    document = {
        "given_names": "Alice", "surname": "Archer", "date_of_birth": "1980-02-03", "sex": "F",
        "document_number": "C1234567", "expiry_date": "2040-01-01", "issuing_country": "UTO", "nationality": "UTO",
    }  # fmt: skip
    proofing.document_sealed = proofing.seal(json.dumps(document).encode(), purpose="document")
    proofing.portrait_sealed = proofing.seal(b"\xff\xd8\xffportrait", purpose="portrait")
    proofing.applicant_sealed = proofing.seal(b'{"name": "Typed Name", "email": "t@x.example"}', purpose="applicant")
    proofing.save()
    ProofingDecision.objects.create(
        proofing=proofing, round=1, outcome="verified", decided_at=timezone.now(), threshold=70
    )
    return proofing


@pytest.fixture
def shown(proofing):
    return offers.current_offer(proofing=proofing, at=timezone.now())


@pytest.fixture
def wallet():
    return WireWallet()


@pytest.fixture
def token(wallet, shown):
    answer = wallet.token(wallet.offer(shown.offer_uri), shown.tx_code)
    assert answer.status_code == 200, answer.content
    assert answer.json()["expires_in"] <= 300
    assert answer["Cache-Control"] == "no-store"
    return answer.json()["access_token"]


# --- offer and token


def test_the_offer_does_not_carry_its_transaction_code(wallet, shown):
    offer = wallet.offer(shown.offer_uri)
    assert shown.tx_code not in json.dumps(offer) + shown.offer_uri
    grant = offer["grants"][issuance.PRE_AUTHORIZED_GRANT]
    assert (grant["tx_code"]["length"], grant["tx_code"]["input_mode"]) == (6, "numeric")


def test_i4_an_offer_address_that_is_guessed_or_used_is_not_there(wallet, shown, token):
    assert refused(wallet.client.get("/offers/guess"), "not_found", 404)
    assert refused(wallet.client.get(shown.offer_uri.removeprefix("http://provider.test")), "not_found", 404)


def test_five_wrong_transaction_codes_lock_the_offer(wallet, shown):
    offer = wallet.offer(shown.offer_uri)
    wrong = "000000" if shown.tx_code != "000000" else "111111"
    for _ in range(5):
        assert refused(wallet.token(offer, wrong), "invalid_grant")
    assert refused(wallet.token(offer, shown.tx_code), "invalid_grant")
    assert CredentialOffer.objects.get().locked_at is not None
    assert not AccessToken.objects.exists()


def test_a_locked_offer_is_replaced_a_few_times_on_the_page(wallet, proofing):
    at = timezone.now()
    seen = set()
    for _ in range(5):
        shown = offers.current_offer(proofing=proofing, at=at)
        assert shown.offer_uri not in seen
        seen.add(shown.offer_uri)
        CredentialOffer.objects.filter(locked_at=None).update(locked_at=at)
    with pytest.raises(offers.ProofingOver):
        offers.current_offer(proofing=proofing, at=at)


def test_the_fifth_try_may_still_be_right(wallet, shown):
    offer = wallet.offer(shown.offer_uri)
    wrong = "000000" if shown.tx_code != "000000" else "111111"
    for _ in range(4):
        wallet.token(offer, wrong)
    assert wallet.token(offer, shown.tx_code).status_code == 200


def test_a_code_is_redeemed_once(wallet, shown):
    offer = wallet.offer(shown.offer_uri)
    assert wallet.token(offer, shown.tx_code).status_code == 200
    assert refused(wallet.token(offer, shown.tx_code), "invalid_grant")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": issuance.PRE_AUTHORIZED_GRANT}, "invalid_request"),
        ({"grant_type": issuance.PRE_AUTHORIZED_GRANT, "pre-authorized_code": "x"}, "invalid_grant"),
        ({"grant_type": issuance.PRE_AUTHORIZED_GRANT, "pre-authorized_code": "x", "tx_code": "1"}, "invalid_grant"),
    ],
)
def test_token_errors_are_the_standards(portal, form, code):  # noqa: F811
    assert refused(portal.post("/token", form), code)


def test_a_missing_tx_code_costs_no_try_and_an_expired_code_is_invalid(wallet, shown):
    offer = wallet.offer(shown.offer_uri)
    assert refused(wallet.token(offer, None), "invalid_request")
    assert CredentialOffer.objects.get().wrong_tx_codes == 0
    CredentialOffer.objects.update(expires_at=timezone.now())
    assert refused(wallet.token(offer, shown.tx_code), "invalid_grant")


# --- the credential endpoint's table


def ask_with(wallet, token, **members):
    body = {
        "credential_configuration_id": credential.CONFIGURATION_ID,
        "proofs": {"jwt": [wallet.proof(wallet.nonce())]},
    } | members
    return wallet.request(token, {name: value for name, value in body.items() if value is not None})


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"credential_configuration_id": "Other"}, "unknown_credential_configuration"),
        ({"credential_configuration_id": None}, "invalid_credential_request"),
        ({"credential_configuration_id": 7}, "invalid_credential_request"),
        ({"credential_identifier": "x"}, "invalid_credential_request"),
        ({"credential_configuration_id": None, "credential_identifier": "x"}, "unknown_credential_identifier"),
        ({"proofs": None}, "invalid_proof"),
        ({"proofs": {}}, "invalid_proof"),
        ({"proofs": {"jwt": []}}, "invalid_proof"),
        ({"proofs": {"jwt": ["x"] * 9}}, "invalid_proof"),
        ({"proofs": {"jwt": ["not a jwt"]}}, "invalid_proof"),
        ({"proofs": {"ldp_vp": [{}]}}, "invalid_proof"),
        ({"proofs": None, "proof": {"proof_type": "jwt", "jwt": "x"}}, "invalid_proof"),
        ({"credential_response_encryption": {"alg": "RSA-OAEP"}}, "invalid_encryption_parameters"),
    ],
)
def test_credential_errors_are_the_standards(wallet, token, members, code):
    assert refused(ask_with(wallet, token, **members), code)
    assert not IssuedCredential.objects.exists()


def test_unknown_members_are_ignored(wallet, token):
    assert ask_with(wallet, token, something_new={"a": 1}).status_code == 200


@pytest.mark.parametrize("how", ["none", "guess", "query", "basic", "expired"])
def test_a_missing_or_stale_token_is_401_with_a_challenge(wallet, token, how):
    headers = {"none": {}, "guess": {"authorization": "Bearer guess"}, "basic": {"authorization": f"Basic {token}"}}
    path = f"/credential?access_token={token}" if how == "query" else "/credential"
    if how == "expired":
        AccessToken.objects.update(expires_at=timezone.now())
        headers[how] = {"authorization": f"Bearer {token}"}
    answer = wallet.client.post(path, {}, content_type="application/json", headers=headers.get(how, {}))
    assert refused(answer, "invalid_token", 401)
    assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_i3_a_nonce_that_is_stale_unknown_or_used_is_refused(wallet, token):
    assert refused(wallet.ask(token, [wallet.proof("made-up")]), "invalid_nonce")
    stale = wallet.nonce()
    IssuanceNonce.objects.update(expires_at=timezone.now())
    assert refused(wallet.ask(token, [wallet.proof(stale)]), "invalid_nonce")
    used = wallet.nonce()
    assert wallet.ask(token, [wallet.proof(used)]).status_code == 200
    assert refused(wallet.ask(token, [wallet.proof(used)]), "invalid_nonce")


def test_a_nonce_is_never_cached_and_never_the_same(wallet, portal):  # noqa: F811
    answers = [wallet.client.post("/nonce") for _ in range(20)]
    assert {answer["Cache-Control"] for answer in answers} == {"no-store"}
    assert len({answer.json()["c_nonce"] for answer in answers}) == 20


def forged_proof(wallet, **changes):
    payload = {"aud": "http://provider.test", "iat": jose.seconds(timezone.now()), "nonce": wallet.nonce()}
    payload |= changes.pop("payload", {})
    payload = {name: value for name, value in payload.items() if value is not None}
    return jose.sign(payload, typ=changes.pop("typ", issuance.PROOF_TYP), key=wallet.key, named_by="jwk")


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "JWT"},
        {"typ": "kb+jwt"},
        {"payload": {"aud": "http://other.test"}},
        {"payload": {"aud": ["http://provider.test"]}},
        {"payload": {"nonce": None}},
        {"payload": {"nonce": 7}},
        {"payload": {"iat": None}},
        {"payload": {"iat": True}},
        {"payload": {"iat": "now"}},
        {"payload": {"iat": 10**12}},
        {"payload": {"iat": 1}},
        {"payload": {"iss": "somebody"}},
    ],
    ids=str,
)
def test_a_proof_that_is_not_exactly_right_is_refused(wallet, token, changes):
    assert refused(wallet.ask(token, [forged_proof(wallet, **changes)]), "invalid_proof")


def test_a_proof_with_an_altered_signature_is_refused(wallet, token):
    head, body, signature = wallet.proof(wallet.nonce()).split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert refused(wallet.ask(token, [f"{head}.{body}.{flipped}"]), "invalid_proof")


def test_i7_the_same_key_twice_and_one_bad_proof_issue_nothing(wallet, token):
    nonce = wallet.nonce()
    assert refused(wallet.ask(token, [wallet.proof(nonce), wallet.proof(nonce)]), "invalid_proof")
    good = wallet.proof(nonce, key=keys.generate())
    assert refused(wallet.ask(token, [good, "bad"]), "invalid_proof")
    assert refused(wallet.ask(token, [good, wallet.proof(wallet.nonce())]), "invalid_proof"), "two nonces"
    assert not IssuedCredential.objects.exists()


def test_a_batch_has_own_keys_and_own_places_on_the_list(wallet, token):
    nonce = wallet.nonce()
    answer = wallet.ask(token, [wallet.proof(nonce, key=keys.generate()) for _ in range(8)])
    opened = [sd_jwt.read(entry["credential"]) for entry in answer.json()["credentials"]]
    assert len({json.dumps(c["cnf"]) for c in opened}) == 8
    assert len({c["status"]["status_list"]["idx"] for c in opened}) == 8
    assert len({c["documentNumber"] for c in opened}) == 1


@pytest.mark.parametrize("jwk", ["off_curve", "p384", "rsa", "oct", "private", "jku"])
def test_i8_other_keys_are_refused_and_nothing_is_fetched(wallet, token, jwk, monkeypatch):
    monkeypatch.setattr(http, "fetch", lambda *a, **k: pytest.fail("fetched"))
    good = wallet.key.public_jwk()
    wrong = {
        "off_curve": good | {"y": good["x"]},
        "p384": good | {"crv": "P-384"},
        "rsa": {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        "oct": {"kty": "oct", "k": "AQAB"},
        "private": good | {"d": good["x"]},
        "jku": good | {"jku": "http://127.0.0.1/", "x5u": "http://169.254.169.254/"},
    }[jwk]
    proof = _with_header(wallet, {"jwk": wrong})
    answer = wallet.ask(token, [proof])
    if jwk == "jku":
        assert answer.status_code in {200, 400}
    else:
        assert refused(answer, "invalid_proof")


@pytest.mark.parametrize("kid", ["did:web:127.0.0.1", "did:web:169.254.169.254", "did:jwk:e30", "https://x.test/k"])
def test_i9_a_kid_is_never_fetched(wallet, token, kid, monkeypatch):
    monkeypatch.setattr(http, "fetch", lambda *a, **k: pytest.fail("fetched"))
    assert refused(wallet.ask(token, [_with_header(wallet, {"kid": kid})]), "invalid_proof")


def _with_header(wallet, members):
    """A proof signed by the wallet's key whose header names another one."""
    from jwt.api_jws import PyJWS

    payload = {"aud": "http://provider.test", "iat": jose.seconds(timezone.now()), "nonce": wallet.nonce()}
    headers = {"typ": issuance.PROOF_TYP, **members}
    return PyJWS(algorithms=["ES256"]).encode(
        json.dumps(payload).encode(), wallet.key.private_key, algorithm="ES256", headers=headers
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"credential_configuration_id":"a","credential_configuration_id":"VerifiedIdentity"}',
        b'{"proofs":NaN}',
        b"[" * 100_000,
        b'{"a":1e400}',
        '{"proofs":{}}'.encode("utf-16"),
        b'{"credential_configuration_id":"\\ud800"}',
        b"null",
        b"",
        b"{" + b'"a":' * 20_000,
    ],
    ids=range(9),
)
def test_i10_odd_json_is_400_for_somebody_with_a_token_too(wallet, token, body):
    for path, code in (
        ("/credential", "invalid_credential_request"),
        ("/notification", "invalid_notification_request"),
    ):
        answer = wallet.client.post(
            path, body, content_type="application/json", headers={"authorization": f"Bearer {token}"}
        )
        assert refused(answer, code)


@pytest.mark.parametrize("end", ["cancel", "expire"])
def test_i11_nothing_is_issued_after_the_proofing_ended(wallet, token, proofing, end):
    if end == "cancel":
        steps.cancel(proofing=ProofingSession.objects.get(), at=timezone.now())
    else:
        ProofingSession.objects.update(expires_at=timezone.now())
    assert refused(wallet.ask(token, [wallet.proof(wallet.nonce())]), "credential_request_denied")
    assert not IssuedCredential.objects.exists()


def test_i11_no_token_either_once_the_proofing_ended(wallet, shown, proofing):
    offer = wallet.offer(shown.offer_uri)
    steps.cancel(proofing=ProofingSession.objects.get(), at=timezone.now())
    assert refused(wallet.token(offer, shown.tx_code), "invalid_grant")


def test_one_offer_gives_one_answer(wallet, token):
    assert wallet.ask(token, [wallet.proof(wallet.nonce())]).status_code == 200
    assert refused(wallet.ask(token, [wallet.proof(wallet.nonce())]), "credential_request_denied")


def test_i14_the_credential_says_what_the_document_said(wallet, token):
    compact = wallet.ask(token, [wallet.proof(wallet.nonce())]).json()["credentials"][0]["credential"]
    claims = sd_jwt.read(compact)
    assert claims["fullName"] == "Alice Archer"
    assert "Typed" not in json.dumps(claims)
    visible = jose.peek(compact.split("~")[0]).payload
    assert set(visible) == {"iss", "vct", "iat", "exp", "cnf", "status", "_sd", "_sd_alg"}, (
        "everything else is optional"
    )
    assert visible["iat"] % 3600 == 0, "coarse, so that it links nobody to a visit"


def test_i14_no_portrait_is_larger_than_its_cap():
    """Noise is what JPEG cannot make small."""
    out = BytesIO()
    Image.frombytes("RGB", (2000, 1500), random.Random(7).randbytes(2000 * 1500 * 3)).save(out, "JPEG", quality=95)
    portrait = portraits.for_credential(out.getvalue())
    assert len(portrait) <= policy.PORTRAIT_MAX_BYTES
    assert min(Image.open(BytesIO(portrait)).size) >= 80, "enough for a Face Check"


def test_i5_secrets_are_in_no_log_and_no_error(wallet, shown, caplog):
    caplog.set_level(logging.DEBUG)
    offer = wallet.offer(shown.offer_uri)
    code = offer["grants"][issuance.PRE_AUTHORIZED_GRANT]["pre-authorized_code"]
    answers = [wallet.token(offer, "999999" if shown.tx_code != "999999" else "888888")]
    granted = wallet.token(offer, shown.tx_code).json()["access_token"]
    answers += [wallet.token(offer, shown.tx_code), wallet.ask(granted, ["bad"])]
    issued = wallet.ask(granted, [wallet.proof(wallet.nonce())])
    answers.append(wallet.ask(granted, [wallet.proof(wallet.nonce())]))
    seen = caplog.text + "".join(answer.content.decode() for answer in answers)
    for secret in (code, granted, issued.json()["notification_id"], issued.json()["credentials"][0]["credential"][:60]):
        assert secret not in seen
    assert shown.tx_code not in "".join(answer.content.decode() for answer in answers)


@pytest.mark.parametrize("name", ["request", "event", "path"])
def test_i5_addresses_that_are_secrets_are_not_logged(shown, name):
    offer = shown.offer_uri.removeprefix("http://provider.test")
    for path in (
        offer,
        "/hand-over/guessed-secret",
        "/recover/phone/guessed-secret/",
        f"/verifier/requests/{'a' * 22}",
    ):
        written = redact(None, "info", {name: f"GET {path}?code=x"})[name]
        assert written.startswith("GET /")
        assert "[redacted]" in written
        assert path.rstrip("/").rsplit("/", 1)[-1] not in written


def test_i6_a_notification_belongs_to_its_token(wallet, token, portal):  # noqa: F811
    issued = wallet.ask(token, [wallet.proof(wallet.nonce())]).json()
    other = offers.offer_for_test(
        subject=credential.Subject("A", "B", "1990-01-01", "X", "passport", "1", "2040-01-01", "UTO", "UTO", b"x"),
        at=timezone.now(),
    )
    stranger = WireWallet()
    theirs = stranger.token(stranger.offer(other.offer_uri), other.tx_code).json()["access_token"]

    def tell(bearer, **members):
        return wallet.client.post(
            "/notification",
            {"notification_id": issued["notification_id"], "event": "credential_accepted"} | members,
            content_type="application/json",
            headers={"authorization": f"Bearer {bearer}"},
        )

    assert refused(tell(theirs), "invalid_notification_id")
    assert refused(tell("guess"), "invalid_token", 401)
    assert refused(tell(token, event="dance"), "invalid_notification_request")
    assert refused(tell(token, event=["credential_accepted"]), "invalid_notification_request")
    assert refused(tell(token, notification_id="guess"), "invalid_notification_id")
    assert tell(token).status_code == 204
    assert tell(token).status_code == 204, "idempotent"
    assert IssuedCredential.objects.get().notification_event == "credential_accepted"


def test_i12_descriptions_are_plain_ascii(wallet, token):
    answer = ask_with(wallet, token, credential_configuration_id='Ä"\\')
    assert refused(answer, "unknown_credential_configuration")


def test_test_offers_exist_only_in_an_emulation(portal, settings):  # noqa: F811
    settings.EMULATION = False
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError):
        call_command("issue_test_offer", "--given-name", "A", "--family-name", "B", "--json")
    assert portal.client.get("/specimen/").status_code == 404


def test_a_credential_never_outlives_its_document(portal):  # noqa: F811
    at = timezone.now()
    claims = {"documentExpiryDate": (at + timedelta(days=3)).date().isoformat()}
    issued_at, expires_at = credential.validity(claims, at=at)
    assert issued_at <= at
    assert expires_at <= at + timedelta(days=4)
