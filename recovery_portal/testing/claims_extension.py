"""The organisation's own word on a recovery: a real little server that the portal asks about the claims.

It speaks as the event ``onVerifiedIdClaimValidation`` wants it to; what it answers is settable, and how it misbehaves.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from .directory import Profile
    from .installation import Installation

NAME = "Tester's extension"
IN_PROCESS = "http://extension.test"
_PATH = "/validate"
_TYPE = "microsoft.graph.verifiedIdClaimValidation"
_RESPONSE = "microsoft.graph.onVerifiedIdClaimValidationResponseData"
_JSON = ("Content-Type", "application/json")
_Headers = list[tuple[str, str]]
_BROKEN: dict[str, tuple[str, _Headers, bytes]] = {
    "no_json": ("200 OK", [_JSON], b"certainly!"),
    "no_answer": ("200 OK", [_JSON], b"{}"),
    "error": ("500 Internal Server Error", [_JSON], b"{}"),
    "refusal": ("401 Unauthorized", [_JSON], b"{}"),
    "redirect": ("302 Found", [("Location", "http://elsewhere.test/")], b""),
    "huge": ("200 OK", [_JSON], b'{"data": "' + b"x" * 2_000_000 + b'"}'),
}


@dataclass(frozen=True)
class Call:
    """One question as it arrived."""

    token: str = field(repr=False)
    document: dict[str, Any]

    @property
    def account(self) -> str:
        """The user principal name of whose recovery it is."""
        return str(self.document["data"]["authenticationContext"]["user"]["userPrincipalName"])

    @property
    def claims(self) -> dict[str, str]:
        claims: dict[str, str] = self.document["data"]["verifiedIdClaimsContext"]["claims"]
        return claims


class ClaimsExtension:
    """Passes everybody, until it is told otherwise."""

    def __init__(self, installation: Installation, origin: str) -> None:
        self.installation, self.origin = installation, origin
        self.calls: list[Call] = []
        self._answer = _said({"@odata.type": f"{_TYPE}.pass"})

    def passes(self) -> ClaimsExtension:
        self._answer = _said({"@odata.type": f"{_TYPE}.pass"})
        return self

    def fails(self, *claims: str) -> ClaimsExtension:
        """It says that these claims are not those of its employee."""
        self._answer = _said({"@odata.type": f"{_TYPE}.failed", "failedClaims": list(claims)})
        return self

    def breaks(self, how: str = "error") -> ClaimsExtension:
        """``error``, ``refusal``, ``no_json``, ``no_answer``, ``redirect``, ``huge``; or ``off``: nobody answers."""
        if how == "off":
            self.installation.client.set_fault("claims_extension", off=True)
        elif how in _BROKEN:
            self._answer = _BROKEN[how]
        else:
            raise ValueError(f"An extension cannot break by {how!r}; there is: off, {', '.join(_BROKEN)}.")
        return self

    def delays(self, *, milliseconds: int) -> ClaimsExtension:
        """It answers so much later; after two seconds nobody listens any more."""
        self.installation.client.set_fault("claims_extension", latency_ms=milliseconds)
        return self

    def attach_to(self, profile: Profile, *, claims: tuple[str, ...] = ("dateOfBirth",)) -> ClaimsExtension:
        """Recoveries under this profile ask it, and tell it these claims besides the names."""
        self.installation.client.seed_extension(NAME, self.origin + _PATH, claims=list(claims))
        profile.change(claims_extension=NAME)
        return self

    def detach_from(self, profile: Profile) -> None:
        profile.change(claims_extension="")
        self.installation.client.set_fault("claims_extension")

    def __call__(self, environ: dict[str, Any], start_response: Callable[[str, _Headers], Any]) -> list[bytes]:
        """The server itself (WSGI)."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        document = json.loads(environ["wsgi.input"].read(length))
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        self.calls.append(Call(token, document))
        status, headers, body = self._answer
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]


def _said(action: dict[str, Any]) -> tuple[str, _Headers, bytes]:
    return "200 OK", [_JSON], json.dumps({"data": {"@odata.type": _RESPONSE, "actions": [action]}}).encode()


@contextmanager
def serving(installation: Installation, *, port: int) -> Iterator[ClaimsExtension]:
    """In process behind an origin of its own; for running houses, on a port of this machine."""
    if installation.is_in_process:
        import httpx

        from recovery_portal.kit import http

        extension = ClaimsExtension(installation, IN_PROCESS)
        http.transports[IN_PROCESS] = httpx.WSGITransport(app=extension)
        yield extension
        http.transports.pop(IN_PROCESS, None)
        return
    extension = ClaimsExtension(installation, f"http://localhost:{port}")
    with make_server("127.0.0.1", port, extension, handler_class=_Quiet) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield extension
        server.shutdown()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass
