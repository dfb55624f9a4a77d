"""What Parley is measured against: stock `eventsourcing` behind a plain route, and an empty route.

Run as a program it serves them on a port: `python -m tests.benchmarks.opponents KIND WHERE PORT`. `stock` is the
library's own application, `alone` is Parley's log without its writer: each request takes the lock and
commits for itself.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import uvicorn
from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Mapper, StoredEvent, Tracking, TrackingRecorder
from eventsourcing.projection import BaseProjectionRunner, Projection
from fastapi import FastAPI, Request
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.request_body import parse_request
from api.server.interpreter import tune
from domain.event import Recorded
from domain.vocabulary import model_of
from ledger.append import Append
from ledger.ledger import Ledger
from ledger.mapper import EventMapper
from ledger.recorder import Filter
from projections.batch import apply, open_read_models
from projections.catch_up import wall_clock
from projections.storage.tables import Transaction


def environment(where: str) -> dict[str, str]:
    """The library's settings for a directory, or for the URL of a PostgreSQL database: its defaults, which are safe."""
    if not where.startswith("postgresql://"):
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(Path(where) / "stock.db")}
    told = conninfo_to_dict(where)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(told["dbname"]),
        "POSTGRES_HOST": str(told["host"]),
        "POSTGRES_PORT": str(told["port"]),
        "POSTGRES_USER": str(told["user"]),
        "POSTGRES_PASSWORD": "",
        "POSTGRES_MAX_OVERFLOW": "40",
    }


# --- appends


@dataclass(frozen=True)
class Reported(DomainEvent):
    """The same report, as a plain domain event of the library."""

    report: dict[str, Any]


def stock(where: str) -> FastAPI:
    """Each report saved by the library's own application and recorder: validated alike, one look-up of its id, one
    commit each."""
    log: Application[UUID] = Application(environment(where))
    versions: dict[UUID, int] = defaultdict(int)
    gate = Lock()
    app = FastAPI()

    @app.post("/v1/events", status_code=201)
    def append(report: dict[str, Any]) -> dict[str, Any]:
        event = model_of(report["type"]).model_validate(report, strict=False)
        log.recorder.select_events(event.id, limit=1)
        # The version of the subject is counted in memory, under a lock, so that none of 16 requests has to be retried.
        with gate:
            subject = uuid5(NAMESPACE_URL, event.subject)
            versions[subject] += 1
            version = versions[subject]
        saved = log.save(
            Reported(
                originator_id=subject,
                originator_version=version,
                timestamp=Reported.create_timestamp(),
                report=report,
            )
        )
        return {"id": report["id"], "position": saved[0].notification.id}

    return app


def alone(where: str) -> FastAPI:
    """Parley's log with the same checks, but no request shares a commit."""
    ledger = Ledger(Path(where))
    app = FastAPI()

    @app.post("/v1/events", status_code=201)
    async def append(request: Request) -> dict[str, Any]:
        sent = parse_request(await request.body())
        done = await run_in_threadpool(ledger.append, Append(sent.drafts))
        return {"position": done.position}

    return app


def with_empty(app: FastAPI) -> FastAPI:
    @app.get("/empty")
    async def empty() -> Response:
        return Response(b"{}", media_type="application/json")

    return app


# --- read models


class Same(Application[str]):
    """The library's own application and recorder, with events in Parley's form."""

    name = "same"

    def construct_mapper(self) -> Mapper[str]:
        return EventMapper(transcoder=self.construct_transcoder())


class Equal(TrackingRecorder):
    """The same read models, kept as the library would have it: each event and its tracking in a transaction."""

    def __init__(self, url: str) -> None:
        self.views = open_read_models(url)
        with self.views.restructuring() as connection:
            self.generation = self.views.begin_generation(connection, live=True)
            connection.execute(text("CREATE TABLE tracking (application text PRIMARY KEY, id bigint)"))
            connection.execute(text("INSERT INTO tracking VALUES ('same', 0)"))

    def apply(self, recorded: Recorded, tracking: Tracking) -> None:
        with self.views.writing() as connection:
            transaction = Transaction(connection, self.views.tables(self.generation.generation))
            apply(transaction, [recorded], recorded.position, wall_clock())
            self.views.advance(
                connection,
                type(self.generation)(self.generation.generation, tracking.notification_id, None, complete=True),
            )
            connection.execute(text("UPDATE tracking SET id = :id"), {"id": tracking.notification_id})

    def insert_tracking(self, tracking: Tracking) -> None:
        raise NotImplementedError

    def max_tracking_id(self, application_name: str) -> int | None:
        with self.views.writing() as connection:
            found = connection.execute(text("SELECT id FROM tracking")).scalar()
        return int(found) if found else None


class EqualProjection(Projection[Equal]):
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.apply(domain_event, tracking)


def runner(url: str) -> tuple[Any, Equal]:
    """The library's own runner, which keeps read models equal to ours in a database."""
    view = Equal(url)
    made: Any = BaseProjectionRunner(
        projection=EqualProjection(view),
        application_class=Same,
        tracking_recorder=view,
        topics=(),
        env={**environment(url), "ORIGINATOR_ID_TYPE": "text"},
    )
    return made, view


def copied(ledger: Ledger, url: str, at_most: int) -> None:
    """Puts events of a log into the library's own tables."""
    with closing(Same({**environment(url), "ORIGINATOR_ID_TYPE": "text"})) as same:
        after = 0
        while after < at_most and (found := ledger.log.select(after, min(1000, at_most - after), Filter())):
            same.recorder.insert_events(
                [StoredEvent(n.originator_id, n.originator_version, n.topic, n.state) for n in found]
            )
            after = found[-1].id


KINDS: dict[str, Callable[[str], FastAPI]] = {"stock": stock, "alone": alone}

if __name__ == "__main__":
    tune()
    uvicorn.run(with_empty(KINDS[sys.argv[1]](sys.argv[2])), port=int(sys.argv[3]), log_level="error", access_log=False)
