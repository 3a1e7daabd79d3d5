"""Where the houses are that a test talks to: in this process, or running somewhere."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import httpx

from . import trust
from .client import RecoveryClient

if TYPE_CHECKING:
    from collections.abc import Callable

EXTENSION = "http://extension.test"


@dataclass
class Installation:
    """One portal with its provider and wallet, and the client that controls it.

    ``transport_from`` makes what stands for the network as seen from an address; None means the real network.
    """

    portal: str
    provider: str
    wallet: str
    client: RecoveryClient
    transport_from: Callable[[str], httpx.BaseTransport] | None = None
    trusted: ssl.SSLContext | None = field(default=None, repr=False)
    scripted: set[str] = field(default_factory=set)

    @property
    def is_in_process(self) -> bool:
        return self.transport_from is not None

    def now(self) -> datetime:
        """The moment at which the houses are."""
        if self.is_in_process:
            from recovery_portal.kit import clock

            return clock.now()
        return datetime.fromisoformat(self.client.clock().at)

    def network(self, address: str, *, agent: str, follow_redirects: bool) -> httpx.Client:
        """An HTTP client of somebody at that address."""
        transport = self.transport_from(address) if self.transport_from else None
        return httpx.Client(
            transport=transport,
            headers={"User-Agent": agent, "Accept": "text/html,*/*;q=0.8", "Accept-Language": "en"},
            follow_redirects=follow_redirects,
            timeout=60,
            verify=self.trusted or True,
            trust_env=False,
        )

    @contextmanager
    def drawn_from(self, seed: int) -> Iterator[None]:
        """Meanwhile everything random comes from ``seed``, keys, tokens and codes too: from the same state, at the same
        moment, two runs say the same on the wire, signatures apart. In this process only.

        Raises NotInThisProcess.
        """
        from . import foreseen

        if not self.is_in_process:
            raise foreseen.NotInThisProcess(
                f"The houses at {self.portal} draw keys, tokens and codes themselves: drawn_from works in process."
                " set_seed draws the challenges of a running server."
            )
        self.client.set_seed(seed)
        with foreseen.draws(seed):
            yield

    def choose_parts(self, *, face: str | None = None, reader: str | None = None) -> None:
        """``scripted`` or ``real``; what is left out stays."""
        chosen = self.client.choose_parts(face=face, reader=reader)  # type: ignore[arg-type]
        self.scripted = {name for name in ("face", "reader") if getattr(chosen, name) == "scripted"}


@contextmanager
def in_process(token: str) -> Iterator[Installation]:
    """All houses in this process. Django is set up, and the database there."""
    from django.conf import settings

    from recovery_portal.kit import http

    from .hosts import origins
    from .in_process import HouseTransport

    transports: Mapping[str, httpx.BaseTransport] = {origin: HouseTransport() for origin in origins()}
    # Django's test environment takes letters for itself; setting_changed would make the engines load anew.
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "recovery_portal.emulation.mail.WatchedMail"
    kept = dict(http.transports)
    http.transports.update(transports)
    client = RecoveryClient(settings.PORTAL_BASE_URL, token, transports=transports)
    try:
        yield Installation(
            settings.PORTAL_BASE_URL, settings.PROVIDER_BASE_URL, settings.WALLET_URL, client, HouseTransport
        )
    finally:
        client.close()
        settings.EMAIL_BACKEND = backend
        http.transports.clear()
        http.transports.update(kept)


@contextmanager
def running(portal: str, token: str, *, authority: str = "") -> Iterator[Installation]:
    """Houses that run somewhere; over https under the development authority of a file, if it is named.

    Raises ServerUnreachable, NotInEmulation, AuthorityUnreadable.
    """
    trusted = trust.context(portal, authority)
    with RecoveryClient(portal, token, trusted=trusted) as client:
        houses = client.houses()
        yield Installation(houses.portal, houses.provider, houses.wallet, client, trusted=trusted)
