"""The authentication methods policy on one page: each method, for whom it is, and where that is changed."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.api import faces
from accounts.models import DirectoryGroup

from .access import answer, page

_EVERYBODY = "all_users"
# Graph's id of a method's policy: its name here, where it is changed, and the permission to look there.
_KNOWN: Final[dict[str, tuple[Promise, str, str]]] = {
    "Fido2": (_("Passkey (FIDO2)"), "admin:accounts_passkeypolicy_changelist", "accounts.view_passkeypolicy"),
    "TemporaryAccessPass": (
        _("Temporary Access Pass"),
        "admin:tap_temporaryaccesspasspolicy_changelist",
        "tap.view_temporaryaccesspasspolicy",
    ),
    "VerifiableCredentials": (
        _("Verified ID, for account recovery"),
        "admin:recovery_recoveryprofile_changelist",
        "recovery.view_recoveryprofile",
    ),
    "SoftwareOath": (_("Authenticator code"), "", ""),
}


@dataclass(frozen=True)
class Row:
    name: str | Promise
    enabled: bool
    included: list[str | Promise]
    excluded: list[str | Promise]
    url: str


@page("tap.view_temporaryaccesspasspolicy")
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    told = [tell() for tell in faces.registry.configurations.values()]
    targets = {target["id"] for each in told for side in ("includeTargets", "excludeTargets") for target in each[side]}
    keys = [key for key in targets if key != _EVERYBODY]
    names = {str(group.pk): group.display_name for group in DirectoryGroup.objects.filter(pk__in=keys)}
    rows = [_row(request, each, names) for each in told]
    return answer(request, "methods.html", _("Authentication methods policy"), rows=rows)


def _row(request: HttpRequest, told: dict[str, Any], names: dict[str, str]) -> Row:
    name, where, permission = _KNOWN.get(told["id"], (told["id"], "", ""))
    return Row(
        name=name,
        enabled=told["state"] == "enabled",
        included=_people(told["includeTargets"], names),
        excluded=_people(told["excludeTargets"], names),
        url=reverse(where) if where and request.user.has_perm(permission) else "",
    )


def _people(targets: list[dict[str, Any]], names: dict[str, str]) -> list[str | Promise]:
    return [_("All users") if each["id"] == _EVERYBODY else names.get(each["id"], each["id"]) for each in targets]
