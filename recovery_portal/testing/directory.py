"""Who is in the directory and what the operators have decided, in the words of the field."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import RecoveryClient
    from .shapes import SeededOperator

DOMAIN = "contoso.example"


@dataclass
class DirectoryUser:
    """A person of the directory. ``change`` and its shorter sisters take effect at once."""

    client: RecoveryClient = field(repr=False)
    given_name: str = "Vera"
    surname: str = "Lindqvist"
    user_principal_name: str = ""
    fields: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        name = f"{self.given_name}.{self.surname}@{DOMAIN}".lower().replace(" ", "")
        self.user_principal_name = self.user_principal_name or name
        self.fields = {"other_mails": [f"{self.given_name.lower().replace(' ', '')}@home.example"]} | self.fields
        self.change()

    def change(self, **fields: Any) -> DirectoryUser:
        """Any field of the control API's ``NewUser``: surname, mail, has_signed_in, account_enabled, groups, …"""
        self.given_name = fields.pop("given_name", self.given_name)
        self.surname = fields.pop("surname", self.surname)
        self.fields |= fields
        self.client.seed_user(self.user_principal_name, given_name=self.given_name, surname=self.surname, **self.fields)
        return self

    def disable(self) -> DirectoryUser:
        return self.change(account_enabled=False)

    def never_signed_in(self) -> DirectoryUser:
        return self.change(has_signed_in=False)

    def without_names(self) -> DirectoryUser:
        return self.change(given_name="", surname="")

    def another(self, given_name: str, surname: str, **fields: Any) -> DirectoryUser:
        """One more person."""
        return DirectoryUser(self.client, given_name, surname, fields.pop("user_principal_name", ""), fields)


@dataclass
class DirectoryGroup:
    """A group of the directory; it has exactly the members named last."""

    client: RecoveryClient = field(repr=False)
    name: str = "Testers"
    members: list[str] = field(default_factory=list)
    excluded_from_recovery: bool = False

    def __post_init__(self) -> None:
        self._save()

    def admit(self, *people: DirectoryUser | str) -> DirectoryGroup:
        self.members += [p if isinstance(p, str) else p.user_principal_name for p in people]
        return self._save()

    def dismiss(self, person: DirectoryUser | str) -> DirectoryGroup:
        name = person if isinstance(person, str) else person.user_principal_name
        self.members = [member for member in self.members if member != name]
        return self._save()

    def exclude_from_recovery(self) -> DirectoryGroup:
        """Its members may never recover by themselves, whatever the profiles say."""
        self.excluded_from_recovery = True
        return self._save()

    def another(self, name: str) -> DirectoryGroup:
        return DirectoryGroup(self.client, name)

    def _save(self) -> DirectoryGroup:
        self.client.seed_group(self.name, self.members, excluded_from_recovery=self.excluded_from_recovery)
        return self


@dataclass
class Profile:
    """A recovery profile: who may recover, by which provider, how strictly. At first: everybody, in Production."""

    client: RecoveryClient = field(repr=False)
    name: str = "Everybody"
    fields: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fields = {"mode": "production", "all_users": True} | self.fields
        self.change()

    def change(self, **fields: Any) -> Profile:
        """Any field of the control API's ``NewProfile``: priority, provider, reveal, old_methods, …"""
        self.fields |= fields
        self.client.seed_profile(self.name, **self.fields)
        return self

    def evaluate(self) -> Profile:
        """Evaluation: everything is tried, nothing is given."""
        return self.change(mode="evaluation")

    def produce(self) -> Profile:
        return self.change(mode="production")

    def match(self, confidence: str) -> Profile:
        """``exact`` or ``relaxed``."""
        return self.change(match_confidence=confidence)

    def threshold(self, confidence: int) -> Profile:
        """Face Check confidence, 50 to 100, from which it passes."""
        return self.change(face_check_threshold=confidence)

    def only_for(self, *groups: DirectoryGroup | str) -> Profile:
        names = [group if isinstance(group, str) else group.name for group in groups]
        return self.change(all_users=False, groups=names)

    def disable(self) -> Profile:
        return self.change(enabled=False)

    def another(self, name: str, **fields: Any) -> Profile:
        return Profile(self.client, name, fields)


@dataclass
class TapPolicy:
    """The Temporary Access Pass policy."""

    client: RecoveryClient = field(repr=False)

    def change(self, **fields: Any) -> TapPolicy:
        """Any field of the control API's ``TapPolicy``: default_length, default_lifetime_minutes, is_usable_once, …"""
        self.client.set_tap_policy(**fields)
        return self

    def disable(self) -> TapPolicy:
        return self.change(enabled=False)

    def only_for(self, *groups: DirectoryGroup | str) -> TapPolicy:
        names = [group if isinstance(group, str) else group.name for group in groups]
        return self.change(all_users=False, groups=names)


@dataclass(frozen=True)
class Operator:
    """Somebody who runs recovery. ``having`` gives one with another role."""

    client: RecoveryClient = field(repr=False)
    account: SeededOperator

    @property
    def user_principal_name(self) -> str:
        return self.account.user_principal_name

    @property
    def password(self) -> str:
        return self.account.password

    def having(self, role: str) -> Operator:
        """By the name of a role: ``Global Reader``, …; ``Superuser`` for every right."""
        name = f"{role.lower().replace(' ', '.')}@{DOMAIN}"
        return replace(self, account=self.client.seed_operator(role, user_principal_name=name))

    def attempts_of(self, person: DirectoryUser | str) -> list[Any]:
        """What the attempts page lists of somebody, the newest first."""
        return list(self.client.attempts(person if isinstance(person, str) else person.user_principal_name))
