"""The verifier's records."""

from .face_check import FaceCheck, SealedImage
from .presentation import CachedStatusList, PresentationRequest
from .provider import IdentityProvider, ProofingRequest, SpentResult, VerifierKey

__all__ = [
    "CachedStatusList",
    "FaceCheck",
    "IdentityProvider",
    "PresentationRequest",
    "ProofingRequest",
    "SealedImage",
    "SpentResult",
    "VerifierKey",
]
