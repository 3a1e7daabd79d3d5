"""The record of how operators sign in."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OperatorSignInPolicy(models.Model):
    """The one row. Without it any way of signing in opens the admin site to operators."""

    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW, editable=False)
    passkey_required = models.BooleanField(
        _("operators sign in with a passkey"),
        default=False,
        help_text=_("No other way of signing in opens the admin site, nor lets a program act for an operator."),
    )

    class Meta:
        verbose_name = _("operator sign-in policy")
        verbose_name_plural = _("operator sign-in policy")
        default_permissions = ("view", "change")
        constraints = (models.CheckConstraint(condition=Q(id=1), name="accounts_operator_policy_is_one_row"),)

    def __str__(self) -> str:
        return str(_("Operator sign-in"))
