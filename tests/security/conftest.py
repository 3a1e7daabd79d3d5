"""The people and parties of the recovery tests."""

from tests.fakes.recovery_fixtures import alice, clock, profile, provider, registered_provider

__all__ = ["alice", "clock", "profile", "provider", "registered_provider"]
