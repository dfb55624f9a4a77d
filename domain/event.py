"""The envelope every event travels in: as it is sent, and as the log has recorded it.

Payloads are stored for ever. Adding a field with a default is fine; renaming, repurposing or removing one,
changing a default (only what was sent is stored) or tightening what is allowed (stored events are read by the
same rules) is not: write a new event type instead, or an upcaster in `ledger/mapper.py` with a higher `schema_version`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from types import UnionType
from typing import Any, ClassVar, Self, get_args
from uuid import UUID

from pydantic import Field

from domain.changing import unchanging, worked_out_once
from domain.claimants import Claimant, ClaimantKind, distinct
from domain.codings import ForeignIds
from domain.edtf import BEGINNING, END, Span, When
from domain.values import (
    SUBJECT_PATTERN,
    Basis,
    EventId,
    Modality,
    ProcessRef,
    Sensitivity,
    Short,
    Source,
    Subject,
    Text,
    Value,
)

WHENEVER = Span(BEGINNING, END, timed=False)
"""The span of an event that says nothing about when."""


class Payload(Value):
    """What one type of event says. The class name is the wire `type` and the stored topic."""

    schema_version: ClassVar[int] = 1
    """Version of the stored form; raised only together with an upcaster."""
    step: ClassVar[int] = 0
    """Place in the usual course of its family: orders the display where dates do not, and nothing else."""
    opens: ClassVar[bool] = False
    """Whether it is an `Opening`."""
    revises: ClassVar[bool] = False
    """Whether it is a `Revision`."""
    example: ClassVar[dict[str, Any]]
    """A valid payload, shown in the documentation and used by the tests."""

    @property
    def is_plan(self) -> bool:
        """Whether it tells of what is planned, announced or possible, rather than of what came about.

        A plan may be known long before the time it is dated by; an actual report cannot. What has a modality says by
        it which of the two it is.
        """
        return self.__dict__.get("modality", Modality.ACTUAL) is not Modality.ACTUAL


@lru_cache(512)
def date_paths(model: type[Value]) -> tuple[tuple[str, ...], ...]:
    """Where a payload holds dates: the field, or the field and that of the value in it. None stands in a list."""
    paths: list[tuple[str, ...]] = []
    for name, kinds in _kinds(model):
        if When in kinds:
            paths.append((name,))
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, Value):
                paths += [(name, below) for below, inner in _kinds(kind) if When in inner]
    return tuple(paths)


def _kinds(model: type[Value]) -> list[tuple[str, tuple[Any, ...]]]:
    """The fields of a value, each with what it may hold; a list is not looked into."""
    annotated = [(name, one.annotation) for name, one in model.model_fields.items()]
    return [(name, get_args(one) if isinstance(one, UnionType) else (one,)) for name, one in annotated]


def dates_in(data: Payload) -> list[tuple[str, When]]:
    """The dates that a payload gives, each with where it stands: `until`, `schedule.starts`."""
    dates: list[tuple[str, When]] = []
    for path in date_paths(type(data)):
        value: Any = data
        for name in path:
            value = getattr(value, name) if value is not None else None
        if value is not None:
            dates.append((".".join(path), value))
    return dates


class Opening(Payload):
    """A first (or further) report that a subject exists; it carries the subject's identity."""

    opens: ClassVar[bool] = True
    ids: ForeignIds = ()
    """Its ids in other registers. Another report may add one."""


class ProcessOpening(Opening):
    """Opens a subject that belongs to one or more processes."""

    processes: tuple[ProcessRef, ...] = Field(min_length=1, max_length=20)
    """The processes this subject belongs to. Another report may add one."""


class Revision(Payload):
    """An event about another event. It has no time of occurrence of its own."""

    revises: ClassVar[bool] = True


_POSSIBLE, _REPEATS = "seen as possible", "stands for"
"""What a horizon says of an event is kept beside its fields, as a cached property would be: it is no part of what is
sent, stored or compared, and pydantic's private attributes would cost every event that is read a third of its time."""


class Event(Value):
    """A report as it is sent: "claimant C, through publisher P, says that X occurred at T"."""

    id: EventId
    """Any UUID; a UUIDv7 is made if it is left out. Sending the same event again under its id is safe."""
    type: str
    """Name of the event type, see /v1/event-types."""
    subject: Subject = Field(pattern=SUBJECT_PATTERN)
    """What the report is about, as `family/id`."""
    occurred: When | None
    """When it occurred, EDTF level 0 or 1: a day, a month, approximate (`2017-10~`), open (`2017-10-29/..`),
    or an RFC 3339 interval with a zone."""
    dating: Short | None = None
    """The source's own words for the time, where `occurred` only bounds it: `before the truce of July`."""
    sources: tuple[Source, ...] = Field(default=(), max_length=50)
    """Who says so. An observation or inference of our own may have none."""
    basis: Basis = Basis.REPORTED
    """Reported by others, observed by us, or inferred by us."""
    sensitivity: Sensitivity = Sensitivity.MODERATE
    """Low, moderate (the default), high or severe."""
    note: Text | None = None
    """Anything the recording office wants to add. It is shown with the event."""
    data: Payload
    """What the report says; its fields depend on the type."""

    @property
    def possible(self) -> bool:
        """Whether, seen from a horizon, it may or may not have occurred (or been published) yet.

        Such an event adds to what may be so; it takes the place of nothing.
        """
        return _POSSIBLE in self.__dict__

    def as_possible(self) -> Self:
        """The same report, seen from a horizon that may or may not include it."""
        seen = self.model_copy()
        seen.__dict__[_POSSIBLE] = True
        return seen

    def on(self, subject: Subject) -> Self:
        """The same report, on this subject: ids may turn out to name one thing."""
        return self if subject == self.subject else self.model_copy(update={"subject": subject})

    @property
    def repeats(self) -> tuple[EventId, ...]:
        """The duplicates that this report stands for; what refers to them refers to it."""
        repeated: tuple[EventId, ...] = self.__dict__.get(_REPEATS, ())
        return repeated

    def repeated(self, by: tuple[EventId, ...], sources: tuple[Source, ...]) -> Self:
        """The same report, standing for its duplicates, with the sources of all of them."""
        seen = self.model_copy(update={"sources": sources})
        seen.__dict__.pop("claimants", None)
        seen.__dict__[_REPEATS] = by
        return seen

    @property
    def family(self) -> str:
        return self.subject.partition("/")[0]

    @worked_out_once
    def span(self) -> Span:
        """The bounds of the time of occurrence."""
        return self.occurred.span if self.occurred is not None else WHENEVER

    @worked_out_once
    def key(self) -> str:
        """The id as text."""
        return str(self.id)

    @worked_out_once
    def order(self) -> tuple[bool, int, int, int, str]:
        """The canonical order of a subject's events: openings first, then earliest, latest, step, id.

        It is total and knows nothing of the order of arrival.
        """
        span = self.span
        return (not self.data.opens, span.earliest, span.latest, self.data.step, self.key)

    @worked_out_once
    def claimants(self) -> tuple[Claimant, ...]:
        """Who says so: the claimant of each source, or the source itself where no claimant is named."""
        if not self.sources:
            return (Claimant(self.basis.value, ClaimantKind.NOBODY),)
        if len(self.sources) == 1:
            return (self.sources[0].speaker,)
        return distinct(source.speaker for source in self.sources)

    @property
    def claimant_names(self) -> list[str]:
        """Their names as they were sent, each once."""
        return list(dict.fromkeys(claimant.name for claimant in self.claimants))


@unchanging
class Recorded:
    """An event with what the log added when it recorded it."""

    event: Event
    position: int
    """Place in the log, from 1, without gaps on one writer."""
    version: int
    """Place in the stream of its subject, from 1, without gaps."""
    recorded_at: datetime
    """When the log recorded it, UTC; never earlier than the event before it."""
    recorded_by: str
    """Code of the office that recorded it."""
    schema: int
    """Version of the payload's stored form."""
    text: str | None = field(default=None, compare=False, repr=False)
    """The event as JSON, as it was read, if it was; to write it again takes time."""

    @property
    def id(self) -> UUID:
        return self.event.id

    @property
    def key(self) -> str:
        """The id as text."""
        return self.event.key

    @property
    def subject(self) -> Subject:
        return self.event.subject

    @property
    def type(self) -> str:
        return self.event.type


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored event that this version of Parley does not understand: shown as it is, never dropped.

    It comes from a newer version. Views halt at it, visibly, rather than show a state that leaves it out.
    """

    position: int
    version: int
    subject: Subject
    type: str
    reason: str
    """What does not fit, for the person who has to upgrade."""


@lru_cache(64)  # what is recorded together is recorded at one time
def instant(moment: datetime) -> str:
    """A time as RFC 3339 in UTC, with microseconds and `Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def family_of(subject: str) -> str:
    """The family of a subject path; `subject` must be one (see SUBJECT_PATTERN)."""
    return subject.partition("/")[0]
