"""The directory: who exists. The records of methods and of the audit live with their rooms and are imported here."""

import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.audit.models import AuditEvent
from accounts.contact_methods import ContactMethod
from accounts.names import normalise_account_name
from accounts.operator_sign_in_policy import OperatorSignInPolicy
from accounts.passkeys.models import Passkey, PasskeyChallenge
from accounts.passkeys.policy import PasskeyPolicy
from accounts.sent_notices import SentNotice
from accounts.signin.models import AuthenticatorApp, FailureStreak
from recovery_portal.kit import clock

__all__ = [
    "AuditEvent",
    "AuthenticatorApp",
    "ContactMethod",
    "DirectoryGroup",
    "FailureStreak",
    "OperatorSignInPolicy",
    "Passkey",
    "PasskeyChallenge",
    "PasskeyPolicy",
    "SentNotice",
    "User",
    "UserManager",
]


class UserManager(BaseUserManager["User"]):
    def create_user(self, user_principal_name: str, password: str | None = None, **fields: Any) -> "User":
        """Add a person to the directory. Without a password the account has none (not an empty one)."""
        user = self.model(user_principal_name=normalise_account_name(user_principal_name), **fields)
        if not user.user_principal_name:
            raise ValueError("An account needs a user principal name.")
        if not user.display_name:
            user.display_name = f"{user.given_name} {user.surname}".strip() or user.user_principal_name
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, user_principal_name: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(user_principal_name, password, **{"is_staff": True, "is_superuser": True} | fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(user_principal_name=normalise_account_name(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A directory entry. `user_principal_name` is the account name, stored in its normal form (lower case, NFKC)."""

    class UserType(models.TextChoices):
        MEMBER = "Member", _("Member")
        GUEST = "Guest", _("Guest")

    id = models.UUIDField(_("object id"), primary_key=True, default=uuid.uuid4, editable=False)
    user_principal_name = models.CharField(_("user principal name"), max_length=254, unique=True)
    given_name = models.CharField(_("given name"), max_length=128, blank=True)
    surname = models.CharField(_("surname"), max_length=128, blank=True)
    display_name = models.CharField(_("display name"), max_length=256, blank=True)
    mail = models.EmailField(_("mail"), blank=True)
    other_mails = models.JSONField(_("other mails"), default=list, blank=True)
    mobile_phone = models.CharField(_("mobile phone"), max_length=32, blank=True)
    employee_id = models.CharField(_("employee id"), max_length=64, blank=True)
    usage_location = models.CharField(_("usage location"), max_length=2, blank=True)
    preferred_language = models.CharField(_("preferred language"), max_length=16, blank=True)
    user_type = models.CharField(_("user type"), max_length=8, choices=UserType.choices, default=UserType.MEMBER)
    account_enabled = models.BooleanField(_("account enabled"), default=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    last_sign_in_at = models.DateTimeField(_("last sign-in"), null=True, blank=True, editable=False)
    is_staff = models.BooleanField(_("operator"), default=False, help_text=_("May open the admin site."))
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    password_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    password_suspended_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Django's own `last_login` would be a second truth beside `last_sign_in_at`.
    last_login = None

    USERNAME_FIELD = "user_principal_name"
    EMAIL_FIELD = "mail"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = (
            ("manage_methods", _("Can manage the authentication methods of users")),
            ("manage_methods_of_operators", _("Can manage the authentication methods of operators")),
        )
        ordering = ("user_principal_name",)
        indexes = (
            models.Index(fields=["display_name", "id"], name="accounts_user_by_display_name"),
            models.Index(fields=["created_at", "id"], name="accounts_user_by_creation"),
        )
        constraints = (
            models.UniqueConstraint(Lower("user_principal_name"), name="accounts_user_name_any_case"),
            models.CheckConstraint(condition=~models.Q(user_principal_name=""), name="accounts_user_has_a_name"),
            models.CheckConstraint(condition=models.Q(user_type__in=["Member", "Guest"]), name="accounts_user_type"),
        )

    def __str__(self) -> str:
        return self.user_principal_name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """The name under which Django asks whether an account is enabled."""
        return self.account_enabled

    @property
    def is_operator(self) -> bool:
        """Whether somebody who had this account could act on others."""
        return self.is_staff or self.is_superuser

    def get_full_name(self) -> str:
        return self.display_name or self.user_principal_name

    def get_short_name(self) -> str:
        return self.given_name or self.get_full_name()

    def addresses(self) -> list[str]:
        """Every mail address on file, each once, the primary one first (SP 800-63B-4 §4.6: all are notified)."""
        others = list(self.other_mails) if isinstance(self.other_mails, list) else []
        others += [row.value for row in self.contact_methods.all() if row.kind == ContactMethod.Kind.EMAIL]
        known: dict[str, str] = {}
        for address in self._written(self.mail, *others):
            known.setdefault(address.lower(), address)
        return list(known.values())

    @staticmethod
    def _written(*addresses: object) -> Iterator[str]:
        for address in addresses:
            if isinstance(address, str) and "@" in address:
                yield address.strip()

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """A session is good for one epoch: raising `session_epoch` ends every session of the user at once (V16)."""
        return salted_hmac(
            "accounts.User.session_epoch", f"{self.pk}:{self.session_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()


class DirectoryGroup(models.Model):
    """A security group of the directory; recovery profiles and policies are aimed at groups."""

    id = models.UUIDField(_("object id"), primary_key=True, default=uuid.uuid4, editable=False)
    display_name = models.CharField(_("display name"), max_length=256)
    description = models.CharField(_("description"), max_length=1024, blank=True)
    members = models.ManyToManyField(User, related_name="directory_groups", blank=True, verbose_name=_("members"))

    class Meta:
        verbose_name = _("directory group")
        verbose_name_plural = _("directory groups")
        ordering = ("display_name", "id")
        indexes = (models.Index(fields=["display_name", "id"], name="accounts_group_by_name"),)

    def __str__(self) -> str:
        return self.display_name
