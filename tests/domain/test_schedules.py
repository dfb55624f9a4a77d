"""When what recurs is expected next. The rules are held against days counted by hand on a calendar."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from domain.edtf import When
from domain.schedules import Schedule, next_expected


def read(schedule: dict[str, Any]) -> Schedule:
    return Schedule.model_validate_json(json.dumps(schedule))


def runs(starts: str, most: int = 4, **schedule: Any) -> list[str]:
    """The first days on which it is expected, each run done on its day."""
    expected = read({"starts": starts, **schedule})
    found: list[str] = []
    last: When | None = None
    while len(found) < most and (last := next_expected(expected, When(starts), last)) is not None:
        found.append(str(last))
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
