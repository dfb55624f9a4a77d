"""Answers in JSON, written by orjson: what the log and the read models give needs no further encoding."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from api.http.schemas.from_types import AnswerType, reference_to

Responses = dict[int | str, dict[str, Any]]
"""What an operation may answer, as FastAPI's `responses` takes it."""


class JSON(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def answer(
    description: str,
    example: Any,
    schema: AnswerType | None = None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Responses:
    """Documents one answer in JSON.

    Args:
        description: when it is given.
        example: a whole body.
        schema: the type of the body, one of `api.http.schemas.answers.ANSWERS`; any object, if None.
        status: the status.
        headers: each header by name, with what it says.
    """
    shape = reference_to(schema) if schema is not None else {"type": "object"}
    documented = {name: {"description": text, "schema": {"type": "string"}} for name, text in (headers or {}).items()}
    return {
        status: {
            "description": description,
            "content": {"application/json": {"schema": shape, "example": example}},
            **({"headers": documented} if documented else {}),
        }
    }
