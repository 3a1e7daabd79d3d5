"""A sample API for claim validation: ``python -m recovery_portal.demo.sample_extension --app-id …``.

It checks the token, looks the person up in a table of employees (CSV), and answers with one action. It needs nothing of
the portal but its address, and writes neither tokens nor claims anywhere: a beginning for an API of one's own.
"""

import argparse
import csv
import json
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import jwt

CALLER: Final = "99045fe1-7639-4a75-9d4a-577b6ca3810f"
ROLE: Final = "CustomAuthenticationExtension.Receive.Payload"
MAX_BODY: Final = 65_536
_TYPE: Final = "microsoft.graph.verifiedIdClaimValidation"
_PLAIN_ATTRIBUTES: Final = ("dateOfBirth", "documentNumber", "nationality", "documentIssuingCountry")


@dataclass(frozen=True)
class Employees:
    """Rows of a CSV file with the columns userPrincipalName, employeeId and any of the claims; blank cells are not
    compared."""

    rows: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, path: Path) -> "Employees":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return cls({row["userPrincipalName"].strip().lower(): row for row in csv.DictReader(file)})

    def failed_claims(self, document: Mapping[str, Any]) -> list[str]:
        """Which claims of the event contradict the table; an employee who is not in it is one, too."""
        data = document["data"]
        context = data["verifiedIdClaimsContext"]
        row = self.rows.get(str(data["authenticationContext"]["user"]["userPrincipalName"]).lower())
        if row is None:
            return ["employeeNotFound"]
        found = {**context["claims"], "employeeId": context["additionalInfo"].get("employeeId", "")}
        return [
            name
            for name in ("employeeId", *_PLAIN_ATTRIBUTES)
            if row.get(name) and _form(str(found.get(name, ""))) != _form(row[name])
        ]


def _form(value: str) -> str:
    return "".join(c for c in value.casefold() if c.isalnum())


class Tokens:
    """Whose tokens are taken: the portal's, made out to ``audience``, for the one program that calls extensions."""

    def __init__(self, issuer: str, audience: str) -> None:
        self.issuer, self.audience = issuer, audience
        self.keys: dict[str, Any] = {}

    def is_good(self, token: str) -> bool:
        try:
            kid = str(jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token,
                self._key(kid),
                algorithms=["ES256", "RS256"],
                audience=self.audience,
                issuer=self.issuer,
                options={"require": ["exp", "aud", "iss"]},
            )
        except (jwt.PyJWTError, KeyError, OSError, ValueError):
            return False
        return claims.get("azp") == CALLER and ROLE in claims.get("roles", [])

    def _key(self, kid: str) -> Any:
        if kid not in self.keys:
            configuration = _get(f"{self.issuer}/.well-known/openid-configuration")
            self.keys = {key["kid"]: jwt.PyJWK(key).key for key in _get(configuration["jwks_uri"])["keys"]}
        return self.keys[kid]


def _get(url: str) -> Any:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(url)
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the scheme was checked
        return json.load(answer)


def handler(tokens: Tokens, employees: Employees) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            length = self.headers.get("Content-Length", "")
            if scheme.lower() != "bearer" or not tokens.is_good(token.strip()):
                self._answer(401, {"error": "invalid_token"})
            elif not length.isdigit() or int(length) > MAX_BODY:
                self._answer(413, {"error": "too_large"})
            else:
                try:
                    failed = employees.failed_claims(json.loads(self.rfile.read(int(length))))
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                    self._answer(400, {"error": "not_an_event"})
                else:
                    self._answer(200, _response(failed))

        def _answer(self, status: int, document: Mapping[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            sys.stderr.write(f"{self.command} {args[1] if len(args) > 1 else ''}\n")

    return Handler


def _response(failed: list[str]) -> dict[str, Any]:
    action = {"@odata.type": f"{_TYPE}.failed", "failedClaims": failed} if failed else {"@odata.type": f"{_TYPE}.pass"}
    kind = "microsoft.graph.onVerifiedIdClaimValidationResponseData"
    return {"data": {"@odata.type": kind, "actions": [action]}}


def serve(*, issuer: str, app_id: str, employees: Employees, port: int) -> ThreadingHTTPServer:
    """The server, bound on this machine and ready for ``serve_forever``."""
    return ThreadingHTTPServer(("127.0.0.1", port), handler(Tokens(issuer, app_id), employees))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--app-id", required=True, help="application id of the API: the last part of its resource id")
    parser.add_argument("--portal", default="http://localhost:8000", help="address of the portal")
    parser.add_argument("--tenant", default="", help="the portal's TENANT_ID, when it was set")
    parser.add_argument("--employees", type=Path, required=True, help="CSV of what to compare, by userPrincipalName")
    parser.add_argument("--port", type=int, default=7071)
    chosen = parser.parse_args(arguments)
    tenant = chosen.tenant or uuid5(NAMESPACE_URL, chosen.portal)
    server = serve(
        issuer=f"{chosen.portal}/{tenant}/v2.0",
        app_id=chosen.app_id,
        employees=Employees.read(chosen.employees),
        port=chosen.port,
    )
    sys.stderr.write(f"Listening at http://localhost:{server.server_port}/\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
