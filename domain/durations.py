"""Terms that are told as a duration: when they end, as we compute it.

A duration of ISO 8601 is kept as written: `P6M` is six months of the calendar and no number of days. Our rule:

- years and months are added by the calendar, and a day that the month does not have becomes its last one; then weeks
  and days are added: P2M from 31 December leads to 28 February;
- whether that day still belongs to the term is for the source to say; if not, the last day is the day before;
- hours from a day without a time are whole days, rounded up; from an instant they lead to an instant;
- where the start is a span of days, so is the end.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import StringConstraints

from domain.edtf import BEGINNING, END, When

DURATION_PATTERN = (
    r"^P([0-9]{1,4}W|([0-9]{1,4}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,4}D)?(T[0-9]{1,5}H([0-9]{1,3}M)?)?)$"
)
Duration = Annotated[str, StringConstraints(min_length=3, max_length=30, pattern=DURATION_PATTERN)]
"""A duration of ISO 8601, without fractions: `P6M`, `P2W`, `PT72H`."""

_PARTS = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", re.ASCII)
_DAY = 86_400


class _Length(NamedTuple):
    months: int
    days: int
    minutes: int


def _length(duration: str) -> _Length:
    match = _PARTS.fullmatch(duration)
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in (match.groups() if match else ("",) * 6))
    return _Length(12 * years + months, 7 * weeks + days, 60 * hours + minutes)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the last day of that month if it has none.

    Raises:
        ValueError: it lies after the year 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first.replace(day=min(day.day, (following - timedelta(days=1)).day))


def end_of_term(starts: When, duration: str, *, last_day_included: bool | None = None) -> When | None:
    """When a term ends, given its start and how long it lasts; None if the start is open, or the end past all years.

    Args:
        starts: its first day, or the instant at which it begins.
        duration: how long it lasts.
        last_day_included: whether the day that the duration leads to belongs to it; None: not said, so it does not.
    """
    span, length = starts.span, _length(duration)
    if span.earliest <= BEGINNING or span.latest >= END:
        return None
    try:
        if span.timed:
            return _instant(starts, length)
        first, last = (_last_day(_day(second), length, last_day_included) for second in span[:2])
    except (ValueError, OverflowError):
        return None
    return When(f"{first}" if first == last else f"{first}/{last}")


def day_after(end: When) -> When | None:
    """The start of what follows a term: the day after its last day, or its very instant; None if it is open."""
    span = end.span
    if span.timed or span.earliest <= BEGINNING or span.latest >= END - _DAY:
        return end if span.timed else None
    first, last = _day(span.earliest) + timedelta(days=1), _day(span.latest) + timedelta(days=1)
    return When(f"{first}" if first == last else f"{first}/{last}")


def _day(second: int) -> date:
    return date.fromordinal(second // _DAY + date(1970, 1, 1).toordinal())


def _last_day(first: date, length: _Length, last_day_included: bool | None) -> date:
    days = length.days - (-length.minutes // (24 * 60))
    return months_later(first, length.months) + timedelta(days=days - (0 if last_day_included else 1))


def _instant(starts: When, length: _Length) -> When:
    """The end of a term that begins at an instant, in the zone in which that is told; of an interval, in UTC."""
    start = starts if "/" not in starts else None
    begins = [datetime.fromisoformat(start)] if start else [datetime.fromtimestamp(s, UTC) for s in starts.span[:2]]
    ends = []
    for begin in begins:
        day = months_later(begin.date(), length.months) + timedelta(days=length.days)
        ends.append(datetime.combine(day, begin.timetz()) + timedelta(minutes=length.minutes))
    return When("/".join(dict.fromkeys(end.isoformat(timespec="minutes") for end in ends)))
