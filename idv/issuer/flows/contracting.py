"""Contracts, as operators write and change them."""

from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from .. import signals
from ..errors import ContractRefused
from ..models import Contract

# Credentials of that type and form are out: what they are must not change behind them.
SETTLED: Final = ("type_name", "format")
_TOLD: Final = (*SETTLED, "name", "enabled", "claims", "validity_days", "allow_expiration_override")


@transaction.atomic
def save_contract(*, contract: Contract, by: object, at: datetime) -> None:
    """Keep ``contract`` as it stands, new or changed; ``by`` is handed to who listens. Raises ContractRefused."""
    before = None if contract._state.adding else Contract.objects.select_for_update().get(pk=contract.pk)
    if before and any(getattr(before, name) != getattr(contract, name) for name in SETTLED):
        raise ContractRefused("contract_settled", "The type and the form of a contract cannot be changed.")
    try:
        contract.full_clean()
    except ValidationError as error:
        told = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
        raise ContractRefused("contract_invalid", told) from error
    contract.save()
    changes = {
        name: f"{'' if before is None else getattr(before, name)} -> {getattr(contract, name)}"
        for name in _TOLD
        if before is None or getattr(before, name) != getattr(contract, name)
    }
    if changes:
        signals.contract_saved.send(
            sender=Contract, contract=contract, is_new=before is None, changes=changes, by=by, at=at
        )
