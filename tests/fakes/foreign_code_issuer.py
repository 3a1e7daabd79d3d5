"""The same issuer, asking people on its own page: pushed request, PKCE, `iss`, and tokens bound to a key (DPoP)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from idv.protocol import authorization, dpop, issuance
from tests.fakes.foreign_issuer import URL, ForeignIssuer

STATE = "state-of-the-issuer"
CLIENT_ID = "http://wallet.test"
REDIRECT_URI = f"{CLIENT_ID}/authorized"


@dataclass
class CodeIssuer(ForeignIssuer):
    pushes: bool = True
    has_scope: bool = True
    binds: bool = True
    names_itself: bool = True  # in answers, and says so (RFC 9207)
    nonces_wanted: int = 1  # how often it asks for another DPoP nonce at each endpoint
    server_url: str = URL
    server_changes: dict[str, Any] = field(default_factory=dict)
    token_type: str = ""
    asked: dict[str, str] = field(default_factory=dict)
    redeemed: list[str] = field(default_factory=list)
    proofs: list[dpop.DpopProof] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tx_code = None
        self.dpop_nonces: dict[str, list[str]] = {}

    def offer(self) -> issuance.CredentialOffer:
        return issuance.CredentialOffer(
            credential_issuer=URL, credential_configuration_ids=("Diploma",), issuer_state=STATE
        )

    def _endpoint(self, path: str) -> str:
        return "par" if path == "/tenant/par" else super()._endpoint(path)

    def metadata_document(self) -> dict[str, Any]:
        document = super().metadata_document()
        if not self.has_scope:
            del document["credential_configurations_supported"]["Diploma"]["scope"]
        return document | ({"authorization_servers": [self.server_url]} if self.server_url != URL else {})

    def _server_metadata(self, request: httpx.Request) -> httpx.Response:
        document = {
            "issuer": self.server_url,
            "token_endpoint": f"{URL}/token",
            "authorization_endpoint": f"{URL}/authorize",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": self.names_itself,
        }
        if self.pushes:
            document["pushed_authorization_request_endpoint"] = f"{URL}/par"
        if self.binds:
            document["dpop_signing_alg_values_supported"] = ["ES256"]
        return httpx.Response(200, json=document | self.server_changes)

    def _par(self, request: httpx.Request) -> httpx.Response:
        if (refused := self._unproven(request)) is not None:
            return refused
        self.asked = dict(parse_qsl(request.content.decode()))
        return httpx.Response(201, json={"request_uri": "urn:ietf:params:oauth:request_uri:one", "expires_in": 60})

    def consented(self, url: str, **changes: str | None) -> str:
        """What the person's browser brings back from the page that they were sent to."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{URL}/authorize"
        query = dict(parse_qsl(parts.query))
        if self.pushes:
            assert query == {"client_id": CLIENT_ID, "request_uri": "urn:ietf:params:oauth:request_uri:one"}
        else:
            self.asked = query
        assert self.asked["redirect_uri"] == REDIRECT_URI
        assert self.asked["issuer_state"] == STATE
        answer = {"code": "code-1", "state": self.asked["state"]} | (
            {"iss": self.server_url} if self.names_itself else {}
        )
        kept = {name: value for name, value in (answer | changes).items() if value is not None}
        return f"/authorized?{urlencode(kept)}"

    def _token(self, request: httpx.Request) -> httpx.Response:
        if (refused := self._unproven(request)) is not None:
            return refused
        form = dict(parse_qsl(request.content.decode()))
        assert form["grant_type"] == "authorization_code"
        assert (form["client_id"], form["redirect_uri"]) == (CLIENT_ID, REDIRECT_URI)
        authorization.require_code_verifier(form["code_verifier"], expected_challenge=self.asked["code_challenge"])
        if form["code"] != "code-1" or form["code"] in self.redeemed:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.redeemed.append(form["code"])
        kind = self.token_type or ("DPoP" if self.binds else "Bearer")
        return httpx.Response(200, json={"access_token": "token-1", "token_type": kind, "expires_in": 300})

    def _credential(self, request: httpx.Request) -> httpx.Response:
        return self._bearing(request, super()._credential)

    def _notification(self, request: httpx.Request) -> httpx.Response:
        return self._bearing(request, super()._notification)

    def _bearing(self, request: httpx.Request, answer: Any) -> httpx.Response:
        if self.binds:
            assert request.headers["authorization"] == "DPoP token-1"
            if (refused := self._unproven(request, access_token="token-1")) is not None:
                return refused
            request.headers["authorization"] = "Bearer token-1"  # what the issuer without DPoP looks at
        return answer(request)

    def _unproven(self, request: httpx.Request, access_token: str = "") -> httpx.Response | None:
        if not self.binds:
            assert "dpop" not in request.headers
            return None
        proof = dpop.open_proof(
            request.headers["dpop"],
            method="POST",
            url=str(request.url),
            at=self.at,
            max_age=timedelta(minutes=5),
            access_token=access_token,
        )
        assert proof.jti not in [seen.jti for seen in self.proofs]
        self.proofs.append(proof)
        given = self.dpop_nonces.setdefault(request.url.path, [])
        if len(given) >= self.nonces_wanted and (not given or proof.nonce):
            return None
        given.append(f"dpop-{request.url.path}-{len(given)}")
        headers = {"DPoP-Nonce": given[-1]}
        if access_token:
            headers["WWW-Authenticate"] = 'DPoP error="use_dpop_nonce"'
            return httpx.Response(401, content=b"", headers=headers)
        return httpx.Response(400, content=json.dumps({"error": "use_dpop_nonce"}).encode(), headers=headers)
