"""What the control API takes, once for both ends. Plain values only; imports nothing of the product."""

from dataclasses import dataclass, field
from typing import Any, Literal

Target = Literal["provider", "broker", "worker", "mail", "status_list", "claims_extension"]
Part = Literal["real", "scripted"]


def bounded(default: Any, *, least: float, most: float) -> Any:
    """A number field that the server keeps within limits."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, kw_only=True)
class NewUser:
    """A person of the directory; one of that name is changed to be so. Without a password the account has none."""

    user_principal_name: str
    given_name: str = ""
    surname: str = ""
    display_name: str = ""
    mail: str | None = None  # the user principal name, unless it is given
    other_mails: list[str] = field(default_factory=list)
    has_signed_in: bool = True
    account_enabled: bool = True
    password: str | None = None
    groups: list[str] = field(default_factory=list)
    usage_location: str = ""
    employee_id: str = ""
    mobile_phone: str = ""
    preferred_language: str = ""


@dataclass(frozen=True, kw_only=True)
class NewGroup:
    """A group with exactly these members (user principal names)."""

    name: str
    members: list[str] = field(default_factory=list)
    excluded_from_recovery: bool = False


@dataclass(frozen=True, kw_only=True)
class NewProfile:
    """A recovery profile; one of that name is changed to be so. ``provider`` is a registered provider's name,
    ``claims_extension`` that of an extension."""

    name: str
    mode: Literal["evaluation", "production"] = "production"
    enabled: bool = True
    match_confidence: Literal["exact", "relaxed"] = "exact"
    face_check_threshold: int = bounded(70, least=50, most=100)
    all_users: bool = False
    groups: list[str] = field(default_factory=list)
    priority: int = bounded(100, least=0, most=1_000_000)
    provider: str = ""
    reveal: Literal["faceCheckDevice", "startingBrowser"] = "faceCheckDevice"
    old_methods: Literal["keep", "suspend"] = "keep"
    still_head_allowed: bool = True
    description: str = ""
    claims_extension: str = ""


@dataclass(frozen=True, kw_only=True)
class NewExtension:
    """A custom authentication extension with its listener, granted; one of that name is changed to be so."""

    name: str
    target_url: str
    claims: list[str] = field(default_factory=list)
    timeout_ms: int = bounded(2000, least=200, most=2000)
    maximum_retries: int = bounded(1, least=0, most=1)


@dataclass(frozen=True, kw_only=True)
class TapPolicy:
    """The Temporary Access Pass policy; what is None stays as it is."""

    enabled: bool | None = None
    minimum_lifetime_minutes: int | None = None
    maximum_lifetime_minutes: int | None = None
    default_lifetime_minutes: int | None = None
    default_length: int | None = None
    is_usable_once: bool | None = None
    all_users: bool | None = None
    groups: list[str] | None = None
    excluded_groups: list[str] | None = None


@dataclass(frozen=True, kw_only=True)
class NewOperator:
    """An operator by the name of a role, or one with every right (``Superuser``)."""

    role: str = "Superuser"
    user_principal_name: str = "tester.operator@contoso.example"


@dataclass(frozen=True, kw_only=True)
class ClockSetting:
    """Seconds ahead of (or behind) the machine's clock, or the moment at which it stands still (ISO 8601)."""

    offset_s: float | None = None
    frozen_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class SeedSetting:
    """From which challenges and numbers to match are drawn."""

    seed: int = bounded(0, least=0, most=2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with one target. Of ``error_rate`` 0.25 every fourth call fails."""

    target: Target
    latency_ms: int = bounded(0, least=0, most=60_000)
    error_rate: float = bounded(0.0, least=0.0, most=1.0)
    off: bool = False


@dataclass(frozen=True, kw_only=True)
class PartsChoice:
    """Which face engines and which document reader run; None leaves it as it is."""

    face: Part | None = None
    reader: Part | None = None


@dataclass(frozen=True, kw_only=True)
class SnapshotName:
    """1 to 64 letters, digits, hyphens and underscores."""

    id: str


@dataclass(frozen=True, kw_only=True)
class ScenarioChoice:
    """The name of a scenario of the catalogue, or a scenario as its file would hold it."""

    name: str = ""
    scenario: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class OfferLink:
    """A credential offer (``openid-credential-offer://…``), and the transaction code if it asks for one."""

    link: str
    tx_code: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestLink:
    """A presentation request (``openid4vp://…``), and the Verified ID to share where several would do."""

    link: str
    verified_id: str = ""


@dataclass(frozen=True, kw_only=True)
class WhoseAttempts:
    user_principal_name: str | None = None
    newest: int = bounded(200, least=1, most=200)


@dataclass(frozen=True, kw_only=True)
class AuditSince:
    since_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class LettersTo:
    to: str | None = None
