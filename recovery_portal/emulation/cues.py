"""Outcomes chosen by input: a YAML file uploaded as the photo becomes a cue card, while a scripted part runs."""

from typing import Any, Final

import yaml

from idv.face import cards

from . import parts

_LONGEST: Final = 2_000
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")


def drawn(data: bytes) -> bytes:
    """The hook of the image gate: the cue card that a YAML file describes; everything else as it came, to be judged by
    the gate."""
    if not data or data.startswith(_PICTURES) or len(data) > _LONGEST or not parts.any_scripted():
        return data
    try:
        cues = yaml.load(data.decode("utf-8"), Loader=_PlainText)  # noqa: S506 - a SafeLoader
        return cards.write(cues) if isinstance(cues, dict) else data
    # No YAML, or nothing that fits on a card; of a tag that does not suit its text the library says it in many ways.
    except (yaml.YAMLError, TypeError, ValueError, RuntimeError, LookupError, AttributeError):
        return data


class _PlainText(yaml.SafeLoader):
    """Dates stay as they are written, as in JSON; anchors that refer to each other are not followed."""

    yaml_implicit_resolvers = {
        first: [(tag, expression) for tag, expression in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("a cue card refers to nothing")
        return super().compose_node(parent, index)
