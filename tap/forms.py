"""What an operator fills in to issue a pass."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.queries import find_user

from .models import TemporaryAccessPassPolicy


class IssueForm(forms.Form):
    """Shape only; the law is in ``tap.policy`` and answers through IssueRefused."""

    account_name = forms.CharField(
        label=_("Account name"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    start_at = forms.SplitDateTimeField(
        label=_("Activation time"),
        required=False,
        help_text=_("Leave empty to start now. Otherwise UTC, at most 30 days ahead."),
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "aria-label": _("Activation date")},  # type: ignore[dict-item]
            time_attrs={"type": "time", "aria-label": _("Activation time")},  # type: ignore[dict-item]
        ),
    )
    lifetime_minutes = forms.IntegerField(label=_("Duration in minutes"))
    is_usable_once = forms.BooleanField(label=_("One-time use"), required=False)

    def __init__(self, *args: Any, policy: TemporaryAccessPassPolicy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lifetime = self.fields["lifetime_minutes"]
        lifetime.initial = policy.default_lifetime_minutes
        lifetime.help_text = _("Between %(least)s and %(most)s.") % {
            "least": policy.minimum_lifetime_minutes,
            "most": policy.maximum_lifetime_minutes,
        }
        once = self.fields["is_usable_once"]
        if policy.is_usable_once:
            once.initial = True
            once.disabled = True
            once.help_text = _("The policy requires one-time use.")

    def clean_account_name(self) -> User:
        """The account itself."""
        user = find_user(self.cleaned_data["account_name"])
        if user is None:
            raise forms.ValidationError(_("There is no enabled account of this name."))
        return user
