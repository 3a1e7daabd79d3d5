"""What a person may choose and see before sharing: claim sets, transaction data, who a DID is."""

import json

import httpx
import pytest
from django.utils import timezone

from idv.credentials import base64url, certificates, keys
from idv.protocol import dcql, did, transaction_data
from tests.fakes.foreign_issuer import VCT, ForeignIssuer, as_path
from tests.fakes.foreign_verifier import DID, HOST, ForeignVerifier
from tests.flow.wallet_parties import *  # noqa: F403
from tests.flow.wallet_parties import join, receive

SETS = {
    "credentials": [
        {
            "id": "id1",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": [VCT]},
            "claims": [{"id": name, "path": [name]} for name in ("firstName", "lastName", "documentNumber")],
            "claim_sets": [["firstName", "lastName", "documentNumber"], ["firstName"], ["lastName"]],
        }
    ]
}


def entry(**changes):
    members = {
        "credential_ids": ["id1"],
        "account": "a•••@fabrikam.example",
        "purpose": "Recover your account",
        "asked_from": "Firefox on Windows",
    }
    return transaction_data.build(**(members | changes))


def ask(holder, verifier):
    return holder.get(as_path(verifier.link(), "present"))


class TestClaimSets:
    def test_the_verifiers_preference_is_shown_and_the_others_are_offered(self, holder, issuer, houses):
        verifier = join(ForeignVerifier(at=issuer.at, query=SETS))
        receive(holder, issuer)
        ask(holder, verifier)
        assert "Document number X1234567" in holder.text
        assert "would also accept one of these" in holder.text
        holder.submit(answer="share")
        assert set(verifier.verified(issuer).claims) == {"firstName", "lastName", "documentNumber"}

    def test_a_person_may_share_a_smaller_set(self, holder, issuer, houses):
        verifier = join(ForeignVerifier(at=issuer.at, query=SETS))
        receive(holder, issuer)
        ask(holder, verifier)
        holder.get(f"{holder.path}?use=id1:1")
        assert "Given name Alice" in holder.text
        assert "X1234567" not in holder.text
        holder.submit(answer="share", use="id1:1")
        assert set(verifier.verified(issuer).claims) == {"firstName"}

    @pytest.mark.parametrize("token", ["id1:9", "id1:-1", "id2:0", "id1", "<script>"])
    def test_a_choice_that_is_none_leaves_the_preference(self, holder, issuer, houses, token):
        verifier = join(ForeignVerifier(at=issuer.at, query=SETS))
        receive(holder, issuer)
        ask(holder, verifier)
        holder.submit(answer="share", use=token)
        assert set(verifier.verified(issuer).claims) == {"firstName", "lastName", "documentNumber"}


class TestTransactionData:
    def test_it_is_shown_and_signed(self, holder, issuer, houses):
        verifier = join(ForeignVerifier(at=issuer.at, transaction_data=[entry()]))
        receive(holder, issuer)
        ask(holder, verifier)
        assert "Account a•••@fabrikam.example" in holder.text
        assert "Asked from Firefox on Windows" in holder.text
        assert "somebody else is asking: choose Decline" in holder.text
        holder.submit(answer="share")
        binding = verifier.verified(issuer).key_binding
        assert binding["transaction_data_hashes"] == [transaction_data.digest_of(entry())]
        assert binding["transaction_data_hashes_alg"] == "sha-256"

    def test_the_wallet_says_that_it_understands_it(self, holder, issuer, houses):
        verifier = join(ForeignVerifier(at=issuer.at, method="post"))
        receive(holder, issuer)
        ask(holder, verifier)
        assert transaction_data.is_understood_by(verifier.posted[-1]["wallet_metadata"])

    @pytest.mark.parametrize(
        "spoiled",
        [
            base64url.encode(json.dumps({"type": "payment", "credential_ids": ["id1"]}).encode()),
            entry(credential_ids=["another"]),
            entry(credential_ids=[]),
            "not base64url!",
            base64url.encode(b"[]"),
            17,
        ],
        ids=["another type", "another credential", "no credential", "not base64url", "no object", "no text"],
    )
    def test_what_the_wallet_cannot_show_it_does_not_sign(self, holder, issuer, houses, spoiled):
        verifier = join(ForeignVerifier(at=issuer.at, overrides={"transaction_data": [spoiled]}))
        receive(holder, issuer)
        ask(holder, verifier)
        assert holder.heading == "This wallet cannot do that"
        assert verifier.answers == []

    def test_a_second_purpose_behind_the_one_that_is_shown_is_refused(self, holder, issuer, houses):
        both = [entry(), entry(purpose="And something else")]
        verifier = join(ForeignVerifier(at=issuer.at, overrides={"transaction_data": both}))
        receive(holder, issuer)
        ask(holder, verifier)
        assert holder.heading == "This wallet cannot do that"

    def test_markup_and_direction_marks_in_it_are_only_text(self, holder, issuer, houses):
        verifier = join(ForeignVerifier(at=issuer.at, transaction_data=[entry(asked_from="<b>\u202eevil</b>")]))
        receive(holder, issuer)
        ask(holder, verifier)
        assert "&lt;b&gt;evil&lt;/b&gt;" in holder.page


class TestIdentifiers:
    def ask_with(self, holder, issuer, document, **changes):
        verifier = join(ForeignVerifier(at=issuer.at, prefix="decentralized_identifier", **changes))
        if document is not None:
            verifier.faults["did"] = document(verifier) if callable(document) else document
        receive(holder, issuer)
        ask(holder, verifier)
        return verifier

    @pytest.mark.parametrize(
        "document",
        [
            httpx.Response(404),
            httpx.Response(200, content=b"<html>"),
            httpx.Response(302, headers={"Location": "https://elsewhere.test/did.json"}),
            httpx.Response(200, json={"id": "did:web:elsewhere.test"}),
            lambda v: httpx.Response(
                200,
                json=did.document(
                    did=DID,
                    origin=f"https://{HOST}",
                    keys=[keys.SigningKey(private_key=keys.generate().private_key, kid=v.key.kid)],
                    current=[v.key.kid],
                ),
            ),
            lambda v: httpx.Response(
                200, json=did.document(did=DID, origin=f"https://{HOST}", keys=[v.key], current=[])
            ),
            httpx.Response(200, content=b"[" * 100_000),
        ],
        ids=["missing", "a page", "a redirect", "another's", "another key", "a retired key", "nested"],
    )
    def test_a_document_that_does_not_vouch_ends_there(self, holder, issuer, houses, document):
        verifier = self.ask_with(holder, issuer, document)
        assert holder.status == 400
        assert verifier.answers == []

    @pytest.mark.parametrize(
        "identifier",
        [
            "did:web:127.0.0.1",
            "did:web:localhost%3A8000",
            "did:web:169.254.169.254",
            "did:web:user%40verifier.test",
            "did:web:verifier.test%2Fx",
            "did:web:verifier.test:..:x",
            "did:example:123",
            "did:web:",
        ],
    )
    def test_i9_an_identifier_that_points_elsewhere_is_not_fetched(self, holder, issuer, houses, identifier):
        verifier = ForeignVerifier(at=issuer.at, prefix="decentralized_identifier")
        verifier.link_client_id = f"decentralized_identifier:{identifier}"
        join(verifier)
        receive(holder, issuer)
        ask(holder, verifier)
        assert holder.status == 400
        assert "did" not in verifier.calls

    def test_a_did_jwk_needs_no_document(self, holder, issuer, houses):
        verifier = join(ForeignVerifier(at=issuer.at, prefix="decentralized_identifier"))
        identifier = did.of_jwk(verifier.key.public_jwk())
        verifier.client_id = f"decentralized_identifier:{identifier}"
        object.__setattr__(verifier.key, "kid", "0")
        receive(holder, issuer)
        ask(holder, verifier)
        holder.submit(answer="share")
        assert holder.heading == "Success"
        assert "did" not in verifier.calls


def test_a_verifier_that_names_its_authorities_is_offered_what_they_certified(holder, houses):
    issuer = join(ForeignIssuer(at=timezone.now(), by_certificate=True))
    receive(holder, issuer)
    [own] = certificates.authority_key_ids(issuer.key.chain)
    for named, fits in (("c29tZWJvZHkgZWxzZQ", False), (own, True)):
        query = dcql.query(query_id="id1", vcts=[VCT], claims=["firstName"], authority_key_ids=[named])
        ask(holder, join(ForeignVerifier(at=issuer.at, query=query)))
        assert ("Nothing in this wallet is what is being asked for" in holder.text) is not fits
