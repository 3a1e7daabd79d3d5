"""What the portal does with providers, wallets and faces. Import from here; the modules are rooms inside."""

from .adopting import adopt_claims
from .answering import Answer, receive_answer, serve_request
from .face_check import begin_face_check, check_face, resume_face_check, submit_frames, tries_left, waiting_before
from .presenting import RequestWire, collect, read_claims, request_presentation
from .proofing import (
    ProofingResult,
    check_provider,
    decline_proofing,
    finish_proofing,
    start_proofing,
    try_connection,
)
from .purging import cancel_presentation, forget, purge

__all__ = [
    "Answer",
    "ProofingResult",
    "RequestWire",
    "adopt_claims",
    "begin_face_check",
    "cancel_presentation",
    "check_face",
    "check_provider",
    "collect",
    "decline_proofing",
    "finish_proofing",
    "forget",
    "purge",
    "read_claims",
    "receive_answer",
    "request_presentation",
    "resume_face_check",
    "serve_request",
    "start_proofing",
    "submit_frames",
    "tries_left",
    "try_connection",
    "waiting_before",
]
