"""Token Status List (draft-ietf-oauth-status-list): a bit array in a signed token, and how to ask it."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from idv.credentials import base64url, jose
from idv.credentials.keys import SigningKey
from idv.credentials.sd_jwt import StatusReference
from idv.credentials.trust import TrustedIssuers
from recovery_portal.kit.errors import DomainError

TYP = "statuslist+jwt"
MEDIA_TYPE = "application/statuslist+jwt"
VALID, INVALID, SUSPENDED = 0, 1, 2
#: 2**20 entries of 8 bits: more is a decompression bomb, not a status list.
MAX_LIST_BYTES = 1_048_576
MAX_TTL = timedelta(hours=24)
_CLOCK_SKEW = timedelta(seconds=60)


class StatusUnavailable(DomainError):
    """The status could not be learnt. Whoever asked must refuse: an unknown status is not a good one."""


class StatusSource(Protocol):
    """Where a verifier learns a credential's status."""

    def status_of(self, reference: StatusReference, issuer: str, at: datetime) -> int:
        """0 valid, 1 invalid, 2 suspended, others by agreement. Raises StatusUnavailable; never guesses."""
        ...


class TokenStore(Protocol):
    """Where fetched tokens wait; Django's cache fits."""

    def get(self, key: str) -> Any:
        """The value, or None."""
        ...

    def set(self, key: str, value: Any, timeout: int) -> Any:
        """Keep the value for ``timeout`` seconds."""
        ...


class StatusList:
    """``size`` statuses of ``bits`` bits each, lowest bits first in each byte."""

    def __init__(self, size: int, bits: int = 1, *, data: bytes | None = None) -> None:
        """Raises ValueError for bits other than 1, 2, 4, 8 or for data of another size."""
        if bits not in (1, 2, 4, 8) or size <= 0 or size * bits % 8:
            raise ValueError("a list of whole bytes, with 1, 2, 4 or 8 bits for each entry")
        if data is not None and len(data) * 8 != size * bits:
            raise ValueError("the data has another size")
        self.size, self.bits = size, bits
        self._bytes = bytearray(data if data is not None else size * bits // 8)

    def get(self, idx: int) -> int:
        """The status of entry ``idx``. Raises IndexError out of bounds, also below zero."""
        byte, shift = self._place(idx)
        return (self._bytes[byte] >> shift) & ((1 << self.bits) - 1)

    def set(self, idx: int, status: int) -> None:
        """Write entry ``idx``. Raises IndexError out of bounds and ValueError when the status needs more bits."""
        if not 0 <= status < 1 << self.bits:
            raise ValueError("the status does not fit")
        byte, shift = self._place(idx)
        mask = ((1 << self.bits) - 1) << shift
        self._bytes[byte] = (self._bytes[byte] & ~mask) | (status << shift)

    def to_bytes(self) -> bytes:
        """The plain bit array."""
        return bytes(self._bytes)

    def encoded(self) -> str:
        """The ``lst`` member: zlib at its highest level, base64url."""
        return base64url.encode(zlib.compress(bytes(self._bytes), 9))

    @classmethod
    def decoded(cls, lst: str, bits: int) -> "StatusList":
        """The list behind a ``lst`` member. Raises StatusUnavailable; inflates at most MAX_LIST_BYTES."""
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(base64url.decode(lst), MAX_LIST_BYTES)
        except (zlib.error, base64url.Base64UrlInvalid) as error:
            raise StatusUnavailable("status_list_malformed", "lst is not zlib in base64url") from error
        if not inflater.eof or inflater.unconsumed_tail or inflater.unused_data:
            raise StatusUnavailable("status_list_malformed", "lst is cut off, too large or followed by more")
        try:
            return cls(len(data) * 8 // bits, bits, data=data)
        except (ValueError, ZeroDivisionError) as error:
            raise StatusUnavailable("status_list_malformed", "not a status list") from error

    def _place(self, idx: int) -> tuple[int, int]:
        if not 0 <= idx < self.size:
            raise IndexError("no such entry")
        return idx * self.bits // 8, idx * self.bits % 8


@dataclass(frozen=True, kw_only=True)
class VerifiedStatusList:
    """A status list whose token was verified. ``fresh_until`` is how long it may be kept, counted from its fetching."""

    statuses: StatusList
    issued_at: datetime
    expires_at: datetime | None
    ttl: timedelta | None


def to_token(
    statuses: StatusList,
    *,
    uri: str,
    issuer: str,
    issued_at: datetime,
    expires_at: datetime,
    ttl_s: int,
    key: SigningKey,
) -> str:
    """The signed Status List Token to serve at ``uri`` as application/statuslist+jwt; ``ttl_s`` in seconds."""
    payload = {
        "iss": issuer,
        "sub": uri,
        "iat": jose.seconds(issued_at),
        "exp": jose.seconds(expires_at),
        "ttl": ttl_s,
        "status_list": {"bits": statuses.bits, "lst": statuses.encoded()},
    }
    return jose.sign(payload, typ=TYP, key=key, named_by="x5c" if key.chain else "kid")


def read_token(token: str, *, uri: str, issuer: str, trusted: TrustedIssuers, at: datetime) -> VerifiedStatusList:
    """Verify a Status List Token from ``uri`` that must be signed by ``issuer``. Raises StatusUnavailable."""
    try:
        # 1 parsed, bounded   2 the key is one of the credential's own issuer   3 alg, typ, signature
        unverified = jose.peek(token, max_payload_bytes=MAX_LIST_BYTES * 2)
        key = trusted.key_of(issuer, unverified.header, at)
        payload = jose.verify(token, key=key, typ=TYP, max_payload_bytes=MAX_LIST_BYTES * 2).payload
        # 4 it is the list we asked for, by the issuer we asked about
        if payload.get("sub") != uri or payload.get("iss", issuer) != issuer:
            raise StatusUnavailable("status_list_wrong_subject", "the token is for another list")
        # 5 times
        issued_at, expires_at = jose.required_time_of(payload, "iat"), jose.time_of(payload, "exp")
        if issued_at > at + _CLOCK_SKEW or (expires_at is not None and at >= expires_at):
            raise StatusUnavailable("status_list_expired", "the token is not valid now")
        ttl = _ttl(payload)
    except StatusUnavailable:
        raise
    except DomainError as error:
        raise StatusUnavailable("status_list_untrusted", f"{error.code}: {error.reason}") from error
    # 6 the list itself
    return VerifiedStatusList(statuses=_list_in(payload), issued_at=issued_at, expires_at=expires_at, ttl=ttl)


class FetchedStatus:
    """A StatusSource that fetches tokens and keeps them no longer than their ``ttl`` and ``exp`` allow.

    ``fetch`` takes the URL and returns the body; whatever it raises means "unavailable". It must not follow redirects
    or reach inside addresses: pass a guarded one.
    """

    def __init__(self, *, fetch: Callable[[str], bytes], trusted: TrustedIssuers, store: TokenStore) -> None:
        self._fetch, self._trusted, self._store = fetch, trusted, store

    def status_of(self, reference: StatusReference, issuer: str, at: datetime) -> int:
        """As StatusSource says."""
        token = self._kept(reference.uri, issuer, at) or self._fetched(reference.uri, issuer, at)
        try:
            return token.statuses.get(reference.idx)
        except IndexError as error:
            raise StatusUnavailable("status_index_out_of_bounds", "the list has no such entry") from error

    def _kept(self, uri: str, issuer: str, at: datetime) -> VerifiedStatusList | None:
        kept = self._store.get(_store_key(uri))
        if not isinstance(kept, list | tuple) or len(kept) != 2:
            return None
        try:
            token = read_token(kept[0], uri=uri, issuer=issuer, trusted=self._trusted, at=at)
        except StatusUnavailable:
            return None
        age = jose.seconds(at) - kept[1]
        return token if token.ttl is not None and 0 <= age < token.ttl.total_seconds() else None

    def _fetched(self, uri: str, issuer: str, at: datetime) -> VerifiedStatusList:
        try:
            text = self._fetch(uri).decode("ascii").strip()
        except Exception as error:  # the transport's own errors are its own; each of them means: not known
            raise StatusUnavailable("status_list_unreachable", f"{uri}: {type(error).__name__}") from error
        token = read_token(text, uri=uri, issuer=issuer, trusted=self._trusted, at=at)
        if token.ttl is not None and token.ttl >= timedelta(seconds=1):
            self._store.set(_store_key(uri), [text, jose.seconds(at)], int(token.ttl.total_seconds()))
        return token


def _list_in(payload: Mapping[str, Any]) -> StatusList:
    member = payload.get("status_list")
    if not isinstance(member, dict):
        raise StatusUnavailable("status_list_malformed", "no status_list")
    bits, lst = member.get("bits"), member.get("lst")
    if isinstance(bits, bool) or bits not in (1, 2, 4, 8) or not isinstance(lst, str):
        raise StatusUnavailable("status_list_malformed", "bits or lst is not what it should be")
    return StatusList.decoded(lst, bits)


def _ttl(payload: Mapping[str, Any]) -> timedelta | None:
    ttl = payload.get("ttl")
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, int | float) or not ttl > 0:
        raise StatusUnavailable("status_list_malformed", "ttl is not a positive number")
    # A list that asks to be kept for years would hide every later revocation.
    return min(timedelta(seconds=min(ttl, 10**8)), MAX_TTL)


def _store_key(uri: str) -> str:
    return "status_list:" + base64url.encode(uri.encode("utf-8"))[:200]
