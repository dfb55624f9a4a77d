"""What other registers and code books call a thing: its id there, and how they code it.

Neither is ours to judge. An id is kept as its register writes it, a code as its code book has it; the scheme names
which one that is, so that `UA.05` of one scheme and `UA05` of another are never taken for one.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from domain.values import Short, Text, Value

SCHEME_PATTERN = r"^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$"
Scheme = Annotated[str, StringConstraints(pattern=SCHEME_PATTERN)]
LONGEST_ID = 200
Identifier = Annotated[Short, StringConstraints(max_length=LONGEST_ID)]


class ForeignId(Value):
    """The id of a thing in another register, as that register writes it."""

    scheme: Scheme
    """The register and what it numbers, in small letters: `pa-x-agreement`, `ucdp-conflict`, `ucdp-event`,
    `eth-prio-ceasefire`, `acled-event`, `geonames`, `wikidata`, or a file of your own."""
    id: Identifier
    """The id there, letter by letter: nothing is folded when ids are compared."""

    @property
    def key(self) -> tuple[str, str]:
        return (self.scheme, self.id)


ForeignIds = Annotated[tuple[ForeignId, ...], Field(max_length=50)]


class Coding(Value):
    """How a code book codes a thing: the code, and its value if it has one. What it means is said in the code book."""

    scheme: Scheme
    """The code book and its version, in small letters: `pa-x-10`, `pam`, `eth-prio-ceasefire`, `awsd`."""
    code: Identifier
    """The code, or the name of the variable, as the code book writes it."""
    value: Identifier | None = None
    """The value, of a variable that takes several."""
    note: Text | None = None
    """What it means, or where in the text it stands."""


Codings = Annotated[tuple[Coding, ...], Field(max_length=500)]
