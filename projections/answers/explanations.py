"""What explains an answer: the horizon, the names of actors, and the reports that lines rest on."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from projections.answers.lines import Count, EventId, Said, Time

Why = Annotated[
    str,
    Field(
        description="Why it is inside the horizon only possibly: when it occurred or was published is too vague to "
        "tell, or it lies beyond and lends its subject only a name.",
        json_schema_extra={"enum": ["occurrence", "publication", "identity"]},
    ),
]


class ShownHorizon(TypedDict):
    """From where the log was looked at: what was asked for, as it was sent, and where that leads."""

    as_of: str | None
    published_by: str | None
    known_at: str | None
    known_at_position: int | None
    now: Time
    """The clock that deadlines are held against: the end of `as_of`, else of `known_at`, else the clock on the wall."""
    position: int | None
    """The last position that is known, where a bound of knowledge was asked for."""
    possible: NotRequired[Count]
    """In a status: reports inside only possibly, by vague dates."""
    beyond: NotRequired[Count]
    """In a status: reports that the dates of the horizon leave out."""


class Marks(TypedDict, total=False):
    """What became of a report, and whether it is surely inside the horizon; only what there is to tell."""

    corrected_by: list[EventId]
    """The correction in effect, then the corrections of that one."""
    retracted_by: EventId
    disputed_by: list[EventId]
    """Somebody says that it was not so."""
    same_as: EventId
    """The report that stays in its place."""
    repeated_by: list[EventId]
    """The duplicates whose sources it took over."""
    possible: Why


class ShownSource(Said):
    """Who published what, as in the schema `Source`."""


class Dated(TypedDict, total=False):
    """What only some reports have."""

    dating: str
    """The source's own words for the time."""


class Evidence(Marks, Dated):
    """A report that a line rests on, as it reads at the horizon. What became of it is there only if there is something
    to tell."""

    position: int
    type: str
    subject: str
    occurred: str | None
    claimants: list[str]
    sources: list[ShownSource]
    basis: str
    sensitivity: str
    note: str | None
    recorded_at: Time
    recorded_by: str


class ActorName(TypedDict):
    """The name of an actor that an answer mentions."""

    label: str | None
    kind: NotRequired[str | None]
    """In answers about one process."""
    withdrawn: NotRequired[bool]
    """If its identification was taken back."""
    unified_into: NotRequired[str]
    """The actor that stays, if this one gave way."""


class Named(TypedDict):
    """The names of actors."""

    actors: dict[str, ActorName]


class Explained(Named):
    """What explains the lines of an answer."""

    evidence: dict[str, Evidence]
