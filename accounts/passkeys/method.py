"""Passkeys as a way to sign in."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.errors import MethodNotFound
from accounts.methods import MethodRow, RegistrationDuty
from accounts.models import User
from accounts.passkeys import flows
from accounts.passkeys.models import Passkey

_KINDS = {"synced": _("Passkey, synced across your devices"), "deviceBound": _("Passkey, on one device")}


class PasskeyMethod:
    """Graph calls it fido2AuthenticationMethod."""

    key = flows.METHOD
    label = _("Use your face, fingerprint, PIN, or security key")
    prompt_template = "accounts/prompt_passkey.html"
    strength = 90
    is_standing = True
    knows_why = False

    def usable_by(self, user: User, *, at: datetime) -> bool:
        return user.passkeys.usable().exists()

    def verify(self, user: User | None, form: Mapping[str, str], *, at: datetime) -> None:
        flows.verify(
            owner=user or User(),  # an unknown name owns nothing: every passkey is another account's
            answer_text=form.get("credential", ""),
            browser=form.get("browser", ""),
            at=at,
        )

    def must_register_after(self, user: User, *, at: datetime) -> RegistrationDuty | None:
        return None

    def describe(self, user: User, *, at: datetime) -> Sequence[MethodRow]:
        return [
            MethodRow(
                method=self.key,
                id=str(passkey.pk),
                label=passkey.name,
                detail=_("Passkey, synced across your devices")
                if passkey.backup_eligible
                else _("Passkey, on one device"),
                created_at=passkey.created_at,
                last_used_at=passkey.last_used_at,
                can_rename=True,
                can_remove=True,
                is_suspended=passkey.suspended_at is not None,
            )
            for passkey in user.passkeys.on_file()
        ]

    def rename(self, user: User, *, row_id: str, name: str, at: datetime) -> None:
        if not user.passkeys.on_file().filter(pk=row_id).update(name=name):
            raise MethodNotFound("method_not_found", f"no passkey {row_id}")

    def remove(self, user: User, *, row_id: str, at: datetime) -> None:
        if not user.passkeys.on_file().filter(pk=row_id).update(removed_at=at):
            raise MethodNotFound("method_not_found", f"no passkey {row_id}")

    def suspend(self, user: User, *, at: datetime) -> int:
        return Passkey.objects.usable().filter(user=user).update(suspended_at=at)
