"""The formats in which a wallet may present the identity, side by side (rules).

A format says how the identity is asked for and how an answer is believed; everything else about a request is the same
for all of them. Another format, such as mdoc, is another class here and another entry of ``FORMATS``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from idv.credentials import verify, verify_jwt
from idv.credentials.status_list import StatusSource
from idv.credentials.trust import TrustedIssuers
from idv.credentials.verify import VerifiedPresentation
from idv.protocol import dcql, did

from . import trust
from .trust import Asked


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a presentation must answer: whose credential, for which request, to whom."""

    provider: Asked
    nonce: str
    audience: str
    trusted: TrustedIssuers
    status: StatusSource


class CredentialFormat(Protocol):
    """One way to ask for the identity and to believe it."""

    #: The name of its credential query, by which the answer says which format it is.
    query_id: str
    #: Whether its holder can sign what the presentation is for.
    signs_transaction_data: bool

    def query(self, provider: Asked, *, asked: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
        """The query for ``asked``, content with ``required``; the two are equal when all of it must come."""
        ...

    def verify(self, presented: str, expected: Expected, *, at: datetime) -> VerifiedPresentation:
        """The presentation, by the numbered list of its format. Raises DomainErrors, PresentationInvalid above all."""
        ...

    def as_asked(self, verified: VerifiedPresentation) -> Mapping[str, Any]:
        """The claims where the query's paths look for them."""
        ...


class SdJwtFormat:
    """SD-JWT VC with a key binding."""

    query_id = "identity"
    signs_transaction_data = True

    def query(self, provider: Asked, *, asked: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
        return dcql.query(
            query_id=self.query_id,
            vcts=provider.allowed_vcts,
            claims=asked,
            claim_sets=() if list(asked) == list(required) else (asked, required),
            authority_key_ids=trust.believed_authorities(provider),
        )

    def verify(self, presented: str, expected: Expected, *, at: datetime) -> VerifiedPresentation:
        return verify.presentation(
            presented,
            expected_nonce=expected.nonce,
            expected_audience=expected.audience,
            expected_vcts=expected.provider.allowed_vcts,
            trusted=expected.trusted,
            status=expected.status,
            at=at,
        )

    def as_asked(self, verified: VerifiedPresentation) -> Mapping[str, Any]:
        return verified.claims


class JwtVcFormat:
    """A W3C credential as a JWT, in a presentation that is one, too."""

    query_id = "identity_jwt"
    signs_transaction_data = False

    def query(self, provider: Asked, *, asked: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
        # It has no claim sets to choose from: nothing of it can be withheld anyway.
        return dcql.jwt_query(query_id=self.query_id, credential_type=trust.type_name(provider), claims=required)

    def verify(self, presented: str, expected: Expected, *, at: datetime) -> VerifiedPresentation:
        return verify_jwt.presentation(
            presented,
            expected_nonce=expected.nonce,
            expected_audience=expected.audience,
            expected_type=trust.type_name(expected.provider),
            expected_vct=expected.provider.allowed_vcts[0],
            issuer=expected.provider.issuer,
            issuer_did=did.web(expected.provider.issuer),
            trusted=expected.trusted,
            status=expected.status,
            at=at,
        )

    def as_asked(self, verified: VerifiedPresentation) -> Mapping[str, Any]:
        return {"credentialSubject": verified.claims}


#: By the name that stands in requests; the first is every wallet's first.
FORMATS: Mapping[str, CredentialFormat] = {dcql.FORMAT: SdJwtFormat(), dcql.JWT_FORMAT: JwtVcFormat()}
ANY = "any"


def chosen(name: str) -> list[CredentialFormat]:
    """The formats that a request with this choice takes, the preferred one first."""
    return list(FORMATS.values()) if name == ANY else [FORMATS[name]]


def of_answer(query_id: str) -> CredentialFormat:
    """The format of an answer to this query. Raises DcqlInvalid."""
    for known in FORMATS.values():
        if known.query_id == query_id:
            return known
    raise dcql.DcqlInvalid("vp_token_unasked", "an answer to a query that was not asked")
