"""Providers: who is registered, whether each answers, what it signs with, and what goes wrong there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from idv.verifier.errors import ProviderUnavailable, RegistryRefused
from idv.verifier.flows import registry
from idv.verifier.flows.registry import Subscription
from idv.verifier.models import IdentityProvider, ProofingRequest, ProviderCondition
from recovery_portal.kit import clock

from ..flows import providers as flows
from ..models import RecoveryAttempt, RecoveryProfile
from ..reasons import in_words
from .access import answer, operator_of, page

WINDOW = timedelta(days=30)
_FAULTS_SHOWN = 20
_WENT_WRONG = (ProofingRequest.Status.DECLINED, ProofingRequest.Status.REFUSED)


@dataclass(frozen=True)
class Row:
    """A provider with its condition; ``state`` sums the connection up in a word."""

    provider: IdentityProvider
    condition: ProviderCondition
    profiles: int

    @property
    def state(self) -> str | Promise:
        if not self.provider.enabled:
            return _("disabled")
        if self.condition.subscription != Subscription.SUBSCRIBED:
            return self.condition.get_subscription_display()
        if self.condition.paused_at is not None:
            return _("paused")
        if self.condition.is_failing:
            return _("failing")
        return _("connected") if self.condition.answered_at else _("never asked")


@dataclass(frozen=True)
class Key:
    """One of a provider's keys. ``seen_at`` is when this portal first saw it."""

    use: str | Promise
    kid: str
    algorithm: str
    seen_at: datetime | None


class AddressForm(forms.Form):
    address = forms.CharField(
        label=_("Address"),
        max_length=255,
        widget=forms.TextInput(attrs={"class": "vTextField", "inputmode": "url", "autocomplete": "off"}),
        help_text=_(
            "The provider's address, or that of its metadata. https, unless it is a house of this installation."
        ),
    )
    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"class": "vTextField"}))


@page("verifier.view_identityprovider")
@require_safe
def registry_page(request: HttpRequest) -> HttpResponse:
    found = IdentityProvider.objects.select_related("condition").annotate(profiles=Count("recovery_profiles"))
    rows = [_row(provider) for provider in found]
    return answer(request, "providers.html", _("Identity verification providers"), rows=rows)


@page("verifier.view_identityprovider")
@require_safe
def detail(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """One provider: connection, keys, subscription, faults. A fixed number of queries."""
    provider = _get(provider_id)
    row = _row(provider)
    lately = ProofingRequest.objects.filter(provider=provider, created_at__gte=clock.now() - WINDOW)
    context: dict[str, Any] = {
        "row": row,
        "keys": list(_keys(provider)),
        "profiles": list(RecoveryProfile.objects.filter(provider=provider)),
        "outcomes": list(lately.order_by().values_list("status").annotate(n=Count("*")).order_by("-n")),
        "declines": [(reason, in_words(reason), n) for reason, n in _declines(lately)],
        "faults": _faults(lately) if request.user.has_perm("recovery.view_recoveryattempt") else [],
        "next_states": [s for s in Subscription if s in registry.TRANSITIONS[row.condition.subscription]],
        "may_change": request.user.has_perm("verifier.change_identityprovider"),
    }
    return answer(request, "provider.html", provider.name, **context)


@page("verifier.view_identityprovider", "verifier.add_identityprovider")
def add(request: HttpRequest) -> HttpResponse:
    """By its address: look first, then register."""
    form = AddressForm(request.POST or None)
    found = None
    if request.method == "POST" and form.is_valid():
        address, name = form.cleaned_data["address"], form.cleaned_data["name"]
        try:
            if "register" in request.POST:
                provider = flows.register(address=address, name=name, by=operator_of(request), at=clock.now())
                messages.success(
                    request, _("%(name)s is registered. Activate it when it knows this portal.") % {"name": name}
                )
                return redirect("console:provider", provider_id=provider.pk)
            found = registry.discover(address=address)
        except (ProviderUnavailable, RegistryRefused) as refused:
            form.add_error("address", f"{in_words(refused.code)} {refused.reason}".strip())
    ours = {
        "client_id": settings.PORTAL_BASE_URL,
        "redirect_uri": f"{settings.PORTAL_BASE_URL}{reverse('recovery:return')}",
        "jwks_uri": f"{settings.PORTAL_BASE_URL}{reverse('verifier:jwks')}",
    }
    return answer(request, "provider_add.html", _("Add a provider"), form=form, found=found, ours=ours)


@page("verifier.view_identityprovider", "verifier.change_identityprovider")
@require_POST
def act(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Test, pause, resume, or move the subscription."""
    provider = _get(provider_id)
    by, at, asked = operator_of(request), clock.now(), request.POST.get("act", "")
    try:
        if asked == "test":
            flows.try_connection(provider=provider, at=at)
        elif asked == "pause":
            flows.pause(provider=provider, reason=request.POST.get("reason", ""), by=by, at=at)
        elif asked == "resume":
            flows.resume(provider=provider, by=by, at=at)
        elif asked == Subscription.SUBSCRIBED:
            flows.activate(provider=provider, by=by, at=at)
        else:
            flows.set_subscription(provider=provider, state=asked, by=by, at=at)
    except (ProviderUnavailable, RegistryRefused) as refused:
        messages.error(request, f"{in_words(refused.code)} {refused.reason}".strip())
    else:
        done = _("It answers as it must, and took a request of ours.") if asked == "test" else _("Done.")
        messages.success(request, done)
    return redirect("console:provider", provider_id=provider.pk)


def _get(provider_id: UUID) -> Any:
    found = IdentityProvider.objects.select_related("condition").annotate(profiles=Count("recovery_profiles"))
    return get_object_or_404(found, pk=provider_id)


def _row(provider: Any) -> Row:
    condition = getattr(provider, "condition", None) or ProviderCondition(provider=provider)
    return Row(provider, condition, provider.profiles)


def _keys(provider: IdentityProvider) -> Iterator[Key]:
    for use, kept in ((_("results"), provider.result_keys), (_("credentials"), provider.credential_keys)):
        seen = kept.get("seen", {})
        for entry in kept.get("keys", []):
            kid = entry.get("kid") if isinstance(entry, dict) else None
            if isinstance(kid, str):
                since = seen.get(kid)
                algorithm = str(entry.get("alg") or entry.get("crv") or entry.get("kty") or "")
                yield Key(use, kid, algorithm, datetime.fromisoformat(since) if since else None)


def _declines(lately: "QuerySet[ProofingRequest]") -> "QuerySet[ProofingRequest, tuple[str, int]]":
    wrong = lately.filter(status__in=_WENT_WRONG).order_by().values_list("reason_code")
    return wrong.annotate(n=Count("*")).order_by("-n", "reason_code")


def _faults(lately: "QuerySet[ProofingRequest]") -> list[tuple[ProofingRequest, str | Promise, UUID | None]]:
    last = list(lately.filter(status__in=_WENT_WRONG).order_by("-created_at")[:_FAULTS_SHOWN])
    attempts = dict(
        RecoveryAttempt.objects.filter(correlation_id__in=[p.correlation_id for p in last]).values_list(
            "correlation_id", "pk"
        )
    )
    return [(proofing, in_words(proofing.reason_code), attempts.get(proofing.correlation_id)) for proofing in last]
