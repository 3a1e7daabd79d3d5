"""Mail to every address on file when something happens to an account (SP 800-63B-4 §4.6, ASVS 6.3.7).

A notice is `templates/mail/<notice>.txt`: the first line is the subject, the rest the text. The template gets `user`,
`at`, `organisation_name`, `portal_url`, `help_desk` and the notice's own words.
"""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import SentNotice, User
from recovery_portal.kit import queue


def send(*, user: User, notice: str, at: datetime, context: Mapping[str, str] | None = None) -> None:
    """Queue one mail per address on file, after the commit. `context` holds words for the letter, never a secret."""
    addresses = len(user.addresses())
    SentNotice.objects.create(user=user, notice=notice, at=at, addresses=addresses)
    for index in range(addresses):
        queue.enqueue(
            "accounts.tasks.send_notice",
            user_id=str(user.pk),
            notice=notice,
            address_index=index,
            at=at.isoformat(),
            context=dict(context or {}),
        )


def deliver(*, user: User, notice: str, address_index: int, at: datetime, context: Mapping[str, str]) -> None:
    """Write one letter and hand it to the mail server. An address that has gone in the meantime gets none."""
    addresses = user.addresses()
    if address_index >= len(addresses):
        return
    words = {
        "user": user,
        "at": at,
        "organisation_name": settings.ORGANISATION_NAME,
        "portal_url": settings.PORTAL_BASE_URL,
        "help_desk": settings.HELP_DESK_CONTACT,
        **context,
    }
    with translation.override(user.preferred_language or settings.LANGUAGE_CODE):
        letter = render_to_string(f"mail/{notice}.txt", words)
    subject, _, text = letter.strip().partition("\n")
    EmailMessage(subject.strip(), text.lstrip("\n"), to=[addresses[address_index]]).send()
    SentNotice.objects.filter(user=user, notice=notice, at=at).update(delivered=F("delivered") + 1)
