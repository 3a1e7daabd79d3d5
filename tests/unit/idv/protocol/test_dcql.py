"""DCQL: what may be asked, what answers it, and that an answer answers it wholly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.protocol import dcql

VCT = "https://provider.example/credentials/VerifiedIdentity"
QUERY = dcql.query(query_id="identity", vcts=[VCT], claims=["firstName", "lastName"])
CLAIMS = {
    "firstName": "Alice",
    "lastName": "Möbius",
    "address": {"city": "Utopia", "lines": ["a", "b"]},
    "nationalities": ["UTO", "D"],
    "degrees": [{"type": "BSc"}, {"type": "MSc"}],
    "over18": True,
}


def held(key: str = "1", vct: str = VCT, claims: dict[str, Any] = CLAIMS) -> dcql.HeldCredential:
    return dcql.HeldCredential(key=key, vct=vct, claims=claims)


def entry(**changes: Any) -> dict[str, Any]:
    members = dict(QUERY["credentials"][0]) | changes
    return {name: value for name, value in members.items() if value is not ...}


def of(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"credentials": list(entries), **more}


def test_the_query_we_send() -> None:
    assert QUERY == {
        "credentials": [
            {
                "id": "identity",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [VCT]},
                "claims": [{"path": ["firstName"]}, {"path": ["lastName"]}],
            }
        ]
    }


MALFORMED = {
    "no object": [],
    "no credentials": {},
    "none": of(),
    "too many": of(*(entry(id=str(number)) for number in range(9))),
    "credentials is an object": {"credentials": {}},
    "an id twice": of(entry(), entry()),
    "an id with a space": of(entry(id="a b")),
    "an empty id": of(entry(id="")),
    "an id that is a number": of(entry(id=1)),
    "no id": of(entry(id=...)),
    "an entry that is a text": {"credentials": ["x"]},
    "no format": of(entry(format=...)),
    "no meta": of(entry(meta=...)),
    "no vct_values": of(entry(meta={})),
    "vct_values of numbers": of(entry(meta={"vct_values": [1]})),
    "multiple is a text": of(entry(multiple="yes")),
    "holder binding is null": of(entry(require_cryptographic_holder_binding=None)),
    "empty claims": of(entry(claims=[])),
    "a claim without path": of(entry(claims=[{}])),
    "a claim that is a text": of(entry(claims=["a"])),
    "an empty path": of(entry(claims=[{"path": []}])),
    "a path of true": of(entry(claims=[{"path": [True]}])),
    "a path below zero": of(entry(claims=[{"path": ["a", -1]}])),
    "a path of objects": of(entry(claims=[{"path": [{}]}])),
    "a path without end": of(entry(claims=[{"path": ["a"] * 17}])),
    "no values": of(entry(claims=[{"path": ["a"], "values": []}])),
    "claim ids twice": of(entry(claims=[{"id": "a", "path": ["a"]}, {"id": "a", "path": ["b"]}])),
    "a bad claim id": of(entry(claims=[{"id": "a b", "path": ["a"]}])),
    "claim_sets without claims": of(entry(claims=..., claim_sets=[["a"]])),
    "claim_sets of unknown ids": of(entry(claim_sets=[["a"]])),
    "claim_sets of objects": of(entry(claims=[{"id": "a", "path": ["a"]}], claim_sets=[[{}]])),
    "empty credential_sets": of(entry(), credential_sets=[]),
    "a set of unknown ids": of(entry(), credential_sets=[{"options": [["x"]]}]),
    "a set without options": of(entry(), credential_sets=[{}]),
    "a set that is a text": of(entry(), credential_sets=["identity"]),
    "required is a text": of(entry(), credential_sets=[{"options": [["identity"]], "required": "no"}]),
    "no authorities": of(entry(trusted_authorities=[])),
    "an authority without type": of(entry(trusted_authorities=[{"values": ["a"]}])),
    "an authority that is a text": of(entry(trusted_authorities=["aki"])),
    "an authority without values": of(entry(trusted_authorities=[{"type": "aki", "values": []}])),
    "an authority of numbers": of(entry(trusted_authorities=[{"type": "aki", "values": [1]}])),
    "an empty option": of(entry(), credential_sets=[{"options": [[]]}]),
}


@pytest.mark.parametrize("query", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_query(query: Any) -> None:
    with pytest.raises(dcql.DcqlInvalid) as refusal:
        dcql.validate(query)
    assert refusal.value.code == "dcql_malformed"


def test_unknown_members_and_formats_are_ignored() -> None:
    query = of(entry(unknown=1), {"id": "card", "format": "mso_mdoc", "meta": {"doctype_value": "x"}}, more=2)
    assert dcql.validate(query) is query
    assert dcql.match(query, [held()]).keys() == {"identity"}


def test_of_several_credentials_those_of_the_type_with_the_claims_match() -> None:
    found = dcql.match(QUERY, [held("1"), held("2", vct="other"), held("3", claims={"firstName": "A"}), held("4")])
    assert [match.key for match in found["identity"]] == ["1", "4"]
    assert found["identity"][0].names == ("firstName", "lastName")
    assert dcql.match(QUERY, []) == {}


def test_of_two_that_fit_the_one_whose_authority_is_believed_matches() -> None:
    asked = dcql.query(query_id="identity", vcts=["type"], claims=["firstName"], authority_key_ids=["abc", "def"])
    assert asked["credentials"][0]["trusted_authorities"] == [{"type": "aki", "values": ["abc", "def"]}]
    kept = [
        dcql.HeldCredential(key=key, vct="type", claims={"firstName": "A"}, authority_key_ids=frozenset(names))
        for key, names in (("1", {"xyz"}), ("2", {"def", "xyz"}), ("3", set()))
    ]
    assert [match.key for match in dcql.match(asked, kept)["identity"]] == ["2"]
    asked["credentials"][0]["trusted_authorities"].append({"type": "etsi_tl", "values": ["https://list.test"]})
    assert len(dcql.match(asked, kept)["identity"]) == 3, "what cannot be looked into excludes nobody"


def test_without_claims_nothing_is_disclosed() -> None:
    (match,) = dcql.match(of(entry(claims=...)), [held()])["identity"]
    assert match.paths == ()


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (["firstName"], ["Alice"]),
        (["address", "city"], ["Utopia"]),
        (["address", "lines", 1], ["b"]),
        (["nationalities", None], ["UTO", "D"]),
        (["degrees", None, "type"], ["BSc", "MSc"]),
        (["degrees", 5], []),
        (["nationalities", "x"], []),
        (["firstName", 0], []),
        (["firstName", None], []),
        (["address", None], []),
        (["address", 0], []),
        (["none", "none"], []),
    ],
)
def test_a_path_selects(path: list[str | int | None], values: list[Any]) -> None:
    assert dcql.values_at(CLAIMS, path) == values


@pytest.mark.parametrize(
    ("path", "values", "matches"),
    [
        (["firstName"], ["Bob", "Alice"], True),
        (["firstName"], ["Bob"], False),
        (["nationalities", None], ["D"], True),
        (["over18"], [True], True),
        (["over18"], [1], False),
    ],
)
def test_values_are_compared_with_their_type(path: list[Any], values: list[Any], matches: bool) -> None:
    query = of(entry(claims=[{"path": path, "values": values}]))
    assert bool(dcql.match(query, [held()])) is matches


def test_the_first_claim_set_that_can_be_satisfied_is_taken() -> None:
    query = of(
        entry(
            claims=[
                {"id": "a", "path": ["shoeSize"]},
                {"id": "b", "path": ["over18"]},
                {"id": "c", "path": ["firstName"]},
            ],
            claim_sets=[["a", "c"], ["b"], ["c"]],
        )
    )
    dcql.validate(query)
    assert dcql.match(query, [held()])["identity"][0].paths == (("over18",),)
    dcql.require_claims(query, "identity", {"firstName": "Alice"})
    with pytest.raises(dcql.DcqlInvalid):
        dcql.require_claims(query, "identity", {"shoeSize": 40})


BOTH = of(
    entry(),
    entry(id="card", multiple=True),
    entry(id="extra"),
    credential_sets=[{"options": [["identity"], ["card"]]}, {"options": [["extra"]], "required": False}],
)


@pytest.mark.parametrize(
    ("query", "vp_token"),
    [(QUERY, {"identity": ["a"]}), (BOTH, {"card": ["a", "b"]}), (BOTH, {"identity": ["a"], "extra": ["b"]})],
)
def test_an_answer_of_the_right_shape(query: dict[str, Any], vp_token: Any) -> None:
    dcql.validate(query)
    assert dcql.require_response_shape(query, vp_token) == vp_token


@pytest.mark.parametrize(
    ("query", "vp_token", "code"),
    [
        (QUERY, {}, "vp_token_malformed"),
        (QUERY, ["a"], "vp_token_malformed"),
        (QUERY, "a", "vp_token_malformed"),
        (QUERY, None, "vp_token_malformed"),
        (QUERY, {"identity": "a"}, "vp_token_malformed"),
        (QUERY, {"identity": []}, "vp_token_malformed"),
        (QUERY, {"identity": [{}]}, "vp_token_malformed"),
        (QUERY, {"identity": [""]}, "vp_token_malformed"),
        (QUERY, {"identity": ["a", "b"]}, "vp_token_too_many"),
        (QUERY, {"other": ["a"]}, "vp_token_unasked"),
        (QUERY, {"identity": ["a"], "other": ["a"]}, "vp_token_unasked"),
        (of(entry(), entry(id="second")), {"identity": ["a"]}, "vp_token_incomplete"),
        (BOTH, {"extra": ["a"]}, "vp_token_incomplete"),
        (BOTH, {"card": ["a"] * 9}, "vp_token_too_many"),
    ],
)
def test_an_answer_of_another_shape(query: dict[str, Any], vp_token: Any, code: str) -> None:
    with pytest.raises(dcql.DcqlInvalid) as refusal:
        dcql.require_response_shape(query, vp_token)
    assert refusal.value.code == code


def test_what_was_asked_for_must_be_there() -> None:
    dcql.require_claims(QUERY, "identity", {"firstName": "Alice", "lastName": "Möbius"})
    for query_id, claims, code in (
        ("identity", {"firstName": "Alice"}, "claims_missing"),
        ("identity", {}, "claims_missing"),
        ("other", CLAIMS, "vp_token_unasked"),
    ):
        with pytest.raises(dcql.DcqlInvalid) as refusal:
            dcql.require_claims(QUERY, query_id, claims)
        assert refusal.value.code == code


def test_a_value_that_was_asked_for_is_checked_again() -> None:
    query = of(entry(claims=[{"path": ["documentIssuingCountry"], "values": ["UTO"]}]))
    with pytest.raises(dcql.DcqlInvalid):
        dcql.require_claims(query, "identity", {"documentIssuingCountry": "D"})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["identity", "dc+sd-jwt", "a", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["credentials", "id", "format", "meta", "vct_values", "claims", "path", "claim_sets", "options"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(anything, anything)
def test_any_query_is_valid_or_cleanly_refused(query: Any, vp_token: Any) -> None:
    try:
        dcql.match(dcql.validate(query), [held()])
        dcql.require_response_shape(query, vp_token)
    except dcql.DcqlInvalid:
        return


@given(anything)
def test_any_answer_is_of_the_right_shape_or_cleanly_refused(vp_token: Any) -> None:
    try:
        dcql.require_response_shape(QUERY, vp_token)
    except dcql.DcqlInvalid:
        return
    assert vp_token.keys() == {"identity"}


@given(anything)
def test_any_claims_are_checked(claims: Any) -> None:
    for path in (["a"], [None], [0, "a"]):
        assert isinstance(dcql.values_at(claims, path), list)
