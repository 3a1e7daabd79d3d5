"""Which letters were written to whom: the kind and the time, never the text nor the address."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

# As long as the other records of a recovery that name no document and no face.
KEPT = timedelta(days=90)


class SentNoticeQuerySet(models.QuerySet["SentNotice"]):
    def outdated(self, *, at: datetime) -> "SentNoticeQuerySet":
        return self.filter(at__lte=at - KEPT)


class SentNotice(models.Model):
    """One notice to one person. ``delivered`` counts the letters that a mail server has taken."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sent_notices")
    notice = models.CharField(max_length=32)
    at = models.DateTimeField()
    addresses = models.PositiveSmallIntegerField()
    delivered = models.PositiveSmallIntegerField(default=0)

    objects = SentNoticeQuerySet.as_manager()

    class Meta:
        ordering = ("at", "id")
        default_permissions = ()
        indexes = (
            models.Index(fields=["user", "at"], name="accounts_notice_of_user"),
            models.Index(fields=["at"], name="accounts_notice_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.notice} {self.at:%Y-%m-%d %H:%M:%S}Z"
