"""The measured steps. Each builds its world once and times only the step itself."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import User
from idv.credentials import sd_jwt, verify
from idv.credentials.trust import TrustedIssuer, TrustedIssuers
from idv.face import capture, liveness
from idv.verifier import flows
from idv.verifier.models import FaceCheck, IdentityProvider, PresentationRequest
from recovery_portal.demo import people
from recovery_portal.kit import adapters, clock, http, images, queue
from recovery_portal.recovery.machine import Event
from recovery_portal.recovery.models import RecoveryAttempt
from tests.bench.report import Report, alternately
from tests.fakes.recovery import make_person, make_profile
from tests.unit.idv.verifier.parties import Provider, WalletInHand, data_uri, post

AT = datetime.now(UTC).replace(microsecond=0)


def _collected(provider: Provider, wallet: WalletInHand, row: object, number: int) -> PresentationRequest:
    request = flows.request_presentation(
        provider=row, proofing_reference="proofing-1", purpose="bench", account_hint="a", same_device=False, at=AT,
        correlation_id=f"bench-{number}",
    )  # fmt: skip
    client = Client()
    opened = wallet.fetch(request, client, AT)
    assert post(client, opened.response_uri, wallet.answer(opened, AT)).status_code == 200
    request.refresh_from_db()
    flows.collect(request=request, response_code=None, at=AT)
    return request


def face_check(report: Report) -> None:
    """The whole Face Check task, from sealed photos to the recorded result, against the engine calls alone."""
    settings.OUTBOUND_ORIGINS = frozenset({"http://provider.test"})
    clock.now = lambda: AT  # type: ignore[assignment]
    provider = Provider("http://provider.test", AT)
    row = provider.row()
    portrait = people.jpeg("vera", "portrait")
    wallet = WalletInHand(provider, claims={"portrait": data_uri(portrait)})
    handed: list[str] = []
    queue.enqueue = lambda task, **ids: handed.append(ids["face_check_id"])  # type: ignore[assignment]
    rounds = 9
    challenge = [liveness.FRONTAL, liveness.TURN_LEFT, liveness.LOOK_UP, liveness.CLOSER]
    checks: list[FaceCheck] = []
    for number in range(rounds + 1):
        check = flows.begin_face_check(request=_collected(provider, wallet, row, number), threshold=70, at=AT)
        check.challenge = challenge  # the same work each time, and the same as the bare engine's
        check.save(update_fields=["challenge"])
        flows.submit_frames(face_check=check, frames=people.capture("vera", challenge), at=AT)
        checks.append(check)
    waiting = iter(checks)
    engine, live = adapters.load("FACE_ENGINE"), adapters.load("LIVENESS_ENGINE")
    taken = people.capture("vera", challenge)
    frames = {name: images.accept(jpeg, max_side=liveness.PHOTO_SIDE).jpeg for name, jpeg in taken.items()}
    reference = images.accept(portrait).jpeg

    def bare() -> None:
        capture.measure(
            reference=reference, frames=frames, challenge=challenge, face_engine=engine, liveness_engine=live
        )

    task, engine_only = alternately(rounds, lambda: flows.check_face(face_check_id=str(next(waiting).pk), at=AT), bare)
    assert {c.status for c in FaceCheck.objects.all()} == {"passed"}
    report.add("Face Check task", task, "engine on the same photos", engine_only)
    http.transports.clear()


def presentation(report: Report) -> None:
    """Verification of a 12 kB presentation with key binding against its two bare ES256 verifications."""
    provider = Provider("http://bench.test", AT)
    wallet = WalletInHand(provider, claims={"portrait": data_uri(people.jpeg("vera", "portrait"))[:8000]})
    trusted = _trust_of(provider)
    vp = sd_jwt.present(
        wallet.credential, disclose=["firstName", "lastName", "portrait"], audience="us", nonce="n" * 22,
        holder_key=wallet.holder, at=AT,
    )  # fmt: skip

    class AlwaysValid:
        def status_of(self, *_: object) -> int:
            return 0

    key = ec.generate_private_key(ec.SECP256R1())
    message = b"x" * 2000
    signature = key.sign(message, ec.ECDSA(hashes.SHA256()))
    public = key.public_key()

    def ours() -> None:
        verify.presentation(
            vp, expected_nonce="n" * 22, expected_audience="us", expected_vcts=[provider.vct], trusted=trusted,
            status=AlwaysValid(), at=AT,
        )  # fmt: skip

    def bare() -> None:
        for _ in range(2):
            public.verify(signature, message, ec.ECDSA(hashes.SHA256()))

    report.add("verify a presentation", *_with_name(alternately(400, ours, bare), "two ES256 verifications"))


def _with_name(pair: list[float], bare: str) -> tuple[float, str, float]:
    return pair[0], bare, pair[1]


def _trust_of(provider: Provider) -> TrustedIssuers:
    own = {**provider.credential_key.public_jwk(), "kid": provider.credential_key.kid}
    return TrustedIssuers([TrustedIssuer(issuer=provider.origin, vcts=frozenset({provider.vct}), jwks=(own,))])


def transition(report: Report) -> None:
    """One step of an attempt, compare-and-set with its event and audit rows, against three bare writes."""
    person = make_person("bench@contoso.example")
    profile = make_profile(IdentityProvider.objects.first())
    attempts = iter(
        [
            RecoveryAttempt.begin(user=person, account_name="bench@contoso.example", profile=profile, at=AT)
            for _ in range(401)
        ]
    )

    def bare() -> None:
        for _ in range(3):
            User.objects.filter(pk=person.pk).update(display_name="x")

    pair = alternately(400, lambda: next(attempts).apply(Event.SENT_TO_PROVIDER, at=AT), bare)
    report.add("state transition with event and audit", *_with_name(pair, "three UPDATEs"))


def sign_in(report: Report) -> None:
    """Account name and password through the pages, against one bare Argon2id at the configured cost."""
    User.objects.create_user("signer@contoso.example", "correct horse battery", given_name="S", surname="B")

    def through_the_pages() -> None:
        client = Client(HTTP_HOST="portal.test")
        client.post("/", {"account_name": "signer@contoso.example"})
        answer = client.post("/sign-in/password/", {"password": "correct horse battery"})
        assert answer.status_code == 302, answer.status_code
        assert "/apps" in answer["Location"], answer["Location"]

    pair = alternately(30, through_the_pages, lambda: make_password("correct horse battery"))
    report.add("sign-in with password, two pages", *_with_name(pair, "one Argon2id"))
