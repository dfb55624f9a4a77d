"""What recurs, so that it can be checked: the day on which it is expected next, after the last time it was done.

A rule is a part of RFC 5545, by days: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY) with INTERVAL, COUNT or UNTIL, BYDAY (of a
week; of a month with its number: `1MO`, `-1FR`) and BYMONTHDAY (of a month; from its end: `-1`). Weeks begin on Monday.
A day that a month or a year does not have is left out, as there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from domain.durations import months_later
from domain.edtf import END, When
from domain.values import Value

RULE_PATTERN = r"^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*$"
RecurrenceRule = Annotated[str, StringConstraints(max_length=200, pattern=RULE_PATTERN)]
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_RUNS, MOST_INTERVAL = 1000, 1000
_DAY = 86_400
_FIRST_DAY = date(1970, 1, 1).toordinal()
_NUMBERED = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)


class Per(StrEnum):
    """The period in which it is to happen so many times; counted from the start."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Schedule(Value):
    """When something that recurs is expected: by a rule, or so many times per period."""

    starts: When | None = None
    """The first day on which it counts; absent: the day of the report."""
    rule: RecurrenceRule | None = None
    """A rule of RFC 5545 by days: `FREQ=WEEKLY;BYDAY=MO,TH`."""
    times: Annotated[int, Field(ge=1, le=1000)] | None = None
    """So many times …"""
    per: Per | None = None
    """… per day, week, month or year. Checked is how many runs are reported in each period."""

    @model_validator(mode="after")
    def says_when(self) -> Self:
        if (self.rule is None) == (self.times is None) or (self.times is None) != (self.per is None):
            raise ValueError("send either `rule`, or `times` and `per` together")
        if self.rule is not None:
            read_rule(self.rule)
        return self


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule, taken apart."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    weekdays: tuple[tuple[int, int], ...] = ()
    """Number within the month (0: each one) and weekday, 0 for Monday."""
    month_days: tuple[int, ...] = ()


@lru_cache(1000)
def read_rule(text: str) -> Recurrence:
    """Reads a rule.

    Raises:
        ValueError: with what to send instead.
    """
    freq, *rest = (part.partition("=")[2] if part.startswith("FREQ=") else part for part in text.split(";"))
    parts = dict(part.split("=", 1) for part in rest)
    if len(parts) < len(rest) or (unknown := parts.keys() - {"INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY"}):
        what = ", ".join(sorted(unknown)) if len(parts) == len(rest) else "a part given twice"
        raise ValueError(f"leave out {what}: FREQ goes with INTERVAL, COUNT or UNTIL, BYDAY and BYMONTHDAY")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("send COUNT or UNTIL, not both")
    until = parts.get("UNTIL")
    if until is not None and not re.fullmatch(r"[0-9]{8}", until):
        raise ValueError("write UNTIL as a day: 20171231")
    return Recurrence(
        freq,
        _number(parts.get("INTERVAL", "1"), 1, MOST_INTERVAL, "INTERVAL"),
        _number(parts["COUNT"], 1, MOST_RUNS, "COUNT") if "COUNT" in parts else None,
        date.fromisoformat(until) if until is not None else None,
        tuple(_weekday(one, freq) for one in parts["BYDAY"].split(",")) if "BYDAY" in parts else (),
        tuple(_month_day(one, freq) for one in parts["BYMONTHDAY"].split(",")) if "BYMONTHDAY" in parts else (),
    )


def _number(text: str, low: int, high: int, name: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", text) or not low <= int(text) <= high:
        raise ValueError(f"send {name} from {low} to {high}")
    return int(text)


def _weekday(text: str, freq: str) -> tuple[int, int]:
    match = _NUMBERED.fullmatch(text)
    if match is None or freq not in ("WEEKLY", "MONTHLY") or (match[1] is None) != (freq == "WEEKLY"):
        raise ValueError("BYDAY takes days of the week with WEEKLY (MO,TH), and numbered ones with MONTHLY (1MO, -1FR)")
    return int(match[1] or 0), WEEKDAYS.index(match[2])


def _month_day(text: str, freq: str) -> int:
    if freq != "MONTHLY" or text.lstrip("+-") == "0":
        raise ValueError("BYMONTHDAY goes with MONTHLY: 1 to 31, or -1 for the last day")
    return _number(text, -31, 31, "BYMONTHDAY")


def next_expected(schedule: Schedule, reported: When, last: When | None) -> When | None:
    """The first day on which a rule expects something after it was last done; None if none is, or it cannot be told.

    Args:
        schedule: when it is expected.
        reported: when the schedule was reported, if it names no start.
        last: when it was last done, as far as is known.
    """
    start = _start(schedule, reported)
    if schedule.rule is None or start is None or (last is not None and last.span.latest >= END):
        return None
    try:
        after = _day(last.span.latest) if last is not None else start - timedelta(days=1)
        expected = _by_rule(read_rule(schedule.rule), start, after)
    except (ValueError, OverflowError):  # past the years there are
        return None
    return When(f"{expected}") if expected is not None else None


def _start(schedule: Schedule, reported: When) -> date | None:
    starts = schedule.starts or reported
    return _day(starts.span.latest) if starts.span.latest < END else None


def period_of(schedule: Schedule, reported: When, second: int | None) -> int | None:
    """The number of the period in which a second lies, from the start on; 0 before it, None if it cannot be told."""
    start, per = _start(schedule, reported), schedule.per
    if start is None or per is None or (second is not None and second >= END):
        return None
    if second is None or second < second_of_day(start):
        return 0
    day = _day(second)
    days = (day - start).days
    months = (day.year - start.year) * 12 + day.month - start.month
    number = {Per.DAY: days, Per.WEEK: days // 7, Per.MONTH: months, Per.YEAR: months // 12}[per]
    return number if _begin(per, start, number) <= day else number - 1


def begin_of(schedule: Schedule, reported: When, number: int) -> date:
    """The first day of a period.

    Raises:
        ValueError, OverflowError: past the years there are.
    """
    start = _start(schedule, reported)
    assert start is not None  # noqa: S101  `period_of` gave a number
    return _begin(schedule.per or Per.DAY, start, number)


def _begin(per: Per, start: date, number: int) -> date:
    match per:
        case Per.DAY:
            return start + timedelta(days=number)
        case Per.WEEK:
            return start + timedelta(weeks=number)
        case Per.MONTH:
            return months_later(start, number)
        case Per.YEAR:
            return months_later(start, 12 * number)


def _by_rule(rule: Recurrence, start: date, after: date) -> date | None:
    first = 0 if rule.count is not None else max(0, _period_of(rule, start, after) - 1)
    for number, day in enumerate(_days(rule, start, first)):
        if (rule.count is not None and number >= rule.count) or (rule.until is not None and day > rule.until):
            return None
        if day > after:
            return day
    return None


def _period_of(rule: Recurrence, start: date, day: date) -> int:
    """In which of its periods, counted from the start, a day lies."""
    if day < start:
        return 0
    match rule.freq:
        case "DAILY":
            return (day - start).days // rule.interval
        case "WEEKLY":
            return (day - _monday(start)).days // 7 // rule.interval
        case "MONTHLY":
            return ((day.year - start.year) * 12 + day.month - start.month) // rule.interval
        case _:
            return (day.year - start.year) // rule.interval


def _days(rule: Recurrence, start: date, first: int) -> Iterator[date]:
    """The days from the start on, beginning with a period; at most as many periods without any as a leap day needs."""
    empty, number = 0, first
    while empty < 50:
        inside = [day for day in sorted(_days_in(rule, start, number * rule.interval)) if day >= start]
        yield from inside
        empty = 0 if inside else empty + 1
        number += 1


def _days_in(rule: Recurrence, start: date, steps: int) -> Iterator[date]:
    match rule.freq:
        case "DAILY":
            yield start + timedelta(days=steps)
        case "WEEKLY":
            monday = _monday(start) + timedelta(weeks=steps)
            yield from {monday + timedelta(days=day) for _, day in rule.weekdays or ((0, start.weekday()),)}
        case "MONTHLY":
            month = months_later(start.replace(day=1), steps)
            length = (months_later(month, 1) - month).days
            numbers = {*(rule.month_days or (() if rule.weekdays else (start.day,)))}
            days = {n if n > 0 else length + 1 + n for n in numbers}
            days |= {_numbered_day(month, length, *numbered) for numbered in rule.weekdays}
            yield from (month.replace(day=day) for day in days if 1 <= day <= length)
        case _:
            day = months_later(start, 12 * steps)
            if day.day == start.day:
                yield day


def _numbered_day(month: date, length: int, number: int, weekday: int) -> int:
    """The day of the month that is the first, or last but so many, of a weekday; 0 if it has none."""
    first = 1 + (weekday - month.weekday()) % 7
    days = [*range(first, length + 1, 7)]
    return days[number - 1 if number > 0 else number] if abs(number) <= len(days) else 0


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _day(second: int) -> date:
    return date.fromordinal(second // _DAY + _FIRST_DAY)


def second_of_day(day: date) -> int:
    """The second since 1970 with which a day begins, as calendar dates are compared."""
    return (day.toordinal() - _FIRST_DAY) * _DAY
