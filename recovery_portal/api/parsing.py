"""JSON bodies, read strictly: one meaning, bounded size and depth (the parser of the wire, ``strict_json``)."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from idv.credentials import strict_json

from .errors import GraphError

MAX_BYTES = 131_072


class GraphJsonParser(BaseParser):
    """A JSON object, or nothing at all. Nulls in texts are refused: no database keeps them."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise GraphError(413, f"A request body has at most {MAX_BYTES} bytes.")
        if not data.strip():
            return {}
        try:
            return strict_json.load_object(data, max_bytes=MAX_BYTES)
        except strict_json.JsonInvalid as error:
            raise ParseError(f"Unable to read JSON request payload: {error.reason}.") from error
