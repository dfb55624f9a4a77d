"""Schemas of events as they are sent."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from domain.values import FAMILY_NAMES
from domain.vocabulary import PAYLOADS, families_of, model_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXPECTED_VERSION = {
    "title": "Expected Version",
    "anyOf": [{"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, {"type": "string", "const": "any"}],
    "description": "The subject's version before this event, earlier events of the batch counted; 0 is not open yet. "
    "Left out, any will do, but an opening means 0. With the current version, or `any`, an opening is another report.",
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
