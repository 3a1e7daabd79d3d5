"""What an operator could look up: read or age one house's records, in a ``manage.py shell`` of it that stays open."""

import contextlib
import json
import subprocess
import sys
from typing import Any

from recovery_portal.demo.houses import ROOT, Houses

# Starting a house's command line takes longer than most of what is asked of it.
_LISTEN = """
import contextlib, io, json, sys, traceback
from django.db import connection
to_the_tests = sys.stdout
for line in sys.stdin:
    printed, failed = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(json.loads(line), {})
    except BaseException:
        failed = traceback.format_exc()
    connection.close()
    print("TOLD" + json.dumps([printed.getvalue(), failed]), file=to_the_tests, flush=True)
"""


class OpenHouses(Houses):
    """Houses that answer at once what is asked inside them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._shells: dict[str, subprocess.Popen[str]] = {}

    def run_inside(self, role: str, code: str) -> str:
        """What ``code`` prints in the house. Raises RuntimeError with its complaint."""
        shell = self._shells.get(role) or self._shells.setdefault(role, self._open(role))
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(json.dumps(code) + "\n")
        shell.stdin.flush()
        line = next((line for line in shell.stdout if line.startswith("TOLD")), None)
        if line is None:
            raise RuntimeError(f"the shell of the {role} ended: {self.folder / f'{role}-shell.log'}")
        printed, failed = json.loads(line.removeprefix("TOLD"))
        if failed:
            raise RuntimeError(failed)
        return str(printed)

    def command(self, role: str, *arguments: str) -> str:
        """What a management command prints, run in the house. ``manage`` starts a process for it."""
        return self.run_inside(role, f"from django.core.management import call_command\ncall_command(*{arguments!r})")

    def _open(self, role: str) -> "subprocess.Popen[str]":
        with (self.folder / f"{role}-shell.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", _LISTEN],
                env=self.environment(role),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def stop(self) -> None:
        for shell in self._shells.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                shell.communicate(timeout=5)  # the end of its input ends it
            shell.kill()
        self._shells.clear()
        super().stop()


def ask(houses: OpenHouses, role: str, expression: str, *, imports: str = "") -> Any:
    """The JSON value of a Python ``expression`` evaluated inside one house."""
    code = f"import json\n{imports}\nprint('ANSWER' + json.dumps({expression}, default=str))"
    printed = houses.run_inside(role, code)
    return json.loads(printed.rsplit("ANSWER", 1)[1])


_ATTEMPTS = "from recovery_portal.recovery.models import RecoveryAttempt as A"


def newest_attempt(houses: OpenHouses, account_name: str) -> dict[str, Any]:
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


def age_attempt(houses: OpenHouses, account_name: str) -> None:
    """Let the newest attempt's lifetime be over."""
    ask(
        houses,
        "portal",
        f"A.objects.filter(account_name={account_name!r}).update(expires_at=now() - timedelta(seconds=1))",
        imports=f"{_ATTEMPTS}\nfrom datetime import timedelta\nfrom django.utils.timezone import now",
    )


def newest_proofing_reference(houses: OpenHouses) -> str:
    return str(
        ask(
            houses,
            "portal",
            "P.objects.exclude(proofing_reference='').order_by('-created_at')[0].proofing_reference",
            imports="from idv.verifier.models import ProofingRequest as P",
        )
    )


def decoy_name(houses: OpenHouses, *, with_entry: bool) -> str:
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
