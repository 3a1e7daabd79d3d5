"""The control API of a house in this process, over the same bytes as the wire."""

import json
from typing import Any

import httpx
from django.test import Client, TestCase

from recovery_portal.testing.client import RecoveryClient

TOKEN = "control-token-of-the-tests"
PORTAL = "http://portal.test"


class Bridge(httpx.BaseTransport):
    """Requests go to Django's test client, to the house that their host names.

    What waits for a commit is done, as the test's own never comes.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        with TestCase.captureOnCommitCallbacks(execute=True):
            answer = Client().generic(
                request.method,
                request.url.raw_path.decode(),
                request.read(),
                content_type=headers.pop("content-type", ""),
                headers=headers,
            )
        return httpx.Response(answer.status_code, headers=dict(answer.items()), content=answer.content)


def control(token: str = TOKEN) -> RecoveryClient:
    return RecoveryClient(PORTAL, token, transports={PORTAL: Bridge()})


def ask(method: str, path: str, body: Any = None, *, token: str = TOKEN, **more: Any) -> Any:
    """One raw request, for what the client would never send."""
    headers = {"authorization": f"Bearer {token}", "host": "portal.test"} | more.pop("headers", {})
    data = more.pop("content", None)
    if data is not None:
        return Client().generic(method, f"/_emulation/{path}", data, headers=headers, **more)
    return Client().generic(
        method,
        f"/_emulation/{path}",
        "" if body is None else json.dumps(body),
        content_type="application/json",
        headers=headers,
    )
