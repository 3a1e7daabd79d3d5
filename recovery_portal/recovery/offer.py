"""*Recover your account* among the other ways to sign in."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.signin.decoys import stranger

from . import decoys, queries


class RecoverYourAccount:
    label = _("Recover your account")
    url_name = "recovery:start"

    def applies_to(self, *, user: User | None, account_name: str, at: datetime) -> bool:
        """People in scope who have signed in before; of unknown names a fixed half, as long as anybody can recover."""
        # A stranger is asked the same questions of the database, so that the answer takes as long (ASVS 6.3.8).
        eligible = queries.eligibility(user or stranger()).profile is not None
        plausible = queries.find_profile_for_name(account_name) is not None and decoys.has_entry(account_name)
        return plausible if user is None else eligible
