"""A line of a status: what the last reports say that no other report follows.

Reports carry uncertain times, so "the latest" is often not one report. A line keeps every candidate that
no other certainly follows. If they agree, the line has a value; if not, it is *contested* and names them.
The order of arrival plays no part: a line is a function of the set of reports, folded in canonical order.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.changing import unchanging
from domain.claimants import Claimant, distinct
from domain.comparison import comparable
from domain.edtf import Span, When
from domain.event import Event
from domain.values import EventId

T = TypeVar("T")


def gist(value: Any) -> Hashable:
    """What two reports must share to agree: a value's `gist` if it has one (wording aside), else the value.

    Of a text it is the form in which texts are compared, of a date its bounds.
    """
    if isinstance(value, When):
        return value.span
    if type(value) is str:
        return comparable(value)
    shared: Hashable = getattr(value, "gist", value)
    return shared


def agree(one: Any, other: Any) -> bool:
    """Whether two values say the same: by their own `agrees`, if they have it, else by their gist."""
    agrees = getattr(one, "agrees", None)
    return bool(agrees(other)) if agrees is not None else gist(one) == gist(other)


@dataclass(frozen=True)
class Course:
    """The usual course of a family: which steps lead to which, where their dates leave it open.

    A convoy reported as departed and as arrived on the same day has arrived. "Arrived" and "turned back" on
    the same day is a contradiction, since neither leads to the other.
    """

    pairs: frozenset[tuple[Hashable, Hashable]]
    """There is no way back: the second comes after the first, however wide their dates."""
    turns: frozenset[tuple[Hashable, Hashable]] = frozenset()
    """There and back again: only where the dates are the same does the step of the types decide the order."""

    @classmethod
    def of(cls, *paths: Iterable[Hashable], turns: Iterable[tuple[Hashable, Hashable]] = ()) -> Course:
        """Each path names steps in the order in which one leads to the next; paths join where they share one.

        `turns` names pairs of steps that may follow each other either way.
        """
        pairs: set[tuple[Hashable, Hashable]] = set()
        for path in paths:
            steps = list(path)
            pairs |= {(a, b) for i, a in enumerate(steps) for b in steps[i + 1 :]}
        while more := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
            pairs |= more
        both_ways = frozenset(pair for a, b in turns for pair in ((a, b), (b, a)))
        return cls(frozenset(pair for pair in pairs if pair[0] != pair[1]), both_ways)

    def leads(self, earlier: Any, later: Any) -> bool:
        return (gist(earlier), gist(later)) in self.pairs

    def turns_to(self, earlier: Any, later: Any) -> bool:
        return (gist(earlier), gist(later)) in self.turns


ANY_ORDER = Course(frozenset())

MAX_EVENTS_PER_CANDIDATE = 10
"""Events that one candidate names: the first ones and the newest."""
MAX_CLAIMANTS_PER_CANDIDATE = 10
"""Claimants that one candidate names."""


@unchanging
class Candidate(Generic[T]):
    """One last step and the events it rests on."""

    value: T
    span: Span
    occurred: When | None
    """When the newest report says it occurred."""
    since: When | None
    """When an unbroken run of reports first said the same."""
    events: tuple[EventId, ...]
    """First and newest event of that run."""
    claimants: tuple[Claimant, ...] = ()
    """Who says so in that run, the first ones."""
    possible: bool = False
    """Whether, at the horizon, it may not have come about yet (`Event.possible`)."""


@unchanging
class Cited(Generic[T]):
    """Something said once that nothing supersedes, with the event that says it."""

    data: T
    event: EventId
    occurred: When | None


@unchanging
class Line(Generic[T]):
    """The candidates for one line of a status."""

    candidates: tuple[Candidate[T], ...] = ()

    def advance(self, value: T, event: Event, course: Course = ANY_ORDER) -> Line[T]:
        """The line after one more report, given in canonical order (`Event.order`).

        A report that is only possible stands beside what it would follow: that may still be so.
        """
        span, possible = event.span, event.possible
        if not self.candidates:
            who = event.claimants[:MAX_CLAIMANTS_PER_CANDIDATE]
            return Line((Candidate(value, span, event.occurred, event.occurred, (event.id,), who, possible),))
        kept: list[Candidate[T]] = []
        followed: list[Candidate[T]] = []
        overtaken = False
        same: Candidate[T] | None = None
        for candidate in self.candidates:
            turned = candidate.span == span and course.turns_to(candidate.value, value)
            if turned or candidate.span.precedes(span) or course.leads(candidate.value, value):
                followed.append(candidate)
            elif candidate.span == span and agree(candidate.value, value):
                same = candidate
            else:
                kept.append(candidate)
                overtaken = overtaken or course.leads(value, candidate.value)
        if overtaken and possible:
            return self
        if overtaken:  # by a later step of the usual course, reported for the same time; what it follows is past too
            return Line((*kept, same) if same else tuple(kept))
        run = same or next((c for c in followed if gist(c.value) == gist(value)), None)
        claimants = distinct((*run.claimants, *event.claimants)) if run else event.claimants
        newest = Candidate(
            value=value,
            span=span,
            occurred=event.occurred,
            since=run.since if run else event.occurred,
            events=_named(run, event, whole=same is not None),
            claimants=claimants[:MAX_CLAIMANTS_PER_CANDIDATE],
            possible=possible and (same is None or same.possible),
        )
        if possible:  # what is just as possible gives way as it would if both were certain
            gone = [c for c in followed if c.possible and c.span == span]
            return Line((*(c for c in self.candidates if c is not same and c not in gone), newest))
        return Line((*kept, newest))

    @property
    def values(self) -> tuple[T, ...]:
        """The distinct values that stand, oldest first."""
        if len(self.candidates) == 1:
            return (self.candidates[0].value,)
        distinct: list[T] = []
        for candidate in self.candidates:
            if not any(agree(value, candidate.value) for value in distinct):
                distinct.append(candidate.value)
        return tuple(distinct)

    @property
    def contested(self) -> bool:
        return len(self.candidates) > 1 and len(self.values) > 1

    @property
    def value(self) -> T | None:
        """The value if the candidates agree; None if there is none or they disagree."""
        values = self.values
        return values[0] if len(values) == 1 else None

    @property
    def events(self) -> tuple[EventId, ...]:
        return tuple(dict.fromkeys(event for c in self.candidates for event in c.events))

    @property
    def since(self) -> When | None:
        return self.candidates[0].since if self.candidates else None


def _named(run: Candidate[Any] | None, event: Event, *, whole: bool) -> tuple[EventId, ...]:
    """The events a candidate rests on: all that say the same of the same time, else the first and the newest."""
    if run is None:
        return (event.id,)
    earlier = run.events[: MAX_EVENTS_PER_CANDIDATE - 1] if whole else run.events[:1]
    return tuple(dict.fromkeys((*earlier, event.id)))
