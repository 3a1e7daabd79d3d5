"""The records of recovery: what operators configure, and what happened."""

from .assistance import Assistance
from .attempt import AttemptEvent, RecoveryAttempt
from .device import AttemptDevice, AttemptRequest, Consent, HandOff
from .extension import ClaimExtension, ExtensionListener
from .extension_call import ExtensionCall
from .identity import IdentityRecord
from .milestone import Milestone
from .profile import RecoveryPolicy, RecoveryProfile, Terms
from .proposal import Proposal
from .review import AttemptReview, RecoveryBlock

__all__ = [
    "Assistance",
    "AttemptDevice",
    "AttemptEvent",
    "AttemptRequest",
    "AttemptReview",
    "ClaimExtension",
    "Consent",
    "ExtensionCall",
    "ExtensionListener",
    "HandOff",
    "IdentityRecord",
    "Milestone",
    "Proposal",
    "RecoveryAttempt",
    "RecoveryBlock",
    "RecoveryPolicy",
    "RecoveryProfile",
    "Terms",
]
