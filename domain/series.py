"""Series of figures: which of them can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, Self
from uuid import UUID

from domain.comparison import comparable
from domain.edtf import When
from domain.harm_words import harm_of
from domain.keys import compound
from domain.values import Counting, Place, Quantity

TOLL = "toll"
"""With what the keys of series of tolls begin. Those of others have more parts."""


class Series(NamedTuple):
    """What two figures must share to be comparable. Texts stand in the form in which they are compared."""

    measure: str
    counting: str
    unit: str
    area: tuple[str, ...]
    """Keys of the places, sorted; none: not stated."""
    scope: str
    period: str
    """Of a flow or a cumulative count, by its bounds; a stock has none."""
    enrolled: tuple[str, ...] = ()
    """Of counts of a register: the track (empty: all tracks), the category (empty: not said), the stage, if said."""
    about: str = ""
    """Of the toll of an incident or a violation: the id of its event."""
    counts: str = ""
    """Of a count of acts, which each recorder counts for itself: `violations` or `incidents`."""

    @property
    def key(self) -> str:
        """All of it as one text."""
        return _key(self)

    @property
    def kin(self) -> str:
        """What the series of a part and of its whole share."""
        return _kin(self)

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
        counts: str | None = None,
    ) -> Self:
        """The series of one figure, given its fields as they were sent.

        Figures on the toll of one incident are compared by the harm, to whom, and the unit alone: it happened once,
        and at one place.
        """
        if about is not None:
            return cls.of_toll(harm_of(measure), quantity, who=scope, about=about)
        return cls(
            comparable(measure),
            counting.value,
            comparable(quantity.unit),
            tuple(sorted({place.key for place in area or ()})),
            comparable(scope or ""),
            period.bounds if period is not None and counting is not Counting.STOCK else "",
            tuple(comparable(part) for part in enrolled),
            counts=counts or "",
        )

    @classmethod
    def of_toll(cls, harm: str, quantity: Quantity, *, who: str | None, about: UUID) -> Self:
        """The series of the toll of an incident or a violation: of one harm, to one group of people or things."""
        unit, scope = comparable(quantity.unit), comparable(who or "")
        return cls(comparable(harm), Counting.CUMULATIVE.value, unit, (), scope, "", about=str(about))


@lru_cache(1 << 12)
def _key(series: Series) -> str:
    if series.about:
        return compound(TOLL, series.about, series.measure, series.unit, series.scope)
    return compound(
        series.measure,
        series.counting,
        series.unit,
        compound(*series.area) if series.area else "",
        series.scope,
        series.period,
        *series.enrolled,
        *(("counts", series.counts) if series.counts else ()),
    )


@lru_cache(1 << 12)
def _kin(series: Series) -> str:
    of_what = ("category", series.enrolled[1]) if series.enrolled else ("measure", series.measure)
    return compound(series.counting, series.unit, series.period, series.about, *of_what)
