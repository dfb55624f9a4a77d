"""Convoys: one run, or a series, from the first report to what was delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from domain import general
from domain.changing import changed
from domain.edtf import When
from domain.event import Event, Payload, ProcessOpening
from domain.family import Family
from domain.general import Due, SubjectState
from domain.lines import Cited, Course, Line
from domain.values import ActorRef, Cohort, ConvoyRef, Item, Labels, Place, Quantity, Short, Text

# --- events -----------------------------------------------------------------------------------------------


class ConvoyKind(StrEnum):
    """What a convoy is for."""

    AID = "aid"
    EVACUATION = "evacuation"
    RETURN = "return"
    MEDICAL = "medical"
    EXCHANGE = "exchange"
    REMAINS = "remains"


class ConvoyReported(ProcessOpening):
    """A convoy is reported: planned, under way or done; one run, or a series.

    Aid from a military sender is not "humanitarian" by itself: the sender's kind is told by its actor.
    """

    kind: ConvoyKind
    """Aid, evacuation, return, medical, exchange or remains."""
    title: Labels
    """Names of the convoy."""
    series: bool = False
    """True: several runs that are reported together."""
    recurrence: Short | None = None
    """How often, in the words of the source: `regularly`."""
    senders: tuple[ActorRef, ...] = ()
    """Who sends it."""
    cargo: tuple[Item, ...] = ()
    """What it carries."""
    people: tuple[Cohort, ...] = ()
    """Whom it carries, by cohort."""
    origin: Place | None = None
    """From where."""
    destination: Place | None = None
    """To where."""
    route: tuple[Place, ...] = ()
    """By way of."""
    planned: When | None = None
    """When it is to go, if it is a plan."""
    paired_with: ConvoyRef | None = None
    """The convoy that goes only if this one goes."""

    @property
    def is_plan(self) -> bool:
        return self.planned is not None

    example: ClassVar[dict[str, Any]] = {
        "processes": ["eastern-kalamun"],
        "kind": "aid",
        "title": [{"text": "Convoys to Eastern Kalamun", "lang": "en"}],
        "series": True,
        "recurrence": "regularly",
        "senders": ["reconciliation-centre"],
        "cargo": [{"description": "humanitarian assistance"}],
    }


class ConvoyRequested(Payload):
    """Passage is asked for."""

    step: ClassVar[int] = 1
    by: ActorRef | None = None
    """Who asks."""
    to: ActorRef | None = None
    """Whom."""
    answer_by: When | None = None
    """Until when an answer is expected."""

    example: ClassVar[dict[str, Any]] = {"by": "aid-agency", "to": "government", "answer_by": "2017-11-05"}


class ClearanceForm(StrEnum):
    """How far a passage is granted. "In principle" is not yet a permit."""

    IN_PRINCIPLE = "in principle"
    WITH_CONDITIONS = "with conditions"
    FINAL = "final"


class ClearanceGranted(Payload):
    """Passage is granted: in principle, with conditions, or finally."""

    step: ClassVar[int] = 2
    by: ActorRef
    """Who grants it."""
    form: ClearanceForm
    """In principle, with conditions, final."""
    conditions: Text | None = None
    """The conditions."""
    valid_until: When | None = None
    """Until when it is valid."""

    @property
    def gist(self) -> str:
        return self.form.value

    example: ClassVar[dict[str, Any]] = {"by": "government", "form": "in principle"}


class ClearanceDenied(Payload):
    """Passage is denied."""

    step: ClassVar[int] = 2
    by: ActorRef
    """Who denies it."""
    reason: Text | None = None
    """Why."""

    @property
    def gist(self) -> str:
        return "denied"

    example: ClassVar[dict[str, Any]] = {"by": "government", "reason": "No reason was given."}


class ConvoyDeparted(Payload):
    """The convoy leaves."""

    step: ClassVar[int] = 3
    place: Place | None = None
    """From where."""
    loaded: tuple[Item, ...] = ()
    """Loaded with what."""
    people: tuple[Cohort, ...] = ()
    """With whom, by cohort."""

    example: ClassVar[dict[str, Any]] = {
        "loaded": [{"description": "food baskets", "quantity": {"value": 3000, "unit": "baskets"}}],
    }


class CheckpointPassed(Payload):
    """The convoy passes a checkpoint."""

    step: ClassVar[int] = 4
    place: Place
    """The checkpoint."""
    held_by: ActorRef | None = None
    """Who holds it."""

    example: ClassVar[dict[str, Any]] = {"place": {"labels": [{"text": "northern checkpoint", "lang": "en"}]}}


class ConvoyHeld(Payload):
    """The convoy is stopped and waits."""

    step: ClassVar[int] = 5
    by: ActorRef | None = None
    """Who holds it."""
    place: Place | None = None
    """Where."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {
        "place": {"labels": [{"text": "northern checkpoint", "lang": "en"}]},
        "reason": "Papers were checked.",
    }


class ItemsRemoved(Payload):
    """Items are taken off the convoy."""

    step: ClassVar[int] = 5
    items: tuple[Item, ...]
    """What was removed, and how much."""
    by: ActorRef | None = None
    """By whom."""
    place: Place | None = None
    """Where."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {
        "items": [{"description": "surgical kits", "quantity": {"value": 12, "unit": "kits"}, "sector": "health"}],
    }


class ConvoyTurnedBack(Payload):
    """The convoy returns without arriving."""

    step: ClassVar[int] = 6
    by: ActorRef | None = None
    """Who turned it back."""
    place: Place | None = None
    """Where."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"reason": "Shelling on the road."}


class Completeness(StrEnum):
    """How much of what was planned arrived."""

    FULLY = "fully"
    PARTLY = "partly"
    UNKNOWN = "unknown"


class ConvoyArrived(Payload):
    """The convoy arrives."""

    step: ClassVar[int] = 6
    place: Place | None = None
    """Where."""
    completeness: Completeness = Completeness.UNKNOWN
    """Fully, partly or unknown."""
    delivered: tuple[Item, ...] = ()
    """What was delivered."""
    people_reached: Quantity | None = None
    """How many people it reached."""

    @property
    def gist(self) -> str:
        return self.completeness.value

    example: ClassVar[dict[str, Any]] = {
        "completeness": "partly",
        "people_reached": {"value": 5000, "qualifier": "about"},
    }


class ConvoyCancelled(Payload):
    """The convoy does not go."""

    step: ClassVar[int] = 6
    by: ActorRef | None = None
    """Who cancelled it."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"reason": "No final clearance."}


EVENTS: tuple[type[Payload], ...] = (
    ConvoyReported,
    ConvoyRequested,
    ClearanceGranted,
    ClearanceDenied,
    ConvoyDeparted,
    CheckpointPassed,
    ConvoyHeld,
    ItemsRemoved,
    ConvoyTurnedBack,
    ConvoyArrived,
    ConvoyCancelled,
)

# --- state ------------------------------------------------------------------------------------------------

COURSE = Course.of(
    ("reported", "requested", "cleared", "departed", "passed a checkpoint", "arrived"),
    ("requested", "denied", "cancelled"),
    ("cleared", "cancelled"),
    ("departed", "held", "arrived"),
    ("passed a checkpoint", "turned back"),
    ("held", "turned back"),
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
    """reported, requested, cleared, denied, departed, passed a checkpoint, held, turned back, arrived, cancelled."""
    request: Line[ConvoyRequested] = field(default_factory=Line)
    clearances: dict[str, Line[ClearanceGranted | ClearanceDenied]] = field(default_factory=dict)
    """By the actor who grants or denies."""
    departure: Line[ConvoyDeparted] = field(default_factory=Line)
    arrival: Line[ConvoyArrived] = field(default_factory=Line)
    removed: tuple[Cited[ItemsRemoved], ...] = ()


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: ConvoyState, event: Event) -> ConvoyState:
    match event.data:
        case ConvoyReported() as data:
            state = general.opened(state, event, data.title, data.processes)
            return changed(
                _to(state, "reported", event), described=Line(state.described.candidates[-9:]).advance(data, event)
            )
        case ConvoyRequested() as data:
            return changed(_to(state, "requested", event, data.by), request=state.request.advance(data, event))
        case ClearanceGranted() as data:
            return _decided(_to(state, "cleared", event, data.by), event, data)
        case ClearanceDenied() as data:
            return _decided(_to(state, "denied", event, data.by, reason=data.reason), event, data)
        case ConvoyDeparted() as data:
            return changed(
                _to(state, "departed", event, place=data.place), departure=state.departure.advance(data, event)
            )
        case CheckpointPassed() as data:
            return _to(state, "passed a checkpoint", event, data.held_by, data.place)
        case ConvoyHeld() as data:
            return _to(state, "held", event, data.by, data.place, data.reason)
        case ItemsRemoved() as data:
            return changed(state, removed=(*state.removed, Cited(data, event.id, event.occurred)))
        case ConvoyTurnedBack() as data:
            return _to(state, "turned back", event, data.by, data.place, data.reason)
        case ConvoyArrived() as data:
            return changed(_to(state, "arrived", event, place=data.place), arrival=state.arrival.advance(data, event))
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
    state = general.passing(state, stage, event) if stage in ONCE else state
    seen = Whereabouts(stage=stage, place=place, actor=actor, reason=reason)
    return changed(state, stage=state.stage.advance(seen, event, COURSE))


def _decided(state: ConvoyState, event: Event, data: ClearanceGranted | ClearanceDenied) -> ConvoyState:
    line = state.clearances.get(data.by, Line())
    return changed(state, clearances={**state.clearances, data.by: line.advance(data, event, CLEARANCE_COURSE)})


# --- rules ------------------------------------------------------------------------------------------------

ON_THE_ROAD = {"departed", "passed a checkpoint", "held"}
NOT_GONE = {"reported", "requested", "cleared"}


def stranded(state: ConvoyState) -> bool:
    """Whether a last report has the convoy on the road or held: the people with it may be at risk."""
    return bool(ON_THE_ROAD & {seen.stage for seen in state.stage.values})


def waiting(state: ConvoyState) -> bool:
    """Whether a last report has the convoy not yet gone, and neither denied nor cancelled."""
    return bool(NOT_GONE & {seen.stage for seen in state.stage.values})


def is_series(state: ConvoyState) -> bool:
    """Whether several runs are reported together, so that no step says anything of the next one."""
    return any(described.series for described in state.described.values)


def due(state: ConvoyState) -> list[Due]:
    """The planned departure, the answer to a request, and the end of a clearance, while it has not gone."""
    expected = general.due(state)
    stages = {seen.stage for seen in state.stage.values}
    if waiting(state):
        expected += [
            Due(what="departure", when=c.value.planned, events=c.events)
            for c in state.described.candidates
            if c.value.planned is not None
        ]
        expected += [
            Due(what="end of the clearance", when=c.value.valid_until, events=c.events, actor=c.value.by)
            for line in state.clearances.values()
            for c in line.candidates
            if isinstance(c.value, ClearanceGranted) and c.value.valid_until is not None
        ]
    if "requested" in stages:
        expected += [
            Due(what="answer to the request", when=c.value.answer_by, events=c.events, actor=c.value.to)
            for c in state.request.candidates
            if c.value.answer_by is not None
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
