"""A W3C credential as a JWT in the wallet: received, shown, and presented whole or not at all."""

import pytest
from django.utils import timezone

from idv.credentials import jose, verify_jwt
from idv.credentials.keys import thumbprint
from idv.credentials.trust import TrustedIssuer, TrustedIssuers
from idv.protocol import dcql, transaction_data
from idv.wallet.models import CredentialCopy, HeldCredential
from tests.fakes.foreign_issuer import DID, TYPE, URL, ForeignIssuer
from tests.fakes.foreign_verifier import NoStatus
from tests.flow.test_wallet_present import ask
from tests.flow.wallet_parties import *  # noqa: F403
from tests.flow.wallet_parties import join, receive

pytestmark = pytest.mark.usefixtures("houses")


@pytest.fixture
def issuer(houses):
    return join(ForeignIssuer(at=timezone.now(), format="jwt_vc_json", as_did=True))


def jwt_query(credential_type=TYPE, claims=("firstName",)):
    return dcql.jwt_query(query_id="id1", credential_type=credential_type, claims=list(claims))


@pytest.mark.parametrize("as_did", [True, False])
def test_a_jwt_credential_is_received_and_shown_with_its_labels(holder, issuer, as_did):
    issuer.as_did = as_did
    receive(holder, issuer)
    assert holder.heading == "Success"
    held = HeldCredential.objects.get()
    assert (held.format, held.credential_type, held.issuer) == ("jwt_vc_json", TYPE, DID if as_did else URL)
    holder.get(f"/verified-ids/{held.pk}/")
    assert "Given name Alice" in holder.text
    assert f'src="{issuer.claims["portrait"]}"' in holder.page.replace("&#x2B;", "+")


def test_a_batch_of_them_binds_every_copy_to_a_did_of_its_own(holder, issuer):
    issuer.batch_size = 3
    receive(holder, issuer)
    assert CredentialCopy.objects.count() == 3


def test_sharing_shows_everything_and_gives_a_presentation_that_verifies(holder, issuer, verifier):
    verifier.query = jwt_query()
    receive(holder, issuer)
    ask(holder, verifier)
    assert holder.heading == "Share your Verified ID?"
    assert "Family name Archer" in holder.text  # not asked for, and cannot be withheld
    holder.submit(answer="share")
    (presented,) = verifier.opened().vp_token["id1"]
    trusted = TrustedIssuer(
        issuer=URL, vcts=frozenset({"known-as"}), jwks=[issuer.key.jwks_entry()], status_required=False
    )
    verified = verify_jwt.presentation(
        presented,
        expected_nonce="nonce-of-the-verifier",
        expected_audience=verifier.client_id,
        expected_type=TYPE,
        expected_vct="known-as",
        issuer=URL,
        issuer_did=DID,
        trusted=TrustedIssuers([trusted]),
        status=NoStatus(),
        at=issuer.at,
    )
    assert verified.claims == issuer.claims
    assert thumbprint(verified.holder_jwk)
    assert jose.peek(presented).header["kid"].endswith("#0")


@pytest.mark.parametrize(
    "types",
    [
        [["https://www.w3.org/2018/credentials#VerifiableCredential", TYPE]],
        [["Other"], [TYPE]],
        [["VerifiableCredential"]],
    ],
)
def test_a_query_by_any_of_its_types_finds_it(holder, issuer, verifier, types):
    verifier.query = {"credentials": [{"id": "id1", "format": "jwt_vc_json", "meta": {"type_values": types}}]}
    receive(holder, issuer)
    ask(holder, verifier)
    assert holder.heading == "Share your Verified ID?"


@pytest.mark.parametrize(
    "query",
    [
        jwt_query("OtherCredential"),
        jwt_query(claims=["middleName"]),
        dcql.query(query_id="id1", vcts=[TYPE], claims=["firstName"]),
        {"credentials": [{"id": "id1", "format": "jwt_vc_json", "meta": {"type_values": [[TYPE, "Other"]]}}]},
        {"credentials": [{"id": "id1", "format": "mso_mdoc", "meta": {"doctype_value": TYPE}}]},
    ],
)
def test_another_type_claim_or_format_is_not_what_is_asked_for(holder, issuer, verifier, query):
    verifier.query = query
    receive(holder, issuer)
    ask(holder, verifier)
    assert "Nothing in this wallet" in holder.text


def test_what_must_be_signed_with_a_purpose_is_not_answered_in_this_format(holder, issuer, verifier):
    verifier.query = jwt_query()
    verifier.transaction_data = [
        transaction_data.build(credential_ids=["id1"], account="a***", purpose="Recover", asked_from="")
    ]
    receive(holder, issuer)
    ask(holder, verifier)
    assert "Nothing in this wallet" in holder.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"wrong_holder": True},
        {"signed_by_stranger": True},
        {"changes_in_vc": {"issuer": "did:web:elsewhere.test"}},
        {"changes_in_vc": {"type": ["VerifiableCredential", "Other"]}},
        {"changes_in_vc": {"credentialSubject": {"id": "did:jwk:somebody"}}},
        {"changes_in_vc": {"credentialSubject": "Alice"}},
    ],
    ids=str,
)
def test_a_jwt_credential_that_is_not_genuine_is_not_stored(holder, issuer, wrong):
    for name, value in wrong.items():
        setattr(issuer, name, value)
    receive(holder, issuer)
    assert holder.heading == "The Verified ID was not genuine"
    assert not HeldCredential.objects.exists()
    assert issuer.notifications == [{"notification_id": "n-1", "event": "credential_failure"}]


def test_an_sd_jwt_in_place_of_a_jwt_credential_is_not_stored(holder, issuer):
    issuer.issue = lambda holder_jwk: "a~b~"
    receive(holder, issuer)
    assert holder.heading == "The Verified ID was not genuine"
