"""The records: one policy, at most one pass per user, and a count of wrong tries per user."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import DirectoryGroup

from . import policy as rules

_LIFETIME = (MinValueValidator(rules.SHORTEST_LIFETIME), MaxValueValidator(rules.LONGEST_LIFETIME))


class PolicyState(models.TextChoices):
    ENABLED = "enabled", _("Enabled")
    DISABLED = "disabled", _("Disabled")


class TemporaryAccessPassPolicy(models.Model):
    """The one policy row of the organisation. Rules about it are in ``tap.policy``; the database repeats the floor."""

    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=PolicyState, default=PolicyState.ENABLED)
    minimum_lifetime_minutes = models.PositiveIntegerField(
        _("minimum lifetime"), default=60, validators=_LIFETIME, help_text=_("Minutes, 10 to 43,200.")
    )
    maximum_lifetime_minutes = models.PositiveIntegerField(
        _("maximum lifetime"), default=480, validators=_LIFETIME, help_text=_("Minutes, 10 to 43,200.")
    )
    default_lifetime_minutes = models.PositiveIntegerField(
        _("default lifetime"), default=60, validators=_LIFETIME, help_text=_("Minutes, between minimum and maximum.")
    )
    default_length = models.PositiveSmallIntegerField(
        _("length"),
        default=8,
        validators=(MinValueValidator(rules.SHORTEST_PASSCODE), MaxValueValidator(rules.LONGEST_PASSCODE)),
        help_text=_("Characters of a new passcode, 8 to 48."),
    )
    is_usable_once = models.BooleanField(
        _("require one-time use"),
        default=False,
        help_text=_("On: every pass is one-time. Off: whoever issues a pass chooses."),
    )
    include_all_users = models.BooleanField(_("include all users"), default=True)
    include_groups = models.ManyToManyField(
        DirectoryGroup, verbose_name=_("include groups"), blank=True, related_name="+"
    )
    exclude_groups = models.ManyToManyField(
        DirectoryGroup, verbose_name=_("exclude groups"), blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("Temporary Access Pass policy")
        verbose_name_plural = _("Temporary Access Pass policy")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="tap_policy_is_one_row"),
            models.CheckConstraint(condition=Q(state__in=PolicyState.values), name="tap_policy_state"),
            models.CheckConstraint(
                condition=Q(minimum_lifetime_minutes__gte=rules.SHORTEST_LIFETIME)
                & Q(minimum_lifetime_minutes__lte=F("default_lifetime_minutes"))
                & Q(default_lifetime_minutes__lte=F("maximum_lifetime_minutes"))
                & Q(maximum_lifetime_minutes__lte=rules.LONGEST_LIFETIME),
                name="tap_policy_lifetimes",
            ),
            models.CheckConstraint(
                condition=Q(default_length__range=(rules.SHORTEST_PASSCODE, rules.LONGEST_PASSCODE)),
                name="tap_policy_length",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Temporary Access Pass policy"))

    def clean(self) -> None:
        values = (self.minimum_lifetime_minutes, self.maximum_lifetime_minutes, self.default_lifetime_minutes)
        if any(value is None for value in (*values, self.default_length)):
            return  # the field says so itself
        errors: dict[str, list[str]] = {}
        for field, sentence in rules.contradictions(self):
            errors.setdefault(field, []).append(sentence)
        if errors:
            raise ValidationError(dict(errors))


class TemporaryAccessPass(models.Model):
    """A user's pass. The passcode itself is never here, only its salted Argon2id hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="temporary_access_pass"
    )
    passcode_hash = models.CharField(max_length=128)
    created_at = models.DateTimeField()
    start_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    lifetime_minutes = models.PositiveIntegerField()
    is_usable_once = models.BooleanField()
    redeemed_at = models.DateTimeField(null=True, blank=True)  # the first sign-in; of a one-time pass the only one
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    correlation_id = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("Temporary Access Pass")
        verbose_name_plural = _("Temporary Access Passes")
        permissions = [("issue_for_operators", _("Can issue a Temporary Access Pass for other operators"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifetime_minutes__range=(rules.SHORTEST_LIFETIME, rules.LONGEST_LIFETIME)),
                name="tap_pass_lifetime",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("start_at")), name="tap_pass_ends_after_start"),
            models.CheckConstraint(condition=Q(start_at__gte=F("created_at")), name="tap_pass_starts_after_creation"),
            models.CheckConstraint(condition=Q(passcode_hash__startswith="$argon2id$"), name="tap_pass_hash_only"),
            models.CheckConstraint(
                condition=Q(issued_by__isnull=True) | ~Q(issued_by=F("user")), name="tap_pass_not_for_oneself"
            ),
        ]

    def __str__(self) -> str:
        return f"Temporary Access Pass for {self.user}"

    @staticmethod
    def end_of(start_at: datetime, lifetime_minutes: int) -> datetime:
        return start_at + timedelta(minutes=lifetime_minutes)


class PasscodeThrottle(models.Model):
    """Wrong passcodes in a row for one user; it never touches another user nor another sign-in method."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    failures = models.PositiveIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
