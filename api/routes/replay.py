"""The record as it was recorded: replay it, read one event, ask where it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, cast
from uuid import UUID

import orjson
from fastapi import Header, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.http.json_lines import json_line
from api.http.log_cursors import (
    BEGINNING,
    CURSOR_HEADER,
    After,
    LogCursor,
    cursor_at,
    cursor_of,
    followed,
    read_cursor,
)
from api.http.middleware import HEAD_ALONE
from api.http.negotiation import accepted
from api.http.parameters import POSITION_HEADER, AtLog, EventFilter, StrictRouter
from api.http.problems import BadHeader, problems
from api.http.responses import JSON, answer
from api.http.schemas.answers import EventsAnswer, EventWithRevisions, HeadAnswer, RecordedAnswer
from api.http.schemas.examples import EXAMPLE_ACTOR, EXAMPLE_RECORDED
from api.http.schemas.from_types import reference_to
from api.services.capacity import Capacity
from api.services.registry import Services
from domain.errors import BadCursor, NotFound
from domain.event import instant
from ledger.recorder import Filter

router = StrictRouter(prefix="/v1", tags=["events"])


MAX_EVENTS_ON_PAGE = 1_000
EVENTS_ON_PAGE = 100
BYTES_ON_PAGE = 4 * 1024 * 1024  # of what is stored: a page of large events ends early
HEARTBEAT = 15.0  # seconds of silence before a live stream shows that it lives
RECONNECT = 2_000  # milliseconds after which a browser connects again

PAGE, LINES, LIVE = "application/json", "application/x-ndjson", "text/event-stream"
EXAMPLE_HEAD = {"position": 41, "cursor": "41-5f0a1b2c3d4e", "recorded_at": "2026-01-05T08:30:00.000000Z"}
EXAMPLE_CURSOR = cursor_of(EXAMPLE_RECORDED)
EXAMPLE_LINE = orjson.dumps(EXAMPLE_RECORDED).decode()


@router.get(
    "/events",
    summary="Replay events in the order they were recorded",
    responses={
        200: {
            "description": f"A page ({PAGE}), all up to now ({LINES}), or all and what comes ({LIVE}), as accepted.",
            "headers": {
                POSITION_HEADER: {"description": "The head of the log when this began.", "schema": {"type": "string"}},
                CURSOR_HEADER: {"description": "The cursor to go on from there.", "schema": {"type": "string"}},
                "Link": {"description": "The next page, if there is one.", "schema": {"type": "string"}},
            },
            "content": {
                PAGE: {
                    "schema": reference_to(EventsAnswer),
                    "example": {"events": [EXAMPLE_RECORDED], "next": EXAMPLE_CURSOR},
                },
                LINES: {"schema": reference_to(RecordedAnswer), "example": EXAMPLE_LINE + "\n"},
                LIVE: {"schema": {"type": "string"}, "example": f"id: {EXAMPLE_CURSOR}\ndata: {EXAMPLE_LINE}\n\n"},
            },
        },
        **problems(400, 406, 409, 503),
    },
)
async def replay_events(
    request: Request,
    services: AtLog,
    wanted: EventFilter,
    after: After = BEGINNING,
    limit: Annotated[
        int | None,
        Query(
            ge=1,
            le=MAX_EVENTS_ON_PAGE,
            description=f"Events on a page, {EVENTS_ON_PAGE} if not said. Streams have no pages.",
        ),
    ] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,  # OpenAPI has it in the types of answers
    last_event_id: Annotated[
        str | None,
        Header(description=f"With {LIVE}: the id to go on after. It beats `after`."),
    ] = None,
) -> Response:
    """`next` of a page says where the following one begins; it is null on the last. A page of large events ends early.

    To go on later, take the header Parley-Cursor. A live stream gives a cursor as the id of each event, so that a
    browser resumes by itself. A cursor tells which event stands at its position: after the log was restored from a
    backup, whoever followed it learns so (409), and skips nothing.
    """
    media = accepted(accept, (PAGE, LINES, LIVE))
    if limit is not None and media != PAGE:
        raise BadCursor.at("limit", f"a stream has no pages: leave it out, or accept {PAGE}")
    resumed = media == LIVE and last_event_id is not None
    cursor = _cursor_of(last_event_id or "") if resumed else read_cursor(after)
    begin = await run_in_threadpool(followed, services.ledger, cursor, None if resumed else "after")
    head_alone = HEAD_ALONE in request.scope
    if media == LIVE:
        live = _stream_live(services, begin, wanted) if not head_alone else _nothing()
        return LiveStream(services.followers, live)
    head = await run_in_threadpool(services.ledger.head)
    headers = {
        POSITION_HEADER: str(head),
        CURSOR_HEADER: await run_in_threadpool(cursor_at, services.ledger, head),
    }
    if media == LINES:
        lines = _stream_lines(services, begin, wanted, head) if not head_alone else _nothing()
        return StreamingResponse(lines, media_type=LINES, headers=headers)
    limit = limit or EVENTS_ON_PAGE
    events = await run_in_threadpool(services.ledger.read_wire, begin, limit, wanted, head, BYTES_ON_PAGE)
    last = events[-1]["position"] if events else head
    goes_on = last < head and await run_in_threadpool(services.ledger.has_more, last, wanted, head)
    following = cursor_of(events[-1]) if goes_on else None
    if following is not None:
        next_page = request.url.include_query_params(after=following, limit=limit)
        headers["Link"] = f'<{next_page.path}?{next_page.query}>; rel="next"'
    page: EventsAnswer = {"events": cast("list[RecordedAnswer]", events), "next": following}
    return JSON(page, headers=headers)


class LiveStream(StreamingResponse):
    """A live stream, which takes the place of a follower before it begins, and lets it go however it ends."""

    def __init__(self, places: Capacity, content: AsyncIterator[bytes]) -> None:
        super().__init__(content, media_type=LIVE, headers={"Cache-Control": "no-store"})
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Raises:
            TooBusy: there is no place; nothing was sent.
        """
        with self._places.place():
            await super().__call__(scope, receive, send)


async def _nothing() -> AsyncIterator[bytes]:
    """A stream of which only the head is wanted."""
    nothing: tuple[bytes, ...] = ()
    for part in nothing:
        yield part


async def _stream_lines(services: Services, after: int, wanted: Filter, until: int) -> AsyncIterator[bytes]:
    """All events up to a position, one on a line. Between two reads it holds no thread and no connection."""
    streams = services.event_streams
    while taken := await streams.take(after, wanted, until, _line):
        after = taken.last
        async for piece in streams.pieces(taken, _line):
            yield piece


def _line(event: Mapping[str, Any]) -> bytes:
    return json_line(event) + b"\n"


def _message(event: Mapping[str, Any]) -> bytes:
    return b"id: %b\ndata: %b\n\n" % (cursor_of(event).encode(), json_line(event))


async def _stream_live(services: Services, after: int, wanted: Filter) -> AsyncIterator[bytes]:
    """All events after a position, and those to come, until the reader leaves or the server stops.

    Each reader reads for itself, at its own pace: a slow one delays nobody, and nothing piles up in memory.
    There is no `event` field: a browser hands such messages to `onmessage`, and the type stands in the data.
    """
    with services.metrics.followers.track_inprogress():
        yield b"retry: %d\n\n" % RECONNECT
        while not services.log_watcher.stopping:
            heard = services.log_watcher.position  # before the read: what comes meanwhile is read in the next round
            taken = await services.event_streams.take(after, wanted, None, _message)
            if taken is not None:
                after = taken.last
                async for piece in services.event_streams.pieces(taken, _message):
                    yield piece
            if taken is None or after >= heard:
                after = max(after, heard)
                if not await services.log_watcher.beyond(heard, HEARTBEAT) and not services.log_watcher.stopping:
                    yield b": still here\n\n"


def _cursor_of(last_event_id: str) -> LogCursor:
    try:
        return read_cursor(last_event_id)
    except ValueError:
        raise BadHeader.at("Last-Event-ID", "send the id of an event of this stream, as it was given") from None


# --- one event, and the head


@router.get(
    "/events/{event_id}",
    summary="Read one event and what revises it",
    responses={
        **answer("The event.", {**EXAMPLE_RECORDED, "revisions": []}, EventWithRevisions),
        **problems(400, 404, 503),
    },
)
def read_event(
    services: AtLog, event_id: Annotated[UUID, Path(description="Id of the event.", examples=[EXAMPLE_ACTOR["id"]])]
) -> JSON:
    """`revisions` are the later events that correct, retract or dispute it, or mark it as a duplicate."""
    event = services.ledger.find(event_id)
    if event is None:
        raise NotFound("no event of this id was recorded: check the id")
    revisions = cast("list[RecordedAnswer]", services.ledger.revisions_of(event_id))
    answered: EventWithRevisions = {**cast(RecordedAnswer, event), "revisions": revisions}
    return JSON(answered)


@router.get(
    "/head",
    summary="Where the log ends",
    responses={
        **answer("The last position.", EXAMPLE_HEAD, HeadAnswer),
        **problems(400, 503),
    },
)
def read_head(services: AtLog) -> JSON:
    """0 and null, as long as nothing is recorded. `cursor` is where to go on from."""
    position, at = services.ledger.head_at()
    head: HeadAnswer = {
        "position": position,
        "cursor": cursor_at(services.ledger, position),
        "recorded_at": instant(at) if at is not None else None,
    }
    return JSON(head, headers={POSITION_HEADER: str(position)})
