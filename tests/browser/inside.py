"""What an operator could look up: read or age one house's records, through its own manage.py."""

import json
from typing import Any

from recovery_portal.demo.houses import Houses


def ask(houses: Houses, role: str, expression: str, *, imports: str = "") -> Any:
    """The JSON value of a Python ``expression`` evaluated inside one house."""
    code = f"import json\n{imports}\nprint('ANSWER' + json.dumps({expression}, default=str))"
    printed = houses.manage(role, "shell", "--no-imports", "-c", code)
    return json.loads(printed.rsplit("ANSWER", 1)[1])


_ATTEMPTS = "from recovery_portal.recovery.models import RecoveryAttempt as A"


def newest_attempt(houses: Houses, account_name: str) -> dict[str, Any]:
    """State, reason and score of the account's newest attempt, and whether it issued a pass."""
    return dict(
        ask(
            houses,
            "portal",
            "(lambda a: {'state': a.state, 'reason': a.reason_code, 'would_have': a.would_have, 'id': str(a.pk),"
            " 'score': a.face_check.score if a.face_check else None,"
            " 'passes': a.events.filter(event='passIssued').exists()})"
            f"(A.objects.filter(account_name={account_name!r}).order_by('-started_at')[0])",
            imports=_ATTEMPTS,
        )
    )


def age_attempt(houses: Houses, account_name: str) -> None:
    """Let the newest attempt's lifetime be over."""
    ask(
        houses,
        "portal",
        f"A.objects.filter(account_name={account_name!r}).update(expires_at=now() - timedelta(seconds=1))",
        imports=f"{_ATTEMPTS}\nfrom datetime import timedelta\nfrom django.utils.timezone import now",
    )


def newest_proofing_reference(houses: Houses) -> str:
    return str(
        ask(
            houses,
            "portal",
            "P.objects.exclude(proofing_reference='').order_by('-created_at')[0].proofing_reference",
            imports="from idv.verifier.models import ProofingRequest as P",
        )
    )


def decoy_name(houses: Houses, *, with_entry: bool) -> str:
    """An account name that nobody has and that is, or is not, offered recovery; under a profile in Production."""
    return str(
        ask(
            houses,
            "portal",
            "next(n for n in (f'nobody{i}@contoso.example' for i in range(200))"
            f" if d.has_entry(n) is {with_entry} and not d.fails_preflight(n)"
            " and q.find_profile_for_name(n).mode == 'production')",
            imports="from recovery_portal.recovery import decoys as d, queries as q",
        )
    )
