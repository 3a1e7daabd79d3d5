"""The document: strict YAML in, plain YAML out. Unknown keys are refused with the nearest one that exists."""

from collections.abc import Collection, Hashable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import yaml

from recovery_portal.kit.errors import DomainError

VERSION = 1
MAX_BYTES = 1_000_000


class ConfigRefused(DomainError):
    """The document cannot be brought in; ``reason`` says where. Codes: unreadable, unknown_key, wrong_type, invalid,
    unknown_name, ambiguous_name."""


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader without what a configuration does not need: aliases (they can be bombs) and keys given twice."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            raise ConfigRefused("unreadable", "aliases are not accepted")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise ConfigRefused("unreadable", f"a key is no text, line {key_node.start_mark.line + 1}")
            if key in seen:
                raise ConfigRefused("unreadable", f"{key} is given twice, line {key_node.start_mark.line + 1}")
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: Any) -> Any:
        value = super().construct_scalar(node)
        if isinstance(value, str) and "\x00" in value:  # PostgreSQL keeps no such text
            raise ConfigRefused("unreadable", f"a NUL in a text, line {node.start_mark.line + 1}")
        return value


class _PlainDumper(yaml.SafeDumper):
    """Texts of several lines, such as certificates, as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|" if "\n" in text else None)


_PlainDumper.add_representer(str, _text)
_PlainDumper.add_multi_representer(str, _text)  # the choices of a row that was never saved


def load(text: str) -> dict[str, Any]:
    """The document, its shape not yet looked at. Raises ConfigRefused."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise ConfigRefused("unreadable", f"more than {MAX_BYTES} bytes")
    try:
        data = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader, made stricter
    # Of a tag that does not suit its text the library says it in many ways.
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError) as error:
        raise ConfigRefused("unreadable", " ".join(str(error).split())[:300]) from error
    return mapping(data, "the document")


def dump(data: Mapping[str, Any]) -> str:
    return yaml.dump(dict(data), Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=120)


def require_known(data: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Raises ConfigRefused (unknown_key) for the first key that nobody knows."""
    for key in data:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known))}"
            raise ConfigRefused("unknown_key", f"{where}: unknown key {key}{hint}")


def mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigRefused("wrong_type", f"{where} is not a mapping")
    return value


def entries(value: Any, where: str, known: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each named entry of a list with where it stands; a name counts once."""
    if not isinstance(value, list):
        raise ConfigRefused("wrong_type", f"{where} is not a list")
    seen: set[str] = set()
    for number, entry in enumerate(value):
        place = f"{where}[{number}]"
        require_known(mapping(entry, place), known, place)
        name = text(entry.get("name"), f"{place}.name")
        if name in seen:
            raise ConfigRefused("invalid", f"{place}: {name} is there twice")
        seen.add(name)
        yield f"{where} {name}", entry


def text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigRefused("wrong_type", f"{where} is not a text")
    return value


def texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        raise ConfigRefused("wrong_type", f"{where} is not a list")
    return [text(item, where) for item in value]
