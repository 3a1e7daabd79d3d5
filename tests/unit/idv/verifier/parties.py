"""The other parties, played with real keys: a provider behind the guarded client, and a wallet that can misbehave."""

import io
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from django.test import Client
from PIL import Image

from idv.credentials import certificates, jose, keys, sd_jwt, status_list
from idv.protocol import authorization, presentation
from idv.verifier.claims import FURTHER
from idv.verifier.models import IdentityProvider, PresentationRequest
from recovery_portal.kit import http

PORTAL = "http://portal.test"
CALLBACK = f"{PORTAL}/recover/return/"


def data_uri(jpeg: bytes) -> str:
    import base64

    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def plain_photo(side: int = 320, colour: str = "grey") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "JPEG")
    return out.getvalue()


class Provider:
    """An identity verification provider on its own origin; every dial is an attribute."""

    def __init__(self, origin: str, at: datetime) -> None:
        self.origin, self.at = origin, at
        self.result_key = keys.generate()
        self.ca = certificates.development_ca("Provider CA", at)
        self.credential_key = certificates.issue_leaf(self.ca, name="Issuer", at=at, uri_names=[origin])
        self.statuses = status_list.StatusList(1024, 2)
        self.status_answer: httpx.Response | Exception | None = None
        self.status_ttl_s = 60
        self.status_lifetime = timedelta(minutes=30)
        self.metadata_changes: dict[str, Any] = {}
        self.result_changes: dict[str, Any] = {}
        self.result_token: str | None = None
        self.down = False
        self.pushed: list[dict[str, Any]] = []
        self.exchanged: list[dict[str, str]] = []
        self.fetched: list[str] = []
        http.transports[origin] = httpx.MockTransport(self._serve)

    @property
    def vct(self) -> str:
        return f"{self.origin}/credentials/VerifiedIdentity"

    def _serve(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.fetched.append(path)
        if self.down:
            raise httpx.ConnectError("down", request=request)
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if path == "/.well-known/oauth-authorization-server":
            names = {
                "issuer": self.origin,
                "pushed_authorization_request_endpoint": f"{self.origin}/par",
                "authorization_endpoint": f"{self.origin}/authorize",
                "token_endpoint": f"{self.origin}/token",
                "jwks_uri": f"{self.origin}/jwks",
            }
            return httpx.Response(200, json=names | self.metadata_changes)
        if path == "/jwks":
            return httpx.Response(200, json={"keys": [self.result_key.jwks_entry()]})
        if path == "/.well-known/jwt-vc-issuer":
            published = {"issuer": self.origin, "jwks": {"keys": [self.credential_key.jwks_entry()]}}
            return httpx.Response(200, json=published)
        if path == "/par":
            self.pushed.append({**jose.peek(form["request"]).payload, "form": form})
            return httpx.Response(201, json={"request_uri": f"urn:par:{len(self.pushed)}", "expires_in": 60})
        if path == "/token":
            self.exchanged.append(form)
            return httpx.Response(200, json={"proofing_result": self.result_token or self.result()})
        if path == "/status/1":
            if isinstance(self.status_answer, Exception):
                raise self.status_answer
            return self.status_answer or self._status_list()
        return httpx.Response(404, json={})

    def result(self, **changes: Any) -> str:
        members: dict[str, Any] = {
            "issuer": self.origin,
            "audience": PORTAL,
            "nonce": self.pushed[-1]["nonce"],
            "verdict": "verified",
            "reason_code": "",
            "proofing_reference": "proofing-1",
            "key": self.result_key,
            "at": self.at,
        }
        return authorization.build_proofing_result(**(members | self.result_changes | changes))

    def status_token(self, **changes: Any) -> str:
        members: dict[str, Any] = {
            "uri": f"{self.origin}/status/1",
            "issuer": self.origin,
            "issued_at": self.at,
            "expires_at": self.at + self.status_lifetime,
            "ttl_s": self.status_ttl_s,
            "key": self.credential_key,
        }
        return status_list.to_token(self.statuses, **(members | changes))

    def _status_list(self, **changes: Any) -> httpx.Response:
        headers = {"Content-Type": status_list.MEDIA_TYPE}
        return httpx.Response(200, content=self.status_token(**changes).encode(), headers=headers)

    def row(self, **fields: Any) -> IdentityProvider:
        members = {"name": self.origin, "issuer": self.origin, "client_id": PORTAL, "allowed_vcts": [self.vct]}
        return IdentityProvider.objects.create(**(members | fields))

    def credential(self, holder: keys.SigningKey, **changes: Any) -> str:
        claims = {
            "firstName": "Anna Maria",
            "lastName": "Eriksson",
            "fullName": "Anna Maria Eriksson",
            "dateOfBirth": "1974-08-12",
            "portrait": data_uri(plain_photo()),
            "proofingReference": "proofing-1",
        } | changes.pop("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        members: dict[str, Any] = {
            "vct": self.vct,
            "issuer": self.origin,
            "claims": claims,
            "disclosable": list(claims),
            "holder_jwk": holder.public_jwk(),
            "issued_at": self.at - timedelta(hours=1),
            "expires_at": self.at + timedelta(days=30),
            "status": sd_jwt.StatusReference(idx=7, uri=f"{self.origin}/status/1"),
            "key": self.credential_key,
        }
        return sd_jwt.issue(**(members | changes))


class WalletInHand:
    """A wallet with one credential. What it sends can be bent at every joint."""

    def __init__(self, provider: Provider, **credential_changes: Any) -> None:
        self.provider = provider
        self.holder = keys.generate()
        self.credential = provider.credential(self.holder, **credential_changes)

    def fetch(self, request: PresentationRequest, client: Client, at: datetime) -> presentation.PresentationRequest:
        """Fetch and verify the request object as a wallet must."""
        link = presentation.parse_request_link(request.authorization_request_uri)
        answer = client.get(link.request_uri.removeprefix(PORTAL), headers={"host": "portal.test"})
        assert answer.status_code == 200, answer.content
        return presentation.open_request(
            answer.content.decode(),
            expected_client_id=link.client_id,
            authorities=[anchor_of(request)],
            at=at,
        )

    def present(self, opened: presentation.PresentationRequest, at: datetime, **changes: Any) -> str:
        members: dict[str, Any] = {
            "disclose": ["firstName", "lastName", "portrait", "proofingReference", *further_claims(opened)],
            "audience": opened.client_id,
            "nonce": opened.nonce,
            "holder_key": self.holder,
            "at": at,
        }
        return sd_jwt.present(self.credential, **(members | changes))

    def answer(self, opened: presentation.PresentationRequest, at: datetime, **changes: Any) -> dict[str, str]:
        return presentation.build_response(opened, vp_token={"identity": [self.present(opened, at, **changes)]})


def further_claims(opened: presentation.PresentationRequest) -> list[str]:
    """What a request asks for beyond what every recovery needs."""
    asked = [claim["path"][-1] for claim in opened.dcql_query["credentials"][0]["claims"]]
    return [name for name in asked if name in FURTHER]


def post(client: Client, response_uri: str, form: Mapping[str, str]) -> Any:
    from urllib.parse import urlencode

    return client.post(
        urlsplit(response_uri).path,
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"host": "portal.test"},
    )


def anchor_of(request: PresentationRequest) -> Any:
    from idv.verifier import trust

    return trust.certificates_in(request.signing_key.trust_anchor)[0]


def body(answer: Any) -> Any:
    return json.loads(answer.content)
