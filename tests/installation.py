"""The files an installation is made of, read as docker compose reads them."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
HOUSES = ("portal", "provider", "wallet")
_DEFAULTED = re.compile(r"\$\{(\w+)(:?-)([^}]*)\}")


@cache
def services() -> dict[str, dict[str, Any]]:
    """Every service by its name, anchors resolved."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
        "services"
    ]
    return found


@cache
def production() -> dict[str, str]:
    """The variables of `.ci/production.env`."""
    lines = (ROOT / ".ci" / "production.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def environment(service: str, *, secrets: str, keys: str) -> dict[str, str]:
    """The variables of a service in an installation whose `.env` is `.ci/production.env`.

    Its secrets are looked for in the folder ``secrets``, its keys in ``keys``, as files that may not be there.
    """
    given = production()
    own = {name: _DEFAULTED.sub(_value, str(text)) for name, text in services()[service]["environment"].items()}
    told = {**given, **own}
    return {name: text.replace("/run/secrets", secrets).replace("/run/keys", keys) for name, text in told.items()}


def _value(found: re.Match[str]) -> str:
    name, means, default = found.groups()
    value = production().get(name)
    return default if value is None or (means == ":-" and not value) else value
