"""Dates against the clock: when a day has passed, when it is still to come, and which dates cannot be.

A date without a zone begins somewhere 14 hours before the UTC day of its name, and has ended everywhere 12 hours after
it. The zones of the processes of a subject narrow that. Here, and nowhere else, zones play a part: the order of events
and the folds know none, and compare calendar dates as dates of one place (`domain.edtf.Span.precedes`).

`zones` are those of the processes of a subject; none means that its zone is not known, and anything holds only when it
holds everywhere: where a process has no zone or reports contradict each other on it, and for actors and places.

All seconds are counted from 1970-01-01T00:00:00 UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from domain.edtf import BEGINNING, END, Span, When

DAY: Final = 86_400
FIRST_MIDNIGHT: Final = -14 * 3600
"""Seconds from midnight in UTC to the first midnight of the same date anywhere, at UTC+14."""
LAST_MIDNIGHT: Final = 12 * 3600
"""Seconds from midnight in UTC to the last midnight of the same date anywhere, at UTC-12."""
HIJRI_YEARS: Final = When("1300/1500")
"""Years of our time in the Islamic calendars, lunar and solar. In ours no event of today lies in them."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_SECOND: Final = timedelta(seconds=1)
_PAST_HIJRI: Final = HIJRI_YEARS.span.latest + DAY


Zones = Collection[tzinfo]
"""The zones of the processes of a subject; none means that anything holds only when it holds everywhere."""
ANYWHERE: Final[Zones] = ()


class Moment(NamedTuple):
    """A second, as far as it is known: it depends on the zone."""

    first: int
    last: int


def second_of(moment: datetime) -> int:
    """The second in which a moment lies; `moment` must have an offset."""
    return (moment - _EPOCH) // _SECOND


# --- beginning and end ------------------------------------------------------------------------------------


def begins(when: When, zones: Zones = ANYWHERE) -> Moment | None:
    """The first second that a date allows; None if its beginning is open."""
    start, _ = _ends_of(when)
    if start is None:
        return None
    return Moment(start.earliest, start.earliest) if start.timed else _midnight(start.earliest, zones)


def passes(when: When, zones: Zones = ANYWHERE) -> Moment | None:
    """The second after the last one that a date allows; None if its end is open."""
    _, end = _ends_of(when)
    if end is None or end.latest >= END:
        return None
    return Moment(end.latest + 1, end.latest + 1) if end.timed else _midnight(end.latest + 1, zones)


@lru_cache(maxsize=1 << 12)
def _ends_of(when: str) -> tuple[Span | None, Span | None]:
    """The two ends of a date, each with bounds of its own: one may be a day and the other an instant."""
    before, slash, after = when.partition("/")
    if not slash:
        span = When(when).span
        return span, span
    start, end = (None if part in ("", "..") else When(part).span for part in (before, after))
    return start, end


def _midnight(utc: int, zones: Zones) -> Moment:
    """The first second of a day, given that of the UTC day of its name."""
    if not zones:
        return Moment(utc + FIRST_MIDNIGHT, utc + LAST_MIDNIGHT)
    seconds = [_midnight_in(utc, zone) for zone in zones]
    return Moment(min(seconds), max(seconds))


@lru_cache(maxsize=1 << 12)
def _midnight_in(utc: int, zone: tzinfo) -> int:
    # Where clocks are put forward at midnight, a day begins at the second in which that happens: the offset before it
    # still counts for the midnight that does not exist. Where they are put back after it, it begins at the first one.
    offset = datetime.fromordinal(utc // DAY + _EPOCH_DAY).replace(tzinfo=zone).utcoffset()
    assert offset is not None  # noqa: S101  a zone has an offset at any time
    return utc - offset // _SECOND


# --- against the clock ------------------------------------------------------------------------------------


def has_passed(when: When, now: datetime, zones: Zones = ANYWHERE) -> bool:
    """Whether all that a date allows lies before `now`, in each of the zones. An open end never passes."""
    moment = passes(when, zones)
    return moment is not None and second_of(now) >= moment.last


def moment_after(when: When, zones: Zones, seconds: int = 0) -> int | None:
    """So many seconds after a date has passed in each of the zones, in seconds since 1970; None if its end is open."""
    moment = passes(when, zones)
    return None if moment is None else moment.last + seconds


def found_passed(when: When, zones: Zones, seconds: int = 0) -> int | None:
    """The same for a finding: also None of years of the Islamic calendars, which are a finding of their own."""
    moment = moment_after(when, zones, seconds)
    return None if moment is not None and moment - seconds <= _PAST_HIJRI and looks_hijri(when) else moment


def first_to_pass(dates: Iterable[When], zones: Zones) -> When | None:
    """The date that has passed before the others; None if none of them ever passes."""
    return min((when for when in dates if passes(when, zones)), key=_passing(zones), default=None)


def first_passing(dates: Iterable[When], zones: Zones) -> int | None:
    """The second at which the first of several dates has passed; None if none of them ever does."""
    return min((moment.last for when in dates if (moment := passes(when, zones)) is not None), default=None)


def last_to_pass(dates: Iterable[When], zones: Zones) -> When | None:
    """The date that passes after the others; None if one of them never passes, or there is none."""
    known = list(dates)
    return max(known, key=_passing(zones)) if known and all(passes(when, zones) for when in known) else None


def _passing(zones: Zones) -> Callable[[When], tuple[int, str]]:
    return lambda when: (moment.last if (moment := passes(when, zones)) is not None else END, when)


def end_of(when: When, zones: Zones = ANYWHERE) -> int:
    """The last second of a date, as a clock that is set to its end: in the zone, if there is one, else in UTC."""
    moment = passes(when, zones) if zones and not when.span.timed else None
    return when.span.latest if moment is None else moment.last - 1


def local_day(second: int, zones: Zones = ANYWHERE) -> int:
    """The calendar day of a second, in days since 1970-01-01: the first one there is in the zones; in UTC without."""
    moment = _EPOCH + timedelta(seconds=min(max(second, BEGINNING + DAY), END - DAY))
    return min((moment.astimezone(zone).toordinal() for zone in zones), default=moment.toordinal()) - _EPOCH_DAY


def next_day(second: int, zones: Zones = ANYWHERE) -> int:
    """The first second of the calendar day after that of `second`, in the first of the zones; in UTC without."""
    midnight = (local_day(second, zones) + 1) * DAY
    return min((moment for zone in zones if (moment := _midnight_in(midnight, zone)) > second), default=midnight)


def first_day(when: When, zones: Zones = ANYWHERE) -> int:
    """The first second of the first calendar day that a date allows, read as a day in UTC; `BEGINNING` if it is open.

    The day of an instant depends on the zone: the earliest one of those that there may be.
    """
    start, _ = _ends_of(when)
    if start is None:
        return BEGINNING
    if not start.timed:
        return start.earliest
    return local_day(start.earliest, zones) * DAY if zones else (start.earliest - LAST_MIDNIGHT) // DAY * DAY


def still_to_come(when: When, now: datetime, zones: Zones = ANYWHERE) -> bool | None:
    """Whether the first moment that a date allows lies after `now`; None if that depends on the zone.

    An actual report of such a date tells of what has not happened yet.
    """
    moment = begins(when, zones)
    if moment is None or second_of(now) >= moment.last:
        return False
    return True if second_of(now) < moment.first else None


def come_by(when: When, cut: When, zones: Zones = ANYWHERE) -> bool | None:
    """Whether what has this date had come by the end of `cut`: True, False, or None, which means possibly.

    Two calendar dates are dates of one place. A calendar date beside an instant is one of the zones.
    """
    if not any(end is not None and end.timed for end in (*_ends_of(when), _ends_of(cut)[1])):
        if cut.span.precedes(when.span):
            return False
        return True if when.span.latest <= cut.span.latest else None
    until = passes(cut, zones)
    if until is None:
        return True
    beginning, end = begins(when, zones), passes(when, zones)
    if beginning is not None and beginning.first >= until.last:
        return False
    return True if end is not None and end.last <= until.first else None


def known_end(when: When) -> When | None:
    """The date itself; of one that is open on one side, the end that is known; None if it is open on both."""
    if "/" not in when:
        return when
    first, _, last = when.partition("/")
    if not {first, last} & {"", ".."}:
        return when
    known = [end for end in (first, last) if end not in ("", "..")]
    return When(known[0]) if known else None


def begun_by(when: When, cut: When, zones: Zones = ANYWHERE) -> bool | None:
    """Whether what has this date had come by the end of `cut`, as `come_by` has it, or, if its end is open, begun."""
    start, slash, end = when.partition("/")
    open_end = slash and end in ("", "..") and start not in ("", "..")
    return come_by(When(start) if open_end else when, cut, zones)


# --- dates that cannot be ---------------------------------------------------------------------------------


def told_before(occurred: Span, published: Span) -> bool:
    """Whether something occurred after it was published, which cannot be.

    Source and event may lie in different zones, so more than a day must lie between them, unless both are instants.
    """
    leeway = 0 if occurred.timed and published.timed else DAY
    return published.latest + leeway < occurred.earliest


def years_apart(one: Span, other: Span, years: int = 20) -> bool:
    """Whether certainly more than so many years lie between two dates, whichever comes first."""
    earlier, later = (one, other) if one.latest < other.earliest else (other, one)
    until, since = _date(earlier.latest), _date(later.earliest)
    return until < since and (since.year - until.year, since.month, since.day) > (years, until.month, until.day)


def looks_hijri(when: When) -> bool:
    """Whether a date, or an end of it, lies wholly in `HIJRI_YEARS`."""
    return any(
        end is not None and HIJRI_YEARS.span.earliest <= end.earliest and end.latest <= HIJRI_YEARS.span.latest
        for end in _ends_of(when)
    )


def _date(second: int) -> date:
    return date.fromordinal(second // DAY + _EPOCH_DAY)
