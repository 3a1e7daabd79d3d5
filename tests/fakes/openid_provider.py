"""An OpenID Provider that nobody here wrote the protocol code of: a WSGI application of its own, with real keys, that
speaks by PyJWT alone and checks its client as a strict provider does. Every dial is an attribute."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from recovery_portal.kit import http

CLIENT = "http://portal.test"


@cache
def _rsa_key() -> rsa.RSAPrivateKey:
    """One for all: it takes as long to make as a test otherwise does."""
    return rsa.generate_private_key(65537, 2048)


class OpenIdProvider:
    def __init__(self, origin: str, at: Callable[[], datetime], *, published: Callable[[], bytes]) -> None:
        """``published`` gets the portal's JWK set, as the provider was told to at registration."""
        self.origin, self.at, self.published = origin, at, published
        self.algorithm = "ES256"
        self.keys: dict[str, Any] = {
            "ES256": ec.generate_private_key(ec.SECP256R1()),
            "RS256": _rsa_key(),
            "PS256": _rsa_key(),
        }
        self.person: dict[str, Any] = {"given_name": "Alice", "family_name": "Archer", "birthdate": "1990-04-12"}
        self.portrait = b""
        self.metadata_changes: dict[str, Any] = {}
        self.token_changes: dict[str, Any] = {}
        self.verified_changes: dict[str, Any] = {}
        self.verification_changes: dict[str, Any] = {}
        self.header_changes: dict[str, Any] = {}
        self.bend: Callable[[str], str] = lambda token: token
        self.pushed: dict[str, dict[str, str]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.seen: set[str] = set()
        self.errors: list[str] = []
        http.transports[origin] = httpx.WSGITransport(app=self)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        form = {name: values[0] for name, values in parse_qs(environ["wsgi.input"].read(length).decode()).items()}
        status, body = self._answer(path, form)
        start_response(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
        return [json.dumps(body).encode()]

    def _answer(self, path: str, form: dict[str, str]) -> tuple[str, dict[str, Any]]:
        match path:
            case "/.well-known/openid-configuration":
                return "200 OK", self._metadata()
            case "/keys":
                return "200 OK", {"keys": self.public_keys()}
            case "/par":
                return self._par(form)
            case "/token":
                return self._token(form)
        return "404 Not Found", {}

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "pushed_authorization_request_endpoint": f"{self.origin}/par",
            "jwks_uri": f"{self.origin}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256", "PS256", "RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "claims_parameter_supported": True,
            "verified_claims_supported": True,
            "trust_frameworks_supported": ["utopia_eid"],
        } | self.metadata_changes

    def public_keys(self) -> list[dict[str, Any]]:
        found = []
        for algorithm, maker in (("ES256", jwt.algorithms.ECAlgorithm), ("RS256", jwt.algorithms.RSAAlgorithm)):
            entry = json.loads(maker.to_jwk(self.keys[algorithm].public_key()))
            found.append({**entry, "kid": f"key-{algorithm}", "use": "sig"})
        return found

    def _client_is_known(self, form: dict[str, str]) -> bool:
        """RFC 7523: signed by a key that the portal publishes, for this issuer, once."""
        published = json.loads(self.published())["keys"]
        assertion = form.get("client_assertion", "")
        try:
            kid = jwt.get_unverified_header(assertion)["kid"]
            key = jwt.PyJWK(next(entry for entry in published if entry["kid"] == kid))
            claims = jwt.decode(
                assertion, key, algorithms=["ES256"], audience=self.origin, issuer=CLIENT,
                options={"verify_exp": False, "verify_iat": False},
            )  # fmt: skip
        except (jwt.PyJWTError, StopIteration, KeyError) as error:
            self.errors.append(f"client: {error!r}")
            return False
        fresh = claims["jti"] not in self.seen and claims["exp"] > self.at().timestamp()
        self.seen.add(claims["jti"])
        return fresh and claims["sub"] == CLIENT

    def _par(self, form: dict[str, str]) -> tuple[str, dict[str, Any]]:
        if not self._client_is_known(form):
            return "401 Unauthorized", {"error": "invalid_client"}
        if form.get("code_challenge_method") != "S256" or "openid" not in form.get("scope", "").split():
            return "400 Bad Request", {"error": "invalid_request"}
        request_uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(16)}"
        self.pushed[request_uri] = form
        return "201 Created", {"request_uri": request_uri, "expires_in": 60}

    def authorize(self, request_uri: str) -> dict[str, str]:
        """The person signs in and is verified; what the browser carries back. The reference counts once."""
        asked = self.pushed.pop(request_uri)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.origin}

    def _token(self, form: dict[str, str]) -> tuple[str, dict[str, Any]]:
        if not self._client_is_known(form):
            return "401 Unauthorized", {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return "400 Bad Request", {"error": "invalid_grant"}
        return "200 OK", {"access_token": "x", "token_type": "Bearer", "id_token": self.bend(self.id_token(asked))}

    def id_token(self, asked: dict[str, str]) -> str:
        now = self.at()
        payload = {
            "iss": self.origin,
            "sub": "pairwise-1",
            "aud": CLIENT,
            "nonce": asked["nonce"],
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=5)).timestamp()),
            "txn": "transaction-7",
            "verified_claims": self.verified_claims(now),
        } | self.token_changes
        payload = {name: value for name, value in payload.items() if value is not None}
        kid = "key-ES256" if self.algorithm == "ES256" else "key-RS256"
        headers = {"kid": kid, **self.header_changes}
        return jwt.encode(payload, self.keys[self.algorithm], algorithm=self.algorithm, headers=headers)

    def verified_claims(self, now: datetime) -> dict[str, Any]:
        attachment = {
            "desc": "Portrait",
            "content_type": "image/jpeg",
            "content": base64.b64encode(self.portrait).decode(),
        }
        document = {
            "type": "document",
            "attachments": [attachment],
            "document_details": {
                "type": "passport", "document_number": "U1234567", "date_of_expiry": "2033-01-01",
                "issuer": {"country_code": "UTO"},
            },
        }  # fmt: skip
        verification = {
            "trust_framework": "utopia_eid",
            "assurance_level": "high",
            "time": now.isoformat(),
            "evidence": [document],
        } | self.verification_changes
        verification = {name: value for name, value in verification.items() if value is not None}
        return {"verification": verification, "claims": self.person} | self.verified_changes
