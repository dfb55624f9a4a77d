"""When a step was passed, by all reports of it: the order in which they are taken plays no part."""

from __future__ import annotations

from dataclasses import dataclass

from domain.edtf import When
from domain.values import EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Where the reports of one step put it: the one that begins first, and the one that ends last."""

    first: When
    last: When
    events: tuple[EventId, EventId]
    """These two; one event twice if there is no other."""
    mixed: bool = False
    """Whether some give a date and others an instant with its zone."""

    def together(self, other: Passed) -> Passed:
        """Where the reports of both put it, in whatever order they are taken together, and also if both know some."""
        first, last = self, self
        if _beginning(other) < _beginning(self):
            first = other
        if _ending(other) < _ending(self):
            last = other
        return Passed(
            first=first.first,
            last=last.last,
            events=(first.events[0], last.events[1]),
            mixed=self.mixed or other.mixed or self.first.span.timed != other.first.span.timed,
        )

    def before(self, other: Passed) -> bool:
        """Whether every report of this step lies certainly before every report of the other."""
        last, first = self.last.span, other.first.span
        if self.mixed or other.mixed:  # allow any zone
            first = first._replace(timed=not last.timed)
        return last.precedes(first)


def _beginning(passed: Passed) -> tuple[int, int, EventId]:
    return (passed.first.span.earliest, passed.first.span.latest, passed.events[0])


def _ending(passed: Passed) -> tuple[int, int, EventId]:
    return (-passed.last.span.latest, passed.last.span.earliest, passed.events[1])
