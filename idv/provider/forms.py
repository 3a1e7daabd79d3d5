"""What a person types on the provider's pages."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import clock

from .countries import choices
from .models.proofing import DOCUMENT_KINDS


class DetailsForm(forms.Form):
    """Never filled in beforehand: the portal tells us nothing about who is coming."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=100,
        help_text=_("As you would like to be addressed. The name on your credential comes from your document."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        help_text=_("One that you can read now. It is erased when you leave."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    terms = forms.BooleanField(
        label=_("I accept the terms of use."),
        error_messages={"required": _("Accept the terms to go on, or cancel.")},
    )
    biometrics = forms.BooleanField(
        label=_("I agree that photos of my face are compared with the portrait on my document."),
        help_text=_("Only for this check. The photos are deleted as soon as it is decided."),
        error_messages={"required": _("Agree to go on, or choose the other way below.")},
    )


class DocumentForm(forms.Form):
    country = forms.ChoiceField(label=_("Country or region that issued it"))
    kind = forms.ChoiceField(label=_("Document"), choices=DOCUMENT_KINDS, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)
        country.choices = [("", _("Choose…")), *choices()]


# The demo organisation's people and the synthetic faces that are theirs (a test compares the two lists).
DEMO_PEOPLE = (
    ("Vera", "Lindqvist", "vera"),
    ("Abel", "Moreau", "abel"),
    ("Lena", "Osei", "lena"),
    ("Jun", "Takahara", "jun"),
    ("Rosa", "Delgado", "rosa"),
    ("Omar", "Haddad", "omar"),
)
_SPECIMEN_NAME = RegexValidator(r"^[A-Za-z][A-Za-z' -]*$", _("Letters A to Z, spaces, hyphens and apostrophes only."))


class SpecimenForm(forms.Form):
    """A demo person, or any name. The document shows what is asked for; it proves nothing about anybody."""

    kind = forms.ChoiceField(label=_("Document"), choices=DOCUMENT_KINDS, initial="passport")
    person = forms.ChoiceField(
        label=_("Made out to"),
        required=False,
        choices=[("", _("Another name, typed below")), *((key, f"{given} {last}") for given, last, key in DEMO_PEOPLE)],
    )
    given_names = forms.CharField(label=_("Given names"), required=False, max_length=40, validators=[_SPECIMEN_NAME])
    surname = forms.CharField(label=_("Surname"), required=False, max_length=40, validators=[_SPECIMEN_NAME])
    date_of_birth = forms.DateField(
        label=_("Date of birth"), initial=date(1990, 1, 1), widget=forms.DateInput(attrs={"type": "date"})
    )
    face = forms.ChoiceField(
        label=_("Face"),
        required=False,
        choices=[("", _("My own photo")), *((key, _("Demo face: %s") % key.title()) for *_names, key in DEMO_PEOPLE)],
    )

    def clean_date_of_birth(self) -> date:
        born: date = self.cleaned_data["date_of_birth"]
        if not date(1900, 1, 1) <= born <= clock.now().date():
            raise forms.ValidationError(_("Choose a date between 1900 and today."))
        return born

    def clean(self) -> dict[str, Any]:
        wanted: dict[str, Any] = super().clean() or {}
        for given, last, key in DEMO_PEOPLE:
            if wanted.get("person") == key:
                wanted["given_names"], wanted["surname"] = given, last
        if not wanted.get("person") and not self.errors:
            for name in ("given_names", "surname"):
                if not wanted.get(name):
                    self.add_error(name, _("Type a name, or choose somebody from the list."))
        return wanted
