"""Several requests in one (``POST /v1.0/$batch``): each is asked of the same doors, with the same token, as alone."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.urls import resolve
from rest_framework.request import Request
from rest_framework.response import Response

from recovery_portal.kit import ratelimit

from .errors import GraphError
from .shell import GraphView

MOST = 20
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
# What a request may say of itself. Who asks, and from where, is the batch's to say.
_OWN_HEADERS = frozenset(
    {"accept", "client-request-id", "consistencylevel", "content-type", "if-match", "if-none-match", "prefer"}
)


@dataclass(frozen=True)
class Item:
    """One request of a batch. ``depends_on``: ids of those that must have succeeded before it is asked."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    depends_on: tuple[str, ...]


class Batch(GraphView):
    """https://learn.microsoft.com/graph/json-batching: up to twenty requests, answered in the order of the question."""

    schema = None  # the original's description leaves it out as well
    version = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        ratelimit.hit("api", str(self.caller.app_id), limit=settings.API_REQUESTS_PER_MINUTE, period_s=60)

    def post(self, request: Request) -> Response:
        items = read(request.data)
        answers: dict[str, dict[str, Any]] = {}
        for item in _in_order(items):
            failed = [name for name in item.depends_on if answers[name]["status"] >= 400]
            if failed:
                error = {"code": "failedDependency", "message": f"The request '{failed[0]}' failed."}
                answers[item.id] = {"id": item.id, "status": 424, "headers": {}, "body": {"error": error}}
            else:
                answers[item.id] = self._answer(item)
        return Response({"responses": [answers[item.id] for item in items]})

    def _answer(self, item: Item) -> dict[str, Any]:
        try:
            request = self._request(item)
        except GraphError as refused:
            error = {"code": refused.code, "message": refused.message}
            return {"id": item.id, "status": refused.status, "headers": {}, "body": {"error": error}}
        found = resolve(request.path_info)
        response = found.func(request, *found.args, **found.kwargs)
        if hasattr(response, "render"):
            response.render()
        answer = {"id": item.id, "status": response.status_code, "headers": dict(response.items())}
        return answer | ({"body": _body_of(response)} if response.content else {})

    def _request(self, item: Item) -> WSGIRequest:
        """The request as if it had come alone. Raises GraphError (400)."""
        path, _, query = _relative(item.url, self.version).partition("?")
        decoded = unquote_to_bytes(path)
        if decoded.strip(b"/").lower() == b"$batch":  # as it is resolved, not as it is written
            raise GraphError(400, "A batch cannot contain a batch.", "BadRequest")
        if item.body is not None and "content-type" not in item.headers:
            raise GraphError(400, "Write request bodies need the header Content-Type.", "BadRequest")
        outer = self.request.META
        given = {name: value for name, value in outer.items() if not name.startswith(("HTTP_", "CONTENT_"))}
        given |= {name: outer[name] for name in outer if name in {"HTTP_AUTHORIZATION", "HTTP_HOST"}}
        given |= {name: outer[name] for name in outer if name.startswith("HTTP_X_FORWARDED_")}
        own = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in item.headers.items()}
        body = item.body or b""
        return WSGIRequest(
            {
                **given,
                **own,
                "REQUEST_METHOD": item.method,
                "PATH_INFO": f"/{self.version}/{decoded.decode('latin-1')}",  # as PEP 3333 has it
                "QUERY_STRING": query,
                "CONTENT_TYPE": item.headers.get("content-type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": BytesIO(body),
            }
        )


def read(members: Any) -> list[Item]:
    """The requests of a batch. Raises GraphError (400) for a batch that cannot be carried out as it stands."""
    wanted = members.get("requests") if isinstance(members, Mapping) else None
    if not isinstance(wanted, list) or not wanted:
        raise GraphError(400, "A batch has a property 'requests' with at least one request.", "BadRequest")
    if len(wanted) > MOST:
        raise GraphError(400, f"A batch has at most {MOST} requests.", "BadRequest")
    items = [_item(one) for one in wanted]
    known = {item.id for item in items}
    if len(known) < len(items):
        raise GraphError(400, "The requests of a batch have different ids.", "BadRequest")
    if any(name not in known for item in items for name in item.depends_on):
        raise GraphError(400, "A request depends on one that is not in the batch.", "BadRequest")
    return items


def _item(members: Any) -> Item:
    if not isinstance(members, Mapping):
        raise GraphError(400, "A request of a batch is an object.", "BadRequest")
    name, method, url = (members.get(key) for key in ("id", "method", "url"))
    if not isinstance(name, str) or not 0 < len(name) <= 64:
        raise GraphError(400, "A request of a batch has an id of up to 64 characters.", "BadRequest")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise GraphError(
            400, f"A request of a batch has one of the methods {', '.join(sorted(_METHODS))}.", "BadRequest"
        )
    if not isinstance(url, str) or not url or not url.isascii() or not url.isprintable():
        raise GraphError(400, "A request of a batch has a relative url.", "BadRequest")
    # Microsoft's SDK for Python writes the second of the two.
    depends_on = members.get("dependsOn") or members.get("depends_on") or []
    if not isinstance(depends_on, list) or not all(isinstance(one, str) for one in depends_on):
        raise GraphError(400, "'dependsOn' is a list of ids.", "BadRequest")
    return Item(name, method.upper(), url, _headers(members), _sent_body(members.get("body")), tuple(depends_on))


def _headers(members: Mapping[str, Any]) -> dict[str, str]:
    given = members.get("headers") or {}
    if not isinstance(given, Mapping) or not all(
        isinstance(value, str) and value.isascii() and value.isprintable() for value in given.values()
    ):
        raise GraphError(400, "The headers of a request are an object of texts.", "BadRequest")
    return {name.lower(): value for name, value in given.items() if name.lower() in _OWN_HEADERS}


def _sent_body(body: Any) -> bytes | None:
    if body is None:
        return None
    if isinstance(body, Mapping):
        return json.dumps(body).encode()
    try:
        return base64.b64decode(body, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise GraphError(400, "The body of a request is a JSON object, or base64.", "BadRequest") from error


def _relative(url: str, version: str) -> str:
    """The address below the version. Raises GraphError (400) for another version and for another site."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise GraphError(400, "The url of a request is relative.", "BadRequest") from error
    if parts.scheme or parts.netloc:
        if f"{parts.scheme}://{parts.netloc}" != settings.PORTAL_BASE_URL:
            raise GraphError(400, "The url of a request is relative.", "BadRequest")
        if not parts.path.startswith(f"/{version}/"):
            raise GraphError(400, f"The requests of this batch are for {version}.", "BadRequest")
    path = parts.path.removeprefix(f"/{version}").removeprefix("/")
    return f"{path}?{parts.query}"


def _in_order(items: Sequence[Item]) -> Iterator[Item]:
    """Each after those that it depends on; else as they stand. Raises GraphError (400) for a circle."""
    by_id = {item.id: item for item in items}
    try:
        order = list(TopologicalSorter({item.id: item.depends_on for item in items}).static_order())
    except CycleError as error:
        raise GraphError(400, "Requests of a batch depend on each other in a circle.", "BadRequest") from error
    return (by_id[name] for name in order)


def _body_of(response: HttpResponse) -> Any:
    if response.headers.get("Content-Type", "").startswith("application/json"):
        return json.loads(response.content)
    return base64.b64encode(response.content).decode("ascii")
