"""The issuer's table of errors (OpenID4VCI 1.0 sections 6.3, 8.3.1, 9.3, 11.3), row by row, and what all rows share."""

import json

import pytest
from django.utils import timezone

from idv.credentials import keys
from idv.protocol import issuance
from idv.provider.models import AccessToken, CredentialOffer, IssuanceNonce, IssuedCredential
from tests.fakes.wire_wallet import FORM, FullWallet, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401

pytestmark = pytest.mark.usefixtures("portal")
PRE = issuance.PRE_AUTHORIZED_GRANT


class Case:
    """A wallet with an offer, and, once ``token`` was called, with a token."""

    def __init__(self, **offered):
        self.wallet = FullWallet()
        self.shown = offer_for_test(**offered)
        self.code = self.wallet.offer(self.shown.offer_uri)["grants"][PRE]["pre-authorized_code"]

    def form(self, **members):
        form = {"grant_type": PRE, "pre-authorized_code": self.code, "tx_code": self.shown.tx_code} | members
        sent = {name: value for name, value in form.items() if value is not None}
        return self.wallet.post("/token", sent, content_type=FORM)

    def token(self):
        assert self.wallet._took(self.form()).status_code == 200
        return self

    def credential(self, **changes):
        return self.wallet.credential(**changes)

    def proofs(self, *proofs):
        return self.credential(proofs={"jwt": list(proofs)})


def _wrong(case):
    return "000000" if case.shown.tx_code != "000000" else "111111"


def _spend(case):
    case.form()
    return case.form()


def _expire(model, answer, **changes):
    model.objects.update(**(changes or {"expires_at": timezone.now()}))
    return answer()


TABLE = {
    # section 6.3, the token endpoint
    "invalid_request: tx_code missing": (400, lambda: Case().form(tx_code=None)),
    "invalid_request: tx_code not expected": (400, lambda: Case(with_tx_code=False).form(tx_code="123456")),
    "invalid_request: no code": (400, lambda: Case().form(**{"pre-authorized_code": None})),
    "invalid_request: no grant_type": (400, lambda: Case().form(grant_type=None)),
    "invalid_grant: wrong tx_code": (400, lambda: (lambda c: c.form(tx_code=_wrong(c)))(Case())),
    "invalid_grant: unknown code": (400, lambda: Case().form(**{"pre-authorized_code": "guess"})),
    "invalid_grant: used code": (400, lambda: _spend(Case())),
    "invalid_grant: expired code": (400, lambda: (lambda c: _expire(CredentialOffer, c.form))(Case())),
    "unsupported_grant_type": (400, lambda: Case().form(grant_type="client_credentials")),
    "invalid_client: unknown client": (401, lambda: Case().form(grant_type="authorization_code", client_id="x")),
    "invalid_authorization_details": (400, lambda: Case().form(authorization_details="[]")),
    # section 8.3.1, the credential endpoint
    "invalid_credential_request: neither name": (
        400, lambda: Case().token().credential(credential_configuration_id=None)),
    "invalid_credential_request: both names": (400, lambda: Case().token().credential(credential_identifier="x")),
    "invalid_credential_request: not an object": (
        400, lambda: Case().token().wallet.post("/credential", "[]", content_type="application/json")),
    "invalid_credential_request: malformed": (
        400, lambda: Case().token().wallet.post("/credential", "{", content_type="application/json")),
    "invalid_credential_request: repeated": (400, lambda: Case().token().wallet.post(
        "/credential", '{"proofs":{},"proofs":{}}', content_type="application/json")),
    "unknown_credential_configuration": (
        400, lambda: Case().token().credential(credential_configuration_id="Other")),
    "unknown_credential_identifier": (400, lambda: Case().token().credential(
        credential_configuration_id=None, credential_identifier="other")),
    "invalid_proof: proofs missing": (400, lambda: Case().token().credential(proofs=None)),
    "invalid_proof: proof of a draft": (400, lambda: Case().token().credential(proofs=None, proof={"jwt": "x"})),
    "invalid_proof: two types": (400, lambda: Case().token().credential(proofs={"jwt": ["x"], "di_vp": [{}]})),
    "invalid_proof: not a JWT": (400, lambda: Case().token().proofs("x")),
    "invalid_proof: no c_nonce": (400, lambda: (lambda c: c.proofs(c.wallet.proof("")))(Case().token())),
    "invalid_proof: one key twice": (
        400, lambda: (lambda c, n: c.proofs(c.wallet.proof(n), c.wallet.proof(n)))(*_with_nonce())),
    "invalid_proof: one of several is bad": (
        400, lambda: (lambda c, n: c.proofs(c.wallet.proof(n), "x"))(*_with_nonce())),
    "invalid_nonce: unknown": (400, lambda: (lambda c: c.proofs(c.wallet.proof("guess")))(Case().token())),
    "invalid_nonce: stale": (400, lambda: (lambda c, n: _expire(
        IssuanceNonce, lambda: c.proofs(c.wallet.proof(n))))(*_with_nonce())),
    "invalid_nonce: used": (400, lambda: (lambda c, n: (
        Case().token().proofs(c.wallet.proof(n)), c.proofs(c.wallet.proof(n)))[1])(*_with_nonce())),
    "invalid_encryption_parameters": (
        400, lambda: Case().token().credential(credential_response_encryption={"enc": "none"})),
    "credential_request_denied: will not issue": (400, lambda: Case(is_denied=True).token().credential()),
    "credential_request_denied: issued before": (
        400, lambda: (lambda c: (c.credential(), c.credential())[1])(Case().token())),
    "invalid_token: missing": (401, lambda: Case().credential()),
    "invalid_token: expired": (401, lambda: (lambda c: _expire(AccessToken, c.credential))(Case().token())),
    # section 9.3, the deferred credential endpoint
    "invalid_transaction_id: unknown": (400, lambda: Case().token().wallet.deferred("guess")),
    "invalid_transaction_id: another wallet's": (400, lambda: Case().token().wallet.deferred(
        Case(ready_after_s=0).token().credential().json()["transaction_id"])),
    "credential_request_denied: in the end": (400, lambda: (lambda c: c.wallet.deferred(
        c.credential().json()["transaction_id"]))(Case(ready_after_s=0, is_denied=True).token())),
    # section 11.3, the notification endpoint
    "invalid_notification_id": (400, lambda: Case().token().wallet.notify(
        notification_id="guess", event="credential_accepted")),
    "invalid_notification_request": (400, lambda: Case().token().wallet.notify(notification_id="guess")),
}  # fmt: skip


def _with_nonce():
    case = Case().token()
    return case, case.wallet.nonce()


@pytest.mark.parametrize("row", TABLE)
def test_the_error_table(row):
    status, provoke = TABLE[row]
    answer = provoke()
    assert answer.status_code == status, answer.content
    assert answer.json()["error"] == row.partition(":")[0]
    # What every error shares: JSON in clear, not to be kept, and a description that any client can print (I12).
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert set(answer.json()) <= {"error", "error_description"}
    description = answer.json().get("error_description", "")
    assert all(0x20 <= ord(character) <= 0x7E and character not in '"\\' for character in description)
    if status == 401 and "token" in row:
        assert answer["WWW-Authenticate"].startswith("Bearer ")


def test_every_code_of_the_standard_has_its_row():
    rows = {row.partition(":")[0] for row in TABLE}
    assert rows >= issuance.CREDENTIAL_ERRORS | issuance.TOKEN_ERRORS


def test_a_refused_request_issues_nothing_and_says_no_secret():
    case = Case()
    bad = case.form(tx_code=_wrong(case)).content.decode() + case.form(tx_code=None).content.decode()
    case.token()
    nonce = case.wallet.nonce()
    key = keys.generate()
    bad += case.proofs(case.wallet.proof(nonce, key=key), "x").content.decode()
    bad += json.dumps(case.wallet.deferred("t" * 30).json())
    for secret in (case.code, case.shown.tx_code, case.wallet.access_token, nonce, "t" * 30):
        assert secret not in bad
    assert not IssuedCredential.objects.exists()
