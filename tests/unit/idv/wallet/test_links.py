import pytest
from hypothesis import given
from hypothesis import strategies as st

from idv.wallet import links
from idv.wallet.errors import LinkRefused


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa", "offer"),
        ("https://wallet.test/receive?credential_offer=%7B%7D", "offer"),
        ("haip-vci://?credential_offer=x", "offer"),
        ("openid4vp://?client_id=a&request_uri=b", "request"),
        ("https://wallet.test/present?client_id=a&request_uri=b&request_uri_method=post", "request"),
    ],
)
def test_the_parameters_say_what_a_link_brings(text, kind):
    assert links.kind_of(text) == kind


@pytest.mark.parametrize(
    "text", ["", "hello", "https://a.test/", "openid4vp://?x=1", "a?credential_offer=1&credential_offer=2"]
)
def test_other_links_are_refused(text):
    with pytest.raises(LinkRefused):
        links.kind_of(text)


@given(st.text())
def test_any_text_is_a_link_or_refused(text):
    try:
        links.kind_of(text)
        links.kind_of(f"openid4vp://?{text}")
    except LinkRefused as error:
        if error.code not in {"link_unknown", "link_too_long"}:
            raise
