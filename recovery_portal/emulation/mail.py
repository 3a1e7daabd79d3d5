"""The mailbox: every letter as it was sent, kept for the tester, then handed to the backend that delivers."""

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from recovery_portal.kit import clock

from . import faults, state

LETTERS: Final = state.Roll("mail", keeps=500)


class WatchedMail(BaseEmailBackend):
    """The mail backend of an emulation."""

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._deliverer = get_connection(settings.MAIL_DELIVERED_BY, fail_silently=fail_silently, **options)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Raises OSError while a fault is set for ``mail``."""
        if not settings.EMULATION_TOKEN:
            return int(self._deliverer.send_messages(email_messages) or 0)
        faults.before_mail()
        sent = int(self._deliverer.send_messages(email_messages) or 0)
        at = clock.now().isoformat()
        for message in email_messages:
            LETTERS.append(
                {
                    "at": at,
                    "to": list(message.recipients()),
                    "sender": str(message.from_email),
                    "subject": str(message.subject),
                    "body": str(message.body),
                }
            )
        return sent
