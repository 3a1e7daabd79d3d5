"""How a registered provider is doing: bought and active, paused by us, answering or not."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .provider import IdentityProvider


class ProviderCondition(models.Model):
    """One row beside each provider; a provider without one is subscribed, open, and was never asked."""

    class Subscription(models.TextChoices):
        # The original's words for the state of a purchase.
        PENDING = "PendingFulfillmentStart", _("Registered, not activated")
        SUBSCRIBED = "Subscribed", _("Subscribed")
        SUSPENDED = "Suspended", _("Suspended")
        UNSUBSCRIBED = "Unsubscribed", _("Unsubscribed")

    provider = models.OneToOneField(IdentityProvider, models.CASCADE, primary_key=True, related_name="condition")
    subscription = models.CharField(
        _("subscription"), max_length=24, choices=Subscription, default=Subscription.SUBSCRIBED
    )
    paused_at = models.DateTimeField(_("paused"), null=True)
    pause_reason = models.CharField(_("reason of the pause"), max_length=200, blank=True)
    answered_at = models.DateTimeField(_("last answer"), null=True)
    failed_at = models.DateTimeField(_("last fault"), null=True)
    failure_code = models.CharField(_("code of the fault"), max_length=64, blank=True)
    failure_reason = models.CharField(_("fault"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("condition of a provider")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    subscription__in=["PendingFulfillmentStart", "Subscribed", "Suspended", "Unsubscribed"]
                ),
                name="verifier_subscription_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.subscription}"

    @property
    def is_failing(self) -> bool:
        """Whether the last thing that was heard of it was a fault."""
        return self.failed_at is not None and (self.answered_at is None or self.failed_at > self.answered_at)
