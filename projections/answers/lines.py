"""What all answers are made of: lines, each with the events it rests on, and what events say.

The types of `projections.answers` are the one definition of each answer: queries build them, `/openapi.json` is made
from them (`api.http.schemas`), and commands read by them. At run time they are plain dictionaries. The docstring of a
field is its description in `/openapi.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, NotRequired, TypeVar, cast

from pydantic import Field
from typing_extensions import TypedDict

T_co = TypeVar("T_co", covariant=True)

EventId = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
EventIds = Annotated[
    list[EventId], Field(description="The events it rests on; `evidence`, or /v1/events/{id}, tells of them.")
]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Count = Annotated[int, Field(ge=0)]
Cursor = Annotated[str | None, Field(description="Send it as `after` for the next page; null at the end.")]

NearWords = Annotated[
    dict[str, list[str]],
    Field(description="Where nothing is found: what may have been meant, by the parameter that is not known here."),
]


class Said(TypedDict):
    """What an event says, field by field, as in the schema of its type; what it does not say is left out."""


def fields_of(said: Said) -> Mapping[str, Any]:
    """What an event says, to be read by the names of its fields."""
    return cast("Mapping[str, Any]", said)


class ShownLabel(Said):
    """A name, as in the schema `Label`."""

    text: str


class ShownForeignId(Said):
    """An id in another register, as in the schema `ForeignId`."""

    scheme: str
    id: str


class ShownCandidate(TypedDict, Generic[T_co]):
    """One of several values that reports disagree on."""

    value: T_co
    occurred: str | None
    events: EventIds
    possible: NotRequired[bool]
    """Whether all its reports are inside the horizon only possibly."""


class OtherWords(TypedDict):
    """What another report says beside a value, which it does not contradict."""

    value: Any
    occurred: str | None
    events: EventIds


class ShownLine(TypedDict, Generic[T_co]):
    """What the last reports say together that no other report certainly follows. If two of them cannot both be so, it
    is contested, has no value, and names the candidates."""

    value: T_co | None
    """What they say together: what one does not say, it does not deny."""
    since: str | None
    """When an unbroken run of reports first said so."""
    occurred: str | None
    """When the newest report says it occurred (EDTF)."""
    contested: bool
    possible: NotRequired[bool]
    """Whether all its reports are inside the horizon only possibly."""
    one_claimant: NotRequired[bool]
    """Of a state: whether no more than one claimant tells of the change. An observation of our own is a claimant, an
    inference of ours is none. Absent: there are two, or it is no change."""
    candidates: NotRequired[list[ShownCandidate[T_co]]]
    """Only if contested, or if a report that is only possible says something else."""
    also: NotRequired[dict[str, list[OtherWords]]]
    """What else is said, by field, that contradicts nothing: other words for the same, another sender. Of a value
    without fields under `value`."""
    told_by: NotRequired[dict[str, EventIds]]
    """Which reports say what of it, by field, if not all of them say all."""
    events: EventIds


class ShownDescription(ShownLine[Said]):
    """A description, put together from all reports of a thing. If it is contested, that is so of some of its fields
    only: the value has all others."""

    contested_fields: NotRequired[dict[str, ShownLine[Any]]]
    """Each contested field as a line of its own."""


class Citation(Said):
    """Something said once, or one thing that several reports tell of, with the events that say it."""

    occurred: str | None
    also: NotRequired[dict[str, list[OtherWords]]]
    """What others of these events say beside it, by field."""
    events: EventIds
