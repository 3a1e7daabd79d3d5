"""The provider's records, by who they are about: parties, a proofing, a credential."""

from .issuance import (
    AccessToken,
    CredentialOffer,
    DeferredIssuance,
    IssuanceNonce,
    IssuedCredential,
    StatusListRecord,
    WalletAuthorization,
)
from .operating import OperatorLink, StatusChange
from .parties import ProviderKey, PushedRequest, RelyingParty, SeenAssertion, WalletAttester, WalletClient
from .proofing import (
    AuthorizationCode,
    DecisionCheck,
    HandOff,
    Photo,
    ProofingConsent,
    ProofingDecision,
    ProofingEvent,
    ProofingReview,
    ProofingSession,
)

__all__ = [
    "AccessToken",
    "AuthorizationCode",
    "CredentialOffer",
    "DecisionCheck",
    "DeferredIssuance",
    "HandOff",
    "IssuanceNonce",
    "IssuedCredential",
    "OperatorLink",
    "Photo",
    "ProofingConsent",
    "ProofingDecision",
    "ProofingEvent",
    "ProofingReview",
    "ProofingSession",
    "ProviderKey",
    "PushedRequest",
    "RelyingParty",
    "SeenAssertion",
    "StatusChange",
    "StatusListRecord",
    "WalletAttester",
    "WalletAuthorization",
    "WalletClient",
]
