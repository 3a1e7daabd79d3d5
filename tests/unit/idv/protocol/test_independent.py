"""What other people's code made (tests/vectors/independent_wallet.json names it); all keys in it are test keys."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from idv.credentials import keys, sd_jwt, trust, verify
from idv.protocol import dcql, presentation

from ..credentials.world import ISSUER, VCT, FixedStatus

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "independent_wallet.json").read_text(encoding="utf-8"))
AT = datetime.fromtimestamp(VECTORS["at"], UTC)
TRUSTED = trust.TrustedIssuers([trust.TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT}), jwks=VECTORS["issuer_jwks"])])
HOLDER = keys.from_pem(VECTORS["holder_private_key"])


def verified(vp: str, at: datetime = AT) -> verify.VerifiedPresentation:
    return verify.presentation(
        vp,
        expected_nonce=VECTORS["nonce"],
        expected_audience=VECTORS["audience"],
        expected_vcts=[VCT],
        trusted=TRUSTED,
        status=FixedStatus(),
        at=at,
    )


def test_we_believe_a_presentation_that_an_independent_wallet_made() -> None:
    assert verified(VECTORS["presentation"]).claims == {"firstName": "Alice", "lastName": "Möbius", "kind": "specimen"}


def test_our_wallet_keeps_and_presents_an_independent_issuers_credential() -> None:
    received = verify.credential(VECTORS["credential"], expected_holder_jwk=HOLDER.public_jwk(), trusted=TRUSTED, at=AT)
    assert received.claims["lastName"] == "Möbius"
    vp = sd_jwt.present(
        VECTORS["credential"],
        disclose=["lastName"],
        audience=VECTORS["audience"],
        nonce=VECTORS["nonce"],
        holder_key=HOLDER,
        at=AT,
    )
    assert verified(vp).claims == {"lastName": "Möbius", "kind": "specimen"}


@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_we_open_an_answer_that_independent_code_encrypted(enc: str) -> None:
    key = keys.encryption_from_pem(VECTORS["encryption_private_key"], kid=VECTORS["encryption_kid"])
    response = presentation.open_response(
        {"response": VECTORS["responses"][enc]}, key=key, expected_state="state-of-128-bits-here"
    )
    query = dcql.query(query_id="identity", vcts=[VCT], claims=["firstName", "lastName"])
    (vp,) = dcql.require_response_shape(query, response.vp_token)["identity"]
    dcql.require_claims(query, "identity", verified(vp).claims)


def test_the_same_presentation_is_stale_ten_minutes_later() -> None:
    with pytest.raises(verify.PresentationInvalid) as refusal:
        verified(VECTORS["presentation"], AT + timedelta(minutes=10))
    assert refusal.value.code == "key_binding_stale"
