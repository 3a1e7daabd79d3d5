"""An issuer nobody at the wallet wrote: OpenID4VCI 1.0 on real keys behind an httpx transport. Faults are settable."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from idv.credentials import certificates, jose, jwt_vc, keys, sd_jwt
from idv.protocol import did, issuance, issuance_encryption, metadata

URL = "https://issuer.test/tenant"
VCT = "https://issuer.test/credentials/Diploma"
TYPE = "DiplomaCredential"
DID = did.web("https://issuer.test")
JPEG = "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQEASABIAAD/2Q=="
CLAIMS: dict[str, Any] = {"firstName": "Alice", "lastName": "Archer", "documentNumber": "X1234567", "portrait": JPEG}
LABELS = {
    "firstName": "Given name",
    "lastName": "Family name",
    "documentNumber": "Document number",
    "portrait": "Photo",
}


@dataclass
class ForeignIssuer:
    """`faults`: endpoint name -> response or callable(request) to answer with instead."""

    at: datetime
    claims: dict[str, Any] = field(default_factory=lambda: dict(CLAIMS))
    tx_code: str | None = "493536"
    with_nonce_endpoint: bool = True
    by_certificate: bool = False
    batch_size: int = 1
    display_name: str = "Diploma"
    name: str = "University of Utopia"
    disclosable: list[str] | None = None
    faults: dict[str, Any] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    codes: dict[str, bool] = field(default_factory=lambda: {"the-code": False})
    wrong_holder: bool = False
    signed_by_stranger: bool = False
    stale_nonces: int = 0
    deferrals: int = 0
    encryption: str = ""  # "request" or "response": what it insists on having encrypted
    format: str = "dc+sd-jwt"
    as_did: bool = False  # a jwt_vc_json issuer that names itself by did:web instead of its address
    changes_in_vc: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = keys.generate("issuer-key-1")
        if self.by_certificate:
            authority = certificates.development_ca("Test CA", self.at)
            self.key = certificates.issue_leaf(authority, name="Issuer", at=self.at, uri_names=[URL])
        self.nonces: set[str] = set()
        self.encryption_key = keys.generate_encryption("for-requests")
        self.waiting: list[Any] = []

    # --- what the person is given

    def offer(self) -> issuance.CredentialOffer:
        tx_code = None if self.tx_code is None else issuance.TxCode(length=6, description="On the issuer's page")
        return issuance.CredentialOffer(
            credential_issuer=URL,
            credential_configuration_ids=("Diploma",),
            pre_authorized_code="the-code",
            tx_code=tx_code,
        )

    def link_by_value(self, base: str = "openid-credential-offer://") -> str:
        return issuance.offer_link(self.offer(), base=base)

    def link_by_reference(self, base: str = "openid-credential-offer://") -> str:
        return issuance.offer_link_by_reference("https://issuer.test/offers/one", base=base)

    # --- the wire

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        name = self._endpoint(request.url.path)
        self.calls.append(name)
        fault = self.faults.get(name)
        if fault is not None:
            answer = fault(request) if callable(fault) else fault
            if isinstance(answer, Exception):
                raise answer
            return answer
        return getattr(self, f"_{name}")(request)

    def _endpoint(self, path: str) -> str:
        return {
            "/offers/one": "offer_document",
            "/.well-known/did.json": "did",
            "/.well-known/openid-credential-issuer/tenant": "metadata",
            "/.well-known/oauth-authorization-server/tenant": "server_metadata",
            "/.well-known/jwt-vc-issuer/tenant": "keys",
            "/tenant/token": "token",
            "/tenant/nonce": "nonce",
            "/tenant/credential": "credential",
            "/tenant/deferred": "deferred",
            "/tenant/notification": "notification",
        }.get(path, "missing")

    def _missing(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"error": "not_found"})

    def _offer_document(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=issuance.offer_members(self.offer()))

    def metadata_document(self) -> dict[str, Any]:
        document = {
            "credential_issuer": URL,
            "credential_endpoint": f"{URL}/credential",
            "notification_endpoint": f"{URL}/notification",
            "display": [{"name": "Universität", "locale": "de"}, {"name": self.name, "locale": "en-US"}],
            "batch_credential_issuance": {"batch_size": self.batch_size} if self.batch_size > 1 else None,
            "an_unknown_member": {"is": "ignored"},
            "credential_configurations_supported": {
                "Diploma": {
                    "format": self.format,
                    **(
                        {"vct": VCT}
                        if self.format == "dc+sd-jwt"
                        else {"credential_definition": {"type": ["VerifiableCredential", TYPE]}}
                    ),
                    "scope": "diploma",
                    "cryptographic_binding_methods_supported": ["jwk", "did:jwk"],
                    "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}},
                    "credential_metadata": {
                        "display": [{"name": self.display_name, "locale": "en"}],
                        "claims": [
                            {"path": [*self._inside, name], "display": [{"name": label, "locale": "en"}]}
                            for name, label in LABELS.items()
                        ],
                    },
                }
            },
        }
        if self.deferrals:
            document["deferred_credential_endpoint"] = f"{URL}/deferred"
        if self.encryption:
            document |= issuance_encryption.metadata_members([self.encryption_key])
            document[f"credential_{self.encryption}_encryption"]["encryption_required"] = True
        if self.with_nonce_endpoint:
            document["nonce_endpoint"] = f"{URL}/nonce"
        return {name: value for name, value in document.items() if value is not None}

    @property
    def _inside(self) -> list[str]:
        return [] if self.format == "dc+sd-jwt" else ["credentialSubject"]

    def _metadata(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=self.metadata_document())

    def _server_metadata(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"issuer": URL, "token_endpoint": f"{URL}/token"})

    def _keys(self, request: httpx.Request) -> httpx.Response:
        if self.by_certificate:
            return self._missing(request)
        return httpx.Response(200, json=metadata.jwt_vc_issuer_metadata(issuer=URL, jwks=[self.key.jwks_entry()]))

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        assert form["grant_type"] == issuance.PRE_AUTHORIZED_GRANT
        if self.codes.get(form.get("pre-authorized_code", ""), True):
            return httpx.Response(400, json={"error": "invalid_grant"})
        if (form.get("tx_code") is None) != (self.tx_code is None):
            return httpx.Response(400, json={"error": "invalid_request"})
        if form.get("tx_code") != self.tx_code:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.codes[form["pre-authorized_code"]] = True
        return httpx.Response(200, json={"access_token": "token-1", "token_type": "Bearer", "expires_in": 300})

    def _nonce(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        nonce = f"nonce-{len(self.calls)}"
        if self.stale_nonces:
            self.stale_nonces -= 1
        else:
            self.nonces.add(nonce)
        return httpx.Response(200, json={"c_nonce": nonce})

    def _credential(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer token-1"
        body, recipient = self._opened(request)
        wanted = issuance.parse_credential_request(
            body, max_proofs=max(self.batch_size, 1), was_encrypted=bool(self.encryption)
        )
        assert wanted.credential_configuration_id == "Diploma"
        if not self.with_nonce_endpoint:
            holders = [self._jwk_without_nonce(proof) for proof in wanted.proofs]
        else:
            proofs = issuance.open_proofs(wanted.proofs, audience=URL, at=self.at)
            if proofs[0].nonce not in self.nonces:
                return httpx.Response(400, json={"error": "invalid_nonce"})
            self.nonces.discard(proofs[0].nonce)
            holders = [proof.holder_jwk for proof in proofs]
        if self.deferrals:
            self.waiting = holders
            return self._sealed(202, {"transaction_id": "t-1", "interval": 1}, recipient)
        return self._granted(holders, recipient)

    def _granted(self, holders: list[Any], recipient: Any) -> httpx.Response:
        issued = [{"credential": self.issue(holder)} for holder in holders]
        return self._sealed(200, {"credentials": issued, "notification_id": "n-1"}, recipient)

    def _deferred(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer token-1"
        body, recipient = self._opened(request)
        if json.loads(body)["transaction_id"] != "t-1" or not self.waiting:
            return httpx.Response(400, json={"error": "invalid_transaction_id"})
        self.deferrals -= 1
        if self.deferrals > 0:
            return self._sealed(202, {"transaction_id": "t-1", "interval": 1}, recipient)
        holders, self.waiting = self.waiting, []
        return self._granted(holders, recipient)

    def _opened(self, request: httpx.Request) -> tuple[bytes, Any]:
        if not self.encryption:
            return request.content, None
        assert request.headers["content-type"] == "application/jwt"
        body = issuance_encryption.open_request(request.content, keys=[self.encryption_key])
        return body, issuance_encryption.response_encryption_in(json.loads(body), request_was_encrypted=True)

    def _sealed(self, status: int, members: dict[str, Any], recipient: Any) -> httpx.Response:
        if recipient is None:
            return httpx.Response(status, json=members)
        return httpx.Response(status, content=recipient.seal(members), headers={"Content-Type": "application/jwt"})

    def _jwk_without_nonce(self, proof: str) -> dict[str, str]:
        parsed = jose.peek(proof)
        assert "nonce" not in parsed.payload
        jose.verify(proof, key=keys.public_key_of(parsed.header["jwk"]), typ=issuance.PROOF_TYP)
        return dict(parsed.header["jwk"])

    def issue(self, holder_jwk: Any) -> str:
        holder = keys.generate().public_jwk() if self.wrong_holder else holder_jwk
        key = keys.generate("issuer-key-1") if self.signed_by_stranger else self.key
        if self.format == "jwt_vc_json":
            return self._issue_jwt(holder, key)
        return sd_jwt.issue(
            vct=VCT,
            issuer=URL,
            claims=self.claims,
            disclosable=list(self.claims) if self.disclosable is None else self.disclosable,
            holder_jwk=holder,
            issued_at=self.at,
            expires_at=self.at + timedelta(days=30),
            status=None,
            key=key,
        )

    def _issue_jwt(self, holder: Any, key: keys.SigningKey) -> str:
        named = DID if self.as_did else URL
        vc = {
            "@context": [jwt_vc.CONTEXT],
            "type": ["VerifiableCredential", TYPE],
            "issuer": {"id": named},
            "credentialSubject": self.claims,
        }
        payload = {
            "iss": named,
            "sub": did.of_jwk(holder),
            "nbf": jose.seconds(self.at),
            "exp": jose.seconds(self.at + timedelta(days=30)),
            "vc": vc | self.changes_in_vc,
        }
        return jose.sign(payload, typ="JWT", key=did.named(key, DID) if self.as_did else key, named_by="kid")

    def _did(self, request: httpx.Request) -> httpx.Response:
        document = did.document(did=DID, origin="https://issuer.test", keys=[self.key], current=[self.key.kid])
        return httpx.Response(200, json=document)

    def _notification(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer token-1"
        self.notifications.append(json.loads(request.content))
        return httpx.Response(204)


def as_path(link: str, door: str) -> str:
    """The same parameters as a link on the wallet's own site."""
    query = urlsplit(link).query
    return f"/{door}?{query or urlencode({})}"
