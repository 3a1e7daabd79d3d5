"""The verifier's records."""

from .face_check import FaceCheck, SealedImage
from .presentation import PresentationRequest
from .provider import IdentityProvider, ProofingRequest, SpentResult, TypeAuthority, VerifierKey

__all__ = [
    "FaceCheck",
    "IdentityProvider",
    "PresentationRequest",
    "ProofingRequest",
    "SealedImage",
    "SpentResult",
    "TypeAuthority",
    "VerifierKey",
]
