"""To the provider and back: PAR, PKCE, state, iss, and a signed result that counts once (facts V32, RFC 9126, 9207)."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from idv.credentials import jose, keys
from idv.protocol import authorization
from idv.verifier import errors, flows
from idv.verifier.models import IdentityProvider, ProofingRequest, SpentResult
from recovery_portal.kit import http

from .parties import CALLBACK, PORTAL, Provider


@pytest.fixture
def sent(row: IdentityProvider, at: datetime) -> ProofingRequest:
    return flows.start_proofing(provider=row, correlation_id="attempt-1", redirect_uri=CALLBACK, at=at)


def state_of(provider: Provider) -> str:
    state: str = provider.pushed[-1]["state"]
    return state


def come_back(proofing: ProofingRequest, provider: Provider, at: datetime, **changes: Any) -> flows.ProofingResult:
    members = {"code": "code-1", "issuer": provider.origin, "state": state_of(provider)} | changes
    return flows.finish_proofing(proofing=proofing, at=at, **members)


class TestSending:
    def test_the_browser_carries_nothing_but_a_reference(self, sent: ProofingRequest) -> None:
        parts = urlsplit(sent.authorization_url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://provider.test/authorize"
        assert parse_qs(parts.query) == {"client_id": [PORTAL], "request_uri": ["urn:par:1"]}

    def test_the_pushed_request_is_signed_bound_and_asks_with_pkce(
        self, sent: ProofingRequest, provider: Provider, at: datetime
    ) -> None:
        from idv.verifier.keys import published_jwks

        pushed = provider.pushed[0]
        opened = authorization.open_request_object(
            pushed["form"]["request"],
            expected_client_id=PORTAL,
            expected_audience=provider.origin,
            registered_redirect_uris=[CALLBACK],
            jwks=published_jwks(at=at),
            at=at,
        )
        assert len(opened.state) >= 22
        assert len(opened.nonce) >= 22
        assert pushed["code_challenge_method"] == "S256"
        authorization.open_client_assertion(
            pushed["form"]["client_assertion"],
            expected_client_id=PORTAL,
            expected_audience=provider.origin,
            jwks=published_jwks(at=at),
            at=at,
        )

    def test_state_and_code_verifier_are_not_kept_in_clear(self, sent: ProofingRequest, provider: Provider) -> None:
        assert state_of(provider) not in repr(ProofingRequest.objects.filter(pk=sent.pk).values().get())

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"issuer": "http://other.test"}, "metadata_invalid"),
            ({"authorization_endpoint": "http://evil.example/authorize"}, "metadata_invalid"),
            ({"token_endpoint": "http://169.254.169.254/"}, "metadata_invalid"),
            ({"jwks_uri": None}, "metadata_invalid"),
            ({"authorization_endpoint": "http://["}, "metadata_invalid"),
            ({"authorization_endpoint": "http://provider.test/\0"}, "provider_answered_wrong"),
        ],
    )
    def test_metadata_that_point_elsewhere_are_refused(
        self, row: IdentityProvider, provider: Provider, at: datetime, changes: dict[str, Any], code: str
    ) -> None:
        provider.metadata_changes = changes
        with pytest.raises(errors.ProviderUnavailable, match=code):
            flows.check_provider(provider=row, at=at)

    def test_a_provider_that_is_down_is_noticed_before_anybody_is_sent_away(
        self, row: IdentityProvider, provider: Provider, at: datetime
    ) -> None:
        flows.check_provider(provider=row, at=at)
        provider.down = True
        with pytest.raises(errors.ProviderUnavailable, match="provider_unreachable"):
            flows.check_provider(provider=row, at=at)

    def test_a_disabled_provider_is_not_used(self, row: IdentityProvider, at: datetime) -> None:
        row.enabled = False
        with pytest.raises(errors.ProviderUnavailable, match="provider_disabled"):
            flows.check_provider(provider=row, at=at)
        with pytest.raises(errors.ProviderUnavailable, match="provider_disabled"):
            flows.start_proofing(provider=row, correlation_id="x", redirect_uri=CALLBACK, at=at)

    def test_ssrf_a_provider_at_a_private_address_is_not_fetched(self, at: datetime, db: None) -> None:
        row = IdentityProvider.objects.create(name="Inner", issuer="https://127.0.0.1", client_id=PORTAL)
        with pytest.raises(errors.ProviderUnavailable, match="address_refused"):
            flows.check_provider(provider=row, at=at)


class TestComingBack:
    def test_a_verified_result_is_recorded(self, sent: ProofingRequest, provider: Provider, at: datetime) -> None:
        assert come_back(sent, provider, at) == flows.ProofingResult("verified", "", "proofing-1")
        sent.refresh_from_db()
        assert (sent.status, sent.proofing_reference) == ("verified", "proofing-1")
        [form] = provider.exchanged
        assert form["redirect_uri"] == CALLBACK
        assert authorization.code_challenge(form["code_verifier"]) == provider.pushed[0]["code_challenge"]

    def test_a_declined_result_is_recorded(self, sent: ProofingRequest, provider: Provider, at: datetime) -> None:
        provider.result_changes = {"verdict": "declined", "reason_code": "face_mismatch"}
        assert come_back(sent, provider, at).verdict == "declined"
        sent.refresh_from_db()
        assert (sent.status, sent.reason_code) == ("declined", "face_mismatch")

    @pytest.mark.parametrize("state", ["", "forged", "x" * 10_000])
    def test_a_forged_state_touches_nothing(
        self, sent: ProofingRequest, provider: Provider, at: datetime, state: str
    ) -> None:
        with pytest.raises(errors.ProofingRefused, match="proofing_unknown_state"):
            come_back(sent, provider, at, state=state)
        assert come_back(sent, provider, at).verdict == "verified"

    def test_the_state_is_good_once(self, sent: ProofingRequest, provider: Provider, at: datetime) -> None:
        come_back(sent, provider, at)
        with pytest.raises(errors.ProofingRefused, match="proofing_unknown_state"):
            come_back(ProofingRequest.objects.get(pk=sent.pk), provider, at)
        assert len(provider.exchanged) == 1

    def test_the_state_of_another_attempt_is_refused(
        self, sent: ProofingRequest, row: IdentityProvider, provider: Provider, at: datetime
    ) -> None:
        flows.start_proofing(provider=row, correlation_id="attempt-2", redirect_uri=CALLBACK, at=at)
        with pytest.raises(errors.ProofingRefused, match="proofing_unknown_state"):
            come_back(sent, provider, at)  # brings the state of attempt 2

    def test_it_is_too_late_after_an_hour(self, sent: ProofingRequest, provider: Provider, at: datetime) -> None:
        with pytest.raises(errors.ProofingRefused, match="proofing_unknown_state"):
            come_back(sent, provider, at + timedelta(minutes=60))

    def test_mix_up_a_code_from_another_provider_is_not_carried_anywhere(
        self, sent: ProofingRequest, provider: Provider, at: datetime
    ) -> None:
        other = Provider("http://other.test", at)
        other.row()
        with pytest.raises(errors.ProofingRefused, match="issuer_mismatch"):
            come_back(sent, provider, at, issuer=other.origin)
        assert provider.exchanged == other.exchanged == []
        sent.refresh_from_db()
        assert (sent.status, sent.reason_code, sent.code_verifier_sealed) == ("refused", "issuer_mismatch", None)

    @pytest.mark.parametrize(
        "bend",
        [
            lambda p: p.result(key=keys.generate("unknown")),
            lambda p: p.result(key=keys.generate(p.result_key.kid)),
            lambda p: p.result(key=p.credential_key),
            lambda p: p.result(issuer="http://other.test"),
            lambda p: p.result(audience="http://another-portal.test"),
            lambda p: p.result(nonce="another"),
            lambda p: p.result(at=p.at - timedelta(hours=1)),
            lambda p: p.result(at=p.at + timedelta(hours=1)),
            lambda p: p.result(verdict="maybe"),
            lambda p: p.result(verdict="declined", reason_code="\0"),
            lambda p: p.result(proofing_reference="pf\0"),
            lambda p: p.result()[:-8] + "AAAAAAAA",
            lambda p: "eyJhbGciOiJub25lIn0." + p.result().split(".")[1] + ".",
            lambda p: jose.sign(jose.peek(p.result()).payload, typ="JWT", key=p.result_key),
            lambda p: p.credential(keys.generate()),
            lambda p: "[" * 10_000,
        ],
        ids=[
            "unknown kid",
            "same kid, other key",
            "credential key",
            "iss",
            "aud",
            "nonce",
            "expired",
            "future",
            "verdict",
            "NUL as the reason",
            "NUL in the reference",
            "signature",
            "alg none",
            "typ",
            "a credential in its place",
            "garbage",
        ],
    )
    def test_v31_a_result_that_does_not_verify_ends_the_request(
        self, sent: ProofingRequest, provider: Provider, at: datetime, bend: Any
    ) -> None:
        provider.result_token = bend(provider)
        with pytest.raises(errors.ProofingRefused, match="result_invalid"):
            come_back(sent, provider, at)
        sent.refresh_from_db()
        assert (sent.status, sent.reason_code, sent.proofing_reference) == ("refused", "result_invalid", "")
        assert not SpentResult.objects.exists()

    def test_an_answer_with_less_assurance_than_asked_for_ends_the_request(
        self, row: IdentityProvider, provider: Provider, at: datetime
    ) -> None:
        for promised, status in ((False, "refused"), (True, "verified")):
            asked = flows.start_proofing(
                provider=row, correlation_id="attempt-1", redirect_uri=CALLBACK, at=at, high_assurance=True
            )
            assert provider.pushed[-1]["acr_values"] == authorization.HIGH_ASSURANCE
            provider.result_changes = {"high_assurance": promised}
            if promised:
                come_back(asked, provider, at)
            else:
                with pytest.raises(errors.ProofingRefused, match="result_invalid"):
                    come_back(asked, provider, at)
            asked.refresh_from_db()
            assert asked.status == status

    def test_a_result_is_used_once(
        self, sent: ProofingRequest, row: IdentityProvider, provider: Provider, at: datetime
    ) -> None:
        from recovery_portal.kit import tokens

        provider.result_token = provider.result()
        jti = jose.peek(provider.result_token).payload["jti"]
        SpentResult.objects.create(provider=row, jti_digest=tokens.digest(jti), expires_at=at)
        with pytest.raises(errors.ProofingRefused, match="result_replayed"):
            come_back(sent, provider, at)

    def test_rotated_keys_are_fetched_again(
        self, sent: ProofingRequest, row: IdentityProvider, provider: Provider, at: datetime
    ) -> None:
        come_back(sent, provider, at)
        provider.result_key = keys.generate()
        later = at + timedelta(minutes=1)
        provider.at = later
        second = flows.start_proofing(provider=row, correlation_id="attempt-2", redirect_uri=CALLBACK, at=later)
        assert come_back(second, provider, later).verdict == "verified"
        assert provider.fetched.count("/jwks") == 2

    def test_the_provider_lost_at_the_exchange_ends_the_request_calmly(
        self, sent: ProofingRequest, provider: Provider, at: datetime
    ) -> None:
        provider.down = True
        with pytest.raises(errors.ProofingRefused, match="provider_unreachable"):
            come_back(sent, provider, at)

    def test_an_error_in_place_of_a_code_declines(
        self, sent: ProofingRequest, provider: Provider, at: datetime
    ) -> None:
        result = flows.decline_proofing(
            proofing=sent, error="access_denied", issuer=provider.origin, state=state_of(provider), at=at
        )
        assert (result.verdict, result.reason_code) == ("declined", "access_denied")
        with pytest.raises(errors.ProofingRefused, match="proofing_unknown_state"):
            come_back(sent, provider, at)

    def test_an_error_with_a_forged_state_or_issuer_declines_nothing(
        self, sent: ProofingRequest, provider: Provider, at: datetime
    ) -> None:
        with pytest.raises(errors.ProofingRefused, match="proofing_unknown_state"):
            flows.decline_proofing(proofing=sent, error="access_denied", issuer=provider.origin, state="forged", at=at)
        sent.refresh_from_db()
        assert sent.status == "sent"


def test_the_guarded_client_is_the_only_one(provider: Provider) -> None:
    """Nothing in this room opens a connection by itself."""
    from pathlib import Path

    import idv.verifier

    sources = "\n".join(path.read_text() for path in Path(idv.verifier.__file__).parent.rglob("*.py"))
    assert "import httpx" not in sources
    assert "import requests" not in sources
    assert "urllib.request" not in sources
    assert http.transports
