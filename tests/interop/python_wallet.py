"""A wallet that shares no code with ours: openvc-core for keys, DIDs, certificates and SD-JWT, polaris-oid4vp for JWE.

What stands here is only the order of the steps, written from OpenID4VCI 1.0 and OpenID4VP 1.0.
"""

import base64
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from openvc.did.did_web import DidWebResolver
from openvc.keys import P256SigningKey, verify_signature
from openvc.openid4vci import parse_credential_issuer_metadata, parse_credential_offer
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.proof.vc_jwt import VcJwtProofSuite
from openvc.proof.vp_jwt import VpJwtProofSuite
from openvc.x5c import leaf_public_jwk, load_x5c_chain, validate_cert_chain
from polaris_oid4vp.jwe import encrypt_compact


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def over_tls(value: Any) -> Any:
    """openvc reads identifiers of https alone; the houses of a test run on http://localhost."""
    return json.loads(json.dumps(value).replace("http://localhost", "https://localhost"))


@dataclass
class Held:
    credential: str
    key: P256SigningKey


class PythonWallet:
    def __init__(self) -> None:
        self.http = httpx.Client(timeout=20, trust_env=False)
        self.held: Held | None = None

    def __enter__(self) -> "PythonWallet":
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def receive(self, offer_link: str, tx_code: str | None) -> dict[str, Any]:
        members = parse_qs(urlsplit(offer_link).query)
        offer = self._json(members["credential_offer_uri"][0])
        read = parse_credential_offer(over_tls(offer))
        issuer = offer["credential_issuer"]
        metadata = self._json(f"{issuer}/.well-known/openid-credential-issuer")
        parse_credential_issuer_metadata(over_tls(metadata))
        server = self._json(f"{issuer}/.well-known/oauth-authorization-server")
        grant = offer["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"]
        token = self.http.post(
            server["token_endpoint"],
            data={
                "grant_type": "urn:ietf:params:oauth:grant-type:pre-authorized_code",
                "pre-authorized_code": grant["pre-authorized_code"],
            }
            | ({} if tx_code is None else {"tx_code": tx_code}),
        ).json()
        nonce = self.http.post(metadata["nonce_endpoint"]).json()["c_nonce"]
        private_key = ec.generate_private_key(ec.SECP256R1())
        key = P256SigningKey(private_key, "holder")
        answer = self.http.post(
            metadata["credential_endpoint"],
            headers={"Authorization": f"Bearer {token['access_token']}"},
            json={
                "credential_configuration_id": read.credential_configuration_ids[0],
                "proofs": {"jwt": [self._proof(key, issuer, nonce)]},
            },
        )
        assert answer.status_code == 200, answer.text
        [issued] = answer.json()["credentials"]
        self.held = Held(issued["credential"], key)
        claims = json.loads(unb64url(issued["credential"].split(".")[1]))
        published = self._json(f"{issuer}/.well-known/jwt-vc-issuer")
        [issuer_key, *_] = (published.get("jwks") or self._json(published["jwks_uri"]))["keys"]
        if "vc" in claims:
            assert json.loads(unb64url(claims["sub"].removeprefix("did:jwk:"))) == key.public_jwk()
            self.held = Held(issued["credential"], P256SigningKey(private_key, f"{claims['sub']}#0"))
            document = DidWebResolver(self._fetch_did).resolve(claims["iss"])
            assert issuer_key["x"] in [method.public_key_jwk["x"] for method in document.verification_methods]
            verified = VcJwtProofSuite().verify(issued["credential"], public_key_jwk=issuer_key)
            return dict(verified.credential["credentialSubject"])
        assert claims["cnf"]["jwk"] == key.public_jwk()
        self.held = Held(issued["credential"], key)
        checked = SdJwtVcProofSuite().verify(
            issued["credential"], public_key_jwk=issuer_key, expected_vct=claims["vct"]
        )
        return dict(checked.claims)

    def present(self, link: str, *, anchor_pem: bytes) -> tuple[httpx.Response, dict[str, Any]]:
        """The verifier's answer, and the request as this wallet verified it."""
        members = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        wallet_nonce = uuid.uuid4().hex
        if members.get("request_uri_method") == "post":
            fetched = self.http.post(members["request_uri"], data={"wallet_nonce": wallet_nonce})
        else:
            fetched = self.http.get(members["request_uri"])
        assert fetched.headers["content-type"] == "application/oauth-authz-req+jwt"
        request = self._verified_request(fetched.text, members["client_id"], anchor_pem)
        if members.get("request_uri_method") == "post":
            assert request["wallet_nonce"] == wallet_nonce
        return self.answer(request), request

    def answer(self, request: dict[str, Any]) -> httpx.Response:
        assert self.held is not None
        wanted = "dc+sd-jwt" if "~" in self.held.credential else "jwt_vc_json"
        query = next(entry for entry in request["dcql_query"]["credentials"] if entry["format"] == wanted)
        presentation = self._presentation(query, audience=request["client_id"], nonce=request["nonce"])
        vp_token = {query["id"]: [presentation]}
        if request["response_mode"] == "direct_post":
            form = {"vp_token": json.dumps(vp_token), "state": request["state"]}
        else:
            [jwk] = request["client_metadata"]["jwks"]["keys"]
            payload = json.dumps({"vp_token": vp_token, "state": request["state"]}).encode()
            form = {"response": encrypt_compact(payload, _public(jwk), "A256GCM", extra_header={"kid": jwk["kid"]})}
        return self.http.post(request["response_uri"], data=form)

    def _verified_request(self, token: str, client_id: str, anchor_pem: bytes) -> dict[str, Any]:
        head, body, signature = token.split(".")
        header, payload = json.loads(unb64url(head)), json.loads(unb64url(body))
        prefix, _, rest = client_id.partition(":")
        if prefix == "decentralized_identifier":
            document = DidWebResolver(self._fetch_did).resolve(rest)
            [jwk] = [m.public_key_jwk for m in document.verification_methods if m.id == header["kid"]]
        else:
            chain = load_x5c_chain(header["x5c"])
            validate_cert_chain(chain[0], chain[1:], trust_anchors=[x509.load_pem_x509_certificate(anchor_pem)])
            jwk = leaf_public_jwk(chain[0])
            names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            if prefix == "x509_san_dns":
                assert rest in names.get_values_for_type(x509.DNSName)
        signed = f"{head}.{body}".encode()
        assert verify_signature(alg="ES256", public_jwk=jwk, signing_input=signed, signature=unb64url(signature))
        assert header["typ"] == "oauth-authz-req+jwt"
        assert payload["client_id"] == client_id
        assert payload["exp"] > time.time()
        return dict(payload)

    def _presentation(self, query: dict[str, Any], *, audience: str, nonce: str) -> str:
        assert self.held is not None
        key = self.held.key
        if query["format"] == "jwt_vc_json":
            return VpJwtProofSuite().sign([self.held.credential], holder_key=key, audience=audience, nonce=nonce)
        names = [claim["path"][0] for claim in query["claims"]]
        issuer_jwt, *disclosures, _ = self.held.credential.split("~")
        chosen = [text for text in disclosures if json.loads(unb64url(text))[1] in names]
        return SdJwtVcProofSuite().create_presentation(
            "~".join([issuer_jwt, *chosen, ""]), holder_key=key, audience=audience, nonce=nonce
        )

    def _proof(self, key: P256SigningKey, audience: str, nonce: str) -> str:
        header = {"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": key.public_jwk()}
        payload = {"aud": audience, "iat": int(time.time()), "nonce": nonce}
        signed = f"{b64url(json.dumps(header).encode())}.{b64url(json.dumps(payload).encode())}"
        return f"{signed}.{b64url(key.sign(signed.encode()))}"

    def _json(self, url: str) -> Any:
        answer = self.http.get(url)
        assert answer.status_code == 200, f"{url}: {answer.status_code}"
        return answer.json()

    def _fetch_did(self, url: str) -> Any:
        return self._json(url.replace("https://localhost", "http://localhost"))


def _public(jwk: dict[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(unb64url(jwk[name]), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
