"""A verifier nobody at the wallet wrote: OpenID4VP 1.0 on real keys behind an httpx transport. Faults are settable."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx

from idv.credentials import certificates, jose, keys, verify
from idv.credentials.trust import TrustedIssuer, TrustedIssuers
from idv.protocol import dcql, did, presentation
from tests.fakes import foreign_issuer

HOST = "verifier.test"
DID = did.web(f"https://{HOST}")


class NoStatus:
    def status_of(self, reference: Any, issuer: str, at: datetime) -> int:
        raise AssertionError("credentials here carry no status")


@dataclass
class ForeignVerifier:
    at: datetime
    prefix: str = "x509_hash"
    method: str = "get"
    purpose: str = "Show your diploma"
    claims: list[str] = field(default_factory=lambda: ["firstName", "portrait"])
    query: dict[str, Any] | None = None
    redirect_uri: str | None = None
    response_host: str = HOST
    overrides: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=dict)
    signed_by_stranger: bool = False
    link_client_id: str | None = None
    lifetime: timedelta = timedelta(minutes=5)
    transaction_data: list[str] = field(default_factory=list)
    posted: list[dict[str, str]] = field(default_factory=list)
    answers: list[dict[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.authority = certificates.development_ca("Verifier CA", self.at)
        self.key = certificates.issue_leaf(self.authority, name="Verifier", at=self.at, dns_names=[HOST])
        self.encryption_key = keys.generate_encryption()
        self.client_id = presentation.client_id_of(
            self.key,
            prefix=self.prefix,  # type: ignore[arg-type]
            host=HOST,
            identifier=DID,
        )
        self.query = self.query or dcql.query(query_id="id1", vcts=[foreign_issuer.VCT], claims=self.claims)

    def link(self, base: str = "openid4vp://") -> str:
        return presentation.request_link(
            client_id=self.link_client_id or self.client_id,
            request_uri=f"https://{HOST}/request",
            method=self.method,  # type: ignore[arg-type]
            base=base,
        )

    def request_object(self, wallet_nonce: str | None = None) -> str:
        token = presentation.build_request(
            key=self.key,
            client_id=self.client_id,
            response_uri=f"https://{self.response_host}/response",
            nonce="nonce-of-the-verifier",
            state="state-of-the-verifier",
            dcql_query=self.query or {},
            encryption_key=self.encryption_key,
            at=self.at,
            expires_at=self.at + self.lifetime,
            wallet_nonce=wallet_nonce,
            purpose=self.purpose,
            transaction_data=self.transaction_data,
        )
        if not self.overrides and not self.signed_by_stranger:
            return token
        payload = {**jose.peek(token).payload, **self.overrides}
        signer = keys.generate() if self.signed_by_stranger else self.key
        forged = keys.SigningKey(private_key=signer.private_key, kid=self.key.kid, chain=())
        object.__setattr__(forged, "chain", self.key.chain)
        return jose.sign(payload, typ=presentation.REQUEST_TYP, key=forged, named_by="x5c")

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        name = {"/.well-known/did.json": "did"}.get(request.url.path, request.url.path.strip("/"))
        self.calls.append(name)
        fault = self.faults.get(name)
        if fault is not None:
            answer = fault(request) if callable(fault) else fault
            if isinstance(answer, Exception):
                raise answer
            return answer
        form = {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
        if name == "did":
            return httpx.Response(
                200,
                json=did.document(did=DID, origin=f"https://{HOST}", keys=[self.key], current=[self.key.kid]),
            )
        if name == "request":
            self.posted.append(form)
            assert request.method == self.method.upper()
            token = self.request_object(form.get("wallet_nonce"))
            return httpx.Response(200, content=token, headers={"Content-Type": presentation.REQUEST_MEDIA_TYPE})
        self.answers.append(form)
        return httpx.Response(200, json={"redirect_uri": self.redirect_uri} if self.redirect_uri else {})

    def opened(self) -> presentation.WalletResponse:
        return presentation.open_response(
            self.answers[-1], key=self.encryption_key, expected_state="state-of-the-verifier"
        )

    def verified(self, issuer: foreign_issuer.ForeignIssuer, query_id: str = "id1") -> verify.VerifiedPresentation:
        """The presentation, believed only after the whole list of checks."""
        tokens = dcql.require_response_shape(self.query or {}, self.opened().vp_token)
        trusted = TrustedIssuer(
            issuer=foreign_issuer.URL,
            vcts=frozenset({foreign_issuer.VCT}),
            jwks=[issuer.key.jwks_entry()],
            status_required=False,
        )
        return verify.presentation(
            tokens[query_id][0],
            expected_nonce="nonce-of-the-verifier",
            expected_audience=self.client_id,
            expected_vcts=[foreign_issuer.VCT],
            trusted=TrustedIssuers([trusted]),
            status=NoStatus(),
            at=self.at,
        )
