"""Fixtures of the provider's flow tests: its own URLconf, tasks at once, faces and documents by cue card.

Tasks run after a commit: tests that need one say ``django_db(transaction=True)``.
"""

import pytest

from tests.fakes.proofing import Portal


@pytest.fixture
def house(settings, db) -> None:
    settings.ROOT_URLCONF = "idv.provider.urls"
    settings.HOUSE_BRAND = "provider"
    settings.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    settings.LIVENESS_ENGINE = "idv.face.scripted.ScriptedLivenessEngine"
    settings.DOCUMENT_READER = "tests.fakes.proofing.CardReader"


@pytest.fixture
def portal(house) -> Portal:
    portal = Portal()
    portal.register()
    return portal
