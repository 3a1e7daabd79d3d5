"""The control API of a house in this process, over the same bytes as the wire."""

import json
from typing import Any

from django.test import Client

from recovery_portal.testing.client import RecoveryClient
from recovery_portal.testing.in_process import HouseTransport

TOKEN = "control-token-of-the-tests"
PORTAL = "http://portal.test"


def control(token: str = TOKEN) -> RecoveryClient:
    return RecoveryClient(PORTAL, token, transports={PORTAL: HouseTransport()})


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
