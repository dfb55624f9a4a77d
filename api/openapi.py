"""The description of the interface: what FastAPI finds in the routes, and the schemas of what travels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from api import changes
from api.event_types import schema_of
from api.problems import problems
from api.shapes import SHAPES
from domain.values import SUBJECT_PATTERN
from domain.vocabulary import PAYLOADS

TAGS = [
    {"name": "events", "description": "Append what was reported; replay what was recorded."},
    {"name": "event types", "description": "What can be recorded, with JSON Schema and examples."},
    {"name": "processes", "description": "Where a process stands, and what belongs to it."},
    {"name": "findings", "description": "What does not fit, and what is due, across processes."},
    {"name": "subjects", "description": "A round of talks, an agreement, a convoy, a register, an actor."},
    {"name": "operations", "description": "Health, metrics, and what a problem means."},
]

_ID = {"type": "string", "format": "uuid"}
_POSITION = {"type": "integer", "minimum": 0, "description": "Place in the log; the first event is at 1."}
_SUBJECT = {"type": "string", "pattern": SUBJECT_PATTERN}
_TIME = {"type": "string", "format": "date-time"}

SCHEMAS: dict[str, dict[str, Any]] = {
    "Problem": {
        "description": "An RFC 9457 problem. No value that was sent is ever repeated in it, but by "
        "/problems/doubtful-quality, which tells the finding.",
        "type": "object",
        "required": ["type", "title", "status", "detail", "retry", "errors"],
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "description": "What kind of problem; it can be read.",
            },
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What to mend, in a sentence."},
            "retry": {"type": "boolean", "description": "Whether the same request may succeed later."},
            "request_id": {
                "type": "string",
                "description": "With status 500: the id under which the log tells more, as in the header X-Request-ID.",
            },
            "errors": {
                "type": "array",
                "description": "Each fault, where it is and how to mend it.",
                "items": {
                    "type": "object",
                    "required": ["detail"],
                    "properties": {
                        "pointer": {"type": "string", "description": "JSON Pointer into the body that was sent."},
                        "parameter": {"type": "string", "description": "Or the name of a parameter."},
                        "header": {"type": "string", "description": "Or the name of a header."},
                        "detail": {"type": "string"},
                    },
                },
            },
        },
    },
    "Recorded": {
        "description": "An event as it was sent, with what the log added.",
        "type": "object",
        "required": ["position", "id", "type", "subject", "version", "recorded_at", "recorded_by", "schema", "data"],
        "properties": {
            "position": _POSITION,
            "id": _ID,
            "type": {"type": "string"},
            "subject": _SUBJECT,
            "version": {"type": "integer", "minimum": 1, "description": "Place in the stream of its subject."},
            "recorded_at": {**_TIME, "description": "Never earlier than the event before."},
            "recorded_by": {"type": "string", "description": "Code of the office that recorded it."},
            "schema": {"type": "integer", "minimum": 1, "description": "Version of the stored form."},
            "unreadable": {"type": "string", "description": "Why this version does not understand the event."},
            "data": {"type": "object", "description": "See the schema of its type."},
        },
    },
    "Appended": {
        "description": "What was recorded, in the order sent. In a dry run position and time are null.",
        "type": "object",
        "required": ["events", "position"],
        "properties": {
            "events": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "position", "subject", "version", "recorded_at", "findings"],
                    "properties": {
                        "id": _ID,
                        "position": {**_POSITION, "type": ["integer", "null"]},
                        "subject": _SUBJECT,
                        "version": {"type": "integer", "minimum": 1},
                        "recorded_at": {"type": ["string", "null"], "format": "date-time"},
                        "findings": {
                            "type": ["array", "null"],
                            "items": {"$ref": "#/components/schemas/Finding"},
                            "description": "What does not fit on the event's own subject now, the gravest first; null: "
                            "not known yet, or not asked for.",
                        },
                    },
                },
            },
            "position": _POSITION,
        },
    },
    "Page": {
        "description": "Events in log order. `next` is the position to go on after, or null on the last page.",
        "type": "object",
        "required": ["events", "next"],
        "properties": {
            "events": {"type": "array", "items": {"$ref": "#/components/schemas/Recorded"}},
            "next": {**_POSITION, "type": ["integer", "null"]},
        },
    },
    "RecordedWithRevisions": {
        "description": "An event, and the later events that correct, retract, dispute or mark it.",
        "allOf": [{"$ref": "#/components/schemas/Recorded"}],
        "type": "object",
        "required": ["revisions"],
        "properties": {"revisions": {"type": "array", "items": {"$ref": "#/components/schemas/Recorded"}}},
    },
}


def event_schemas() -> dict[str, Any]:
    """A schema for each event type, for the values they are made of, and `Event`: any one of them."""
    schemas: dict[str, Any] = {}
    for name in PAYLOADS:
        schema = orjson.loads(orjson.dumps(schema_of(name)).replace(b'"#/$defs/', b'"#/components/schemas/'))
        schemas |= schema.pop("$defs")
        schemas[name] = schema
    places = {name: f"#/components/schemas/{name}" for name in PAYLOADS}
    schemas["Event"] = {
        "description": "An event as it is sent; its fields depend on its `type`.",
        "oneOf": [{"$ref": place} for place in places.values()],
        "discriminator": {"propertyName": "type", "mapping": places},
    }
    return schemas


def _never_null(schema: dict[str, Any]) -> None:
    """Takes back what FastAPI tells of a parameter that may be left out: that it may be null. A URL holds no null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update(kinds[0])


class DocumentedApp(FastAPI):
    """An app whose description holds our schemas, and that has a layer of ours around all others.

    Args:
        front: puts that layer around the app, so that the answer to an accident passes it too.
        options: of FastAPI.
    """

    def __init__(self, *, front: Callable[[ASGIApp], ASGIApp], **options: Any) -> None:
        self._front = front
        super().__init__(**options)

    def build_middleware_stack(self) -> ASGIApp:
        return self._front(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            described = get_openapi(
                title=self.title,
                version=self.version,
                summary=self.summary,
                description=self.description,
                routes=self.routes,
                tags=self.openapi_tags,
            )
            for operation in (each for path in described["paths"].values() for each in path.values()):
                told = operation["responses"]
                if "HTTPValidationError" in str(told.get("422")):
                    del told["422"]  # FastAPI's own shape of error, which is never sent
                told["default"] = {**problems(400)[400], "description": "Any other problem."}
                for parameter in operation.get("parameters", ()):
                    _never_null(parameter["schema"])
            schemas = described.setdefault("components", {}).setdefault("schemas", {})
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schemas.update(SCHEMAS | SHAPES | changes.SHAPES | event_schemas())
            self.openapi_schema = described
        return self.openapi_schema
