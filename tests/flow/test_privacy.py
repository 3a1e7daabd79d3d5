"""What is left after every end of an attempt (G2): no picture and no face vector in rows, files, cache, queue, log."""
# ruff: noqa: F811 - fixtures of other modules are imported and then asked for by name

import base64
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from celery.signals import task_prerun
from django.apps import apps
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.urls import reverse

from idv.face import cards
from idv.face.scripted import ScriptedFaceEngine
from idv.provider.flows import housekeeping
from idv.provider.models import Photo
from idv.verifier.models import SealedImage
from recovery_portal.kit import clock as the_clock
from recovery_portal.kit import queue
from recovery_portal.recovery import flows
from recovery_portal.recovery.models import RecoveryAttempt
from tests.browser.traces import found_in
from tests.fakes.proofing import (
    Browser,
    arrive,
    join_phone,
    submit_document,
    submit_selfie,
    to_document_photos,
    to_offer,
)  # fmt: skip
from tests.fakes.recovery import Clock, Person, wallet_of
from tests.fakes.recovery_fixtures import alice, clock, profile, provider, registered_provider  # noqa: F401
from tests.flow.provider_house import house, portal  # noqa: F401
from tests.unit.idv.verifier.parties import Provider

pytestmark = pytest.mark.django_db

ALICE = "alice@contoso.example"
_SENT: list[bytes] = []
VECTORS = [ScriptedFaceEngine().embed(cards.write({"person": name})).vector for name in ("alice", "mallory")]


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, memoryview | bytes | bytearray):
        return bytes(value)
    return (value if isinstance(value, str) else json.dumps(value, default=str)).encode()


@pytest.fixture(autouse=True)
def broker() -> Iterator[None]:
    """What tasks are sent with: here a broker never sees it."""

    def remember(task: Any = None, args: Any = None, kwargs: Any = None, **_: Any) -> None:
        _SENT.append(f"{task.name} {args} {json.dumps(kwargs)}".encode())

    task_prerun.connect(remember)
    yield
    task_prerun.disconnect(remember)
    _SENT.clear()


def _stored(folder: str = "") -> Iterator[tuple[str, bytes]]:
    folders, files = default_storage.listdir(folder)
    for name in files:
        yield f"file {name}", default_storage.open(f"{folder}/{name}".lstrip("/")).read()
    for name in folders:
        yield from _stored(f"{folder}/{name}".lstrip("/"))


def _everything(caplog: pytest.LogCaptureFixture) -> Iterator[tuple[str, bytes]]:
    yield from (("queue", sent) for sent in _SENT)
    yield from _stored()
    for model in apps.get_models():
        for row in model._base_manager.values():
            for column, value in row.items():
                if value is not None:
                    yield f"{model.__name__}.{column}", _bytes_of(value)
    for key, value in getattr(cache, "_cache", {}).items():
        yield f"cache {key}", bytes(value)
    for record in caplog.records:
        yield "log", f"{record.getMessage()} {record.__dict__} {record.exc_text or ''}".encode()


def _nothing_is_left(caplog: pytest.LogCaptureFixture) -> None:
    raw = [form for v in VECTORS for form in (v.tobytes()[:32], v.astype(np.float32).tobytes()[:16])]
    for place, data in _everything(caplog):
        assert found_in(data) == [], place
        assert not any(form in data for form in raw), place


def test_the_search_itself_finds_what_it_looks_for(caplog: pytest.LogCaptureFixture) -> None:
    jpeg = cards.write({"person": "alice"})
    assert found_in(b"xx" + jpeg) == ["image"]
    assert found_in(base64.b64encode(jpeg)) == ["image"]
    assert found_in(base64.urlsafe_b64encode(jpeg)) == ["image"]
    assert found_in(json.dumps(VECTORS[0].tolist()).encode()) == ["vector"]
    assert found_in(str(VECTORS[0]).encode()) == ["vector"]
    logging.getLogger("x").warning("%s", VECTORS[0].tolist())
    with pytest.raises(AssertionError):
        _nothing_is_left(caplog)


class TestPortal:
    """Alice at the Face Check, whichever way it goes on."""

    @pytest.fixture
    def at_the_camera(
        self,
        alice: Any,
        profile: Any,
        provider: Provider,
        clock: Clock,
        caplog: pytest.LogCaptureFixture,
    ) -> Person:
        caplog.set_level(logging.DEBUG)
        person = Person()
        person.start(ALICE, provider)
        return person.share(wallet_of(provider), same_device=True, at=clock.at)

    @pytest.fixture
    def no_worker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue, "enqueue", lambda task, **ids: None)

    def _is_over(self) -> None:
        assert not SealedImage.objects.exists()
        for asked in RecoveryAttempt.objects.get().requests.select_related("request"):
            assert asked.request.seal_key is None
            assert asked.request.claims_sealed is None

    def test_completed(self, at_the_camera: Person, caplog: pytest.LogCaptureFixture) -> None:
        assert at_the_camera.show_face("alice").page == "confirmed"
        at_the_camera.press("recovery:confirmed")
        self._is_over()
        _nothing_is_left(caplog)

    @pytest.mark.parametrize(
        "shown",
        [
            {"person": "mallory"},
            {"person": "alice", "liveness": "flat_picture"},
            {"person": "alice", "trouble": "too_dark"},
        ],
        ids=["another face", "a flat picture", "never usable"],
    )
    def test_refused_at_the_face_check(
        self, at_the_camera: Person, shown: dict[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(20):
            if at_the_camera.show_face(**shown).page != "face":
                break
            _nothing_is_left(caplog)  # nor between two tries
        assert at_the_camera.page == "refused"
        assert any(b"verifier" in sent for sent in _SENT)
        self._is_over()
        _nothing_is_left(caplog)

    def test_refused_after_it_because_the_names_differ(
        self, at_the_camera: Person, alice: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        type(alice).objects.update(surname="Somebody-Else")
        assert at_the_camera.show_face("alice").page == "mismatch"
        self._is_over()
        _nothing_is_left(caplog)

    def test_cancelled_while_photos_wait(
        self, at_the_camera: Person, no_worker: None, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert at_the_camera.show_face("alice").page == "checking"
        assert SealedImage.objects.exists()
        _nothing_is_left(caplog)  # what waits is sealed
        at_the_camera.press("recovery:cancel")
        self._is_over()
        _nothing_is_left(caplog)

    def test_expired_while_photos_wait(
        self,
        at_the_camera: Person,
        no_worker: None,
        clock: Clock,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        at_the_camera.show_face("alice")
        clock.forward(hours=3)
        flows.expire_due(at=clock.now())
        self._is_over()
        _nothing_is_left(caplog)

    def test_a_worker_that_crashed(
        self,
        at_the_camera: Person,
        clock: Clock,
        settings: Any,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        settings.FACE_ENGINE = "tests.flow.test_privacy.CrashingEngine"
        with pytest.raises(RuntimeError):
            at_the_camera.show_face("alice")
        clock.forward(hours=3)
        flows.expire_due(at=clock.now())
        self._is_over()
        _nothing_is_left(caplog)

    def test_the_page_says_what_is_stored_and_how_to_delete_it(self, at_the_camera: Person, no_worker: None) -> None:
        at_the_camera.show_face("alice")
        shown = at_the_camera.open("recovery:your-data")
        held = {str(h.what): h.count for h in shown.seen.context["holdings"]}
        assert held["photos of the Face Check"] >= 4
        assert held["name and portrait from your Verified ID"] == 1
        assert reverse("recovery:cancel") in shown.text
        at_the_camera.press("recovery:cancel")
        shown = at_the_camera.open("recovery:your-data")
        held = {str(h.what): h.count for h in shown.seen.context["holdings"]}
        assert held["photos of the Face Check"] == held["name and portrait from your Verified ID"] == 0


class CrashingEngine(ScriptedFaceEngine):
    """Fails as a broken library would, with a face in its hands."""

    def embed(self, jpeg: bytes) -> Any:
        face = super().embed(jpeg)
        raise RuntimeError(f"crashed with {face}")


@pytest.mark.django_db(transaction=True)
class TestProvider:
    @pytest.fixture(autouse=True)
    def logs(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)

    def _is_over(self, phone: Browser) -> None:
        proofing = phone.proofing
        assert bytes(proofing.personal_key) == b""
        assert (proofing.applicant_sealed, proofing.document_sealed, proofing.portrait_sealed) == (None, None, None)
        assert not Photo.objects.exists()

    def _checking(self, portal: Any, monkeypatch: pytest.MonkeyPatch) -> Browser:
        phone = join_phone(arrive(portal))
        to_document_photos(phone)
        submit_document(phone)
        monkeypatch.setattr(queue, "enqueue", lambda task, **ids: None)
        submit_selfie(phone)
        assert Photo.objects.exists()
        return phone

    def test_refused(self, portal: Any, caplog: pytest.LogCaptureFixture) -> None:
        desktop = arrive(portal)
        phone = join_phone(desktop)
        to_document_photos(phone)
        submit_document(phone)
        submit_selfie(phone, person="mallory")
        assert not Photo.objects.exists()
        _nothing_is_left(caplog)
        housekeeping.expire_due(at=the_clock.now() + timedelta(hours=1))
        self._is_over(phone)
        _nothing_is_left(caplog)

    def test_verified_and_left(self, portal: Any, caplog: pytest.LogCaptureFixture) -> None:
        phone = join_phone(arrive(portal))
        to_offer(phone)
        _nothing_is_left(caplog)
        housekeeping.expire_due(at=the_clock.now() + timedelta(hours=1))
        self._is_over(phone)
        _nothing_is_left(caplog)

    @pytest.mark.parametrize("how", ["cancelled", "expired"])
    def test_over_while_photos_wait_for_a_worker_that_died(
        self,
        portal: Any,
        how: str,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        phone = self._checking(portal, monkeypatch)
        _nothing_is_left(caplog)
        if how == "cancelled":
            phone.step("cancel")
        else:
            housekeeping.expire_due(at=the_clock.now() + timedelta(hours=1))
        self._is_over(phone)
        _nothing_is_left(caplog)

    def test_the_page_says_what_is_stored_and_how_to_delete_it(
        self,
        portal: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        phone = self._checking(portal, monkeypatch)
        page = phone.client.get(f"{phone.base}/your-data")
        held = {str(holding.what): holding.count for holding in page.context["holdings"]}
        assert held["photos of the document"] == 1
        assert held["photos of the face"] >= 4
        assert held["name and email address as typed"] == 1
        assert f"{phone.base}/cancel" in page.content.decode()
        phone.step("cancel")
        page = phone.client.get(f"{phone.base}/your-data")
        held = {str(holding.what): holding.count for holding in page.context["holdings"]}
        assert held["photos of the face"] == held["name and email address as typed"] == 0
        assert "Cancel and delete" not in page.content.decode()
        assert Browser().client.get(f"{phone.base}/your-data").status_code == 404

    def test_the_operator_reads_the_same_of_everybody(
        self,
        portal: Any,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self._checking(portal, monkeypatch)
        capsys.readouterr()
        call_command("privacy", "report", "--json")
        rows = {row["what"]: row for row in json.loads(capsys.readouterr().out)}
        assert rows["photos of the face"]["count"] >= 4
        assert rows["photos of the face"]["sealed"]
        assert rows["photos of a Face Check"]["count"] == 0
        call_command("privacy", "report")
        assert "goes:" in capsys.readouterr().out
