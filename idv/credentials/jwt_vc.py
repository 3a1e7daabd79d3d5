"""``jwt_vc_json``: a W3C Verifiable Credential as a JWT (VC Data Model 1.1 section 6.3.1), the shape Microsoft issues.

Issuer did:web, holder did:jwk; everything is visible to whoever it is shown to. Status by Token Status List.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from idv.credentials import jose
from idv.credentials.keys import SigningKey
from idv.credentials.sd_jwt import StatusReference

CONTEXT = "https://www.w3.org/2018/credentials/v1"
BASE_TYPE = "VerifiableCredential"


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
