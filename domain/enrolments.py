"""Enrolments: a register or campaign that people may join, and what is reported of how many did."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import model_validator

from domain import general, proposals
from domain.changing import changed
from domain.edtf import When
from domain.event import Event, Payload, ProcessOpening
from domain.family import Family
from domain.general import Due, SubjectState
from domain.lines import Account, Course, Keeps, Line
from domain.sentences import Term, listed, told
from domain.series import Series
from domain.values import (
    ActorRef,
    Area,
    Counting,
    Item,
    ItemId,
    Labels,
    Modality,
    Quantity,
    Short,
    Text,
    Value,
    require_period,
)

# --- events -----------------------------------------------------------------------------------------------


class Track(Value):
    """One way to take part. Tracks differ per case and are declared by the register."""

    id: ItemId
    """Its id within the register."""
    labels: Labels
    """Its names."""
    iddrs_stage: Short | None = None
    """The IDDRS stage, only where a DDR programme uses them."""


class ProgrammeStage(StrEnum):
    """How far people have come in a programme or before a commission. What each means is for the register to say."""

    APPLIED = "applied"
    REGISTERED = "registered"
    SCREENED = "screened"
    ADMITTED = "admitted"
    REFUSED = "refused"
    DISARMED = "disarmed"
    DEMOBILISED = "demobilised"
    IN_TRAINING = "in training"
    SETTLED = "settled"
    RELEASED = "released"
    REINTEGRATED = "reintegrated"
    FAILED = "failed"
    LEFT = "left"


class EnrolmentOpened(ProcessOpening):
    """A register or campaign is reported: it is open, announced or possible."""

    title: Labels
    """Names of the register."""
    legal_basis: Text | None = None
    """On what legal basis."""
    tracks: tuple[Track, ...] = ()
    """The tracks offered."""
    who_may_join: Text | None = None
    """Who may join."""
    conditions: Text | None = None
    """On which conditions: what one must do, give up or declare."""
    organiser: ActorRef | None = None
    """Who runs it."""
    until: When | None = None
    """Until when one may join."""
    modality: Modality = Modality.ACTUAL
    """Actual, announced or possible."""

    @model_validator(mode="after")
    def tracks_are_distinct(self) -> Self:
        ids = [track.id for track in self.tracks]
        if len(ids) != len(set(ids)):
            raise ValueError("two tracks share one id: give each its own")
        return self

    @property
    def gist(self) -> str:
        return self.modality.value

    example: ClassVar[dict[str, Any]] = {
        "processes": ["eastern-kalamun"],
        "title": [{"text": "Tracks for members of the groups", "lang": "en"}],
        "tracks": [
            {"id": "militia", "labels": [{"text": "join the people's militias", "lang": "en"}]},
            {"id": "disarm", "labels": [{"text": "lay down arms", "lang": "en"}]},
        ],
        "who_may_join": "members of the armed groups",
        "modality": "possible",
    }


def title_of_count(track: str, category: str, stage: str = "") -> str:
    """What a register counts, in words; empty: all tracks, no category, whoever is enrolled."""
    counted = told(
        "{stage}: {track}", stage=Term(stage) if stage else Term("enrolled"), track=track or told("all tracks")
    )
    return listed([counted, category]) if category else counted


class EnrolmentReported(Payload):
    """Somebody reports how many have enrolled. Reports of different claimants are never added up."""

    step: ClassVar[int] = 1
    quantity: Quantity
    """How many."""
    counting: Counting
    """Stock, flow (needs a period) or cumulative."""
    track: ItemId | None = None
    """The track, as declared by the register; absent: all tracks, or not said."""
    category: Short | None = None
    """Who: `citizens`, `fighters` …"""
    period: When | None = None
    """The period of a flow or of a cumulative count."""
    area: Area | None = None
    """The area it covers; absent: the source does not say, and the status shows that."""
    scope: Short | None = None
    """What else bounds it."""
    stage: ProgrammeStage | None = None
    """How far they have come: registered, screened, settled, released, failed; refused: of an amnesty, too."""
    handed_over: tuple[Item, ...] = ()
    """What they gave up: weapons by kind."""

    @model_validator(mode="after")
    def flow_has_a_period(self) -> Self:
        require_period(self.counting, self.period)
        return self

    @property
    def series(self) -> Series:
        return Series.of(
            self.title,
            self.quantity,
            self.counting,
            area=self.area,
            scope=self.scope,
            period=self.period,
            enrolled=(self.track or "", self.category or "", *((self.stage.value,) if self.stage else ())),
        )

    @property
    def title(self) -> str:
        """What is counted, in words: track and category."""
        return title_of_count(self.track or "", self.category or "", self.stage or "")

    example: ClassVar[dict[str, Any]] = {
        "quantity": {"value": 20000, "qualifier": "more than", "verbatim": "more than 20,000"},
        "counting": "cumulative",
        "category": "citizens",
    }


class ClosingForm(StrEnum):
    """For good (closed), or for now (suspended)."""

    CLOSED = "closed"
    SUSPENDED = "suspended"


class EnrolmentClosed(Payload):
    """The register takes nobody any more, for good or for now."""

    step: ClassVar[int] = 2
    form: ClosingForm = ClosingForm.CLOSED
    """Closed or suspended."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"form": "suspended", "reason": "The office was moved."}


class EnrolmentReopened(Payload):
    """The register takes people again."""

    step: ClassVar[int] = 3
    until: When | None = None
    """Until when one may join."""

    example: ClassVar[dict[str, Any]] = {"until": "2017-12-31"}


EVENTS: tuple[type[Payload], ...] = (EnrolmentOpened, EnrolmentReported, EnrolmentClosed, EnrolmentReopened)

# --- state ------------------------------------------------------------------------------------------------

COURSE = Course.of(
    ("possible", "announced", "open", "suspended", "closed"),
    ("open", "reopened"),
    turns=[("suspended", "reopened"), ("closed", "reopened")],
)
PLANS = {"possible", "announced"}


@dataclass(frozen=True, kw_only=True)
class EnrolmentState(SubjectState):
    described: Account[EnrolmentOpened] = field(default_factory=Account)
    tracks: dict[str, Track] = field(default_factory=dict)
    stage: Line[str] = field(default_factory=Line)
    """possible, announced, open, suspended, closed, reopened. What was only planned never takes the place of a fact."""
    until: Line[When] = field(default_factory=Line)


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: EnrolmentState, event: Event) -> EnrolmentState:
    match event.data:
        case EnrolmentOpened() as data:
            state = general.opened(state, event, data.title, data.processes)
            stage = "open" if data.modality is Modality.ACTUAL else data.modality.value
            facts = set(state.stage.values) - PLANS
            return changed(
                state,
                described=state.described.advance(data, event, keeps=Keeps.ALL),
                tracks={**{track.id: track for track in data.tracks}, **state.tracks},
                stage=state.stage if facts and stage in PLANS else state.stage.advance(stage, event, COURSE),
                until=state.until.advance(data.until, event) if data.until else state.until,
            )
        case EnrolmentClosed() as data:
            return changed(state, stage=state.stage.advance(data.form.value, event, COURSE))
        case EnrolmentReopened() as data:
            return changed(
                state,
                stage=state.stage.advance("reopened", event, COURSE),
                until=state.until.advance(data.until, event) if data.until else state.until,
            )
        case _:
            return general.evolve(state, event)


# --- rules ------------------------------------------------------------------------------------------------


def due(state: EnrolmentState) -> list[Due]:
    """The last day to join, while the register is open."""
    expected = proposals.due(state)
    if {"open", "reopened"} & set(state.stage.values):
        expected += [Due(what="last day to join", when=u.value, events=u.events) for u in state.until.said_in()]
    return expected


# --- family -----------------------------------------------------------------------------------------------

FAMILY = Family(
    name="enrolments",
    opening=EnrolmentOpened,
    events=EVENTS,
    rows=(EnrolmentReported,),
    state=EnrolmentState,
    evolve=evolve,
    due=due,
)
