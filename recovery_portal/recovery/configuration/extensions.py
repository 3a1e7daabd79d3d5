"""Custom authentication extensions in the document. The right to receive claims is granted by an operator, never by a
document."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.operators import Operator

from ..flows import extending
from ..models import ClaimExtension
from .changes import Change, cleaned, differences, plain_fields
from .document import ConfigRefused, entries
from .refusals import refused_at


class Extensions:
    """Extensions by name; a new one is told to listen at once, and asked once it was granted. Which app registration
    stands for its API is each installation's own matter: a new one gets a new one."""

    name = "claim_extensions"
    _FIELDS = plain_fields(ClaimExtension, leaving_out=frozenset({"display_name", "resource_id"}))

    def tell(self) -> Any:
        return [{"name": row.display_name, **self._told(row)} for row in ClaimExtension.objects.all()]

    def _told(self, extension: ClaimExtension) -> dict[str, Any]:
        return {name: getattr(extension, name) for name in self._FIELDS}

    def apply(self, data: Any, *, by: Operator, at: datetime) -> Iterator[Change]:
        for where, entry in entries(data, self.name, ("name", *self._FIELDS)):
            wanted = {key: cleaned(ClaimExtension, key, entry[key], where) for key in self._FIELDS if key in entry}
            name = cleaned(ClaimExtension, "display_name", entry["name"], where)
            extension = ClaimExtension.objects.filter(display_name=name).first()
            if extension is None:
                if "target_url" not in wanted:
                    raise ConfigRefused("invalid", f"{where}: target_url is missing")
                yield Change(where)
                with refused_at(where):
                    extending.create_extension(
                        fields={"display_name": name, **wanted}, by=by, at=at, with_listener=True
                    )
            elif changes := differences(where, self._told(extension), wanted):
                yield from changes
                with refused_at(where):
                    extending.change_extension(
                        extension=extension, fields={change.field: change.after for change in changes}, by=by, at=at
                    )
