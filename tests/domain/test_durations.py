"""When a term ends that is told as a duration."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.durations import Duration, day_after, end_of_term, months_later
from domain.edtf import When


@pytest.mark.parametrize(
    ("starts", "duration", "included", "end"),
    [
        ("2017-12-31", "P2M", None, "2018-02-27"),
        ("2017-12-31", "P2M", True, "2018-02-28"),
        ("2019-12-31", "P2M", True, "2020-02-29"),
        ("2017-10-29", "P6M", None, "2018-04-28"),
        ("2017-10-29", "P1Y", None, "2018-10-28"),
        ("2020-02-29", "P1Y", True, "2021-02-28"),
        ("2017-10-29", "P2W", None, "2017-11-11"),
        ("2017-10-29", "P1M3D", None, "2017-12-01"),
        ("2017-10-29", "PT72H", None, "2017-10-31"),
        ("2017-10-29", "PT36H", None, "2017-10-30"),
        ("2017-07", "P2M", None, "2017-08-31/2017-09-29"),
        ("2017-10-29T09:00+03:00", "PT72H", None, "2017-11-01T09:00+03:00"),
        ("2017-10-31T09:00+03:00", "P1M", None, "2017-11-30T09:00+03:00"),
        ("2017-10-29/..", "P2M", None, None),
        ("9999-12-01", "P2M", None, None),
    ],
)
def test_the_end_of_a_term(starts: str, duration: str, included: bool | None, end: str | None) -> None:
    assert end_of_term(When(starts), duration, last_day_included=included) == end


def test_months_are_those_of_the_calendar() -> None:
    assert months_later(date(2017, 12, 31), 2) == date(2018, 2, 28)
    assert months_later(date(2017, 12, 31), 12) == date(2018, 12, 31)


def test_what_follows_a_term_begins_on_the_day_after_it() -> None:
    assert day_after(When("2017-10-31")) == "2017-11-01"
    assert day_after(When("2017-10")) == "2017-10-02/2017-11-01"
    assert day_after(When("2017-10-31T09:00Z")) == "2017-10-31T09:00Z"
    assert day_after(When("2017-10-31/..")) is None


@pytest.mark.parametrize("text", ["P", "PT", "6M", "P-1M", "P1.5M", "P1H", "PT1S", "P6M ", "p6m"])
def test_what_is_no_duration_of_ours(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(text)
