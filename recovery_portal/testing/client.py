"""The typed client of the control API: the only way in which the kit touches what a server keeps.

It talks plain HTTP to the houses of one installation, or to transports that stand for them in one process.
"""

import dataclasses
import ssl
import types
import uuid
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin

import httpx

from . import bundle as bundles
from . import journal, shapes, strict, trust

_Shape = TypeVar("_Shape")
_A_JOURNEY_S = 180.0


class ControlError(Exception):
    """The control API could not do what was asked; the message is one sentence."""


class NotInEmulation(ControlError):
    """There is no control API at this address."""


class ServerUnreachable(ControlError):
    """Nobody answers at this address."""


class ControlRefused(ControlError):
    """The control API says no. ``status`` is the HTTP status, ``code`` a stable word."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


class AnotherVersion(ControlError):
    """The server answers otherwise than this kit knows."""


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
        self._portal, self._token = portal.rstrip("/"), token
        self._transports, self._timeout_s = dict(transports or {}), timeout_s
        self._trusted = trusted
        self._clients: dict[str, httpx.Client] = {}
        self._houses: shapes.Houses | None = None
        self._origins: dict[str, str] | None = None

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

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
        """See ``shapes.NewUser``."""
        wanted = shapes.NewUser(user_principal_name=user_principal_name, **fields)
        return made(shapes.SeededUser, self._ask("POST", "users", wanted))

    def seed_group(self, name: str, members: list[str] | None = None, **fields: Any) -> shapes.SeededGroup:
        """See ``shapes.NewGroup``."""
        wanted = shapes.NewGroup(name=name, members=members or [], **fields)
        return made(shapes.SeededGroup, self._ask("POST", "groups", wanted))

    def seed_profile(self, name: str, **fields: Any) -> shapes.SeededProfile:
        """See ``shapes.NewProfile``."""
        return made(shapes.SeededProfile, self._ask("POST", "profiles", shapes.NewProfile(name=name, **fields)))

    def seed_extension(self, name: str, target_url: str, **fields: Any) -> shapes.SeededExtension:
        """See ``shapes.NewExtension``."""
        wanted = shapes.NewExtension(name=name, target_url=target_url, **fields)
        return made(shapes.SeededExtension, self._ask("POST", "extensions", wanted))

    def set_tap_policy(self, **fields: Any) -> None:
        """See ``shapes.TapPolicy``."""
        self._ask("PUT", "tap-policy", shapes.TapPolicy(**fields))

    def seed_operator(self, role: str = "Superuser", **fields: Any) -> shapes.SeededOperator:
        """See ``shapes.NewOperator``."""
        return made(shapes.SeededOperator, self._ask("POST", "operators", shapes.NewOperator(role=role, **fields)))

    # --- What happened ---------------------------------------------------------------------------------------------

    def attempts(self, user_principal_name: str | None = None, *, newest: int | None = None) -> list[shapes.Attempt]:
        """The newest first; so many at most."""
        query = {"user_principal_name": user_principal_name, "newest": None if newest is None else str(newest)}
        return _list(shapes.Attempt, self._ask("GET", "attempts", query=query))

    def attempt(self, attempt_id: str) -> shapes.Attempt:
        return made(shapes.Attempt, self._ask("GET", f"attempts/{attempt_id}"))

    def audit(self, since_id: str | None = None) -> list[shapes.AuditRow]:
        """Oldest first; after the row ``since_id`` when it is given."""
        return _list(shapes.AuditRow, self._ask("GET", "audit", query={"since_id": since_id}))

    def mailbox(self, to: str | None = None) -> list[shapes.Letter]:
        """Oldest first."""
        return _list(shapes.Letter, self._ask("GET", "mailbox", query={"to": to}))

    def clear_mailbox(self) -> None:
        self._ask("DELETE", "mailbox")

    def journal(self, attempt_id: str | None = None) -> list[shapes.JournalEntry]:
        """Every protocol message of every house, in order; those of one attempt when it is named."""
        entries = [
            entry
            for origin in self._every_origin()
            for entry in _list(shapes.JournalEntry, self._ask("GET", "journal", origin=origin))
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
        return _list(shapes.ScenarioTold, self._ask("GET", "scenarios"))

    def run_scenario(self, name: str = "", *, scenario: Mapping[str, Any] | None = None) -> shapes.ScenarioOutcome:
        """Let the server play one, of its catalogue by name or as it is written here."""
        wanted = shapes.ScenarioChoice(name=name, scenario=None if scenario is None else dict(scenario))
        return made(shapes.ScenarioOutcome, self._ask("POST", "scenarios/run", wanted, timeout_s=_A_JOURNEY_S))

    def wallet(self) -> list[shapes.HeldId]:
        """The Verified IDs in the tester's wallet, the newest first."""
        return _list(shapes.HeldId, self._ask("GET", "wallet", origin=self._origin("wallet")))

    def receive(self, link: str, *, tx_code: str = "") -> shapes.Reception:
        """Redeem an offer into the tester's wallet."""
        return made(shapes.Reception, self._in_the_wallet("receive", shapes.OfferLink(link=link, tx_code=tx_code)))

    def present(self, link: str, *, verified_id: str = "") -> shapes.Sharing:
        """Share from the tester's wallet what a verifier asks for: the Verified ID of that id, or whichever fits."""
        wanted = shapes.RequestLink(link=link, verified_id=verified_id)
        return made(shapes.Sharing, self._in_the_wallet("present", wanted))

    def refuse(self, link: str) -> shapes.Sharing:
        """Decline a verifier's request."""
        return made(shapes.Sharing, self._in_the_wallet("refuse", shapes.RequestLink(link=link)))

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
            wanted = shapes.ClockSetting(frozen_at=moment)
        else:
            wanted = shapes.ClockSetting(offset_s=now.offset_s + seconds)
        return self._set_clock(wanted, sweep=sweep)

    def freeze_clock(self, at: str) -> shapes.Clock:
        """Stop every house's clock at ``at`` (ISO 8601)."""
        return self._set_clock(shapes.ClockSetting(frozen_at=at), sweep=False)

    def reset_clock(self) -> shapes.Clock:
        return made(shapes.Clock, self._everywhere("DELETE", "clock"))

    def set_seed(self, seed: int) -> None:
        """In every house: draw challenges and numbers to match from a seed, so that they come again."""
        self._everywhere("PUT", "seed", shapes.SeedSetting(seed=seed))

    def seed(self) -> int | None:
        return made(shapes.Seed, self._ask("GET", "seed")).seed

    def reset_seed(self) -> None:
        self._everywhere("DELETE", "seed")

    def sweep(self) -> list[str]:
        """Do what the beat does, now, in every house; the names of the tasks that ran."""
        answers = [self._ask("POST", "sweep", origin=origin) for origin in self._every_origin()]
        return [task for answer in answers for task in made(shapes.Swept, answer).tasks]

    def _set_clock(self, wanted: shapes.ClockSetting, *, sweep: bool) -> shapes.Clock:
        clock = made(shapes.Clock, self._everywhere("PUT", "clock", wanted))
        if sweep:
            self.sweep()
        return clock

    def set_fault(
        self, target: shapes.Target, *, latency_ms: int = 0, error_rate: float = 0.0, off: bool = False
    ) -> None:
        """In every house."""
        fault = shapes.Fault(target=target, latency_ms=latency_ms, error_rate=error_rate, off=off)
        self._everywhere("PUT", "faults", fault)

    def faults(self) -> list[shapes.Fault]:
        return _list(shapes.Fault, self._ask("GET", "faults"))

    def clear_faults(self) -> None:
        self._everywhere("DELETE", "faults")

    def choose_parts(self, face: shapes.Part | None = None, reader: shapes.Part | None = None) -> shapes.Parts:
        """In every house."""
        return made(shapes.Parts, self._everywhere("PUT", "parts", shapes.PartsChoice(face=face, reader=reader)))

    def parts(self) -> shapes.Parts:
        return made(shapes.Parts, self._ask("GET", "parts"))

    def document_numbers(self) -> list[shapes.DocumentNumber]:
        """Those that choose an outcome while the scripted reader runs."""
        return _list(shapes.DocumentNumber, self._ask("GET", "document-numbers", origin=self._origin("provider")))

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
        self._everywhere("POST", "snapshots", shapes.SnapshotName(id=name))
        return name

    def restore(self, snapshot: str) -> None:
        self._everywhere("POST", "restore", shapes.SnapshotName(id=snapshot))

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

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | None] | None = None,
        origin: str | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        origin = origin or self._portal
        told = None if body is None else dataclasses.asdict(body)
        try:
            answer = self._client(origin).request(
                method,
                f"{origin}/_emulation/{path}",
                params={name: value for name, value in (query or {}).items() if value is not None},
                json=told,
                timeout=timeout_s or self._timeout_s,
            )
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise ServerUnreachable(f"{origin} is no web address: such begin with http:// or https://.") from error
        except httpx.HTTPError as error:
            if trust.is_distrust(error):
                raise ServerUnreachable(
                    f"{origin} shows a certificate that is not trusted here: name the authority's file"
                    " (--recovery-ca, or RECOVERY_CA); `make demo HTTPS=1` says where it is."
                ) from error
            raise ServerUnreachable(f"Nobody answers at {origin}: {type(error).__name__}.") from error
        return _content(answer, origin)

    def _client(self, origin: str) -> httpx.Client:
        if origin not in self._clients:
            self._clients[origin] = httpx.Client(
                transport=self._transports.get(origin),
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=self._timeout_s,
                verify=self._trusted or True,
                trust_env=False,
            )
        return self._clients[origin]


def _content(answer: httpx.Response, origin: str) -> Any:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind == "application/octet-stream":
        return answer.content
    if kind != "application/json":
        if answer.status_code == 404:
            raise NotInEmulation(f"{origin} has no control API: start it with EMULATION=1 and an EMULATION_TOKEN.")
        raise ControlRefused(answer.status_code, "no_json", f"{origin} answered {answer.status_code} without JSON.")
    content = answer.json()
    if answer.is_success:
        return content
    if answer.status_code == 401:
        sentence = f"{origin} takes another control token than this one; `make demo` prints it."
        raise ControlRefused(401, str(content.get("error", "")), sentence)
    sentence = str(content.get("sentence") or f"{origin} answered {answer.status_code}.")
    raise ControlRefused(answer.status_code, str(content.get("error", "")), sentence)


def _later(moment: str, seconds: float) -> str:
    from datetime import datetime, timedelta

    return (datetime.fromisoformat(moment) + timedelta(seconds=seconds)).isoformat()


def _list(shape: type[_Shape], answer: Any) -> list[_Shape]:
    return [made(shape, one) for one in answer]


def made(shape: type[_Shape], answer: Mapping[str, Any]) -> _Shape:
    """The answer as a ``shape``; what a newer server says beyond it is left out. Raises AnotherVersion."""
    hints = strict.hints_of(shape)
    if lacking := [name for name in strict.needed(shape) if name not in answer]:
        raise AnotherVersion(
            f"The server is of another version than this kit: its {shape.__name__} lacks {', '.join(lacking)}."
            " Install the version of recovery-portal that it runs."
        )
    return shape(**{name: _value(hints[name], value) for name, value in answer.items() if name in hints})


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(hint) is types.UnionType:
        return _value(next(one for one in get_args(hint) if one is not type(None)), value)
    if get_origin(hint) is list:
        return [_value(get_args(hint)[0], one) for one in value]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return made(hint, value)
    return value
