"""What people send."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Consent


class ConsentForm(forms.Form):
    """The two agreements without which nothing begins. Each is given by itself; neither box is ticked beforehand.

    ``without_camera``: no face will be compared, and the second is not needed."""

    recovery = forms.BooleanField(
        label=_("I have read what will happen and agree that my names are compared with those of the account."),
        error_messages={"required": _("Tick this box to continue. Without it, recovery cannot start.")},
    )
    biometrics = forms.BooleanField(
        label=_("I agree that my face is compared with the photo on my document."),
        error_messages={
            "required": _("Tick this box to continue. If you would rather not, the help desk can help you another way.")
        },
    )

    def __init__(self, *args: Any, without_camera: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["biometrics"].required = not without_camera

    def consents(self) -> list[str]:
        return [kind for kind in Consent.Kind.values if self.cleaned_data.get(kind)]


class NumberForm(forms.Form):
    """The number that was pressed; nothing for *none of these*."""

    number = forms.IntegerField(required=False, min_value=10, max_value=99)
