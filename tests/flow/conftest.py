"""Fixtures of the recovery, for the journeys in this folder. A module that defines one of the same name has its own."""

from tests.fakes.recovery_fixtures import alice, clock, profile, provider, registered_provider

__all__ = ["alice", "clock", "profile", "provider", "registered_provider"]
