"""The typed client of the control API: the only way in which the kit touches what a server keeps.

It talks plain HTTP to the houses of one installation, or to transports that stand for them in one process.
"""

import ssl
import uuid
from collections.abc import Mapping
from typing import Any

import httpx

from . import bundle as bundles
from . import journal, shapes, wishes
from .answers import listed, made
from .line import Line

_A_JOURNEY_S = 180.0


class RecoveryClient:
    """Controls the three houses of one installation. ``portal`` is its address, ``token`` its control token.

    ``transports`` maps an origin (``http://portal.test``) to what answers for it in place of the network; ``trusted``
    says whom to trust over https, as ``trust.context`` makes it.
    """

    def __init__(
        self,
        portal: str,
        token: str,
        *,
        transports: Mapping[str, httpx.BaseTransport] | None = None,
        timeout_s: float = 30.0,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._portal = portal.rstrip("/")
        self._line = Line(token, transports=transports or {}, timeout_s=timeout_s, trusted=trusted)
        self._houses: shapes.Houses | None = None
        self._origins: dict[str, str] | None = None

    def close(self) -> None:
        self._line.close()

    def __enter__(self) -> "RecoveryClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- The installation ------------------------------------------------------------------------------------------

    def health(self, house: str = "portal") -> shapes.Health:
        return made(shapes.Health, self._ask("GET", "health", origin=self._origin(house)))

    def houses(self) -> shapes.Houses:
        if self._houses is None:
            self._houses = made(shapes.Houses, self._ask("GET", "houses"))
        return self._houses

    def introduce(self) -> None:
        """Portal and provider of this installation know each other; harmless to repeat."""
        self._ask("POST", "introduction/portal")
        self._ask("POST", "introduction/provider", origin=self._origin("provider"))

    # --- People and rules ------------------------------------------------------------------------------------------

    def seed_user(self, user_principal_name: str, **fields: Any) -> shapes.SeededUser:
        """See ``wishes.NewUser``."""
        wanted = wishes.NewUser(user_principal_name=user_principal_name, **fields)
        return made(shapes.SeededUser, self._ask("POST", "users", wanted))

    def seed_group(self, name: str, members: list[str] | None = None, **fields: Any) -> shapes.SeededGroup:
        """See ``wishes.NewGroup``."""
        wanted = wishes.NewGroup(name=name, members=members or [], **fields)
        return made(shapes.SeededGroup, self._ask("POST", "groups", wanted))

    def seed_profile(self, name: str, **fields: Any) -> shapes.SeededProfile:
        """See ``wishes.NewProfile``."""
        return made(shapes.SeededProfile, self._ask("POST", "profiles", wishes.NewProfile(name=name, **fields)))

    def seed_extension(self, name: str, target_url: str, **fields: Any) -> shapes.SeededExtension:
        """See ``wishes.NewExtension``."""
        wanted = wishes.NewExtension(name=name, target_url=target_url, **fields)
        return made(shapes.SeededExtension, self._ask("POST", "extensions", wanted))

    def set_tap_policy(self, **fields: Any) -> None:
        """See ``wishes.TapPolicy``."""
        self._ask("PUT", "tap-policy", wishes.TapPolicy(**fields))

    def seed_operator(self, role: str = "Superuser", **fields: Any) -> shapes.SeededOperator:
        """See ``wishes.NewOperator``."""
        return made(shapes.SeededOperator, self._ask("POST", "operators", wishes.NewOperator(role=role, **fields)))

    # --- What happened ---------------------------------------------------------------------------------------------

    def attempts(self, user_principal_name: str | None = None, *, newest: int | None = None) -> list[shapes.Attempt]:
        """The newest first; so many at most."""
        query = {"user_principal_name": user_principal_name, "newest": None if newest is None else str(newest)}
        return listed(shapes.Attempt, self._ask("GET", "attempts", query=query))

    def attempt(self, attempt_id: str) -> shapes.Attempt:
        return made(shapes.Attempt, self._ask("GET", f"attempts/{attempt_id}"))

    def audit(self, since_id: str | None = None) -> list[shapes.AuditRow]:
        """Oldest first; after the row ``since_id`` when it is given."""
        return listed(shapes.AuditRow, self._ask("GET", "audit", query={"since_id": since_id}))

    def mailbox(self, to: str | None = None) -> list[shapes.Letter]:
        """Oldest first."""
        return listed(shapes.Letter, self._ask("GET", "mailbox", query={"to": to}))

    def clear_mailbox(self) -> None:
        self._ask("DELETE", "mailbox")

    def journal(self, attempt_id: str | None = None) -> list[shapes.JournalEntry]:
        """Every protocol message of every house, in order; those of one attempt when it is named."""
        entries = [
            entry
            for origin in self._every_origin()
            for entry in listed(shapes.JournalEntry, self._ask("GET", "journal", origin=origin))
        ]
        if attempt_id is None:
            return journal.in_order(entries)
        seeds = made(shapes.Links, self._ask("GET", f"attempts/{attempt_id}/links"))
        return journal.hanging_together(entries, seeds.links)

    def proofing(self, reference: str) -> shapes.Proofing:
        """What the provider decided, by the reference that stands in its result."""
        return made(shapes.Proofing, self._ask("GET", f"proofings/{reference}", origin=self._origin("provider")))

    def bundle(self, attempt_id: str, *, scenario: Mapping[str, Any] | None = None) -> bytes:
        """A run as a file for ``manage.py replay``; ``scenario`` is what was played, inferred where it is not given."""
        packed = bytes(self._ask("GET", f"attempts/{attempt_id}/bundle"))
        return packed if scenario is None else bundles.of_scenario(packed, scenario)

    def clear_journal(self) -> None:
        """In every house."""
        self._everywhere("DELETE", "journal")

    # --- Scenarios, and a wallet in the wallet house ---------------------------------------------------------------

    def scenarios(self) -> list[shapes.ScenarioTold]:
        """What the server's catalogue holds."""
        return listed(shapes.ScenarioTold, self._ask("GET", "scenarios"))

    def run_scenario(self, name: str = "", *, scenario: Mapping[str, Any] | None = None) -> shapes.ScenarioOutcome:
        """Let the server play one, of its catalogue by name or as it is written here."""
        wanted = wishes.ScenarioChoice(name=name, scenario=None if scenario is None else dict(scenario))
        return made(shapes.ScenarioOutcome, self._ask("POST", "scenarios/run", wanted, timeout_s=_A_JOURNEY_S))

    def wallet(self) -> list[shapes.HeldId]:
        """The Verified IDs in the tester's wallet, the newest first."""
        return listed(shapes.HeldId, self._ask("GET", "wallet", origin=self._origin("wallet")))

    def receive(self, link: str, *, tx_code: str = "") -> shapes.Reception:
        """Redeem an offer into the tester's wallet."""
        return made(shapes.Reception, self._in_the_wallet("receive", wishes.OfferLink(link=link, tx_code=tx_code)))

    def present(self, link: str, *, verified_id: str = "") -> shapes.Sharing:
        """Share from the tester's wallet what a verifier asks for: the Verified ID of that id, or whichever fits."""
        wanted = wishes.RequestLink(link=link, verified_id=verified_id)
        return made(shapes.Sharing, self._in_the_wallet("present", wanted))

    def refuse(self, link: str) -> shapes.Sharing:
        """Decline a verifier's request."""
        return made(shapes.Sharing, self._in_the_wallet("refuse", wishes.RequestLink(link=link)))

    def forget_wallet(self) -> None:
        self._ask("DELETE", "wallet", origin=self._origin("wallet"))

    def _in_the_wallet(self, act: str, wanted: Any) -> Any:
        return self._ask("POST", f"wallet/{act}", wanted, origin=self._origin("wallet"))

    # --- Time, faults, parts ---------------------------------------------------------------------------------------

    def clock(self) -> shapes.Clock:
        return made(shapes.Clock, self._ask("GET", "clock"))

    def move_clock(self, seconds: float, *, sweep: bool = True) -> shapes.Clock:
        """Forward (or back) by so much, in every house; what is due then is done at once unless ``sweep`` is False."""
        now = self.clock()
        if now.frozen_at is not None:
            moment = _later(now.frozen_at, seconds)
            wanted = wishes.ClockSetting(frozen_at=moment)
        else:
            wanted = wishes.ClockSetting(offset_s=now.offset_s + seconds)
        return self._set_clock(wanted, sweep=sweep)

    def freeze_clock(self, at: str) -> shapes.Clock:
        """Stop every house's clock at ``at`` (ISO 8601)."""
        return self._set_clock(wishes.ClockSetting(frozen_at=at), sweep=False)

    def reset_clock(self) -> shapes.Clock:
        return made(shapes.Clock, self._everywhere("DELETE", "clock"))

    def set_seed(self, seed: int) -> None:
        """In every house: draw challenges and numbers to match from a seed, so that they come again."""
        self._everywhere("PUT", "seed", wishes.SeedSetting(seed=seed))

    def seed(self) -> int | None:
        return made(shapes.Seed, self._ask("GET", "seed")).seed

    def reset_seed(self) -> None:
        self._everywhere("DELETE", "seed")

    def sweep(self) -> list[str]:
        """Do what the beat does, now, in every house; the names of the tasks that ran."""
        answers = [self._ask("POST", "sweep", origin=origin) for origin in self._every_origin()]
        return [task for answer in answers for task in made(shapes.Swept, answer).tasks]

    def _set_clock(self, wanted: wishes.ClockSetting, *, sweep: bool) -> shapes.Clock:
        clock = made(shapes.Clock, self._everywhere("PUT", "clock", wanted))
        if sweep:
            self.sweep()
        return clock

    def set_fault(
        self, target: wishes.Target, *, latency_ms: int = 0, error_rate: float = 0.0, off: bool = False
    ) -> None:
        """In every house."""
        fault = wishes.Fault(target=target, latency_ms=latency_ms, error_rate=error_rate, off=off)
        self._everywhere("PUT", "faults", fault)

    def faults(self) -> list[wishes.Fault]:
        return listed(wishes.Fault, self._ask("GET", "faults"))

    def clear_faults(self) -> None:
        self._everywhere("DELETE", "faults")

    def choose_parts(self, face: wishes.Part | None = None, reader: wishes.Part | None = None) -> shapes.Parts:
        """In every house."""
        return made(shapes.Parts, self._everywhere("PUT", "parts", wishes.PartsChoice(face=face, reader=reader)))

    def parts(self) -> shapes.Parts:
        return made(shapes.Parts, self._ask("GET", "parts"))

    def document_numbers(self) -> list[shapes.DocumentNumber]:
        """Those that choose an outcome while the scripted reader runs."""
        return listed(shapes.DocumentNumber, self._ask("GET", "document-numbers", origin=self._origin("provider")))

    def reset_parts(self) -> shapes.Parts:
        return made(shapes.Parts, self._everywhere("DELETE", "parts"))

    # --- Starting afresh -------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Every house empty but for keys, operators and parties; clock, seed, faults, parts and mailbox as at first."""
        self._everywhere("POST", "reset")

    def forget_limits(self) -> None:
        """Nobody has tried anything too often, in any house."""
        self._everywhere("DELETE", "limits")

    def snapshot(self) -> str:
        """Keep every house as it is now; the name under which ``restore`` brings it back."""
        name = uuid.uuid4().hex
        self._everywhere("POST", "snapshots", wishes.SnapshotName(id=name))
        return name

    def restore(self, snapshot: str) -> None:
        self._everywhere("POST", "restore", wishes.SnapshotName(id=snapshot))

    # --- The wire --------------------------------------------------------------------------------------------------

    def _origin(self, house: str) -> str:
        """Where a house is asked: an installation in one process is asked at the portal for all three."""
        return self._origins_by_house()[house]

    def _every_origin(self) -> list[str]:
        """One address for each process that keeps a house."""
        return list(dict.fromkeys(self._origins_by_house().values()))

    def _origins_by_house(self) -> dict[str, str]:
        if self._origins is None:
            houses = self.houses()
            alone = made(shapes.Health, self._ask("GET", "health")).role == "all"
            elsewhere = {"provider": houses.provider, "wallet": houses.wallet}
            self._origins = {"portal": self._portal} | (dict.fromkeys(elsewhere, self._portal) if alone else elsewhere)
        return self._origins

    def _everywhere(self, method: str, path: str, body: Any = None) -> Any:
        """In every house; the portal's answer."""
        answers = [self._ask(method, path, body, origin=origin) for origin in self._every_origin()]
        return answers[0]

    def _ask(self, method: str, path: str, body: Any = None, *, origin: str | None = None, **options: Any) -> Any:
        return self._line.ask(origin or self._portal, method, path, body, **options)


def _later(moment: str, seconds: float) -> str:
    from datetime import datetime, timedelta

    return (datetime.fromisoformat(moment) + timedelta(seconds=seconds)).isoformat()
