"""The six steps of the profile wizard, as forms. What each holds is written into the session as plain JSON."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import DirectoryGroup
from idv.verifier.models import IdentityProvider

from ..bindings import Binding
from ..models import ClaimExtension, RecoveryProfile
from ..models.profile import HIGHEST_THRESHOLD, LOWEST_THRESHOLD
from ..name_rules import Rule

RULE_LABELS: dict[Rule, Promise] = {
    Rule.DIACRITICS: _("Diacritics do not count: René is Rene"),
    Rule.TRANSLITERATION: _("As documents transliterate: Müller is MUELLER (ICAO 9303)"),
    Rule.NICKNAMES: _("Nicknames of given names, English: Bob is Robert"),
    Rule.MULTI_WORD: _("Directory names of several words: each is among the credential's (Relaxed)"),
}
BINDING_LABELS: dict[Binding, Promise] = {
    Binding.DATE_OF_BIRTH: _("Date of birth, as in the person's identity record"),
    Binding.EMPLOYEE_ID: _("Employee id, as in the directory; few credentials carry one"),
    Binding.DOCUMENT_NUMBER: _("Document number, as in the person's identity record"),
}


class Step(forms.Form):
    """One page of the wizard."""

    title: ClassVar[str | Promise] = ""

    def to_json(self) -> dict[str, Any]:
        """What was cleaned, in values that JSON has."""
        return {name: _plain(value) for name, value in self.cleaned_data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, models.QuerySet):
        return sorted(str(row.pk) for row in value)
    if isinstance(value, models.Model):
        return str(value.pk)
    return value


class Details(Step):
    title = _("Profile details")
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("Description"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    state = forms.ChoiceField(
        label=_("State"), choices=RecoveryProfile.State.choices, initial=RecoveryProfile.State.DISABLED,
        help_text=_("A disabled profile is for nobody. Enable it when the rest is as you want it."),
    )  # fmt: skip
    priority = forms.IntegerField(
        label=_("Priority"), min_value=0, max_value=2_147_483_647, initial=100,
        help_text=_("Of several profiles that include a person the one with the lowest number wins."),
    )  # fmt: skip


class ModeStep(Step):
    title = _("Recovery mode")
    mode = forms.ChoiceField(
        label=_("Recovery mode"),
        widget=forms.RadioSelect,
        initial=RecoveryProfile.Mode.EVALUATION,
        choices=[
            ("evaluation", _("Evaluation: every check runs and nothing is changed. Begin with this.")),
            ("production", _("Production: who proves to be one of its people gets a Temporary Access Pass.")),
        ],
    )
    pass_reveal = forms.ChoiceField(
        label=_("Where the pass is shown"),
        choices=RecoveryProfile.PassReveal.choices,
        initial=RecoveryProfile.PassReveal.FACE_CHECK_DEVICE,
    )
    old_methods = forms.ChoiceField(
        label=_("Earlier sign-in methods, once a recovery is completed"),
        choices=RecoveryProfile.OldMethods.choices,
        initial=RecoveryProfile.OldMethods.KEEP,
    )


class Groups(Step):
    title = _("User group selection")
    include_all_users = forms.BooleanField(label=_("All users"), required=False)
    include_groups = forms.ModelMultipleChoiceField(
        DirectoryGroup.objects.all(),
        label=_("Include groups"),
        required=False,
        widget=FilteredSelectMultiple(_("groups to include"), is_stacked=False),
    )
    excluded_groups = forms.ModelMultipleChoiceField(
        DirectoryGroup.objects.all(),
        label=_("Exclude groups, from every profile"),
        required=False,
        widget=FilteredSelectMultiple(_("groups to exclude"), is_stacked=False),
        help_text=_("Exclusions hold for the whole feature: their members never see recovery."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("include_all_users") and not cleaned.get("include_groups"):
            raise forms.ValidationError(_("Choose all users, or at least one group."), code="nobody")
        return cleaned


class _ProviderChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        note = _("ready") if obj.enabled else _("not in use: recoveries stop before it")
        return f"{obj.name} ({obj.issuer}) – {note}"


class Provider(Step):
    title = _("Identity verification providers")
    provider = _ProviderChoice(
        IdentityProvider.objects.order_by("name"),
        label=_("Identity verification provider"),
        widget=forms.RadioSelect,
        empty_label=None,
    )
    high_assurance = forms.BooleanField(
        label=_("Two readers must agree on the document"),
        required=False,
        help_text=_("More people are asked for a better photo. A provider that cannot promise it is refused."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there_are = list(IdentityProvider.objects.values_list("pk", flat=True)[:2])
        if len(there_are) == 1:  # nothing to choose
            self.fields["provider"].initial = there_are[0]


class Validation(Step):
    title = _("Account validation")
    match_confidence = forms.ChoiceField(
        label=_("Match confidence"),
        widget=forms.RadioSelect,
        initial=RecoveryProfile.MatchConfidence.EXACT,
        choices=[
            ("exact", _("Exact: first name equals given name, last name equals surname.")),
            ("relaxed", _("Relaxed: each directory name is a word of either name on the credential.")),
        ],
    )
    match_rules = forms.MultipleChoiceField(
        label=_("Names that count as equal, too"),
        choices=[(rule.value, label) for rule, label in RULE_LABELS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    bindings = forms.MultipleChoiceField(
        label=_("Attributes that must agree besides"),
        choices=[(binding.value, label) for binding, label in BINDING_LABELS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Whoever has none on file is refused."),
    )
    claim_validation_enabled = forms.BooleanField(label=_("Ask a custom authentication extension, too"), required=False)
    claim_extension = forms.ModelChoiceField(
        ClaimExtension.objects.all(), label=_("Selected extension"), required=False, empty_label=_("None")
    )
    face_check_threshold = forms.IntegerField(
        label=_("Face Check threshold"), min_value=LOWEST_THRESHOLD, max_value=HIGHEST_THRESHOLD, initial=70,
        help_text=_("Out of 100, at least 50. The face must score so much against the credential's portrait."),
    )  # fmt: skip
    still_head_allowed = forms.BooleanField(
        label=_("The camera may move instead of the head"),
        required=False,
        initial=True,
        help_text=_("For people who cannot turn their head or close their eyes. The check is as strict as the other."),
    )
    assistance = forms.ChoiceField(
        label=_("Without a camera"),
        choices=RecoveryProfile.Assistance.choices,
        initial=RecoveryProfile.Assistance.OFF,
        required=False,
        help_text=_("An operator takes the place of document and face, for people who have no camera."),
    )

    def clean_assistance(self) -> str:
        return self.cleaned_data["assistance"] or RecoveryProfile.Assistance.OFF.value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("claim_validation_enabled") and cleaned.get("claim_extension") is None:
            self.add_error("claim_extension", _("Choose the extension to ask."))
        return cleaned


STEPS: dict[str, type[Step]] = {
    "details": Details,
    "mode": ModeStep,
    "groups": Groups,
    "provider": Provider,
    "validation": Validation,
}
REVIEW = "review"
ORDER = (*STEPS, REVIEW)


def of_profile(profile: RecoveryProfile, excluded: list[UUID]) -> dict[str, dict[str, Any]]:
    """The steps as ``profile`` fills them."""
    filled: dict[str, dict[str, Any]] = {}
    for name, step in STEPS.items():
        values: dict[str, Any] = {}
        for field in step.base_fields:
            if field == "include_groups":
                values[field] = sorted(str(key) for key in profile.include_groups.values_list("pk", flat=True))
            elif field == "excluded_groups":
                values[field] = sorted(map(str, excluded))
            else:
                value = getattr(profile, field)
                values[field] = str(value.pk) if isinstance(value, models.Model) else value
        filled[name] = values
    return filled
