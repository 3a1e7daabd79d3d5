"""The pass as sign-in and Security info see it."""

from datetime import datetime, timedelta

import pytest

from accounts.errors import MethodNotFound, MethodRefused
from accounts.models import User
from tap import flows
from tap.method import TemporaryAccessPassMethod
from tap.models import TemporaryAccessPass

pytestmark = pytest.mark.django_db
method = TemporaryAccessPassMethod()
HOUR = timedelta(hours=1)


def test_it_is_usable_while_there_is_a_usable_pass(alice: User, now: datetime) -> None:
    assert not method.usable_by(alice, at=now)
    flows.issue(user=alice, issued_by=None, at=now)
    assert method.usable_by(alice, at=now)
    assert not method.usable_by(alice, at=now + HOUR)
    assert method.is_standing is False


def test_the_right_passcode_obliges_to_register(alice: User, now: datetime) -> None:
    issued = flows.issue(user=alice, issued_by=None, at=now, is_usable_once=True)
    method.verify(alice, {"passcode": f" {issued.passcode}\n"}, at=now)
    duty = method.must_register_after(alice, at=now)
    assert duty is not None
    assert duty.until == now + timedelta(minutes=10)


def test_a_multi_use_pass_obliges_until_it_ends(alice: User, now: datetime) -> None:
    flows.issue(user=alice, issued_by=None, at=now, lifetime_minutes=90)
    duty = method.must_register_after(alice, at=now)
    assert duty is not None
    assert duty.until == now + timedelta(minutes=90)


@pytest.mark.parametrize("form", [{}, {"passcode": ""}, {"passcode": "wrong"}, {"passcode": "\0" * 100_000}])
def test_a_wrong_passcode_is_refused(alice: User, now: datetime, form: dict[str, str]) -> None:
    flows.issue(user=alice, issued_by=None, at=now)
    with pytest.raises(MethodRefused, match="AADSTS130503"):
        method.verify(alice, form, at=now)


def test_an_unknown_account_is_refused_the_same_way(alice: User, now: datetime) -> None:
    """V12."""
    with pytest.raises(MethodRefused) as unknown:
        method.verify(None, {"passcode": "wrong"}, at=now)
    with pytest.raises(MethodRefused) as without:
        method.verify(alice, {"passcode": "wrong"}, at=now)
    assert unknown.value.code == without.value.code


def test_security_info_shows_when_it_expires_and_lets_the_person_delete_it(alice: User, now: datetime) -> None:
    assert method.describe(alice, at=now) == []
    issued = flows.issue(user=alice, issued_by=None, at=now)
    (row,) = method.describe(alice, at=now)
    assert (row.id, row.expires_at, row.can_remove, row.can_rename) == (str(issued.record.pk), now + HOUR, True, False)
    assert [str(method.describe(alice, at=at)[0].detail) for at in (now, now + HOUR)] == ["Ready to use", "Expired"]
    with pytest.raises(MethodNotFound):
        method.remove(alice, row_id="another", at=now)
    with pytest.raises(MethodNotFound):
        method.rename(alice, row_id=row.id, name="Mine", at=now)
    method.remove(alice, row_id=row.id, at=now)
    assert not TemporaryAccessPass.objects.exists()


def test_suspending_deletes_it(alice: User, now: datetime) -> None:
    assert method.suspend(alice, at=now) == 0
    flows.issue(user=alice, issued_by=None, at=now)
    assert method.suspend(alice, at=now) == 1
    assert not method.usable_by(alice, at=now)
