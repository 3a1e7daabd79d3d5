"""What operators do with providers, audited as the original audits its subscriptions (facts 1.12)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.audit import flows as audit
from accounts.models import User
from accounts.operators import Operator
from idv.verifier import flows as verifier
from idv.verifier.flows import registry
from idv.verifier.flows.registry import Subscription
from idv.verifier.models import IdentityProvider
from recovery_portal.kit.typed import one_line

from .holding import require_free

SUBSCRIPTION_UPDATED = "Identity verification provider subscription updated"
_CATEGORY = "Policy"
# What may change without making another provider of it: nobody is believed who was not.
_HARMLESS: Final = frozenset({"name", "description", "contact", "enabled", "client_id"})
_TOLD: Final = frozenset(
    {"issuer", "client_id", "description", "contact", "enabled", "allowed_vcts", "pinned_algorithms"}
)


def register(*, address: str, name: str, by: User, at: datetime) -> IdentityProvider:
    """A provider by its address, waiting to be activated. Asks the address afresh, outside a transaction.

    Raises RegistryRefused, ProviderUnavailable.
    """
    found = registry.discover(address=address)
    with transaction.atomic():
        provider = registry.register(name=name, client_id=settings.PORTAL_BASE_URL, found=found, at=at)
        _audit(provider, "Identity verification provider registered", by, at, issuer=provider.issuer)
    return provider


def try_connection(*, provider: IdentityProvider, at: datetime) -> None:
    """Its documents, its keys, and a pushed request that it must take from us. Raises ProviderUnavailable."""
    redirect_uri = f"{settings.PORTAL_BASE_URL}{reverse('recovery:return')}"
    verifier.try_connection(provider=provider, redirect_uri=redirect_uri, at=at)


def activate(*, provider: IdentityProvider, by: User, at: datetime) -> None:
    """Open it for recoveries, once it has answered as it must. Raises ProviderUnavailable, RegistryRefused."""
    try_connection(provider=provider, at=at)
    set_subscription(provider=provider, state=Subscription.SUBSCRIBED, by=by, at=at)


@transaction.atomic
def set_subscription(*, provider: IdentityProvider, state: str, by: User, at: datetime) -> None:
    """Raises RegistryRefused."""
    before = registry.set_subscription(provider=provider, state=state)
    _audit(provider, SUBSCRIPTION_UPDATED, by, at, statusReason=f"{before} -> {state}")


@transaction.atomic
def pause(*, provider: IdentityProvider, reason: str, by: User, at: datetime) -> None:
    """Raises RegistryRefused."""
    registry.pause(provider=provider, reason=reason, at=at)
    _audit(provider, "Identity verification provider paused", by, at, reason=one_line(reason)[:200])


@transaction.atomic
def resume(*, provider: IdentityProvider, by: User, at: datetime) -> None:
    """Raises RegistryRefused."""
    registry.resume(provider=provider)
    _audit(provider, "Identity verification provider resumed", by, at)


def record_change(*, provider: IdentityProvider, by: User, changes: dict[str, str], at: datetime) -> None:
    """Note that the row itself was edited; ``changes`` maps a field to ``old -> new``."""
    _audit(provider, "Identity verification provider updated", by, at, **changes)


@transaction.atomic
def configure(*, provider: IdentityProvider, fields: Mapping[str, Any], by: Operator, at: datetime) -> None:
    """Set a new or known provider up from outside the console. Raises RegistryRefused, SwitchRefused
    (approval_required)."""
    new = provider._state.adding
    if not new and fields.keys() - _HARMLESS:
        require_free(provider)
    changes = {name: f"{getattr(provider, name)} -> {value}"[:500] for name, value in fields.items() if name in _TOLD}
    registry.configure(provider=provider, fields=fields)
    activity = "Identity verification provider registered" if new else "Identity verification provider updated"
    _audit(provider, activity, by, at, **({"issuer": provider.issuer} if new else changes))


def _audit(provider: IdentityProvider, activity: str, by: User | Operator, at: datetime, **details: str) -> None:
    operator = by if isinstance(by, Operator) else Operator(user=by)
    audit.record(
        activity=activity,
        at=at,
        initiated_by=operator.user,
        application=operator.application,
        details={"provider": provider.name, "providerId": str(provider.pk), **details},
        category=_CATEGORY,
    )
