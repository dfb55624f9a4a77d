"""The state of convoys, and what is expected of them; their events are in `domain/convoy_events.py`."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from domain import general, proposals
from domain.changing import changed
from domain.compatible import kind_of
from domain.convoy_codes import Passage
from domain.convoy_events import (
    EVENTS,
    CheckpointPassed,
    ClearanceDenied,
    ClearanceGranted,
    ConvoyArrived,
    ConvoyCancelled,
    ConvoyDeparted,
    ConvoyHeld,
    ConvoyPostponed,
    ConvoyReported,
    ConvoyRequested,
    ConvoyTurnedBack,
    ItemsRemoved,
    PassageReported,
)
from domain.edtf import When
from domain.event import Event
from domain.family import Family
from domain.general import Due, SubjectState
from domain.lines import Account, Candidate, Cited, Course, Keeps, Line
from domain.runs import Expected, Run, expected, kept
from domain.schedules import Schedule
from domain.values import (
    Cohort,
    EventId,
    Place,
)

# --- state ------------------------------------------------------------------------------------------------

COURSE = Course.of(
    ("reported", "requested", "cleared", "departed", "passed a checkpoint", "arrived"),
    ("requested", "denied", "cancelled"),
    ("cleared", "cancelled"),
    ("departed", "held", "arrived"),
    ("passed a checkpoint", "turned back"),
    ("held", "turned back"),
    ("reported", "agreed", "announced", "opened", "used"),
    ("announced", "unclear whether it opened"),
    ("announced", "failed"),
    ("opened", "failed"),
    ("reported", "postponed", "cancelled"),
    ("cleared", "postponed", "departed"),
    turns=[("opened", "closed"), ("used", "closed")],
)
ONCE = {"departed", "passed a checkpoint", "held", "arrived"}
"""What comes once in a run, or before its end: against the course it cannot be. Passage may be asked for, granted
and denied again, and what was turned back may set out again."""
CLEARANCE_COURSE = Course.of(("in principle", "with conditions", "final"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where a convoy was last seen, and in whose hands."""

    stage: str
    place: Place | None
    actor: str | None
    reason: str | None

    @property
    def gist(self) -> str:
        return self.stage


@dataclass(frozen=True, kw_only=True)
class ConvoyState(SubjectState):
    described: Line[ConvoyReported] = field(default_factory=Line)
    stage: Line[Whereabouts] = field(default_factory=Line)
    """reported, requested, cleared, denied, postponed, departed, passed a checkpoint, held, turned back, arrived,
    cancelled, and what `Passage` has."""
    request: Account[ConvoyRequested] = field(default_factory=Account)
    clearances: dict[str, Line[ClearanceGranted | ClearanceDenied]] = field(default_factory=dict)
    """By the actor who grants or denies."""
    departure: Line[ConvoyDeparted] = field(default_factory=Line)
    arrival: Line[ConvoyArrived] = field(default_factory=Line)
    removed: tuple[Cited[ItemsRemoved], ...] = ()
    postponed: Account[ConvoyPostponed] = field(default_factory=Account)
    passage: Account[PassageReported] = field(default_factory=Account)
    runs: tuple[Run, ...] = ()
    """Of a series: the runs that left, arrived or were used."""


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: ConvoyState, event: Event) -> ConvoyState:
    match event.data:
        case ConvoyReported() as data:
            state = general.opened(state, event, data.title, data.processes)
            return changed(
                _to(state, "reported", event), described=state.described.advance(data, event, keeps=Keeps.ALL)
            )
        case ConvoyRequested() as data:
            return changed(_to(state, "requested", event, data.by), request=state.request.advance(data, event))
        case ClearanceGranted() as data:
            return _decided(_to(state, "cleared", event, data.by), event, data)
        case ClearanceDenied() as data:
            return _decided(_to(state, "denied", event, data.by, reason=data.reason), event, data)
        case ConvoyPostponed() as data:
            put_off = state.postponed.advance(data, event)
            return changed(_to(state, "postponed", event, data.by, reason=data.reason), postponed=put_off)
        case PassageReported() as data:
            moved = _to(state, data.passage.value, event, data.by, data.place, data.reason)
            if data.passage is Passage.USED:
                moved = _ran(moved, event, arrives=True)
            return changed(moved, passage=state.passage.advance(data, event))
        case ConvoyDeparted() as data:
            departure = state.departure.advance(data, event, keeps=_of_one_run(state))
            return changed(_ran(_to(state, "departed", event, place=data.place), event), departure=departure)
        case CheckpointPassed() as data:
            return _to(state, "passed a checkpoint", event, data.held_by, data.place)
        case ConvoyHeld() as data:
            return _to(state, "held", event, data.by, data.place, data.reason)
        case ItemsRemoved() as data:
            return changed(state, removed=(*state.removed, Cited(data, event.id, event.occurred)))
        case ConvoyTurnedBack() as data:
            return _to(state, "turned back", event, data.by, data.place, data.reason)
        case ConvoyArrived() as data:
            arrival = state.arrival.advance(data, event, keeps=_of_one_run(state))
            arrived = _ran(_to(state, "arrived", event, place=data.place), event, arrives=True)
            return changed(arrived, arrival=arrival)
        case ConvoyCancelled() as data:
            return _to(state, "cancelled", event, data.by, reason=data.reason)
        case _:
            return general.evolve(state, event)


def _to(
    state: ConvoyState,
    stage: str,
    event: Event,
    actor: str | None = None,
    place: Place | None = None,
    reason: str | None = None,
) -> ConvoyState:
    state = general.passing(state, stage, event)
    seen = Whereabouts(stage=stage, place=place, actor=actor, reason=reason)
    return changed(state, stage=state.stage.advance(seen, event, COURSE))


def _ran(state: ConvoyState, event: Event, *, arrives: bool = False) -> ConvoyState:
    if not is_series(state) or event.occurred is None:
        return state
    run = Run(event.occurred, event.claimants[0].key, arrives, event.possible)
    return changed(state, runs=kept(state.runs, run, schedules_of(state)))


def _of_one_run(state: ConvoyState) -> Keeps:
    """A convoy leaves and arrives once: two reports tell of one departure. In a series each may be another run."""
    return Keeps.OF_ITS_TIME if is_series(state) else Keeps.ALL


def _decided(state: ConvoyState, event: Event, data: ClearanceGranted | ClearanceDenied) -> ConvoyState:
    line = state.clearances.get(data.by, Line())
    return changed(state, clearances={**state.clearances, data.by: line.advance(data, event, CLEARANCE_COURSE)})


# --- rules ------------------------------------------------------------------------------------------------

ON_THE_ROAD = {"departed", "passed a checkpoint", "held"}
NOT_GONE = {"reported", "requested", "cleared", "postponed", "agreed", "announced"}


def stranded(state: ConvoyState) -> bool:
    """Whether a last report has the convoy on the road or held: the people with it may be at risk."""
    return bool(ON_THE_ROAD & {seen.stage for seen in state.stage.values})


def people_on(state: ConvoyState) -> list[tuple[Cohort, tuple[EventId, ...]]]:
    """Who is with a convoy on the road, each claim once with the reports that make it: as it left, by all last reports
    together, else as it was told before."""
    left = [(cohort, c.told_by("people")) for c in state.departure.candidates for cohort in c.value.people]
    described = [(cohort, c.told_by("people")) for c in state.described.candidates for cohort in c.value.people]
    once: dict[Hashable, tuple[Cohort, tuple[EventId, ...]]] = {}
    for cohort, events in left or described:
        key = (kind_of(cohort), cohort.quantity.range if cohort.quantity is not None else None)
        _, before = once.get(key, (cohort, ()))
        once[key] = (cohort, tuple(dict.fromkeys((*before, *events))))
    return list(once.values())


def waiting(state: ConvoyState) -> bool:
    """Whether a last report has the convoy not yet gone, and neither denied nor cancelled."""
    return bool(NOT_GONE & {seen.stage for seen in state.stage.values})


def is_series(state: ConvoyState) -> bool:
    """Whether several runs are reported together, so that no step says anything of the next one."""
    return any(described.series for described in state.described.values)


def plans(state: ConvoyState) -> Iterator[tuple[str, When, tuple[EventId, ...]]]:
    """What is planned while it has not gone: what, when, and the events that say so; if it is put off, the new date."""
    if not waiting(state):
        return
    stages = {seen.stage for seen in state.stage.values}
    if {"agreed", "announced"} & stages:
        for opening in state.passage.said_in("on"):
            yield "opening", opening.value, opening.events
    for put_off in state.postponed.said_in("until") if "postponed" in stages else ():
        yield "departure", put_off.value, put_off.events
    for planned in state.described.said_in("planned") if stages != {"postponed"} else ():
        yield "departure", planned.value, planned.events


def last_run(state: ConvoyState) -> When | None:
    """When the last run went that is reported, by the day on which it left or arrived, or as it is told."""
    seen = [c.occurred for line in (state.departure, state.arrival) for c in line.candidates]
    seen += [c.occurred for c in state.passage.candidates if c.value.passage is Passage.USED]
    seen += [described.last_run for described in state.described.values]
    return max((when for when in seen if when is not None), key=lambda when: when.span.latest, default=None)


def schedules_of(state: ConvoyState) -> list[Schedule]:
    return [described.schedule for described in state.described.values if described.schedule is not None]


def next_runs(state: ConvoyState) -> Iterator[tuple[Candidate[ConvoyReported], Expected]]:
    """What of a series is expected next, by its schedule and the runs that are reported."""
    if not schedules_of(state) or "cancelled" in _stages(state):
        return
    last = last_run(state)
    runs = (*state.runs, *_only_told(state))
    for c in state.described.candidates:
        reported = c.since or c.occurred
        if c.value.schedule is not None and reported is not None:
            run = expected(c.value.schedule, reported, last, runs)
            if run is not None:
                yield c, run


def _only_told(state: ConvoyState) -> Iterator[Run]:
    """Last runs of which no other report may tell."""
    known = [run.when.span for run in state.runs]
    for when in dict.fromkeys(described.last_run for described in state.described.values):
        if when is not None and all(span.precedes(when.span) or when.span.precedes(span) for span in known):
            yield Run(when, "")


def _stages(state: ConvoyState) -> set[str]:
    return {seen.stage for seen in state.stage.values}


def due(state: ConvoyState) -> list[Due]:
    """The planned departure, the answer to a request, and the end of a clearance, while it has not gone."""
    expected = proposals.due(state)
    stages = {seen.stage for seen in state.stage.values}
    expected += [Due(what=what, when=when, events=events) for what, when, events in plans(state)]
    expected += [Due(what="next run", when=run.by, events=c.events) for c, run in next_runs(state)]
    if waiting(state):
        expected += [
            Due(what="end of the clearance", when=said.value, events=said.events, actor=said.by.value.by)
            for line in state.clearances.values()
            for said in line.said_in("valid_until")
        ]
    if "requested" in stages:
        expected += [
            Due(what="answer to the request", when=said.value, events=said.events, actor=said.by.value.to)
            for said in state.request.said_in("answer_by")
        ]
    return expected


# --- family -----------------------------------------------------------------------------------------------

FAMILY = Family(
    name="convoys",
    opening=ConvoyReported,
    events=EVENTS,
    state=ConvoyState,
    evolve=evolve,
    due=due,
)
