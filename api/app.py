"""The one place where everything is wired: `create_app` builds a server from its settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from api.http import problems
from api.http.middleware import RequestMiddleware
from api.http.nearest import near_the_address
from api.http.openapi import TAGS, DocumentedApp
from api.pages.errors import as_page
from api.pages.routers import PAGE_ROUTERS
from api.routes import (
    append,
    changes,
    deadlines,
    documentation,
    event_types,
    findings,
    operations,
    problem_types,
    processes,
    replay,
    subjects,
)
from api.routes.fast_path import FastPath
from api.services import gauges, logs
from api.services.capacity import Capacity, Questions
from api.services.event_streams import EventStreams
from api.services.known_log import require_known
from api.services.log_watcher import LogWatcher
from api.services.metrics import Metrics
from api.services.registry import Services
from api.services.wakeup import ReachedPositions, waking
from api.settings import Settings, load, open_ledger, open_views
from ledger.writer import Commit, Writer
from projections.follower import Follower, FollowerStatus

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider


ROUTERS = (
    problem_types.router,
    append.router,
    replay.router,
    event_types.router,
    processes.router,
    changes.router,
    findings.router,
    deadlines.router,
    subjects.router,
    operations.router,
    documentation.router,
    *PAGE_ROUTERS,
)
"""Each in its module; its tag stands in `api/http/openapi.py`."""

FIRST = 10.0
"""Seconds that a server waits for its first read models before it answers: those of a short log are there by then."""


def create_app(settings: Settings | None = None, projector: FollowerStatus | None = None) -> FastAPI:
    """The server as an ASGI application; `app.state.services` is there while it runs.

    Args:
        settings: from the environment, if None.
        projector: brings the read models up to date elsewhere; a thread of this process does, if None.

    Raises:
        BadSetting: a setting of the environment cannot be used.
    """
    settings = settings or load()
    metrics = Metrics()
    tracer = _tracer(settings)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as closing:  # closes in the reverse order
            closing.callback(logs.flush)
            if tracer is not None:
                closing.callback(tracer.shutdown)
            app.state.services = services = _start(settings, metrics, projector, closing)
            if settings.project:
                await run_in_threadpool(services.follower.wait_until_complete, FIRST)
            yield

    def front(inner: ASGIApp) -> ASGIApp:
        # The framework's spans are of what passes through it.
        return RequestMiddleware(inner if tracer is not None else FastPath(inner, app), metrics)

    app = DocumentedApp(
        front=front,
        title="Parley",
        version=operations.VERSION,
        summary="An event-sourced tracker of local ceasefire and reconciliation processes.",
        description="Append what was reported, replay how it came about, ask where a process stands. "
        "Errors are RFC 9457 problems that name each field and how to correct it.",
        openapi_tags=TAGS,
        lifespan=running,
        openapi_url=None,  # this and the pages of documentation are ours: api/routes/documentation.py
        redirect_slashes=False,
        telemetry={
            "tracing": tracer is not None,
            "tracer_provider": tracer,
            "metrics": False,  # /metrics has ours
            "logs": False,  # they would hold what exceptions say
            "auto_configure": False,
        },
    )
    problems.install(app, as_page, near_the_address)
    for router in ROUTERS:
        # They are complete. `include_router` would make each anew for this app, while the first requests wait.
        app.router.routes.extend(router.routes)
    return app


def _start(settings: Settings, metrics: Metrics, projector: FollowerStatus | None, closing: AsyncExitStack) -> Services:
    """Opens and starts what a running server shares. Call it on its event loop.

    Raises:
        Unavailable: the log or the read models cannot be opened.
    """
    ledger = open_ledger(settings)
    closing.callback(ledger.close)
    views = open_views(settings)
    closing.callback(views.close)
    require_known(settings, ledger, views)
    follower = projector or Follower(views, ledger.read_checked, ledger.head, may_lead=settings.project)
    closing.callback(follower.close)
    log_watcher = LogWatcher(ledger.head, ledger.watch, follower.nudge)
    closing.callback(log_watcher.close)

    def recorded(commit: Commit) -> None:
        log_watcher.nudge(commit.position)
        metrics.events.inc(commit.events)
        metrics.commit_events.observe(commit.events)
        metrics.commit_requests.observe(commit.requests)

    writer = Writer(ledger, recorded, settings.queue, follower.pass_on)
    closing.callback(writer.close)
    moved = ReachedPositions(lambda: follower.position, lambda: follower.halted is not None)
    answered = ReachedPositions(lambda: follower.answered_to, lambda: follower.halted is not None)
    follower.tell(waking(moved, answered))
    follower.start()
    followers = Capacity(
        max(1, min(settings.followers, settings.connections // 2)),
        "too many follow the log live: try again later, or replay it page by page",
    )
    questions = Questions(settings.questions, settings.question_time)
    streams = EventStreams(ledger)
    services = Services(
        settings, ledger, writer, log_watcher, views, follower, moved, answered, metrics, followers, questions, streams
    )
    gauges.watch(services)
    closing.callback(metrics.close)
    return services


def _tracer(settings: Settings) -> TracerProvider | None:
    """Creates and exports traces, if they are on."""
    if not settings.traces:
        return None
    from api.services import traces  # its packages are not always installed

    return traces.provider()
