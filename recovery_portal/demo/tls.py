"""Certificates of the demo's own: a development CA, kept so that a browser has to be told of it once, and a leaf under
it for this machine's name."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from idv.credentials import certificates

HOST = "localhost"
_RENEWED_BEFORE = timedelta(days=30)


class ServerCertificate:
    """Files in ``folder``: ``ca_file`` is what clients are to trust, the other two are the servers'. The CA's own key
    is not kept: with the leaf's end there is a new CA, and nobody can make a certificate for another name meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "development-ca.pem"
        self.certificate_file = folder / "server.pem"
        self.key_file = folder / "server.key"

    def prepare(self, at: datetime) -> None:
        """Make the files unless they are there and good for a while."""
        if not self._is_good(at):
            authority = certificates.development_ca("Recovery Portal demo CA", at)
            leaf = certificates.issue_leaf(authority, name=HOST, at=at, dns_names=[HOST], is_server=True)
            self.key_file.touch(mode=0o600)
            self.key_file.write_text(leaf.private_pem(), encoding="ascii")
            self.certificate_file.write_text(leaf.chain_pems()[0], encoding="ascii")
            self.ca_file.write_text(authority.chain_pems()[0], encoding="ascii")

    def _is_good(self, at: datetime) -> bool:
        try:
            leaf = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
            authority = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
            key = serialization.load_pem_private_key(self.key_file.read_bytes(), password=None)
            leaf.verify_directly_issued_by(authority)
        except (OSError, ValueError, TypeError, InvalidSignature):
            return False
        is_same_key = leaf.public_key() == key.public_key()
        return is_same_key and leaf.not_valid_after_utc.astimezone(UTC) > at + _RENEWED_BEFORE
