"""The records of recovery: what operators configure, and what happened."""

from .attempt import AttemptEvent, RecoveryAttempt
from .device import AttemptDevice, AttemptRequest, Consent, HandOff
from .milestone import Milestone
from .profile import RecoveryPolicy, RecoveryProfile, Terms

__all__ = [
    "AttemptDevice",
    "AttemptEvent",
    "AttemptRequest",
    "Consent",
    "HandOff",
    "Milestone",
    "RecoveryAttempt",
    "RecoveryPolicy",
    "RecoveryProfile",
    "Terms",
]
