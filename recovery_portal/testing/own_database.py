"""Django and a database for the houses in this process: pytest-django's, or, where it has no settings, our own."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _pytest.config import Config


def is_pytest_djangos(config: Config) -> bool:
    """Whether pytest-django has set Django up, for whatever it is."""
    return config.pluginmanager.hasplugin("django") and _is_configured()


def is_kept_by_pytest_django(config: Config) -> bool:
    """Whether pytest-django set Django up for the houses. Raises UsageError when it did so for something else."""
    if not is_pytest_djangos(config):
        return False
    from django.conf import settings

    if getattr(settings, "ROLE", "") != "all":
        import pytest  # not above: where scenarios are played by a command, there may be no pytest

        raise pytest.UsageError(
            "Django is set up with settings in which the houses do not run: use"
            " DJANGO_SETTINGS_MODULE=recovery_portal.testing.settings, or a running server by --recovery-url."
        )
    return True


def _is_configured() -> bool:
    if "django.conf" not in sys.modules:
        return bool(os.environ.get("DJANGO_SETTINGS_MODULE"))
    from django.conf import settings

    return settings.configured or bool(os.environ.get("DJANGO_SETTINGS_MODULE"))


@contextmanager
def made(settings_module: str) -> Iterator[None]:
    """An empty database in memory until the end."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    import django

    django.setup()
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases, teardown_test_environment

    setup_test_environment(debug=False)
    kept = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(kept, verbosity=0)
    teardown_test_environment()


@contextmanager
def one_test() -> Iterator[None]:
    """Whatever is written meanwhile is gone afterwards."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def spare_the_collector() -> None:
    """What is loaded by now stays loaded: the garbage collector need not walk through it at every page (a tenth of a
    recovery's time)."""
    gc.collect()
    gc.freeze()


def forget_what_is_cached() -> None:
    from django.core.cache import cache

    cache.clear()
