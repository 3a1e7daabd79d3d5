"""The wire of a provider that issues a credential: it answers with a signed verdict and no personal data."""

from datetime import datetime

from idv.credentials import jose
from idv.protocol import authorization, messages

from . import back_channel, keys, remote
from .errors import ProofingRefused
from .models import IdentityProvider
from .wire_words import Answered, Finding, Question

# The member of the token answer that holds the provider's signed result.
RESULT_MEMBER = "proofing_result"


class ProofingWire:
    """A signed request object goes out, a signed proofing result comes back."""

    def push(self, provider: IdentityProvider, question: Question, *, at: datetime) -> str:
        endpoints = remote.metadata(provider, at=at)
        request_object = authorization.build_request_object(
            client_id=provider.client_id,
            audience=provider.issuer,
            redirect_uri=question.redirect_uri,
            state=question.state,
            nonce=question.nonce,
            challenge=authorization.code_challenge(question.code_verifier),
            key=keys.signing_key(keys.active_row(at=at)),
            at=at,
            high_assurance=question.high_assurance,
        )
        form = authorization.pushed_request_form(
            client_id=provider.client_id,
            request_object=request_object,
            client_assertion=back_channel.assertion(provider, at=at),
        )
        pushed = back_channel.post(endpoints["pushed_authorization_request_endpoint"], form, expected_status=201)
        return authorization.authorization_url(
            endpoints["authorization_endpoint"],
            client_id=provider.client_id,
            request_uri=back_channel.reference_in(pushed),
        )

    def exchange(self, provider: IdentityProvider, answered: Answered, *, at: datetime) -> Finding:
        form = authorization.token_form(
            code=answered.code,
            redirect_uri=answered.redirect_uri,
            code_verifier=answered.code_verifier,
            client_assertion=back_channel.assertion(provider, at=at),
        )
        answer = back_channel.post(remote.metadata(provider, at=at)["token_endpoint"], form, expected_status=200)
        token = answer.get(RESULT_MEMBER)
        if not isinstance(token, str):
            raise ProofingRefused("result_invalid", "the answer holds no signed result")
        try:
            result = authorization.open_proofing_result(
                token,
                expected_issuer=provider.issuer,
                expected_audience=provider.client_id,
                expected_nonce=answered.nonce,
                jwks=remote.result_keys(provider, jose.peek(token).header.get("kid"), at=at),
                at=at,
                expected_high_assurance=answered.high_assurance,
            )
        except (messages.AuthorizationInvalid, jose.JoseInvalid) as invalid:
            raise ProofingRefused("result_invalid", f"{invalid.code}: {invalid.reason}") from invalid
        return Finding(result.verdict, result.reason_code, result.proofing_reference, result.jti)
