"""WebAuthn L3 §7.1 and §7.2 (F4): each step with an answer that fails it alone. Real keys, real signatures."""

import json
from typing import Any

import cbor2
import pytest

from accounts.passkeys import ceremony
from accounts.passkeys.ceremony import CeremonyRefused, RelyingParty, VerifiedAssertion, VerifiedPasskey
from recovery_portal.testing.authenticator import SoftwareAuthenticator, b64url, from_b64url
from tests.fakes.accounts import tampered

PARTY = RelyingParty(id="portal.test", origins=("http://portal.test",))
HANDLE = b"sixteen bytes id"
CHALLENGE = b64url(b"c" * 32)
CREATION = {"rp": {"id": "portal.test"}, "user": {"id": b64url(HANDLE)}, "challenge": CHALLENGE}
REQUEST = {"rpId": "portal.test", "challenge": CHALLENGE}


@pytest.fixture
def key() -> SoftwareAuthenticator:
    return SoftwareAuthenticator(counts=True)


def register(answer: str) -> VerifiedPasskey:
    return ceremony.verify_registration(ceremony.read_answer(answer), relying_party=PARTY, expected_challenge=CHALLENGE)


def verify(answer: str, made: VerifiedPasskey, **changes: Any) -> VerifiedAssertion:
    expected: dict[str, Any] = {
        "relying_party": PARTY,
        "expected_challenge": CHALLENGE,
        "expected_user_handle": HANDLE,
        "public_key": made.public_key,
        "sign_count": made.sign_count,
        "backup_eligible": made.backup_eligible,
    }
    return ceremony.verify_assertion(ceremony.read_answer(answer), **expected | changes)


def test_what_was_registered_signs_in(key: SoftwareAuthenticator) -> None:
    made = register(key.create(CREATION))
    assert (made.backup_eligible, made.backed_up, made.transports) == (True, True, ["internal", "hybrid"])
    assert verify(key.get(REQUEST), made) == VerifiedAssertion(sign_count=1, backed_up=True)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("wrong_type", {"client_data": {"type": "webauthn.get"}}),
        ("wrong_challenge", {"client_data": {"challenge": b64url(b"d" * 32)}}),
        ("wrong_origin", {"origin": "https://portal.test"}),
        ("wrong_origin", {"origin": "http://portal.test.evil.example"}),
        ("cross_origin", {"client_data": {"crossOrigin": True}}),
        ("cross_origin", {"client_data": {"crossOrigin": "false"}}),
        ("cross_origin", {"client_data": {"topOrigin": "http://portal.test"}}),
    ],
)
def test_a_registration_with_wrong_client_data_is_refused(
    key: SoftwareAuthenticator, code: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(CeremonyRefused) as refusal:
        register(key.create(CREATION, **changes))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        ("user_not_verified", {"user_verified": False}),
        ("not_verified", {"user_present": False}),
        ("backup_flags", {"backup_eligible": False}),
    ],
)
def test_a_registration_with_wrong_flags_is_refused(code: str, flags: dict[str, bool]) -> None:
    with pytest.raises(CeremonyRefused) as refusal:
        register(SoftwareAuthenticator(**flags).create(CREATION))
    assert refusal.value.code == code


def test_a_registration_for_another_relying_party_is_refused(key: SoftwareAuthenticator) -> None:
    with pytest.raises(CeremonyRefused) as refusal:
        register(key.create(CREATION | {"rp": {"id": "evil.example"}}))
    assert refusal.value.code == "not_verified"


def test_an_algorithm_that_was_not_offered_is_refused(key: SoftwareAuthenticator) -> None:
    def es384(attestation: dict[str, Any]) -> None:
        assert b"\x01\x02\x03\x26" in attestation["authData"]  # COSE: kty EC2, alg -7
        attestation["authData"] = attestation["authData"].replace(b"\x01\x02\x03\x26", b"\x01\x02\x03\x38\x22")

    with pytest.raises(CeremonyRefused):
        register(_with_attestation(key.create(CREATION), es384))


def test_an_attestation_format_nobody_asked_for_is_refused(key: SoftwareAuthenticator) -> None:
    with pytest.raises(CeremonyRefused) as refusal:
        register(_with_attestation(key.create(CREATION), lambda a: a.update(fmt="android-safetynet", attStmt={})))
    assert refusal.value.code == "attestation_format"


@pytest.mark.parametrize("kept", [0, 1, 36, 37, 53, 55, 80, 100])
def test_a_cut_off_attestation_is_refused(key: SoftwareAuthenticator, kept: int) -> None:
    def cut(attestation: dict[str, Any]) -> None:
        attestation["authData"] = attestation["authData"][:kept]

    with pytest.raises(CeremonyRefused):
        register(_with_attestation(key.create(CREATION), cut))


def test_the_id_outside_must_be_the_id_that_was_attested(key: SoftwareAuthenticator) -> None:
    answer = json.loads(key.create(CREATION))
    answer["id"] = answer["rawId"] = b64url(b"somebody else's credential")
    with pytest.raises(CeremonyRefused) as refusal:
        register(json.dumps(answer))
    assert refusal.value.code == "malformed"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("wrong_type", {"client_data": {"type": "webauthn.create"}}),
        ("wrong_challenge", {"client_data": {"challenge": b64url(b"d" * 32)}}),
        ("wrong_origin", {"origin": "https://evil.example"}),
        ("cross_origin", {"client_data": {"crossOrigin": True}}),
        ("cross_origin", {"client_data": {"crossOrigin": False, "topOrigin": "https://evil.example"}}),
        ("wrong_user_handle", {"user_handle": b"another account."}),
        ("wrong_user_handle", {"user_handle": b""}),
        ("not_verified", {"rp_id": "evil.example"}),
    ],
)
def test_an_assertion_that_says_the_wrong_thing_is_refused(
    key: SoftwareAuthenticator, code: str, changes: dict[str, Any]
) -> None:
    made = register(key.create(CREATION))
    with pytest.raises(CeremonyRefused) as refusal:
        verify(key.get(REQUEST, **changes), made)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("code", "flag"),
    [
        ("user_not_verified", "user_verified"),
        ("not_verified", "user_present"),
        ("backup_flags", "backup_eligible"),
    ],
)
def test_an_assertion_with_a_missing_flag_is_refused(key: SoftwareAuthenticator, code: str, flag: str) -> None:
    made = register(key.create(CREATION))
    setattr(key, flag, False)
    with pytest.raises(CeremonyRefused) as refusal:
        verify(key.get(REQUEST), made)
    assert refusal.value.code == code


def test_backup_eligibility_never_changes(key: SoftwareAuthenticator) -> None:
    made = register(key.create(CREATION))
    key.backup_eligible = key.backed_up = False
    with pytest.raises(CeremonyRefused) as refusal:
        verify(key.get(REQUEST), made)
    assert refusal.value.code == "backup_eligibility_changed"


def test_backup_state_may_change(key: SoftwareAuthenticator) -> None:
    made = register(key.create(CREATION))
    key.backed_up = False
    assert verify(key.get(REQUEST), made).backed_up is False


@pytest.mark.parametrize("stored", [1, 2, 2**32 - 1])
def test_a_counter_must_move(key: SoftwareAuthenticator, stored: int) -> None:
    made = register(key.create(CREATION))
    with pytest.raises(CeremonyRefused) as refusal:
        verify(key.get(REQUEST), made, sign_count=stored)
    assert refusal.value.code == "stale_counter"


def test_a_synced_passkey_counts_nothing() -> None:
    key = SoftwareAuthenticator(counts=False)
    made = register(key.create(CREATION))
    assert verify(key.get(REQUEST), made).sign_count == 0


def test_another_key_does_not_verify(key: SoftwareAuthenticator) -> None:
    made = register(key.create(CREATION))
    other = SoftwareAuthenticator(counts=True)
    other.create(CREATION)
    with pytest.raises(CeremonyRefused) as refusal:
        verify(other.get(REQUEST), made)
    assert refusal.value.code == "not_verified"


def test_a_signature_over_other_data_does_not_verify(key: SoftwareAuthenticator) -> None:
    made = register(key.create(CREATION))
    answer = key.get(REQUEST)
    signed = from_b64url(json.loads(answer)["response"]["authenticatorData"])
    raised = signed[:-1] + bytes([signed[-1] + 5])  # a higher counter than was signed
    with pytest.raises(CeremonyRefused) as refusal:
        verify(tampered(answer, authenticatorData=raised), made)
    assert refusal.value.code == "not_verified"


@pytest.mark.parametrize("name", ["authenticatorData", "signature"])
@pytest.mark.parametrize("junk", [b"", b"\x00", b"\xff" * 37, b"\xa1" * 400])
def test_junk_inside_an_assertion_is_refused(key: SoftwareAuthenticator, name: str, junk: bytes) -> None:
    made = register(key.create(CREATION))
    with pytest.raises(CeremonyRefused):
        verify(tampered(key.get(REQUEST), **{name: junk}), made)


@pytest.mark.parametrize("stated", [[{}], [[]], [None, 1.5], {"usb": 1}, "usb", ["carrier pigeon", {}, "\ud800"]])
def test_transports_that_are_none_are_left_out(key: SoftwareAuthenticator, stated: object) -> None:
    answer = json.loads(key.create(CREATION))
    answer["response"]["transports"] = stated
    assert register(json.dumps(answer)).transports == []


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "1", "{}", '{"response": []}', '{"id": 1, "response": {"clientDataJSON": "e30"}}',
        '{"id": "YQ", "response": {"clientDataJSON": "bnVsbA"}}', '{"id": "YQ", "response": {"clientDataJSON": "e30"}}',
        '{"id": "YQ", "response": {"clientDataJSON": "////"}}', "[" * 30_000, "x" * 40_000, "\ud800",
    ],
)  # fmt: skip
def test_nonsense_is_malformed(text: str) -> None:
    with pytest.raises(CeremonyRefused) as refusal:
        ceremony.read_answer(text)
    assert refusal.value.code in {"malformed", "too_large"}


def _with_attestation(answer: str, change: Any) -> str:
    attestation = cbor2.loads(from_b64url(json.loads(answer)["response"]["attestationObject"]))
    change(attestation)
    return tampered(answer, attestationObject=cbor2.dumps(attestation))
