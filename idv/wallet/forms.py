"""What people type into the wallet."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from idv.wallet import links
from idv.wallet import pin as pins


def _pin_field(label: Any, autocomplete: str) -> forms.CharField:
    attributes = {"inputmode": "numeric", "autocomplete": autocomplete, "pattern": "[0-9]*"}
    widget = forms.PasswordInput(attrs=attributes)
    return forms.CharField(label=label, max_length=pins.PIN_LENGTH, widget=widget)


class NewPinForm(forms.Form):
    pin = _pin_field(_("Choose a PIN of 6 digits"), "new-password")
    confirm = _pin_field(_("The same PIN once more"), "new-password")

    def clean_pin(self) -> str:
        pin: str = self.cleaned_data["pin"]
        if not pins.is_well_formed(pin):
            raise ValidationError(_("A PIN has exactly 6 digits."), code="shape")
        if pins.is_too_easy(pin):
            raise ValidationError(_("That PIN is easy to guess. Avoid rows and repeated digits."), code="easy")
        return pin

    def clean(self) -> None:
        pin, confirm = self.cleaned_data.get("pin"), self.cleaned_data.get("confirm")
        if pin and confirm and pin != confirm:
            self.add_error("confirm", _("The two PINs are not the same."))


class PinForm(forms.Form):
    pin = _pin_field(_("PIN"), "current-password")


class ChangePinForm(NewPinForm):
    current = _pin_field(_("The PIN you have now"), "current-password")
    field_order = ["current", "pin", "confirm"]


class PasteForm(forms.Form):
    link = forms.CharField(
        label=_("Link"),
        max_length=links.LINK_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )


class TransactionCodeForm(forms.Form):
    """The issuer's transaction code (OpenID4VCI 4.1.1): its length and alphabet are hints, the issuer decides."""

    tx_code = forms.CharField(label=_("Code from the issuer"), max_length=64)

    def __init__(self, *args: object, numeric: bool = True, hint: str = "", **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["tx_code"]
        field.widget.attrs.update({"autocomplete": "one-time-code", "inputmode": "numeric" if numeric else "text"})
        field.help_text = hint
