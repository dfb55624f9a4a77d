"""For whoever runs the server: is it alive, is it ready, and what it counts."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from api.answers import JSON, answer
from api.problems import problems
from api.running import Here, Parley
from domain.errors import Unavailable

VERSION = version("parley-tracker")

router = APIRouter(tags=["operations"])


@router.get(
    "/healthz",
    summary="Whether the server is alive",
    responses=answer("The server is alive.", {"status": "alive", "version": VERSION}),
)
async def read_health() -> JSON:
    """It looks at nothing: restart the server if this does not answer."""
    return JSON({"status": "alive", "version": VERSION})


@router.get(
    "/readyz",
    summary="Whether the server can do its work",
    responses={
        **answer(
            "The log can be read, and the read models follow it.",
            {"status": "ready", "log": {"position": 41}, "views": {"position": 41, "lag": 0}},
        ),
        **problems(503),
    },
)
def read_readiness(here: Here) -> JSON:
    """503 if the log cannot be read, or if the read models have halted or cannot be written; the detail says why.

    `lag` is how many events the read models are behind.
    """
    head = here.ledger.head()
    if reason := here.follower.halted or here.follower.fault:
        raise Unavailable(f"the read models stand at {here.follower.position} of {head}: {reason}")
    position = here.follower.position
    return JSON(
        {
            "status": "ready",
            "log": {"position": head},
            "views": {"position": position, "lag": max(head - position, 0)},
        }
    )


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
def read_metrics(here: Here) -> Response:
    return Response(generate_latest(here.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def watch(here: Parley) -> None:
    """Registers what is read only when it is asked for."""
    watch = here.metrics.watch
    watch("parley_writer_queue", "Requests to append that wait for the writer.", lambda: here.writer.waiting)
    watch("parley_log_position", "The last position of the log.", lambda: here.head.position)
    watch("parley_views_position", "The position the read models reflect.", lambda: here.follower.position)
    watch(
        "parley_views_lag_events",
        "How many events the read models are behind the log.",
        lambda: max(here.head.position - here.follower.position, 0),
    )
    watch("parley_views_halted", "1 if the read models halted before the head.", lambda: bool(here.follower.halted))
