"""Queries of deadlines across processes: as JSON, and as a file for calendar programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Query
from starlette.responses import Response
from typing_extensions import TypedDict

from api.exporters import ical
from api.http.horizon import At, stated, stated_of_all
from api.http.negotiation import accepted
from api.http.parameters import POSITION_HEADER, Fresh, StrictRouter
from api.http.problems import problems
from api.http.queries import POSITION, Cursor
from api.http.question_routes import QuestionRoute
from api.http.responses import JSON, Responses
from api.http.schemas import examples
from api.http.schemas.from_types import reference_to
from api.services.registry import Services
from api.wording import words
from domain.edtf import FORM, When
from domain.errors import BadCursor, Fault
from domain.ids import ID_PATTERN
from projections.answers.deadlines import DeadlinesAnswer
from projections.queries import deadlines
from projections.queries.at_horizon import HorizonRequest

router = StrictRouter(prefix="/v1", tags=["findings"], route_class=QuestionRoute)

LIST, CALENDAR = "application/json", "text/calendar"
DEADLINES_ON_PAGE = 100
MAX_IN_CALENDAR = 2_000

EXAMPLE_CALENDAR = (
    ical.calendar([examples.DEADLINE], {"actors": {}, "evidence": examples.STATUS["evidence"]}, "Deadlines in Parley")
    .decode()
    .replace("\r\n", "\n")
)


class DeadlineFilters(TypedDict):
    """The filters of deadlines, all of which must hold."""

    process: str | None
    since: When | None
    until: When | None
    overdue: bool | None


async def deadline_filter(
    process: Annotated[str | None, Query(pattern=ID_PATTERN, description="Only of this process.")] = None,
    since: Annotated[
        str | None,
        Query(
            description="Only what may be due on this date, in EDTF, or later. A list begins with today unless this, "
            "`overdue` or an earlier `until` is sent.",
            examples=["2017-10-01"],
            json_schema_extra={"pattern": FORM},
        ),
    ] = None,
    until: Annotated[
        str | None,
        Query(
            description="Only what may be due by the end of this date, in EDTF.",
            examples=["2017-10-31"],
            json_schema_extra={"pattern": FORM},
        ),
    ] = None,
    overdue: Annotated[bool | None, Query(description="Only what is overdue (true), or is not (false).")] = None,
) -> DeadlineFilters:
    """The filters of deadlines, all of which must hold.

    Raises:
        BadCursor: `since` or `until` is no date.
    """
    dates: dict[str, When | None] = {}
    faults: list[Fault] = []
    for name, sent in (("since", since), ("until", until)):
        try:
            dates[name] = When(sent) if sent is not None else None
        except ValueError as error:
            faults.append(Fault(name, str(error)))
    if faults:
        raise BadCursor.of(faults)
    return {"process": process, "since": dates["since"], "until": dates["until"], "overdue": overdue}


DeadlineFilter = Annotated[DeadlineFilters, Depends(deadline_filter)]


def documented_answers(*media: str) -> Responses:
    """What an operation on deadlines may answer."""
    contents = {
        LIST: {"schema": reference_to(DeadlinesAnswer), "example": examples.DEADLINES},
        CALENDAR: {"schema": {"type": "string"}, "example": EXAMPLE_CALENDAR},
    }
    headers = {name: {"description": text, "schema": {"type": "string"}} for name, text in POSITION.items()}
    content = {name: contents[name] for name in media}
    return {200: {"description": "The deadlines.", "headers": headers, "content": content}}


@router.get(
    "/deadlines",
    summary="What is due, in any process",
    responses={**documented_answers(LIST, CALENDAR), **problems(400, 404, 406, 503)},
)
def list_deadlines(
    services: Fresh,
    filters: DeadlineFilter,
    asked: At,
    after: Cursor = None,
    limit: Annotated[
        int | None, Query(ge=1, le=1000, description=f"The most entries of a page, {DEADLINES_ON_PAGE} if not said.")
    ] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,  # OpenAPI has it in the types of answers
) -> Response:
    """What is expected by a date and not settled, the first to end first: rounds of talks, departures, answers,
    obligations, terms. It begins with today: what is overdue is asked for with `overdue` or `since`. Today and
    `overdue` are by the clock of the horizon. As a calendar it is /v1/deadlines.ics, with what is past."""
    if accepted(accept, (LIST, CALENDAR)) == CALENDAR:
        if after is not None or limit is not None:
            raise BadCursor.at("after" if after is not None else "limit", f"a calendar has no pages: accept {LIST}")
        return _calendar(services, filters, asked)
    now = datetime.now(UTC)
    today = When((asked.clock() or now).date().isoformat())
    past = filters["until"] is not None and filters["until"].span.latest < today.span.earliest
    if filters["since"] is None and filters["overdue"] is None and not past:
        filters = {**filters, "since": today}
    with services.reading() as reading:
        listed, explained = deadlines.deadlines(
            reading, now, **filters, after=after, limit=limit or DEADLINES_ON_PAGE, request=asked
        )
        headers = {POSITION_HEADER: str(reading.position), "Vary": "Accept"}
        of_one = filters["process"]  # its day ends by its zones
        horizon = stated(reading, of_one, asked) if of_one is not None else stated_of_all(asked, now)
    page: DeadlinesAnswer = {
        "deadlines": listed.items,
        "next": listed.next,
        **explained,
        "horizon": horizon,
    }
    return JSON(page, headers=headers)


@router.get(
    "/deadlines.ics",
    response_class=Response,
    summary="What is due, for a calendar program",
    description=f"The same deadlines as an iCalendar file (RFC 5545), all in one, up to {MAX_IN_CALENDAR:,}, the "
    "first to end first: calendar programs can subscribe to this address. What is of high sensitivity goes in without "
    "its details, and a date too vague for a bar in a calendar becomes a task. At a horizon its name says so.",
    responses={**documented_answers(CALENDAR), **problems(400, 404, 503)},
)
def read_calendar(services: Fresh, filters: DeadlineFilter, asked: At) -> Response:
    return _calendar(services, filters, asked)


def _calendar(services: Services, filters: DeadlineFilters, asked: HorizonRequest) -> Response:
    now = datetime.now(UTC)
    with services.reading() as reading:
        listed, explained = deadlines.deadlines(reading, now, **filters, limit=MAX_IN_CALENDAR, request=asked)
        headers = {POSITION_HEADER: str(reading.position), "Vary": "Accept"}
    of = f" of {filters['process']}" if filters["process"] else ""
    bounds = words.horizon(stated_of_all(asked, now))
    name = f"Deadlines{of} in Parley" + (f", {bounds[0].lower()}{bounds[1:]}" if bounds else "")
    if listed.next is not None:
        name += f" (the first {len(listed.items):,} of more)"
    content = ical.calendar(listed.items, explained, name)
    headers["Content-Disposition"] = 'inline; filename="parley-deadlines.ics"'
    return Response(content, headers=headers, media_type=f"{CALENDAR}; charset=utf-8")
