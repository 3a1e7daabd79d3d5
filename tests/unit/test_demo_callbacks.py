"""Programs on this machine that a demo may call back."""

from pathlib import Path

from recovery_portal.demo.houses import ROLES, Houses


def test_a_demo_calls_back_no_program_on_this_machine_that_is_not_named(tmp_path: Path) -> None:
    houses = Houses(tmp_path, ports={role: 8000 + number for number, role in enumerate(ROLES)}, redis_port=6379)
    assert "https://localhost" not in houses.environment("portal")["OUTBOUND_ORIGINS"].split(",")
    houses.programs = ("https://localhost", "https://localhost:8443")
    assert houses.environment("portal")["OUTBOUND_ORIGINS"].split(",")[-2:] == list(houses.programs)
