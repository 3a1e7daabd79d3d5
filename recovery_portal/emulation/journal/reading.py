"""What a message says, without what it must not tell (pure).

Names of the wire's own grammar are shown with their values; a value that serves once (a state, a nonce, a code, a
token) is shown by the beginning of its digest, so that the same one is known again in another message; of everything
else only the name is shown. Tokens are taken apart, signatures and ciphertext left out.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

MASK: Final = "•••"
LINK_LENGTH: Final = 16
_LONGEST: Final = 400
_MOST_MEMBERS: Final = 80
_DEEPEST: Final = 12

# Values that stand in public specifications or metadata, or say how a thing is done and to whom.
_PLAIN_WORDS: Final = """
alg aud authorization_details authorization_endpoint authorization_servers batch_size client_assertion_type client_id
client_id_scheme code_challenge_method credential_configuration_id credential_configuration_ids credential_endpoint
credential_issuer crv cty decision deferred_credential_endpoint enc error error_description event exp expires_in format
grant_type iat id input_mode interval iss issuer jwks_uri kid kty lang length locale nbf nonce_endpoint
notification_endpoint outcome path purpose_code pushed_authorization_request_endpoint reason_code redirect_uri
request_uri_method response_mode response_type response_uri result scope status token_endpoint token_type ttl typ type
uri use values vct vct_values verdict version _sd_alg
"""
PLAIN: Final = frozenset(_PLAIN_WORDS.split())
_ONCE_WORDS: Final = """
access_token ath c_nonce code code_challenge code_verifier correlationId correlation_id credential_offer_uri
issuer_state jti nonce notification_id pre-authorized_code proofingReference proofing_reference refresh_token
request_uri response_code state transaction_id wallet_nonce
"""
_ONCE: Final = frozenset(_ONCE_WORDS.split())
# Names of things, never of people: ``name`` elsewhere may be somebody's.
_DISPLAYS: Final = frozenset({"display", "logo"})
_PAGES: Final = "offers|requests|responses|hand-over|proofing|add|share|phone|not-me"
_REFERENCES: Final = re.compile(rf"/(?:{_PAGES})/([\w-]{{16,64}})")
_JWT: Final = re.compile(r"[\w-]+\.[\w-]*\.[\w-]*")
_JWE: Final = re.compile(r"[\w-]+\.[\w-]*\.[\w-]*\.[\w-]*\.[\w-]*")
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://\S+|urn:\S+")


def link(value: str) -> str:
    """What stands for a value that serves once; as ``kit.tokens.digest`` begins."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:LINK_LENGTH]


class Reading:
    """One message being read; ``links`` are the values by which it hangs together with others."""

    def __init__(self) -> None:
        self.links: set[str] = set()

    def query(self, text: str, depth: int = 0) -> dict[str, Any]:
        members = parse_qsl(text, keep_blank_values=True)[:_MOST_MEMBERS]
        return {name: self.shown(name, value, depth) for name, value in members}

    def path(self, path: str) -> str:
        """A path whose references are shown by their digests."""

        def put(found: re.Match[str]) -> str:
            return found.group(0).replace(found.group(1), self._once(found.group(1)))

        return _REFERENCES.sub(put, path)

    def url(self, url: str, depth: int = 0) -> str:
        """An address with its references and its query masked; addresses stand in the queries of addresses."""
        url = _sound(url)
        if url.startswith("urn:"):
            return url[:_LONGEST]
        try:
            parts = urlsplit(url)
        except ValueError:
            return MASK
        query = "&".join(f"{name}={value}" for name, value in self.query(parts.query, depth + 1).items())
        return f"{parts.scheme}://{parts.netloc}{self.path(parts.path)}{'?' if query else ''}{query}"[:_LONGEST]

    def body(self, content_type: str, body: bytes) -> dict[str, Any]:
        """The members of a body in a form, in JSON, or in a token; {} for a page or a picture."""
        kind = content_type.partition(";")[0].strip().lower()
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return {"body": f"{len(body)} bytes, not text"} if body else {}
        if kind == "application/x-www-form-urlencoded":
            return self.query(text)
        if kind == "application/json" or kind.endswith("+json"):
            try:
                return self._as_members(self.shown("", json.loads(text)))
            except (ValueError, RecursionError):
                return {"body": "not JSON"}
        if kind.endswith("jwt") or kind == "application/jwt":
            return self._as_members(self.shown("", text.strip()))
        return {}

    def authorization(self, header: str) -> dict[str, Any]:
        scheme, _, token = header.partition(" ")
        return {"authorization": f"{scheme} {self._once(token)}"} if token else {}

    def shown(self, name: str, value: Any, depth: int = 0) -> Any:
        """``value`` as it may be shown under ``name``."""
        if depth > _DEEPEST:
            return MASK
        if name in _DISPLAYS:
            return _display(value)
        if isinstance(value, Mapping):
            members = list(value.items())[:_MOST_MEMBERS]
            return {_sound(str(key))[:80]: self.shown(str(key), one, depth + 1) for key, one in members}
        if isinstance(value, list):
            return [self.shown(name, one, depth + 1) for one in value[:20]]
        if not isinstance(value, str):
            return value if value is None or isinstance(value, bool) or name in PLAIN else MASK
        return self._text(name, value, depth)

    def _text(self, name: str, value: str, depth: int) -> Any:
        if name in _ONCE:
            head, colon, tail = value.rpartition(":")
            if value.startswith("urn:"):
                return f"{head}{colon}{self._once(tail)}"
            return self.url(value, depth) if _URL.fullmatch(value) else self._once(value)
        if "~" in value and (parts := _jwt(value.partition("~")[0])):
            return self._presented(parts, value, depth)
        if _JWE.fullmatch(value) and (header := _members(value.partition(".")[0])):
            return {"encrypted": self.shown("", header, depth + 1)}
        if parts := _jwt(value):
            return self._token(parts, depth)
        if value.startswith("{") and (members := _json(value)):
            return self.shown(name, members, depth + 1)
        if _URL.fullmatch(value) and not value.startswith("data:"):
            return self.url(value, depth)
        return _sound(value)[:_LONGEST] if name in PLAIN else MASK

    def _token(self, parts: tuple[dict[str, Any], dict[str, Any]], depth: int) -> dict[str, Any]:
        header, payload = parts
        header = {name: value for name, value in header.items() if name != "x5c"}
        return {
            "header": self.shown("", header, depth + 1),
            "payload": {
                _sound(name): self._claim(name, value, depth + 1)
                for name, value in list(payload.items())[:_MOST_MEMBERS]
            },
        }

    def _claim(self, name: str, value: Any, depth: int) -> Any:
        """The digests of what was not disclosed are many and say nothing."""
        if name == "_sd" and isinstance(value, list):
            return f"{len(value)} digests"
        if name in {"credentialSubject", "vc"} and isinstance(value, Mapping) and depth <= _DEEPEST:
            return {_sound(str(key)): self._claim(str(key), one, depth + 1) for key, one in value.items()}
        if name in {"lst", "x"} or (isinstance(value, str) and len(value) > _LONGEST and not _jwt(value)):
            return MASK
        return self.shown(name, value, depth)

    def _presented(self, parts: tuple[dict[str, Any], dict[str, Any]], compact: str, depth: int) -> dict[str, Any]:
        _, *rest = compact.split("~")
        disclosed = [name for text in rest[:-1] if (name := self._disclosed(text))]
        shown: dict[str, Any] = {"credential": self._token(parts, depth + 1), "disclosed": disclosed}
        if rest and (binding := _jwt(rest[-1])):
            shown["key_binding"] = self._token(binding, depth + 1)
        return shown

    def _disclosed(self, text: str) -> str:
        """The name of a disclosed claim; a reference that ties messages together is remembered by its digest."""
        disclosure = _json_of(text)
        if not isinstance(disclosure, list) or len(disclosure) != 3:
            return ""
        name, value = disclosure[1], disclosure[2]
        if name in _ONCE and isinstance(value, str):
            self._once(value)
        return _sound(str(name))[:80]

    def _once(self, value: str) -> str:
        if len(value) < 16:  # few enough to be guessed from a digest
            return MASK
        self.links.add(link(value))
        return f"#{link(value)[:8]}"

    @staticmethod
    def _as_members(shown: Any) -> dict[str, Any]:
        return shown if isinstance(shown, dict) else {"body": shown}


def _sound(text: str) -> str:
    """Text that can be written out: JSON may hold halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _display(value: Any) -> Any:
    """How an issuer or a credential type presents itself: public words, shortened."""
    if isinstance(value, list):
        return [_display(one) for one in value[:10]]
    if isinstance(value, Mapping):
        return {_sound(str(name))[:80]: _display(one) for name, one in list(value.items())[:20]}
    return _sound(value[:200]) if isinstance(value, str) and not value.startswith("data:") else MASK


def _jwt(text: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    if not _JWT.fullmatch(text):
        return None
    header, payload, _ = text.split(".")
    first, second = _members(header), _members(payload)
    return (first, second) if first and "alg" in first and second is not None else None


def _members(text: str) -> dict[str, Any] | None:
    found = _json_of(text)
    return found if isinstance(found, dict) else None


def _json_of(text: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None


def _json(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
