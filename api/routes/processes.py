"""Queries of processes: the list, the status, and what belongs to one process."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.admission import AUDIENCE
from api.http.horizon import At, stated, stated_of_all
from api.http.parameters import POSITION_HEADER, Fresh, PositionParameter, StrictRouter, no_such_rule, one_of
from api.http.problems import problems
from api.http.queries import (
    UNCHANGED,
    WITH_ETAG,
    Cursor,
    IfNoneMatch,
    Limit,
    ProcessPath,
    WholeLimit,
    answered,
    ask,
    matches,
)
from api.http.question_routes import QuestionRoute
from api.http.responses import JSON, answer
from api.http.schemas import examples
from api.http.schemas.from_types import AnswerType
from api.services.registry import Services
from api.services.status_cache import StatusKey
from domain.errors import BadCursor, Fault
from domain.findings.rules import RULES
from domain.general_codes import Role
from domain.ids import ID_PATTERN
from projections.answers.figures import ClaimsAnswer, FiguresAnswer
from projections.answers.history import HistoryAnswer, IncidentsAnswer
from projections.answers.obligations import ObligationsAnswer
from projections.answers.status import ListedProcess, ProcessesAnswer, StatusAnswer
from projections.answers.subjects import (
    AgreementsAnswer,
    ConvoysAnswer,
    EnrolmentsAnswer,
    ProcessActorsAnswer,
    SubjectPage,
    TalksAnswer,
)
from projections.batch import VIEW_VERSION
from projections.catch_up import reading_at
from projections.paging import Page
from projections.queries import figures, history, incidents, obligations, processes, status, subjects
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.read_models.process_list import ProcessFilter
from projections.read_models.upcoming import next_due
from projections.storage.generations import ReadTransaction

router = StrictRouter(prefix="/v1/processes", tags=["processes"], route_class=QuestionRoute)
STATES = ("open", "suspended", "resumed", "ended", "contested")


async def process_filter(
    q: Annotated[
        str | None,
        Query(
            max_length=300,
            description="Words of a name or code of the process, or of a place of it, in any order and spelling.",
        ),
    ] = None,
    place: Annotated[
        str | None,
        Query(
            max_length=300,
            description="Words of a name or code of a place: of its areas, convoys, incidents, access or control.",
        ),
    ] = None,
    actor: Annotated[
        str | None,
        Query(
            pattern=ID_PATTERN,
            description="An actor that takes part: with a role or position, as a party, signatory or debtor.",
        ),
    ] = None,
    role: Annotated[Role | None, Query(description="A role that is held in it.")] = None,
    state: Annotated[
        str | None,
        Query(description="open, suspended, resumed, ended or contested.", json_schema_extra=one_of(STATES)),
    ] = None,
    finding: Annotated[
        str | None,
        Query(
            description="A rule of which a finding stands in it; /v1/findings/rules lists them.",
            json_schema_extra=one_of(RULES),
        ),
    ] = None,
    updated_after: Annotated[
        PositionParameter | None, Query(description="Touched after this position of the log.")
    ] = None,
) -> ProcessFilter:
    """The filters of the list, all of which must hold.

    Raises:
        BadCursor: there is no such state or rule.
    """
    if state is not None and state not in STATES:
        raise BadCursor.of([Fault("state", "send one of " + ", ".join(STATES))])
    if finding is not None and finding not in RULES:
        raise BadCursor.at("finding", no_such_rule(finding))
    return ProcessFilter(
        q=q,
        place=place,
        actor=actor,
        role=role.value if role else None,
        state=state,
        finding=finding,
        updated_after=updated_after,
    )


OfProcesses = Annotated[ProcessFilter, Depends(process_filter)]


@router.get(
    "",
    summary="The processes",
    responses={
        **answer("A page of processes.", examples.PROCESSES, ProcessesAnswer, headers=WITH_ETAG),
        304: UNCHANGED,
        **problems(400, 503),
    },
)
def list_processes(
    request: Request,
    services: Fresh,
    at: At,
    filters: OfProcesses,
    after: Cursor = None,
    limit: Limit = 100,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Processes by id, each with its names, its state and when it was last heard of. A search by `q` or `place` puts an
    exact match first, then names that begin with it, then the rest. At a horizon those are listed of which something is
    inside it, the filters go by what was known then, and there is no ETag."""
    now = datetime.now(UTC)
    if at != PRESENT:
        return ask(
            services, lambda reading: _page(processes.processes(reading, filters, after, limit, now, at), at, now)
        )
    with reading_at(services.views, now) as reading:
        generation, due = reading.tables.generation, next_due(reading)
        asked = f"{VIEW_VERSION}-{generation}-{reading.position}-{due}-{request.url.query}"
        listed = processes.processes(reading, filters, after, limit, now) if filters.finding is not None else None
        if listed is not None:  # a finding may begin or cease to stand while nothing is recorded
            asked += f"-{' '.join(entry['process'] for entry in listed.items)} {listed.next}"
        etag = f'W/"{hashlib.sha256(asked.encode()).hexdigest()[:32]}"'
        headers = {POSITION_HEADER: str(reading.position), "ETag": etag}
        if matches(if_none_match, etag):
            return Response(status_code=304, headers=headers)
        listed = listed or processes.processes(reading, filters, after, limit)
    return JSON(_page(listed, at, now), headers=headers)


def _page(listed: Page[ListedProcess], asked: HorizonRequest, now: datetime) -> ProcessesAnswer:
    return {"processes": listed.items, "next": listed.next, "horizon": stated_of_all(asked, now)}


@router.get(
    "/{process}",
    summary="Where a process stands",
    responses={
        **answer("The status.", examples.STATUS, StatusAnswer, headers=WITH_ETAG),
        304: UNCHANGED,
        **problems(400, 404, 503),
    },
)
async def read_status(
    request: Request, process: ProcessPath, services: Fresh, asked: At, if_none_match: IfNoneMatch = None
) -> Response:
    """The status, in the order of its first screen. Each line carries the ids of the events it rests on, and
    `evidence` says of each who reports it, when it occurred and when it was recorded. At a horizon it has no ETag."""
    now = datetime.now(UTC)
    if asked != PRESENT:
        return await run_in_threadpool(past_status, services, process, now, asked)
    position = services.follower.position
    key = StatusKey(process, request.scope[AUDIENCE])
    current = services.status_cache.current(key, position, now)
    if current is None:
        current = await asyncio.to_thread(services.status_cache.renewed, key, services.views, now)
    headers = {"ETag": current.etag, POSITION_HEADER: str(max(position, current.position)), "Cache-Control": "no-cache"}
    if matches(if_none_match, current.etag):
        return Response(status_code=304, headers=headers)
    return Response(current.body(now), headers=headers, media_type="application/json")


def past_status(services: Services, process: str, now: datetime, asked: HorizonRequest) -> JSON:
    """A status at a horizon: put together for this request alone."""
    return ask(services, lambda reading: status.process_status(reading, process, now, asked)[0])


@router.get(
    "/{process}/history",
    summary="How it came about",
    responses=answered(
        "A page of events.", {"events": [], "next": examples.NEXT, "horizon": examples.HORIZON}, HistoryAnswer
    ),
)
def read_history(
    process: ProcessPath,
    services: Fresh,
    asked: At,
    after: Cursor = None,
    limit: Limit = 100,
    order: Annotated[str, Query(pattern="^(oldest|newest)$", description="Which comes first.")] = "oldest",
) -> JSON:
    """All events of a process by time of occurrence, however late they arrived; revised ones are marked."""
    newest = order == "newest"

    def question(reading: ReadTransaction) -> HistoryAnswer:
        page = history.history(reading, process, after, limit, newest_first=newest, request=asked)
        return {
            "events": page.items,
            "next": page.next,
            "horizon": stated(reading, process, asked),
        }

    return ask(services, question)


@dataclass(frozen=True, slots=True)
class ProcessPart:
    """A list that belongs to one process, in pages, at `/v1/processes/{id}/NAME`."""

    name: str
    summary: str
    description: str
    example: Mapping[str, object]
    schema: AnswerType
    question: Callable[[ReadTransaction, str, datetime, HorizonRequest, str | None, int | None], Page[Any]]
    """Given the read models, the process, the clock, the horizon, and the cursor and limit of the page."""


def of_family(name: str, summary: str, tells: str, example: Mapping[str, object], schema: AnswerType) -> ProcessPart:
    """The subjects of one family."""

    def question(
        reading: ReadTransaction,
        process: str,
        _: datetime,
        asked: HorizonRequest,
        after: str | None,
        limit: int | None,
    ) -> Page[SubjectPage]:
        return subjects.of_family(reading, process, name, asked, after, limit)

    return ProcessPart(name, summary, tells, example, schema, question)


PARTS = (
    ProcessPart(
        "actors",
        "Who takes part, in which roles",
        "The actors with a role, a position or a seat in the process.",
        examples.ACTOR,
        ProcessActorsAnswer,
        lambda reading, process, _, *asked: subjects.actors_of(reading, process, *asked),
    ),
    of_family(
        "talks",
        "Its rounds of talks",
        "Each round with its state, its plan, its attendance and what came of it.",
        examples.ROUND,
        TalksAnswer,
    ),
    of_family(
        "agreements",
        "Its agreements",
        "Each agreement with its state, its signatures, its term and its obligations.",
        examples.AGREEMENT,
        AgreementsAnswer,
    ),
    ProcessPart(
        "obligations",
        "Who owes what to whom",
        "The obligations of all agreements as a ledger of sides. An entry of a page is what a side owes, or is owed: a "
        "side of which not all is on one goes on with the next.",
        examples.OBLIGATION,
        ObligationsAnswer,
        obligations.obligations,
    ),
    of_family(
        "convoys",
        "Its convoys",
        "Each convoy with its whereabouts, its clearances and what it delivered.",
        examples.CONVOY,
        ConvoysAnswer,
    ),
    of_family(
        "enrolments",
        "Its registers",
        "Each register with its tracks and its state; the numbers stand under `/figures`.",
        examples.ENROLMENT,
        EnrolmentsAnswer,
    ),
    ProcessPart(
        "figures",
        "Its figures, by claimant",
        "Every series of figures with the newest claim of each claimant. Nothing is added up.",
        examples.FIGURE,
        FiguresAnswer,
        lambda reading, process, _, *asked: figures.figures(reading, process, *asked),
    ),
)


def add_route(part: ProcessPart) -> None:
    """Adds the address of a part."""

    def read(process: ProcessPath, services: Fresh, asked: At, after: Cursor = None, limit: WholeLimit = None) -> JSON:
        now = datetime.now(UTC)

        def question(reading: ReadTransaction) -> dict[str, object]:
            page = part.question(reading, process, now, asked, after, limit)
            return {part.name: page.items, "next": page.next, "horizon": stated(reading, process, asked)}

        return ask(services, question)

    example = {part.name: [part.example], "next": None, "horizon": examples.HORIZON}
    router.add_api_route(
        f"/{{process}}/{part.name}",
        read,
        name=f"read_{part.name}",
        summary=part.summary,
        description=part.description,
        responses=answered(f"A page of its {part.name}.", example, part.schema),
    )


for part in PARTS:
    add_route(part)


@router.get(
    "/{process}/claims",
    summary="What was claimed over time",
    responses=answered(
        "A page of claims.",
        {"claims": [examples.CLAIM], "next": examples.NEXT, "near": {}, "horizon": examples.HORIZON},
        ClaimsAnswer,
    ),
)
def read_claims(
    process: ProcessPath,
    services: Fresh,
    asked: At,
    measure: Annotated[
        str | None,
        Query(max_length=300, description="Only claims on this measure, in full.", examples=["population"]),
    ] = None,
    claimant: Annotated[
        str | None,
        Query(
            max_length=300,
            description="Only claims of this claimant: actors/ID, or the description in full.",
            examples=["TASS"],
        ),
    ] = None,
    after: Cursor = None,
    limit: Limit = 100,
) -> JSON:
    """Every live claim on the figures of a process and the counts of its registers, oldest first: a series over time
    per measure and claimant. `/figures` has the newest of each."""

    def question(reading: ReadTransaction) -> ClaimsAnswer:
        page = figures.claims(reading, process, after, limit, measure, claimant, asked)
        found_none = not page.items and after is None
        return {
            "claims": page.items,
            "next": page.next,
            "near": figures.near_claims(reading, process, measure, claimant, asked) if found_none else {},
            "horizon": stated(reading, process, asked),
        }

    return ask(services, question)


@router.get(
    "/{process}/incidents",
    summary="Its incidents and violations",
    responses=answered(
        "A page of incidents and violations.",
        {"incidents": [], "next": examples.NEXT, "horizon": examples.HORIZON},
        IncidentsAnswer,
    ),
)
def read_incidents(process: ProcessPath, services: Fresh, asked: At, after: Cursor = None, limit: Limit = 100) -> JSON:
    """Newest first; each violation with the assessments of it."""

    def question(reading: ReadTransaction) -> IncidentsAnswer:
        page = incidents.incidents(reading, process, after, limit, asked)
        return {
            "incidents": page.items,
            "next": page.next,
            "horizon": stated(reading, process, asked),
        }

    return ask(services, question)
