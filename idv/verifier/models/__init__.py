"""The verifier's records."""

from .face_check import FaceCheck, SealedImage
from .presentation import PresentationRequest
from .provider import IdentityProvider, ProofingRequest, SpentResult, TypeAuthority, VerifierKey
from .registry import ProviderCondition

__all__ = [
    "FaceCheck",
    "IdentityProvider",
    "PresentationRequest",
    "ProofingRequest",
    "ProviderCondition",
    "SealedImage",
    "SpentResult",
    "TypeAuthority",
    "VerifierKey",
]
