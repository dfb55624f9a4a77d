"""The record: append events, replay them, read one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from api import preferences
from api.answers import JSON, answer
from api.drafts import MOST_EVENTS, MOST_FAULTS, Sent, read_request
from api.negotiation import accepted
from api.parameters import (
    LAST_POSITION,
    POSITION_HEADER,
    AtLog,
    Position,
    Wanted,
    require_views,
    wait_for_views,
)
from api.problems import BadHeader, WrongMediaType, kind_of, problems
from api.room import Visit
from api.running import Here, Parley
from domain.errors import BadCursor, DoubtfulQuality, Fault, NotFound, Refusal, TooMuch, Unavailable
from domain.event import instant
from domain.vocabulary import example
from ledger.ledger import Append, Appended
from ledger.recorder import Filter
from projections import watch

router = APIRouter(prefix="/v1", tags=["events"])

# --- append

LONGEST_WAIT = 30  # seconds that `Prefer: wait` may ask for
SHORT_WAIT = 2.0  # seconds that an append waits for the read models, to tell what its subjects' findings are
SMALL = 16 * 1024  # bytes: a body up to this is read on the event loop, a larger one in a thread

EXAMPLE_ACTOR = example("ActorIdentified")
EXAMPLE_PROCESS = example("ProcessOpened")
EXAMPLE_BATCH = [
    EXAMPLE_ACTOR,
    {
        **EXAMPLE_ACTOR,
        "id": "0192d5a0-7c00-7000-8000-000000000001",
        "subject": "actors/government",
        "data": {"kind": "state", "labels": [{"text": "Government of Syria", "lang": "en"}]},
    },
    EXAMPLE_PROCESS,
    example("TalksReported"),
    {**example("TalksScheduled"), "expected_version": 1},
]
EXAMPLE_APPENDED = {
    "events": [
        {
            "id": EXAMPLE_ACTOR["id"],
            "position": 1,
            "subject": EXAMPLE_ACTOR["subject"],
            "version": 1,
            "recorded_at": "2026-01-05T08:30:00.000000Z",
            "findings": [],
        }
    ],
    "position": 1,
}
APPEND_HEADERS = {
    "ETag": "Version of the subject, if the request is on one subject.",
    "Location": "Where the event can be read, if one was sent by itself.",
    POSITION_HEADER: "The last position the answer speaks of, for min_position.",
    "Preference-Applied": "Which preferences were met: `handling=strict`; `return=minimal`; `wait=N` if the read "
    "models show the events.",
}


@router.post(
    "/events",
    status_code=201,
    summary="Append one event, or several, all or none",
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"One event, or an array of 1 to {MOST_EVENTS:,}.",
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/Event"},
                            {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": MOST_EVENTS,
                                "items": {"$ref": "#/components/schemas/Event"},
                            },
                        ]
                    },
                    "examples": {
                        "one": {"summary": "Identify an actor", "value": EXAMPLE_ACTOR},
                        "batch": {
                            "summary": "Open a process with a first round of talks, all or none",
                            "value": EXAMPLE_BATCH,
                        },
                    },
                }
            },
        }
    },
    responses={
        **answer(
            "Recorded: at least one event is new.", EXAMPLE_APPENDED, "Appended", status=201, headers=APPEND_HEADERS
        ),
        **answer("Nothing was new, or a dry run.", EXAMPLE_APPENDED, "Appended", headers=APPEND_HEADERS),
        **problems(400, 409, 412, 413, 415, 422, 503),
    },
)
async def append_events(
    request: Request,
    here: Here,
    dry_run: Annotated[bool, Query(description="Check everything, store nothing.")] = False,
    if_match: Annotated[
        str | None,
        Header(
            description='The ETag of the subject, such as `"7"`; only for a request on one subject.',
            json_schema_extra={"pattern": '^"(0|[1-9][0-9]{0,17})"$'},
        ),
    ] = None,
    prefer: Annotated[
        list[str] | None,
        Header(
            description=f"`wait=N` answers once the read models show the events, or after N (up to {LONGEST_WAIT}) s; "
            "`return=minimal` does not wait and tells no findings; `handling=strict` records nothing that would raise "
            "a finding of data quality on its own subject."
        ),
    ] = None,
) -> Response:
    """Sending the same events again under their ids is safe: they answer as before, with 200.

    Without ids, what was sent twice is recorded twice. `findings` are those of each event's own subject as they stand
    now; null if they are not known yet: then /v1/processes/{id}/findings has them in a moment.
    """
    return await append_sent(request, here, dry_run, if_match, prefer or ())


async def append_sent(
    request: Request, here: Parley, dry_run: bool = False, if_match: str | None = None, prefer: Iterable[str] = ()
) -> Response:
    """Appends what a request sends, and answers.

    Args:
        request: with the events in its body.
        here: the running server.
        dry_run: check everything, store nothing.
        if_match: the header, if it was sent.
        prefer: the headers of preferences.

    Raises:
        Refusal: nothing is recorded, or a database that went away did not tell.
        ClientDisconnect: the body broke off.
    """
    preferred = preferences.read(prefer)
    strict, minimal = preferred.get("handling") == "strict", preferred.get("return") == "minimal"
    try:
        _check_media_type(request)
        with here.room.visit() as visit:
            body = await _body(request, here.settings.max_body, visit)
            sent = read_request(body) if len(body) <= SMALL else await run_in_threadpool(read_request, body)
            append = Append(sent.drafts, _if_match(if_match, sent), dry_run)
            if strict:
                await _refuse_doubtful(here, sent, append)
            done = await _recorded(here, sent, append)
    except Exception as error:
        here.metrics.appends.labels(_outcome(error)).inc()
        raise
    here.metrics.appends.labels("dry-run" if dry_run else "recorded" if done.new else "repeated").inc()
    headers = {POSITION_HEADER: str(done.position)}
    if len({event.subject for event in done.events}) == 1:
        headers["ETag"] = f'"{await _version(here, done)}"'
    if sent.single and not dry_run:
        headers["Location"] = f"/v1/events/{done.events[0].id}"
    wait = preferences.seconds(preferred, LONGEST_WAIT)
    told = not (minimal or dry_run)
    shown = (told or wait is not None) and await wait_for_views(
        here, done.position, SHORT_WAIT if wait is None else wait
    )
    found = await run_in_threadpool(_findings, here, done) if told and shown else None
    applied = {"handling=strict": strict, "return=minimal": minimal, f"wait={wait}": wait is not None and shown}
    if any(applied.values()):
        headers["Preference-Applied"] = ", ".join(name for name, met in applied.items() if met)
    return JSON(_told(done, found), 201 if done.new else 200, headers)


def _outcome(error: Exception) -> str:
    """What became of a request that was not recorded, for the metrics."""
    match error:
        case Refusal():
            return kind_of(type(error))
        case ClientDisconnect():
            return "broken-off"
        case _:
            return "accident"


async def _refuse_doubtful(here: Parley, sent: Sent, append: Append) -> None:
    """Refuses events that would raise a finding of data quality on their own subjects; nothing is recorded.

    They are held against all that is recorded when this begins. Events that are recorded already are not judged again.

    Raises:
        DoubtfulQuality: with each such finding.
        Refusal: the log would refuse them anyway; or the read models do not reach the end of the log.
    """
    checked = await _recorded(here, sent, replace(append, dry_run=True))
    fresh: dict[UUID, int] = {}
    for number, event in enumerate(checked.events):
        if event.position is None:
            fresh.setdefault(event.id, number)
    if not fresh:
        return
    await require_views(here, await run_in_threadpool(here.ledger.head))
    faults = await run_in_threadpool(_doubts, here, sent, list(fresh.values()))
    if faults:
        refusal = DoubtfulQuality.of(faults)
        raise refusal.relative_to("/0") if sent.single else refusal


def _doubts(here: Parley, sent: Sent, numbers: list[int]) -> list[Fault]:
    """What some of the events of a request would raise of data quality."""
    with here.views.reading() as reading:
        found = watch.quality_faults(reading, [sent.drafts[number].event for number in numbers])
    mend = "Correct or retract what is wrong, mark a duplicate as one (DuplicateMarked), or send it without "
    return [
        Fault(f"/{numbers[number]}", f"{one.rule}: {one.text} {mend}`Prefer: handling=strict`.")
        for number, one in sorted(found, key=lambda one: one[0])[:MOST_FAULTS]
    ]


def _findings(here: Parley, done: Appended) -> dict[str, list[dict[str, Any]]] | None:
    """What stands on the subjects of an append; None if the read models cannot tell. The events are recorded."""
    try:
        with here.views.reading() as reading:
            if reading.position < done.position:
                return None  # the read models are being made anew
            return watch.findings_of(reading, {event.subject for event in done.events}, datetime.now(UTC))
    except Unavailable:
        return None


async def _recorded(here: Parley, sent: Sent, append: Append) -> Appended:
    """Waits for the writer. If the request is given up meanwhile, the writer may record it all the same.

    Raises:
        Refusal: with pointers into the body that was sent.
    """
    try:
        return await here.writer.submit_here(append)
    except Refusal as refusal:
        if sent.single:
            raise refusal.relative_to("/0") from None
        raise


def _told(done: Appended, findings: dict[str, list[dict[str, Any]]] | None) -> dict[str, Any]:
    return {
        "events": [
            {
                "id": str(event.id),
                "position": event.position,
                "subject": event.subject,
                "version": event.version,
                "recorded_at": instant(event.recorded_at) if event.recorded_at is not None else None,
                "findings": findings[event.subject] if findings is not None else None,
            }
            for event in done.events
        ],
        "position": done.position,
    }


def _check_media_type(request: Request) -> None:
    """Only JSON is taken. A web page of another origin cannot send that type without asking first."""
    told = request.headers.get("content-type", "")
    if told == "application/json":
        return
    media, _, parameters = told.partition(";")
    charset = re.fullmatch(r'\s*(charset\s*=\s*"?utf-8"?\s*)?', parameters, re.IGNORECASE)
    if media.strip().lower() != "application/json" or charset is None:
        raise WrongMediaType("send JSON in UTF-8, with the header Content-Type: application/json")


async def _body(request: Request, most: int, visit: Visit) -> bytes:
    """The body, as long as it is not too long. FastAPI's own limit answers in plain text.

    Raises:
        TooMuch: it is longer, whether it says so beforehand or not.
        Unavailable: those of all requests together take too much room.
    """
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > most:
        raise _too_long(most)
    parts = bytearray()
    async for part in request.stream():
        parts += part
        visit.take(len(part))
        if len(parts) > most:
            raise _too_long(most)
    return bytes(parts)


def _too_long(most: int) -> TooMuch:
    return TooMuch(f"the body may hold {most:,} bytes: send fewer events at once")


def _if_match(header: str | None, sent: Sent) -> int | None:
    """The version that `If-Match` asks for.

    Raises:
        BadHeader: it is no version of one subject.
    """
    if header is None:
        return None
    if len({draft.event.subject for draft in sent.drafts}) > 1:
        detail = "it goes with a request on one subject: send expected_version with each event instead"
        raise BadHeader.at("If-Match", detail)
    version = re.fullmatch(r'"(0|[1-9][0-9]{0,17})"', header.strip())
    if version is None:
        detail = 'send one ETag of a subject as it was given, such as "7": not weak (W/), not a list and not *'
        raise BadHeader.at("If-Match", detail)
    return int(version[1])


async def _version(here: Parley, done: Appended) -> int:
    """The version of the one subject of a request, as it is now."""
    if done.new:
        return max(event.version for event in done.events)
    return await run_in_threadpool(here.ledger.version, done.events[0].subject)


# --- replay

MOST_ON_PAGE = 1_000
ON_PAGE = 100
CHUNK = 500  # events that a stream reads at once
HEARTBEAT = 15.0  # seconds of silence before a live stream shows that it lives
RECONNECT = 2_000  # milliseconds after which a browser connects again

PAGE, LINES, LIVE = "application/json", "application/x-ndjson", "text/event-stream"

EXAMPLE_RECORDED = {
    "position": 1,
    "id": EXAMPLE_ACTOR["id"],
    "type": EXAMPLE_ACTOR["type"],
    "subject": EXAMPLE_ACTOR["subject"],
    "occurred": EXAMPLE_ACTOR["occurred"],
    "sources": EXAMPLE_ACTOR["sources"],
    "recorded_at": "2026-01-05T08:30:00.000000Z",
    "recorded_by": "local",
    "schema": 1,
    "version": 1,
    "data": EXAMPLE_ACTOR["data"],
}
EXAMPLE_LINE = orjson.dumps(EXAMPLE_RECORDED).decode()


@router.get(
    "/events",
    summary="Replay events in the order they were recorded",
    responses={
        200: {
            "description": f"A page ({PAGE}), all up to now ({LINES}), or all and what comes ({LIVE}), as accepted.",
            "headers": {
                POSITION_HEADER: {"description": "The head of the log when this began.", "schema": {"type": "string"}},
                "Link": {"description": "The next page, if there is one.", "schema": {"type": "string"}},
            },
            "content": {
                PAGE: {
                    "schema": {"$ref": "#/components/schemas/Page"},
                    "example": {"events": [EXAMPLE_RECORDED], "next": 1},
                },
                LINES: {"schema": {"$ref": "#/components/schemas/Recorded"}, "example": EXAMPLE_LINE + "\n"},
                LIVE: {"schema": {"type": "string"}, "example": f"id: 1\ndata: {EXAMPLE_LINE}\n\n"},
            },
        },
        **problems(400, 406, 503),
    },
)
async def replay_events(
    request: Request,
    here: AtLog,
    wanted: Wanted,
    after: Annotated[Position, Query(description="Only events after this position.")] = 0,
    limit: Annotated[
        int | None,
        Query(ge=1, le=MOST_ON_PAGE, description=f"Events on a page, {ON_PAGE} if not said. Streams have no pages."),
    ] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,  # OpenAPI tells it by the types of answers
    last_event_id: Annotated[
        str | None,
        Header(description=f"With {LIVE}: the position to go on after. It beats `after`."),
    ] = None,
) -> Response:
    """A page tells in `next` where the following one begins; it is null on the last.

    To go on later, take the position of the last event, or of the header Parley-Position.
    A live stream gives the position of each event as its id, so that a browser resumes by itself.
    """
    media = accepted(accept, (PAGE, LINES, LIVE))
    if limit is not None and media != PAGE:
        raise BadCursor.at("limit", f"a stream has no pages: leave it out, or accept {PAGE}")
    if media == LIVE:
        after = _position_of(last_event_id) if last_event_id is not None else after
        return StreamingResponse(_live(here, after, wanted), media_type=LIVE, headers={"Cache-Control": "no-store"})
    head = await run_in_threadpool(here.ledger.head)
    headers = {POSITION_HEADER: str(head)}
    if media == LINES:
        return StreamingResponse(_lines(here, after, wanted, head), media_type=LINES, headers=headers)
    limit = limit or ON_PAGE
    events = await run_in_threadpool(here.ledger.read_wire, after, limit + 1, wanted, head)
    following = events[limit - 1]["position"] if len(events) > limit else None
    if following is not None:
        there = request.url.include_query_params(after=following, limit=limit)
        headers["Link"] = f'<{there.path}?{there.query}>; rel="next"'
    return JSON({"events": events[:limit], "next": following}, headers=headers)


async def _lines(here: Parley, after: int, wanted: Filter, until: int) -> AsyncIterator[bytes]:
    """All events up to a position, one on a line. Between two reads it holds no thread and no connection."""
    while events := await run_in_threadpool(here.ledger.read_wire, after, CHUNK, wanted, until):
        yield b"".join(orjson.dumps(event) + b"\n" for event in events)
        after = events[-1]["position"]


async def _live(here: Parley, after: int, wanted: Filter) -> AsyncIterator[bytes]:
    """All events after a position, and those to come, until the reader leaves or the server stops.

    Each reader reads for itself, at its own pace: a slow one holds up nobody and gathers nothing in memory.
    There is no `event` field: a browser hands such messages to `onmessage`, and the type stands in the data.
    """
    with here.metrics.followers.track_inprogress():
        yield b"retry: %d\n\n" % RECONNECT
        while not here.head.stopping:
            heard = here.head.position  # before the read: what comes meanwhile is read in the next round
            events = await run_in_threadpool(here.ledger.read_wire, after, CHUNK, wanted)
            if events:
                yield b"".join(b"id: %d\ndata: %b\n\n" % (event["position"], orjson.dumps(event)) for event in events)
                after = events[-1]["position"]
            if len(events) < CHUNK:
                after = max(after, heard)
                if not await here.head.beyond(heard, HEARTBEAT) and not here.head.stopping:
                    yield b": still here\n\n"


def _position_of(last_event_id: str) -> int:
    if not re.fullmatch("[0-9]{1,19}", last_event_id) or int(last_event_id) > LAST_POSITION:
        raise BadHeader.at("Last-Event-ID", "send the id of an event of this stream, which is its position")
    return int(last_event_id)


# --- one event, and the head


@router.get(
    "/events/{event_id}",
    summary="Read one event and what revises it",
    responses={
        **answer("The event.", {**EXAMPLE_RECORDED, "revisions": []}, "RecordedWithRevisions"),
        **problems(400, 404, 503),
    },
)
def read_event(
    here: AtLog, event_id: Annotated[UUID, Path(description="Id of the event.", examples=[EXAMPLE_ACTOR["id"]])]
) -> JSON:
    """`revisions` are the later events that correct, retract or dispute it, or mark it as a duplicate."""
    event = here.ledger.find(event_id)
    if event is None:
        raise NotFound("no event of this id was recorded: check the id")
    return JSON({**event, "revisions": here.ledger.revisions_of(event_id)})


@router.get(
    "/head",
    summary="Where the log ends",
    responses={
        **answer("The last position.", {"position": 41, "recorded_at": "2026-01-05T08:30:00.000000Z"}),
        **problems(400, 503),
    },
)
def read_head(here: AtLog) -> JSON:
    """0 and null, as long as nothing is recorded."""
    position, at = here.ledger.head_at()
    told = {"position": position, "recorded_at": instant(at) if at is not None else None}
    return JSON(told, headers={POSITION_HEADER: str(position)})
