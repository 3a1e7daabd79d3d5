"""Which browser takes part in which proofing, and which page belongs to each state.

A browser is bound by its own session cookie; the proofing's id in the address opens nothing by itself.
"""

import uuid
from enum import StrEnum
from functools import wraps
from typing import Any, Protocol

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from recovery_portal.kit import clock
from recovery_portal.kit.machine import IllegalTransition

from ..errors import ProofingMoved
from ..flows import steps
from ..machine import State
from ..models import ProofingSession

_SESSION_KEY = "proofings"
_REMEMBERED_MAX = 5  # a browser takes part in few proofings at a time; the oldest is forgotten


class Role(StrEnum):
    DESKTOP = "desktop"  # sent by the portal, follows a phone, goes home
    PHONE = "phone"  # joined by the code, does the work, stays here
    SINGLE = "single"  # sent by the portal, does the work, goes home


_ON_THE_PHONE = {
    State.DETAILS: "details",
    State.DOCUMENT_CHOICE: "document",
    State.DOCUMENT_TIPS: "document-tips",
    State.DOCUMENT_PHOTOS: "document-photos",
    State.DOCUMENT_RETAKE: "document-photos",
    State.SELFIE_TIPS: "selfie-tips",
    State.SELFIE: "selfie",
    State.CHECKING: "checking",
    State.IN_REVIEW: "review",
    State.VERIFIED: "add",
    State.OFFERED: "open",
}
_ENDS = {
    State.ISSUED: "finished",
    State.DECLINED: "declined",
    State.CANCELLED: "cancelled",
    State.RETURNED: "finished",
    State.EXPIRED: "expired",
}

PAGE_BY_STATE: dict[Role, dict[State, str]] = {
    # Nobody has joined yet, so a phone cannot be here: it is shown the way out.
    Role.PHONE: {State.STARTED: "expired", **_ON_THE_PHONE, **_ENDS},
    Role.SINGLE: {State.STARTED: "scan", **_ON_THE_PHONE, **_ENDS},
    Role.DESKTOP: {State.STARTED: "scan", **dict.fromkeys(_ON_THE_PHONE, "follow"), **_ENDS, State.ISSUED: "return"},
}


def bind(request: HttpRequest, proofing: ProofingSession, role: Role) -> None:
    """Let this browser take part. The session key changes, so that a planted cookie gains nothing."""
    request.session.cycle_key()
    known: dict[str, str] = request.session.get(_SESSION_KEY, {})
    known.pop(str(proofing.pk), None)
    known[str(proofing.pk)] = role
    request.session[_SESSION_KEY] = dict(list(known.items())[-_REMEMBERED_MAX:])


def find_role(request: HttpRequest, proofing_id: uuid.UUID) -> Role | None:
    role = request.session.get(_SESSION_KEY, {}).get(str(proofing_id))
    return Role(role) if role else None


def taken_part_in(request: HttpRequest, *roles: Role) -> list[ProofingSession]:
    """The proofings in which this browser has one of these roles, the latest first."""
    known: dict[str, str] = request.session.get(_SESSION_KEY, {})
    ids = [uuid.UUID(proofing_id) for proofing_id, role in known.items() if Role(role) in roles]
    alive = ProofingSession.objects.filter(pk__in=ids, expires_at__gt=clock.now())
    return list(alive.order_by("-created_at"))


def page_of(proofing: ProofingSession, role: Role) -> str:
    return PAGE_BY_STATE[role][State(proofing.state)]


def address_of(proofing: ProofingSession, page: str) -> str:
    return reverse(f"provider:{page}", args=[proofing.pk])


def to_current_page(proofing: ProofingSession, role: Role) -> HttpResponse:
    return redirect(address_of(proofing, page_of(proofing, role)))


class PageView(Protocol):
    def __call__(self, request: HttpRequest, proofing: ProofingSession, role: Role, **kwargs: Any) -> HttpResponse: ...


class BoundView(Protocol):
    def __call__(self, request: HttpRequest, proofing_id: uuid.UUID, **kwargs: Any) -> HttpResponse: ...


def admit(request: HttpRequest, proofing_id: uuid.UUID) -> tuple[ProofingSession, Role]:
    """The proofing and this browser's part in it. Raises Http404, the same for unknown and for somebody else's."""
    role = find_role(request, proofing_id)
    if role is None:
        raise Http404("not this browser's")
    try:
        return steps.get_proofing(proofing_id, at=clock.now()), role
    except ProofingSession.DoesNotExist:
        raise Http404("gone") from None


def page(*names: str) -> Any:
    """A page that is open only while it belongs to the state; otherwise the person is led to the one that does."""

    def decorate(view: PageView) -> BoundView:
        @wraps(view)
        def bound(request: HttpRequest, proofing_id: uuid.UUID, **kwargs: Any) -> HttpResponse:
            proofing, role = admit(request, proofing_id)
            if page_of(proofing, role) not in names:
                return to_current_page(proofing, role)
            try:
                return view(request, proofing, role, **kwargs)
            except (ProofingMoved, IllegalTransition):  # another tab or device was quicker
                proofing.refresh_from_db()
                return to_current_page(proofing, role)

        return bound

    return decorate
