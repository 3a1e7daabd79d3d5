"""The manners of the control API: the token first, JSON in and out, one clear sentence for what is wrong."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.tokens import same
from recovery_portal.kit.views import speaks_json
from recovery_portal.testing import strict
from recovery_portal.testing.strict import InputRefused

log = structlog.get_logger(__name__)

LONGEST_BODY: Final = 1_000_000
HOUSES: Final = frozenset({"portal", "provider", "wallet"})


class NotThere(DomainError):
    """What the address or the input names does not exist; ``reason`` is the sentence."""


@dataclass(frozen=True)
class Operation:
    """One method of one address. ``takes`` is the shape of its input, ``answers`` that of its answer."""

    method: str
    path: str
    takes: type[Any] | None
    answers: Any
    houses: frozenset[str]
    run: Callable[..., Any]

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def summary(self) -> str:
        return (self.run.__doc__ or "").partition("\n")[0].strip()


OPERATIONS: list[Operation] = []
_Run = Callable[..., Any]
_DIGITS: Final = re.compile(r"[0-9]{1,9}")


def operation(
    method: str, path: str, *, takes: type[Any] | None = None, answers: Any = None, houses: frozenset[str] = HOUSES
) -> Callable[[_Run], _Run]:
    """Registers a function as an operation of ``houses``. It gets its input as a value of ``takes``, keywords from the
    address and, when it has a parameter ``query``, the query; what it returns is answered as JSON (bytes as a file).
    """

    def decorate(run: _Run) -> _Run:
        OPERATIONS.append(Operation(method, path, takes, answers, houses, run))
        return run

    return decorate


def is_served(one: Operation) -> bool:
    return settings.ROLE == "all" or settings.ROLE in one.houses


def patterns() -> list[URLPattern]:
    """The addresses of this house's operations."""
    by_path: dict[str, dict[str, Operation]] = {}
    for one in filter(is_served, OPERATIONS):
        by_path.setdefault(one.path, {})[one.method] = one
    return [path(route, _door(methods)) for route, methods in by_path.items()]


def check_token(request: HttpRequest) -> bool:
    """Whether the request carries the token. Raises Http404 where there is no control API at all."""
    if not settings.EMULATION or not settings.EMULATION_TOKEN:
        raise Http404
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and same(token.strip(), settings.EMULATION_TOKEN)


def _door(methods: dict[str, Operation]) -> Callable[..., HttpResponse]:
    @speaks_json({"error": "refused", "sentence": "The request cannot be read."})
    @csrf_exempt
    def door(request: HttpRequest, **keys: Any) -> HttpResponse:
        if not check_token(request):
            response = refusal(401, "Send the control token: Authorization: Bearer <EMULATION_TOKEN>.")
            response["WWW-Authenticate"] = "Bearer"
            return response
        one = methods.get(request.method or "")
        if one is None:
            response = refusal(405, f"{request.path} takes {' and '.join(sorted(methods))}.")
            response["Allow"] = ", ".join(sorted(methods))
            return response
        return _answer(one, request, keys)

    return door


def _answer(one: Operation, request: HttpRequest, keys: dict[str, Any]) -> HttpResponse:
    try:
        if one.takes is not None and one.method == "GET":
            keys["given"] = strict.read(one.takes, _query_of(request, one.takes))
        elif one.takes is not None:
            keys["given"] = strict.read(one.takes, _body_of(request))
        answer = one.run(**keys)
    except NotThere as missing:
        return refusal(404, missing.reason)
    except DomainError as refused:
        return refusal(400, _sentence(refused.reason or refused.code), code=refused.code)
    if isinstance(answer, bytes):
        return HttpResponse(answer, content_type="application/octet-stream")
    return JsonResponse(_plain(answer), safe=False)


def refusal(status: int, sentence: str, *, code: str = "") -> JsonResponse:
    return JsonResponse({"error": code or "refused", "sentence": sentence}, status=status)


def _sentence(reason: str) -> str:
    """A reason as operators read it in their lists, with its full stop."""
    return f"{reason}{'' if reason.endswith(('.', '?', '!')) else '.'}"


def _query_of(request: HttpRequest, shape: type[Any]) -> dict[str, str | int]:
    """The address's own words; digits where the shape has a whole number."""
    twice = [name for name, values in request.GET.lists() if len(values) > 1]
    if twice:
        raise InputRefused(f"{twice[0]} stands in the address twice.")
    hints = strict.hints_of(shape)
    told = {name: str(value) for name, value in request.GET.items()}
    return {
        name: int(value) if hints.get(name) is int and _DIGITS.fullmatch(value) else value
        for name, value in told.items()
    }


def _body_of(request: HttpRequest) -> Any:
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError) as error:
        raise InputRefused("The body cannot be read, or is too large.") from error
    if len(body) > LONGEST_BODY:
        raise InputRefused(f"The body is longer than {LONGEST_BODY} bytes.")
    if not body.strip():
        return {}
    if request.content_type != "application/json":
        raise InputRefused("Send application/json.")
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant)
    except InputRefused:
        raise
    except (ValueError, RecursionError) as error:
        raise InputRefused("The body is not JSON in UTF-8.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InputRefused("A name stands in the body twice.")
    return members


def _refuse_constant(name: str) -> Any:
    raise InputRefused(f"{name} is no number of JSON.")


def _plain(answer: Any) -> Any:
    if is_dataclass(answer) and not isinstance(answer, type):
        return asdict(answer)
    if isinstance(answer, list):
        return [_plain(one) for one in answer]
    return answer if answer is not None else {}
