"""Wallets nobody here wrote complete issuance and presentation, each way the verifier can be asked to ask."""

import itertools
import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.browser.inside import OpenHouses

from .conftest import TypeScriptWallet, printed_at_once
from .python_wallet import PythonWallet, unb64url

Offer = Callable[..., dict[str, str]]
Requests = Callable[[list[list[str]]], list[str]]

PREFIXES = ("x509_hash", "x509_san_dns", "decentralized_identifier")
MODES = ("direct_post", "direct_post.jwt")
METHODS = ("get", "post")
WAYS = list(itertools.product(PREFIXES, MODES, METHODS))
_OPTIONS = [
    ["--client-id-prefix", prefix, "--response-mode", mode, "--request-uri-method", method]
    for prefix, mode, method in WAYS
]


@pytest.fixture(scope="module")
def asked(requests_for: Requests) -> dict[str, dict[tuple[str, str, str], str]]:
    """Every way, once for each wallet."""
    links = requests_for(_OPTIONS * 2)
    return {
        "typescript": dict(zip(WAYS, links[: len(WAYS)], strict=True)),
        "python": dict(zip(WAYS, links[len(WAYS) :], strict=True)),
    }


@pytest.fixture(scope="module")
def holding_typescript(typescript_wallet: TypeScriptWallet, offer: Offer) -> TypeScriptWallet:
    received = typescript_wallet("receive", **offer())
    assert received.get("copies") == 1, received
    return typescript_wallet


@pytest.fixture(scope="module")
def holding_python(offer: Offer) -> Iterator[PythonWallet]:
    made = offer()
    with PythonWallet() as wallet:
        wallet.receive(made["offer"], made["tx_code"])
        yield wallet


@pytest.fixture(scope="module")
def anchor_pem(houses: OpenHouses) -> bytes:
    return httpx.get(f"{houses.url('portal')}/verifier/development-ca.pem", trust_env=False).content


class TestIssuance:
    def test_a_typescript_wallet_redeems_a_code_with_its_transaction_code(
        self, typescript_wallet: TypeScriptWallet, offer: Offer, houses: OpenHouses
    ) -> None:
        received = typescript_wallet("receive", **offer())
        assert received["copies"] == 1, received
        assert received["claims"]["firstName"] == "Anna"
        assert received["claims"]["vct"] == f"{houses.url('provider')}/credentials/VerifiedIdentity"
        assert received["claims"]["portrait"].startswith("data:image/jpeg;base64,")

    def test_a_typescript_wallet_gets_copies_for_keys_of_its_own(
        self, typescript_wallet: TypeScriptWallet, offer: Offer
    ) -> None:
        assert typescript_wallet("receive", **offer(), copies=2).get("copies") == 2

    def test_a_typescript_wallet_with_a_wrong_transaction_code_gets_nothing(
        self, typescript_wallet: TypeScriptWallet, offer: Offer
    ) -> None:
        made = offer()
        wrong = "".join(str((int(digit) + 1) % 10) for digit in made["tx_code"])
        assert "failed" in typescript_wallet("receive", offer=made["offer"], tx_code=wrong)

    def test_a_typescript_wallet_redeems_a_code_alone(self, typescript_wallet: TypeScriptWallet, offer: Offer) -> None:
        received = typescript_wallet("receive", offer=offer("--no-tx-code", "--by-value")["offer"])
        assert received.get("copies") == 1, received

    def test_a_python_wallet_redeems_a_code_with_its_transaction_code(self, offer: Offer) -> None:
        made = offer()
        with PythonWallet() as wallet:
            claims = wallet.receive(made["offer"], made["tx_code"])
        assert (claims["firstName"], claims["lastName"]) == ("Anna", "Eriksson")


class TestPresentation:
    @pytest.mark.parametrize("way", WAYS, ids="-".join)
    def test_a_typescript_wallet_answers(
        self,
        way: tuple[str, str, str],
        asked: dict[str, dict[tuple[str, str, str], str]],
        holding_typescript: TypeScriptWallet,
    ) -> None:
        answered = holding_typescript("present", request=asked["typescript"][way])
        assert answered.get("status") == 200, answered
        assert answered["body"] == {}
        assert (answered["prefix"], answered["response_mode"]) == way[:2]
        assert answered["version"] == 100  # its word for OpenID4VP 1.0 final

    @pytest.mark.parametrize("way", WAYS, ids="-".join)
    def test_a_python_wallet_answers(
        self,
        way: tuple[str, str, str],
        asked: dict[str, dict[tuple[str, str, str], str]],
        holding_python: PythonWallet,
        anchor_pem: bytes,
    ) -> None:
        answer, request = holding_python.present(asked["python"][way], anchor_pem=anchor_pem)
        assert (answer.status_code, answer.json()) == (200, {})
        assert request["response_mode"] == way[1]

    def test_each_of_them_was_answered_like_any_other(
        self, houses: OpenHouses, holding_typescript: TypeScriptWallet, requests_for: Requests
    ) -> None:
        [link] = requests_for([[]])
        assert holding_typescript("present", request=link).get("status") == 200
        script = (
            "import json; from idv.verifier.models import PresentationRequest as P; "
            "print('::' + json.dumps(P.objects.order_by('-created_at')[0].status))"
        )
        printed = houses.run_inside("portal", script)
        [line] = [line for line in printed.splitlines() if line.startswith("::")]
        assert json.loads(line[2:]) == "answered"

    @pytest.mark.parametrize("spoil", ["nonce", "audience"])
    def test_a_typescript_wallets_answer_to_something_else_is_refused(
        self, spoil: str, holding_typescript: TypeScriptWallet, requests_for: Requests
    ) -> None:
        [link] = requests_for([[]])
        answered = holding_typescript("present", request=link, spoil=spoil)
        assert (answered["status"], answered["body"]["error"]) == (400, "invalid_request")

    def test_a_wallet_that_does_not_know_our_transaction_data_is_asked_without_it_unless_told(
        self, holding_typescript: TypeScriptWallet, requests_for: Requests
    ) -> None:
        plain, told = requests_for([["--request-uri-method", "post"], ["--transaction-data"]])
        assert holding_typescript("present", request=plain)["transaction_data"] == 0
        assert holding_typescript("present", request=told)["refused"] == "invalid_transaction_data"


def test_a_python_wallet_holds_and_presents_the_identity_as_a_plain_jwt(
    offer: Offer, requests_for: Requests, anchor_pem: bytes
) -> None:
    made = offer("--format", "jwt_vc_json", "--no-tx-code")
    alone, either = requests_for([["--format", "jwt_vc_json"], ["--format", "any", "--response-mode", "direct_post"]])
    with PythonWallet() as wallet:
        assert wallet.receive(made["offer"], made.get("tx_code"))["firstName"] == "Anna"
        for link in (alone, either):
            answer, _ = wallet.present(link, anchor_pem=anchor_pem)
            assert (answer.status_code, answer.json()) == (200, {})


def test_a_request_is_made_at_once_and_printed_as_json_alone(houses: OpenHouses) -> None:
    asked = ("request_test_presentation", "--json", "--client-id-prefix", "x509_san_dns")
    printed = printed_at_once(houses, "portal", *asked)
    assert printed.count("\n") == 1
    assert json.loads(printed)["request"].startswith("openid4vp://?client_id=x509_san_dns%3Alocalhost&")


def test_the_did_document_and_its_linked_domain_agree(houses: OpenHouses) -> None:
    origin = houses.url("portal")
    document = httpx.get(f"{origin}/.well-known/did.json", trust_env=False).json()
    linked = httpx.get(f"{origin}/.well-known/did-configuration.json", trust_env=False).json()["linked_dids"]
    payload = json.loads(unb64url(linked[0].split(".")[1]))
    assert payload["vc"]["credentialSubject"] == {"id": document["id"], "origin": origin}
