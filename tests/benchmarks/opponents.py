"""What Parley is measured against: stock `eventsourcing` behind a plain route, and an empty route.

Run as a program it serves both on a port: `python -m tests.benchmarks.opponents DIRECTORY PORT`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import uvicorn
from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent
from fastapi import FastAPI
from starlette.responses import Response

from domain.vocabulary import model_of


@dataclass(frozen=True)
class Reported(DomainEvent):
    """The same report, as a plain domain event of the library."""

    report: dict[str, Any]


def stock(directory: Path) -> FastAPI:
    """Each report saved by the library's own application and recorder: validated alike, one commit each."""
    log: Application[UUID] = Application(
        {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(directory / "stock.db")}
    )
    versions: dict[UUID, int] = defaultdict(int)
    app = FastAPI()

    @app.post("/v1/events", status_code=201)
    def append(report: dict[str, Any]) -> dict[str, Any]:
        event = model_of(report["type"]).model_validate(report, strict=False)
        subject = uuid5(NAMESPACE_URL, event.subject)
        versions[subject] += 1
        saved = log.save(
            Reported(
                originator_id=subject,
                originator_version=versions[subject],
                timestamp=Reported.create_timestamp(),
                report=report,
            )
        )
        return {"id": report["id"], "position": saved[0].notification.id}

    @app.get("/empty")
    async def empty() -> Response:
        return Response(b"{}", media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(stock(Path(sys.argv[1])), port=int(sys.argv[2]), log_level="error", access_log=False)
