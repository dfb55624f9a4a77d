"""What a type of problem means: the `type` of every problem leads here."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from api.http.parameters import StrictRouter
from api.http.problems import KINDS, STATUS_OF, problems
from api.http.responses import JSON, answer
from api.http.schemas.answers import ProblemType
from domain import errors

router = StrictRouter(prefix="/problems", tags=["operations"])


@router.get(
    "/{kind}",
    summary="Read what a type of problem means",
    responses={
        **answer(
            "What the problem is.",
            {"type": "/problems/stale-version", "title": "The subject has moved on", "status": 409, "retry": False},
            ProblemType,
        ),
        **problems(404),
    },
)
def read_problem(
    kind: Annotated[str, Path(description="Last part of the `type`.", examples=["stale-version"])],
) -> JSON:
    """The `type` of every problem leads here."""
    refusal = KINDS.get(kind)
    if refusal is None:
        raise errors.NotFound("there is no such type of problem")
    problem_type: ProblemType = {
        "type": f"/problems/{kind}",
        "title": refusal.title,
        "status": STATUS_OF[refusal],
        "retry": refusal.retry,
    }
    return JSON(problem_type)
