"""Series of figures: which of them can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self
from uuid import UUID

from domain.comparison import comparable
from domain.edtf import When
from domain.keys import compound
from domain.values import Counting, Place, Quantity


class Series(NamedTuple):
    """What two figures must share to be comparable. Texts stand in the form in which they are compared."""

    measure: str
    counting: str
    unit: str
    area: tuple[str, ...]
    """Keys of the places, sorted; none: not stated."""
    scope: str
    period: str
    """Of a flow or a cumulative count; a stock has none."""
    enrolled: tuple[str, ...] = ()
    """Of counts of a register: the track (empty: all tracks) and the category (empty: not said)."""
    about: str = ""
    """Of the toll of an incident or a violation: the id of its event."""

    @property
    def key(self) -> str:
        """All of it as one text."""
        return compound(
            self.measure,
            self.counting,
            self.unit,
            compound(*self.area) if self.area else "",
            self.scope,
            self.period,
            *self.enrolled,
            *((self.about,) if self.about else ()),
        )

    @property
    def kin(self) -> str:
        """What the series of a part and of its whole share."""
        of_what = ("category", self.enrolled[1]) if self.enrolled else ("measure", self.measure)
        return compound(self.counting, self.unit, self.period, self.about, *of_what)

    @classmethod
    def of(
        cls,
        measure: str,
        quantity: Quantity,
        counting: Counting,
        *,
        area: Iterable[Place] | None,
        scope: str | None,
        period: When | None,
        enrolled: tuple[str, ...] = (),
        about: UUID | None = None,
    ) -> Self:
        """The series of one figure, given its fields as they were sent."""
        return cls(
            comparable(measure),
            counting.value,
            comparable(quantity.unit),
            tuple(sorted({place.key for place in area or ()})),
            comparable(scope or ""),
            str(period or "") if counting is not Counting.STOCK else "",
            tuple(comparable(part) for part in enrolled),
            str(about or ""),
        )
