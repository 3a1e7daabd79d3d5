"""The records of recovery: what operators configure, and what happened."""

from .attempt import AttemptEvent, RecoveryAttempt
from .device import AttemptDevice, AttemptRequest, Consent, HandOff
from .milestone import Milestone
from .profile import RecoveryPolicy, RecoveryProfile, Terms
from .review import AttemptReview, RecoveryBlock

__all__ = [
    "AttemptDevice",
    "AttemptEvent",
    "AttemptRequest",
    "AttemptReview",
    "Consent",
    "HandOff",
    "Milestone",
    "RecoveryAttempt",
    "RecoveryBlock",
    "RecoveryPolicy",
    "RecoveryProfile",
    "Terms",
]
