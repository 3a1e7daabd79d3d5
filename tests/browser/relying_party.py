"""A program of somebody else's that asks for Verified IDs over HTTP and is called back on a port of its own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import httpx

from recovery_portal.demo.servers import free_port

from .inside import OpenHouses

PORT = free_port()


class RelyingParty:
    """`ask` makes a request; `calls` gets what the portal calls back with, and with which headers."""

    def __init__(self, houses: OpenHouses) -> None:
        self.portal = houses.url("portal")
        permission = ("--permission", "VerifiableCredential.Create.PresentRequest", "--json")
        facts = json.loads(houses.command("portal", "register_app", "--name", "Parcel shop", *permission))
        form = {
            "grant_type": "client_credentials",
            "client_id": facts["clientId"],
            "client_secret": facts["clientSecret"],
            "scope": "3db474b9-6a0c-4840-96ac-1fceb342124f/.default",
        }
        answer = httpx.post(f"{self.portal}/{facts['tenantId']}/oauth2/v2.0/token", data=form)
        self.token = answer.json()["access_token"]
        self.authority = httpx.get(f"{self.portal}/.well-known/did.json").json()["id"]
        self.calls: Queue[tuple[str, dict[str, Any]]] = Queue()

    def ask(self) -> dict[str, Any]:
        wanted = {
            "type": "VerifiedIdentity",
            "configuration": {"validation": {"faceCheck": {"sourcePhotoClaimName": "portrait"}}},
        }
        answer = httpx.post(
            f"{self.portal}/v1.0/verifiableCredentials/createPresentationRequest",
            headers={"Authorization": f"Bearer {self.token}"},
            json={
                "authority": self.authority,
                "registration": {"clientName": "Parcel shop", "purpose": "Collect a parcel"},
                "callback": {
                    "url": f"http://localhost:{PORT}/callback", "state": "s-1", "headers": {"api-key": "k-1"},
                },
                "requestedCredentials": [wanted],
            },
        )  # fmt: skip
        made: dict[str, Any] = answer.raise_for_status().json()
        return made

    def next_call(self) -> dict[str, Any]:
        key, told = self.calls.get(timeout=60)
        assert key == "k-1"
        return told


@contextmanager
def relying_party(houses: OpenHouses) -> Iterator[RelyingParty]:
    party = RelyingParty(houses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            party.calls.put((self.headers["api-key"], json.loads(body)))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing to say."""

    server = HTTPServer(("127.0.0.1", PORT), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield party
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
