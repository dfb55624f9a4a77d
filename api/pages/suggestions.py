"""What somebody may mean who types a name where an id is needed: for the fields of forms, while one types."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import JSONResponse, Response

from api.http.parameters import StrictRouter
from api.pages.asked import AskedPage
from api.pages.markup import plain
from api.wording import words
from api.wording.language import speaking
from domain.errors import BadCursor
from domain.values import FAMILY_NAMES
from projections.queries import subjects

router = StrictRouter(include_in_schema=False)
MOST = 8
"""Suggestions of each family."""


@router.get("/suggest")
def suggest(
    asked: AskedPage,
    of: Annotated[str, Query(max_length=100)],
    q: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """Subjects by name: values of a field, each with its name. `of` is a family, whose ids are values; or `subject` or
    `claimant`, whose values are paths; or several families, with spaces between them, likewise."""
    families = FAMILY_NAMES if of == "subject" else ("actors",) if of == "claimant" else tuple(of.split())
    if not families or any(family not in FAMILY_NAMES for family in families):
        raise BadCursor.at("of", "send a family, subject or claimant")
    ids = of in FAMILY_NAMES
    with asked.services.reading() as reading:
        found = subjects.suggested(reading, families, q, MOST) if q.strip() else []
    with speaking(asked.language):
        values = [
            (
                one["subject"].partition("/")[2] if ids else one["subject"],
                plain(words.label(one["labels"], one["subject"])),
            )
            for one in found
        ]
    return JSONResponse(values, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
