"""Parameters that several endpoints take, each read and refused in one way."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple, get_origin

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import AfterValidator

from api.services.registry import Services, Shared
from api.services.wakeup import ReachedPositions
from domain.errors import BadCursor, Fault, Unavailable
from domain.findings.rules import REPLACED, RULES
from domain.ids import ID_PATTERN
from domain.values import FAMILY_NAMES, SUBJECT_PATTERN
from domain.vocabulary import PAYLOADS
from ledger.recorder import Filter, micros

A_TIME_OR_DAY = {
    "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"([Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$"
}
"""For the documentation of a parameter that `read_time_or_day` reads."""
LAST_POSITION = 2**63 - 1  # what the database can hold
BRIEFLY = 5.0  # seconds that min_position waits, and a question for what was answered before it
POLL = 0.1  # seconds between looks at whether it is of use to wait on
POSITION_HEADER = "Parley-Position"

PositionParameter = Annotated[int, Query(ge=0, le=LAST_POSITION)]


def one_of(words: Iterable[str]) -> dict[str, Any]:
    """For the documentation of a parameter that takes one of these words and refuses others with a hint."""
    return {"enum": list(words)}


def no_such_rule(sent: str) -> str:
    """Why a rule of findings that was asked for is none: there is another by nearly that name, or it was replaced."""
    if sent in REPLACED:
        return f"there is no rule {sent} any more: {REPLACED[sent]}"
    return f"no such rule{did_you_mean(sent, tuple(RULES))}: one of {', '.join(RULES)}"


# --- times

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
A_MICROSECOND = timedelta(microseconds=1)
"""As finely as the log notes when something was recorded."""
TIME_OR_DAY = (
    "a day in UTC, such as 2017-10-29, or a time with its zone, such as 2017-10-29T09:00:00Z or "
    "2017-10-29T12:00:00%2B03:00 (%2B is a + in a URL)"
)
"""What a parameter takes that `read_time_or_day` reads, for its refusals."""


class TimeOrDay(NamedTuple):
    """The first and the last moment, to the microsecond, of what was sent: one for a time, two for a day in UTC."""

    first: datetime
    last: datetime

    @property
    def is_day(self) -> bool:
        return self.first != self.last


def read_time_or_day(text: str) -> TimeOrDay:
    """A time as RFC 3339 has it, with seconds and a zone, or a day, which is one in UTC.

    Raises:
        ValueError: it is neither; the text says what may be sent.
    """
    day = _DAY.fullmatch(text) is not None
    if not day and not _INSTANT.fullmatch(text):
        raise ValueError(f"send {TIME_OR_DAY}")
    try:
        first = datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError(f"there is no such day or hour: send {TIME_OR_DAY}") from None
    if not day:
        return TimeOrDay(first, first)
    first = first.replace(tzinfo=UTC)
    return TimeOrDay(first, first + (timedelta(days=1) - A_MICROSECOND))


def _time_or_day(text: str) -> str:
    read_time_or_day(text)
    return text


Moment = Annotated[str, AfterValidator(_time_or_day), Query(examples=["2017-10-29T09:00:00Z", "2017-10-29"])]
"""A time with its zone, or a day, as text that `read_time_or_day` reads."""


# --- which events


async def event_filter(
    process: Annotated[
        str | None,
        Query(
            pattern=ID_PATTERN,
            description="Only events of this process; a late opening adds earlier ones of its subject.",
        ),
    ] = None,
    subject: Annotated[str | None, Query(pattern=SUBJECT_PATTERN, description="Only events on this subject.")] = None,
    family: Annotated[
        str | None, Query(description="Only events on subjects of this family.", json_schema_extra=one_of(FAMILY_NAMES))
    ] = None,
    type: Annotated[
        str | None, Query(description="Only events of this type.", json_schema_extra=one_of(PAYLOADS))
    ] = None,
    recorded_after: Annotated[
        Moment | None,
        Query(
            description="Only events recorded after this time, or after the end of this day in UTC.",
            json_schema_extra=A_TIME_OR_DAY,
        ),
    ] = None,
) -> Filter:
    """The filters of a replay, all of which must hold."""
    faults = [
        Fault(name, f"no such {name}{hint}: {where}")
        for name, sent, known, where in (
            ("family", family, FAMILY_NAMES, "one of " + ", ".join(FAMILY_NAMES)),
            ("type", type, tuple(PAYLOADS), "GET /v1/event-types lists them"),
        )
        if sent is not None and sent not in known
        for hint in [did_you_mean(sent, known)]
    ]
    if faults:
        raise BadCursor.of(faults)
    after = micros(read_time_or_day(recorded_after).last) if recorded_after is not None else None
    return Filter(process, subject, family, type, after)


EventFilter = Annotated[Filter, Depends(event_filter)]


def did_you_mean(sent: str, known: tuple[str, ...]) -> str:
    """` (did you mean X?)`, or nothing. The word must be short, since comparing takes time."""
    close = difflib.get_close_matches(sent, known, n=1) if len(sent) <= 100 else []
    return f" (did you mean {close[0]}?)" if close else ""


# --- no parameter is ignored


def _parameters(dependant: Dependant) -> dict[str, bool]:
    """The query parameters of an endpoint and what it depends on, and whether each may be sent more than once."""
    parameters = {f.alias: get_origin(f.field_info.annotation) is list for f in dependant.query_params}
    for below in dependant.dependencies:
        parameters |= _parameters(below)
    return parameters


async def only_known(request: Request) -> None:
    """Refuses a parameter that the endpoint does not know or that is sent twice.

    A mistyped filter must not return everything, and a mistyped `dry_run` must not record.
    """
    if not request.query_params:
        return
    route: APIRoute = request.scope["route"]
    known = _parameters(route.dependant)
    faults: list[Fault] = []
    names: list[str] = [name for name, _ in request.query_params.multi_items()]
    for name in dict.fromkeys(names):
        if name not in known:
            takes = ", ".join(known) or "none"
            faults.append(
                Fault(name, f"unknown parameter{did_you_mean(name, tuple(known))}: this address takes {takes}")
            )
        elif names.count(name) > 1 and not known[name]:
            faults.append(Fault(name, "sent more than once: send it once"))
        if len(faults) == 20:
            break
    if faults:
        raise BadCursor.of(faults)


class StrictRouter(APIRouter):
    """A router each of whose endpoints refuses a parameter that it does not know.

    Args:
        options: of FastAPI.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(dependencies=[Depends(only_known)], **options)


# --- reading one's own writes

MinPosition = Annotated[
    PositionParameter | None,
    Query(description="Wait (up to 5 seconds) until the answer reflects this position of the log; else 503."),
]


async def reached_by_views(services: Shared, response: Response, min_position: MinPosition = None) -> Services:
    """The running server, once its read models reach `min_position`. Adds the position they reflect to the answer.

    An endpoint that makes its own Response must add the header itself: `position_header`.
    """
    await show_answered(services)
    if min_position is not None:
        await require_views(services, min_position)
    response.headers.update(position_header(services))
    return services


Fresh = Annotated[Services, Depends(reached_by_views)]
"""An endpoint on read models that takes `services: Fresh` understands `min_position`."""


def position_header(services: Services) -> dict[str, str]:
    """The header that says which position of the log the read models reflect. Take it before reading them."""
    return {POSITION_HEADER: str(services.follower.position)}


async def require_views(services: Services, position: int) -> None:
    """Waits briefly until the read models reflect a position.

    Raises:
        Unavailable: they do not.
    """
    if not await wait_for_views(services, position, BRIEFLY):
        reason = services.follower.halted or "they are behind: send the request again in a moment"
        raise Unavailable(f"the read models have not reached the position asked for: {reason}")


async def wait_for_views(services: Services, position: int, seconds: float) -> bool:
    """Waits until the read models reflect a position; False after some seconds, or if they are halted before it.

    It holds no thread: a thousand may wait. Those who make them are told to hurry.
    """
    return await _wait(services, services.moved, position, seconds, services.follower.hurry)


async def wait_for_answers(services: Services, position: int, seconds: float) -> bool:
    """The same until what the events up to a position did is answered: they were asked about. The read models may
    reflect them a moment later only."""
    return await _wait(services, services.answered, position, seconds, lambda: None)


async def show_answered(services: Services) -> None:
    """Waits briefly until the read models reflect what was answered: whoever has been told what an append did
    finds it there."""
    follower = services.follower
    if follower.position < follower.answered_to:
        await wait_for_views(services, follower.answered_to, BRIEFLY)


async def _wait(
    services: Services, reached: ReachedPositions, position: int, seconds: float, hurry: Callable[[], None]
) -> bool:
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    while reached.position < position:
        left = deadline - clock()
        if services.follower.halted or services.follower.closed or services.log_watcher.stopping or left <= 0:
            return False
        hurry()
        await reached.wait(position, min(left, POLL))
    return True


async def reached_by_log(services: Shared, min_position: MinPosition = None) -> Services:
    """The running server, once its log reaches `min_position`."""
    if min_position is not None and not await services.log_watcher.beyond(min_position - 1, BRIEFLY):
        raise Unavailable("the log has not reached the position asked for: send the request again in a moment")
    return services


AtLog = Annotated[Services, Depends(reached_by_log)]
"""An endpoint on the log itself that takes `services: AtLog` understands `min_position`."""
