"""The log as it grows, and what became known since a page was made: nothing moves under the reader."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import quote

import orjson
from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.http.parameters import LAST_POSITION, StrictRouter, event_filter, wait_for_views
from api.http.queries import ProcessPath
from api.http.question_routes import CostlyRoute
from api.pages.asked import Asked, AskedAt, AskedPage
from api.pages.horizon_form import form_of_all, travelling
from api.pages.lists import listing
from api.pages.markup import fragments, plain
from api.pages.tables import Cell, Table
from api.wording import words
from api.wording.event_parts import told
from api.wording.language import grouped, say, say_number, speaking
from domain.claimants import ACTORS
from domain.references import references_in
from domain.values import SUBJECT_PATTERN
from domain.vocabulary import PAYLOADS
from projections.queries import history, status, subjects
from projections.queries.line_names import lines_in
from projections.queries.subjects_at_horizon import beyond_dates

if TYPE_CHECKING:
    from api.wording.event_parts import PrintedEvent

router = StrictRouter(include_in_schema=False, route_class=CostlyRoute)
ON_PAGE = 100
BYTES_ON_PAGE = 2 * 1024 * 1024  # of JSON: a page of large events ends early
MOST_NEWER = 1_000  # newer reports that are counted
SHORT_WAIT = 2.0  # seconds that a reader waits for the read models to show what was recorded
Position = Annotated[int, Query(ge=0, le=LAST_POSITION)]


@router.get("/log")
async def show_log(
    request: Request,
    asked: AskedAt,
    type: Annotated[str | None, Query(max_length=64)] = None,
    process: Annotated[str | None, Query(max_length=64)] = None,
    subject: Annotated[str | None, Query(max_length=80, pattern=f"^$|{SUBJECT_PATTERN}")] = None,
    until: Annotated[int | None, Query(ge=1, le=LAST_POSITION)] = None,
    format: str | None = None,  # noqa: ARG001  `listing` reads it
) -> Response:
    """What was recorded, in the order of the log, the newest first; at a horizon, what is inside of it."""
    wanted = await event_filter(process or None, subject or None, None, type or None, None)
    ledger = asked.services.ledger

    def read(after: int, limit: int, last: int) -> list[dict[str, Any]]:
        return ledger.read_wire(after, limit, wanted, last, BYTES_ON_PAGE)

    def answered() -> Response:
        head = ledger.head()
        known = asked.horizon.position
        last = min(until or head, head, head if known is None else known)
        events, first = _newest(read, last)
        chosen = {"type": type or "", "process": process or ""}
        return _log(request, asked, events, chosen, first, head if last == head and asked.at_present else None)

    return await run_in_threadpool(answered)


def _log(
    request: Request,
    asked: Asked,
    events: Sequence[Mapping[str, Any]],
    chosen: Mapping[str, str],
    first: int | None,
    live: int | None,
) -> Response:
    """A page of the log.

    Args:
        request: of a reader.
        asked: what the page was asked with.
        events: the newest first.
        chosen: the filters of the form.
        first: up to where there may be earlier ones.
        live: the position after which newer ones may come; None on a page of older ones.
    """
    of = f"process={quote(chosen['process'])}&" if chosen["process"] else ""
    with asked.services.reading() as reading:
        beyond = beyond_dates(reading, (event["subject"] for event in events), asked.horizon)
        inside = [event for event in events if event["id"] not in beyond]
        actors = subjects.actor_names(reading, {actor for event in inside for actor in _actors(event)})
        form, position = form_of_all(asked, reading), reading.position
    with speaking(asked.language):
        head_of_table = [say("Position"), say("Recorded"), say("By"), say("What is reported"), say("Who says so")]
        rows: list[list[Any]] = [
            [
                Cell(grouped(event["position"]), asked.link(f"/events/{event['id']}")),
                words.moment(event["recorded_at"]),
                words.clean(event["recorded_by"]),
                Cell(
                    fragments(told(cast("PrintedEvent", event), actors, subject=f"  {words.clean(event['subject'])}"))
                ),
                words.grounds([cast("PrintedEvent", event)], actors),
            ]
            for event in inside
        ]
        types = [(name, words.spoken(name)) for name in PAYLOADS]
        left_out = len(events) - len(inside)
        context = {
            **travelling(asked, form, datetime.now(UTC), position),
            "note": say_number(
                "{number} event of this stretch of the log is beyond these dates.",
                "{number} events of this stretch of the log are beyond these dates.",
                left_out,
            )
            if left_out
            else "",
            "intro": say("Nothing is ever changed or taken out: what was mended is mended by a later event."),
            "filters": [("type", say("Type of event"), types, chosen["type"])],
            "search": ("process", say("Process, by its id"), chosen["process"]),
            "live": f"/v1/events?{of}after={live}" if live is not None else "",
            "more": [(asked.here(until=first), say("Earlier ones"))] if first else [],
        }
        return listing(request, asked, "log", Table(head_of_table, rows, say("The log")), context)


def _actors(event: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the actors that an event names."""
    payload = PAYLOADS[event["type"]].model_validate_json(orjson.dumps(event["data"]))
    yield from (name for _, refers, name in references_in(payload) if refers.to == "actors")
    claimants = (source.get("claimant") or "" for source in event.get("sources", ()))
    yield from (one.removeprefix(ACTORS) for one in claimants if one.startswith(ACTORS))


def _newest(
    read: Callable[[int, int, int], list[dict[str, Any]]], last: int
) -> tuple[list[dict[str, Any]], int | None]:
    """The newest events up to a position, and up to where there may be earlier ones; None: there are none.

    A filter may leave few of many: it is looked back in steps that grow, until a page is full. Of a step only what may
    be on the page is held.

    Args:
        read: gives events after a position, so many at most, up to another position.
        last: the position to begin at.
    """
    newest: list[dict[str, Any]] = []
    step, room = ON_PAGE, BYTES_ON_PAGE
    while last > 0 and len(newest) < ON_PAGE:
        begin = max(last - step, 0)
        part: deque[tuple[dict[str, Any], int]] = deque()
        held, left_out, after = 0, 0, begin
        while events := read(after, step, last):
            for event in events:
                part.append((event, size := len(orjson.dumps(event))))
                held += size
                while len(newest) + len(part) > ON_PAGE or (held > room and len(newest) + len(part) > 1):
                    oldest, size = part.popleft()
                    held, left_out = held - size, oldest["position"]
            after = events[-1]["position"]
        newest += (event for event, _ in reversed(part))
        if left_out:
            return newest, left_out
        last, step, room = begin, step * 4, room - held
    return newest, last or None


@router.get("/processes/{process}/newer")
async def tell_newer(
    request: Request,  # noqa: ARG001
    process: ProcessPath,
    asked: AskedPage,
    after: Position,
    at: Position = 0,
) -> Response:
    """How many reports came in after a position, and how many of them change the lines of the process, in words: those
    that a line rests on now, and what revises reports. Nothing is folded for it.

    `at` is the last position that the page has heard of: the read models are waited for.
    """
    await wait_for_views(asked.services, at, SHORT_WAIT)

    def counted() -> tuple[int, int]:
        with asked.services.reading() as reading:
            newer = history.recorded_after(reading, process, after, MOST_NEWER)
            if not newer:
                return 0, 0
            shown, _ = status.process_status(reading, process, datetime.now(UTC))
        cited = {event for line in lines_in(shown).values() for event in line["events"]}
        return len(newer), sum(event in cited or PAYLOADS[name].revises for event, name in newer)

    newer, changing = await run_in_threadpool(counted)
    with speaking(asked.language):
        reports = say_number("{number} newer report", "{number} newer reports", newer)
        change = say_number("{number} changes this page", "{number} change this page", changing)
        said = say("{reports}, {changing}", reports=reports, changing=change)
    return JSONResponse(
        {"newer": newer, "changing": changing, "said": plain(said)}, headers={"Cache-Control": "no-store"}
    )
