"""The registry of providers: finding one by its address, opening and closing it, and noting how it answers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from idv.protocol.identity_assurance import ALGORITHMS
from recovery_portal.kit import http
from recovery_portal.kit.typed import one_line

from .. import remote, trust
from ..errors import ProviderUnavailable, RegistryRefused
from ..models import IdentityProvider, ProviderCondition, TypeAuthority
from ..models.provider import plain_issuer

Subscription = ProviderCondition.Subscription
Protocol = IdentityProvider.Protocol
_WELL_KNOWN = "/.well-known/"
_CREDENTIAL_TYPE = "VerifiedIdentity"

# Facts of the original: bought, activated, suspended and reinstated, ended for good.
TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    Subscription.PENDING: frozenset({Subscription.SUBSCRIBED, Subscription.UNSUBSCRIBED}),
    Subscription.SUBSCRIBED: frozenset({Subscription.SUSPENDED, Subscription.UNSUBSCRIBED}),
    Subscription.SUSPENDED: frozenset({Subscription.SUBSCRIBED, Subscription.UNSUBSCRIBED}),
    Subscription.UNSUBSCRIBED: frozenset(),
}


@dataclass(frozen=True)
class Discovered:
    """What a provider says of itself at its address. Nothing is kept yet."""

    issuer: str
    protocol: str
    endpoints: Mapping[str, str]
    credential_types: list[str] = field(default_factory=list)


def condition_of(provider: IdentityProvider) -> ProviderCondition:
    """The row beside ``provider``, made on first use."""
    return ProviderCondition.objects.get_or_create(provider=provider)[0]


def require_open(provider: IdentityProvider) -> None:
    """Raises ProviderUnavailable (provider_disabled, provider_paused, provider_not_subscribed)."""
    if not provider.enabled:
        raise ProviderUnavailable("provider_disabled", provider.name)
    condition = ProviderCondition.objects.filter(provider=provider).first()
    if condition is None:
        return
    if condition.subscription != Subscription.SUBSCRIBED:
        raise ProviderUnavailable("provider_not_subscribed", f"{provider.name}: {condition.subscription}")
    if condition.paused_at is not None:
        raise ProviderUnavailable("provider_paused", condition.pause_reason)


@contextmanager
def contact(provider: IdentityProvider, *, at: datetime) -> Iterator[None]:
    """Note how ``provider`` answered what is asked inside. Not for use in a transaction that a fault rolls back."""
    try:
        yield
    except ProviderUnavailable as failed:
        _note(provider, failed_at=at, failure_code=failed.code[:64], failure_reason=failed.reason[:300])
        raise
    _note(provider, answered_at=at)


def _note(provider: IdentityProvider, **facts: Any) -> None:
    if not ProviderCondition.objects.filter(provider=provider).update(**facts):
        made = ProviderCondition(provider=provider, **facts)
        ProviderCondition.objects.bulk_create([made], ignore_conflicts=True)


def discover(*, address: str) -> Discovered:
    """Ask an address for its metadata; the address of the document itself does, too.

    Raises RegistryRefused (address_invalid), ProviderUnavailable.
    """
    issuer = issuer_of(address)
    try:
        plain_issuer(issuer)
    except ValidationError as error:
        raise RegistryRefused("address_invalid", " ".join(error.messages)) from error
    try:
        endpoints = remote.discover(issuer, protocol=Protocol.PROOFING)
    except ProviderUnavailable as first:
        try:
            endpoints = remote.discover(issuer, protocol=Protocol.OIDC, algorithms=ALGORITHMS)
        except ProviderUnavailable as second:
            # The reason that is nearer to an answer: not "nothing there" where the other document was found wanting.
            raise (second if second.code == "metadata_invalid" else first) from second
        return Discovered(issuer, Protocol.OIDC, endpoints)
    return Discovered(issuer, Protocol.PROOFING, endpoints, _credential_types(issuer))


def issuer_of(address: str) -> str:
    """The issuer that an address, or the address of its metadata, belongs to (RFC 8414 3.1)."""
    address = address.strip()
    try:
        path = urlsplit(address).path
    except ValueError as error:
        raise RegistryRefused("address_invalid", "That is no address.") from error
    if _WELL_KNOWN not in path:
        return address.rstrip("/")
    before, _, after = path.partition(_WELL_KNOWN)
    _, _, tail = after.partition("/")  # the issuer's own path stands behind the name of the document
    return f"{http.origin_of(address)}{before}{'/' + tail if tail else ''}".rstrip("/")


def _credential_types(issuer: str) -> list[str]:
    """What it issues by OpenID4VCI, as far as it says so; else the type that recovery asks for by itself."""
    try:
        document = remote.credential_issuer(issuer)
    except ProviderUnavailable:
        return [f"{issuer}/credentials/{_CREDENTIAL_TYPE}"]
    offered = document.get("credential_configurations_supported")
    types = (
        [entry.get("vct") for entry in offered.values() if isinstance(entry, dict)] if isinstance(offered, dict) else []
    )
    named = sorted({vct for vct in types if isinstance(vct, str) and 0 < len(vct) <= 255})
    return named or [f"{issuer}/credentials/{_CREDENTIAL_TYPE}"]


def register(*, name: str, client_id: str, found: Discovered, at: datetime) -> IdentityProvider:
    """Keep a discovered provider. It waits to be activated: nobody is sent to it before it has taken a request of ours.

    Raises RegistryRefused (already_registered, provider_invalid).
    """
    provider = IdentityProvider(
        name=name,
        issuer=found.issuer,
        client_id=client_id,
        protocol=found.protocol,
        allowed_vcts=found.credential_types,
    )
    try:
        provider.full_clean(validate_unique=False)
        with transaction.atomic():
            provider.save()
            ProviderCondition.objects.create(provider=provider, subscription=Subscription.PENDING)
    except ValidationError as error:
        raise RegistryRefused("provider_invalid", " ".join(error.messages)) from error
    except IntegrityError as error:
        raise RegistryRefused("already_registered", "A provider of this name or address is registered.") from error
    return provider


def configure(*, provider: IdentityProvider, fields: Mapping[str, Any]) -> None:
    """Set fields of a new or known provider, by the rules of its form. Raises RegistryRefused (provider_invalid)."""
    authorities = fields.get("type_authorities")
    plain = {name: value for name, value in fields.items() if name != "type_authorities"}
    if not provider._state.adding and plain.get("issuer", provider.issuer) != provider.issuer:
        provider.forget_documents()  # those of the old address must not vouch for the new one
    for name, value in plain.items():
        setattr(provider, name, value)
    try:
        trust.certificates_in(provider.trusted_certificates)
        provider.full_clean(exclude=["metadata", "result_keys", "credential_keys"])
        provider.save()
        if authorities is not None:
            provider.type_authorities.exclude(vct__in=authorities).delete()
            for vct, pem in authorities.items():
                row = TypeAuthority(provider=provider, vct=vct, certificates=pem)
                row.clean_fields()
                row.clean()
                provider.type_authorities.update_or_create(vct=vct, defaults={"certificates": pem})
    except ValidationError as error:
        told = "; ".join(f"{name}: {' '.join(each)}" for name, each in error.message_dict.items())
        raise RegistryRefused("provider_invalid", told) from error
    except ValueError as error:
        raise RegistryRefused("provider_invalid", "trusted_certificates: not certificates in PEM form") from error


def set_subscription(*, provider: IdentityProvider, state: str) -> str:
    """Move the subscription; returns what it was. Raises RegistryRefused (subscription_illegal)."""
    before = condition_of(provider).subscription
    allowed = state in TRANSITIONS[before]
    moved = allowed and ProviderCondition.objects.filter(provider=provider, subscription=before).update(
        subscription=state
    )
    if not moved:
        raise RegistryRefused("subscription_illegal", f"{before} does not lead to {state}.")
    return before


def pause(*, provider: IdentityProvider, reason: str, at: datetime) -> None:
    """Nobody is sent there until it is resumed; who is there already may come back. Raises RegistryRefused."""
    condition_of(provider)
    waiting = ProviderCondition.objects.filter(provider=provider, paused_at=None)
    if not waiting.update(paused_at=at, pause_reason=one_line(reason)[:200]):
        raise RegistryRefused("already_paused", "The provider is paused already.")


def resume(*, provider: IdentityProvider) -> None:
    """Raises RegistryRefused (not_paused)."""
    paused = ProviderCondition.objects.filter(provider=provider, paused_at__isnull=False)
    if not paused.update(paused_at=None, pause_reason=""):
        raise RegistryRefused("not_paused", "The provider is not paused.")
