"""A contract as the original's clients read it: the card, what is needed for it, what it says (facts 5.7)."""

from datetime import datetime
from typing import Any

from django.conf import settings

from idv.credentials import jose
from idv.issuer import keyring
from idv.issuer.models import Contract
from idv.protocol import did

from .issuing import manifest_of


def members(contract: Contract) -> dict[str, Any]:
    """The contract, in the words of the original."""
    address, issuer = manifest_of(contract), keyring.identifier()
    return {
        "id": str(contract.pk),
        "display": {
            "locale": "en-US",
            "contract": address,
            "card": {
                "title": contract.name,
                "issuedBy": settings.ORGANISATION_NAME,
                "backgroundColor": "#1f4e79",
                "textColor": "#ffffff",
                "description": contract.name,
            },
            "consent": {"title": contract.name, "instructions": contract.name},
            "claims": {
                f"vc.credentialSubject.{claim['output']}": {"type": "String", "label": claim["label"]}
                for claim in contract.claims
            },
            "id": "display",
        },
        "input": {
            "credentialIssuer": f"{settings.PORTAL_BASE_URL}/.well-known/openid-credential-issuer",
            "issuer": issuer,
            "attestations": {
                "idTokens": [{
                    "id": "https://self-issued.me",
                    "encrypted": False,
                    "configuration": "https://self-issued.me",
                    "claims": [
                        {"claim": claim["input"], "required": claim["required"], "indexed": False}
                        for claim in contract.claims
                    ],
                    "required": False,
                }],
            },
            "id": "input",
        },
        "iss": issuer,
    }  # fmt: skip


def signed(contract: Contract, *, at: datetime) -> str:
    """The same, signed by the authority that issues."""
    payload = members(contract) | {"iat": jose.seconds(at)}
    key = did.named(keyring.signing_key(at=at), keyring.identifier())
    return jose.sign(payload, typ="JWT", key=key, named_by="kid")
