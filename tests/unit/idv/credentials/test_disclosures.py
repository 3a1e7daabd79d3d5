"""Disclosures as RFC 9901 section 7.1 wants them, against an issuer that is trusted and wrong (facts V3, V4)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.credentials import disclosures, sd_jwt

from .world import disclosure

# RFC 9901, sections 4.2.1 to 4.2.3.
FAMILY_NAME = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
FAMILY_NAME_DIGEST = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
FR = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"
FR_DIGEST = "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"

NAME = disclosure("salt", "name", "Alice")
ELEMENT = disclosure("salt", "DE")


def d(text: str) -> str:
    return sd_jwt.digest_of(text)


def nested(*, twice: bool) -> tuple[dict[str, Any], list[str]]:
    outer = disclosure("salt", "address", {"_sd": [d(NAME)]})
    return {"_sd": [d(outer), *([d(NAME)] if twice else [])]}, [outer, NAME]


def test_the_examples_of_the_rfc() -> None:
    payload = {"_sd": [FAMILY_NAME_DIGEST], "nationalities": ["DE", {"...": FR_DIGEST}, "US"], "_sd_alg": "sha-256"}
    assert disclosures.disclose(payload, [FAMILY_NAME, FR]) == {
        "family_name": "Möbius",
        "nationalities": ["DE", "FR", "US"],
    }
    assert disclosures.disclose(payload, []) == {"nationalities": ["DE", "US"]}


def test_nested_disclosures_and_decoys() -> None:
    payload, given_ = nested(twice=False)
    assert disclosures.disclose(payload | {"x": [[{"a": {"_sd": [d("decoy")]}}]]}, given_) == {
        "address": {"name": "Alice"},
        "x": [[{"a": {}}]],
    }


REFUSED: dict[str, tuple[dict[str, Any], list[str], str]] = (
    {
        "v4 claim in payload and in _sd": ({"name": "Bob", "_sd": [d(NAME)]}, [NAME], "disclosure_collision"),
        "v4 two disclosures of one name": (
            {"_sd": [d(NAME), d(disclosure("other", "name", 1))]},
            [NAME, disclosure("other", "name", 1)],
            "disclosure_collision",
        ),
        "v4 a digest twice": ({"_sd": [d(NAME), d(NAME)]}, [NAME], "disclosure_digest_repeated"),
        "v4 a digest twice that nobody discloses": ({"_sd": ["x", "x"]}, [], "disclosure_digest_repeated"),
        "v4 a digest twice in two places": (
            {"_sd": [d(NAME)], "a": {"_sd": [d(NAME)]}},
            [NAME],
            "disclosure_digest_repeated",
        ),
        "v4 a digest again in a nested disclosure": (*nested(twice=True), "disclosure_digest_repeated"),
        "v4 a disclosure twice": ({"_sd": [d(NAME)]}, [NAME, NAME], "disclosure_repeated"),
        "a disclosure that no digest refers to": ({"_sd": []}, [NAME], "disclosure_unreferenced"),
        "a nested one whose parent is withheld": (nested(twice=False)[0], [NAME], "disclosure_unreferenced"),
        "v4 ... with another member": ({"a": [{"...": d(ELEMENT), "b": 1}]}, [ELEMENT], "disclosure_malformed"),
        "v4 two elements in _sd": ({"_sd": [d(ELEMENT)]}, [ELEMENT], "disclosure_wrong_arity"),
        "v4 three elements in an array": ({"a": [{"...": d(NAME)}]}, [NAME], "disclosure_wrong_arity"),
        "... as a member of an object": ({"a": {"...": d(ELEMENT)}}, [ELEMENT], "disclosure_reserved_name"),
        "_sd_alg below the top": ({"a": {"_sd_alg": "sha-256"}}, [], "disclosure_reserved_name"),
        "_sd is no list": ({"_sd": d(NAME)}, [NAME], "disclosure_malformed"),
        "_sd holds numbers": ({"_sd": [1]}, [], "disclosure_malformed"),
        "... holds a number": ({"a": [{"...": 1}]}, [], "disclosure_malformed"),
        "another hash": ({"_sd": [], "_sd_alg": "sha-512"}, [], "disclosure_unknown_hash"),
        "a hash of another kind": ({"_sd": [], "_sd_alg": ["sha-256"]}, [], "disclosure_unknown_hash"),
    }
    | {
        f"v3 {name} as a disclosure": (
            {"_sd": [d(disclosure("s", name, 1))]},
            [disclosure("s", name, 1)],
            "disclosure_forbidden",
        )
        for name in ("iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status")
    }
    | {
        f"{name} as a disclosure": (
            {"_sd": [d(disclosure("s", name, 1))]},
            [disclosure("s", name, 1)],
            "disclosure_reserved_name",
        )
        for name in ("_sd", "...", "_sd_alg")
    }
    | {
        f"v3 a part of {name} as a disclosure": (members, [NAME], "disclosure_reserved_name")
        for name, members in {
            "cnf": {"cnf": {"_sd": [d(NAME)]}},
            "cnf.jwk": {"cnf": {"jwk": {"_sd": [d(NAME)]}}},
            "status": {"status": {"status_list": {"_sd": []}}},
        }.items()
    }
)


@pytest.mark.parametrize(("payload", "texts", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses(payload: dict[str, Any], texts: list[str], code: str) -> None:
    with pytest.raises(disclosures.DisclosureInvalid) as refusal:
        disclosures.disclose(payload, texts)
    assert refusal.value.code == code


def test_v3_an_element_of_aka_vcts_as_a_disclosure() -> None:
    with pytest.raises(disclosures.DisclosureInvalid):
        disclosures.disclose({"aka_vcts": [{"...": d(ELEMENT)}]}, [ELEMENT])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "WyJh",
        NAME + "=",
        disclosure(),
        disclosure("s"),
        disclosure("s", "n", 1, 2),
        disclosure(1, "n", 1),
        disclosure("s", 1, 1),
        disclosure("s", None, 1),
        "eyJhIjoxfQ",
        "WyJhIiwiYiIsTmFOXQ",
    ],
)
def test_a_text_that_is_no_disclosure(text: str) -> None:
    with pytest.raises(disclosures.DisclosureInvalid) as refusal:
        disclosures.parse_disclosure(text)
    assert refusal.value.code == "disclosure_malformed"


def test_disclosures_that_nest_in_one_another_without_end() -> None:
    texts: list[str] = []
    for _ in range(64):
        value: Any = {"_sd": [d(texts[-1])]} if texts else 1
        for _ in range(20):
            value = [value]
        texts.append(disclosure("salt", "deep", value))
    with pytest.raises(disclosures.DisclosureInvalid) as refusal:
        disclosures.disclose({"_sd": [d(texts[-1])]}, texts)
    assert refusal.value.code == "disclosure_too_deep"


names = st.sampled_from(["a", "b", "_sd", "...", "_sd_alg", "exp", "cnf"])
tree = st.recursive(
    st.sampled_from([1, "x", d(NAME), d(ELEMENT)]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(names, tree, max_size=4), st.lists(st.sampled_from([NAME, ELEMENT, FR]), max_size=3))
def test_whatever_an_issuer_signs_is_disclosed_wholly_or_cleanly_refused(
    payload: dict[str, Any], texts: list[str]
) -> None:
    try:
        disclosed = disclosures.disclose(payload, texts)
    except disclosures.DisclosureInvalid:
        return
    assert not _reserved_in(disclosed)


def _reserved_in(value: Any) -> bool:
    if isinstance(value, dict):
        return bool({"_sd", "...", "_sd_alg"} & value.keys()) or any(_reserved_in(item) for item in value.values())
    return isinstance(value, list) and any(_reserved_in(item) for item in value)
