"""What an extension may answer: 200, JSON, and exactly one action. Everything else is an error: a no."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from idv.credentials import strict_json

from .errors import ExtensionError

MAX_BYTES: Final = 65_536
_MAX_FAILED_CLAIMS: Final = 50
_MAX_CLAIM_NAME: Final = 128
_RESPONSE: Final = "microsoft.graph.onVerifiedIdClaimValidationResponseData"
_PASS: Final = "microsoft.graph.verifiedIdClaimValidation.pass"  # noqa: S105 - a type
_FAILED: Final = "microsoft.graph.verifiedIdClaimValidation.failed"
# What the original's samples name beside claims.
_MARKERS: Final = frozenset({"employeeNotFound", "documentNumberMissing", "downloadFailed", "hrApiError", "employeeId"})
_UNKNOWN: Final = "other"


class CallFailed(Exception):
    """The extension could not be asked, or did not answer as agreed."""

    def __init__(self, error: ExtensionError) -> None:
        super().__init__(error.title)
        self.error = error


@dataclass(frozen=True)
class Answer:
    """``failed_claims`` are names of claims that were sent, or of the samples' markers: an extension that writes a
    person's data there does not get it into our log."""

    passed: bool
    failed_claims: tuple[str, ...] = ()


def judge(status: int, headers: Mapping[str, str], content: bytes, *, sent: Collection[str]) -> Answer:
    """Raises CallFailed."""
    if status != 200:
        raise CallFailed(ExtensionError.InvalidHTTPStatus)
    if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise CallFailed(ExtensionError.InvalidResponseContentType)
    if not content.strip():
        raise CallFailed(ExtensionError.EmptyResponse)
    if len(content) > MAX_BYTES:
        raise CallFailed(ExtensionError.ResponseSizeExceeded)
    try:
        data = strict_json.load_object(content, max_bytes=MAX_BYTES).get("data")
    except strict_json.JsonInvalid as error:
        raise CallFailed(ExtensionError.InvalidResponseBody) from error
    if not isinstance(data, dict):
        raise CallFailed(ExtensionError.InvalidResponseBody)
    if _type(data) != _RESPONSE:
        raise CallFailed(ExtensionError.InvalidResponseApiSchemaVersion)
    actions = data.get("actions")
    if not isinstance(actions, list) or len(actions) != 1:
        raise CallFailed(ExtensionError.InvalidNumberOfActions)
    return _verdict(actions[0], sent)


def _verdict(action: Any, sent: Collection[str]) -> Answer:
    kind = _type(action) if isinstance(action, dict) else ""
    if kind == _PASS:
        return Answer(True)
    if kind != _FAILED:
        raise CallFailed(ExtensionError.InvalidActionType)
    failed = action.get("failedClaims")
    if not isinstance(failed, list):
        raise CallFailed(ExtensionError.NullClaimsResponse)
    if not all(isinstance(name, str) and name.strip() for name in failed):
        raise CallFailed(ExtensionError.NullOrEmptyClaimKeyNotSupported)
    if len(failed) > _MAX_FAILED_CLAIMS or any(len(name) > _MAX_CLAIM_NAME for name in failed):
        raise CallFailed(ExtensionError.ResponseClaimsSizeExceeded)
    known = _MARKERS | {"documentId"} | set(sent)
    return Answer(False, tuple(dict.fromkeys(name if name in known else _UNKNOWN for name in failed)))


def _type(members: Mapping[str, Any]) -> str:
    kind = members.get("@odata.type")
    return kind.removeprefix("#") if isinstance(kind, str) else ""
