"""Who a specimen is made out to."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

COUNTRY: Final = "UTO"
_LETTERS: Final = "CFHJKLMNPRTVWXY"  # none that an eye or a reader takes for a digit


@dataclass(frozen=True)
class Holder:
    """The person on a specimen. ``document_number`` is made up from the rest when it is left empty."""

    given_names: str
    surname: str
    date_of_birth: date
    sex: str = "X"
    nationality: str = COUNTRY
    document_number: str = ""
    personal_number: str = ""
    place_of_birth: str = "Utopia City"
    street: str = "1 Harbour Street"
    city: str = "Utopia City"

    def numbered(self, kind: str) -> "Holder":
        """The same holder with a document number: stable for a person and a kind, printed alike each time."""
        if self.document_number:
            return self
        seed = "|".join([kind, self.surname, self.given_names, self.date_of_birth.isoformat()])
        value = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
        first, second = _LETTERS[value % 15], _LETTERS[value // 15 % 15]
        return replace(self, document_number=f"{first}{second}{value // 225 % 10_000_000:07d}")
