"""Passwords of the tests: the same Argon2id at the least that it can cost."""

from accounts.hashers import Argon2Minimum


class QuickArgon2(Argon2Minimum):
    """Guessed a hundred times faster than what the product stores; ``recovery_portal.settings`` names that."""

    time_cost = 1
    memory_cost = 8  # KiB
