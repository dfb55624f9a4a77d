"""A process on paper: what its page says, with the horizon, the position, how to handle it, and its sources."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from starlette.responses import Response

from api.exporters import typeset
from api.http.parameters import StrictRouter
from api.http.queries import ProcessPath
from api.http.question_routes import CostlyRoute
from api.pages.asked import AskedAt
from api.pages.paper import document
from api.pages.process import frame, status_context
from api.pages.rendering import page
from api.pages.tables import as_file
from api.wording import words
from api.wording.language import grouped, say, speaking
from domain.errors import BadCursor, NotFound
from domain.values import Sensitivity
from projections.queries import status

router = StrictRouter(include_in_schema=False, route_class=CostlyRoute)


@router.get("/processes/{process}/report")
def show_report(request: Request, process: ProcessPath, asked: AskedAt, format: str | None = None) -> Response:
    """The print view, for A4, or the same as a PDF."""
    if format not in (None, "", "pdf"):
        raise BadCursor.at("format", "choose pdf")
    if format and not typeset.installed():
        raise NotFound(f"a PDF takes packages that are not installed here: {typeset.EXTRA}")
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        shown, _ = status.process_status(reading, process, now, asked.horizon)
        position = reading.position
    known = position if asked.horizon.position is None else asked.horizon.position
    levels = [level.value for level in Sensitivity]
    highest = max((levels.index(report["sensitivity"]) for report in shown["evidence"].values()), default=0)
    with speaking(asked.language):
        sources = {
            words.source(source, shown["actors"]): None
            for report in shown["evidence"].values()
            for source in report["sources"]
        }
        context: dict[str, Any] = {
            **frame(asked, shown, None, position),
            **status_context(asked, shown, position, reasons=False),
            "reflects": say(
                "As it was known at log position {position}, put together on {time}.",
                position=grouped(known),
                time=words.moment(now.isoformat()),
            ),
            "handling": say(
                "Handling: the highest sensitivity of what it rests on is {sensitivity}.",
                sensitivity=words.coded(levels[highest]),
            ),
            "sources": sorted(sources),
            "short": say("log position {position}", position=grouped(known)),
            "pdf": asked.here(format="pdf") if typeset.installed() else None,
        }
        if format:
            made = typeset.report(document(asked, context), now)
            return as_file(made, f"{shown['process']}.pdf", "application/pdf")
    return page(asked, "report.html", context, accept_encoding=request.headers.get("accept-encoding", ""))
