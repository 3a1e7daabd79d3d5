"""Who runs this provider. Operators have no passwords: whoever may use its shell may hand out a link, good once."""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

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
    name, users = OperatorLink.objects.get(token_digest=digest(token)).operator, get_user_model()
    operator = users.objects.filter(**{users.USERNAME_FIELD: name}).first() or users.objects.create_superuser(name)
    if not (operator.is_active and operator.is_staff):
        raise OperatorRefused("shut out")
    return operator
