"""Why the wallet refuses. The code picks the calm page; the reason is for whoever runs the wallet."""

from __future__ import annotations

from recovery_portal.kit.errors import DomainError


class WalletRefusal(DomainError):
    """Nothing was stored and nothing was shared. Codes are the keys of `idv.wallet.pages.ADVICE`."""


class LinkRefused(WalletRefusal):
    """The link, or what it leads to, cannot be used."""


class IssuerRefused(WalletRefusal):
    """The issuer could not be reached, answered wrongly, or said no."""


class VerifierRefused(WalletRefusal):
    """The verifier could not be reached, is not who it says, or said no."""


class SealBroken(WalletRefusal):
    """Sealed bytes did not open: another key, another wallet, or changed bytes."""
