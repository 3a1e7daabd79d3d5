"""Our verifier against two that others wrote (openvc-core, polaris-oid4vp), over generated and mutated credentials.

The property: nothing that we accept is refused by both. They run on the real clock, so these credentials are
made now; the search itself is the same in every run, so that a finding is a finding and not a coin toss.
"""

import copy
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openvc.errors import OpenvcError
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.status import token_status_list as theirs
from polaris_oid4vp.sdjwt import verify_presentation
from polaris_oid4vp.status import status_at

from idv.credentials import base64url, keys, trust, verify
from idv.credentials.status_list import StatusList
from tests.unit.idv.credentials.world import AUDIENCE, ISSUER, NONCE, VCT, FixedStatus, sign_text

ISSUER_KEY, HOLDER, STRANGER = keys.generate("issuer"), keys.generate(), keys.generate()
TRUSTED = trust.TrustedIssuers(
    [trust.TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT}), jwks=[ISSUER_KEY.jwks_entry()])]
)
_OPENVC = SdJwtVcProofSuite()

#: What a member can be replaced with: every JSON type, and numbers on every edge.
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, 2**31, 2**53, 10**15, -(10**15), "", "1", "now", [], {}, [1], [[]], {"a": 1},
    "https://other.example", [VCT], {"jwk": None}, {"jwk": {}}, {"_sd": []}, {"...": "x"},
]  # fmt: skip
MEMBERS = [
    "iss",
    "vct",
    "iat",
    "exp",
    "nbf",
    "cnf",
    "status",
    "_sd",
    "_sd_alg",
    "aka_vcts",
    "vct#integrity",
    "given",
    "...",
]
HEADERS = ["alg", "typ", "kid", "crit", "b64", "x5c", "jwk", "zip"]
BINDING = ["iat", "aud", "nonce", "sd_hash", "exp", "nbf", "iss", "_sd"]

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=12)
    | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=6), inner, max_size=3),
    max_leaves=6,
)
names = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name not in {*MEMBERS, "_sd", "..."}
)


class Draft:
    """A presentation in parts, to be spoiled anywhere before (issuer's fault) or after (holder's) it is signed."""

    def __init__(self, claims: dict[str, Any], elements: list[Any], now: int) -> None:
        self.now = now
        self.disclosures = [self._text([f"salt-{i}", name, value]) for i, (name, value) in enumerate(claims.items())]
        nested = [self._text([f"element-{i}", value]) for i, value in enumerate(elements)]
        self.header: dict[str, Any] = {"typ": "dc+sd-jwt", "kid": "issuer"}
        self.payload: dict[str, Any] = {
            "iss": ISSUER,
            "vct": VCT,
            "iat": now - 60,
            "exp": now + 86_400,
            "cnf": {"jwk": HOLDER.public_jwk()},
            "status": {"status_list": {"idx": 5, "uri": f"{ISSUER}/status/1"}},
            "given": "Alice",
            "_sd": sorted(self.digest(text) for text in self.disclosures),
            "_sd_alg": "sha-256",
        }
        if nested:
            self.payload["list"] = [{"...": self.digest(text)} for text in nested]
            self.disclosures += nested
        self.issuer_key, self.holder_key = ISSUER_KEY, HOLDER
        self.binding_header: dict[str, Any] = {"typ": "kb+jwt"}
        self.binding_changes: dict[str, Any] = {}

    @staticmethod
    def _text(parts: list[Any]) -> str:
        return base64url.encode(json.dumps(parts).encode())

    @staticmethod
    def digest(text: str) -> str:
        return base64url.encode(hashlib.sha256(text.encode()).digest())

    def text(self) -> str:
        issuer_jwt = sign_text(json.dumps(self.payload), header=self.header, key=self.issuer_key)
        kept = "~".join([issuer_jwt, *self.disclosures, ""])
        binding = {
            "iat": self.now,
            "aud": AUDIENCE,
            "nonce": NONCE,
            "sd_hash": self.digest(kept),
        } | self.binding_changes
        members = {name: value for name, value in binding.items() if value is not ...}
        return kept + sign_text(json.dumps(members), header=self.binding_header, key=self.holder_key)


def verdicts(vp: str, at: datetime) -> tuple[bool, bool, bool]:
    """Ours, openvc's, polaris's."""
    try:
        verify.presentation(
            vp,
            expected_nonce=NONCE,
            expected_audience=AUDIENCE,
            expected_vcts=[VCT],
            trusted=TRUSTED,
            status=FixedStatus(),
            at=at,
        )
        ours = True
    except verify.PresentationInvalid:
        ours = False
    try:
        _OPENVC.verify(
            vp,
            public_key_jwk=ISSUER_KEY.public_jwk(),
            audience=AUDIENCE,
            nonce=NONCE,
            require_key_binding=True,
            expected_vct=VCT,
            now=at,
        )
        openvc = True
    except (OpenvcError, ValueError, TypeError, RecursionError):
        openvc = False
    polaris = verify_presentation(
        vp,
        expected_nonce=NONCE,
        expected_audience=AUDIENCE,
        issuer_jwks=[ISSUER_KEY.jwks_entry()],
        now=at.timestamp(),
        expected_vct=VCT,
    ).authentic
    return ours, openvc, bool(polaris)


def require_company(vp: str, at: datetime, note: Any = "") -> tuple[bool, bool, bool]:
    seen = verdicts(vp, at)
    assert seen != (True, False, False), f"only we accept this: {note} {vp}"
    return seen


def spoil(draft: Draft, where: str, name: str, value: Any, index: int) -> None:
    """One change of one part, before anything is signed."""
    disclosures = draft.disclosures
    if where == "payload":
        draft.payload[name] = value
    elif where == "drop":
        draft.payload.pop(name, None)
    elif where == "header":
        draft.header[HEADERS[index % len(HEADERS)]] = value
    elif where == "binding header":
        draft.binding_header[HEADERS[index % len(HEADERS)]] = value
    elif where == "binding":
        draft.binding_changes[BINDING[index % len(BINDING)]] = value
    elif where == "binding missing":
        draft.binding_changes[BINDING[index % 4]] = ...
    elif where == "time":
        draft.payload[("iat", "exp", "nbf")[index % 3]] = draft.now + (index - 8) * 40
    elif where == "binding time":
        draft.binding_changes["iat"] = draft.now + (index - 8) * 50
    elif where == "stranger signs":
        if index % 2:
            draft.issuer_key = STRANGER
        else:
            draft.holder_key = STRANGER
    elif where == "cnf":
        draft.payload["cnf"] = [
            {"jwk": {**HOLDER.public_jwk(), "d": "AA"}},
            {"jwk": {**HOLDER.public_jwk(), "kty": "RSA"}},
            {"jwk": {**HOLDER.public_jwk(), "crv": "P-384"}},
            {"jwk": {**HOLDER.public_jwk(), "x": draft.digest("elsewhere")}},
            {"jwk": HOLDER.public_jwk(), "kid": "also"},
            {"jwk": {**HOLDER.public_jwk(), "use": "enc"}},
            {"kid": "only"},
        ][index % 7]
    elif where == "reserved disclosure":
        text = draft._text(["salt", name, value])
        disclosures.append(text)
        draft.payload.setdefault("_sd", []).append(draft.digest(text))
        if index % 2:
            draft.payload.pop(name, None)
    elif where == "odd disclosure":
        text = draft._text([["salt"], ["salt", 1, 2], ["salt", "a", 1, 2], [1, "a", 1], ["salt", value]][index % 5])
        disclosures.append(text)
        draft.payload["_sd"].append(draft.digest(text))
    elif where == "unreferenced":
        disclosures.append(draft._text(["salt", "more", value]))
    elif where == "twice" and disclosures:
        disclosures.append(disclosures[index % len(disclosures)])
    elif where == "digest twice" and draft.payload["_sd"]:
        draft.payload["elsewhere"] = {"_sd": [draft.payload["_sd"][index % len(draft.payload["_sd"])]]}
    elif where == "withhold" and disclosures:
        del disclosures[index % len(disclosures)]
    elif where == "nested":
        inner = draft._text(["inner", name, value])
        outer = draft._text(["outer", "deep", {"_sd": [draft.digest(inner)], "plain": 1}])
        disclosures += [inner, outer]
        draft.payload["_sd"].append(draft.digest(outer))
    elif where == "decoy":
        draft.payload["_sd"].append(draft.digest(f"decoy {index}"))


WHERE = [
    "payload", "drop", "header", "binding header", "binding", "binding missing", "time", "binding time",
    "stranger signs", "cnf", "reserved disclosure", "odd disclosure", "unreferenced", "twice", "digest twice",
    "withhold", "nested", "decoy",
]  # fmt: skip


@settings(max_examples=400, derandomize=True)
@given(st.dictionaries(names, values, max_size=4), st.lists(values, max_size=3))
def test_what_we_make_well_is_accepted_by_all_or_refused_in_company(
    claims: dict[str, Any], elements: list[Any]
) -> None:
    at = datetime.now(UTC)
    require_company(Draft(claims, elements, int(at.timestamp())).text(), at)


@settings(max_examples=2500, derandomize=True)
@given(
    st.dictionaries(names, values, max_size=3),
    st.lists(
        st.tuples(st.sampled_from(WHERE), st.sampled_from(MEMBERS), st.sampled_from(ODD) | values, st.integers(0, 16)),
        min_size=1,
        max_size=2,
    ),
)
def test_no_fault_of_an_issuer_or_holder_is_accepted_by_us_alone(
    claims: dict[str, Any], faults: list[tuple[str, str, Any, int]]
) -> None:
    at = datetime.now(UTC)
    draft = Draft(claims, [1, "two"], int(at.timestamp()))
    for where, name, value, index in faults:
        try:
            spoil(draft, where, name, copy.deepcopy(value), index)
        except (AttributeError, TypeError, IndexError, KeyError):
            continue  # an earlier fault left nothing to spoil
    require_company(draft.text(), at, faults)


@settings(max_examples=1200, derandomize=True)
@given(st.integers(0, 10**6), st.sampled_from([*"~.=-_ AZaz09+/\n\x00é", ""]), st.booleans())
def test_no_change_of_a_character_is_accepted_by_us_alone(place: int, character: str, replaces: bool) -> None:
    at = datetime.now(UTC)
    good = Draft({"family": "Möbius", "born": "1974"}, ["x"], int(at.timestamp())).text()
    cut = place % len(good)
    require_company(good[:cut] + character + good[cut + replaces :], at, (cut, character, replaces))


def test_the_mutations_reach_both_sides_of_the_line() -> None:
    """A differential test whose inputs are all refused for one reason says nothing."""
    at = datetime.now(UTC)
    assert verdicts(Draft({"family": "Möbius"}, ["x"], int(at.timestamp())).text(), at) == (True, True, True)


@pytest.mark.parametrize("offset", [-400, -290, 0, 50, 400])
def test_the_three_agree_on_a_key_bindings_age_away_from_the_edges(offset: int) -> None:
    at = datetime.now(UTC)
    draft = Draft({"family": "Möbius"}, [], int(at.timestamp()))
    draft.binding_changes["iat"] = draft.now + offset
    ours, *others = verdicts(draft.text(), at)
    assert ours is (-300 <= offset <= 60)
    assert not ours or any(others)


@pytest.mark.parametrize("member", ["exp", "nbf"])
def test_a_key_binding_with_times_of_its_own_is_held_to_them(member: str) -> None:
    at = datetime.now(UTC)
    draft = Draft({}, [], int(at.timestamp()))
    draft.binding_changes[member] = draft.now + (-3600 if member == "exp" else 3600)
    assert verdicts(draft.text(), at)[0] is False


def test_an_issuer_that_restricts_the_audience_is_heard() -> None:
    at = datetime.now(UTC)
    draft = Draft({}, [], int(at.timestamp()))
    draft.payload["aud"] = "https://another.example"
    assert verdicts(draft.text(), at)[0] is False


def test_status_lists_are_read_alike() -> None:
    for bits in (1, 2, 4, 8):
        ours = StatusList(64, bits)
        packed = theirs.new_status_list(64, bits=bits)
        for index in range(0, 64, 3):
            value = (index * 7) % (1 << bits)
            ours.set(index, value)
            theirs.set_status(packed, index, value, bits=bits)
        raw = theirs.decode_status_list(ours.encoded())
        assert [ours.get(i) for i in range(64)] == [theirs.get_status(bytes(packed), i, bits=bits) for i in range(64)]
        assert [status_at(raw, i, bits) for i in range(64)] == [ours.get(i) for i in range(64)]
