"""RFC 9901's own example (sections 5.1 and 5.2, key of appendix A.5), read by our code.

Its signature vouches for the text below. It is no SD-JWT VC, so the parts are checked one by one, by the functions that
``verify`` is made of.
"""

from typing import Any

import pytest

from idv.credentials import jose, keys, sd_jwt
from idv.credentials.disclosures import DisclosureInvalid

ISSUER = keys.public_key_of(
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
    }
)
JWT = (
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogImV4YW1wbGUrc2Qtand0In0."
    "eyJfc2QiOiBbIkNyUWU3UzVrcUJBSHQtbk1ZWGdjNmJkdDJTSDVhVFkxc1VfTS1QZ2tq"
    "UEkiLCAiSnpZakg0c3ZsaUgwUjNQeUVNZmVadTZKdDY5dTVxZWhabzdGN0VQWWxTRSIs"
    "ICJQb3JGYnBLdVZ1Nnh5bUphZ3ZrRnNGWEFiUm9jMkpHbEFVQTJCQTRvN2NJIiwgIlRH"
    "ZjRvTGJnd2Q1SlFhSHlLVlFaVTlVZEdFMHc1cnREc3JaemZVYW9tTG8iLCAiWFFfM2tQ"
    "S3QxWHlYN0tBTmtxVlI2eVoyVmE1TnJQSXZQWWJ5TXZSS0JNTSIsICJYekZyendzY002"
    "R242Q0pEYzZ2Vks4QmtNbmZHOHZPU0tmcFBJWmRBZmRFIiwgImdiT3NJNEVkcTJ4Mkt3"
    "LXc1d1BFemFrb2I5aFYxY1JEMEFUTjNvUUw5Sk0iLCAianN1OXlWdWx3UVFsaEZsTV8z"
    "Smx6TWFTRnpnbGhRRzBEcGZheVF3TFVLNCJdLCAiaXNzIjogImh0dHBzOi8vaXNzdWVy"
    "LmV4YW1wbGUuY29tIiwgImlhdCI6IDE2ODMwMDAwMDAsICJleHAiOiAxODgzMDAwMDAw"
    "LCAic3ViIjogInVzZXJfNDIiLCAibmF0aW9uYWxpdGllcyI6IFt7Ii4uLiI6ICJwRm5k"
    "amtaX1ZDem15VGE2VWpsWm8zZGgta284YUlLUWM5RGxHemhhVllvIn0sIHsiLi4uIjog"
    "IjdDZjZKa1B1ZHJ5M2xjYndIZ2VaOGtoQXYxVTFPU2xlclAwVmtCSnJXWjAifV0sICJf"
    "c2RfYWxnIjogInNoYS0yNTYiLCAiY25mIjogeyJqd2siOiB7Imt0eSI6ICJFQyIsICJj"
    "cnYiOiAiUC0yNTYiLCAieCI6ICJUQ0FFUjE5WnZ1M09IRjRqNFc0dmZTVm9ISVAxSUxp"
    "bERsczd2Q2VHZW1jIiwgInkiOiAiWnhqaVdXYlpNUUdIVldLVlE0aGJTSWlyc1ZmdWVj"
    "Q0U2dDRqVDlGMkhaUSJ9fX0."
    "MczwjBFGtzf-6WMT-hIvYbkb11NrV1WMO-jTijpMPNbswNzZ87wY2uHz-CXo6R04b7jYrpj9mNRAvVssXou1iw"
)
GIVEN_NAME = "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd"
FAMILY_NAME = "WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZSJd"
EMAIL = "WyI2SWo3dE0tYTVpVlBHYm9TNXRtdlZBIiwgImVtYWlsIiwgImpvaG5kb2VAZXhhbXBsZS5jb20iXQ"
PHONE = "WyJlSThaV205UW5LUHBOUGVOZW5IZGhRIiwgInBob25lX251bWJlciIsICIrMS0yMDItNTU1LTAxMDEiXQ"
PHONE_VERIFIED = "WyJRZ19PNjR6cUF4ZTQxMmExMDhpcm9BIiwgInBob25lX251bWJlcl92ZXJpZmllZCIsIHRydWVd"
ADDRESS = (
    "WyJBSngtMDk1VlBycFR0TjRRTU9xUk9BIiwgImFkZHJlc3MiLCB7InN0cmVldF9hZGRyZXNzIjogIjEyMyBNYWluIFN0IiwgImxvY2FsaXR5Ij"
    "ogIkFueXRvd24iLCAicmVnaW9uIjogIkFueXN0YXRlIiwgImNvdW50cnkiOiAiVVMifV0"
)
BIRTHDATE = "WyJQYzMzSk0yTGNoY1VfbEhnZ3ZfdWZRIiwgImJpcnRoZGF0ZSIsICIxOTQwLTAxLTAxIl0"
UPDATED_AT = "WyJHMDJOU3JRZmpGWFE3SW8wOXN5YWpBIiwgInVwZGF0ZWRfYXQiLCAxNTcwMDAwMDAwXQ"
US = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIlVTIl0"
DE = "WyJuUHVvUW5rUkZxM0JJZUFtN0FuWEZBIiwgIkRFIl0"
VISIBLE = {"iss": "https://issuer.example.com", "iat": 1683000000, "exp": 1883000000, "sub": "user_42"}
STREET = {"street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"}


def processed(*disclosures: str) -> dict[str, Any]:
    """The verified payload with these disclosures in place, without the holder's key."""
    payload = jose.verify(JWT, key=ISSUER, typ="example+sd-jwt").payload
    parts = sd_jwt.parse("~".join([JWT, *disclosures, ""]))
    claims = dict(sd_jwt.disclose_payload(payload, parts))
    assert claims.pop("cnf")["jwk"]["crv"] == "P-256"
    return claims


def test_everything_disclosed() -> None:
    everything = (
        GIVEN_NAME,
        FAMILY_NAME,
        EMAIL,
        PHONE,
        PHONE_VERIFIED,
        ADDRESS,
        BIRTHDATE,
        UPDATED_AT,
        US,
        DE,
    )
    assert processed(*everything) == VISIBLE | {
        "given_name": "John",
        "family_name": "Doe",
        "email": "johndoe@example.com",
        "phone_number": "+1-202-555-0101",
        "phone_number_verified": True,
        "address": STREET,
        "birthdate": "1940-01-01",
        "updated_at": 1570000000,
        "nationalities": ["US", "DE"],
    }


def test_the_presentation_of_section_5_2() -> None:
    assert processed(FAMILY_NAME, ADDRESS, GIVEN_NAME, US) == VISIBLE | {
        "given_name": "John",
        "family_name": "Doe",
        "address": STREET,
        "nationalities": ["US"],
    }


def test_nothing_disclosed() -> None:
    assert processed() == VISIBLE | {"nationalities": []}


@pytest.mark.parametrize(
    "disclosures",
    [(GIVEN_NAME, GIVEN_NAME), (GIVEN_NAME, "WyJkdW1teXNhbHQiLCAiZm9vIiwgImJhciJd")],
    ids=["one twice", "one that no digest refers to"],
)
def test_what_section_7_1_refuses(disclosures: tuple[str, ...]) -> None:
    with pytest.raises(DisclosureInvalid):
        processed(*disclosures)


def test_a_changed_signature_is_refused() -> None:
    with pytest.raises(jose.JoseInvalid):
        jose.verify(JWT.replace("MczwjBFGtzf", "XczwjBFGtzf"), key=ISSUER, typ="example+sd-jwt")
