"""Processes: one local ceasefire or reconciliation process, its areas, control, access, instruments, bodies."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from domain import general, proposals
from domain.changing import changed
from domain.codings import Codings
from domain.comparison import comparable
from domain.edtf import When
from domain.event import Event, Opening, Payload
from domain.family import Family
from domain.general import SubjectState
from domain.general_codes import Level
from domain.keys import compound
from domain.lines import Cited, Course, Keeps, Line
from domain.one_thing import differ, meet
from domain.values import ActorRef, EventRef, Labels, Modality, Place, ProcessRef, Quantity, Short, Text, ZoneName

# --- events -----------------------------------------------------------------------------------------------


class ProcessOpened(Opening):
    """A process is reported, from the first rumour of talks on."""

    labels: Labels
    """Names of the process."""
    areas: tuple[Place, ...] = Field(default=(), max_length=200)
    """The places it is about; an area is a set of places."""
    level: Level | None = None
    """Interstate, interstate-intrastate, intrastate or intrastate-local (PA-X)."""
    coded: Codings = ()
    """How code books code the conflict or the process: what it is about, its type."""
    time_zone: ZoneName | None = None
    """Its time zone, by the IANA name: a day without a zone is over when it is over there; absent: when it is over
    everywhere."""
    followed: bool | None = None
    """Whether it is followed: only then silence is a finding. Absent: it is if a report of it was recorded within 30
    days of what it tells. For logs that were taken over; the opening recorded last that says so decides."""

    example: ClassVar[dict[str, Any]] = {
        "labels": [{"text": "Eastern Kalamun", "lang": "en"}],
        "areas": [{"labels": [{"text": "Eastern Kalamun", "lang": "en"}], "precision": "admin 3"}],
        "level": "intrastate-local",
        "time_zone": "Asia/Damascus",
        "followed": True,
    }


class Linkage(StrEnum):
    """How a process stands to another. A linked bargain: a step here is the price of a step there."""

    LOCAL_TO_NATIONAL = "local to national"
    PARALLEL = "parallel"
    SUCCESSOR = "successor"
    PART_OF = "part of"
    LINKED_BARGAIN = "linked bargain"


class ProcessLinked(Payload):
    """The process is linked to another one."""

    step: ClassVar[int] = 1
    relation: Linkage
    """Local to national, parallel, successor, part of, linked bargain."""
    to: ProcessRef
    """The other process."""
    denied: bool = False
    """True: somebody denies the link."""

    @property
    def gist(self) -> bool:
        return self.denied

    example: ClassVar[dict[str, Any]] = {"relation": "local to national", "to": "national-process"}


class AreaAdded(Payload):
    """A place comes under the process."""

    step: ClassVar[int] = 1
    place: Place
    """The place."""

    example: ClassVar[dict[str, Any]] = {"place": {"labels": [{"text": "Ruhaiba", "lang": "en"}], "precision": "near"}}


class AreaRemoved(Payload):
    """A place no longer comes under the process."""

    step: ClassVar[int] = 2
    place: Place
    """The place."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"place": {"labels": [{"text": "Ruhaiba", "lang": "en"}], "precision": "near"}}


class ControlReported(Payload):
    """Somebody reports who holds which places."""

    step: ClassVar[int] = 1
    holders: tuple[ActorRef, ...] = Field(min_length=1, max_length=100)
    """Who holds them."""
    places: tuple[Place, ...] = Field(default=(), max_length=200)
    """The places, if they are named."""
    description: Short | None = None
    """What is held, where places are not named: `major cities of the region, not named`."""
    number: Quantity | None = None
    """How many places, if the source gives a number: unit `cities`."""

    @model_validator(mode="after")
    def names_something(self) -> Self:
        if not self.places and self.description is None:
            raise ValueError("name the `places`, or say in `description` what is held")
        return self

    @property
    def gist(self) -> tuple[str, ...]:
        return tuple(sorted(self.holders))

    def agrees(self, other: ControlReported) -> bool:
        """The same holders, and the same number unless one of the two gives none."""
        numbers = {report.number.range for report in (self, other) if report.number is not None}
        return self.gist == other.gist and len(numbers) < 2

    example: ClassVar[dict[str, Any]] = {
        "holders": ["eleven-groups"],
        "description": "major cities of Eastern Kalamun, not named",
        "number": {"value": 5, "unit": "cities"},
    }


class AccessKind(StrEnum):
    """What the access is to."""

    PLACE = "place"
    ROUTE = "route"
    CHECKPOINT = "checkpoint"


class Access(StrEnum):
    """How a place can be reached. Besieged: closed on all sides, with people inside."""

    OPEN = "open"
    PARTLY = "partly"
    CLOSED = "closed"
    BESIEGED = "besieged"


class AccessReported(Payload):
    """How a place, route or checkpoint can be reached or passed, by whom or what, on which terms."""

    step: ClassVar[int] = 1
    place: Place
    """The place, route or checkpoint."""
    kind: AccessKind = AccessKind.PLACE
    """Place, route or checkpoint."""
    access: Access
    """Open, partly, closed or besieged."""
    for_whom: Short | None = None
    """For whom or what: `civilians`, `aid`, `commercial goods`; absent: not said."""
    terms: Text | None = None
    """On which terms: checks, permits, fees, hours."""
    controlled_by: ActorRef | None = None
    """Who controls the passage."""
    modality: Modality = Modality.ACTUAL
    """Actual, announced or possible."""

    @property
    def gist(self) -> str:
        return self.access.value

    @property
    def planned(self) -> bool:
        return self.modality is not Modality.ACTUAL

    def settles(self, plan: AccessReported) -> bool:
        return self.access is plan.access

    example: ClassVar[dict[str, Any]] = {
        "place": {"labels": [{"text": "government roadblocks", "lang": "en"}], "precision": "route"},
        "kind": "checkpoint",
        "access": "partly",
        "terms": "Checks to be simplified; in which form is not said.",
        "modality": "announced",
    }


class InstrumentKind(StrEnum):
    """What kind of legal instrument it is."""

    DECREE = "decree"
    LAW = "law"
    RESOLUTION = "resolution"
    ORDER = "order"
    OTHER = "other"


class InstrumentCited(Payload):
    """A decree, law or resolution bears on the process."""

    step: ClassVar[int] = 1
    kind: InstrumentKind
    """Decree, law, resolution, order or other."""
    issuer: ActorRef | None = None
    """Who issued it."""
    title: Short | None = None
    """Its title."""
    number: Short | None = None
    """Its number; absent: not said."""
    dated: When | None = None
    """Its date; absent: not said."""
    effect: Text
    """What it does."""
    eligible: tuple[Short, ...] = ()
    """Who may make use of it."""

    example: ClassVar[dict[str, Any]] = {
        "kind": "decree",
        "issuer": "president",
        "effect": "All citizens of the areas may join the reconciliation process.",
        "eligible": ["citizens of areas held by armed groups", "fighters included"],
    }


class BodyEstablished(Payload):
    """A body is set up: a commission, a joint committee, a monitoring mechanism."""

    step: ClassVar[int] = 1
    body: ActorRef | None = None
    """The body as an actor, if it is identified."""
    labels: Labels
    """Names of the body."""
    mandate: Text | None = None
    """What it is for."""
    seat: Place | None = None
    """Where it sits."""
    overseen_by: tuple[ActorRef, ...] = ()
    """Who oversees it."""
    modality: Modality = Modality.ACTUAL
    """Actual, announced or possible."""

    example: ClassVar[dict[str, Any]] = {
        "labels": [{"text": "special commission for ceasefire", "lang": "en"}],
        "mandate": "Control of the reconciliation effort.",
        "seat": {"labels": [{"text": "Damascus", "lang": "en"}], "precision": "near"},
        "overseen_by": ["president"],
    }


class BodyDissolved(Payload):
    """A body is dissolved, or replaced by another."""

    step: ClassVar[int] = 2
    established: EventRef
    """The BodyEstablished, of the same process, that tells of the body."""
    replaced_by: EventRef | None = None
    """The BodyEstablished that tells of the body in its place."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {
        "established": "11111111-1111-4111-8111-111111111111",
        "reason": "Its mandate ended.",
    }


class ProcessSuspended(Payload):
    """The process is suspended."""

    step: ClassVar[int] = 3
    by: ActorRef | None = None
    """By whom."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"reason": "The truce was not kept."}


class ProcessResumed(Payload):
    """The process goes on."""

    step: ClassVar[int] = 4
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"reason": "Both sides returned to the talks."}


class ProcessEnding(StrEnum):
    """How a process ends. Unknown is an answer, and often the honest one."""

    CONCLUDED = "concluded"
    COLLAPSED = "collapsed"
    MILITARY_VICTORY = "military victory"
    EVACUATION = "evacuation"
    ABSORBED = "absorbed into another process"
    LAPSED = "lapsed"
    UNKNOWN = "unknown"


class ProcessEnded(Payload):
    """The process is over. A breakdown is not an end."""

    step: ClassVar[int] = 5
    how: ProcessEnding
    """How it ended."""
    reason: Text | None = None
    """Why, in words."""

    example: ClassVar[dict[str, Any]] = {"how": "concluded"}


EVENTS: tuple[type[Payload], ...] = (
    ProcessOpened,
    ProcessLinked,
    AreaAdded,
    AreaRemoved,
    ControlReported,
    AccessReported,
    InstrumentCited,
    BodyEstablished,
    BodyDissolved,
    ProcessSuspended,
    ProcessResumed,
    ProcessEnded,
)

# --- state ------------------------------------------------------------------------------------------------

COURSE = Course.of(("open", "suspended"), ("open", "resumed", "ended"), turns=[("suspended", "resumed")])


@dataclass(frozen=True, kw_only=True)
class AreaHeld:
    place: Place
    included: bool
    from_the_start: bool = False
    """Whether it is what an opening says, which comes before everything else."""

    @property
    def gist(self) -> str:
        return "at first" if self.from_the_start else "added" if self.included else "removed"


AREA_COURSE = Course.of(("at first", "added"), ("at first", "removed"), turns=[("added", "removed")])


@dataclass(frozen=True, kw_only=True)
class ProcessState(SubjectState):
    stage: Line[str] = field(default_factory=Line)
    """open, suspended, resumed, ended."""
    ending: Line[str] = field(default_factory=Line)
    level: Line[str] = field(default_factory=Line)
    time_zone: Line[str] = field(default_factory=Line)
    areas: dict[str, Line[AreaHeld]] = field(default_factory=dict)
    links: dict[str, Line[ProcessLinked]] = field(default_factory=dict)
    control: dict[str, Line[ControlReported]] = field(default_factory=dict)
    access: dict[str, Line[AccessReported]] = field(default_factory=dict)
    instruments: tuple[Cited[InstrumentCited], ...] = ()
    bodies: tuple[Cited[BodyEstablished], ...] = ()
    dissolved: tuple[Cited[BodyDissolved], ...] = ()


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: ProcessState, event: Event) -> ProcessState:
    match event.data:
        case ProcessOpened() as data:
            state = general.opened(state, event, data.labels)
            for place in data.areas:
                state = _advance_area(state, event, place, included=True)
            return changed(
                state,
                stage=state.stage.advance("open", event, COURSE),
                level=state.level.advance(data.level.value, event) if data.level else state.level,
                time_zone=state.time_zone.advance(data.time_zone, event) if data.time_zone else state.time_zone,
            )
        case ProcessLinked() as data:
            key = f"{data.relation}|{data.to}"
            link = state.links.get(key, Line()).advance(data, event, keeps=Keeps.OF_THE_SAME)
            return changed(state, links={**state.links, key: link})
        case AreaAdded() as data:
            return _advance_area(state, event, data.place, included=True)
        case AreaRemoved() as data:
            return _advance_area(state, event, data.place, included=False)
        case ControlReported() as data:
            control = dict(state.control)
            keys = [compound(place.key) for place in data.places]
            for key in keys or [compound("", comparable(data.description or ""))]:
                control[key] = control.get(key, Line()).advance(data, event, keeps=Keeps.OF_THE_SAME)
            return changed(state, control=control)
        case AccessReported() as data:
            key = compound(data.kind, data.place.key, comparable(data.for_whom or ""))
            return changed(state, access=general.after_report(state.access, key, data, event))
        case InstrumentCited() as data:
            return changed(state, instruments=(*state.instruments, Cited(data, event.id, event.occurred)))
        case BodyEstablished() as data:
            return changed(state, bodies=(*state.bodies, Cited(data, event.id, event.occurred)))
        case BodyDissolved() as data:
            return changed(state, dissolved=(*state.dissolved, Cited(data, event.id, event.occurred)))
        case ProcessSuspended():
            return changed(state, stage=state.stage.advance("suspended", event, COURSE))
        case ProcessResumed():
            return changed(state, stage=state.stage.advance("resumed", event, COURSE))
        case ProcessEnded() as data:
            return changed(
                state,
                stage=state.stage.advance("ended", event, COURSE),
                ending=state.ending.advance(data.how.value, event),
            )
        case _:
            return general.evolve(state, event)


def _advance_area(state: ProcessState, event: Event, place: Place, *, included: bool) -> ProcessState:
    line = state.areas.get(place.key, Line())
    held = AreaHeld(place=place, included=included, from_the_start=isinstance(event.data, Opening))
    line = line.advance(held, event, AREA_COURSE)
    return changed(state, areas={**state.areas, place.key: line})


# --- rules ------------------------------------------------------------------------------------------------


def places(state: ProcessState) -> list[Place]:
    """The places the process is about: those a last report includes, contested ones too."""
    return [
        c.value.place
        for line in state.areas.values()
        for c in line.candidates[-1:]
        if any(held.included for held in line.values)
    ]


def shut(state: ProcessState) -> list[Line[AccessReported]]:
    """Places and routes that a last report calls closed or besieged: people there are at risk."""
    return [
        line
        for line in state.access.values()
        if any(a.access in (Access.CLOSED, Access.BESIEGED) and a.modality is Modality.ACTUAL for a in line.values)
    ]


def same_body(one: Cited[BodyEstablished], other: Cited[BodyEstablished]) -> bool:
    """Whether two reports are of one body: of one id, or, where an id is missing, of one name."""
    if one.data.body is not None and other.data.body is not None:
        return one.data.body == other.data.body
    return not _names(one.data).isdisjoint(_names(other.data))


def _names(body: BodyEstablished) -> set[str]:
    return {comparable(label.text) for label in body.labels}


def same_instrument(one: Cited[InstrumentCited], other: Cited[InstrumentCited]) -> bool:
    """Whether two reports are of one instrument: one number, one title or one effect, and nothing tells them apart.

    Numbers are given anew each year, so two instruments of one number are two if their dates do not meet.
    """
    a, b = one.data, other.data
    kinds = {a.kind, b.kind} - {InstrumentKind.OTHER}
    if len(kinds) > 1 or differ(a.issuer, b.issuer) or not meet(a.dated, b.dated):
        return False
    numbers, titles = (_both(getattr(a, name), getattr(b, name)) for name in ("number", "title"))
    if numbers is not None:
        return numbers
    return titles if titles is not None else comparable(a.effect) == comparable(b.effect)


def _both(one: str | None, other: str | None) -> bool | None:
    """Whether two texts are one; None unless both are said."""
    return comparable(one) == comparable(other) if one is not None and other is not None else None


# --- family -----------------------------------------------------------------------------------------------

FAMILY = Family(
    name="processes",
    opening=ProcessOpened,
    events=EVENTS,
    state=ProcessState,
    evolve=evolve,
    due=proposals.due,
)
