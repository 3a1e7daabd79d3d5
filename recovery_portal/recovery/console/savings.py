"""The savings estimator: what is typed stays in the address, so that an estimate can be handed on."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import User

from ..savings import Assumptions, estimate
from .access import answer, page


def _amount(label: Any, initial: str, most: str, **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, initial=Decimal(initial), min_value=Decimal(0), max_value=Decimal(most), max_digits=9,
        decimal_places=2, **kwargs,
    )  # fmt: skip


class SavingsForm(forms.Form):
    """The original's inputs and defaults."""

    users = forms.IntegerField(label=_("Total users"), min_value=0, max_value=100_000_000)
    monthly_percent = _amount(
        _("Recoveries each month, in percent of all users"), "3", "100", help_text=_("Usually 1 to 3.")
    )
    help_desk_cost = _amount(_("Cost of a recovery by the help desk"), "60", "999999")
    help_desk_minutes = _amount(_("Minutes lost in a recovery by the help desk"), "60", "99999")
    self_service_cost = _amount(_("Cost of a recovery by self-service"), "2", "999999")
    self_service_minutes = _amount(_("Minutes lost in a recovery by self-service"), "5", "99999")


@page("recovery.view_recoveryprofile")
@require_safe
def savings(request: HttpRequest) -> HttpResponse:
    users = User.objects.filter(account_enabled=True).count()
    fields = SavingsForm.base_fields
    typed = (
        request.GET if request.GET else {"users": users, **{n: f.initial for n, f in fields.items() if n != "users"}}
    )
    form = SavingsForm(typed)
    found = estimate(Assumptions(**form.cleaned_data)) if form.is_valid() else None
    return answer(request, "savings.html", _("Estimate savings"), form=form, found=found)
