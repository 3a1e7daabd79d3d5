"""Contracts of the organisation's own credentials in the document."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.operators import Operator
from idv.issuer import flows as issuer
from idv.issuer.models import Contract

from .changes import Change, cleaned, differences, plain_fields
from .document import ConfigRefused, entries
from .refusals import refused_at


class Contracts:
    """Contracts by name. Each installation gives them ids, and so manifests, of its own."""

    name = "contracts"
    _FIELDS = plain_fields(Contract, leaving_out=frozenset({"name", "created_at"}))

    def tell(self) -> Any:
        return [{"name": contract.name, **self._told(contract)} for contract in Contract.objects.all()]

    def _told(self, contract: Contract) -> dict[str, Any]:
        return {name: getattr(contract, name) for name in self._FIELDS}

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        for where, entry in entries(data, self.name, ("name", *self._FIELDS)):
            wanted = {key: cleaned(Contract, key, entry[key], where) for key in self._FIELDS if key in entry}
            name = cleaned(Contract, "name", entry["name"], where)
            contract = Contract.objects.filter(name=name).first()
            if contract is None:
                if missing := {"type_name", "claims"} - wanted.keys():
                    raise ConfigRefused("invalid", f"{where}: {min(missing)} is missing")
                yield Change(where)
                contract = Contract(name=name)
            elif changes := differences(where, self._told(contract), wanted):
                yield from changes
            else:
                continue
            for field, value in wanted.items():
                setattr(contract, field, value)
            with refused_at(where):
                issuer.save_contract(contract=contract, by=by, at=at)
