"""``authorization_details`` of type openid_credential (OpenID4VCI 1.0 section 5.1.1, RFC 9396)."""

from collections.abc import Sequence
from typing import Any

from idv.protocol import strict_json
from idv.protocol.messages import IssuanceInvalid

_TYPE = "openid_credential"
_REFUSED = "invalid_authorization_details"


def parse(text: str) -> str:
    """The one credential configuration that is asked for. Raises IssuanceInvalid."""
    try:
        details = strict_json.loads(text, max_bytes=8192)
    except strict_json.JsonInvalid as error:
        raise IssuanceInvalid(_REFUSED, error.reason) from error
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], dict):
        raise IssuanceInvalid(_REFUSED, "a list of one entry is expected")
    if details[0].get("type") != _TYPE:
        raise IssuanceInvalid(_REFUSED, f"type is not {_TYPE}")
    configuration_id = details[0].get("credential_configuration_id")
    if not isinstance(configuration_id, str):
        raise IssuanceInvalid(_REFUSED, "credential_configuration_id is missing")
    return configuration_id


def granted(configuration_id: str, identifiers: Sequence[str]) -> list[dict[str, Any]]:
    """The member of the token answer that names what may be asked for (section 6.2)."""
    return [
        {
            "type": _TYPE,
            "credential_configuration_id": configuration_id,
            "credential_identifiers": list(identifiers),
        }
    ]


def wanted(configuration_id: str, *, locations: Sequence[str] = ()) -> str:
    """The parameter by which a wallet asks for one configuration; ``locations`` names the issuer (section 5.1.1)."""
    entry: dict[str, Any] = {"type": _TYPE, "credential_configuration_id": configuration_id}
    return strict_json.dumps([entry | ({"locations": list(locations)} if locations else {})])
