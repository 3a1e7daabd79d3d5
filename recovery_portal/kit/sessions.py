"""Sessions in the database, by the one clock: where an emulation moves it, they end with everything else."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession

from . import clock


class SessionStore(db.SessionStore):
    """Django's own, which by itself would read the machine's clock."""

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        row: AbstractBaseSession | None = None
        with suppress(self.model.DoesNotExist):
            row = self.model.objects.get(session_key=self.session_key)
        if row is None or row.expire_date <= clock.now():
            self._session_key = None
            return None
        return row

    def get_expiry_age(self, **known: Any) -> int:
        return int(super().get_expiry_age(**({"modification": clock.now()} | known)))

    def get_expiry_date(self, **known: Any) -> datetime:
        return super().get_expiry_date(**({"modification": clock.now()} | known))

    @classmethod
    def clear_expired(cls) -> None:
        cls.get_model_class().objects.filter(expire_date__lt=clock.now()).delete()
