"""The horizon of a question: the four parameters that every query takes, and how an answer states it.

`as_of` cuts by when it occurred, `published_by` by when it could be read, `known_at` and `known_at_position` by when it
was recorded. Alone or together; what each means is in `domain/horizon.py`.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator

from api.http.parameters import A_TIME_OR_DAY, Fresh, TimeOrDay, read_time_or_day, require_views
from domain.errors import BadCursor
from domain.event import instant
from projections.answers.explanations import ShownHorizon
from projections.queries.at_horizon import PRESENT, HorizonRequest, check_date, clock_of
from projections.storage.generations import ReadTransaction

AHEAD = timedelta(minutes=1)
"""How far `known_at` may lie beyond our clock: the client's clock may be fast."""
YEARS = ("1001", "9998")
"""The first and the last year of a horizon: the clock that follows from it must have four digits and two weeks left."""

A_DATE = {
    "pattern": r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])"
    r"([Tt]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?([Zz]|[+-](0[0-9]|1[0-4]):[0-5][0-9]))?)?)?$"
}
"""For the documentation of a parameter that `read_date` reads: the form of a date, or of a time with its zone."""

_DATE_HINT = (
    "send a day, a month or a year, such as 2017-10-29, 2017-10 or 2017, or a time with its zone, such as "
    "2017-10-29T09:00:00Z or 2017-10-29T12:00:00%2B03:00 (%2B is a + in a URL)"
)
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def read_date(text: str) -> str:
    """A date or time up to which something is asked for, as `HorizonRequest` takes it. A second has no parts here.

    Raises:
        ValueError: it is none; the text says how to correct it.
    """
    text = text.upper()
    time = _TIME.fullmatch(text)
    if "/" in text:
        raise ValueError(f"this is one date or time, not an interval: {_DATE_HINT}")
    if re.search("[~?%X]", text):
        raise ValueError(f"this date is exact, without ~, ?, % or X: {_DATE_HINT}")
    if time is not None and time[2] is None:
        raise ValueError(f"a time needs its zone: {_DATE_HINT}")
    if time is None and not _DATE.fullmatch(text):
        raise ValueError(_DATE_HINT)
    _in_years(text)
    try:
        return check_date(time[1] + time[2] if time is not None else text)
    except ValueError:
        raise ValueError(f"there is no such day, month or hour: {_DATE_HINT}") from None


def read_known_at(text: str) -> str:
    """A time, or a day in UTC, by which something is asked to have been known. Today is one, though it has not ended.

    Raises:
        ValueError: it is neither, or it is still to come; the text says how to correct it.
    """
    asked = read_time_or_day(text)
    _in_years(text)
    if asked.first > datetime.now(UTC) + AHEAD:
        raise ValueError(
            f"this {'day' if asked.is_day else 'time'} is still to come: leave it out to ask what is known now"
        )
    return text


def clock_at(asked: TimeOrDay) -> datetime:
    """The clock at the end of what was asked for: of a day that has not ended, the clock on the wall."""
    return max(asked.first, min(asked.last, datetime.now(UTC))) if asked.is_day else asked.last


def _in_years(text: str) -> None:
    first, last = YEARS
    if not first <= text[:4] <= last:
        raise ValueError(f"the years of a horizon go from {first} to {last}: leave it out if it bounds nothing")


Until = Annotated[str | None, AfterValidator(lambda text: read_date(text) if text is not None else None)]


async def horizon_of(
    services: Fresh,
    as_of: Annotated[
        Until,
        Query(
            description="As it stood at the end of this day, month or year, or at this time (with its zone), by all "
            "that is known today.",
            examples=["2017-10-29"],
            json_schema_extra=A_DATE,
        ),
    ] = None,
    published_by: Annotated[
        Until,
        Query(
            description="Only what could be read by the end of this date, or by this time.",
            examples=["2017-10-29"],
            json_schema_extra=A_DATE,
        ),
    ] = None,
    known_at: Annotated[
        str | None,
        AfterValidator(lambda text: read_known_at(text) if text is not None else None),
        Query(
            description="Only what was recorded by this time (with its zone), or by the end of this day in UTC.",
            examples=["2017-10-29T09:00:00Z", "2017-10-29"],
            json_schema_extra=A_TIME_OR_DAY,
        ),
    ] = None,
    known_at_position: Annotated[
        int | None, Query(ge=0, description="Only what was recorded up to this position of the log.", examples=[42])
    ] = None,
) -> HorizonRequest:
    """The horizon that is asked for, once the read models have reached it."""
    if (as_of, published_by, known_at, known_at_position) == (None, None, None, None):
        return PRESENT
    positions, clock = [], None
    if known_at_position is not None:
        end = await asyncio.to_thread(services.ledger.head)
        if known_at_position > end:
            raise BadCursor.at(
                "known_at_position",
                f"the log ends at position {end}: send that or less, or leave it out to ask what is known now",
            )
        positions.append(known_at_position)
    if known_at is not None:
        known = read_time_or_day(known_at)
        clock = clock_at(known)
        positions.append(await asyncio.to_thread(services.ledger.position_at, known.last))
    position = min(positions, default=None)
    if position is not None:
        await require_views(services, position)
    return HorizonRequest(as_of, published_by, known_at, known_at_position, position, clock)


At = Annotated[HorizonRequest, Depends(horizon_of)]
"""An endpoint that takes `asked: At` understands the four parameters."""


def stated(reading: ReadTransaction, process: str, asked: HorizonRequest) -> ShownHorizon:
    """The horizon of a question about a process, as the answer states it.

    A status says in addition how many reports are only possibly inside, and how many lie beyond it.
    """
    return _stated(asked, clock_of(reading, process, datetime.now(UTC), asked))


def stated_of_all(asked: HorizonRequest, now: datetime) -> ShownHorizon:
    """The horizon of a question about many processes, or about none: a day ends when it has ended everywhere.

    Each process is looked at by its own clock: there a day ends by its zones.

    Args:
        asked: the horizon.
        now: the clock on the wall.
    """
    return _stated(asked, asked.clock() or now)


def _stated(asked: HorizonRequest, clock: datetime) -> ShownHorizon:
    return {
        "as_of": asked.as_of,
        "published_by": asked.published_by,
        "known_at": asked.known_at,
        "known_at_position": asked.known_at_position,
        "now": instant(clock),
        "position": asked.position,
    }
