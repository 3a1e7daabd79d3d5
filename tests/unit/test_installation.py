"""What `docker compose up` starts, as far as it can be told without containers."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests import installation
from tests.installation import HOUSES, ROOT, services


def _workers(house: str) -> list[str]:
    return [
        service["command"]
        for name, service in services().items()
        if name.startswith(f"{house}-") and "worker" in service["command"].split()
    ]


@pytest.mark.parametrize("house", ["portal", "provider"])
def test_every_queue_has_a_worker_of_a_name_of_its_own(house: str) -> None:
    commands = _workers(house)
    queues = {re.search(r"-Q (\S+)", command)[1] for command in commands}  # type: ignore[index]
    assert queues == {house, f"{house}-faces"}
    # Houses share the host's name; workers of one broker with one name would answer for each other.
    assert len({re.search(r"-n (\S+)", command)[1] for command in commands}) == len(commands)  # type: ignore[index]
    assert all("--pool prefork" in command for command in commands if "-faces" in command.split("-Q")[1])
    assert any(
        service.get("command", "").split()[3:4] == ["beat"] for name, service in services().items() if house in name
    )


def test_nobody_reaches_a_house_past_the_proxy() -> None:
    """It believes the proxy's word for who asks (TRUSTED_PROXIES), and the proxy hides health and metrics."""
    houses = [services()[name] for name in HOUSES]
    assert {house["environment"]["BIND"] for house in houses} == {"127.0.0.1"}
    assert "--bind ${BIND:-" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    published = [port for service in services().values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_houses_share_no_database_no_key_and_no_broker() -> None:
    environments = [installation.environment(name, secrets="/s", keys="/k") for name in HOUSES]
    for variable in ("DATABASE_URL_FILE", "PORTAL_SECRET_KEY_FILE", "PORTAL_VAULT_KEY_FILE", "REDIS_URL", "PORT"):
        assert len({known[variable] for known in environments}) == len(HOUSES), variable


def test_every_secret_is_written_once_and_left_alone_after_that(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "secrets", tmp_path / ".ci")

    def write() -> dict[str, str]:
        subprocess.run([tmp_path / ".ci" / "secrets"], check=True)
        return {path.name: path.read_text(encoding="ascii") for path in (tmp_path / "secrets").iterdir()}

    first = write()
    wanted = {secret for service in services().values() for secret in service.get("secrets", [])}
    assert first.keys() == wanted
    assert len(set(first.values())) == len(first)
    assert write() == first
    for name in HOUSES:
        database = (ROOT / ".ci" / "databases.sql").read_text(encoding="ascii")
        assert first[f"{name}_database_url"].endswith(f"/{name}")
        assert f"CREATE DATABASE {name};" in database


def test_the_image_holds_what_the_houses_are_made_of() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    }
    rooms = {app.partition(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.partition(".")[0]).is_dir()}
    assert rooms | {"manage.py", "templates", "static", "requirements.lock"} <= copied
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert sent[0] == "*"  # no secret, no key and no environment of a checkout becomes part of an image
    assert {line[1:] for line in sent if line.startswith("!")} == copied


def test_tools_of_the_image_are_those_of_the_makefile() -> None:
    version = re.search(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert version
    assert f"uv=={version[1]}" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
