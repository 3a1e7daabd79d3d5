"""The records of recovery: what operators configure, and what happened."""

from .attempt import AttemptEvent, RecoveryAttempt
from .device import AttemptDevice, AttemptRequest, Consent, HandOff
from .profile import RecoveryPolicy, RecoveryProfile, Terms

__all__ = [
    "AttemptDevice",
    "AttemptEvent",
    "AttemptRequest",
    "Consent",
    "HandOff",
    "RecoveryAttempt",
    "RecoveryPolicy",
    "RecoveryProfile",
    "Terms",
]
