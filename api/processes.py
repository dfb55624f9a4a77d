"""Queries of processes: the list, the status, and what belongs to one process."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import Response

from api import shapes
from api.answers import JSON, Responses, answer
from api.parameters import POSITION_HEADER, Fresh, Position
from api.problems import problems
from api.running import Parley
from domain.errors import BadCursor, Fault
from domain.general import Role
from domain.values import ID_PATTERN
from projections import queries
from projections.queries import Answer
from projections.tables import VIEW_VERSION
from projections.views import Reading

router = APIRouter(prefix="/v1/processes", tags=["processes"])

ProcessPath = Annotated[str, Path(pattern=ID_PATTERN, description="Id of the process.", examples=["eastern-kalamun"])]
Cursor = Annotated[str | None, Query(max_length=1000, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="The most entries of a page.")]
IfNoneMatch = Annotated[str | None, Header(description="The ETag of an answer that is at hand.")]

POSITION = {POSITION_HEADER: "The position of the log that the answer reflects."}
WITH_ETAG = {**POSITION, "ETag": "Changes when the answer may."}
UNCHANGED = {"description": "It is as it was at the ETag of `If-None-Match`."}
STATES = ("open", "suspended", "resumed", "ended", "contested")


def answered(description: str, example: dict[str, Any], schema: str) -> Responses:
    """What an operation on one process may answer."""
    return {**answer(description, example, schema, headers=POSITION), **problems(400, 404, 503)}


def ask(here: Parley, question: Callable[[Reading], Any]) -> JSON:
    """Answers a question from one snapshot of the read models, and tells which position it reflects."""
    with here.views.reading() as reading:
        found = question(reading)
        headers = {POSITION_HEADER: str(reading.position)}
    return JSON(found, headers=headers)


def page(here: Parley, question: Callable[[Reading], Answer], name: str) -> JSON:
    """Answers with a page of a list and the cursor of the next one."""

    def paged(reading: Reading) -> dict[str, Any]:
        answer = question(reading)
        return {name: answer.items, "next": answer.next}

    return ask(here, paged)


@router.get(
    "",
    summary="The processes",
    responses={
        **answer("A page of processes.", shapes.PROCESSES, "Processes", headers=WITH_ETAG),
        304: UNCHANGED,
        **problems(400, 503),
    },
)
def list_processes(
    request: Request,
    here: Fresh,
    q: Annotated[str | None, Query(max_length=300, description="Part of a name.")] = None,
    place: Annotated[str | None, Query(max_length=300, description="Part of a place's name or P-code.")] = None,
    actor: Annotated[str | None, Query(pattern=ID_PATTERN, description="An actor with a role in it.")] = None,
    role: Annotated[Role | None, Query(description="A role that is held in it.")] = None,
    state: Annotated[str | None, Query(description="open, suspended, resumed, ended or contested.")] = None,
    updated_after: Annotated[Position | None, Query(description="Touched after this position of the log.")] = None,
    after: Cursor = None,
    limit: Limit = 100,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Processes by id, each with its names, its state and when it was last heard of."""
    if state is not None and state not in STATES:
        raise BadCursor.of([Fault("state", "send one of " + ", ".join(STATES))])
    wanted = queries.Wanted(q, place, actor, role.value if role else None, state, updated_after)
    with here.views.reading() as reading:
        asked = f"{VIEW_VERSION}-{reading.tables.generation}-{reading.position}-{request.url.query}"
        etag = f'W/"{hashlib.sha256(asked.encode()).hexdigest()[:32]}"'
        headers = {POSITION_HEADER: str(reading.position), "ETag": etag}
        if matches(if_none_match, etag):
            return Response(status_code=304, headers=headers)
        found = queries.processes(reading, wanted, after, limit)
    return JSON({"processes": found.items, "next": found.next}, headers=headers)


@router.get(
    "/{process}",
    summary="Where a process stands",
    responses={
        **answer("The status.", shapes.STATUS, "Status", headers=WITH_ETAG),
        304: UNCHANGED,
        **problems(400, 404, 503),
    },
)
async def read_status(process: ProcessPath, here: Fresh, if_none_match: IfNoneMatch = None) -> Response:
    """The status, in the order of its first screen. Each line carries the ids of the events it rests on, and
    `evidence` tells of each who says so, when it occurred and when it was recorded."""
    now = datetime.now(UTC)
    position = here.follower.position
    found = here.statuses.kept(process, position, now)
    if found is None:
        found = await asyncio.to_thread(here.statuses.draw, here.views, process, now)
    headers = {"ETag": found.etag, POSITION_HEADER: str(max(position, found.position)), "Cache-Control": "no-cache"}
    if matches(if_none_match, found.etag):
        return Response(status_code=304, headers=headers)
    return Response(found.body(now), headers=headers, media_type="application/json")


@router.get(
    "/{process}/history",
    summary="How it came about",
    responses={
        **answer("A page of events.", {"events": [], "next": shapes.NEXT}, "History", headers=POSITION),
        **problems(400, 404, 503),
    },
)
def read_history(
    process: ProcessPath,
    here: Fresh,
    after: Cursor = None,
    limit: Limit = 100,
    order: Annotated[str, Query(pattern="^(oldest|newest)$", description="Which comes first.")] = "oldest",
) -> JSON:
    """All events of a process by time of occurrence, however late they arrived; revised ones are marked."""
    newest = order == "newest"
    return page(here, lambda reading: queries.history(reading, process, after, limit, newest_first=newest), "events")


@router.get(
    "/{process}/actors",
    summary="Who takes part, in which roles",
    responses={
        **answer("The actors.", {"actors": [shapes.ACTOR]}, "ActorsOfProcess", headers=POSITION),
        **problems(400, 404, 503),
    },
)
def read_actors(process: ProcessPath, here: Fresh) -> JSON:
    """The actors with a role, a position or a seat in the process."""
    return ask(here, lambda reading: {"actors": queries.actors_of(reading, process)})


@router.get(
    "/{process}/talks",
    summary="Its rounds of talks",
    responses={
        **answer("The rounds.", {"talks": [shapes.ROUND]}, "Talks", headers=POSITION),
        **problems(400, 404, 503),
    },
)
def read_talks(process: ProcessPath, here: Fresh) -> JSON:
    """Each round with its state, its plan, its attendance and what came of it."""
    return ask(here, lambda reading: {"talks": queries.of_family(reading, process, "talks")})


@router.get(
    "/{process}/agreements",
    summary="Its agreements",
    responses={
        **answer("The agreements.", {"agreements": [shapes.AGREEMENT]}, "Agreements", headers=POSITION),
        **problems(400, 404, 503),
    },
)
def read_agreements(process: ProcessPath, here: Fresh) -> JSON:
    """Each agreement with its state, its signatures, its term and its obligations."""
    return ask(here, lambda reading: {"agreements": queries.of_family(reading, process, "agreements")})


@router.get(
    "/{process}/obligations",
    summary="Who owes what to whom",
    responses={
        **answer("The obligations.", shapes.OBLIGATIONS, "Obligations", headers=POSITION),
        **problems(400, 404, 503),
    },
)
def read_obligations(process: ProcessPath, here: Fresh) -> JSON:
    """The obligations of all agreements as a ledger of sides."""
    now = datetime.now(UTC)
    return ask(here, lambda reading: {"obligations": queries.obligations(reading, process, now)})


@router.get(
    "/{process}/convoys",
    summary="Its convoys",
    responses={
        **answer("The convoys.", {"convoys": [shapes.CONVOY]}, "Convoys", headers=POSITION),
        **problems(400, 404, 503),
    },
)
def read_convoys(process: ProcessPath, here: Fresh) -> JSON:
    """Each convoy with its whereabouts, its clearances and what it delivered."""
    return ask(here, lambda reading: {"convoys": queries.of_family(reading, process, "convoys")})


@router.get(
    "/{process}/enrolments",
    summary="Its registers",
    responses={
        **answer("The registers.", {"enrolments": [shapes.ENROLMENT]}, "Enrolments", headers=POSITION),
        **problems(400, 404, 503),
    },
)
def read_enrolments(process: ProcessPath, here: Fresh) -> JSON:
    """Each register with its tracks and its state; the numbers stand under `/figures`."""
    return ask(here, lambda reading: {"enrolments": queries.of_family(reading, process, "enrolments")})


@router.get(
    "/{process}/figures",
    summary="Its figures, by claimant",
    responses=answered("The figures.", shapes.FIGURES, "Figures"),
)
def read_figures(process: ProcessPath, here: Fresh) -> JSON:
    """Every series of figures with the newest claim of each claimant. Nothing is added up."""
    return ask(here, lambda reading: {"figures": queries.figures(reading, process)})


@router.get(
    "/{process}/incidents",
    summary="Its incidents and violations",
    responses=answered("A page of incidents and violations.", {"incidents": [], "next": shapes.NEXT}, "Incidents"),
)
def read_incidents(process: ProcessPath, here: Fresh, after: Cursor = None, limit: Limit = 100) -> JSON:
    """Newest first; each violation with the assessments of it."""
    return page(here, lambda reading: queries.incidents(reading, process, after, limit), "incidents")


def matches(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison of `If-None-Match` with an ETag (RFC 9110, 8.8.3.2)."""
    if if_none_match is None:
        return False
    given = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in given or etag.removeprefix("W/") in given
