"""The wire of any OpenID Provider that verifies people (OpenID Connect for Identity Assurance).

Such a provider issues no credential, so nothing travels through a wallet: what the wallet would have presented, names
and a portrait, comes in the ID token itself, signed and on the back channel. The rest of a recovery is the same: the
live face is held against that portrait, and the names against the account. Decided so, and not by asking people for a
credential afterwards, because a generic provider has none; and a portrait is demanded, because without one the Face
Check, which ties the person at this device to the one who was verified, would have nothing to compare.

What is asked of it: pushed requests and PKCE (FAPI 2.0), ``private_key_jwt``, ``iss`` in the answer (RFC 9207:
one portal has several providers), an ID token by a pinned algorithm, verified claims of a document checked within the
hour, and the portrait embedded in its evidence.
"""

from datetime import datetime
from typing import Final

from idv.protocol import authorization, identity_assurance
from idv.protocol.identity_assurance import IdentityInvalid

from . import back_channel, claims, policy, remote
from .errors import PresentationRefused, ProofingRefused
from .models import IdentityProvider
from .wire_words import Answered, Finding, Question

TOKEN_MEMBER: Final = "id_token"  # noqa: S105 - a name


class OidcWire:
    """PAR out, an ID token with verified claims back."""

    def push(self, provider: IdentityProvider, question: Question, *, at: datetime) -> str:
        form = identity_assurance.request_parameters(
            client_id=provider.client_id,
            redirect_uri=question.redirect_uri,
            state=question.state,
            nonce=question.nonce,
            challenge=authorization.code_challenge(question.code_verifier),
            max_age=policy.PROOFING_LIFETIME,
            high_assurance=question.high_assurance,
        )
        form |= {
            "client_assertion_type": authorization.ASSERTION_TYPE,
            "client_assertion": back_channel.assertion(provider, at=at),
        }
        return back_channel.push(provider, form, at=at)

    def exchange(self, provider: IdentityProvider, answered: Answered, *, at: datetime) -> Finding:
        token = back_channel.redeem(
            provider,
            answered,
            member=TOKEN_MEMBER,
            at=at,
            max_bytes=identity_assurance.MAX_TOKEN_BYTES * 4 // 3 + 16_384,
            client_id=provider.client_id,
        )
        try:
            payload = identity_assurance.open_id_token(
                token,
                expected_issuer=provider.issuer,
                expected_client_id=provider.client_id,
                expected_nonce=answered.nonce,
                jwks=remote.result_keys(provider, identity_assurance.peek_kid(token), at=at),
                algorithms=provider.pinned_algorithms,
                at=at,
            )
            person = identity_assurance.read_person(
                payload,
                trust_frameworks=provider.trust_frameworks,
                max_age=policy.PROOFING_LIFETIME,
                high_assurance=answered.high_assurance,
                at=at,
            )
            accepted = claims.accept(person.claims, further=[n for n in claims.FURTHER if n in person.claims])
        except (IdentityInvalid, PresentationRefused) as invalid:
            raise ProofingRefused("result_invalid", f"{invalid.code}: {invalid.reason}") from invalid
        # The nonce was made for this request and is burned with it: a token counts as often as its nonce.
        return Finding("verified", "", person.reference, f"nonce:{answered.nonce}", accepted)
