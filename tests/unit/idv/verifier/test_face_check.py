"""The live face against the presented portrait: challenge, photos, worker, decision; and nothing left behind."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from idv.face import cards
from idv.face.liveness import Movement
from idv.verifier import errors, flows, signals
from idv.verifier.machine import FaceCheckStatus
from idv.verifier.models import FaceCheck, PresentationRequest, SealedImage
from recovery_portal.kit import images, queue
from tests.fakes import faces

from .parties import Provider, WalletInHand, data_uri, post


@pytest.fixture(autouse=True)
def scripted(settings: Any) -> None:
    settings.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    settings.LIVENESS_ENGINE = "idv.face.scripted.ScriptedLivenessEngine"


@pytest.fixture
def wallet(provider: Provider) -> WalletInHand:
    return WalletInHand(provider, claims={"portrait": data_uri(cards.write({"person": "anna"}))})


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handed to workers; the tests play the worker themselves."""
    handed: list[str] = []
    monkeypatch.setattr(queue, "enqueue", lambda task, **ids: handed.append(ids["face_check_id"]))
    return handed


@pytest.fixture
def check(collected: PresentationRequest, queued: list[str], at: datetime) -> FaceCheck:
    return flows.begin_face_check(request=collected, threshold=70, at=at)


def photos(check: FaceCheck, **cues: Any) -> dict[str, bytes]:
    return (
        faces.capture(check.challenge, "anna")
        if not cues
        else faces.capture(check.challenge, **{"person": "anna"} | cues)
    )


def submit(check: FaceCheck, at: datetime, **cues: Any) -> FaceCheck:
    flows.submit_frames(face_check=check, frames=photos(check, **cues), at=at)
    return check


def work(check: FaceCheck, at: datetime) -> FaceCheck:
    flows.check_face(face_check_id=str(check.pk), at=at)
    return FaceCheck.objects.get(pk=check.pk)


class TestBeginning:
    def test_it_draws_a_challenge_and_gives_the_same_one_on_reload(
        self, check: FaceCheck, collected: PresentationRequest, at: datetime
    ) -> None:
        assert check.challenge[0] == "frontal"
        assert flows.begin_face_check(request=collected, threshold=70, at=at) == check

    def test_s8_it_does_not_begin_before_the_presentation_was_collected(
        self, answered: PresentationRequest, at: datetime
    ) -> None:
        with pytest.raises(errors.FaceCheckRefused, match="not_presented"):
            flows.begin_face_check(request=answered, threshold=70, at=at)

    def test_s8_it_does_not_begin_after_everything_was_forgotten(
        self, collected: PresentationRequest, at: datetime
    ) -> None:
        flows.forget(request=collected, at=at)
        with pytest.raises(errors.FaceCheckRefused, match="not_presented"):
            flows.begin_face_check(request=collected, threshold=70, at=at)

    def test_an_expired_challenge_gives_way_to_a_new_one(
        self, check: FaceCheck, collected: PresentationRequest, at: datetime
    ) -> None:
        later = at + timedelta(minutes=5)
        fresh = flows.begin_face_check(request=collected, threshold=70, at=later)
        assert fresh.number == 2
        check.refresh_from_db()
        assert (check.status, check.reason_code) == ("unusable", "challenge_expired")

    @pytest.mark.parametrize("threshold", [0, 49, 101])
    def test_the_database_refuses_a_threshold_outside_50_to_100(
        self, collected: PresentationRequest, at: datetime, threshold: int
    ) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            flows.begin_face_check(request=collected, threshold=threshold, at=at)

    def test_who_cannot_turn_gets_a_challenge_for_the_camera_and_keeps_it(
        self, check: FaceCheck, collected: PresentationRequest, at: datetime
    ) -> None:
        still = flows.begin_face_check(request=collected, threshold=70, at=at, movement=Movement.CAMERA)
        assert set(still.challenge) == {"frontal", "camera_left", "camera_right", "closer"}
        assert still.expires_at - at == 2 * (check.expires_at - at)
        check.refresh_from_db()
        assert check.status == "unusable"
        assert flows.begin_face_check(request=collected, threshold=70, at=at) == still
        work(submit(still, at, trouble="too_dark"), at)
        again = flows.begin_face_check(request=collected, threshold=70, at=at)
        assert "camera_left" in again.challenge
        assert work(submit(again, at), at).status == "passed"


class TestPhotos:
    def test_they_wait_sealed_and_only_the_id_goes_to_the_worker(
        self, check: FaceCheck, queued: list[str], at: datetime
    ) -> None:
        submit(check, at)
        assert queued == [str(check.pk)]
        assert SealedImage.objects.count() == len(photos(check))
        assert not any(b"\xff\xd8\xff" in bytes(image.sealed) for image in SealedImage.objects.all())

    @pytest.mark.parametrize(
        ("data", "code"), [(b"", "empty"), (b"%PDF-1.7", "unsupported_type"), (b"x" * 21 * 2**20, "too_large")]
    )
    def test_a_photo_that_is_none_leaves_everything_where_it_was(
        self, check: FaceCheck, queued: list[str], at: datetime, data: bytes, code: str
    ) -> None:
        with pytest.raises(images.ImageRefused, match=code):
            flows.submit_frames(face_check=check, frames=photos(check) | {"frontal": data}, at=at)
        assert FaceCheck.objects.get(pk=check.pk).status == "capturing"
        assert queued == []
        submit(check, at)

    def test_missing_or_additional_photos_are_refused(self, check: FaceCheck, at: datetime) -> None:
        frames = photos(check)
        for wrong in ({}, {"frontal": frames["frontal"]}, frames | {"blink": frames["frontal"]}):
            with pytest.raises(errors.FaceCheckRefused, match="frames_missing"):
                flows.submit_frames(face_check=check, frames=wrong, at=at)

    def test_photos_after_the_challenge_expired_are_refused(self, check: FaceCheck, at: datetime) -> None:
        with pytest.raises(errors.FaceCheckRefused, match="challenge_expired"):
            submit(check, at + timedelta(minutes=5))
        assert not SealedImage.objects.exists()

    def test_a_double_click_submits_once(self, check: FaceCheck, queued: list[str], at: datetime) -> None:
        second_tab = FaceCheck.objects.get(pk=check.pk)
        submit(check, at)
        with pytest.raises(errors.FaceCheckRefused, match="not_capturing"):
            submit(second_tab, at)
        assert len(queued) == 1


class TestDeciding:
    def test_the_same_person_passes_and_nothing_biometric_remains(self, check: FaceCheck, at: datetime) -> None:
        done = work(submit(check, at), at)
        assert (done.status, done.reason_code) == ("passed", "")
        assert done.score is not None
        assert done.score >= 70
        assert (done.engine, done.engine_version, done.frames) == ("scripted", "1", len(photos(check)))
        assert done.milliseconds is not None
        assert "scripted" in done.calibration
        assert not SealedImage.objects.exists()

    def test_another_person_fails_and_the_score_is_kept_for_the_operator(self, check: FaceCheck, at: datetime) -> None:
        done = work(submit(check, at, person="mallory"), at)
        assert (done.status, done.reason_code) == ("failed", "below_threshold")
        assert done.score is not None
        assert done.score < 70
        assert not SealedImage.objects.exists()

    def test_a_picture_of_a_picture_fails_without_a_score(self, check: FaceCheck, at: datetime) -> None:
        done = work(submit(check, at, liveness="flat_picture"), at)
        assert (done.status, done.reason_code, done.score) == ("failed", "flat_picture", None)

    @pytest.mark.parametrize("trouble", ["too_dark", "two_faces", "no_face"])
    def test_unusable_photos_cost_no_try(
        self, check: FaceCheck, collected: PresentationRequest, at: datetime, trouble: str
    ) -> None:
        done = work(submit(check, at, trouble=trouble), at)
        assert (done.status, done.reason_code) == ("unusable", trouble)
        assert not SealedImage.objects.exists()
        assert flows.tries_left(request=collected) == 3
        assert flows.begin_face_check(request=collected, threshold=70, at=at).number == 2

    def test_three_decided_tries_are_the_end(self, collected: PresentationRequest, queued: Any, at: datetime) -> None:
        for left in (2, 1, 0):
            check = flows.begin_face_check(request=collected, threshold=70, at=at)
            work(submit(check, at, person="mallory"), at)
            assert flows.tries_left(request=collected) == left
        with pytest.raises(errors.FaceCheckRefused, match="too_many_tries"):
            flows.begin_face_check(request=collected, threshold=70, at=at)

    def test_ten_unusable_ones_are_the_end_too(self, collected: PresentationRequest, queued: Any, at: datetime) -> None:
        for _ in range(10):
            work(submit(flows.begin_face_check(request=collected, threshold=70, at=at), at, trouble="too_dark"), at)
        with pytest.raises(errors.FaceCheckRefused, match="too_many_tries"):
            flows.begin_face_check(request=collected, threshold=70, at=at)

    def test_after_passing_there_is_nothing_to_begin(
        self, check: FaceCheck, collected: PresentationRequest, at: datetime
    ) -> None:
        work(submit(check, at), at)
        with pytest.raises(errors.FaceCheckRefused, match="already_passed"):
            flows.begin_face_check(request=collected, threshold=70, at=at)

    def test_a_portrait_without_a_face_is_a_refusal_and_not_the_persons_fault(
        self, asked: PresentationRequest, provider: Provider, client: Client, queued: Any, at: datetime
    ) -> None:
        faceless = WalletInHand(provider)
        opened = faceless.fetch(asked, client, at)
        post(client, opened.response_uri, faceless.answer(opened, at))
        flows.collect(request=asked, response_code=None, at=at)
        check = flows.begin_face_check(request=asked, threshold=70, at=at)
        assert work(submit(check, at), at).reason_code == "portrait_unusable"

    def test_the_database_refuses_a_pass_below_the_threshold(self, check: FaceCheck) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            FaceCheck.objects.filter(pk=check.pk).update(status=FaceCheckStatus.PASSED, score=69.9)
        with pytest.raises(IntegrityError), transaction.atomic():
            FaceCheck.objects.filter(pk=check.pk).update(status=FaceCheckStatus.PASSED, score=None)

    def test_a_listener_that_fails_undoes_the_result(self, check: FaceCheck, at: datetime) -> None:
        def fail(**_: Any) -> None:
            raise RuntimeError("the match broke")

        submit(check, at)
        signals.face_check_decided.connect(fail)
        try:
            with pytest.raises(RuntimeError):
                work(check, at)
        finally:
            signals.face_check_decided.disconnect(fail)
        assert FaceCheck.objects.get(pk=check.pk).status == "checking"
        assert SealedImage.objects.count() == len(photos(check))
        assert work(check, at + timedelta(seconds=80)).status == "passed"


class TestTheQueue:
    def test_a_check_waits_behind_those_handed_in_before_it_until_a_worker_takes_it(
        self, check: FaceCheck, at: datetime
    ) -> None:
        submit(check, at)
        assert flows.waiting_before(face_check=check) == 0
        later = FaceCheck(status=FaceCheckStatus.CHECKING, submitted_at=at + timedelta(seconds=1), threshold=70)
        assert flows.waiting_before(face_check=later) == 1
        later.claimed_at = at
        assert flows.waiting_before(face_check=later) == 0
        later.claimed_at = None
        work(check, at)
        assert flows.waiting_before(face_check=later) == 0


class TestLostWorkers:
    def test_a_second_delivery_of_a_running_task_does_nothing(self, check: FaceCheck, at: datetime) -> None:
        submit(check, at)
        FaceCheck.objects.filter(pk=check.pk).update(claimed_at=at)
        assert work(check, at + timedelta(seconds=10)).status == "checking"

    def test_a_task_delivered_after_the_decision_does_nothing(self, check: FaceCheck, at: datetime) -> None:
        done = work(submit(check, at), at)
        assert work(check, at + timedelta(minutes=5)).decided_at == done.decided_at

    def test_a_lost_workers_check_is_handed_out_again_once(
        self, check: FaceCheck, queued: list[str], at: datetime
    ) -> None:
        submit(check, at)
        FaceCheck.objects.filter(pk=check.pk).update(claimed_at=at)
        for seconds in (1, 10, 60):
            flows.resume_face_check(face_check=check, at=at + timedelta(seconds=seconds))
        assert len(queued) == 1
        for _ in range(3):
            flows.resume_face_check(face_check=check, at=at + timedelta(seconds=80))
        assert len(queued) == 2
        assert work(check, at + timedelta(seconds=81)).status == "passed"

    def test_the_sweeper_hands_out_what_nobody_asked_after(
        self, check: FaceCheck, queued: list[str], at: datetime
    ) -> None:
        submit(check, at)
        flows.purge(at=at + timedelta(seconds=30))
        assert len(queued) == 2

    def test_it_gives_up_after_five_crashes_and_asks_for_new_photos(self, check: FaceCheck, at: datetime) -> None:
        submit(check, at)
        FaceCheck.objects.filter(pk=check.pk).update(runs=5, claimed_at=at)
        done = work(check, at + timedelta(minutes=2))
        assert (done.status, done.reason_code) == ("unusable", "check_gave_up")

    def test_one_check_that_cannot_be_tended_does_not_stop_the_sweeper(
        self, check: FaceCheck, asked_here: PresentationRequest, at: datetime
    ) -> None:
        def fail(**_: Any) -> None:
            raise RuntimeError("the match broke")

        submit(check, at)
        signals.face_check_decided.connect(fail)
        try:
            flows.purge(at=at + timedelta(minutes=31))
        finally:
            signals.face_check_decided.disconnect(fail)
        asked_here.refresh_from_db()
        assert asked_here.status == "expired"
        assert not SealedImage.objects.exists()

    def test_photos_that_waited_too_long_are_asked_for_again(self, check: FaceCheck, at: datetime) -> None:
        submit(check, at)
        flows.purge(at=at + timedelta(minutes=30))
        check.refresh_from_db()
        assert (check.status, check.reason_code) == ("unusable", "photos_expired")
        assert not SealedImage.objects.exists()


class TestForgetting:
    def test_g2_nothing_biometric_is_left_in_any_column(
        self, check: FaceCheck, collected: PresentationRequest, at: datetime
    ) -> None:
        submit(check, at)
        flows.forget(request=collected, at=at)
        assert not SealedImage.objects.exists()
        row = PresentationRequest.objects.get(pk=collected.pk)
        assert row.seal_key is row.claims_sealed is row.secrets_sealed is None
        with connection.cursor() as cursor:
            for table in [t for t in connection.introspection.table_names() if t.startswith("verifier_")]:
                cursor.execute(f'SELECT * FROM "{table}"')
                content = repr(cursor.fetchall())
                assert "Eriksson" not in content
                assert "\\xff\\xd8\\xff" not in content

    def test_it_may_be_said_twice_and_ends_what_still_runs(
        self, check: FaceCheck, collected: PresentationRequest, at: datetime
    ) -> None:
        for _ in range(2):
            flows.forget(request=collected, at=at)
        check.refresh_from_db()
        assert check.status == "unusable"
        with pytest.raises(errors.NotCollectable, match="forgotten"):
            flows.read_claims(request=collected, at=at)

    def test_claims_can_be_read_again_for_the_match_until_then(
        self, collected: PresentationRequest, at: datetime
    ) -> None:
        assert flows.read_claims(request=collected, at=at + timedelta(minutes=30)).first_name == "Anna Maria"

    def test_the_sweeper_forgets_what_recovery_forgot_to_forget(
        self, check: FaceCheck, collected: PresentationRequest, at: datetime
    ) -> None:
        flows.purge(at=at + timedelta(minutes=60))
        collected.refresh_from_db()
        assert collected.claims_sealed is None
        with pytest.raises(errors.NotCollectable):
            flows.read_claims(request=collected, at=at + timedelta(minutes=60))

    def test_an_open_request_that_is_forgotten_is_cancelled(self, asked: PresentationRequest, at: datetime) -> None:
        flows.forget(request=asked, at=at)
        assert asked.status == "cancelled"

    def test_the_sweeper_expires_requests_and_old_records_go(self, asked: PresentationRequest, at: datetime) -> None:
        flows.purge(at=at + timedelta(minutes=10))
        asked.refresh_from_db()
        assert (asked.status, asked.seal_key) == ("expired", None)
        flows.purge(at=at + timedelta(days=91))
        assert not PresentationRequest.objects.exists()

    def test_the_sweeper_may_run_at_any_time(self, answered: PresentationRequest, at: datetime) -> None:
        flows.purge(at=at)
        answered.refresh_from_db()
        assert answered.status == "answered"
        flows.purge(at=at + timedelta(minutes=5))
        answered.refresh_from_db()
        assert (answered.status, answered.claims_sealed) == ("expired", None)


@pytest.mark.slow
def test_the_real_engines_tell_one_person_from_another(
    asked: PresentationRequest, provider: Provider, client: Client, queued: Any, settings: Any, at: datetime
) -> None:
    from recovery_portal.demo import people

    settings.FACE_ENGINE = "idv.face.dlib_engine.DlibFaceEngine"
    settings.LIVENESS_ENGINE = "idv.face.mesh_liveness.MeshLivenessEngine"
    holder = WalletInHand(provider, claims={"portrait": data_uri(people.jpeg("vera", "portrait"))})
    opened = holder.fetch(asked, client, at)
    assert post(client, opened.response_uri, holder.answer(opened, at)).status_code == 200
    flows.collect(request=asked, response_code=None, at=at)
    for person, status in (("abel", "failed"), ("vera", "passed")):
        check = flows.begin_face_check(request=asked, threshold=70, at=at)
        flows.submit_frames(face_check=check, frames=people.capture(person, check.challenge), at=at)
        assert work(check, at).status == status
