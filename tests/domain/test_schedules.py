"""When what recurs is expected next. The rules are held against days counted by hand on a calendar."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from domain.edtf import When
from domain.runs import KEPT_FOR, Run, kept
from domain.runs import expected as expected_after
from domain.schedules import Per, Schedule, next_expected


def read(schedule: dict[str, Any]) -> Schedule:
    return Schedule.model_validate_json(json.dumps(schedule))


def runs(starts: str, most: int = 4, **schedule: Any) -> list[str]:
    """The first days on which it is expected, each run done on its day."""
    expected = read({"starts": starts, **schedule})
    found: list[str] = []
    last: When | None = None
    done: list[Run] = []
    while len(found) < most and (run := expected_after(expected, When(starts), last, done)) is not None:
        found.append(str(last := run.by))
        done += [Run(last, "radio")] * (expected.times or 0)
    return found


@pytest.mark.parametrize(
    ("starts", "rule", "days"),
    [
        ("2017-10-30", "FREQ=DAILY;INTERVAL=3", ["2017-10-30", "2017-11-02", "2017-11-05", "2017-11-08"]),
        ("2017-10-27", "FREQ=DAILY;COUNT=2", ["2017-10-27", "2017-10-28"]),
        ("2017-10-27", "FREQ=WEEKLY", ["2017-10-27", "2017-11-03", "2017-11-10", "2017-11-17"]),
        ("2017-10-27", "FREQ=WEEKLY;BYDAY=MO,TH", ["2017-10-30", "2017-11-02", "2017-11-06", "2017-11-09"]),
        ("2017-10-27", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", ["2017-10-27", "2017-11-10", "2017-11-24", "2017-12-08"]),
        ("2017-10-27", "FREQ=WEEKLY;UNTIL=20171105", ["2017-10-27", "2017-11-03"]),
        ("2018-01-31", "FREQ=MONTHLY", ["2018-01-31", "2018-03-31", "2018-05-31", "2018-07-31"]),
        ("2018-01-31", "FREQ=MONTHLY;BYMONTHDAY=-1", ["2018-01-31", "2018-02-28", "2018-03-31", "2018-04-30"]),
        ("2017-10-01", "FREQ=MONTHLY;BYDAY=-1FR", ["2017-10-27", "2017-11-24", "2017-12-29", "2018-01-26"]),
        ("2017-10-01", "FREQ=MONTHLY;BYDAY=1MO,5MO", ["2017-10-02", "2017-10-30", "2017-11-06", "2017-12-04"]),
        ("2016-02-29", "FREQ=YEARLY", ["2016-02-29", "2020-02-29", "2024-02-29", "2028-02-29"]),
    ],
)
def test_a_rule(starts: str, rule: str, days: list[str]) -> None:
    assert runs(starts, rule=rule) == days


def test_so_many_per_period_is_expected_by_the_end_of_each_period() -> None:
    assert runs("2017-10-30", times=2, per="week", most=2) == ["2017-11-05", "2017-11-12"]
    assert runs("2017-10-31", times=1, per="month", most=3) == ["2017-11-29", "2017-12-30", "2018-01-30"]
    assert runs("2017-10-30", times=1, per="day", most=2) == ["2017-10-30", "2017-10-31"]
    assert runs("2016-02-29", times=1, per="year", most=2) == ["2017-02-27", "2018-02-27"]


def test_a_run_long_after_the_start_is_found_at_once() -> None:
    daily = Schedule(rule="FREQ=DAILY;INTERVAL=3")
    assert next_expected(daily, When("1000-01-01"), When("9999-11-01")) == "9999-11-04"
    assert next_expected(daily, When("1000-01-01"), When("9999-12-31")) is None


def test_a_start_that_is_open_tells_nothing() -> None:
    assert next_expected(Schedule(rule="FREQ=DAILY"), When("2017-10-27/.."), None) is None
    assert next_expected(Schedule(rule="FREQ=DAILY"), When("../2017-10-27"), None) == "2017-10-27"


@pytest.mark.parametrize(
    "schedule",
    [
        {},
        {"times": 1},
        {"rule": "FREQ=DAILY", "times": 1, "per": "week"},
        {"rule": "FREQ=HOURLY"},
        {"rule": "FREQ=DAILY;BYDAY=MO"},
        {"rule": "FREQ=WEEKLY;BYDAY=1MO"},
        {"rule": "FREQ=WEEKLY;BYMONTHDAY=1"},
        {"rule": "FREQ=MONTHLY;BYDAY=MO"},
        {"rule": "FREQ=MONTHLY;BYMONTHDAY=32"},
        {"rule": "FREQ=DAILY;COUNT=2;UNTIL=20171231"},
        {"rule": "FREQ=DAILY;UNTIL=20171331"},
        {"rule": "FREQ=DAILY;UNTIL=20171231T000000Z"},
        {"rule": "FREQ=DAILY;INTERVAL=0"},
        {"rule": "FREQ=DAILY;INTERVAL=1;INTERVAL=2"},
        {"rule": "FREQ=DAILY;BYSETPOS=1"},
    ],
)
def test_what_cannot_be_checked_is_refused(schedule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(schedule)


THREE_A_WEEK = Schedule(starts=When("2017-10-30"), times=3, per=Per.WEEK)


def counted(*reports: Run, schedule: Schedule = THREE_A_WEEK) -> list[str]:
    """What is expected after some reports of runs, in words: the period before first, if it is short."""
    run = expected_after(schedule, When("2017-10-30"), None, reports)
    assert run is not None
    return [str(period) for period in (run.before, run.counted) if period is not None]


def ran(when: str, by: str = "radio", *, arrives: bool = False, possible: bool = False) -> Run:
    return Run(When(when), by, arrives, possible)


def test_runs_are_counted_in_their_period() -> None:
    assert counted() == ["0 of 3 runs are reported for 2017-10-30 to 2017-11-05"]
    assert counted(ran("2017-10-30"), ran("2017-11-02")) == ["2 of 3 runs are reported for 2017-10-30 to 2017-11-05"]
    three = [ran("2017-10-30"), ran("2017-11-02"), ran("2017-11-05")]
    assert counted(*three) == ["0 of 3 runs are reported for 2017-11-06 to 2017-11-12"]
    assert counted(*three, ran("2017-11-06")) == ["1 of 3 runs are reported for 2017-11-06 to 2017-11-12"]


def test_a_short_period_is_told_until_a_later_one_is_full() -> None:
    short = [ran("2017-10-30"), ran("2017-11-02"), ran("2017-11-06")]
    first, second = "2 of 3 runs are reported for 2017-10-30 to 2017-11-05", "for 2017-11-06 to 2017-11-12"
    assert counted(*short) == [first, f"1 of 3 runs are reported {second}"]
    full = [*short, ran("2017-11-07"), ran("2017-11-08")]
    assert counted(*full) == ["0 of 3 runs are reported for 2017-11-13 to 2017-11-19"]


def test_several_who_tell_of_one_day_tell_of_one_run() -> None:
    told = [ran("2017-10-30"), ran("2017-10-30", "office"), ran("2017-10-31", "office")]
    assert counted(*told) == ["2 of 3 runs are reported for 2017-10-30 to 2017-11-05"]
    twice = [ran("2017-10-30"), ran("2017-10-30")]
    assert counted(*twice) == ["1, perhaps 2, of 3 runs are reported for 2017-10-30 to 2017-11-05"]


def test_an_arrival_is_that_of_the_departure_before_it() -> None:
    away = [ran("2017-10-30"), ran("2017-10-31", arrives=True), ran("2017-11-01"), ran("2017-11-01", arrives=True)]
    assert counted(*away) == ["2 of 3 runs are reported for 2017-10-30 to 2017-11-05"]
    assert counted(ran("2017-10-30", arrives=True)) == ["1 of 3 runs are reported for 2017-10-30 to 2017-11-05"]
    month_later = [ran("2017-10-30"), ran("2017-12-01", arrives=True)]
    assert counted(*month_later)[-1] == "1 of 3 runs are reported for 2017-11-27 to 2017-12-03"


def test_what_is_dated_vaguely_is_possible_and_misses_nothing() -> None:
    vague = [ran("2017-11-01"), ran("2017-11-02"), ran("2017-11")]
    assert counted(*vague)[0].startswith("0, perhaps 1, of 3 runs are reported for 2017-11-06")
    assert counted(ran("2017-11-01", possible=True)) == [
        "0, perhaps 1, of 3 runs are reported for 2017-10-30 to 2017-11-05"
    ]
    once = Schedule(starts=When("2017-10-30"), times=1, per=Per.WEEK)
    assert counted(ran("2017-11"), schedule=once) == ["0 of 1 run is reported for 2017-12-04 to 2017-12-10"]
    assert expected_after(once, When("2017-10-30"), None, [ran("2017-10-30/..")]) is None


def test_of_long_ago_no_runs_are_kept() -> None:
    runs: tuple[Run, ...] = ()
    for month in range(1, 13):
        for day in range(1, 29):
            runs = kept(runs, ran(f"2017-{month:02}-{day:02}"), [THREE_A_WEEK])
    assert runs[-1].when == "2017-12-28"
    assert len(runs) <= 100
    assert runs[-1].when.span.latest - KEPT_FOR[Per.WEEK] < runs[-20].when.span.latest
