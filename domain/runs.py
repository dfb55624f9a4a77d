"""The runs of what recurs, so that "three times per week" can be checked: how many are reported in a period.

Reports do not number the runs they tell of. Several claimants who tell of one day tell of one run; whether one claimant
who tells twice of a day tells of two is not known. An arrival is that of a departure of the week before it, if
there is one. So a count is a range: the least is certain, the most is possible. A run that is dated by a month is
possible in each of its weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from domain.edtf import Span, When
from domain.schedules import Per, Schedule, begin_of, next_expected, period_of, second_of_day
from domain.spans import DAY

KEPT_FOR: Final = {Per.DAY: 15 * DAY, Per.WEEK: 28 * DAY, Per.MONTH: 100 * DAY, Per.YEAR: 3 * 366 * DAY}
"""Seconds before the newest run for which runs are kept: two periods, and the departures before them."""
MOST_KEPT: Final = 2000
MOST_KEPT_UNASKED: Final = 100
"""Runs that are kept while no schedule counts them; one may be reported that begins with them."""
TRAVELS_WITHIN: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class Run:
    """One report of a run."""

    when: When
    by: str
    """The key of the claimant."""
    arrives: bool = False
    possible: bool = False
    """Whether, at the horizon, it may not have come about yet."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many runs are reported of how many that are expected in a period."""

    expected: int
    least: int
    most: int
    first: When
    last: When
    """First and last day of the period."""

    @property
    def is_short(self) -> bool:
        return self.most < self.expected

    @property
    def seen(self) -> str:
        return f"{self.least}" if self.least == self.most else f"{self.least}, perhaps {self.most},"

    def __str__(self) -> str:
        runs = "run is" if self.expected == 1 else "runs are"
        return f"{self.seen} of {self.expected} {runs} reported for {self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a schedule expects after the last run."""

    by: When
    """The last day on which it is expected."""
    counted: Counted | None = None
    """Of so many per period: the period that ends on that day."""
    before: Counted | None = None
    """The period before it, if it has too few, and the one that goes on has not yet made up for it."""


def kept(runs: tuple[Run, ...], new: Run, schedules: Iterable[Schedule]) -> tuple[Run, ...]:
    """The runs after one more report: of long ago none, since only the last periods are counted."""
    within = [KEPT_FOR[schedule.per] for schedule in schedules if schedule.per is not None]
    every = (*runs, new)
    if len(every) <= MOST_KEPT_UNASKED:
        return every
    newest = max(run.when.span.earliest for run in every)
    recent = tuple(run for run in every if not within or run.when.span.latest >= newest - max(within))
    return recent[-(MOST_KEPT if within else MOST_KEPT_UNASKED) :]


def expected(schedule: Schedule, reported: When, last: When | None, runs: Iterable[Run]) -> Expected | None:
    """What a schedule expects next; None if nothing is, or it cannot be told.

    Args:
        schedule: when it is expected.
        reported: when the schedule was reported, if it names no start.
        last: when it was last done, for a rule.
        runs: the reports of runs, for so many per period.
    """
    if schedule.per is None or schedule.times is None:
        day = next_expected(schedule, reported, last)
        return Expected(day) if day is not None else None
    every = [*_each_once(runs)]
    begun = max((run.when.span.earliest for run in every), default=None)
    over = max((run.when.span.latest for run in every), default=None)
    newest, last_possible = (period_of(schedule, reported, second) for second in (begun, over))
    if newest is None or last_possible is None:
        return None
    try:
        for number in (newest, newest + 1, last_possible + 1):
            counted = _in_period(schedule, reported, number, every)
            if counted.is_short:
                break
        before = _in_period(schedule, reported, number - 1, every) if number else None
    except (ValueError, OverflowError):  # past the years there are
        return None
    return Expected(counted.last, counted, before if before is not None and before.is_short else None)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is reported of the runs of one span."""

    when: When
    least: int
    most: int


def _each_once(runs: Iterable[Run]) -> Iterator[_Told]:
    """The runs of each span; an arrival after a departure is the same run."""
    told: dict[tuple[Span, bool], list[Run]] = {}
    for run in runs:
        told.setdefault((run.when.span, run.arrives), []).append(run)
    under_way: list[int] = []
    for (span, arrives), reports in sorted(
        told.items(), key=lambda one: (one[0][0].latest, one[0][0].earliest, one[0][1])
    ):
        by = [run.by for run in reports]
        most = max(by.count(claimant) for claimant in dict.fromkeys(by))
        if arrives:
            under_way = [left for left in under_way if left >= span.earliest - TRAVELS_WITHIN]
            arrived, under_way = under_way[:most], under_way[most:]
            most -= len(arrived)
        else:
            under_way += [span.latest] * most
        if most:
            certain = not (arrives and arrived) and not all(run.possible for run in reports)
            yield _Told(reports[0].when, int(certain), most)


def _in_period(schedule: Schedule, reported: When, number: int, runs: Iterable[_Told]) -> Counted:
    first, after = (begin_of(schedule, reported, n) for n in (number, number + 1))
    low, high = second_of_day(first), second_of_day(after)
    inside = [run for run in runs if run.when.span.latest >= low and run.when.span.earliest < high]
    within = (run.least for run in inside if low <= run.when.span.earliest and run.when.span.latest < high)
    last = after - timedelta(days=1)
    most = sum(run.most for run in inside)
    return Counted(schedule.times or 0, sum(within), most, _when(first), _when(last))


def _when(day: date) -> When:
    return When(f"{day}")
