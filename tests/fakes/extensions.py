"""Extensions for claim validation, and the servers behind them."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from accounts.operators import Operator
from recovery_portal.kit import http
from recovery_portal.recovery.flows import extending
from recovery_portal.recovery.models import ClaimExtension
from tests.fakes.recovery import NOON

ORIGIN = "http://hr.test"
TYPE = "microsoft.graph.verifiedIdClaimValidation"
PASS = {"@odata.type": f"{TYPE}.pass"}


def failed(*names: str) -> dict[str, Any]:
    return {"@odata.type": f"{TYPE}.failed", "failedClaims": list(names)}


def said(action: dict[str, Any], status: int = 200) -> httpx.Response:
    kind = "microsoft.graph.onVerifiedIdClaimValidationResponseData"
    return httpx.Response(status, json={"data": {"@odata.type": kind, "actions": [action]}})


def make_extension(operator: Any, origin: str = ORIGIN, **fields: Any) -> ClaimExtension:
    """Granted, with its listener and an app registration of its own."""
    known = {"display_name": "HR", "target_url": f"{origin}/validate", "claims": ["dateOfBirth"]}
    extension = extending.create_extension(
        fields=known | fields, by=Operator(user=operator), at=NOON, with_listener=True
    )
    extending.grant_extension(extension=extension, by=operator, at=NOON)
    return extension


class Api:
    """The other end: answers what it was told to, in turn, and keeps what it heard."""

    def __init__(self, *answers: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers = list(answers)
        self.heard: list[httpx.Request] = []
        http.transports[ORIGIN] = httpx.MockTransport(self._serve)

    def _serve(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, httpx.Response) else answer(request)

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.heard[-1].content)
        return found


def too_slow(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow", request=request)


def unplugged(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("gone", request=request)
