"""What operators do with contracts and their credentials, in the audit log. Issuing itself is not in it, as in the
original (facts 1.12)."""

from collections.abc import Mapping
from datetime import datetime

from accounts.audit import flows as audit
from accounts.models import User
from accounts.operators import Operator
from idv.issuer.models import Contract, IssuedCredential

_LONGEST = 500


def record_contract(
    *, contract: Contract, is_new: bool, changes: Mapping[str, str], by: User | Operator, at: datetime
) -> None:
    """``changes`` maps a field to ``before -> after``."""
    told = {name: change[:_LONGEST] for name, change in changes.items()}
    _record("Create contract" if is_new else "Update contract", by, at, contract=contract.type_name, **told)


def record_revocation(*, credential: IssuedCredential, by: User | Operator, at: datetime) -> None:
    _record("Revoke credential", by, at, contract=credential.contract.type_name, requestId=credential.correlation_id)


def _record(activity: str, by: User | Operator, at: datetime, **details: str) -> None:
    operator = by if isinstance(by, Operator) else Operator(user=by)
    audit.record(
        activity=activity, at=at, initiated_by=operator.user, application=operator.application,
        service="Verified ID", category="Policy", details=details,
    )  # fmt: skip
