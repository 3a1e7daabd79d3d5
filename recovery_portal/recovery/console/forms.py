"""What operators type into the console."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.names import ACCOUNT_NAME_MAX_LENGTH, normalise_account_name
from idv.verifier.models import IdentityProvider

from ..models import RecoveryProfile
from ..name_rules import Rule, Rules
from .steps import RULE_LABELS

_DEVICES = [("", _("All devices")), ("one", _("One device")), ("phone", _("With a phone"))]
NAME_MAX_LENGTH = 256


class FunnelForm(forms.Form):
    """Which attempts the funnel counts; everything may be left out."""

    profile = forms.ModelChoiceField(
        RecoveryProfile.objects.all(), required=False, empty_label=_("All profiles"), label=_("Profile")
    )
    provider = forms.ModelChoiceField(
        IdentityProvider.objects.all(), required=False, empty_label=_("All providers"), label=_("Provider")
    )
    device = forms.ChoiceField(choices=_DEVICES, required=False, label=_("Device"))

    def chosen(self) -> dict[str, Any]:
        """What was chosen, as :class:`..funnel.Slice` wants it; nonsense counts as nothing chosen."""
        self.is_valid()
        cleaned = self.cleaned_data
        return {
            "profile_id": _key(cleaned.get("profile")),
            "provider_id": _key(cleaned.get("provider")),
            "phone": {"one": False, "phone": True}.get(cleaned.get("device") or ""),
        }


def _key(record: RecoveryProfile | IdentityProvider | None) -> UUID | None:
    return None if record is None else record.pk


class AccountField(forms.CharField):
    """An account name, cleaned to the user of that name, disabled ones included."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"class": "vTextField", "autocapitalize": "none", "spellcheck": "false"})
        super().__init__(max_length=ACCOUNT_NAME_MAX_LENGTH, widget=widget, **kwargs)

    def clean(self, value: Any) -> User:
        user = User.objects.filter(user_principal_name=normalise_account_name(super().clean(value))).first()
        if user is None:
            raise forms.ValidationError(_("There is no account of this name."), code="account_unknown")
        return user


class ExplainForm(forms.Form):
    account = AccountField(label=_("Account name"))


class SimulatorForm(forms.Form):
    """The names as a credential would carry them, and the account that they are held against."""

    account = AccountField(label=_("Account name"))
    first_name = forms.CharField(label=_("First name on the credential"), max_length=NAME_MAX_LENGTH, required=False)
    last_name = forms.CharField(label=_("Last name on the credential"), max_length=NAME_MAX_LENGTH, required=False)
    match_rules = forms.MultipleChoiceField(
        label=_("Names that count as equal, too"),
        choices=[(rule.value, label) for rule, label in RULE_LABELS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def rules(self) -> Rules:
        return frozenset(Rule(name) for name in self.cleaned_data["match_rules"])
