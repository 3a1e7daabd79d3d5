"""Where a program may not have itself called back: addresses inside, however they are written."""

import pytest

from idv.verifier.models import PresentationRequest
from recovery_portal.verified_id.models import Callback, ServiceRequest
from tests.unit.idv.verifier.parties import WalletInHand

from .conftest import Hands, Program
from .test_requests import present


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::1]", "[::]",
     "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[fe80::1]", "[fd00::1]", "10.0.0.1",
     "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255"],
)  # fmt: skip
def test_no_call_is_made_to_an_address_inside(program: Program, wallet: WalletInHand, hands: Hands, host: str) -> None:
    made = program.ask(callback={"url": f"https://{host}/callback", "state": "s"})
    if made.status_code != 201:
        assert (made.status_code, made.json()["error"]["innererror"]["target"]) == (400, "callback.url")
        assert not ServiceRequest.objects.exists()
        return
    assert present(program, wallet, hands).status_code == 200  # whoever presents learns nothing of it
    assert program.calls == []
    first = Callback.objects.order_by("pk")[0]
    assert (first.outcome, first.delivered_at) == ("address_refused", None)
    assert PresentationRequest.objects.get().status == "collected"


@pytest.mark.parametrize(
    "url",
    ["//app.example/", "https:///path", "https://app.example:0x1/", "https://app.example:99999/", "https://a b/",
     "https://app.example/\nx", "https://app.example/\u0430", "https://\u0430pp.example/", "ftp://app.example/",
     "file:///etc/passwd", "data:text/plain,x", "https://app.example/#fragment", "https://user@app.example/",
     "http://app.example/", "HTTP://app.example/", "https://", "", " ", "https://app.example/" + "x" * 2048],
)  # fmt: skip
def test_what_is_no_plain_https_address_is_refused_by_its_field(program: Program, url: str) -> None:
    answer = program.ask(callback={"url": url, "state": "s"})
    assert (answer.status_code, answer.json()["error"]["innererror"]["target"]) == (400, "callback.url")
    assert not ServiceRequest.objects.exists()
