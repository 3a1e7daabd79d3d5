"""What an installation is refused for."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from recovery_portal.kit import adapters, checks, hooks

SOUND: dict[str, Any] = {
    "EMULATION": False,
    "PRODUCTION": True,
    "DEBUG": False,
    "EMULATION_TOKEN": "",
    **dict.fromkeys(hooks.NAMES, ""),
    "FACE_ENGINE": "idv.face.dlib_engine.DlibFaceEngine",
    "LIVENESS_ENGINE": "idv.face.mesh_liveness.MeshLivenessEngine",
    "DOCUMENT_READER": "idv.provider.document.reader.OcrDocumentReader",
    "PORTAL_BASE_URL": "https://portal.example",
    "PROVIDER_BASE_URL": "https://provider.example",
    "WALLET_URL": "https://wallet.example",
    "WEBAUTHN_RP_ID": "portal.example",
    "WEBAUTHN_ORIGINS": ["https://portal.example"],
    "ALLOWED_HOSTS": ["portal.example"],
    "OUTBOUND_ORIGINS": frozenset({"https://provider.example"}),
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
}


@pytest.fixture
def installed(settings: Any) -> Any:
    for name, value in SOUND.items():
        setattr(settings, name, value)
    return settings


def ids() -> list[str]:
    return [message.id for message in checks.installation()]


def test_a_sound_production_installation_has_nothing_to_say(installed: Any) -> None:
    assert ids() == []


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("EMULATION", True, "kit.E001"),
        ("FACE_ENGINE", "idv.face.scripted.ScriptedFaceEngine", "kit.E002"),
        ("LIVENESS_ENGINE", "idv.face.scripted.ScriptedLiveness", "kit.E002"),
        ("DOCUMENT_READER", "elsewhere.NullDocumentReader", "kit.E002"),
        ("CLOCK_HOOK", "recovery_portal.emulation.clock.moved", "kit.E012"),
        ("FETCH_HOOK", "recovery_portal.emulation.wires.around_fetch", "kit.E012"),
        ("EMULATION_TOKEN", "somebody-left-it-here", "kit.E013"),
        ("DEBUG", True, "kit.E003"),
        ("VAULT_KEY", "short", "kit.E004"),
        ("VAULT_KEY", "dGVzdHMtb25seQ==", "kit.E004"),
        ("SECRET_KEY", "short", "kit.E005"),
        ("WEBAUTHN_ORIGINS", ["https://evil.example"], "kit.E006"),
        ("WEBAUTHN_ORIGINS", ["https://evilportal.example"], "kit.E006"),
        ("WEBAUTHN_ORIGINS", ["https://*.portal.example"], "kit.E006"),
        ("ALLOWED_HOSTS", ["*"], "kit.E007"),
        ("PORTAL_BASE_URL", "http://portal.example", "kit.E008"),
        ("WALLET_URL", "http://wallet.example", "kit.E008"),
        ("OUTBOUND_ORIGINS", frozenset({"http://intranet.example"}), "kit.W009"),
        ("CACHES", {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}, "kit.E010"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "kit.W011"),
    ],
)
def test_each_contradiction_has_its_complaint(installed: Any, name: str, value: Any, complaint: str) -> None:
    setattr(installed, name, value)
    assert ids() == [complaint]


def test_outside_production_and_emulation_a_scripted_part_is_refused_all_the_same(installed: Any) -> None:
    installed.PRODUCTION = False
    installed.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    assert ids() == ["kit.E002"]


def test_an_emulation_may_use_scripted_parts_and_plain_http(installed: Any) -> None:
    installed.PRODUCTION = False
    installed.EMULATION = True
    installed.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    installed.PORTAL_BASE_URL = "http://localhost:8000"
    installed.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert ids() == []


def test_a_scripted_part_is_not_even_made_outside_emulation(installed: Any) -> None:
    installed.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    with pytest.raises(ImproperlyConfigured, match="only with EMULATION=1"):
        adapters.load("FACE_ENGINE")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A real process with settings of its own."""
    base = Path(__file__).resolve().parents[3]
    from_tests = {
        "PORTAL_ROLE": "wallet",
        "EMULATION": "0",
        "PORTAL_SECRET_KEY": "a-secret-key-of-at-least-fifty-characters-for-this-very-test",
        "PORTAL_VAULT_KEY": "dGVzdHMtb25seS12YXVsdC1rZXktb2YtMzItYnl0ZXM=",
        "PORTAL_BASE_URL": "https://portal.example",
        "PROVIDER_BASE_URL": "https://provider.example",
        "WALLET_URL": "https://wallet.example",
        "DATABASE_URL": "sqlite:///",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "MAIL_URL": "smtp://mail.example",
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
    }
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=base,
        env=from_tests | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_emulation_and_production_together_do_not_start() -> None:
    refused = run("check", EMULATION="1", PRODUCTION="1")
    assert refused.returncode != 0
    assert "cannot be combined with PRODUCTION=1" in refused.stderr


def test_a_scripted_part_does_not_start_outside_emulation() -> None:
    refused = run("check", IDV_FACE_ENGINE="idv.face.scripted.ScriptedFaceEngine")
    assert refused.returncode != 0
    assert "kit.E002" in refused.stderr


def test_a_forgotten_secret_does_not_start() -> None:
    refused = run("check", PORTAL_SECRET_KEY="")
    assert refused.returncode != 0
    assert refused.stderr == "This house cannot start: PORTAL_SECRET_KEY is empty.\n"


@pytest.mark.parametrize(
    ("address", "settled"),
    [
        ("smtps://mail.example", ["465", "True", "False"]),
        ("smtp+starttls://mail.example", ["587", "False", "True"]),
        ("smtp://mail.example:2525", ["2525", "False", "False"]),
    ],
)
def test_mail_is_enciphered_as_its_address_says(address: str, settled: list[str]) -> None:
    told = run(
        "shell",
        "-c",
        "from django.conf import settings as s; print(s.EMAIL_PORT, s.EMAIL_USE_SSL, s.EMAIL_USE_TLS)",
        MAIL_URL=address,
    )
    assert told.stdout.split()[-3:] == settled, told.stderr
