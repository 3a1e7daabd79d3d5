"""Settings that would tell visitors what they must not learn are refused at the start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from .models.extension import LONGEST_TIMEOUT_MS, MOST_RETRIES


@register(Tags.security)
def check_verdict_time(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A verdict waits longer than an extension may take with all its tries, or its time tells that names matched."""
    longest_s = LONGEST_TIMEOUT_MS * (1 + MOST_RETRIES) / 1000
    if settings.PRODUCTION and longest_s >= settings.RECOVERY_VERDICT_S:
        return [Error(f"RECOVERY_VERDICT_S is not more than {longest_s:g} seconds.", id="recovery.E001")]
    return []
