"""The line to the control API: plain HTTP to the houses of one installation, or to transports that stand for them."""

import dataclasses
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from . import trust
from .answers import ServerUnreachable, content_of


class Line:
    """One token for all houses; a connection for each that is asked."""

    def __init__(
        self,
        token: str,
        *,
        transports: Mapping[str, httpx.BaseTransport],
        timeout_s: float,
        trusted: ssl.SSLContext | None,
    ) -> None:
        self._token, self._transports, self._timeout_s, self._trusted = token, dict(transports), timeout_s, trusted
        self._clients: dict[str, httpx.Client] = {}

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def ask(
        self,
        origin: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | None] | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        """What the house at ``origin`` answers. Raises ControlError."""
        told = None if body is None else dataclasses.asdict(body)
        try:
            answer = self._client(origin).request(
                method,
                f"{origin}/_emulation/{path}",
                params={name: value for name, value in (query or {}).items() if value is not None},
                json=told,
                timeout=timeout_s or self._timeout_s,
            )
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise ServerUnreachable(f"{origin} is no web address: such begin with http:// or https://.") from error
        except httpx.HTTPError as error:
            if trust.is_distrust(error):
                raise ServerUnreachable(
                    f"{origin} shows a certificate that is not trusted here: name the authority's file"
                    " (--recovery-ca, or RECOVERY_CA); `make demo HTTPS=1` says where it is."
                ) from error
            raise ServerUnreachable(f"Nobody answers at {origin}: {type(error).__name__}.") from error
        return content_of(answer, origin)

    def _client(self, origin: str) -> httpx.Client:
        if origin not in self._clients:
            self._clients[origin] = httpx.Client(
                transport=self._transports.get(origin),
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=self._timeout_s,
                verify=self._trusted or True,
                trust_env=False,
            )
        return self._clients[origin]
