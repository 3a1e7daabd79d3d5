"""The same run from the same seed at the same moment is the same journal, byte for byte.

Nothing is masked: signatures and ciphertext are in no journal. Left out are ``stamp`` and ``milliseconds``, which the
machine's own clock measures, and ``number``, which goes on from run to run. Another process makes the verifier another
certificate, and its digest with the signature in it is the ``client_id`` (``x509_hash:…``): that differs there.
"""

import os
import random
import secrets
import uuid
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import override_settings

from recovery_portal.testing import foreseen, journal, own_database, scenario, scenario_run
from recovery_portal.testing.installation import Installation

MOMENT = "2026-11-22T12:00:00+00:00"


def _played(name: str, recovery: Installation, seed: int) -> str:
    own_database.forget_what_is_cached()
    recovery.client.reset()
    recovery.client.freeze_clock(MOMENT)
    with recovery.drawn_from(seed):
        assert scenario_run.run(scenario.find(name), recovery).differences == []
    return journal.written(recovery.client.journal())


@pytest.mark.parametrize("name", ["phone", "one_device", "tampered_claim", "provider_down"])
def test_two_runs_of_one_scenario_write_the_same_journal(name: str, recovery: Any) -> None:
    _played(name, recovery, 7)  # the first fetches keys that the process then knows
    first = _played(name, recovery, 7)
    assert '"kind"' in first
    assert first.encode() == _played(name, recovery, 7).encode()


def test_another_seed_and_another_way_write_another_journal(recovery: Any) -> None:
    _played("one_device", recovery, 7)
    same = _played("one_device", recovery, 7)
    assert {_played("one_device", recovery, 8), _played("tampered_claim", recovery, 7)}.isdisjoint({same})


def test_afterwards_the_machine_draws_again(recovery: Any) -> None:
    drawn = []
    for _ in range(2):
        with recovery.drawn_from(7):
            drawn.append(
                (uuid.uuid4(), secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1()).private_numbers())
            )
    assert drawn[0] == drawn[1]
    names = os.urandom, random._urandom, ec.generate_private_key  # type: ignore[attr-defined]
    with pytest.raises(ZeroDivisionError), recovery.drawn_from(7):
        1 / 0  # noqa: B018
    assert names == (os.urandom, random._urandom, ec.generate_private_key)  # type: ignore[attr-defined]
    assert secrets.token_bytes(32) != drawn[0][1]


def test_no_running_server_draws_its_keys_from_a_seed(recovery: Any) -> None:
    elsewhere = Installation("https://portal.example", "https://p.example", "https://w.example", recovery.client)
    with pytest.raises(foreseen.NotInThisProcess, match="works in process"), elsewhere.drawn_from(7):
        pass


@pytest.mark.parametrize("settings", [{"EMULATION": False}, {"ROLE": "portal"}])
def test_outside_the_kits_own_process_nothing_is_drawn_from_a_seed(settings: dict[str, Any]) -> None:
    before = os.urandom
    with override_settings(**settings), pytest.raises(foreseen.NotInThisProcess), foreseen.draws(7):
        pass
    assert os.urandom is before
