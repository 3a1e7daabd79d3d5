"""The parts of the document, each told from the records and brought in by the flows that operators use."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from accounts.operators import Operator
from idv.verifier.models import IdentityProvider

from ..flows import configuring, providers
from ..models import ClaimExtension, RecoveryPolicy, RecoveryProfile
from .changes import Change, cleaned, differences, plain_fields
from .contracts import Contracts
from .document import ConfigRefused, entries, mapping, require_known, text, texts
from .extensions import Extensions
from .groups import Groups, get_groups
from .policies import OperatorSignIn, PasskeyRules, PassPolicy
from .refusals import refused_at


class Section(Protocol):
    """One key of the document. ``apply`` yields what differs, as it is brought in."""

    name: str

    def tell(self) -> Any: ...

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]: ...


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
    PasskeyRules(), Contracts(),
)  # fmt: skip
