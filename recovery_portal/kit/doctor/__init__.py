"""What is wrong with this installation, in plain words.

A room adds an examination: a function that takes the time and yields findings, named in ``settings.EXAMINATIONS``.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.utils.module_loading import import_string


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One sentence about one thing; a problem's sentence says what to do. Holds no secret."""

    level: Level
    subject: str
    sentence: str


Examination = Callable[[datetime], Iterable[Finding]]


def ok(subject: str, sentence: str) -> Finding:
    return Finding(Level.OK, subject, sentence)


def warning(subject: str, sentence: str) -> Finding:
    return Finding(Level.WARNING, subject, sentence)


def problem(subject: str, sentence: str) -> Finding:
    return Finding(Level.PROBLEM, subject, sentence)


def examine(at: datetime) -> Iterator[Finding]:
    """The findings of every examination in order. One that cannot finish is itself a problem; the others go on."""
    for dotted in settings.EXAMINATIONS:
        subject = dotted.rsplit(".", 1)[-1].replace("_", " ")
        try:
            yield from import_string(dotted)(at)
        except Exception as error:
            yield problem(subject, f"could not be examined: {type(error).__name__}: {first_line(error)}")


def first_line(error: BaseException) -> str:
    """What an exception says first. Drivers put the address into it, never the password."""
    return (str(error).splitlines() or [""])[0][:200].rstrip(".")
