"""A line of a status: what the last reports say that no other report follows.

Reports carry uncertain times, so "the latest" is often not one report. A line keeps every candidate that
no other certainly follows, and says what they say together, field by field (`domain.compatible`). If two of them cannot
both be so, it is *contested* and names them.
The order of arrival plays no part: a line is a function of the set of reports, folded in canonical order.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any, Generic, Self, TypeVar, cast

from domain.changing import unchanging
from domain.claimants import Claimant, confirming, distinct
from domain.compatible import (
    ADDING,
    content,
    contradict,
    disputed,
    fields_of,
    gist,
    is_silent,
    is_wider,
    standing,
    united,
    with_fields,
    with_names_of,
)
from domain.edtf import Span, When
from domain.event import Event
from domain.values import EventId, Place

T = TypeVar("T")


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

    @cached_property
    def order(self) -> tuple[Hashable, ...]:
        """Its steps, those that come first before those that they lead to."""
        steps = {step for pair in self.pairs for step in pair}
        return tuple(sorted(steps, key=lambda step: (sum(after == step for _, after in self.pairs), str(step))))

    def leads(self, earlier: Any, later: Any) -> bool:
        return (gist(earlier), gist(later)) in self.pairs

    def turns_to(self, earlier: Any, later: Any) -> bool:
        return (gist(earlier), gist(later)) in self.turns


ANY_ORDER = Course(frozenset())


class Keeps(Enum):
    """Of which earlier reports stays what a later one does not say."""

    OF_ITS_TIME = "of its time"
    """Those of the same time that say the same otherwise: what is later is another act."""
    OF_THE_SAME = "of the same"
    """Also those before it that say the same otherwise: a state goes on."""
    ALL = "all"
    """All: they describe one thing."""


MAX_CANDIDATES = 10
"""Reports of one thing that stand side by side; what more of them say goes into one of these."""
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
    kept: tuple[tuple[str, tuple[EventId, ...]], ...] = ()
    """Fields that only earlier reports say, each with the events that say it."""

    def told_by(self, name: str) -> tuple[EventId, ...]:
        """The events that say what a field holds."""
        return dict(self.kept).get(name, self.events)


@unchanging
class Said(Generic[T]):
    """What one field of a line holds by the candidates that say the same there."""

    value: Any
    events: tuple[EventId, ...]
    """Those that say so."""
    by: Candidate[T]
    """The last of these candidates, a certain one if there is any."""


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

    def advance(self, value: T, event: Event, course: Course = ANY_ORDER, keeps: Keeps = Keeps.OF_ITS_TIME) -> Self:
        """The line after one more report, given in canonical order (`Event.order`).

        A report that is only possible stands beside what it would follow: that may still be so.
        """
        span, possible = event.span, event.possible
        if not self.candidates:
            who = event.claimants[:MAX_CLAIMANTS_PER_CANDIDATE]
            first = Candidate(value, span, event.occurred, event.occurred, (event.id,), who, possible)
            return type(self)((first,))
        kept: list[Candidate[T]] = []
        followed: list[Candidate[T]] = []
        overtaken, full = False, len(self.candidates) >= MAX_CANDIDATES
        same: Candidate[T] | None = None
        for candidate in self.candidates:
            turned = candidate.span == span and course.turns_to(candidate.value, value)
            if turned or candidate.span.precedes(span) or course.leads(candidate.value, value):
                followed.append(candidate)
            elif (
                same is None
                and candidate.span == span
                and agree(candidate.value, value)
                and (full or _fit(candidate.value, value))
            ):
                same = candidate
            else:
                kept.append(candidate)
                # What is only possible takes the place of nothing that is certain.
                overtaken = overtaken or ((possible or not candidate.possible) and course.leads(value, candidate.value))
        if overtaken and possible:
            return self
        if overtaken:  # by a later step of the usual course, reported for the same time; what it follows is past too
            return type(self)((*kept, same) if same else tuple(kept))
        run = same or next((c for c in followed if gist(c.value) == gist(value)), None)
        claimants = distinct((*run.claimants, *event.claimants)) if run else event.claimants
        earlier = [] if possible else _kept_of(followed, value, keeps)
        whole, told_before = _completed(value, [*earlier, same] if same else earlier)
        newest = Candidate(
            value=whole,
            span=span,
            occurred=event.occurred,
            since=run.since if run else event.occurred,
            events=_named(run, event, whole=same is not None),
            claimants=claimants[:MAX_CLAIMANTS_PER_CANDIDATE],
            possible=possible and (same is None or same.possible),
            kept=told_before,
        )
        if possible:  # what is just as possible gives way as it would if both were certain
            gone = [c for c in followed if c.possible and c.span == span]
            return type(self)((*(c for c in self.candidates if c is not same and c not in gone), newest))
        if keeps is Keeps.ALL and len(kept) >= MAX_CANDIDATES:
            kept = _fewer(kept, MAX_CANDIDATES - 1)
        return type(self)((*kept, newest))

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
    def _held_together(self) -> tuple[Candidate[T], ...]:
        """The candidates that are held against each other: those that are only possible if there is no other."""
        return tuple(c for c in self.candidates if not c.possible) or self.candidates

    @property
    def contested_fields(self) -> tuple[str, ...]:
        """The fields on which two of the candidates cannot both be so; an empty name is that of a plain value.

        What is only possible contradicts nothing.
        """
        if len(self.candidates) < 2:
            return ()
        sure = [c.value for c in self.candidates if not c.possible]
        return tuple(name for name in _compared(sure) if disputed(_standing(sure, name), name))

    @property
    def contested(self) -> bool:
        """Whether two of the last reports cannot both be so."""
        return bool(self.contested_fields)

    def sides(self, name: str | None = None) -> tuple[Candidate[T], ...]:
        """The certain candidates that stand against each other in a contested field; without a name, in any of them.

        Of a plain value the name is empty.
        """
        sure = [c for c in self.candidates if not c.possible]
        names = self.contested_fields if name is None else (name,)
        stands = {one: {content(v) for v in _standing([c.value for c in sure], one)} for one in names}
        return tuple(c for c in sure if any(content(_of(c.value, one)) in stands[one] for one in names))

    @property
    def otherwise(self) -> bool:
        """Whether no two certain reports contradict each other, but one that is only possible says another thing."""
        possible = any(c.possible for c in self.candidates)
        return possible and len(self.values) > 1 and not self.contested

    @property
    def value(self) -> T | None:
        """What the candidates say together; None if there is none, or they contradict each other."""
        if len(self.candidates) == 1:
            return self.candidates[0].value
        return None if self.contested else self.together

    @property
    def together(self) -> T | None:
        """What the candidates say together, without the fields on which they contradict each other."""
        held = self._held_together
        if len(held) < 2:
            return held[0].value if held else None
        values, names = [c.value for c in held], _compared([c.value for c in held])
        if names == ("",):
            stands = _standing(values, "")
            if self._excludes(stands, ""):
                return None
            newest: Any = stands[-1]
            plain: Any = _named_by_all(newest, values, "") if isinstance(newest, Place) else newest
            return cast(T, plain)
        whole: T = with_fields(values[-1], {name: self._field(values, name) for name in names})
        return whole

    def _field(self, values: list[T], name: str) -> Any:
        """What several values say together in one field; None if they contradict each other."""
        stands = _standing(values, name)
        if self._excludes(stands, name):
            return None
        said = stands[-1]
        if isinstance(said, Place):
            return _named_by_all(said, values, name)
        if name in ADDING:
            for value in reversed(values):
                said = united(said, getattr(value, name))
        return said

    def _excludes(self, stands: list[Any], name: str) -> bool:
        return disputed(stands, name)

    def said_in(self, name: str = "") -> list[Said[T]]:
        """What the candidates say in one field, each once: without what a certain one says more exactly.

        Of a plain value the name is empty. What is not of the kind that has the field says nothing.
        """
        sure = [_of_some(c.value, name) for c in self.candidates if not c.possible]
        told: dict[Hashable, Said[T]] = {}
        for c in self.candidates:
            value = _of_some(c.value, name)
            if is_silent(value, name) or any(is_wider(value, other) for other in sure):
                continue
            one = told.get(content(value))
            events = c.told_by(name) if one is None else (*one.events, *c.told_by(name))
            by = c if one is None or not c.possible else one.by
            told[content(value)] = Said(value if one is None else one.value, tuple(dict.fromkeys(events)), by)
        return list(told.values())

    @property
    def others(self) -> dict[str, list[Candidate[T]]]:
        """By field, the candidates that say something beside its value which does not contradict it: other words,
        another sender."""
        held = self._held_together
        values = [c.value for c in held]
        beside: dict[str, list[Candidate[T]]] = {}
        for name in _compared(values) if len(held) > 1 else ():
            stands = _standing(values, name)
            if name not in ADDING and len(stands) > 1 and not self._excludes(stands, name):
                told = {content(value) for value in stands[:-1]}
                saying = {content(own): c for c in held if content(own := _of(c.value, name)) in told}
                beside[name] = list(saying.values())
        return beside

    @property
    def grounds(self) -> dict[str, tuple[EventId, ...]]:
        """The events behind each field, where they are not the same for all that is said."""
        held = self._held_together
        if len(held) == 1 and not held[0].kept:
            return {}
        told: dict[str, tuple[EventId, ...]] = {}
        together = self.together
        for name in _compared([c.value for c in held]):
            if name and together is not None and not is_silent(said := getattr(together, name), name):
                by = [
                    c
                    for c in held
                    if not is_silent(own := getattr(c.value, name), name)
                    and (name in ADDING or own == said or content(own) == content(said))
                ]
                told[name] = tuple(dict.fromkeys(event for c in by for event in c.told_by(name)))
        return told if len(set(told.values())) > 1 else {}

    @property
    def events(self) -> tuple[EventId, ...]:
        """What the candidates rest on, and the earlier reports of which something stays."""
        kept = (event for c in self.candidates for _, events in c.kept for event in events)
        return tuple(dict.fromkeys((*(event for c in self.candidates for event in c.events), *kept)))

    @property
    def since(self) -> When | None:
        return self.candidates[0].since if self.candidates else None


class Account(Line[T]):
    """A line of which the reports add to each other: none of them excludes another. It is never contested."""

    __slots__ = ()

    @property
    def contested_fields(self) -> tuple[str, ...]:
        return ()

    def _excludes(self, stands: list[Any], name: str) -> bool:  # noqa: ARG002
        return False


def _of(value: Any, name: str) -> Any:
    return getattr(value, name) if name else value


def _of_some(value: Any, name: str) -> Any:
    return getattr(value, name, None) if name else value


def _fit(one: Any, other: Any) -> bool:
    """Whether two reports of one time that agree can be told as one: in no field do they say two things, or one of them
    more exactly. Other words are no other thing."""
    if one is other or type(one) is not type(other):
        return True
    for name in fields_of(type(one)):
        a, b = getattr(one, name), getattr(other, name)
        if a is b or name in ADDING or is_silent(a, name) or is_silent(b, name) or content(a) == content(b):
            continue
        if is_wider(a, b) or is_wider(b, a) or contradict(a, b, name):
            return False
    return True


def _named_by_all(place: Place, values: Iterable[Any], name: str) -> Place:
    others = (_of(value, name) for value in values)
    return with_names_of(place, (one for one in others if isinstance(one, Place) and not is_wider(one, place)))


def _standing(values: Iterable[Any], name: str) -> list[Any]:
    return standing((_of(value, name) for value in values), name)


def _compared(values: list[Any]) -> tuple[str, ...]:
    """The fields in which values are held against each other: by their names, or as a whole."""
    kinds: set[type[Any]] = {type(value) for value in values if value is not None}
    return (fields_of(kinds.pop()) if len(kinds) == 1 and None not in values else ()) or ("",)


def _kept_of(followed: list[Candidate[T]], value: T, keeps: Keeps) -> list[Candidate[T]]:
    """Of the candidates that a report follows those of which stays what it does not say."""
    match keeps:
        case Keeps.ALL:
            return followed
        case Keeps.OF_THE_SAME:
            return [c for c in followed if gist(c.value) == gist(value)]
        case Keeps.OF_ITS_TIME:
            return []


def _completed(value: T, earlier: list[Candidate[T]]) -> tuple[T, tuple[tuple[str, tuple[EventId, ...]], ...]]:
    """A value with what only earlier candidates say, the newest of them first, and the events that say it."""
    if not earlier:
        return value, ()
    added: dict[str, Any] = {}
    told: dict[str, tuple[EventId, ...]] = {}
    for name in fields_of(type(value)):
        said = getattr(value, name)
        for candidate in reversed(earlier):
            older: Any = getattr(candidate.value, name, None)
            if is_silent(older, name):
                continue
            if is_silent(said, name):
                said = added[name] = older
                told[name] = candidate.told_by(name)
            elif name in ADDING and (more := united(said, older)) != said:
                said = added[name] = more
                told[name] = (*told.get(name, ()), *candidate.told_by(name))
    return with_fields(value, added), tuple((name, tuple(dict.fromkeys(events))) for name, events in told.items())


def _fewer(candidates: list[Candidate[T]], most: int) -> list[Candidate[T]]:
    """The newest candidates, what the others say gone into the oldest of them."""
    gone, stay = candidates[:-most], candidates[-most:]
    value, told = _completed(stay[0].value, gone)
    return [replace(stay[0], value=value, kept=(*stay[0].kept, *told)), *stay[1:]]


def _named(run: Candidate[Any] | None, event: Event, *, whole: bool) -> tuple[EventId, ...]:
    """The events a candidate rests on: all that say the same of the same time, else the first and the newest."""
    if run is None:
        return (event.id,)
    earlier = run.events[: MAX_EVENTS_PER_CANDIDATE - 1] if whole else run.events[:1]
    return tuple(dict.fromkeys((*earlier, event.id)))


OPENING_STAGES = frozenset(("reported", "open", "possible", "announced"))
"""Where a subject stands when it is first reported: no change of state."""


def told_by_one(stage: Line[Any]) -> bool:
    """Whether no more than one claimant tells of a change of state: of those who confirm anything (`confirming`)."""
    certain = [c for c in stage.candidates if not c.possible]
    if {gist(c.value) for c in certain} <= OPENING_STAGES:
        return False
    return len(confirming(claimant for c in certain for claimant in c.claimants)) < 2
