"""Whom the kit trusts over https: the public authorities, and the development authority of a demo.

`make demo HTTPS=1` makes an authority of its own. It is trusted by the kit where it is named, or found where the demo
keeps it: in `.demo` of this folder or of one above it.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

_KEPT_AT = Path(".demo") / "development-ca.pem"


class AuthorityUnreadable(ValueError):
    """The file that was named holds no certificates; the message is one sentence."""


def context(portal: str, authority: str = "") -> ssl.SSLContext | None:
    """For houses over https; None for such as speak plain HTTP. Raises AuthorityUnreadable."""
    if urlsplit(portal).scheme != "https":
        return None
    import httpx

    made = httpx.create_ssl_context(trust_env=False)
    named = Path(authority) if authority else _found()
    if named is not None:
        try:
            made.load_verify_locations(cafile=str(named))
        except (OSError, ssl.SSLError) as error:
            raise AuthorityUnreadable(f"{named} cannot be read as certificates to trust.") from error
    return made


def _found() -> Path | None:
    here = Path.cwd()
    return next((folder / _KEPT_AT for folder in (here, *here.parents) if (folder / _KEPT_AT).is_file()), None)


def is_distrust(error: BaseException | None) -> bool:
    """Whether a connection failed because of whom the server's certificate is by."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def key_digest(origin: str, trusted: ssl.SSLContext) -> str:
    """What a browser calls the key of the server at ``origin``, once it has shown a certificate that is trusted."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    parts = urlsplit(origin)
    with (
        socket.create_connection((parts.hostname or "", parts.port or 443), timeout=10) as plain,
        trusted.wrap_socket(plain, server_hostname=parts.hostname) as wrapped,
    ):
        shown = x509.load_der_x509_certificate(wrapped.getpeercert(binary_form=True) or b"")
    key = shown.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
