"""What is typed to sign in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.names import ACCOUNT_NAME_MAX_LENGTH, normalise_account_name


class AccountNameForm(forms.Form):
    account_name = forms.CharField(
        label=_("Account name"),
        max_length=ACCOUNT_NAME_MAX_LENGTH,
        help_text=_("For example ana.silva@contoso.example"),
        error_messages={"required": _("Enter your account name.")},
        widget=forms.TextInput(
            attrs={
                # `webauthn` lets the browser offer passkeys in its autofill
                "autocomplete": "username webauthn",
                "autocapitalize": "none",
                "spellcheck": "false",
                "inputmode": "email",
                "autofocus": True,
            }
        ),
    )

    def clean_account_name(self) -> str:
        name = normalise_account_name(self.cleaned_data["account_name"])
        if not name:
            raise forms.ValidationError(_("Enter your account name."))
        return name
