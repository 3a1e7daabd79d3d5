"""A waiting page is told once, or for a while, and streams never take the threads that pages need."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from recovery_portal.kit import streams

WAITING = {"next": None, "message": "Waiting.", "progress": 20}
OVER = {"next": "/there/", "message": "", "progress": None}


def asking(accept: str) -> HttpRequest:
    return RequestFactory().get("/status/", headers={"accept": accept})


def events(lines: Iterator[bytes]) -> list[Mapping[str, Any]]:
    return [json.loads(line.removeprefix(b"data: ")) for line in lines if line.startswith(b"data: ")]


class Looks:
    """One answer after the other, the last one for ever; counts how often somebody looked and paused."""

    def __init__(self, *seen: Mapping[str, Any]) -> None:
        self.seen, self.looked, self.paused, self.left = list(seen), 0, 0, 0

    def __call__(self) -> Mapping[str, Any]:
        self.looked += 1
        return self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]

    def pause(self, _seconds: float) -> None:
        self.paused += 1

    def leave(self) -> None:
        self.left += 1

    def stream(self) -> streams.Stream:
        return streams.Stream(self(), self, done=self.leave, pause=self.pause)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html,*/*;q=0.8"])
def test_whoever_does_not_ask_for_events_is_answered_in_json(accept: str) -> None:
    response = streams.answer(asking(accept), lambda: WAITING)
    assert json.loads(response.content) == WAITING


def test_a_stream_says_what_changed_and_ends_when_there_is_somewhere_to_go() -> None:
    looks = Looks(WAITING, WAITING, {**WAITING, "progress": 60}, {**WAITING, "progress": 60}, OVER, WAITING)
    assert events(iter(looks.stream())) == [WAITING, {**WAITING, "progress": 60}, OVER]
    assert looks.looked == looks.paused + 1


def test_a_page_that_is_late_is_sent_on_without_a_pause() -> None:
    looks = Looks(OVER)
    assert events(iter(looks.stream())) == [OVER]
    assert looks.paused == 0


def test_a_stream_without_news_ends_by_itself_and_shows_now_and_then_whether_somebody_listens() -> None:
    looks = Looks(WAITING)
    lines = list(looks.stream())
    assert events(iter(lines)) == [WAITING]
    assert 30 <= looks.paused <= 60
    assert sum(line.startswith(b":") for line in lines) >= 3


def test_a_stream_ends_when_the_browser_takes_no_part_any_more() -> None:
    def gone() -> Mapping[str, Any]:
        raise Http404

    stream = streams.Stream(WAITING, gone, done=lambda: None, pause=lambda _: None)
    assert events(iter(stream)) == [WAITING]


def test_who_takes_no_part_is_refused_before_a_stream_begins() -> None:
    def gone() -> Mapping[str, Any]:
        raise Http404

    with pytest.raises(Http404):
        streams.answer(asking("text/event-stream"), gone)


def _stream(opened: ExitStack) -> HttpResponse:
    response = streams.answer(asking("text/event-stream"), lambda: WAITING)
    opened.callback(response.close)
    return response


@pytest.mark.django_db  # a response that is closed looks after the connections
def test_only_so_many_streams_run_at_once_and_each_gives_its_place_back_even_unread(settings: Any) -> None:
    settings.STREAMS_PER_PROCESS = 2
    with ExitStack() as opened:
        assert [_stream(opened).status_code for _ in range(4)] == [200, 200, 204, 204]
    with ExitStack() as opened:
        first = _stream(opened)
        assert (first.status_code, first["Content-Type"], first["Cache-Control"]) == (
            200, "text/event-stream", "no-store",
        )  # fmt: skip
        first.close()
        first.close()
        assert [_stream(opened).status_code for _ in range(3)] == [200, 200, 204]


def test_streams_can_be_forbidden(settings: Any) -> None:
    settings.STREAMS_PER_PROCESS = 0
    assert streams.answer(asking("text/event-stream"), lambda: WAITING).status_code == 204
