"""DCQL (OpenID4VP 1.0 section 6): say what is asked for, find what fits, and check that the answer has that shape."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recovery_portal.kit.errors import DomainError

FORMAT = "dc+sd-jwt"
JWT_FORMAT = "jwt_vc_json"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MAX_CREDENTIALS = 8
_MAX_CLAIMS = 64
_AKI = "aki"
_BASE_TYPE = "VerifiableCredential"
_EXPANDED_BASE_TYPE = f"https://www.w3.org/2018/credentials#{_BASE_TYPE}"

Path = tuple[str | int | None, ...]


class DcqlInvalid(DomainError):
    """A query that says nothing sensible, or an answer that does not fit its query."""


@dataclass(frozen=True, kw_only=True)
class HeldCredential:
    """What a wallet tells ``match`` about one credential: its type, its claims disclosed, and who certified its key.

    ``authority_key_ids`` are the key identifiers that the certificates in its header name as their authorities'.
    A ``jwt_vc_json`` has W3C ``types`` instead of a ``vct``, and its claims lie below ``credentialSubject``.
    """

    key: str
    vct: str
    claims: Mapping[str, Any]
    authority_key_ids: frozenset[str] = frozenset()
    format: str = FORMAT
    types: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Match:
    """A held credential that answers one credential query, and the claim paths to disclose for it.

    ``options`` are all the claim sets that this credential can satisfy, the verifier's preferred one first: any will
    do for the verifier, so the choice is the person's.
    """

    key: str
    options: tuple[tuple[Path, ...], ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The verifier's preferred claim set."""
        return self.options[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The top-level claim names of the preferred claim set."""
        return names_in(self.paths)


def names_in(paths: Sequence[Path]) -> tuple[str, ...]:
    """The top-level claim names among ``paths``."""
    return tuple(dict.fromkeys(path[0] for path in paths if isinstance(path[0], str)))


def query(
    *,
    query_id: str,
    vcts: Sequence[str],
    claims: Sequence[str],
    claim_sets: Sequence[Sequence[str]] = (),
    authority_key_ids: Sequence[str] = (),
) -> dict[str, Any]:
    """A query for one SD-JWT VC of a type in ``vcts`` with all of the top-level ``claims``.

    ``claim_sets``, when given, names the combinations of them that will do, the preferred one first.
    ``authority_key_ids`` tells wallets whose certificates will be believed (section 6.1.1.1): a hint, checked again.
    """
    entry: dict[str, Any] = {
        "id": query_id,
        "format": FORMAT,
        "meta": {"vct_values": list(vcts)},
        "claims": [{"id": name, "path": [name]} if claim_sets else {"path": [name]} for name in claims],
    }
    if claim_sets:
        entry["claim_sets"] = [list(names) for names in claim_sets]
    if authority_key_ids:
        entry["trusted_authorities"] = [{"type": _AKI, "values": list(authority_key_ids)}]
    built = {"credentials": [entry]}
    validate(built)
    return built


def jwt_query(*, query_id: str, credential_type: str, claims: Sequence[str]) -> dict[str, Any]:
    """A query for one ``jwt_vc_json`` credential of a W3C type, whose claims lie below ``credentialSubject``."""
    entry = {
        "id": query_id,
        "format": JWT_FORMAT,
        "meta": {"type_values": [[_BASE_TYPE, credential_type]]},
        "claims": [{"path": ["credentialSubject", name]} for name in claims],
    }
    built = {"credentials": [entry]}
    validate(built)
    return built


def either(*queries: Mapping[str, Any]) -> dict[str, Any]:
    """One query of several, of which any will do, the first preferred (``credential_sets``)."""
    entries = [entry for query in queries for entry in query["credentials"]]
    built = {"credentials": entries, "credential_sets": [{"options": [[entry["id"]] for entry in entries]}]}
    validate(built)
    return built


def validate(dcql_query: object) -> dict[str, Any]:
    """The query itself, when it is well-formed. Raises DcqlInvalid. Unknown members are ignored, as the text asks."""
    if not isinstance(dcql_query, dict):
        raise DcqlInvalid("dcql_malformed", "a query is a JSON object")
    credentials = _list(dcql_query, "credentials", _MAX_CREDENTIALS)
    ids = [_validated_credential(entry) for entry in credentials]
    if len(set(ids)) != len(ids):
        raise DcqlInvalid("dcql_malformed", "two credential queries have one id")
    if "credential_sets" in dcql_query:
        for entry in _list(dcql_query, "credential_sets", _MAX_CREDENTIALS):
            _validate_set(entry, set(ids))
    return dcql_query


def match(dcql_query: Mapping[str, Any], held: Sequence[HeldCredential]) -> dict[str, list[Match]]:
    """Which held credentials answer each credential query. Queries that nothing answers are absent.

    Of ``claim_sets`` the first that a credential can satisfy is the preferred one: the verifier's order says so.
    """
    found: dict[str, list[Match]] = {}
    for entry in dcql_query["credentials"]:
        for candidate in held:
            options = _options_for(entry, candidate)
            if options:
                found.setdefault(entry["id"], []).append(Match(key=candidate.key, options=options))
    return found


def is_answerable(dcql_query: Mapping[str, Any], answered_ids: Sequence[str] | set[str]) -> bool:
    """Whether answers to these credential queries satisfy the whole query (section 6.4.2)."""
    answered = set(answered_ids)
    if "credential_sets" not in dcql_query:
        return all(entry["id"] in answered for entry in dcql_query["credentials"])
    return all(
        any(set(option) <= answered for option in entry["options"])
        for entry in dcql_query["credential_sets"]
        if entry.get("required", True)
    )


def require_response_shape(dcql_query: Mapping[str, Any], vp_token: object) -> dict[str, list[str]]:
    """The presentations by query id, when the answer has the query's shape. Raises DcqlInvalid.

    Refused: ids that were not asked for, anything but an array of texts, more than one where ``multiple`` was not
    said, and answers that leave a required credential set open.
    """
    if not isinstance(vp_token, dict) or not vp_token:
        raise DcqlInvalid("vp_token_malformed", "vp_token is not a JSON object with answers")
    entries = {entry["id"]: entry for entry in dcql_query["credentials"]}
    for query_id, presentations in vp_token.items():
        if query_id not in entries:
            raise DcqlInvalid("vp_token_unasked", "an answer to a query that was not asked")
        if not isinstance(presentations, list) or not presentations:
            raise DcqlInvalid("vp_token_malformed", "an answer is a non-empty array")
        if not all(isinstance(item, str) and item for item in presentations):
            raise DcqlInvalid("vp_token_malformed", "a presentation is a text")
        if len(presentations) > (_MAX_CREDENTIALS if entries[query_id].get("multiple") is True else 1):
            raise DcqlInvalid("vp_token_too_many", "more presentations than were asked for")
    if not is_answerable(dcql_query, set(vp_token)):
        raise DcqlInvalid("vp_token_incomplete", "a required credential is missing")
    return vp_token


def require_claims(dcql_query: Mapping[str, Any], query_id: str, claims: Mapping[str, Any]) -> None:
    """Refuse disclosed ``claims`` that leave out what the credential query asked for, or have other values.

    A wallet's own matching is a courtesy to its user, never a proof to us. Raises DcqlInvalid.
    """
    entry = next((entry for entry in dcql_query["credentials"] if entry["id"] == query_id), None)
    if entry is None:
        raise DcqlInvalid("vp_token_unasked", "an answer to a query that was not asked")
    if not _satisfied(entry, claims):
        raise DcqlInvalid("claims_missing", "a requested claim was not disclosed")


def values_at(claims: Any, path: Sequence[str | int | None]) -> list[Any]:
    """The values that a claims path selects (section 7); empty when it selects nothing."""
    selected = [claims]
    for step in path:
        selected = [value for item in selected for value in _step_into(item, step)]
    return selected


def _step_into(item: Any, step: str | int | None) -> list[Any]:
    if isinstance(item, list):
        if step is None:
            return item
        return [item[step]] if isinstance(step, int) and 0 <= step < len(item) else []
    return [item[step]] if isinstance(item, dict) and step in item else []


def _options_for(entry: Mapping[str, Any], candidate: HeldCredential) -> tuple[tuple[Path, ...], ...]:
    if entry["format"] != candidate.format or not _is_of_type(entry["meta"], candidate):
        return ()
    return _satisfied(entry, candidate.claims) if _may_be_certified(entry, candidate) else ()


def _is_of_type(meta: Mapping[str, Any], candidate: HeldCredential) -> bool:
    if candidate.format == FORMAT:
        return candidate.vct in meta["vct_values"]
    # Appendix B.1.1 compares expanded names; a name that no context maps, as those of all our types, expands to itself.
    names = candidate.types | ({_EXPANDED_BASE_TYPE} if _BASE_TYPE in candidate.types else set())
    return any(names.issuperset(alternative) for alternative in meta["type_values"])


def _may_be_certified(entry: Mapping[str, Any], candidate: HeldCredential) -> bool:
    """Whether one of the authorities that the verifier believes may stand behind it (section 6.1.1)."""
    authorities = entry.get("trusted_authorities", [])
    # Of a trust framework that we cannot look into we cannot say no.
    return not authorities or any(
        authority["type"] != _AKI or not candidate.authority_key_ids.isdisjoint(authority["values"])
        for authority in authorities
    )


def _satisfied(entry: Mapping[str, Any], claims: Mapping[str, Any]) -> tuple[tuple[Path, ...], ...]:
    """The paths of every claim set that ``claims`` satisfies, in the verifier's order."""
    wanted = entry.get("claims", [])
    by_id = {item["id"]: item for item in wanted if "id" in item}
    options = (
        [[by_id[name] for name in option] for option in entry["claim_sets"]] if "claim_sets" in entry else [wanted]
    )
    return tuple(
        tuple(tuple(item["path"]) for item in option)
        for option in options
        if all(_has(claims, item) for item in option)
    )


def _has(claims: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    values = values_at(claims, wanted["path"])
    if "values" in wanted:
        # In Python True == 1; in a query they are two values.
        return any(type(value) is type(other) and value == other for value in values for other in wanted["values"])
    return bool(values)


def _validated_credential(entry: object) -> str:
    query_id = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(query_id, str) or not _ID.fullmatch(query_id):
        raise DcqlInvalid("dcql_malformed", "a credential query needs an id of letters, digits, _ and -")
    if not isinstance(entry.get("format"), str) or not isinstance(entry.get("meta"), dict):
        raise DcqlInvalid("dcql_malformed", "a credential query needs format and meta")
    if entry["format"] == FORMAT:
        vcts = _list(entry["meta"], "vct_values", _MAX_CLAIMS)
        if not all(isinstance(vct, str) for vct in vcts):
            raise DcqlInvalid("dcql_malformed", "vct_values are texts")
    if entry["format"] == JWT_FORMAT:
        for types in _list(entry["meta"], "type_values", _MAX_CLAIMS):
            if not isinstance(types, list) or not types or not all(isinstance(name, str) for name in types):
                raise DcqlInvalid("dcql_malformed", "type_values are lists of texts")
    if "trusted_authorities" in entry:
        for authority in _list(entry, "trusted_authorities", _MAX_CLAIMS):
            if not isinstance(authority, dict) or not isinstance(authority.get("type"), str):
                raise DcqlInvalid("dcql_malformed", "an authority has a type")
            if not all(isinstance(value, str) for value in _list(authority, "values", _MAX_CLAIMS)):
                raise DcqlInvalid("dcql_malformed", "an authority has values that are texts")
    for name in ("multiple", "require_cryptographic_holder_binding"):
        if not isinstance(entry.get(name, False), bool):
            raise DcqlInvalid("dcql_malformed", f"{name} is true or false")
    if "claims" in entry:
        _validate_claims(entry)
    elif "claim_sets" in entry:
        raise DcqlInvalid("dcql_malformed", "claim_sets without claims")
    return query_id


def _validate_claims(entry: Mapping[str, Any]) -> None:
    ids: list[str] = []
    for claim in _list(entry, "claims", _MAX_CLAIMS):
        path = claim.get("path") if isinstance(claim, dict) else None
        if not isinstance(path, list) or not 0 < len(path) <= 16 or not all(_is_step(step) for step in path):
            raise DcqlInvalid("dcql_malformed", "a claim needs a path of names, indexes and nulls")
        if "values" in claim:
            _list(claim, "values", _MAX_CLAIMS)
        if "id" in claim:
            if not isinstance(claim["id"], str) or not _ID.fullmatch(claim["id"]):
                raise DcqlInvalid("dcql_malformed", "a claim id is letters, digits, _ and -")
            ids.append(claim["id"])
    if len(set(ids)) != len(ids):
        raise DcqlInvalid("dcql_malformed", "two claims have one id")
    if "claim_sets" in entry:
        for option in _list(entry, "claim_sets", _MAX_CLAIMS):
            if not isinstance(option, list) or not option or not all(name in ids for name in option):
                raise DcqlInvalid("dcql_malformed", "a claim set names claims by their ids")


def _validate_set(entry: object, ids: set[str]) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("required", True), bool):
        raise DcqlInvalid("dcql_malformed", "a credential set is an object")
    for option in _list(entry, "options", _MAX_CREDENTIALS):
        if (
            not isinstance(option, list)
            or not option
            or not all(isinstance(name, str) and name in ids for name in option)
        ):
            raise DcqlInvalid("dcql_malformed", "an option names credential queries by their ids")


def _is_step(step: object) -> bool:
    return step is None or isinstance(step, str) or (isinstance(step, int) and not isinstance(step, bool) and step >= 0)


def _list(members: Mapping[str, Any], name: str, most: int) -> list[Any]:
    value = members.get(name)
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise DcqlInvalid("dcql_malformed", f"{name} is not a list of 1 to {most}")
    return value
