"""Anything may be sent to the doors; none of it is answered with a 500 or with a page."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from idv.protocol import presentation
from idv.verifier import checks
from idv.verifier.models import PresentationRequest

HOST = {"host": "portal.test"}
_NAMES = st.sampled_from(["response", "error", "state", "vp_token", "wallet_nonce", "wallet_metadata"]) | st.text()
_BODIES = st.one_of(
    st.binary(max_size=2000),
    st.lists(st.tuples(_NAMES, st.text(max_size=200)), max_size=5).map(
        lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "surrogatepass")
    ),
    st.recursive(st.text(max_size=20), lambda inner: st.tuples(inner, inner).map("".join)).map(
        lambda text: ("response=" + ".".join([text] * 5)).encode("utf-8", "surrogatepass")
    ),
)
_TYPES = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "text/plain", "", "a/b; charset=x"])


@pytest.mark.parametrize("door", ["requests", "responses"])
@given(content=_BODIES, content_type=_TYPES)
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_makes_a_door_fail(
    asked: PresentationRequest, client: Client, door: str, content: bytes, content_type: str
) -> None:
    from django.core.cache import cache

    cache.clear()  # the flood limit is tested elsewhere
    link = presentation.parse_request_link(asked.authorization_request_uri)
    path = link.request_uri.removeprefix("http://portal.test").replace("requests", door)
    answer = client.generic("POST", path, content, content_type=content_type, headers=HOST)
    assert answer.status_code in {200, 400}
    assert not answer["Content-Type"].startswith("text/html")
    asked.refresh_from_db()
    assert asked.status == "open"


@pytest.mark.parametrize("door", ["requests", "responses"])
@given(reference=st.text(min_size=1, max_size=100).filter(lambda text: "/" not in text and text not in {".", ".."}))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_reference_makes_a_door_fail(db: None, client: Client, door: str, reference: str) -> None:
    from urllib.parse import quote

    path = f"/verifier/{door}/{quote(reference, errors='surrogatepass')}"
    answer = client.post(path, "", content_type="application/x-www-form-urlencoded", headers=HOST)
    assert answer.status_code in {400, 404}


@pytest.mark.parametrize("listening", [False, True], ids=["plain", "with the journal of an emulation"])
@pytest.mark.parametrize("door", ["requests", "responses"])
@pytest.mark.parametrize(
    "content",
    [b"&".join(b"a%d=1" % number for number in range(5000)), b"response=" + b"x" * 3_000_000, b"response=%ff&" * 300],
    ids=["five thousand fields", "three megabytes", "one field three hundred times"],
)
def test_a_body_beyond_every_limit_is_refused_in_json(
    asked: PresentationRequest, client: Client, settings: Any, door: str, content: bytes, listening: bool
) -> None:
    settings.EMULATION_TOKEN = "told-to-testers-and-to-nobody-else" if listening else ""
    link = presentation.parse_request_link(asked.authorization_request_uri)
    path = link.request_uri.removeprefix("http://portal.test").replace("requests", door)
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        answer = client.generic("POST", path, content, content_type=content_type, headers=HOST)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    asked.refresh_from_db()
    assert asked.status == "open"


def test_an_installation_without_its_own_key_is_told(settings: Any) -> None:
    settings.EMULATION, settings.VERIFIER_KEY_FILE = False, ""
    [error] = checks.own_key()
    assert "VERIFIER_KEY_FILE" in error.msg
    settings.EMULATION = True
    assert checks.own_key() == []
