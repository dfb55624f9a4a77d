"""One process over time: its history, and what became known between two moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import quote

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.http.queries import Cursor, ProcessPath
from api.http.question_routes import CostlyRoute
from api.http.two_ends import both_ends, read_end
from api.pages.asked import AskedAt, AskedPage
from api.pages.horizon_form import horizon_form
from api.pages.lists import listing
from api.pages.markup import fragments
from api.pages.process import frame
from api.pages.rendering import page
from api.pages.sheets import PageSheet
from api.pages.tables import Cell, Table
from api.wording import words
from api.wording.changes_page import ChangesPage
from api.wording.event_parts import became, told
from api.wording.language import grouped, say, speaking
from domain.errors import BadCursor
from projections.queries import changes, history, status

if TYPE_CHECKING:
    from api.wording.event_parts import PrintedEvent

router = StrictRouter(include_in_schema=False, route_class=CostlyRoute)
ON_PAGE = 100


@router.get("/processes/{process}/history")
def show_history(
    request: Request,
    process: ProcessPath,
    asked: AskedAt,
    order: str | None = None,
    after: Cursor = None,
    format: str | None = None,  # noqa: ARG001  `listing` reads it
) -> Response:
    """All events of a process by when they occurred, however late they arrived; revised ones are marked."""
    if order not in (None, "", "oldest", "newest"):
        raise BadCursor.at("order", "choose oldest or newest")
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        listed = history.history(
            reading, process, after or None, ON_PAGE, newest_first=order == "newest", request=asked.horizon
        )
        shown, _ = status.process_status(reading, process, now, asked.horizon)
        form, position = horizon_form(asked, reading, process), reading.position
    with speaking(asked.language):
        actors = shown["actors"]
        head = [
            say("When it occurred"),
            say("What is reported"),
            say("Who says so"),
            say("What became of it"),
            say("Recorded"),
        ]
        rows: list[list[Any]] = []
        for entry in listed.items:
            event = cast("PrintedEvent", entry)
            marks = [part for mark in became(event) for part in (mark, " ")]
            rows.append(
                [
                    words.when(event.get("occurred")) if event.get("occurred") else "",
                    Cell(fragments(list(told(event, actors))), asked.link(f"/events/{event['id']}"), say("open")),
                    words.grounds([event], actors),
                    Cell(fragments(marks)),
                    f"{words.day(event['recorded_at'])} · {grouped(event['position'])}",
                ]
            )
        table = Table(head, rows, say("History"))
        orders = [("oldest", say("oldest first")), ("newest", say("newest first"))]
        context = {
            **frame(asked, shown, form, position),
            "filters": [("order", say("Order"), orders, order or "oldest")],
        }
        context["template"] = "process_table.html"
        return listing(request, asked, f"{process}-history", table, context, listed.next)


@router.get("/processes/{process}/changes")
async def show_changes(
    request: Request,
    process: ProcessPath,
    asked: AskedPage,
    since: Annotated[str | None, Query(max_length=64)] = None,
    until: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """The morning briefing: what became known between two moments, the last day if none is given."""
    now = datetime.now(UTC)
    begin = (since or "").strip() or (now - timedelta(hours=24)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (until or "").strip() or None
    for name, text in (("since", begin), ("until", end)):
        try:
            read_end(text or "0")
        except ValueError as reason:
            raise BadCursor.at(name, str(reason)) from None
    ends = await both_ends(asked.services, begin, end)

    def answered() -> Response:
        with asked.services.reading() as reading:
            answer = changes.changes(reading, process, *ends, now)
            shown, _ = status.process_status(reading, process, now)
            form, position = horizon_form(asked, reading, process), reading.position
        with speaking(asked.language):
            sheet = PageSheet(lambda _, events: asked.link(f"/events/{events[0]}") if events else None, lambda *_: "")
            ChangesPage(answer, sheet).draw()
            context: dict[str, Any] = {
                **frame(asked, shown, form, position),
                "form": None,
                "pinned": asked.here(until=position) if end is None else None,
                "top": sheet.top.entries[1:],
                "sections": sheet.sections,
                "action": f"/processes/{quote(process)}/changes",
                "since": since or "",
                "until": until or "",
                "from_here": asked.link(f"/processes/{quote(process)}/changes", since=position),
            }
        return page(asked, "changes.html", context, accept_encoding=request.headers.get("accept-encoding", ""))

    return await run_in_threadpool(answered)
