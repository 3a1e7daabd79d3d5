"""``jwt_vc_json``: a W3C Verifiable Credential as a JWT (VC Data Model 1.1 section 6.3.1), the shape Microsoft issues.

Issuer did:web, holder did:jwk; everything is visible to whoever it is shown to. Status by Token Status List.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from idv.credentials import jose
from idv.credentials.keys import SigningKey
from idv.credentials.sd_jwt import StatusReference

CONTEXT = "https://www.w3.org/2018/credentials/v1"
BASE_TYPE = "VerifiableCredential"
PRESENTATION_LIFETIME = timedelta(minutes=5)


def issue(
    *,
    credential_type: str,
    issuer_did: str,
    holder_did: str,
    claims: Mapping[str, Any],
    issued_at: datetime,
    expires_at: datetime,
    status: StatusReference | None,
    key: SigningKey,
) -> str:
    """A compact JWT credential for ``holder_did``, signed by a key of the issuer's DID document."""
    payload: dict[str, Any] = {
        "iss": issuer_did,
        "sub": holder_did,
        "jti": f"urn:uuid:{uuid.uuid4()}",
        "iat": jose.seconds(issued_at),
        "nbf": jose.seconds(issued_at),
        "exp": jose.seconds(expires_at),
        "vc": {
            "@context": [CONTEXT],
            "type": [BASE_TYPE, credential_type],
            "credentialSubject": dict(claims),
        },
    }
    if status is not None:
        payload["status"] = {"status_list": {"idx": status.idx, "uri": status.uri}}
    named = SigningKey(private_key=key.private_key, kid=f"{issuer_did}#{key.kid}")
    return jose.sign(payload, typ="JWT", key=named, named_by="kid")


def present(
    credential: str, *, holder_did: str, audience: str, nonce: str, holder_key: SigningKey, at: datetime
) -> str:
    """The credential inside a presentation of its holder, a did:jwk (OpenID4VP 1.0 appendix B.1.3.1)."""
    payload = {
        "iss": holder_did,
        "aud": audience,
        "nonce": nonce,
        "jti": f"urn:uuid:{uuid.uuid4()}",
        "iat": jose.seconds(at),
        "nbf": jose.seconds(at),
        "exp": jose.seconds(at + PRESENTATION_LIFETIME),
        "vp": {"@context": [CONTEXT], "type": ["VerifiablePresentation"], "verifiableCredential": [credential]},
    }
    return jose.sign(payload, typ="JWT", key=replace(holder_key, kid=f"{holder_did}#0"), named_by="kid")
