"""A 12 kB credential with key binding: ours beside openvc-core, polaris-oid4vp and the bare ES256 operations.

One process, one thread: the figures per second are per core. What each library checks differs; ours checks most.
"""

import os
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from openvc.keys import P256SigningKey
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from polaris_oid4vp.sdjwt import verify_presentation

from idv.credentials import base64url, keys, sd_jwt, verify
from idv.credentials.trust import TrustedIssuer, TrustedIssuers
from tests.bench.report import Report, alternately

AT = datetime.now(UTC).replace(microsecond=0)
ISSUER, VCT, NONCE, AUDIENCE = "https://bench.test", "https://bench.test/vct", "n" * 22, "x509_hash:bench"
CLAIMS = {
    "firstName": "Vera", "lastName": "Lindqvist", "dateOfBirth": "1990-04-12", "documentNumber": "L01X00T47",
    "documentType": "Passport", "documentIssuingCountry": "UTO", "nationality": "UTO",
    "portrait": "data:image/jpeg;base64," + base64url.encode(os.urandom(6000)),
}  # fmt: skip
ROUNDS = 300
_HASH = ec.ECDSA(hashes.SHA256())


class _AlwaysValid:
    def status_of(self, *_: object) -> int:
        return 0


def issue(report: Report) -> None:
    """Issue with every claim disclosable, against openvc's issuing and one bare signature."""
    issuer, holder = keys.generate(), keys.generate()
    jwk = holder.public_jwk()
    theirs, their_key = SdJwtVcProofSuite(), P256SigningKey.generate(issuer.kid)

    def ours() -> str:
        return sd_jwt.issue(
            vct=VCT, issuer=ISSUER, claims=CLAIMS, disclosable=list(CLAIMS), holder_jwk=jwk, issued_at=AT,
            expires_at=AT + timedelta(days=180), status=sd_jwt.StatusReference(idx=17, uri=f"{ISSUER}/status/1"),
            key=issuer,
        )  # fmt: skip

    def openvc() -> str:
        return theirs.issue(
            {"iss": ISSUER, **CLAIMS}, signing_key=their_key, disclosable=list(CLAIMS), holder_jwk=jwk, vct=VCT,
            expires_in_s=86_400,
        )  # fmt: skip

    message = b"x" * 2000
    mine, library, bare = alternately(ROUNDS, ours, openvc, lambda: issuer.private_key.sign(message, _HASH))
    report.add("issue a credential", mine, "one ES256 signature", bare)
    report.add("issue a credential, beside openvc", mine, "openvc-core", library)


def verify_beside_others(report: Report) -> None:
    """Verify one presentation, against both libraries and two bare signature checks."""
    issuer = keys.generate("issuer")
    # Every presentation is another person's: no key of a holder comes twice in a row, as in life.
    presentations = [_presentation(issuer) for _ in range(ROUNDS + 1)]
    mine_next, first_next, second_next = (iter(presentations) for _ in range(3))
    trusted = TrustedIssuers([TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT}), jwks=[issuer.jwks_entry()])])
    theirs = SdJwtVcProofSuite()

    def ours() -> None:
        verify.presentation(
            next(mine_next), expected_nonce=NONCE, expected_audience=AUDIENCE, expected_vcts=[VCT], trusted=trusted,
            status=_AlwaysValid(), at=AT,
        )  # fmt: skip

    def openvc() -> None:
        theirs.verify(
            next(first_next), public_key_jwk=issuer.public_jwk(), audience=AUDIENCE, nonce=NONCE,
            require_key_binding=True, expected_vct=VCT, now=AT,
        )  # fmt: skip

    def polaris() -> None:
        found = verify_presentation(
            next(second_next), expected_nonce=NONCE, expected_audience=AUDIENCE, issuer_jwks=[issuer.jwks_entry()],
            now=AT.timestamp(), expected_vct=VCT,
        )  # fmt: skip
        assert found.authentic

    message = b"x" * 2000
    signature, public = issuer.private_key.sign(message, _HASH), issuer.public_key

    def bare() -> None:
        for _ in range(2):
            public.verify(signature, message, _HASH)

    mine, first, second, floor = alternately(ROUNDS, ours, openvc, polaris, bare)
    name = f"verify {len(presentations[0]) / 1000:.0f} kB with key binding"
    report.add(name, mine, "two ES256 verifications", floor)
    report.add(f"{name}, beside openvc", mine, "openvc-core", first)
    report.add(f"{name}, beside polaris", mine, "polaris-oid4vp", second)


def _presentation(issuer: keys.SigningKey) -> str:
    holder = keys.generate()
    compact = sd_jwt.issue(
        vct=VCT, issuer=ISSUER, claims=CLAIMS, disclosable=list(CLAIMS), holder_jwk=holder.public_jwk(), issued_at=AT,
        expires_at=AT + timedelta(days=180), status=sd_jwt.StatusReference(idx=17, uri=f"{ISSUER}/status/1"),
        key=issuer,
    )  # fmt: skip
    return sd_jwt.present(compact, disclose=list(CLAIMS), audience=AUDIENCE, nonce=NONCE, holder_key=holder, at=AT)
