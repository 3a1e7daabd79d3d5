"""The twins in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .browser_walking import BrowserPasskey
    from .directory import DirectoryUser, Profile
    from .installation import Installation
    from .people import Face
    from .visitor import Visitor


@pytest.fixture(scope="session")
def _recovery_chromium(request: pytest.FixtureRequest, _recovery_server: Installation | None) -> Iterator[Any]:
    """A real Chromium; the one of a `browser` fixture where there is one, as two cannot be driven in one thread."""
    if _recovery_server is None:
        raise pytest.UsageError("A browser reaches running houses only: give --recovery-url and --recovery-token.")
    if request._fixturemanager.getfixturedefs("browser", request._pyfuncitem):
        yield request.getfixturevalue("browser")
        return
    from .browser_walking import chromium

    with chromium(request.config.getoption("recovery_chromium"), _keys_of(_recovery_server)) as browser:
        yield browser


def _keys_of(houses: Installation) -> list[str]:
    """The keys by which houses under a development authority are known; a browser has authorities of its own."""
    from . import trust

    if houses.trusted is None:
        return []
    return sorted(
        {trust.key_digest(origin, houses.trusted) for origin in (houses.portal, houses.provider, houses.wallet)}
    )


@pytest.fixture
def browser_visitor(
    recovery: Installation, _recovery_chromium: Any, directory_user: DirectoryUser, recovery_profile: Profile
) -> Iterator[Visitor]:
    """The `visitor` in a real Chromium, with the same verbs; needs `--recovery-url` and the extra `[browser]`."""
    from .browser_walking import DESKTOP, BrowserWalker
    from .visitor import Visitor

    walker = BrowserWalker(_recovery_chromium.new_context(**DESKTOP))
    yield Visitor(recovery, walker, account=directory_user.user_principal_name)
    walker.close()


@pytest.fixture
def browser_phone(recovery: Installation, _recovery_chromium: Any, face: Face) -> Iterator[Visitor]:
    """The `phone` in a real Chromium. Its camera films `face`: `.press("Use the camera")`."""
    from . import browser_camera
    from .browser_walking import PHONE, BrowserWalker
    from .visitor import Visitor

    context = _recovery_chromium.new_context(**PHONE)
    browser_camera.film(context, browser_camera.person(face.person))
    walker = BrowserWalker(context)
    yield Visitor(recovery, walker)
    walker.close()


@pytest.fixture
def browser_passkey(recovery: Installation) -> BrowserPasskey:
    """Chromium's virtual authenticator. Set `user_verified`, `backup_eligible`, `backed_up`."""
    from .browser_walking import BrowserPasskey

    return BrowserPasskey(recovery.portal)
