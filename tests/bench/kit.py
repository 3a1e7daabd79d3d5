"""A whole recovery by the testers' kit, in process: with real eyes and a real reader, and with scripted ones."""

import logging
import time
from datetime import UTC, datetime

from django.conf import settings

from accounts.passkeys.models import Passkey
from recovery_portal.kit import adapters
from recovery_portal.testing import installation, own_database
from recovery_portal.testing.directory import DirectoryUser, Profile
from recovery_portal.testing.documents import Document
from recovery_portal.testing.installation import Installation
from recovery_portal.testing.people import Face
from recovery_portal.testing.recovering import recover
from recovery_portal.testing.visitor import DESKTOP, Visitor
from recovery_portal.testing.walking import HttpWalker
from tests.bench.report import Report, alternately


def whole_recoveries(report: Report) -> None:
    logging.disable(logging.ERROR)
    with own_database.one_test(), installation.in_process(settings.EMULATION_TOKEN) as houses:
        own_database.forget_what_is_cached()
        houses.client.introduce()
        person = DirectoryUser(houses.client)
        Profile(houses.client)
        own_database.spare_the_collector()  # as the plugin does
        for part, bare_name, bare in (
            ("real", "OCR, three embeddings, liveness", lambda: _engines(houses)),
            ("scripted", "the sign-in page", lambda: _page(houses)),
        ):
            houses.choose_parts(face=part, reader=part)
            whole_ms, bare_ms = alternately(5, lambda: _recover(houses, person), bare)
            report.add(f"a whole recovery in process, {part}", whole_ms, bare_name, bare_ms)
            began = time.process_time()
            _recover(houses, person)
            print(f"a whole recovery in process, {part}: {time.process_time() - began:.2f} s of one core")
        houses.client.reset_parts()
    logging.disable(logging.NOTSET)


def _visitor(houses: Installation, account: str) -> Visitor:
    return Visitor(houses, HttpWalker(houses, agent=DESKTOP, address="192.0.2.10"), account=account)


def _recover(houses: Installation, person: DirectoryUser) -> None:
    houses.client.forget_limits()
    Passkey.objects.all().delete()  # an account holds so many only
    visitor = _visitor(houses, person.user_principal_name)
    recover(visitor, as_=Face(houses), with_=Document(houses))
    visitor.close()


def _engines(houses: Installation) -> None:
    reader = adapters.load("DOCUMENT_READER")
    face = Face(houses)
    reading = reader.read("passport", Document(houses).photos(), at=datetime.now(UTC))
    eye, liveness = adapters.load("FACE_ENGINE"), adapters.load("LIVENESS_ENGINE")
    challenge = ["frontal", "turn_left", "look_up", "closer"]
    frames = {step: face.photos(step)[0] for step in challenge}
    for photo in (reading.portrait, frames["frontal"], frames["closer"]):
        eye.embed(photo)
    liveness.judge(frames, challenge)


def _page(houses: Installation) -> None:
    visitor = _visitor(houses, "")
    visitor.open_portal()
    visitor.close()
