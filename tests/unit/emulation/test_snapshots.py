"""A house put away and brought back."""

import subprocess
import sys
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.models import User
from idv.provider.models import RelyingParty
from idv.verifier.models import IdentityProvider
from recovery_portal.kit import clock
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
from recovery_portal.testing.answers import ControlRefused
from recovery_portal.testing.client import RecoveryClient
from tests.check_project import environment
from tests.fakes.control import ask

pytestmark = pytest.mark.django_db(transaction=True)


def furnish(room: RecoveryClient) -> None:
    room.introduce()
    room.seed_group("Staff")
    room.seed_user(
        "ada@contoso.example", given_name="Ada", surname="Byron", groups=["Staff"], other_mails=["a@h.example"]
    )
    room.seed_profile("Staff", groups=["Staff"])
    RecoveryAttempt.begin(
        user=User.objects.get(),
        account_name="ada@contoso.example",
        profile=RecoveryProfile.objects.get(),
        at=clock.now(),
    )


def test_a_house_is_brought_back_row_by_row(room: RecoveryClient) -> None:
    furnish(room)
    before = room.attempts(), room.audit()
    kept = room.snapshot()
    room.move_clock(4 * 3600)
    room.seed_user("later@contoso.example")
    room.choose_parts(face="scripted")
    assert room.attempts()[0].state == "expired"
    room.restore(kept)
    assert (room.attempts(), room.audit()) == before
    assert list(User.objects.values_list("other_mails", flat=True)) == [["a@h.example"]]
    assert clock.now() - timezone.now() < timedelta(seconds=1)
    assert room.parts().face == "real"
    call_command("audit", "verify", stdout=StringIO())
    # And the house goes on: new rows find free numbers.
    room.seed_user("later@contoso.example")
    room.move_clock(4 * 3600)
    assert room.attempts()[0].state == "expired"
    room.restore(kept)
    assert room.attempts()[0].state == "started"


def test_an_emptied_house_keeps_keys_parties_and_operators(room: RecoveryClient) -> None:
    furnish(room)
    operator = room.seed_operator("Helpdesk")
    room.reset()
    assert [user.user_principal_name for user in User.objects.all()] == [operator.user_principal_name]
    assert User.objects.get().groups.get().name == "Helpdesk"
    assert not RecoveryAttempt.objects.exists()
    assert not RecoveryProfile.objects.exists()
    assert not AuditEvent.objects.exists()
    assert RelyingParty.objects.count() == IdentityProvider.objects.count() == 1
    furnish_again = room.seed_user("ada@contoso.example")
    assert furnish_again.user_principal_name == "ada@contoso.example"


_AT_THE_PROVIDER = """
import django
from django.conf import settings
settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from recovery_portal.emulation.flows import snapshots
call_command("migrate", verbosity=0)
users = get_user_model().objects
users.create_superuser("olga@provider.test")
users.create_user("left over")
snapshots.empty()
print([user.get_username() for user in users.all()])
"""


def test_an_emptied_provider_keeps_its_operators_too(tmp_path: Any) -> None:
    """It has no directory: its operators are rows of another table."""
    known = environment("provider", str(tmp_path)) | {
        "EMULATION": "1",
        "EMULATION_TOKEN": "x" * 40,
    }
    done = subprocess.run(
        [sys.executable, "-c", _AT_THE_PROVIDER], cwd=settings.BASE_DIR, env=known, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "['olga@provider.test']", done.stderr[-2000:]


@pytest.mark.parametrize("name", ["", "x" * 65, "../etc", "a b", "\u00e9"])
def test_a_snapshot_has_a_plain_name(room: RecoveryClient, name: str) -> None:
    assert ask("POST", "snapshots", {"id": name}).status_code == 400


def test_an_unknown_snapshot_changes_nothing(room: RecoveryClient) -> None:
    room.seed_user("ada@contoso.example")
    with pytest.raises(ControlRefused, match="no snapshot of that id"):
        room.restore("nothing-of-the-kind")
    assert User.objects.count() == 1


def test_a_snapshot_that_cannot_be_put_back_leaves_the_house_as_it_is(room: RecoveryClient) -> None:
    from recovery_portal.emulation import state

    room.seed_user("ada@contoso.example")
    kept = room.snapshot()
    spoiled: Any = state.read(f"snapshot:{kept}")
    columns, rows = spoiled["tables"]["accounts_user"]
    spoiled["tables"]["accounts_user"] = (columns, [*rows, *rows])
    state.write(f"snapshot:{kept}", spoiled)
    room.seed_user("later@contoso.example")
    with pytest.raises(Exception, match=r"(?i)unique"):
        room.restore(kept)
    assert User.objects.count() == 2
