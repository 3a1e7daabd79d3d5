"""Entries under *Other ways to sign in* that are no method: what other rooms offer somebody who cannot sign in."""

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from recovery_portal.kit import adapters

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from accounts.models import User


class SignInOffer(Protocol):
    """Named in `settings.SIGN_IN_OFFERS`. `url_name` is reversed without arguments and opened by GET."""

    label: "str | _StrPromise"
    url_name: str

    def applies_to(self, *, user: "User | None", account_name: str, at: datetime) -> bool:
        """`user` is None for a name that the directory does not know; the answer must not tell the two apart."""
        ...


def offers_for(*, user: "User | None", account_name: str, at: datetime) -> list[SignInOffer]:
    found: list[SignInOffer] = adapters.load_all("SIGN_IN_OFFERS")
    return [offer for offer in found if offer.applies_to(user=user, account_name=account_name, at=at)]
