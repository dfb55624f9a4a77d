"""For whoever runs the server: is it alive, is it ready, and what it counts."""

from __future__ import annotations

from importlib.metadata import version

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.http.problems import problems
from api.http.responses import JSON, answer
from api.http.schemas.answers import HealthAnswer, ReadyAnswer
from api.services.registry import Shared
from domain.errors import Unavailable

VERSION = version("parley-tracker")

router = StrictRouter(tags=["operations"])


@router.get(
    "/healthz",
    summary="Whether the server is alive",
    responses=answer("The server is alive.", {"status": "alive", "version": VERSION}, HealthAnswer),
)
async def read_health() -> JSON:
    """It checks nothing: restart the server if this does not answer."""
    health: HealthAnswer = {"status": "alive", "version": VERSION}
    return JSON(health)


@router.get(
    "/readyz",
    summary="Whether the server can do its work",
    responses={
        **answer(
            "The log can be read, and the read models follow it.",
            {
                "status": "ready",
                "log": {"where": "/var/lib/parley", "position": 41, "ahead": 0},
                "views": {"position": 41, "lag": 0},
            },
            ReadyAnswer,
        ),
        **problems(503),
    },
)
def read_readiness(services: Shared) -> JSON:
    """503 if the log cannot be read, or if the read models have halted or cannot be written; the detail says why.

    `where` names the data directory or the database, without a password. `lag` is how many events the read models are
    behind. `ahead` is by how many seconds the last event was recorded in the future: a clock was wrong then, or is now.
    """
    head = services.ledger.head()
    if reason := services.follower.halted or services.follower.fault:
        raise Unavailable(f"the read models stand at {services.follower.position} of {head}: {reason}")
    position = services.follower.position
    ready: ReadyAnswer = {
        "status": "ready",
        "log": {
            "where": services.settings.shown,
            "position": head,
            "ahead": round(services.ledger.ahead().total_seconds()),
        },
        "views": {"position": position, "lag": max(head - position, 0)},
    }
    return JSON(ready)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "The text format of Prometheus.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": "parley_events_recorded_total 41.0\n"}},
        }
    },
)
def read_metrics(services: Shared) -> Response:
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
