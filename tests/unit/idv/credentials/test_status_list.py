"""Status lists: the draft's vectors, and every way in which a status is not known (facts V7, V8)."""

import zlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.credentials import base64url, jose, keys, status_list
from idv.credentials.sd_jwt import StatusReference

from .world import AT, ISSUER, LIST_URI, MemoryStore, sign_text, world

W = world()
STATUSES = status_list.StatusList(64, 2)
STATUSES.set(5, status_list.INVALID)
STATUSES.set(6, status_list.SUSPENDED)
HOUR = timedelta(hours=1)

# draft-ietf-oauth-status-list, section 4.1 and appendix "Test vectors for Status List encoding".
ONE_BIT = (1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1)
TWO_BITS = (1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3)
MILLION = {
    0: 1, 1993: 1, 25460: 1, 159495: 1, 495669: 1, 554353: 1, 645645: 1, 723232: 1, 854545: 1, 934534: 1, 1000345: 1,
}  # fmt: skip
MILLION_LST = (
    "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAA"
    "KjDMAQAAAACAZC8L2AEb"
)
TWO_BIT_MILLION = {
    0: 1, 1993: 2, 25460: 1, 159495: 3, 495669: 1, 554353: 1, 645645: 2, 723232: 1, 854545: 1, 934534: 2, 1000345: 3,
}  # fmt: skip
TWO_BIT_MILLION_LST = (
    "eNrt2zENACEQAEEuoaBABP5VIO01fCjIHTMStt9ovGVIAAAAAABAbiEBAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEB5WwIAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAID0ugQAAAAAAAAAAAAAAAAAQG12SgAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAOCSIQEAAAAAAAAAAAAAAAAAAAAAAAD8ExIAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAwJEuAQAAAAAAAAAAAAAAAAAAAAAAAMB9SwIAAAAAAAAA"
    "AAAAAAAAAACoYUoAAAAAAAAAAAAAAEBqH81gAQw"
)


@pytest.mark.parametrize(
    ("bits", "statuses", "data", "lst"),
    [(1, ONE_BIT, "b9a3", "eNrbuRgAAhcBXQ"), (2, TWO_BITS, "c944f9", "eNo76fITAAPfAgc")],
)
def test_the_examples_of_the_draft(bits: int, statuses: tuple[int, ...], data: str, lst: str) -> None:
    made = status_list.StatusList(len(statuses), bits)
    for idx, status in enumerate(statuses):
        made.set(idx, status)
    assert made.to_bytes().hex() == data
    assert made.encoded() == lst
    read = status_list.StatusList.decoded(lst, bits)
    assert tuple(read.get(idx) for idx in range(read.size)) == statuses


def test_the_drafts_list_of_a_million() -> None:
    read = status_list.StatusList.decoded(MILLION_LST, 1)
    assert read.size == 1_048_576
    assert {idx: read.get(idx) for idx in range(read.size) if read.get(idx)} == MILLION


def test_the_drafts_list_of_a_million_with_two_bits() -> None:
    read = status_list.StatusList.decoded(TWO_BIT_MILLION_LST, 2)
    assert read.size == 1_048_576
    assert {idx: read.get(idx) for idx in range(read.size) if read.get(idx)} == TWO_BIT_MILLION


@given(st.sampled_from([1, 2, 4, 8]), st.lists(st.tuples(st.integers(0, 127), st.integers(0, 255)), max_size=40))
def test_what_is_written_is_read_and_neighbours_stay(bits: int, writes: list[tuple[int, int]]) -> None:
    statuses, expected = status_list.StatusList(128, bits), [0] * 128
    for idx, status in writes:
        statuses.set(idx, status % (1 << bits))
        expected[idx] = status % (1 << bits)
    for read in (statuses, status_list.StatusList.decoded(statuses.encoded(), bits)):
        assert [read.get(idx) for idx in range(128)] == expected


@pytest.mark.parametrize(("size", "bits"), [(8, 3), (0, 1), (-8, 1), (7, 1), (8, 16)])
def test_a_list_of_no_sense_is_not_made(size: int, bits: int) -> None:
    with pytest.raises(ValueError, match="whole bytes"):
        status_list.StatusList(size, bits)


def test_what_does_not_fit_is_not_written() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        status_list.StatusList(8, 1).set(0, 2)
    with pytest.raises(ValueError, match="another size"):
        status_list.StatusList(8, 1, data=b"ab")
    for idx in (-1, 8):
        with pytest.raises(IndexError):
            status_list.StatusList(8, 1).get(idx)


def token(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "uri": LIST_URI, "issuer": ISSUER, "issued_at": AT, "expires_at": AT + HOUR, "ttl_s": 300, "key": W.issuer,
    }  # fmt: skip
    return status_list.to_token(STATUSES, **(arguments | changes))


def faulty(**changes: Any) -> str:
    """A token of the right issuer with members as given; ``...`` removes one."""
    members: dict[str, Any] = {
        "sub": LIST_URI, "iat": jose.seconds(AT), "exp": jose.seconds(AT + HOUR), "ttl": 300,
        "status_list": {"bits": 2, "lst": STATUSES.encoded()},
    } | changes  # fmt: skip
    payload = {name: value for name, value in members.items() if value is not ...}
    return jose.sign(payload, typ=status_list.TYP, key=W.issuer, named_by="x5c")


def read(text: str) -> status_list.VerifiedStatusList:
    return status_list.read_token(text, uri=LIST_URI, issuer=ISSUER, trusted=W.trusted, at=AT)


def test_a_good_token_is_read() -> None:
    found = read(token())
    assert [found.statuses.get(idx) for idx in (4, 5, 6)] == [0, 1, 2]
    assert found.ttl == timedelta(seconds=300)
    assert read(faulty(exp=..., ttl=...)).ttl is None


BOMB = base64url.encode(zlib.compress(bytes(50_000_000), 9))
UNKNOWN = {
    "v7 sub is another list": (faulty(sub=LIST_URI + "0"), "status_list_wrong_subject"),
    "v7 sub is missing": (faulty(sub=...), "status_list_wrong_subject"),
    "v7 another iss": (faulty(iss="https://other.example"), "status_list_wrong_subject"),
    "v7 signed by a stranger": (token(key=keys.generate()), "status_list_untrusted"),
    "v7 not a status list token": (
        jose.sign({"sub": LIST_URI}, typ="JWT", key=W.issuer, named_by="x5c"), "status_list_untrusted"),
    "v7 an expired token": (faulty(exp=jose.seconds(AT)), "status_list_expired"),
    "v7 from the future": (faulty(iat=jose.seconds(AT + HOUR)), "status_list_expired"),
    "v7 iat is missing": (faulty(iat=...), "status_list_untrusted"),
    "v7 exp is a text": (faulty(exp="2090"), "status_list_untrusted"),
    "v7 ttl 0": (faulty(ttl=0), "status_list_malformed"),
    "v7 ttl below 0": (faulty(ttl=-1), "status_list_malformed"),
    "v7 ttl true": (faulty(ttl=True), "status_list_malformed"),
    "v7 ttl a text": (faulty(ttl="300"), "status_list_malformed"),
    "v7 a bomb": (faulty(status_list={"bits": 1, "lst": BOMB}), "status_list_malformed"),
    "v7 cut off": (faulty(status_list={"bits": 1, "lst": STATUSES.encoded()[:-4]}), "status_list_malformed"),
    "v7 not zlib": (faulty(status_list={"bits": 1, "lst": "AAAA"}), "status_list_malformed"),
    "v7 not base64url": (faulty(status_list={"bits": 1, "lst": "+/=="}), "status_list_malformed"),
    "v7 more after it": (
        faulty(status_list={"bits": 1, "lst": base64url.encode(zlib.compress(b"a") + b"b")}), "status_list_malformed"),
    "v7 an empty list": (
        faulty(status_list={"bits": 1, "lst": base64url.encode(zlib.compress(b""))}), "status_list_malformed"),
    "v7 three bits": (faulty(status_list={"bits": 3, "lst": STATUSES.encoded()}), "status_list_malformed"),
    "v7 true bits": (faulty(status_list={"bits": True, "lst": STATUSES.encoded()}), "status_list_malformed"),
    "v7 no list": (faulty(status_list=...), "status_list_malformed"),
    "v7 lst is missing": (faulty(status_list={"bits": 1}), "status_list_malformed"),
    "v7 no token": ("<html>", "status_list_untrusted"),
    "v7 NaN": (
        sign_text('{"sub":NaN}', header={"typ": status_list.TYP, "x5c": W.issuer.x5c()}, key=W.issuer),
        "status_list_untrusted"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_it_fails_closed(text: str, code: str) -> None:
    with pytest.raises(status_list.StatusUnavailable) as refusal:
        read(text)
    assert refusal.value.code == code


class Server:
    """Serves one body, or breaks, and counts."""

    def __init__(self, body: bytes | Exception) -> None:
        self.body, self.count = body, 0

    def __call__(self, url: str) -> bytes:
        assert url == LIST_URI
        self.count += 1
        if isinstance(self.body, Exception):
            raise self.body
        return self.body


def source(server: Server, store: MemoryStore | None = None) -> status_list.FetchedStatus:
    return status_list.FetchedStatus(fetch=server, trusted=W.trusted, store=MemoryStore() if store is None else store)


def ask(found: status_list.FetchedStatus, idx: int = 5, after: timedelta = timedelta()) -> int:
    return found.status_of(StatusReference(idx=idx, uri=LIST_URI), ISSUER, AT + after)


def test_it_asks_once_within_the_ttl() -> None:
    server = Server(token().encode())
    fetched = source(server)
    assert [ask(fetched), ask(fetched, 6), ask(fetched, 7, timedelta(seconds=299))] == [1, 2, 0]
    assert server.count == 1


def test_v8_a_kept_list_is_not_used_past_its_ttl_or_exp() -> None:
    server = Server(token().encode())
    fetched = source(server)
    ask(fetched)
    ask(fetched, after=timedelta(seconds=300))
    assert server.count == 2
    server.body = token(ttl_s=86_400).encode()
    ask(fetched, after=timedelta(seconds=601))
    with pytest.raises(status_list.StatusUnavailable):
        ask(fetched, after=HOUR)
    assert server.count == 4


def test_v8_a_kept_list_from_the_future_or_of_another_shape_is_fetched_anew() -> None:
    server, store = Server(token().encode()), MemoryStore()
    fetched = source(server, store)
    ask(fetched, after=timedelta(seconds=100))
    ask(fetched)
    for damaged in ("x", [token()], ["x", 1]):
        for key in [key for key in store if key.startswith("status_list")]:
            store[key] = damaged
        ask(fetched)
    assert server.count == 5


def test_v7_a_ttl_of_thirty_years_is_cut_to_a_day() -> None:
    store = MemoryStore()
    ask(source(Server(token(ttl_s=10**9).encode()), store))
    assert store["timeout"] == 86_400


def test_a_list_without_ttl_is_not_kept() -> None:
    server = Server(faulty(ttl=...).encode())
    fetched = source(server)
    ask(fetched)
    ask(fetched)
    assert server.count == 2


@pytest.mark.parametrize("body", [OSError("500"), TimeoutError(), ValueError("302"), b"\xff\xfe", b""])
def test_v7_a_list_that_cannot_be_had_fails_closed(body: bytes | Exception) -> None:
    with pytest.raises(status_list.StatusUnavailable):
        ask(source(Server(body)))


@pytest.mark.parametrize("idx", [64, 10**9])
def test_v7_an_index_out_of_bounds_fails_closed(idx: int) -> None:
    with pytest.raises(status_list.StatusUnavailable) as refusal:
        ask(source(Server(token().encode())), idx)
    assert refusal.value.code == "status_index_out_of_bounds"
