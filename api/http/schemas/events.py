"""Schemas of events: as they are sent, as they are recorded, and of the answers that hold them."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from domain.values import FAMILY_NAMES, SUBJECT_PATTERN
from domain.vocabulary import PAYLOADS, families_of, model_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXPECTED_VERSION = {
    "title": "Expected Version",
    "type": "integer",
    "minimum": 0,
    "maximum": 2**63 - 1,
    "description": "The subject's version before this event, earlier events of the batch counted; 0 is not open yet. "
    "Left out, any will do, but an opening means 0. With the current version an opening is another report.",
}


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
        "|".join(FAMILY_NAMES), "|".join(families_of(name))
    )
    return {
        **schema,
        "required": [field for field in schema["required"] if field != "id"],
        "$defs": dict(sorted(definitions.items())),
    }


_ID = {"type": "string", "format": "uuid"}
_POSITION = {"type": "integer", "minimum": 0, "description": "Place in the log; the first event is at 1."}
_SUBJECT = {"type": "string", "pattern": SUBJECT_PATTERN}
_TIME = {"type": "string", "format": "date-time"}

EVENT_SCHEMAS: dict[str, dict[str, Any]] = {
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
