"""Faults that testers set: slow, unreliable or gone, for one target at a time.

Errors are spread evenly, not drawn: a rate of 0.25 fails every fourth call, so that a run can be repeated.
"""

import time
from collections.abc import Callable
from smtplib import SMTPServerDisconnected
from typing import Any, Final

import structlog
from redis.exceptions import RedisError

from recovery_portal.kit import http

from . import state

log = structlog.get_logger(__name__)

_NAME: Final = "faults"


def current() -> dict[str, dict[str, Any]]:
    """Target -> ``latency_ms``, ``error_rate``, ``off``."""
    return dict(state.read(_NAME) or {})


def set_fault(target: str, *, latency_ms: int, error_rate: float, off: bool) -> None:
    faults = current()
    faults[target] = {"latency_ms": latency_ms, "error_rate": error_rate, "off": off}
    state.write(_NAME, faults)


def clear() -> None:
    state.forget(_NAME)


def fails(target: str) -> bool:
    """Whether this call is one of those that fail."""
    fault = current().get(target)
    if fault is None:
        return False
    if fault["off"]:
        return True
    rate = fault["error_rate"]
    if not rate:
        return False
    try:
        number = state.next_number(f"calls:{target}")
    except RedisError:
        return False
    return int(number * rate) > int((number - 1) * rate)


def delay_s(target: str) -> float:
    fault = current().get(target)
    return fault["latency_ms"] / 1000 if fault else 0.0


def wait(target: str) -> None:
    if seconds := delay_s(target):
        time.sleep(seconds)


def before_fetch(target: str, timeout_s: float) -> http.Response | None:
    """An answer in place of the target's own, None when the target is to be asked. Raises FetchFailed.

    Whoever would answer after the caller has gone is not waited for: the caller is told of the timeout at once.
    """
    fault = current().get(target)
    if fault is None:
        return None
    if delay_s(target) >= timeout_s:
        raise http.FetchFailed("timeout", f"the {target} answers later than {timeout_s:g} s (a fault that was set)")
    wait(target)
    if fault["off"]:
        raise http.FetchFailed("unreachable", f"the {target} is off (a fault that was set)")
    if fails(target):
        return http.Response(503, {"content-type": "text/plain"}, b"a fault that was set")
    return None


def around_queue(task: str, send: Callable[[], object]) -> None:
    """The hook of ``kit.queue``. Raises OperationalError, as a broker that is away does."""
    from kombu.exceptions import OperationalError

    wait("broker")
    if fails("broker"):
        raise OperationalError("the broker is away (a fault that was set)")
    send()


def around_task(task: str, run: Callable[[], Any]) -> Any:
    """The hook of every task: a lost one is not done, as if its worker had died; sweeps find such work again.

    Where tasks run in the web process, what a fault breaks stays in the task, as it would in a worker.
    """
    from celery import current_task

    wait("worker")
    if fails("worker"):
        log.warning("task_lost_by_fault", task=task)
        return None
    try:
        return run()
    except Exception:
        if not (current_task and current_task.request.is_eager and current()):
            raise
        log.exception("task_failed_by_fault", task=task)
        return None


def before_mail() -> None:
    """Raises OSError, as a mail server that is away does."""
    wait("mail")
    if fails("mail"):
        raise SMTPServerDisconnected("the mail server is away (a fault that was set)")
