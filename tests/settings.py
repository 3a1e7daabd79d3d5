"""Every house in one process, as the testers' kit runs them; the separate processes run in tests/browser."""

from recovery_portal.testing.settings import *  # noqa: F403

# Thousands of passwords are set here that nobody will ever guess.
PASSWORD_HASHERS = ["tests.fakes.hashing.QuickArgon2"]
