"""What operators decide: who may recover, how strictly, and what a success leads to."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import DirectoryGroup
from idv.verifier.models import IdentityProvider

from ..matching import Confidence

LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 50, 100


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
        ]

    def __str__(self) -> str:
        return self.name

    def terms(self) -> "Terms":
        """The profile as it stands now, for an attempt to keep."""
        return Terms(
            profile_id=str(self.pk),
            profile_name=self.name,
            mode=self.mode,
            match_confidence=self.match_confidence,
            face_check_threshold=self.face_check_threshold,
            still_head_allowed=self.still_head_allowed,
            old_methods=self.old_methods,
            pass_reveal=self.pass_reveal,
            provider_id=str(self.provider_id),
            provider_name=self.provider.name,
        )


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
    still_head_allowed: bool = True  # an attempt that began before the choice existed does not know it

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_evaluation(self) -> bool:
        return self.mode == RecoveryProfile.Mode.EVALUATION

    @property
    def reveals_in_starting_browser(self) -> bool:
        return self.pass_reveal == RecoveryProfile.PassReveal.STARTING_BROWSER

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

    class Meta:
        verbose_name = _("feature-wide exclusion")
        verbose_name_plural = _("feature-wide exclusions")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="recovery_policy_is_one_row")]

    def __str__(self) -> str:
        return str(_("Groups excluded from recovery"))
