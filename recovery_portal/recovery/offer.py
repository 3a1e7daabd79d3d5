"""*Recover your account* among the other ways to sign in."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User

from . import decoys, queries


class RecoverYourAccount:
    label = _("Recover your account")
    url_name = "recovery:start"

    def applies_to(self, *, user: User | None, account_name: str, at: datetime) -> bool:
        """People in scope who have signed in before; of unknown names a fixed half, as long as anybody can recover."""
        if user is None:
            return queries.find_profile_for_name(account_name) is not None and decoys.has_entry(account_name)
        return queries.eligibility(user).profile is not None
