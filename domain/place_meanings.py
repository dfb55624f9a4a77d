"""Which place each description of a process means, and events and states seen so.

Descriptions are compared within one process, all of those together that its events in effect give
(`domain.place_classes`). Most stand for themselves: no other one means the same place, and there is nothing to note.
Only of the others a `Meaning` is kept. Figures, lines and reports are folded by descriptions, and joined by meanings
when they are looked at, so an event of several processes can mean one thing here and another there; only a process's
own lines are folded by meanings.

What is known of a place that is named by its id (names, codes, kind, point, what contains it) belongs to its
description. It is cut by position only, as the names of actors are: it is no news.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, cast

from domain.comparison import comparable
from domain.event import Event
from domain.general import SubjectState
from domain.lines import Candidate, Cited, Line
from domain.place_classes import (
    Code,
    Description,
    Difference,
    PlaceClass,
    Point,
    classes,
    described,
    kind_and_level,
    own_codes,
)
from domain.places import PlaceState
from domain.places_within import holding_places, places_in, with_places
from domain.values import Label, Place, Subject, Value

S = TypeVar("S", bound=SubjectState)


class Meaning(NamedTuple):
    """The place that a description means."""

    key: str
    """`places/ID`, or what all descriptions of the place share; of no other place of the process."""
    labels: tuple[Label, ...] = ()
    """Names of the place, where it is named by its id alone."""
    within: tuple[str, ...] = ()
    """The keys of the places that contain it, the nearest first, as far as they were identified."""


Meanings = Mapping[str, Meaning]
"""By `Place.described`, those that do not stand for themselves alone."""
NO_MEANINGS: Meanings = {}
NO_PLACES: Mapping[str, Place] = MappingProxyType({})


@dataclass(frozen=True)
class KnownPlaces:
    """What is known of places that were identified."""

    states: Mapping[Subject, PlaceState] = field(default_factory=dict)
    """By the path that stays."""
    stays: Mapping[Subject, Subject] = field(default_factory=dict)
    """Paths that gave way, each with the one that stays."""

    def state(self, place: str) -> tuple[str, PlaceState | None]:
        """The id that stays of a place, and what is known of it."""
        path = Subject(f"places/{place}")
        path = self.stays.get(path, path)
        return path.partition("/")[2], self.states.get(path)

    def within(self, place: str) -> tuple[str, ...]:
        """The places that contain one, the nearest first, as far as reports agree on it."""
        chain: list[str] = []
        current, state = self.state(place)
        while state is not None and (container := state.within.value) is not None:
            current, state = self.state(container)
            if current in chain or current == place:
                break
            chain.append(current)
        return tuple(chain)

    def completed(self, description: Description) -> Description:
        """A description, with what is known of the place if it is named by its id."""
        if description.id is None:
            return description
        stays, state = self.state(description.id)
        if state is None:
            return dataclasses.replace(description, id=stays)
        kind, level = kind_and_level(state.kind.value)
        point = state.point.value
        return dataclasses.replace(
            description,
            id=stays,
            names=description.names | {name for label in state.labels if (name := comparable(label.text))},
            codes=description.codes | own_codes(state.codes),
            kind=description.kind or kind,
            level=description.level or level,
            point=description.point or (Point(point.lat, point.lon, point.precision) if point is not None else None),
            within=self.within(stays),
        )


@dataclass(frozen=True, slots=True)
class Doubt:
    """Places of one process of which a description could mean any."""

    key: str
    """The first of the keys of these places."""
    difference: str
    """What tells two of them apart."""
    between: tuple[str, str]
    """Names of these two."""
    described: frozenset[str]
    """The descriptions of all of them (`Place.described`)."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a process makes of its descriptions."""

    meanings: dict[str, Meaning]
    doubts: tuple[Doubt, ...]
    codes: frozenset[tuple[Code, str]]
    """Own codes, each with the key of the place that has it."""


NOTHING_DRAWN = Drawn({}, (), frozenset())


def drawn(places: Mapping[str, Place], known: KnownPlaces) -> Drawn:
    """Which place each description means; `places` are all those of one process, by `Place.described`."""
    by_description: defaultdict[Description, list[str]] = defaultdict(list)
    for key in sorted(places):
        by_description[known.completed(described(places[key]))].append(key)
    meanings: dict[str, Meaning] = {}
    doubtful: dict[frozenset[str], list[PlaceClass]] = defaultdict(list)
    codes: set[tuple[Code, str]] = set()
    for one in classes(by_description):
        members = sorted(key for member in one.members for key in by_description[member])
        shared = one.key if one.id is not None else members[0]
        if one.id is not None or len(members) > 1:
            labels: tuple[Label, ...] = ()
            within = tuple(f"places/{place}" for place in known.within(one.id)) if one.id is not None else ()
            if one.id is not None and (state := known.state(one.id)[1]) is not None:
                labels = state.labels[:1]
            for key in members:
                meanings[key] = Meaning(shared, labels if not places[key].labels else (), within)
        codes |= {(code, shared) for code in one.codes}
        if one.doubt is not None:
            doubtful[frozenset((one.key, *one.doubt.others))].append(one)
    doubts = tuple(_doubt(part, by_description, places, known) for part in doubtful.values())
    return Drawn(meanings, tuple(sorted(doubts, key=lambda doubt: doubt.key)), frozenset(codes))


def _doubt(
    part: Iterable[PlaceClass],
    by_description: Mapping[Description, list[str]],
    places: Mapping[str, Place],
    known: KnownPlaces,
) -> Doubt:
    every = list(part)
    (first, doubt) = next((one, one.doubt) for one in every if one.doubt is not None)
    names = [places[by_description[one][0]].name for one in doubt.between]
    if doubt.difference is Difference.CONTAINING_PLACE:
        names = [
            f"{name}, in {around}" if (around := _around(one, known)) else name
            for name, one in zip(names, doubt.between, strict=True)
        ]
    return Doubt(
        min(one.key for one in every) if every else first.key,
        doubt.difference.value,
        (names[0], names[1]),
        frozenset(key for one in every for member in one.members for key in by_description[member]),
    )


def _around(description: Description, known: KnownPlaces) -> str:
    """Where a place lies: the nearest place that contains it by its name, else the codes that tell it."""
    if description.within:
        place, state = known.state(description.within[0])
        return state.labels[0].text if state is not None and state.labels else f"places/{place}"
    return ", ".join(sorted(code.value for code in description.areas or description.codes))


def of_events(events: Iterable[Event], known: KnownPlaces, further: Mapping[str, Place] = NO_PLACES) -> Drawn:
    """Which place each description means that the events in effect of one process give, in whatever order.

    Args:
        events: what is reported of it.
        known: what is known of places.
        further: descriptions that other events of it give, by `Place.described`.
    """
    places = dict(further)
    for event in events:
        for place in places_in(event.data):
            before = places.setdefault(place.described, place)
            if before is not place and before != place:
                places[place.described] = min(before, place, key=spelling)
    return drawn(places, known)


def spelling(place: Place) -> str:
    """A description as it was sent. Of several spellings of one the first stands for all."""
    return place.model_dump_json(exclude_unset=True)


# --- events and states, seen so -----------------------------------------------------------------------------


def meant(event: Event, meanings: Meanings) -> Event:
    """The same report, its descriptions seen as of the places that they mean."""
    if not meanings or not holding_places(type(event.data)):
        return event
    data = with_places(event.data, lambda place: _meant(place, meanings))
    return event if data is event.data else event.model_copy(update={"data": data})


def _meant(place: Place, meanings: Meanings) -> Place:
    meaning = meanings.get(place.described)
    return place if meaning is None else place.meaning(*meaning)


def state_meant(state: S, meanings: Meanings) -> S:
    """The same state, the descriptions in it seen as of the places that they mean."""
    return cast(S, _seen(state, meanings)) if meanings else state


def _seen(held: Any, meanings: Meanings) -> Any:
    """Whatever a state holds, its descriptions seen; the same object if all stay as they are."""
    match held:
        case Place():
            return _meant(held, meanings)
        case Value():
            return with_places(held, lambda place: _meant(place, meanings)) if holding_places(type(held)) else held
        case tuple():
            items = [_seen(item, meanings) for item in held]
            return held if all(a is b for a, b in zip(items, held, strict=True)) else tuple(items)
        case dict():
            now = {key: _seen(item, meanings) for key, item in held.items()}
            return held if all(now[key] is item for key, item in held.items()) else now
        case Line():
            return _changed(held, ("candidates",), meanings)
        case Candidate():
            return _changed(held, ("value",), meanings)
        case Cited():
            return _changed(held, ("data",), meanings)
        case _ if dataclasses.is_dataclass(held) and not isinstance(held, type):
            return _changed(held, tuple(one.name for one in dataclasses.fields(held)), meanings)
        case _:
            return held


def _changed(held: Any, names: Collection[str], meanings: Meanings) -> Any:
    update = {name: now for name in names if (now := _seen(before := getattr(held, name), meanings)) is not before}
    return dataclasses.replace(held, **update) if update else held
