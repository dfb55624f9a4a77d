"""Convoys: one run, or a series, from the first report to what was delivered."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from domain.convoy_codes import ConvoyKind, Means, Passage, Weekday
from domain.edtf import When
from domain.event import Payload, ProcessOpening
from domain.schedules import Schedule
from domain.values import (
    ActorRef,
    ClockTime,
    Cohort,
    ConvoyRef,
    Item,
    Labels,
    Place,
    Quantity,
    Short,
    Text,
    Value,
)


class OpeningHours(Value):
    """On which days and from when to when a passage is open, by the clock there."""

    days: tuple[Weekday, ...] = Field(default=(), max_length=7)
    """On which days; none: on every day, or not said."""
    opens: ClockTime | None = None
    """From when, `HH:MM`."""
    closes: ClockTime | None = None
    """Until when, `HH:MM`; earlier than `opens`: on the next day."""


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
    means: tuple[Means, ...] = Field(default=(), max_length=20)
    """By which means: trucks, buses, private vehicles, on foot …"""
    hours: tuple[OpeningHours, ...] = Field(default=(), max_length=20)
    """On which days and at which hours a corridor is open."""
    schedule: Schedule | None = None
    """When the runs of a series are expected, so that it can be checked."""
    last_run: When | None = None
    """When the last run of a series went, as far as is known."""

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
    refused: tuple[Item, ...] = ()
    """Goods that may not pass."""

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
    people: tuple[Cohort, ...] = ()
    """Who arrived, by cohort, each where it was taken."""
    refused: tuple[Item, ...] = ()
    """Goods that were not accepted where it arrived."""

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


class ConvoyPostponed(Payload):
    """A convoy or a movement is put off."""

    step: ClassVar[int] = 3
    until: When | None = None
    """The new time; absent: none is named."""
    by: ActorRef | None = None
    """Who put it off."""
    reason: Text | None = None
    """Why."""

    @property
    def is_plan(self) -> bool:
        return True

    example: ClassVar[dict[str, Any]] = {"until": "2017-11-03", "reason": "Shelling on the road."}


class PassageReported(Payload):
    """What becomes of a corridor or a passage: agreed, announced, opened, used, closed, failed, or unclear."""

    step: ClassVar[int] = 4
    passage: Passage
    """Agreed, announced, opened, used, closed, failed, or unclear whether it opened."""
    on: When | None = None
    """Of what is agreed or announced: when it is to open."""
    by: ActorRef | None = None
    """Who announces, opens, closes or breaks it off."""
    place: Place | None = None
    """Where."""
    hours: tuple[OpeningHours, ...] = Field(default=(), max_length=20)
    """On which days and at which hours."""
    means: tuple[Means, ...] = Field(default=(), max_length=20)
    """By which means it may be, or was, used."""
    people: tuple[Cohort, ...] = ()
    """Who used it, by cohort."""
    reason: Text | None = None
    """Why it failed, was closed, or is not clear."""

    @property
    def is_plan(self) -> bool:
        return self.passage in (Passage.AGREED, Passage.ANNOUNCED)

    example: ClassVar[dict[str, Any]] = {
        "passage": "opened",
        "hours": [{"opens": "09:00", "closes": "17:00"}],
        "means": ["private vehicles", "on foot"],
    }


EVENTS: tuple[type[Payload], ...] = (
    ConvoyReported,
    ConvoyRequested,
    ClearanceGranted,
    ClearanceDenied,
    ConvoyPostponed,
    PassageReported,
    ConvoyDeparted,
    CheckpointPassed,
    ConvoyHeld,
    ItemsRemoved,
    ConvoyTurnedBack,
    ConvoyArrived,
    ConvoyCancelled,
)
