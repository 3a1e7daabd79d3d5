"""Where a program may not have itself called back: addresses inside, however they are written."""

from recovery_portal.verified_id.models import Callback, ServiceRequest
from tests.unit.idv.verifier.parties import WalletInHand

from .conftest import Hands, Program
from .test_requests import present

INSIDE = (
    "localhost", "127.1", "2130706433", "0177.0.0.1", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[fe80::1]", "[fd00::1]", "10.0.0.1", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255",
)  # fmt: skip
NO_ADDRESSES = (
    "//app.example/", "https:///path", "https://app.example:0x1/", "https://app.example:99999/", "https://a b/",
    "https://app.example/\nx", "https://app.example/\u0430", "https://\u0430pp.example/", "ftp://app.example/",
    "file:///etc/passwd", "data:text/plain,x", "https://app.example/#fragment", "https://user@app.example/",
    "http://app.example/", "HTTP://app.example/", "https://", "", " ", "https://app.example/" + "x" * 2048,
)  # fmt: skip


def test_no_call_is_made_to_an_address_inside(program: Program, wallet: WalletInHand, hands: Hands) -> None:
    for host in INSIDE:
        made = program.ask(includeQRCode=False, callback={"url": f"https://{host}/callback", "state": "s"})
        assert made.status_code == 201, host  # a name is looked up when it is called
        assert present(program, wallet, hands).status_code == 200, host  # whoever presents learns nothing of it
        first = Callback.objects.filter(request_id=made.json()["requestId"]).order_by("pk")[0]
        assert (first.outcome, first.delivered_at) == ("address_refused", None), host
    assert program.calls == []


def test_what_is_no_plain_https_address_is_refused_by_its_field(program: Program) -> None:
    for url in NO_ADDRESSES:
        answer = program.ask(callback={"url": url, "state": "s"})
        target = answer.json()["error"]["innererror"]["target"]
        assert (answer.status_code, target) == (400, "callback.url"), url
    assert not ServiceRequest.objects.exists()
