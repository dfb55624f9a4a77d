"""The two moments of a question about what became known between them: `since` and `until`."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator

from api.http.horizon import clock_at, read_known_at
from api.http.parameters import (
    A_MICROSECOND,
    LAST_POSITION,
    TIME_OR_DAY,
    Fresh,
    read_time_or_day,
    require_views,
)
from api.services.registry import Services
from domain.errors import BadCursor
from projections.queries.at_horizon import HorizonRequest

_END_HINT = f"send a position of the log, such as 42, {TIME_OR_DAY}"
_POSITION = re.compile("[0-9]{1,19}", re.ASCII)
A_POSITION_OR_TIME = {
    "pattern": r"^([0-9]{1,19}|[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"([Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?)$"
}
"""For the documentation of a parameter that `read_end` reads: the form of a position, of a day, or of a time."""


def read_end(text: str) -> str:
    """A moment as it is sent: a position of the log, a day, or a time.

    Raises:
        ValueError: it is none of them, or it is still to come; the text says how to correct it.
    """
    if _POSITION.fullmatch(text):
        if int(text) > LAST_POSITION:
            raise ValueError(f"no log is that long: {_END_HINT}")
        return text
    try:
        read_time_or_day(text)
    except ValueError as reason:
        reason_text = "there is no such day or hour: " if str(reason).startswith("there is no") else ""
        raise ValueError(reason_text + _END_HINT) from None
    return read_known_at(text)


PositionOrTime = Annotated[str, AfterValidator(read_end)]


async def both_ends(
    services: Fresh,
    since: Annotated[
        PositionOrTime,
        Query(
            description="After this position of the log, this time with its zone, or the beginning of this day in UTC.",
            examples=["35", "2017-10-29"],
            json_schema_extra=A_POSITION_OR_TIME,
        ),
    ],
    until: Annotated[
        str | None,
        AfterValidator(lambda text: read_end(text) if text is not None else None),
        Query(
            description="Up to this position or time, or the end of this day in UTC; now, if it is left out.",
            examples=["42", "2017-10-29"],
            json_schema_extra=A_POSITION_OR_TIME,
        ),
    ] = None,
) -> tuple[HorizonRequest, HorizonRequest]:
    """Both ends, once the read models have reached them."""
    first = await _asked(services, "since", since)
    last = await _asked(services, "until", until) if until is not None else HorizonRequest()
    await require_views(services, max(first.position or 0, last.position or 0))
    return first, last


async def _asked(services: Services, name: str, text: str) -> HorizonRequest:
    if not _POSITION.fullmatch(text):
        asked = read_time_or_day(text)
        begins = name == "since" and asked.is_day
        moment = asked.first - A_MICROSECOND if begins else asked.last  # what is recorded at midnight is of that day
        position = await asyncio.to_thread(services.ledger.position_at, moment)
        return HorizonRequest(known_at=text, position=position, known_until=asked.first if begins else clock_at(asked))
    position, end = int(text), await asyncio.to_thread(services.ledger.head)
    if position > end:
        raise BadCursor.at(name, f"the log ends at position {end}: send that or less, a day, or a time with its zone")
    return HorizonRequest(known_at_position=position, position=position)
