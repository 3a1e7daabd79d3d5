"""What the issuer does for programs and wallets. Import from here; the modules are rooms inside."""

from .contracting import SETTLED, save_contract
from .issuing import Issued, grant, issue, new_nonce, note, require_token
from .offering import Made, Pin, find_contract, offer, purge, read_offer, withdraw
from .status import revoke

__all__ = [
    "SETTLED", "Issued", "Made", "Pin", "find_contract", "grant", "issue", "new_nonce", "note", "offer", "purge",
    "read_offer", "require_token", "revoke", "save_contract", "withdraw",
]  # fmt: skip
