"""Who runs this provider. Operators have no passwords: whoever may use its shell may hand out a link, good once."""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from recovery_portal.kit.tokens import digest, new_token

from .. import policy
from ..errors import OperatorRefused
from ..models import OperatorLink


def make_link(*, name: str, at: datetime) -> str:
    """The secret of a link that lets ``name`` in, once and within minutes."""
    token = new_token(32)
    OperatorLink.objects.create(
        operator=name, token_digest=digest(token), expires_at=at + policy.OPERATOR_LINK_LIFETIME
    )
    return token


def open_link(token: str, *, at: datetime) -> str:
    """Whom a link would let in. Looking at it uses nothing up. Raises OperatorRefused."""
    link = OperatorLink.objects.filter(token_digest=digest(token), used_at__isnull=True, expires_at__gt=at).first()
    if link is None:
        raise OperatorRefused("unknown, used or out of date")
    return link.operator


def use_link(token: str, *, at: datetime) -> Any:
    """The operator whom a link lets in, made when there is none of that name; the link is used up.

    Raises OperatorRefused, also for an operator who was shut out.
    """
    used = OperatorLink.objects.filter(token_digest=digest(token), used_at__isnull=True, expires_at__gt=at)
    if not used.update(used_at=at):
        raise OperatorRefused("unknown, used or out of date")
    operator = _operator(OperatorLink.objects.get(token_digest=digest(token)).operator)
    if not (operator.is_active and operator.is_staff):
        raise OperatorRefused("shut out")
    return operator


def _operator(name: str) -> Any:
    """Whoever is stored under ``name``, in the form in which names are stored."""
    users = get_user_model().objects
    try:
        return users.get_by_natural_key(get_user_model().normalize_username(name))
    except get_user_model().DoesNotExist:
        pass
    try:
        with transaction.atomic():
            return users.create_superuser(name)
    except (IntegrityError, ValueError) as error:  # two links of one name at once, or a name that is none
        raise OperatorRefused(f"no operator can be called {name}") from error
