"""Strict JSON under the name the wire uses. It lives with the credentials, which need it too."""

from idv.credentials.strict_json import MAX_BYTES, MAX_DEPTH, JsonInvalid, dumps, load_object, loads

__all__ = ["MAX_BYTES", "MAX_DEPTH", "JsonInvalid", "dumps", "load_object", "loads"]
