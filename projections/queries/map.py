"""Where the places of one process lie, and what reports say of each: for a map, at any horizon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from domain import families
from domain.agreement_events import ViolationReported
from domain.convoys import ConvoyState
from domain.general import IncidentReported, SubjectState
from domain.horizon import Horizon, seen_from
from domain.lines import Line
from domain.places import PlacePoint, PlaceState
from domain.processes import AccessReported, AreaHeld, ControlReported, ProcessState
from domain.talks import TalksState
from domain.values import EventId, Label, Place, Subject
from projections.queries.at_horizon import ProcessView
from projections.read_models.revisions import ever_unified
from projections.read_models.subjects import states_of
from projections.read_models.timeline import all_of
from projections.storage.tables import Transaction

PlaceStates = dict[str, PlaceState]


class PlaceUse(StrEnum):
    """What a place is in a process."""

    AREA = "area of the process"
    NO_AREA = "no area of the process any more"
    CONTROL = "control"
    ACCESS = "access"
    VENUE = "venue of talks"
    FROM = "convoy from here"
    TO = "convoy to here"
    BY_WAY_OF = "convoy by way of here"
    SEEN = "convoy last seen here"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class SaidOfPlace:
    """What one or several claimants say of a place."""

    use: PlaceUse
    subject: Subject
    claimants: tuple[str, ...]
    """Who says so: `actors/ID` or a description."""
    occurred: str | None
    events: tuple[EventId, ...]
    contested: bool
    access: AccessReported | None = None
    control: ControlReported | None = None
    stage: str | None = None
    """Of a convoy."""
    act: str | None = None
    """What kind of incident or violation."""


@dataclass(slots=True)
class MappedPlace:
    """A place, where it lies, and what is said of it."""

    key: str
    id: str | None
    """If it was identified."""
    labels: tuple[Label, ...]
    points: list[PlacePoint] = field(default_factory=list)
    """Where reports put it: several, if they do not agree; none, if none says."""
    said: list[SaidOfPlace] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a convoy, by the keys of its places."""

    convoy: Subject
    labels: tuple[Label, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessMap:
    """The places of a process, in the order in which its states name them."""

    places: list[MappedPlace]
    routes: list[Route]


def process_map(transaction: Transaction, view: ProcessView) -> ProcessMap:
    """The places of a process as seen from a horizon; of incidents the gravest and the newest, as in its status.

    Descriptions that mean one place are one entry. Of places that were identified, the point is what was known of it
    at the position of the horizon.
    """
    mentions = list(_mentions(view))
    identified = _identified(transaction, {p.id for p, _ in mentions if p.id is not None}, view.request.position)
    by_key: dict[str, MappedPlace] = {}
    for place, said in mentions:
        known = identified.get(place.id) if place.id is not None else None
        mapped = by_key.setdefault(place.key, MappedPlace(place.key, place.id, place.labels))
        mapped.id = mapped.id or place.id
        mapped.labels = mapped.labels or (known.labels if known is not None else ())
        for point in _points(place, known):
            if point not in mapped.points:
                mapped.points.append(point)
        if said is not None and said not in mapped.said:
            mapped.said.append(said)
    return ProcessMap(list(by_key.values()), list(_routes(view)))


def _points(place: Place, known: PlaceState | None) -> Iterator[PlacePoint]:
    if place.lat is not None and place.lon is not None and place.precision is not None:
        yield PlacePoint(lat=place.lat, lon=place.lon, precision=place.precision)
    if known is not None:
        yield from known.point.values


def _identified(transaction: Transaction, ids: Iterable[str], position: int | None) -> PlaceStates:
    """What was known at a position of places that were identified, by the ids that were asked for."""
    paths = {place: Subject(f"places/{place}") for place in ids}
    if not paths:
        return {}
    together = ever_unified(transaction)
    subjects = {other for path in paths.values() for other in together.get(path, (path,))}
    seen = seen_from(Horizon(position), all_of(transaction, sorted(subjects)))
    states = {
        place: families.fold("places", seen.events.get(seen.joined.get(path, path), ()))
        for place, path in paths.items()
    }
    return {place: state for place, state in states.items() if isinstance(state, PlaceState) and state.opened}


def _mentions(view: ProcessView) -> Iterator[tuple[Place, SaidOfPlace | None]]:
    for subject, state in view.snapshot.states.items():
        match state:
            case ProcessState():
                yield from _of_process(subject, state)
            case TalksState():
                yield from _line(PlaceUse.VENUE, subject, state.venue)
            case ConvoyState():
                yield from _of_convoy(subject, state)
            case _:
                pass
    for recorded in view.lookup(view.snapshot.acts.ids).values():
        event = recorded.event
        if isinstance(event.data, IncidentReported | ViolationReported) and event.data.place is not None:
            when = str(event.occurred) if event.occurred is not None else None
            said = SaidOfPlace(PlaceUse.INCIDENT, event.subject, tuple(event.claimant_names), when, (event.id,), False)
            yield event.data.place, replace(said, act=event.data.kind.value)


def _of_process(subject: Subject, state: ProcessState) -> Iterator[tuple[Place, SaidOfPlace]]:
    for area in state.areas.values():
        for held, said in _line(PlaceUse.AREA, subject, area):
            yield held.place, said
    for control in state.control.values():
        for report, said in _line(PlaceUse.CONTROL, subject, control):
            for place in report.places:
                yield place, said
    for access in state.access.values():
        for value, said in _line(PlaceUse.ACCESS, subject, access):
            yield value.place, said


def _of_convoy(subject: Subject, state: ConvoyState) -> Iterator[tuple[Place, SaidOfPlace]]:
    newest = state.described.candidates[-1:]
    whole = Line(tuple(replace(c, value=state.described.together or c.value) for c in newest))
    for route, said in _line(PlaceUse.BY_WAY_OF, subject, whole):
        for use, places in (
            (PlaceUse.FROM, (route.origin,)),
            (PlaceUse.BY_WAY_OF, route.route),
            (PlaceUse.TO, (route.destination,)),
        ):
            for place in places:
                if place is not None:
                    yield place, _as(said, use)
    for seen, said in _line(PlaceUse.SEEN, subject, state.stage):
        if seen.place is not None:
            yield seen.place, _as(said, PlaceUse.SEEN, stage=seen.stage)


def _routes(view: ProcessView) -> Iterator[Route]:
    for subject, state in view.snapshot.states.items():
        if isinstance(state, ConvoyState) and state.described.candidates:
            movement = state.described.together or state.described.candidates[-1].value
            places = (movement.origin, *movement.route, movement.destination)
            keys = tuple(place.key for place in places if place is not None)
            if len(keys) > 1:
                yield Route(subject, state.labels, keys)


def _line(use: PlaceUse, subject: Subject, line: Line[Any]) -> Iterator[tuple[Any, SaidOfPlace]]:
    """What stands on a line, each value with who says so."""
    for candidate in line.candidates:
        value = candidate.value
        yield (
            value,
            SaidOfPlace(
                use if not isinstance(value, AreaHeld) or value.included else PlaceUse.NO_AREA,
                subject,
                tuple(claimant.name for claimant in candidate.claimants),
                str(candidate.occurred) if candidate.occurred is not None else None,
                candidate.events,
                line.contested,
                access=value if isinstance(value, AccessReported) else None,
                control=value if isinstance(value, ControlReported) else None,
            ),
        )


def _as(said: SaidOfPlace, use: PlaceUse, stage: str | None = None) -> SaidOfPlace:
    return SaidOfPlace(use, said.subject, said.claimants, said.occurred, said.events, said.contested, stage=stage)


def areas_of_all(transaction: Transaction, processes: Iterable[str]) -> dict[str, list[MappedPlace]]:
    """The areas of processes at present, of each process those of which some report says where they lie."""
    states = states_of(transaction, [Subject(f"processes/{process}") for process in processes])
    return areas_in(transaction, {path.partition("/")[2]: state for path, state in states.items()}, None)


def areas_in(
    transaction: Transaction, states: Mapping[str, SubjectState], position: int | None
) -> dict[str, list[MappedPlace]]:
    """The areas of processes by their states, with what was known at a position of places that were identified."""
    areas = {
        process: [
            value.place
            for area in state.areas.values()
            for value in area.values
            if isinstance(value, AreaHeld) and value.included
        ]
        for process, state in states.items()
        if isinstance(state, ProcessState)
    }
    ids = {place.id for places in areas.values() for place in places if place.id is not None}
    identified = _identified(transaction, ids, position)
    found: dict[str, list[MappedPlace]] = {}
    for process, places in areas.items():
        for place in places:
            known = identified.get(place.id) if place.id is not None else None
            labels = place.labels or (known.labels if known is not None else ())
            mapped = MappedPlace(place.key, place.id, labels, list(_points(place, known)))
            if mapped.points:
                found.setdefault(process, []).append(mapped)
    return found
