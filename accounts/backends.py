"""How Django reads a session's user and permissions. Nobody signs in through it."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest


class DirectoryBackend(ModelBackend):
    """Permissions and look-up only: `authenticate()` knows nobody, so that accounts.signin is the one way in
    (ASVS 6.1.3: no pathway of other strength)."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> None:
        return None
