"""One test body for all: over HTTP and in a real Chromium, against running houses with real workers."""

from collections.abc import Iterator
from typing import Any

import pytest

from recovery_portal.testing import installation, scenario, scenario_run
from recovery_portal.testing.fixtures import phone  # the kit's, not the context of the other browser tests
from recovery_portal.testing.installation import Installation
from tests.testing.journeys import a_whole_recovery

from .conftest import EXTENSION_PORT
from .inside import OpenHouses

__all__ = ["phone"]


@pytest.fixture(scope="session")
def _recovery_server(houses: OpenHouses, pytestconfig: pytest.Config) -> Iterator[Installation]:
    """Instead of --recovery-url and --recovery-extension-port: the houses of these tests, and a port of their own."""
    pytestconfig.option.recovery_extension_port = EXTENSION_PORT
    with installation.running(houses.url("portal"), houses.control_token) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def _as_before(_recovery_server: Installation) -> Iterator[None]:
    """The houses are those of the other browser tests, too."""
    found = _recovery_server.client.snapshot()
    yield
    _recovery_server.client.restore(found)
    _recovery_server.client.reset_parts()


def test_the_body_over_http(
    visitor: Any, phone: Any, face: Any, document: Any, recover: Any, passkey: Any, mailbox: Any
) -> None:
    a_whole_recovery(visitor, phone, face, document, recover, passkey, mailbox)


def test_the_body_in_chromium(
    browser_visitor: Any,
    browser_phone: Any,
    face: Any,
    document: Any,
    recover: Any,
    browser_passkey: Any,
    mailbox: Any,
) -> None:
    a_whole_recovery(browser_visitor, browser_phone, face, document, recover, browser_passkey, mailbox)


@pytest.mark.parametrize("name", ["phone", "one_device", "name_mismatch", "other_face", "tampered_claim", "relay"])
def test_scenarios_over_http(name: str, recovery: Installation) -> None:
    assert scenario_run.run(scenario.find(name), recovery).differences == []


def test_the_claims_extension_is_reached_on_this_machine(
    visitor: Any, face: Any, document: Any, recover: Any, claims_extension: Any
) -> None:
    recover(visitor, as_=face, with_=document)
    assert claims_extension.calls[0].claims["dateOfBirth"] == "1990-04-12"
