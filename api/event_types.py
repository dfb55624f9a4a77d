"""What can be recorded: every event type with its JSON Schema and an example."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path

from api.answers import JSON, answer
from api.parameters import did_you_mean
from api.problems import problems
from domain.errors import NotFound
from domain.event import Opening, Revision
from domain.values import FAMILIES
from domain.vocabulary import PAYLOADS, example, families_of, model_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXPECTED_VERSION = {
    "title": "Expected Version",
    "type": "integer",
    "minimum": 0,
    "maximum": 2**63 - 1,
    "description": "The subject's version before this event, earlier events of the batch counted; 0 is not open yet. "
    "Left out, any will do, but an opening means 0. With the current version an opening is another report.",
}

router = APIRouter(prefix="/v1/event-types", tags=["event types"])


def description_of(name: str) -> str:
    """What the vocabulary says about a type."""
    return " ".join((PAYLOADS[name].__doc__ or "").split())


@cache
def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a whole event of a type, as it is sent; it needs nothing from outside.

    Its payload is the definition `…Data`. Do not change what this returns.
    """
    text = orjson.dumps(model_of(name).model_json_schema())
    text = text.replace(f'"#/$defs/{name}"'.encode(), f'"#/$defs/{name}Data"'.encode())
    schema: dict[str, Any] = orjson.loads(text)
    definitions = schema.pop("$defs")
    definitions[f"{name}Data"] = {**definitions.pop(name), "title": f"{name}Data"}
    properties = schema["properties"]
    properties["expected_version"] = EXPECTED_VERSION
    properties["subject"]["pattern"] = properties["subject"]["pattern"].replace(
        "|".join(FAMILIES), "|".join(families_of(name))
    )
    return {
        **schema,
        "required": [field for field in schema["required"] if field != "id"],
        "$defs": dict(sorted(definitions.items())),
    }


def entry(name: str) -> dict[str, Any]:
    """One line of the list of types."""
    return {
        "type": name,
        "families": list(families_of(name)),
        "summary": description_of(name),
        "opening": issubclass(PAYLOADS[name], Opening),
        "revision": issubclass(PAYLOADS[name], Revision),
        "url": f"/v1/event-types/{name}",
    }


def account(name: str) -> dict[str, Any]:
    """All there is to know about one type."""
    return {**entry(name), "example": example(name), "schema": {"$schema": DIALECT, **schema_of(name)}}


EXAMPLE = {
    **entry("TalksScheduled"),
    "example": example("TalksScheduled"),
    "schema": {"$schema": DIALECT, "title": "TalksScheduled", "type": "object"},
}
"""Without the schema's inside, whose references would be taken for some of the whole document."""


@router.get(
    "",
    summary="List the event types",
    responses=answer("Every event type there is.", {"event_types": [entry("TalksScheduled")]}),
)
def list_event_types() -> JSON:
    """An opening makes a subject, a revision speaks about another event; `families` are whose subjects may have it."""
    return JSON({"event_types": [entry(name) for name in PAYLOADS]})


@router.get(
    "/{name}",
    summary="Read one event type",
    responses={
        **answer("What the type says, its JSON Schema and an example.", EXAMPLE),
        **problems(404),
    },
)
def read_event_type(name: Annotated[str, Path(description="Name of the type.", examples=["TalksScheduled"])]) -> JSON:
    """The schema describes a whole event as it is sent to `POST /v1/events`."""
    if name not in PAYLOADS:
        hint = did_you_mean(name, tuple(PAYLOADS))
        raise NotFound(f"there is no such event type{hint}: GET /v1/event-types lists them")
    return JSON(account(name))
