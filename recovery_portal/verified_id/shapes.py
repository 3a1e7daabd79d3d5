"""What programs send to the Request Service, read as strictly as everything else here (facts 5.1)."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework import serializers

from idv.issuer import policy as issuer_policy
from idv.issuer.contracts import CLAIMS_MAX, TEXT_MAX
from idv.verifier import keys as verifier_keys
from idv.verifier.claims import FURTHER
from recovery_portal.api.shell import Body
from recovery_portal.kit import http

TYPE = "VerifiedIdentity"
LOWEST, HIGHEST, DEFAULT = 50, 100, 70
HEADERS = {"api-key": "api-key", "authorization": "Authorization"}
NAMES = ("firstName", "lastName", *FURTHER)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)


def _shown(text: str) -> str:
    """What stands on a consent page: no line ends, no turning of the direction of writing."""
    if not text.isprintable():
        raise serializers.ValidationError("Only printable characters are shown to people.")
    return text


class Member(Body):
    """A member that is null is one that was left out: the original's clients write both."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            data = {name: value for name, value in data.items() if value is not None}
        return super().to_internal_value(data)


class Registration(Member):
    """``logoUrl`` and ``termsOfServiceUrl`` are accepted; wallets of OpenID4VP are not told of them."""

    clientName = serializers.CharField(max_length=120)
    purpose = serializers.CharField(max_length=80, required=False, allow_blank=True)
    logoUrl = serializers.CharField(max_length=2048, required=False, allow_blank=True)
    termsOfServiceUrl = serializers.CharField(max_length=2048, required=False, allow_blank=True)

    def validate_clientName(self, value: str) -> str:
        return _shown(value)

    def validate_purpose(self, value: str) -> str:
        return _shown(value)


class CallbackTarget(Member):
    url = serializers.CharField(max_length=2048)
    state = serializers.CharField(max_length=1024, trim_whitespace=False)
    headers = serializers.DictField(child=serializers.CharField(max_length=4096), required=False)

    def validate_url(self, value: str) -> str:
        """What may be called at all is decided again, with the address behind the name, when it is called."""
        try:
            parts = urlsplit(value)
            origin = http.origin_of(value)
            _ = parts.port
        except ValueError:
            raise serializers.ValidationError("The callback is not an address.") from None
        if not value.isascii() or not value.isprintable() or " " in value or not parts.hostname:
            raise serializers.ValidationError("The callback is not an address.")
        if parts.username or parts.password or parts.fragment:
            raise serializers.ValidationError("The callback is a plain address.")
        if parts.scheme != "https" and origin not in settings.OUTBOUND_ORIGINS:
            raise serializers.ValidationError("The callback is an https address.")
        return value

    def validate_headers(self, value: dict[str, str]) -> dict[str, str]:
        wanted = {HEADERS.get(name.lower(), ""): text for name, text in value.items()}
        if "" in wanted or len(wanted) != len(value):
            raise serializers.ValidationError("Only the headers api-key and Authorization are sent.")
        if any(not text.isascii() or not text.isprintable() for text in wanted.values()):
            raise serializers.ValidationError("A header is printable ASCII.")
        return wanted


class FaceCheckWanted(Member):
    sourcePhotoClaimName = serializers.CharField(max_length=60)
    matchConfidenceThreshold = serializers.IntegerField(
        min_value=LOWEST, max_value=HIGHEST, required=False, default=DEFAULT
    )


class Validation(Member):
    allowRevoked = serializers.BooleanField(required=False, default=False)
    validateLinkedDomain = serializers.BooleanField(required=False)
    faceCheck = FaceCheckWanted(required=False)


class Configuration(Member):
    validation = Validation(required=False)


class Constraint(Member):
    """One of ``values``, ``contains``, ``startsWith``. An empty ``contains`` asks for the claim, whatever its value."""

    claimName = serializers.CharField(max_length=60)
    values = serializers.ListField(
        child=serializers.CharField(max_length=200), min_length=1, max_length=50, required=False
    )
    contains = serializers.CharField(max_length=200, required=False, allow_blank=True)
    startsWith = serializers.CharField(max_length=200, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs.keys() & {"values", "contains", "startsWith"}) != 1:
            raise serializers.ValidationError("A constraint has one of values, contains and startsWith.")
        return attrs


class RequestedCredential(Member):
    type = serializers.CharField(max_length=60)
    purpose = serializers.CharField(max_length=120, required=False, allow_blank=True)
    acceptedIssuers = serializers.ListField(child=serializers.CharField(max_length=300), max_length=20, required=False)
    configuration = Configuration(required=False)
    constraints = Constraint(many=True, required=False)

    def validate_constraints(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(value) > 20:
            raise serializers.ValidationError("A request has at most 20 constraints.")
        return value


class Payload(Member):
    """What both kinds of request say."""

    authority = serializers.CharField(max_length=300)
    includeQRCode = serializers.BooleanField(required=False, default=False)
    registration = Registration()
    callback = CallbackTarget()

    def validate_authority(self, value: str) -> str:
        if value not in {verifier_keys.identifier(), settings.PORTAL_BASE_URL}:
            raise serializers.ValidationError(f"The authority of this organisation is {verifier_keys.identifier()}.")
        return value


class PresentationPayload(Payload):
    includeReceipt = serializers.BooleanField(required=False, default=False)
    requestedCredentials = RequestedCredential(many=True)

    def validate_requestedCredentials(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(value) != 1:
            raise serializers.ValidationError("One credential is asked for at a time.")
        return value


class Pin(Member):
    """In the clear, or as the base64 of SHA-256 over ``salt`` and PIN, both UTF-8; then nobody here ever sees it."""

    value = serializers.CharField(max_length=64, trim_whitespace=False)
    length = serializers.IntegerField(
        min_value=issuer_policy.PIN_DIGITS_MIN, max_value=issuer_policy.PIN_DIGITS_MAX, required=False
    )
    type = serializers.ChoiceField(choices=["numeric"], required=False)
    salt = serializers.CharField(max_length=256, required=False, trim_whitespace=False)
    alg = serializers.ChoiceField(choices=["sha256"], required=False)
    iterations = serializers.IntegerField(min_value=1, max_value=1, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = attrs.keys() & {"salt", "alg", "iterations"}
        if given and len(given) < 3:
            raise serializers.ValidationError("A hashed PIN has salt, alg and iterations.")
        digits = attrs.get("length", issuer_policy.PIN_DIGITS)
        if given:
            try:
                is_digest = len(base64.b64decode(attrs["value"], validate=True)) == 32
            except (binascii.Error, ValueError):
                is_digest = False
            if not is_digest:
                raise serializers.ValidationError({"value": "A hashed PIN is the base64 of a SHA-256."})
        elif not _DIGITS.fullmatch(attrs["value"]) or len(attrs["value"]) != digits:
            raise serializers.ValidationError({"value": "The PIN has other digits than its length says."})
        return attrs | {"length": digits}


class IssuancePayload(Payload):
    """``type`` is read and not looked at: the manifest says which contract is meant, as in the original."""

    type = serializers.CharField(max_length=120)
    manifest = serializers.CharField(max_length=2048)
    claims = serializers.DictField(
        child=serializers.CharField(max_length=TEXT_MAX, allow_blank=True, trim_whitespace=False), required=False
    )
    pin = Pin(required=False, allow_null=True)
    expirationDate = serializers.DateTimeField(required=False)

    def validate_claims(self, value: dict[str, str]) -> dict[str, str]:
        if len(value) > CLAIMS_MAX:
            raise serializers.ValidationError(f"A request has at most {CLAIMS_MAX} claims.")
        return value


class RequestAnswer(serializers.Serializer):
    requestId = serializers.UUIDField()
    url = serializers.CharField()
    expiry = serializers.IntegerField()
    qrCode = serializers.CharField(required=False)
