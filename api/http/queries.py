"""What the routes on read models share: parameters, pages, and answers from one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Header, Path, Query

from api.http.parameters import POSITION_HEADER
from api.http.problems import problems
from api.http.responses import JSON, Responses, answer
from api.http.schemas.from_types import AnswerType
from api.services.registry import Services
from domain.ids import ID_PATTERN
from projections.storage.generations import ReadTransaction

ProcessPath = Annotated[str, Path(pattern=ID_PATTERN, description="Id of the process.", examples=["eastern-kalamun"])]
Cursor = Annotated[
    str | None,
    Query(max_length=1000, description="`next` of the page before.", json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"}),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="The most entries of a page; one of large entries ends early.")]
WholeLimit = Annotated[
    int | None, Query(ge=1, le=1000, description="The most entries of a page; if not said, as many as fit.")
]
IfNoneMatch = Annotated[str | None, Header(description="The ETag of an answer that is at hand.")]

POSITION = {POSITION_HEADER: "The position of the log that the answer reflects."}
WITH_ETAG = {**POSITION, "ETag": "Changes when the answer may."}
UNCHANGED = {"description": "It is as it was at the ETag of `If-None-Match`."}


def answered(description: str, example: Mapping[str, object], schema: AnswerType) -> Responses:
    """What an operation on one process may answer."""
    return {**answer(description, example, schema, headers=POSITION), **problems(400, 404, 503)}


def ask(services: Services, question: Callable[[ReadTransaction], Mapping[str, object]]) -> JSON:
    """Answers a question from one snapshot of the read models, and says which position it reflects."""
    with services.reading() as reading:
        content = question(reading)
        headers = {POSITION_HEADER: str(reading.position)}
    return JSON(content, headers=headers)


def matches(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison of `If-None-Match` with an ETag (RFC 9110, 8.8.3.2)."""
    if if_none_match is None:
        return False
    given = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in given or etag.removeprefix("W/") in given
