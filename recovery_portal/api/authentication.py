"""Who calls: the bearer of an access token (RFC 6750), in the header and nowhere else."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from recovery_portal.kit import clock

from . import tokens
from .caller import Caller
from .errors import GraphError


class BearerToken(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Caller, None]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise GraphError(401, "Access token is empty.")
        try:
            return tokens.read(token.strip(), at=clock.now()), None
        except tokens.TokenRefused as refusal:
            raise GraphError(401, refusal.reason) from refusal

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
