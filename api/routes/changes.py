"""What became known of a process between two moments: `GET /v1/processes/{id}/changes`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends

from api.http.parameters import Fresh, StrictRouter
from api.http.queries import ProcessPath, answered, ask
from api.http.question_routes import CostlyRoute
from api.http.responses import JSON
from api.http.schemas.examples import EXAMPLE_CHANGES
from api.http.two_ends import both_ends
from projections.answers.changes import ChangesAnswer
from projections.queries.at_horizon import HorizonRequest
from projections.queries.changes import changes
from projections.storage.generations import ReadTransaction

router = StrictRouter(prefix="/v1/processes", tags=["processes"], route_class=CostlyRoute)


@router.get(
    "/{process}/changes",
    summary="What became known between two moments",
    responses=answered("What became known.", EXAMPLE_CHANGES, ChangesAnswer),
)
def read_changes(
    process: ProcessPath, services: Fresh, ends: Annotated[tuple[HorizonRequest, HorizonRequest], Depends(both_ends)]
) -> JSON:
    """For a morning briefing: what came in after `since` and up to `until`, what it changed, which of what was known
    before was corrected, what contradicts or no longer does, and what fell due. The clock of each end is its time, or
    the time at which its position was recorded."""
    since, until = ends
    now = datetime.now(UTC)

    def question(reading: ReadTransaction) -> ChangesAnswer:
        return changes(reading, process, since, until, now)

    return ask(services, question)
