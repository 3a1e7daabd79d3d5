"""Who may open a page of the console: signed in to the admin site, and with every permission that the page names."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from accounts.models import User

View = Callable[..., HttpResponseBase]


def page(*permissions: str) -> Callable[[View], View]:
    """A page of the console for operators who have all of ``permissions``."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perms(permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return admin.site.admin_view(guarded)

    return decorate


def operator_of(request: HttpRequest) -> User:
    """The person signed in. Raises PermissionDenied."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def answer(request: HttpRequest, template: str, title: object, **context: Any) -> HttpResponse:
    """A console page with what every admin page has."""
    everything = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, f"admin/recovery/console/{template}", everything)
