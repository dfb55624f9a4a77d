"""What can be recorded: every event type with its JSON Schema and an example."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from api.http.parameters import StrictRouter, did_you_mean
from api.http.problems import problems
from api.http.responses import JSON, answer
from api.http.schemas.answers import EventTypeAnswer, EventTypesAnswer, ListedEventType
from api.http.schemas.events import DIALECT, schema_of
from domain.errors import NotFound
from domain.event import Opening, Revision
from domain.vocabulary import PAYLOADS, example, families_of

router = StrictRouter(prefix="/v1/event-types", tags=["event types"])


def description_of(name: str) -> str:
    """What the vocabulary says about a type."""
    return " ".join((PAYLOADS[name].__doc__ or "").split())


def entry(name: str) -> ListedEventType:
    """One line of the list of types."""
    return {
        "type": name,
        "families": list(families_of(name)),
        "summary": description_of(name),
        "opening": issubclass(PAYLOADS[name], Opening),
        "revision": issubclass(PAYLOADS[name], Revision),
        "url": f"/v1/event-types/{name}",
    }


def full_entry(name: str) -> EventTypeAnswer:
    """All there is to know about one type."""
    return {**entry(name), "example": example(name), "schema": {"$schema": DIALECT, **schema_of(name)}}


EXAMPLE_TYPE: EventTypeAnswer = {
    **entry("TalksScheduled"),
    "example": example("TalksScheduled"),
    "schema": {"$schema": DIALECT, "title": "TalksScheduled", "type": "object"},
}
"""Without the schema's inside, whose references would be taken for some of the whole document."""


@router.get(
    "",
    summary="List the event types",
    responses=answer("Every event type there is.", {"event_types": [entry("TalksScheduled")]}, EventTypesAnswer),
)
def list_event_types() -> JSON:
    """An opening makes a subject, a revision speaks about another event; `families` are whose subjects may have it."""
    types: EventTypesAnswer = {"event_types": [entry(name) for name in PAYLOADS]}
    return JSON(types)


@router.get(
    "/{name}",
    summary="Read one event type",
    responses={
        **answer("What the type says, its JSON Schema and an example.", EXAMPLE_TYPE, EventTypeAnswer),
        **problems(404),
    },
)
def read_event_type(name: Annotated[str, Path(description="Name of the type.", examples=["TalksScheduled"])]) -> JSON:
    """The schema describes a whole event as it is sent to `POST /v1/events`."""
    if name not in PAYLOADS:
        hint = did_you_mean(name, tuple(PAYLOADS))
        raise NotFound(f"there is no such event type{hint}: GET /v1/event-types lists them")
    return JSON(full_entry(name))
