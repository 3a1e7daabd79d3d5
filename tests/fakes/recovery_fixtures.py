"""Fixtures of the recovery tests; test modules import the ones they use."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from idv.verifier.models import IdentityProvider
from recovery_portal.kit import clock as the_clock
from recovery_portal.kit import http
from recovery_portal.recovery.models import RecoveryProfile
from tests.fakes.recovery import NOON, Clock, make_person, make_profile
from tests.unit.idv.verifier.parties import Provider


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(the_clock, "now", clock.now)
    return clock


@pytest.fixture
def provider(clock: Clock, settings: Any) -> Iterator[Provider]:
    settings.OUTBOUND_ORIGINS = frozenset({"http://provider.test"})
    settings.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    settings.LIVENESS_ENGINE = "idv.face.scripted.ScriptedLivenessEngine"
    kept = dict(http.transports)
    yield Provider("http://provider.test", NOON)
    http.transports.clear()
    http.transports.update(kept)


@pytest.fixture
def registered_provider(db: None) -> IdentityProvider:
    return IdentityProvider.objects.create(
        name="Proofmark",
        issuer="http://provider.test",
        client_id="http://portal.test",
        allowed_vcts=["http://provider.test/credentials/VerifiedIdentity"],
    )


@pytest.fixture
def profile(registered_provider: IdentityProvider) -> RecoveryProfile:
    return make_profile(registered_provider)


@pytest.fixture
def alice(db: None) -> User:
    return make_person()
