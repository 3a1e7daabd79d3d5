"""Which passkeys may be registered and used, and by whom: the original's ``Fido2`` configuration."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

MOST_MODELS: Final = 200


def models_named(names: Iterable[Any]) -> list[str]:
    """Models of authenticators as the policy keeps them. Raises ValueError for what is no AAGUID, and for too many."""
    found = sorted({str(UUID(str(name))) for name in names})
    if len(found) > MOST_MODELS:
        raise ValueError(f"more than {MOST_MODELS} models")
    return found


class PasskeyPolicy(models.Model):
    """The one row. Without it everybody may have any passkey."""

    class State(models.TextChoices):
        ENABLED = "enabled", _("Enabled")
        DISABLED = "disabled", _("Disabled")

    class Enforcement(models.TextChoices):
        ALLOW = "allow", _("Only these models")
        BLOCK = "block", _("All but these models")

    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ENABLED)
    self_service_allowed = models.BooleanField(_("people register passkeys themselves"), default=True)
    restricts_models = models.BooleanField(_("restricts models"), default=False)
    enforcement = models.CharField(_("listed models"), max_length=5, choices=Enforcement, default=Enforcement.BLOCK)
    aaguids = models.JSONField(_("models (AAGUID)"), default=list)
    include_all_users = models.BooleanField(_("for all users"), default=True)
    include_groups = models.ManyToManyField("accounts.DirectoryGroup", related_name="+", blank=True)
    exclude_groups = models.ManyToManyField("accounts.DirectoryGroup", related_name="+", blank=True)

    class Meta:
        verbose_name = _("passkey policy")
        verbose_name_plural = _("passkey policy")
        default_permissions = ("view", "change")
        constraints = (models.CheckConstraint(condition=Q(id=1), name="accounts_passkey_policy_is_one_row"),)

    def __str__(self) -> str:
        return str(_("Passkeys"))

    def complaint_about(self, user_id: Any) -> str:
        """Why this person has no passkeys, as a code, or nothing."""
        if self.state == self.State.DISABLED:
            return "method_disabled"
        if self.pk is None or self._state.adding:
            return ""
        if self.exclude_groups.filter(members=user_id).exists():
            return "not_in_scope"
        if not self.include_all_users and not self.include_groups.filter(members=user_id).exists():
            return "not_in_scope"
        return ""

    def allows_model(self, aaguid: str) -> bool:
        if not self.restricts_models:
            return True
        return (aaguid.lower() in self.aaguids) == (self.enforcement == self.Enforcement.ALLOW)


def get_policy() -> PasskeyPolicy:
    """The row, or what holds without one."""
    return PasskeyPolicy.objects.first() or PasskeyPolicy()
