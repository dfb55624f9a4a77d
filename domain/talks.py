"""Talks: one round, from the report that it is to be held to what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from domain import general, proposals
from domain.changing import changed
from domain.codings import Coding, Codings
from domain.edtf import When
from domain.event import Event, Payload, ProcessOpening
from domain.family import Family
from domain.general import Due, SubjectState
from domain.lines import Account, Course, Keeps, Line
from domain.values import ActorRef, Labels, Place, Quantity, Short, Text, Value

# --- events -----------------------------------------------------------------------------------------------


class TalksForm(StrEnum):
    """How the sides meet."""

    DIRECT = "direct"
    SHUTTLE = "shuttle"
    PROXIMITY = "proximity"
    BY_PHONE = "by phone"
    ONLINE = "online"
    IN_WRITING = "in writing"
    OTHER = "other"


class TalksReported(ProcessOpening):
    """A round of talks is reported: between whom, about what, in whose words."""

    title: Labels
    """Names of the round."""
    between: tuple[ActorRef, ...] = ()
    """Who is to talk, or talked."""
    about: Text | None = None
    """What about, in the words of the source."""
    topics: Codings = ()
    """What about, as code books code it: one or several topics."""
    form: TalksForm | None = None
    """Direct, shuttle, proximity, by phone, online, in writing."""
    rounds: Quantity | None = None
    """How many rounds or meetings are reported together; unit `rounds`."""

    example: ClassVar[dict[str, Any]] = {
        "processes": ["eastern-kalamun"],
        "title": [{"text": "Talks in Damascus on a truce", "lang": "en"}],
        "between": ["eleven-groups", "government"],
        "about": "a truce",
    }


class TalksScheduled(Payload):
    """A time or a venue is set. A plan is not an outcome."""

    step: ClassVar[int] = 1
    when: When
    """When the round is to be held."""
    venue: Place | None = None
    """Where."""

    @property
    def is_plan(self) -> bool:
        return True

    example: ClassVar[dict[str, Any]] = {
        "when": "2017-10-29",
        "venue": {"labels": [{"text": "Damascus", "lang": "en"}], "precision": "near"},
    }


class TalksPostponed(Payload):
    """The round is put off."""

    step: ClassVar[int] = 2
    until: When | None = None
    """The new time; absent: none is named."""
    by: tuple[ActorRef, ...] = ()
    """Who put it off."""
    reason: Text | None = None
    """Why."""

    @property
    def is_plan(self) -> bool:
        return True

    example: ClassVar[dict[str, Any]] = {"by": ["committee"], "reason": "The truce was not kept."}


class TalksCancelled(Payload):
    """The round is called off."""

    step: ClassVar[int] = 3
    by: tuple[ActorRef, ...] = ()
    """Who called it off."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"by": ["government"]}


class Presence(StrEnum):
    """Whether an actor was there. Unknown is not absent."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Attendance(Value):
    """Whether one actor took part."""

    actor: ActorRef
    """Who."""
    presence: Presence
    """Present, absent or unknown."""
    delegates: Quantity | None = None
    """How many delegates."""

    @property
    def gist(self) -> str:
        return self.presence.value


class TalksNotHeld(Payload):
    """The round does not take place at the time that was set, and nobody put it off or called it off before."""

    step: ClassVar[int] = 3
    absent: tuple[ActorRef, ...] = Field(default=(), max_length=100)
    """Who did not come."""
    absent_described: Short | None = None
    """Who did not come, if not an identified actor."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"absent": ["committee"], "reason": "The delegation did not come."}


class TalksDateDenied(Payload):
    """Somebody says that no date is set."""

    step: ClassVar[int] = 2
    denied: When | None = None
    """The date that was told before, if the denial names it."""
    reason: Text | None = None
    """Why none is set."""

    example: ClassVar[dict[str, Any]] = {"denied": "2017-10-29", "reason": "The venue is not agreed."}


class TalksConvened(Payload):
    """The round meets."""

    step: ClassVar[int] = 3
    venue: Place | None = None
    """Where."""
    attendance: tuple[Attendance, ...] = ()
    """Who was present or absent, as far as it is said."""
    form: TalksForm | None = None
    """Direct, shuttle, proximity, by phone, online, in writing."""

    example: ClassVar[dict[str, Any]] = {
        "venue": {"labels": [{"text": "Damascus", "lang": "en"}], "precision": "near"},
        "attendance": [{"actor": "government", "presence": "present"}],
    }


class TalksOutcome(StrEnum):
    """What came of a round."""

    WITH_OUTCOME = "with outcome"
    WITHOUT_OUTCOME = "without outcome"
    ADJOURNED = "adjourned"
    BROKEN_OFF = "broken off"
    UNKNOWN = "unknown"


class TalksConcluded(Payload):
    """The round ends, with or without an outcome, adjourned or broken off."""

    step: ClassVar[int] = 4
    outcome: TalksOutcome
    """With outcome, without outcome, adjourned, broken off; unknown: it is over, and nobody tells what came of it."""
    summary: Text | None = None
    """What came of it."""
    next_round: Short | None = None
    """What is said of a next round."""

    example: ClassVar[dict[str, Any]] = {"outcome": "adjourned", "summary": "The sides agreed to meet again."}


EVENTS: tuple[type[Payload], ...] = (
    TalksReported,
    TalksScheduled,
    TalksPostponed,
    TalksDateDenied,
    TalksCancelled,
    TalksNotHeld,
    TalksConvened,
    TalksConcluded,
)

# --- state ------------------------------------------------------------------------------------------------

COURSE = Course.of(
    ("reported", "scheduled", "postponed", "cancelled"),
    ("reported", "scheduled", "convened", "concluded"),
    ("reported", "no date set"),
    ("reported", "scheduled", "not held", "cancelled"),
    turns=[("scheduled", "not held")],
)
ONCE = {"convened", "concluded"}
"""What comes once: one before the other, against the course, cannot be. A round may be scheduled again."""


@dataclass(frozen=True, kw_only=True)
class TalksState(SubjectState):
    between: tuple[str, ...] = ()
    about: Account[str] = field(default_factory=Account)
    stage: Line[str] = field(default_factory=Line)
    """reported, scheduled, postponed, no date set, cancelled, not held, convened, concluded."""
    planned: Line[When | None] = field(default_factory=Line)
    """When it is to be held; None after a postponement without a new time."""
    venue: Line[Place] = field(default_factory=Line)
    outcome: Line[str] = field(default_factory=Line)
    summary: Account[str] = field(default_factory=Account)
    attendance: dict[str, Line[Attendance]] = field(default_factory=dict)
    form: Line[str] = field(default_factory=Line)
    rounds: Account[Quantity] = field(default_factory=Account)
    topics: tuple[Coding, ...] = ()
    not_held: Account[TalksNotHeld] = field(default_factory=Account)


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: TalksState, event: Event) -> TalksState:
    match event.data:
        case TalksReported() as data:
            state = general.opened(state, event, data.title, data.processes)
            return changed(
                state,
                between=tuple(dict.fromkeys((*state.between, *data.between))),
                about=state.about.advance(data.about, event) if data.about else state.about,
                stage=state.stage.advance("reported", event, COURSE),
                form=state.form.advance(data.form.value, event) if data.form else state.form,
                rounds=state.rounds.advance(data.rounds, event) if data.rounds else state.rounds,
                topics=tuple(dict.fromkeys((*state.topics, *data.topics))) if data.topics else state.topics,
            )
        case TalksScheduled() as data:
            return changed(
                _to(state, "scheduled", event),
                planned=state.planned.advance(data.when, event),
                venue=state.venue.advance(data.venue, event) if data.venue else state.venue,
            )
        case TalksPostponed() as data:
            return changed(_to(state, "postponed", event), planned=state.planned.advance(data.until, event))
        case TalksDateDenied():
            return changed(_to(state, "no date set", event), planned=state.planned.advance(None, event))
        case TalksCancelled():
            return _to(state, "cancelled", event)
        case TalksNotHeld() as data:
            missed = (Attendance(actor=actor, presence=Presence.ABSENT) for actor in data.absent)
            return changed(
                _to(state, "not held", event),
                attendance=_attended(state, missed, event),
                not_held=state.not_held.advance(data, event),
            )
        case TalksConvened() as data:
            return changed(
                _to(state, "convened", event),
                venue=state.venue.advance(data.venue, event) if data.venue else state.venue,
                attendance=_attended(state, data.attendance, event),
                form=state.form.advance(data.form.value, event) if data.form else state.form,
            )
        case TalksConcluded() as data:
            return changed(
                _to(state, "concluded", event, over=data.outcome is not TalksOutcome.ADJOURNED),
                outcome=state.outcome.advance(data.outcome.value, event),
                summary=state.summary.advance(data.summary, event) if data.summary else state.summary,
            )
        case _:
            return general.evolve(state, event)


def _attended(state: TalksState, attended: Iterable[Attendance], event: Event) -> dict[str, Line[Attendance]]:
    attendance = dict(state.attendance)
    for one in attended:
        attendance[one.actor] = attendance.get(one.actor, Line()).advance(one, event, keeps=Keeps.OF_THE_SAME)
    return attendance


def _to(state: TalksState, stage: str, event: Event, *, over: bool = True) -> TalksState:
    """The state after a step; a round that was adjourned may meet again, so it has not passed its conclusion."""
    state = general.passing(state, stage if over else "adjourned", event)
    return changed(state, stage=state.stage.advance(stage, event, COURSE))


# --- rules ------------------------------------------------------------------------------------------------

AWAITED = {"scheduled", "postponed"}
NOT_HELD = "not held"
"""A round that was not held on its date, and neither put off nor called off, stays overdue."""


def awaited(state: TalksState) -> bool:
    """Whether a last report has the round planned and not yet held."""
    return bool(AWAITED & set(state.stage.values))


def due(state: TalksState) -> list[Due]:
    """The round itself while it is planned and was not held so far, and answers that are awaited."""
    expected = proposals.due(state)
    stages = set(state.stage.values)
    if (AWAITED | {NOT_HELD}) & stages:
        what = "round of talks" + (", not held" if stages == {NOT_HELD} else "")
        expected += [Due(what=what, when=plan.value, events=plan.events) for plan in state.planned.said_in()]
    return expected


# --- family -----------------------------------------------------------------------------------------------

FAMILY = Family(
    name="talks",
    opening=TalksReported,
    events=EVENTS,
    state=TalksState,
    evolve=evolve,
    due=due,
)
