"""When something happened, as the sources tell it: on a day, in a month, about a year, from a day on.

`When` is a text in EDTF (ISO 8601-2:2019), levels 0 and 1, years 0001 to 9999, checked when it is made:

    2017-10-29, 2017-10, 2017        a day, a month, a year
    2017-10-XX, 2017-XX-XX, 2017-XX  some day of the month, of the year, some month of the year
    201X, 20XX                       some year of the decade, of the century. Level 2, so refused: 2XXX, XXXX,
                                     2017-1X, XXXX-10, and an X inside an interval
    2017-21 to 2017-24               seasons, northern and meteorological: 21 spring (March to May), 22 summer (June
                                     to August), 23 autumn (September to November), 24 winter (December to the
                                     February of the next year). With a qualifier or in an interval too, though the
                                     standard is silent on that
    2017-10-29~, ?, %                approximate, uncertain, both: once, at the end of a date
    2017-10-27/2017-10-29            an interval, both ends included
    2017-10-27/.., ../2017-10-29     an open end; 2017-10-27/ and /2017-10-29 an unknown one; never both ends

and, for windows with hours, an instant with its zone, alone or as an end of an interval (RFC 3339; seconds may be
left out, zones go from -12:00 to +14:00): 2017-10-29T09:00+03:00. A second has no parts: a fraction of zeros, as other
tools write it (2017-10-29T09:00:00.000Z), says nothing and is taken, any other is refused.

Bounds follow from the parts: a day is all of the day, 09:00 all of the minute, 09:00:00 the second. The standard gives
a qualifier no width. Our rule: it widens the date on each side by one unit of what is specified: a day, a month, a
season, a year (2017-XX too), a decade (201X), a century (20XX).
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import ClassVar, Final, NamedTuple, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

KEPT: Final = 1 << 12
"""Dates that are kept as they were read last."""
MAX_LENGTH: Final = 72  # an interval of two instants, each with nine zeros after the second, has 71

_SECOND: Final = timedelta(seconds=1)
_DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_LAST_DAY: Final = date.max.toordinal()
BEGINNING: Final = (1 - _EPOCH_DAY) * _DAY  # 0001-01-01T00:00:00Z
END: Final = (_LAST_DAY + 1 - _EPOCH_DAY) * _DAY - 1  # 9999-12-31T23:59:59Z

# A day begins up to 14 hours before the UTC day of its name (at UTC+14) and ends up to 12 hours after it (at UTC-12).
_AHEAD: Final = 14 * 3600
_BEHIND: Final = 12 * 3600


class Span(NamedTuple):
    """The bounds of a date, in seconds since 1970-01-01T00:00:00 UTC, both included, negative before 1970."""

    earliest: int  # BEGINNING when open or unknown
    latest: int  # END when open or unknown
    timed: bool  # an end is an instant with a zone; otherwise calendar dates, read as whole UTC days

    def precedes(self, other: "Span") -> bool:
        """Whether this lies certainly before `other`: a strict partial order.

        Calendar dates are compared as dates of one place. The zone of a date beside an instant is not known, so more
        than 14 hours must lie between them.
        """
        return self.latest + (0 if self.timed == other.timed else _AHEAD) < other.earliest


class _Reading(NamedTuple):
    span: Span
    first: int | None  # possible calendar days as proleptic ordinals, of an instant in its own zone; None: open
    last: int | None


_OPEN: Final = _Reading(Span(BEGINNING, END, timed=False), None, None)
_DATE: Final = re.compile(r"(?:([0-9]{4})(?:-([0-9]{2}|XX)(?:-([0-9]{2}|XX))?)?|([0-9]{2}[0-9X]X))([?~%]?)")
_PLAIN: Final = re.compile(r"[0-9]{4}(?:-[01][0-9](?:-[0-9]{2})?)?")  # a season has a 2
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T(?:[01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](?:\.0{1,9})?)?"
    r"(?:Z|\+(?:0[0-9]|1[0-3]):[0-5][0-9]|\+14:00|-(?:0[0-9]|1[01]):[0-5][0-9]|-12:00)"
)
_FORM_OF_A_DAY: Final = r"^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
_FORM_OF_AN_END: Final = (
    r"([0-9]{2}[0-9X]X|[0-9]{4}(-(0[1-9]|1[0-2]|2[1-4]|XX)(-(0[1-9]|[12][0-9]|3[01]|XX)"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.0{1,9})?)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9]))?)?)?)[?~%]?"
)
FORM: Final = (
    r"^(?!0000|.*(/0000|/.*/|X.*/|/.*X|XX-[0-9]|-2[0-9]-|X.*T|[Z:][0-9]*[?~%]))"
    rf"((\.\.)?/)?{_FORM_OF_AN_END}(/(\.\.|{_FORM_OF_AN_END})?)?$"
)
"""For the documentation, so that other programs can tell most mistakes: not that the calendar lacks a day, that an
interval ends before it begins, or that a zone is too far away."""
_SEASONS: Final = {"21": 3, "22": 6, "23": 9, "24": 12}  # the month in which each begins

# What to write instead: the first pattern found in a text that cannot be read speaks.
_YEARS: Final = "years go from 0001 to 9999, with four digits, no sign and no Y"
_YEAR_FIRST: Final = "write the year first, with hyphens: YYYY-MM-DD, so 27 October 2017 is 2017-10-27"
_L1: Final = "Parley reads EDTF levels 0 and 1 only: "
_UNSPECIFIED: Final = (
    "a capital X ends a year (201X, 20XX) or is a whole month or day (2017-XX, 2017-10-XX, 2017-XX-XX) "
    "and never stands in an interval: there write 2017-10 for 2017-10-XX"
)
_TIME: Final = "write a time as 2017-10-29T09:00Z or 2017-10-29T09:00:00+03:00, up to 23:59:59, zones -12:00 to +14:00"
_FRACTION: Final = "leave out the fraction of the second; only zeros may stand there, nine at most"
_HINTS: Final = {
    r"^\s|\s\Z": "leave out the space around the date",
    r"[^ -~]": "use plain ASCII: the digits 0-9, the hyphen - and the slash /",
    r"^(\.\.)?/?(\.\.)?\Z": "bound it on one side: ../YYYY-MM-DD is not after that day, YYYY-MM-DD/.. not before",
    r"^\d\d?[-./]\d\d?[-./](\d{4}|\d\d)\Z|^\d{4}[./]\d\d?[./]\d\d?\Z|^\d{8}(\Z|[/T])": _YEAR_FIRST,
    r"(^|/)(Y-?\d|[-+]\d|\d{5})": _YEARS,
    r"[][{}]": _L1 + "instead of a set write an interval, or one event for each date",
    r"X|[-\d]x": _L1 + _UNSPECIFIED,
    r"[?~%]": _L1 + "~, ? or % (both) stands once, at the end of a date, not of a time: 2017-10-29~",
    r"\dS\d": _L1 + "instead of significant digits write 201X or 20XX",
    r"T\d\d:\d\d:\d\d(,|\.(?!0{1,9}(?!\d)))\d": _FRACTION,
    r"T\d\d(:\d\d){0,2}(\.0+)?(/|\Z)": "a time needs its zone: add Z for UTC or an offset such as +03:00",
    r"\d[Tt ]\d": _TIME,
    r"(^|/)P": "write both ends of the interval as dates, not a duration",
    r"(^|[-/])\d(-|/|\Z)": "write months and days with two digits: 2017-01-05",
    r"": "write YYYY-MM-DD, YYYY-MM or YYYY, or an interval of two of them with one slash between",
}


def _refusal(text: str) -> ValueError:
    return ValueError(next(hint for pattern, hint in _HINTS.items() if re.search(pattern, text)))


def _iso(day: int | None) -> str | None:
    return None if day is None else date.fromordinal(day).isoformat()


def _clamp(second: int) -> int:
    return min(max(second, BEGINNING), END)


def _days(first: int, last: int) -> _Reading:
    earliest, latest = (first - _EPOCH_DAY) * _DAY, (last + 1 - _EPOCH_DAY) * _DAY - 1
    return _Reading(Span(earliest, latest, False), first, last)


def _month_begins(month: int) -> int:
    """The first day of a month counted from January of the year 0, kept within the calendar."""
    if month < 12:
        return 1
    return date(month // 12, month % 12 + 1, 1).toordinal() if month < 120_000 else _LAST_DAY + 1


def _read_date(part: str, text: str) -> _Reading:
    match = _DATE.fullmatch(part)
    if match is None:
        raise _refusal(text)
    year, month, day, years, qualifier = match.groups()
    if year == "0000":
        raise ValueError(_YEARS)
    if day and day != "XX" and "01" <= month <= "12":
        try:
            ordinal = date(int(year), int(month), int(day)).toordinal()
        except ValueError:
            last = monthrange(int(year), int(month))[1]
            raise ValueError(f"the day is not in the calendar: its month has the days 01 to {last}") from None
        return _days(max(ordinal - 1, 1), min(ordinal + 1, _LAST_DAY)) if qualifier else _days(ordinal, ordinal)
    if years:
        known = years.rstrip("X")
        size = 12 * 10 ** (4 - len(known))
        start = int(known) * size
    elif month is None or (month == "XX" and day in (None, "XX")):
        start, size = int(year) * 12, 12
    elif month == "XX":
        raise _refusal(text)
    elif "01" <= month <= "12":
        start, size = int(year) * 12 + int(month) - 1, 1
    elif month in _SEASONS and day is None:
        start, size = int(year) * 12 + _SEASONS[month] - 1, 3
    else:
        raise ValueError("months are 01 to 12; of levels 0 and 1 only the seasons 21 to 24, without a day")
    wider = size if qualifier else 0
    return _days(_month_begins(start - wider), _month_begins(start + size + wider) - 1)


def _read_instant(part: str, text: str) -> _Reading:
    match = _INSTANT.fullmatch(part)
    if match is None:
        raise _refusal(text)
    _, day, _ = _read_date(match[1], match[1])
    earliest = (datetime.fromisoformat(part) - _EPOCH) // _SECOND
    latest = earliest if match[2] else earliest + 59  # a minute lasts to its last second
    return _Reading(Span(_clamp(earliest), _clamp(latest), timed=True), day, day)


def _read_end(part: str, text: str) -> _Reading:
    if part in ("", ".."):
        return _OPEN
    return _read_instant(part, text) if "T" in part else _read_date(part, text)


@lru_cache(maxsize=1 << 14)
def _read(text: str) -> _Reading:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a date has at most {MAX_LENGTH} characters, this has {len(text)}: move words to the note")
    before, slash, after = text.partition("/")
    if not slash and text not in ("", ".."):
        return _read_end(text, text)
    start, end = _read_end(before, text), _read_end(after, text)
    if (start is _OPEN and end is _OPEN) or "X" in text:
        raise _refusal(text)
    earliest, latest, timed = start.span.earliest, end.span.latest, start.span.timed or end.span.timed
    if start.span.timed != end.span.timed:  # the zone of the date is not known: allow any
        earliest = earliest if start.span.timed else _clamp(earliest - _AHEAD)
        latest = latest if end.span.timed else _clamp(latest + _BEHIND)
    if latest < earliest:
        raise ValueError("the interval ends before it begins: swap its ends, or correct one")
    first, last = start.first, end.last
    if first is not None and last is not None and first > last:  # only by zones, the instants are in order
        first, last = last, first
    return _Reading(Span(earliest, latest, timed), first, last)


@lru_cache(maxsize=1 << 14)
def _bounds_of(text: str) -> str:
    span = _read(text).span
    first = ".." if span.earliest == BEGINNING else _spelled(span.earliest, timed=span.timed)
    last = ".." if span.latest == END else _spelled(span.latest, timed=span.timed)
    return first if first == last else f"{first}/{last}"


def _spelled(second: int, *, timed: bool) -> str:
    moment = _EPOCH + timedelta(seconds=second)
    return moment.replace(tzinfo=None).isoformat() + "Z" if timed else moment.date().isoformat()


class When(str):
    """An EDTF text of levels 0 and 1, or with instants whose zone is told; the module has the forms and the bounds.

    Raises ValueError that says how to fix the text. Two are equal when their texts are, and mean the same when their
    `bounds` are: only these may decide whether two reports say the same.
    """

    __slots__ = ("span",)
    _json_schema: ClassVar[JsonSchemaValue] = {
        "type": "string",
        "maxLength": MAX_LENGTH,
        "pattern": FORM,
        "description": "EDTF (ISO 8601-2:2019), levels 0 and 1, years 0001 to 9999: a date, approximate or not, or an "
        "interval, open or not; or RFC 3339 instants, alone or as ends of an interval, whose zone is required.",
        "examples": ["2017-10-29", "2017-10", "2017-10-27~", "2017-10-27/..", "2017-10-29T09:00+03:00"],
    }

    span: Span
    """Its bounds. Asked of every event many times, so it is kept with the text."""

    def __new__(cls, text: str) -> Self:
        read = _read(str.__str__(text))  # unlike str(text), refuses what is not a text
        when = super().__new__(cls, text)
        when.span = read.span
        return when

    @property
    def bounds(self) -> str:
        """One spelling for all dates of one span: `2024-03`, `2024-03-XX` and `2024-03-01/2024-03-31` share it."""
        return _bounds_of(str(self))

    @property
    def days(self) -> tuple[str | None, str | None]:
        """The first and the last possible calendar day, None when open; of an instant, the day in its own zone."""
        _, first, last = _read(str(self))
        return _iso(first), _iso(last)

    @property
    def approximate(self) -> bool:
        """Whether any part carries `~` or `%`."""
        return "~" in self or "%" in self

    @property
    def uncertain(self) -> bool:
        """Whether any part carries `?` or `%`."""
        return "?" in self or "%" in self

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_keeping(cls), core_schema.str_schema(strict=True))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(cls._json_schema)


@cache
def _keeping(kind: type[When]) -> Callable[[str], When]:
    """Reads dates of a kind: the same ones come again and again, and nothing changes one."""
    return lru_cache(KEPT)(kind)


class Day(When):
    """A calendar date and no more, such as the date of a publication: YYYY-MM-DD, YYYY-MM or YYYY."""

    __slots__ = ()
    _json_schema: ClassVar[JsonSchemaValue] = {
        "type": "string",
        "maxLength": 10,
        "pattern": _FORM_OF_A_DAY,
        "description": "A calendar date: YYYY-MM-DD, YYYY-MM or YYYY.",
        "examples": ["2017-10-27", "2017-10", "2017"],
    }

    def __new__(cls, text: str) -> Self:
        day = super().__new__(cls, text)
        if not _PLAIN.fullmatch(day):
            raise ValueError(
                "write this date as YYYY-MM-DD, YYYY-MM or YYYY: no ?, ~, % or X, season, interval or time"
            )
        return day
