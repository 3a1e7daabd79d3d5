"""Outcomes chosen by input: a YAML file uploaded as the photo becomes a cue card, while a scripted part runs."""

from typing import Any, Final

import yaml

from idv.face import cards
from recovery_portal.kit.images import ImageRefused

from . import parts

_LONGEST: Final = 2_000
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")


def drawn(data: bytes) -> bytes:
    """The hook of the image gate: the cue card that a YAML file describes; everything else as it came.

    Raises ImageRefused(not_an_image) for a YAML file that describes none.
    """
    if not data or data.startswith(_PICTURES) or len(data) > _LONGEST or not parts.any_scripted():
        return data
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    try:
        return cards.write(_cues(text))
    except (TypeError, ValueError, RuntimeError) as error:
        raise ImageRefused("not_an_image", "the YAML file does not fit on a cue card") from error


def _cues(text: str) -> dict[str, Any]:
    try:
        cues = yaml.load(text, Loader=_PlainText)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ImageRefused("not_an_image", "neither a photo nor YAML") from error
    if not isinstance(cues, dict):
        raise ImageRefused("not_an_image", "a YAML file in place of a photo is a mapping of cues")
    return cues


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
