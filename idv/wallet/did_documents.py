"""Fetching the document of a did:web; other methods that this wallet knows carry their key in their name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from idv.protocol import did
from idv.wallet import wire
from idv.wallet.wire import Wire


def fetch(line: Wire, identifier: str) -> Mapping[str, Any] | None:
    """The document; None for a DID that needs none, or that we cannot resolve. Raises DidInvalid, FetchFailed."""
    if not identifier.startswith("did:web:"):
        return None
    host, path = did.document_location(identifier)
    origin = f"https://{host}"
    if f"http://{host}" in settings.OUTBOUND_ORIGINS:  # a house of the same emulation
        origin = f"http://{host}"
    answer = line.send("GET", origin + path, headers={"Accept": "application/json"})
    if answer.status != 200:
        raise did.DidInvalid("did_document_missing", f"the DID document answered {answer.status}")
    return wire.object_in(answer)
