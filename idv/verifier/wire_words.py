"""What every wire asks and answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Question:
    """One request of this portal; everything but ``redirect_uri`` is made for it and used once."""

    redirect_uri: str
    state: str
    nonce: str
    code_verifier: str = field(repr=False)
    high_assurance: bool = False


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The code that the browser brought, and what its exchange is held against."""

    code: str = field(repr=False)
    code_verifier: str = field(repr=False)
    redirect_uri: str
    nonce: str
    high_assurance: bool = False


@dataclass(frozen=True)
class Finding:
    """The provider's word. ``jti`` counts once. ``claims`` are there where the provider itself says who it is, in place
    of a credential that the person presents: accepted already, as they will be sealed."""

    verdict: str
    reason_code: str
    reference: str
    jti: str
    claims: Mapping[str, str] | None = field(default=None, repr=False)
