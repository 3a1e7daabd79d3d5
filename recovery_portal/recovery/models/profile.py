"""What operators decide: who may recover, how strictly, and what a success leads to."""

import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import DirectoryGroup
from idv.verifier.models import IdentityProvider

from ..bindings import CLAIM, Binding
from ..matching import Confidence
from ..name_rules import Rule
from .extension import ClaimExtension

LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 50, 100


def known_rules(names: Any) -> None:
    _known(names, set(Rule))


def known_bindings(names: Any) -> None:
    _known(names, set(Binding))


def _known(names: Any, known: set[Any]) -> None:
    if not isinstance(names, list) or len(set(map(str, names))) != len(names) or not set(map(str, names)) <= known:
        raise ValidationError(_("Choose from the list, each once."), code="unknown")


class RecoveryProfile(models.Model):
    """An identity verification profile. Of several that include a person the one with the lowest priority wins."""

    class State(models.TextChoices):
        ENABLED = "enabled", _("Enabled")
        DISABLED = "disabled", _("Disabled")

    class Mode(models.TextChoices):
        EVALUATION = "evaluation", _("Evaluation")
        PRODUCTION = "production", _("Production")

    class MatchConfidence(models.TextChoices):
        EXACT = Confidence.EXACT.value, _("Exact")
        RELAXED = Confidence.RELAXED.value, _("Relaxed")

    class OldMethods(models.TextChoices):
        KEEP = "keep", _("Keep them")
        SUSPEND = "suspend", _("Suspend them")

    class PassReveal(models.TextChoices):
        FACE_CHECK_DEVICE = "faceCheckDevice", _("On the device that did the Face Check")
        STARTING_BROWSER = "startingBrowser", _("In the browser that started, after number matching")

    class Assistance(models.TextChoices):
        OFF = "off", _("Not offered")
        ONE_OPERATOR = "oneOperator", _("One operator makes sure who it is")
        TWO_OPERATORS = "twoOperators", _("One operator makes sure who it is, another one approves")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DISABLED)
    mode = models.CharField(
        _("mode"),
        max_length=10,
        choices=Mode,
        default=Mode.EVALUATION,
        help_text=_("Evaluation runs every check and changes nothing. Production hands out a Temporary Access Pass."),
    )
    priority = models.PositiveIntegerField(_("priority"), default=100, help_text=_("Lower numbers are asked first."))
    include_all_users = models.BooleanField(_("include all users"), default=False)
    include_groups = models.ManyToManyField(
        DirectoryGroup, verbose_name=_("include groups"), blank=True, related_name="recovery_profiles"
    )
    provider = models.ForeignKey(
        IdentityProvider, on_delete=models.PROTECT, verbose_name=_("provider"), related_name="recovery_profiles"
    )
    match_confidence = models.CharField(
        _("match confidence"),
        max_length=8,
        choices=MatchConfidence,
        default=MatchConfidence.EXACT,
        help_text=_("Relaxed accepts each directory name among the words of both names on the document."),
    )
    match_rules = models.JSONField(
        _("further match rules"), default=list, blank=True, validators=[known_rules],
        help_text=_("Each makes more names equal; which one decided stands in the attempt."),
    )  # fmt: skip
    bindings = models.JSONField(
        _("further attributes that must agree"), default=list, blank=True, validators=[known_bindings],
        help_text=_("Each makes the match stricter. Who has none on file is refused."),
    )  # fmt: skip
    claim_validation_enabled = models.BooleanField(_("ask the extension"), default=False)
    claim_extension = models.ForeignKey(
        ClaimExtension, models.PROTECT, null=True, blank=True, related_name="profiles", verbose_name=_("extension")
    )
    face_check_threshold = models.PositiveSmallIntegerField(
        _("Face Check threshold"),
        default=70,
        validators=[MinValueValidator(LOWEST_THRESHOLD), MaxValueValidator(HIGHEST_THRESHOLD)],
    )
    still_head_allowed = models.BooleanField(
        _("camera may move instead of the head"),
        default=True,
        help_text=_("For people who cannot turn their head or close their eyes. The check is as strict as the other."),
    )
    assistance = models.CharField(
        _("without a camera"),
        max_length=12,
        choices=Assistance,
        default=Assistance.OFF,
        help_text=_("An operator takes the place of document and face, for people who have no camera."),
    )
    high_assurance = models.BooleanField(
        _("two readers must agree on the document"),
        default=False,
        help_text=_("More people are asked for a better photo. A provider that cannot promise it is refused."),
    )
    old_methods = models.CharField(
        _("earlier sign-in methods"),
        max_length=8,
        choices=OldMethods,
        default=OldMethods.KEEP,
        help_text=_("What happens to them when a recovery is completed."),
    )
    pass_reveal = models.CharField(
        _("where the pass is shown"), max_length=16, choices=PassReveal, default=PassReveal.FACE_CHECK_DEVICE
    )
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(_("changed"), null=True, editable=False)

    class Meta:
        verbose_name = _("recovery profile")
        verbose_name_plural = _("recovery profiles")
        ordering = ["priority", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(face_check_threshold__range=(LOWEST_THRESHOLD, HIGHEST_THRESHOLD)),
                name="recovery_profile_threshold",
            ),
            models.CheckConstraint(condition=Q(state__in=["enabled", "disabled"]), name="recovery_profile_state"),
            models.CheckConstraint(condition=Q(mode__in=["evaluation", "production"]), name="recovery_profile_mode"),
            models.CheckConstraint(
                condition=Q(match_confidence__in=["exact", "relaxed"]), name="recovery_profile_match"
            ),
            models.CheckConstraint(condition=Q(old_methods__in=["keep", "suspend"]), name="recovery_profile_old"),
            models.CheckConstraint(
                condition=Q(pass_reveal__in=["faceCheckDevice", "startingBrowser"]), name="recovery_profile_reveal"
            ),
            models.CheckConstraint(
                condition=Q(assistance__in=["off", "oneOperator", "twoOperators"]), name="recovery_profile_assistance"
            ),
            models.CheckConstraint(
                condition=Q(claim_validation_enabled=False) | Q(claim_extension__isnull=False),
                name="recovery_profile_asks_whom",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.claim_validation_enabled and self.claim_extension_id is None:
            raise ValidationError({"claim_extension": _("Choose the extension to ask.")}, code="extension_missing")

    def terms(self) -> "Terms":
        """The profile as it stands now, for an attempt to keep."""
        return Terms(
            profile_id=str(self.pk),
            profile_name=self.name,
            mode=self.mode,
            match_confidence=self.match_confidence,
            face_check_threshold=self.face_check_threshold,
            still_head_allowed=self.still_head_allowed,
            assistance=self.assistance,
            high_assurance=self.high_assurance,
            old_methods=self.old_methods,
            pass_reveal=self.pass_reveal,
            provider_id=str(self.provider_id),
            provider_name=self.provider.name,
            match_rules=sorted(self.match_rules),
            bindings=sorted(self.bindings),
            extension_id=str(self.claim_extension_id) if self.claim_validation_enabled else "",
            extension_claims=self._extension_claims(),
        )

    def _extension_claims(self) -> list[str]:
        asked = self.claim_validation_enabled and self.claim_extension is not None
        return sorted(self.claim_extension.claims) if asked and self.claim_extension else []


@dataclass(frozen=True)
class Terms:
    """The rules under which one attempt began. A profile that changes later does not change a running attempt."""

    profile_id: str
    profile_name: str
    mode: str
    match_confidence: str
    face_check_threshold: int
    old_methods: str
    pass_reveal: str
    provider_id: str
    provider_name: str
    # What follows came later: an attempt that began before it existed does not know it.
    still_head_allowed: bool = True
    match_rules: list[str] = field(default_factory=list)
    bindings: list[str] = field(default_factory=list)
    extension_id: str = ""
    extension_claims: list[str] = field(default_factory=list)
    high_assurance: bool = False
    assistance: str = RecoveryProfile.Assistance.OFF.value

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_evaluation(self) -> bool:
        return self.mode == RecoveryProfile.Mode.EVALUATION

    @property
    def further_claims(self) -> list[str]:
        """What the wallet is asked for beyond names and portrait."""
        return sorted({CLAIM[Binding(name)] for name in self.bindings} | set(self.extension_claims))

    @property
    def reveals_in_starting_browser(self) -> bool:
        return self.pass_reveal == RecoveryProfile.PassReveal.STARTING_BROWSER

    @property
    def assistance_offered(self) -> bool:
        return self.assistance != RecoveryProfile.Assistance.OFF

    @property
    def suspends_old_methods(self) -> bool:
        return self.old_methods == RecoveryProfile.OldMethods.SUSPEND


class RecoveryPolicy(models.Model):
    """What holds for every profile: the one row of groups that can never recover by themselves (SP 800-63B-4 B3)."""

    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW, editable=False)
    excluded_groups = models.ManyToManyField(
        DirectoryGroup,
        verbose_name=_("excluded groups"),
        blank=True,
        related_name="excluded_from_recovery",
        help_text=_("Members never see recovery, whatever profile includes them."),
    )
    approval_required = models.BooleanField(
        _("a second operator approves"),
        default=False,
        help_text=_(
            "A switch to Production waits for another operator, and so does what lets more people recover there, or by "
            "less proof. Doing without it again does, too."
        ),
    )
    evaluations_required = models.PositiveIntegerField(
        _("successful evaluations"),
        default=0,
        help_text=_("So many attempts in Evaluation must have ended in a match before a profile goes to Production."),
    )
    stopped_at = models.DateTimeField(_("stopped"), null=True, editable=False)

    class Meta:
        verbose_name = _("feature-wide exclusion")
        verbose_name_plural = _("feature-wide exclusions")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="recovery_policy_is_one_row")]

    def __str__(self) -> str:
        return str(_("Groups excluded from recovery"))
