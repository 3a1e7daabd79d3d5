"""Extensions and their listeners as operators and programs set them up. Everything is audited; nothing receives claims
before somebody has granted it that."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError

from accounts.audit import flows as audit
from accounts.models import User
from accounts.operators import Operator
from idv.verifier.claims import FURTHER
from recovery_portal.api import registrations
from recovery_portal.api.models import AppRegistration

from .. import claim_validation
from ..errors import ExtensionRefused
from ..models import ClaimExtension, ExtensionCall, ExtensionListener
from ..models.extension import MOST_EXTENSIONS
from .holding import require_free
from .operating import CATEGORY
from .validating import Question, ask_extension, is_target

_ADDRESSES = frozenset({"target_url", "resource_id"})


@transaction.atomic
def create_extension(
    *, fields: Mapping[str, Any], by: Operator, at: datetime, with_listener: bool = False
) -> ClaimExtension:
    """Without a resource id an app registration for the API is made, too. Raises ExtensionRefused."""
    if ClaimExtension.objects.count() >= MOST_EXTENSIONS:
        raise ExtensionRefused("too_many", f"There are {MOST_EXTENSIONS} custom authentication extensions already.")
    extension = ClaimExtension(created_at=at, **fields)
    if not is_target(extension.target_url):
        raise ExtensionRefused("target_url_unusable", "The targetUrl must be an https address.")
    if not extension.resource_id:
        extension.resource_id = _register_resource(extension, by=by, at=at)
    _check(extension)
    _save(extension)
    told = {"targetUrl": extension.target_url, "resourceId": extension.resource_id}
    _note("Add custom authentication extension", extension, by=by, at=at, details=told)
    if with_listener:
        create_listener(fields={"extension": extension, "display_name": extension.display_name}, by=by, at=at)
    return extension


@transaction.atomic
def change_extension(*, extension: ClaimExtension, fields: Mapping[str, Any], by: Operator, at: datetime) -> None:
    """Claims that would go elsewhere from now on, and more claims than before, need a new grant. Raises
    ExtensionRefused, SwitchRefused (approval_required)."""
    changes = {name: value for name, value in fields.items() if getattr(extension, name) != value}
    if not changes:
        return
    if changes.keys() & _ADDRESSES:
        require_free(extension)
    told = {name: f"{getattr(extension, name)} -> {value}" for name, value in changes.items()}
    for name, value in changes.items():
        setattr(extension, name, value)
    is_more = bool(changes.keys() & _ADDRESSES or set(extension.claims) - set(extension.granted_claims))
    if is_more and extension.granted_at is not None:
        extension.granted_at, extension.granted_claims = None, []
        told["permission"] = "granted -> withdrawn"
    # What is left out now is not consented to any more when it is asked for again.
    extension.granted_claims = [name for name in extension.granted_claims if name in extension.claims]
    _check(extension)
    _save(extension)
    _note("Update custom authentication extension", extension, by=by, at=at, details=told)


@transaction.atomic
def delete_extension(*, extension: ClaimExtension, by: Operator, at: datetime) -> None:
    """With its listeners. Raises ExtensionRefused (in_use) while a profile names it."""
    _note("Delete custom authentication extension", extension, by=by, at=at)
    if extension.profiles.exists():
        raise ExtensionRefused("in_use", "A recovery profile asks this extension.")
    extension.listeners.all().delete()
    try:
        extension.delete()
    except ProtectedError as error:
        raise ExtensionRefused("in_use", "A recovery profile asks this extension.") from error


@transaction.atomic
def grant_extension(*, extension: ClaimExtension, by: User, at: datetime) -> bool:
    """Let the extension receive the claims, at the address, that ``extension`` has. False when it had been so already.
    Raises ExtensionRefused (not_permitted), also when somebody has changed either meanwhile (changed_meanwhile)."""
    if not by.has_perm("recovery.grant_claimextension"):
        raise ExtensionRefused("not_permitted", "recovery.grant_claimextension")
    _check(extension)
    fresh = ClaimExtension.objects.select_for_update().get(pk=extension.pk)
    seen = (extension.target_url, extension.resource_id, sorted(extension.claims))
    if (fresh.target_url, fresh.resource_id, sorted(fresh.claims)) != seen:
        raise ExtensionRefused("changed_meanwhile", "The extension has another address, or other claims, now.")
    if fresh.granted_at is not None:
        return False
    extension.granted_at, extension.granted_claims = at, sorted(extension.claims)
    extension.save(update_fields=["granted_at", "granted_claims"])
    _note(
        "Grant permission to custom authentication extension", extension, by=Operator(user=by), at=at,
        details={
            "permission": claim_validation.ROLE,
            "targetUrl": extension.target_url,
            "claims": ", ".join(extension.granted_claims) or "names",
        },
    )  # fmt: skip
    return True


def test_extension(
    *, extension: ClaimExtension, user: User, claims: Mapping[str, str], correlation_id: str, client_ip: str, by: User,
    at: datetime,
) -> ExtensionCall:  # fmt: skip
    """Ask as a recovery would, with claims that an operator typed. The call stands in the log."""
    _note("Test custom authentication extension", extension, by=Operator(user=by), at=at, target=user)
    question = Question(user=user, claims=claims, correlation_id=correlation_id, client_ip=client_ip)
    return ask_extension(extension_id=str(extension.pk), question=question, at=at)


@transaction.atomic
def create_listener(*, fields: Mapping[str, Any], by: Operator, at: datetime) -> ExtensionListener:
    listener = ExtensionListener.objects.create(created_at=at, **fields)
    _note(
        "Add authentication event listener", listener.extension, by=by, at=at, details={"listenerId": str(listener.pk)}
    )
    return listener


@transaction.atomic
def change_listener(*, listener: ExtensionListener, fields: Mapping[str, Any], by: Operator, at: datetime) -> None:
    changes = {name: value for name, value in fields.items() if getattr(listener, name) != value}
    if not changes:
        return
    told = {name: f"{getattr(listener, name)} -> {value}" for name, value in changes.items()}
    told["listenerId"] = str(listener.pk)
    for name, value in changes.items():
        setattr(listener, name, value)
    listener.save()
    _note("Update authentication event listener", listener.extension, by=by, at=at, details=told)


@transaction.atomic
def delete_listener(*, listener: ExtensionListener, by: Operator, at: datetime) -> None:
    """Without any listener its extension is not asked: whoever should have been asked about is refused."""
    _note(
        "Delete authentication event listener",
        listener.extension,
        by=by,
        at=at,
        details={"listenerId": str(listener.pk)},
    )
    listener.delete()


def _register_resource(extension: ClaimExtension, *, by: Operator, at: datetime) -> str:
    try:
        host = urlsplit(extension.target_url).netloc
        app = registrations.register(name=f"{extension.display_name[:100]} (API)", at=at, registered_by=by.user)
    except (ValueError, registrations.RegistrationRefused) as error:
        raise ExtensionRefused("name_taken", "There is an app registration of this name.") from error
    return f"api://{host}/{app.pk}"


def _check(extension: ClaimExtension) -> None:
    if not is_target(extension.target_url):
        raise ExtensionRefused("target_url_unusable", "The targetUrl must be an https address.")
    resource = claim_validation.resource_of(extension.resource_id, extension.target_url)
    if resource is None:
        raise ExtensionRefused("resource_id_malformed", "The resourceId is written api://host-of-the-target/app-id.")
    app_id, is_on_host = resource
    if not is_on_host:
        raise ExtensionRefused("resource_id_on_another_host", "The resourceId names another host than the targetUrl.")
    if not AppRegistration.objects.filter(pk=app_id).exists():
        raise ExtensionRefused("resource_unknown", "The resourceId names no app registration.")
    if any(claim not in FURTHER for claim in extension.claims):
        raise ExtensionRefused("claims_unknown", "Claims are chosen from the list.")


def _save(record: models.Model) -> None:
    try:
        with transaction.atomic():
            record.save()
    except IntegrityError as error:
        raise ExtensionRefused("name_taken", "There is an extension of this name.") from error


def _note(
    activity: str,
    extension: ClaimExtension,
    *,
    by: Operator,
    at: datetime,
    target: User | None = None,
    details: Mapping[str, str] | None = None,
) -> None:
    audit.record(
        activity=activity,
        at=at,
        target=target,
        initiated_by=by.user,
        application=by.application,
        details={"extension": extension.display_name, "extensionId": str(extension.pk), **(details or {})},
        category=CATEGORY,
    )
