"""Every house in one process, as the testers' kit runs them; the separate processes run in tests/browser."""

from recovery_portal.testing.settings import *  # noqa: F403
from recovery_portal.testing.settings import DATABASES

# Thousands of passwords are set here that nobody will ever guess.
PASSWORD_HASHERS = ["tests.fakes.hashing.QuickArgon2"]
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["ENGINE"] = "tests.quick_postgresql"
