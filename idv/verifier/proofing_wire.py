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
        return back_channel.push(provider, form, at=at)

    def exchange(self, provider: IdentityProvider, answered: Answered, *, at: datetime) -> Finding:
        token = back_channel.redeem(provider, answered, member=RESULT_MEMBER, at=at)
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
