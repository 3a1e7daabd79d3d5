"""The identity verification provider: its own process, database and keys."""
