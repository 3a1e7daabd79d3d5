"""The parts of the document, each told from the records and brought in by the flows that operators use."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from accounts import directory, operator_sign_in
from accounts.models import DirectoryGroup, OperatorSignInPolicy
from accounts.operators import Operator
from idv.verifier.models import IdentityProvider
from tap import flows as tap
from tap.models import TemporaryAccessPassPolicy
from tap.queries import get_policy

from ..flows import configuring, providers
from ..models import ClaimExtension, RecoveryPolicy, RecoveryProfile
from .changes import Change, cleaned, differences, plain_fields
from .document import ConfigRefused, entries, mapping, require_known, text, texts
from .extensions import Extensions
from .refusals import refused_at


class Section(Protocol):
    """One key of the document. ``apply`` yields what differs, as it is brought in."""

    name: str

    def tell(self) -> Any: ...

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]: ...


class Groups:
    """Groups by name. Who is in them is the directory's matter and no configuration."""

    name = "groups"
    _KEYS = ("name", "description")

    def tell(self) -> Any:
        return [
            {"name": group.display_name, "description": group.description} for group in DirectoryGroup.objects.all()
        ]

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        for where, entry in entries(data, self.name, self._KEYS):
            wanted = {key: cleaned(DirectoryGroup, key, entry[key], where) for key in ("description",) if key in entry}
            name = cleaned(DirectoryGroup, "display_name", entry["name"], where)
            group = find_group(name, where)
            if group is None:
                yield Change(where)
                directory.add_group(display_name=name, description=wanted.get("description", ""), by=by, at=at)
            elif changes := differences(where, {"description": group.description}, wanted):
                yield from changes
                directory.describe_group(group=group, description=wanted["description"], by=by, at=at)


class Providers:
    """Providers by name, without what was fetched from them, and without the state of their subscription."""

    name = "providers"
    _FIELDS = plain_fields(IdentityProvider, leaving_out=frozenset({"name", "created_at"}))

    def tell(self) -> Any:
        found = IdentityProvider.objects.prefetch_related("type_authorities")
        return [{"name": provider.name, **self._told(provider)} for provider in found]

    def _told(self, provider: IdentityProvider) -> dict[str, Any]:
        authorities = {row.vct: row.certificates for row in provider.type_authorities.all()}
        return {**{name: getattr(provider, name) for name in self._FIELDS}, "type_authorities": authorities}

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        for where, entry in entries(data, self.name, ("name", *self._FIELDS, "type_authorities")):
            wanted = {key: cleaned(IdentityProvider, key, entry[key], where) for key in self._FIELDS if key in entry}
            if "type_authorities" in entry:
                given = mapping(entry["type_authorities"], f"{where}: type_authorities")
                wanted["type_authorities"] = {vct: text(pem, f"{where}: {vct}") for vct, pem in given.items()}
            provider = IdentityProvider.objects.filter(name=entry["name"]).first()
            if provider is None:
                yield Change(where)
                with refused_at(where):
                    providers.configure(provider=IdentityProvider(name=entry["name"]), fields=wanted, by=by, at=at)
            elif changes := differences(where, self._told(provider), wanted):
                yield from changes
                fields = {change.field: change.after for change in changes}
                with refused_at(where):
                    providers.configure(provider=provider, fields=fields, by=by, at=at)


class Profiles:
    """Profiles by name, in the order in which they are asked."""

    name = "profiles"
    _FIELDS = plain_fields(RecoveryProfile, leaving_out=frozenset({"name", "created_at"}))
    _KEYS = ("name", *_FIELDS, "include_groups", "provider", "claim_extension")

    def tell(self) -> Any:
        found = RecoveryProfile.objects.select_related("provider", "claim_extension").prefetch_related("include_groups")
        return [{"name": profile.name, **self._told(profile)} for profile in found]

    def _told(self, profile: RecoveryProfile) -> dict[str, Any]:
        return {
            **{name: getattr(profile, name) for name in self._FIELDS},
            "include_groups": sorted(group.display_name for group in profile.include_groups.all()),
            "provider": profile.provider.name,
            "claim_extension": profile.claim_extension.display_name if profile.claim_extension else None,
        }

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        for where, entry in entries(data, self.name, self._KEYS):
            wanted = {key: cleaned(RecoveryProfile, key, entry[key], where) for key in self._FIELDS if key in entry}
            if "provider" in entry:
                wanted["provider"] = text(entry["provider"], f"{where}: provider")
            if "claim_extension" in entry:
                named = entry["claim_extension"]
                wanted["claim_extension"] = None if named is None else text(named, f"{where}: claim_extension")
            if "include_groups" in entry:
                wanted["include_groups"] = sorted(texts(entry["include_groups"], f"{where}: include_groups"))
            profile = RecoveryProfile.objects.filter(name=entry["name"]).select_related("provider").first()
            if profile is None:
                yield Change(where)
                profile = self._add(entry["name"], wanted, where, by, at)
            if changes := differences(where, self._told(profile), wanted):
                yield from changes
                self._change(profile, {change.field: change.after for change in changes}, where, by, at)

    def _add(self, name: str, wanted: Mapping[str, Any], where: str, by: Operator, at: datetime) -> RecoveryProfile:
        """In Evaluation and disabled; what else is wanted follows as a change, by the flows that guard it."""
        if "provider" not in wanted:
            raise ConfigRefused("invalid", f"{where}: provider is missing")
        fields = {
            "name": cleaned(RecoveryProfile, "name", name, where),
            "provider": _provider(wanted["provider"], where),
        }
        with refused_at(where):
            return configuring.create_profile(fields=fields, by=by, at=at)

    def _change(self, profile: RecoveryProfile, wanted: dict[str, Any], where: str, by: Operator, at: datetime) -> None:
        groups = wanted.pop("include_groups", None)
        if "provider" in wanted:
            wanted["provider"] = _provider(wanted["provider"], where)
        if wanted.get("claim_extension"):
            wanted["claim_extension"] = _extension(wanted["claim_extension"], where)
        with refused_at(where):
            found = None if groups is None else get_groups(groups, where)
            configuring.save_profile(profile=profile, fields=wanted, groups=found, excluded=None, by=by, at=at)


class Exclusions:
    """The groups that never recover by themselves."""

    name = "excluded_groups"

    def tell(self) -> Any:
        found = RecoveryPolicy.objects.exclude(excluded_groups=None)
        return sorted(found.values_list("excluded_groups__display_name", flat=True))

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        wanted = sorted(texts(data, self.name))
        if wanted != self.tell():
            yield Change(self.name, "groups", self.tell(), wanted)
            with refused_at(self.name):
                configuring.change_scopes(scopes=None, excluded=get_groups(wanted, self.name), by=by, at=at)


class SwitchPolicy:
    """What the switch of a profile to Production takes. A document may ask for more, never for less: to do without a
    second operator takes a second operator."""

    name = "switch_to_production"
    _FIELDS = ("approval_required", "evaluations_required")

    def tell(self) -> Any:
        policy = RecoveryPolicy.objects.filter(pk=RecoveryPolicy.THE_ROW).first() or RecoveryPolicy()
        return {name: getattr(policy, name) for name in self._FIELDS}

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        given = mapping(data, self.name)
        require_known(given, self._FIELDS, self.name)
        wanted = {key: cleaned(RecoveryPolicy, key, value, self.name) for key, value in given.items()}
        current = self.tell()
        for change in differences(self.name, current, wanted):
            if change.after < current[change.field]:
                raise ConfigRefused("invalid", f"{self.name}: {change.field} is lowered in the console only")
            yield change
            configuring.demand(field=change.field, value=change.after, by=by, at=at)


class PassPolicy:
    """The Temporary Access Pass policy."""

    name = "temporary_access_pass"
    _FIELDS = plain_fields(TemporaryAccessPassPolicy, leaving_out=frozenset())
    _GROUPS = ("include_groups", "exclude_groups")

    def tell(self) -> Any:
        policy = get_policy()
        told = {name: getattr(policy, name) for name in self._FIELDS}
        return told | {name: sorted(str(group) for group in getattr(policy, name).all()) for name in self._GROUPS}

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        given = mapping(data, self.name)
        require_known(given, (*self._FIELDS, *self._GROUPS), self.name)
        wanted: dict[str, Any] = {
            key: cleaned(TemporaryAccessPassPolicy, key, given[key], self.name) for key in self._FIELDS if key in given
        }
        wanted |= {key: sorted(texts(given[key], f"{self.name}: {key}")) for key in self._GROUPS if key in given}
        if changes := differences(self.name, self.tell(), wanted):
            yield from changes
            fields = {change.field: change.after for change in changes}
            fields |= {key: get_groups(wanted[key], self.name) for key in self._GROUPS if key in fields}
            with refused_at(self.name):
                tap.change_policy(changes=fields, changed_by=by.user, application=by.application, at=at)


class OperatorSignIn:
    """How operators sign in."""

    name = "operator_sign_in"

    def tell(self) -> Any:
        return {"passkey_required": operator_sign_in.is_passkey_required()}

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        given = mapping(data, self.name)
        require_known(given, ("passkey_required",), self.name)
        wanted = {key: cleaned(OperatorSignInPolicy, key, value, self.name) for key, value in given.items()}
        for change in differences(self.name, self.tell(), wanted):
            yield change
            program = Operator(user=None, application=by.application or "manage.py config")
            with refused_at(self.name):
                operator_sign_in.require_passkey(required=change.after, by=program, signed_in_with="", at=at)


def find_group(name: str, where: str) -> DirectoryGroup | None:
    found = list(DirectoryGroup.objects.filter(display_name=name)[:2])
    if len(found) > 1:
        raise ConfigRefused("ambiguous_name", f"{where}: two groups are called {name}")
    return found[0] if found else None


def get_groups(names: Sequence[str], where: str) -> list[DirectoryGroup]:
    groups = []
    for name in names:
        group = find_group(name, where)
        if group is None:
            raise ConfigRefused("unknown_name", f"{where}: there is no group {name}")
        groups.append(group)
    return groups


def _extension(name: str, where: str) -> ClaimExtension:
    extension = ClaimExtension.objects.filter(display_name=name).first()
    if extension is None:
        raise ConfigRefused("unknown_name", f"{where}: there is no custom authentication extension {name}")
    return extension


def _provider(name: str, where: str) -> IdentityProvider:
    provider = IdentityProvider.objects.filter(name=name).first()
    if provider is None:
        raise ConfigRefused("unknown_name", f"{where}: there is no provider {name}")
    return provider


# In this order they are brought in: what others name comes first.
SECTIONS: Final[tuple[Section, ...]] = (
    Groups(), Providers(), Extensions(), Profiles(), Exclusions(), SwitchPolicy(), PassPolicy(), OperatorSignIn(),
)  # fmt: skip
