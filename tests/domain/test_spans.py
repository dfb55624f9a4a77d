"""When a day has passed, when it is still to come, and which dates cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.edtf import END, Day, Span, When
from domain.publication import inside
from domain.spans import (
    begins,
    come_by,
    has_passed,
    looks_hijri,
    passes,
    second_of,
    still_to_come,
    told_before,
    years_apart,
)
from domain.zones import zone, zone_names
from tests.strategies import DATES

DAMASCUS, NEW_YORK, KIRITIMATI = zone("Asia/Damascus"), zone("America/New_York"), zone("Pacific/Kiritimati")
ZONES: tuple[tuple[tzinfo, ...], ...] = ((), (DAMASCUS,), (NEW_YORK,), (DAMASCUS, NEW_YORK), (UTC,))
SINCE = datetime(2017, 10, 26)  # noqa: DTZ001  a zone is added
NOWS = st.datetimes(SINCE, SINCE + timedelta(days=8), timezones=st.sampled_from((UTC, DAMASCUS, NEW_YORK)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- a day has passed -------------------------------------------------------------------------------------


def test_the_day_of_a_plan_has_not_passed_while_it_is_that_day_somewhere() -> None:
    """At eight in the evening in Lima it is the next day in UTC."""
    day = When("2024-03-10")
    assert not has_passed(day, at("2024-03-10T20:00:00-05:00"))
    assert not has_passed(day, at("2024-03-11T11:59:59Z"))
    assert has_passed(day, at("2024-03-11T12:00:00Z"))
    assert has_passed(day, at("2024-03-11T00:00:00-12:00"))


def test_with_a_zone_a_day_ends_at_midnight_there() -> None:
    day = When("2024-03-10")
    assert not has_passed(day, at("2024-03-10T23:59:59+03:00"), (DAMASCUS,))
    assert has_passed(day, at("2024-03-11T00:00:00+03:00"), (DAMASCUS,))
    assert not has_passed(day, at("2024-03-11T00:00:00+03:00"), (DAMASCUS, NEW_YORK)), "of two processes: in both"
    assert has_passed(day, at("2024-03-11T00:00:00-04:00"), (DAMASCUS, NEW_YORK))


@pytest.mark.parametrize(
    ("when", "zones", "second"),
    [
        ("2024-03-10T18:00Z", (), "2024-03-10T18:01:00Z"),
        ("2024-03-10T18:00:00+03:00", (NEW_YORK,), "2024-03-10T15:00:01Z"),
        ("2024-03-10/2024-03-12", (), "2024-03-13T12:00:00Z"),
        ("2024-03-10T18:00Z/2024-03-12", (DAMASCUS,), "2024-03-12T21:00:00Z"),
        ("2024-03-10/2024-03-12T18:00Z", (DAMASCUS,), "2024-03-12T18:01:00Z"),
        ("2024-03", (DAMASCUS,), "2024-03-31T21:00:00Z"),
        ("2024-03-10~", (UTC,), "2024-03-12T00:00:00Z"),
        ("../2024-03-10", (UTC,), "2024-03-11T00:00:00Z"),
        ("202X", (UTC,), "2030-01-01T00:00:00Z"),
    ],
)
def test_when_a_date_has_passed(when: str, zones: tuple[tzinfo, ...], second: str) -> None:
    moment = passes(When(when), zones)
    assert moment is not None
    assert moment.last == second_of(at(second))


@pytest.mark.parametrize("when", ["2024-03-10/..", "2024-03-10/", "9999-12-31", "9999", "9999-12-31~"])
def test_an_open_end_never_passes(when: str) -> None:
    assert passes(When(when)) is None
    assert not has_passed(When(when), at("9999-12-31T23:59:59Z"))


@pytest.mark.parametrize(
    ("place", "day", "begins_at", "ends_at"),
    [
        # Clocks are put forward at midnight, so the day begins at one.
        ("Asia/Damascus", "2017-03-31", "2017-03-31T01:00:00+03:00", "2017-04-01T00:00:00+03:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-26T01:00:00+03:00", "2024-04-27T00:00:00+03:00"),
        # Clocks are put back at midnight to eleven of the day that is ending.
        ("Asia/Beirut", "2017-10-28", "2017-10-28T00:00:00+03:00", "2017-10-29T00:00:00+02:00"),
        ("Asia/Beirut", "2017-10-29", "2017-10-29T00:00:00+02:00", "2017-10-30T00:00:00+02:00"),
        # Clocks are put back at one to midnight: the day begins at the first of two midnights.
        ("America/Havana", "2017-11-05", "2017-11-05T00:00:00-04:00", "2017-11-06T00:00:00-05:00"),
        # A day that was left out has no length.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
        ("Asia/Kathmandu", "2017-10-29", "2017-10-28T18:15:00Z", "2017-10-29T18:15:00Z"),
    ],
)
def test_days_on_which_clocks_change(place: str, day: str, begins_at: str, ends_at: str) -> None:
    beginning, end = begins(When(day), (zone(place),)), passes(When(day), (zone(place),))
    assert beginning == (second_of(at(begins_at)),) * 2
    assert end == (second_of(at(ends_at)),) * 2


# --- still to come ----------------------------------------------------------------------------------------


def test_what_is_dated_ahead_is_still_to_come() -> None:
    assert still_to_come(When("2062-03-03"), at("2024-03-04T09:00:00Z")) is True
    assert still_to_come(When("2024-03-03"), at("2024-03-04T09:00:00Z")) is False


@pytest.mark.parametrize(
    ("now", "unknown", "in_damascus"),
    [
        ("2024-03-09T09:59:59Z", True, True),
        ("2024-03-09T10:00:00Z", None, True),
        ("2024-03-09T20:59:59Z", None, True),
        ("2024-03-09T21:00:00Z", None, False),
        ("2024-03-10T11:59:59Z", None, False),
        ("2024-03-10T12:00:00Z", False, False),
    ],
)
def test_where_no_zone_is_known_a_day_comes_within_26_hours(now: str, unknown: bool | None, in_damascus: bool) -> None:
    assert still_to_come(When("2024-03-10"), at(now)) is unknown
    assert still_to_come(When("2024-03-10"), at(now), (DAMASCUS,)) is in_damascus


@pytest.mark.parametrize(
    "when", ["2024-03", "2024", "2024-03-10~", "2024-03-09/2024-04", "../2062", "2024-03-09/..", "/2062"]
)
def test_the_earliest_bound_decides(when: str) -> None:
    assert still_to_come(When(when), at("2024-03-09T12:00:00Z")) is False


def test_two_processes_in_two_zones_leave_it_open() -> None:
    now = at("2024-03-10T01:00:00+03:00")
    assert still_to_come(When("2024-03-10"), now, (DAMASCUS, NEW_YORK)) is None
    assert still_to_come(When("2024-03-10T00:30+03:00"), now, (DAMASCUS, NEW_YORK)) is False
    assert still_to_come(When("2024-03-10T01:00:01+03:00"), now) is True


# --- come by a horizon ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "cut", "zones", "expected"),
    [
        ("2024-03-10", "2024-03-10", (), True),
        ("2024-03-11", "2024-03-10", (), False),
        ("2024-03", "2024-03-10", (), None),
        ("2024-03-11", "2024-03-10T20:00-05:00", (), None),
        ("2024-03-11", "2024-03-10T20:00-05:00", (NEW_YORK,), False),
        ("2024-03-11", "2024-03-10T20:00-05:00", (DAMASCUS,), None),
        ("2024-03-10", "2024-03-10T20:00-05:00", (), None),
        ("2024-03-10", "2024-03-10T20:00-05:00", (DAMASCUS,), True),
        ("2024-03-10", "2024-03-10T20:00-05:00", (NEW_YORK,), None),
        ("2024-03-10", "2024-03-11T11:59Z", (), True),
        ("2024-03-09T23:00-05:00", "2024-03-09", (NEW_YORK,), True),
        ("2024-03-09T23:00-05:00", "2024-03-09", (DAMASCUS,), False),
        ("2024-03-09T23:00-05:00", "2024-03-09", (), None),
        ("2024-03-10/..", "2024-03-11", (), None),
        ("2024-03-10/..", "2024-03-11/..", (), True),
        ("2024-03-10T09:00Z", "2024-03-11/..", (), True),
        ("2024-03-10T09:00Z", "9999-12-31", (), True),
        ("../2024-03-10", "2024-03-01T00:00Z", (), None),
    ],
)
def test_what_had_come_by_a_horizon(when: str, cut: str, zones: tuple[tzinfo, ...], expected: bool | None) -> None:
    assert come_by(When(when), When(cut), zones) is expected


@given(st.sampled_from(DATES), st.sampled_from(DATES))
def test_without_a_zone_it_is_what_the_horizon_says(when: str, cut: str) -> None:
    """But for the end of a day, which comes at UTC-12 and not two hours later."""
    found, expected = come_by(When(when), When(cut)), inside(When(when).span, When(cut).span)
    assert found is expected or (expected is None and found is True and "T" in when + cut)


# --- laws -------------------------------------------------------------------------------------------------


@given(st.sampled_from(DATES), NOWS, st.sampled_from(ZONES))
def test_what_has_passed_is_not_to_come(when: str, now: datetime, zones: tuple[tzinfo, ...]) -> None:
    if has_passed(When(when), now, zones):
        assert still_to_come(When(when), now, zones) is False


@given(st.sampled_from(DATES), NOWS, st.timedeltas(timedelta(0), timedelta(days=3)), st.sampled_from(ZONES))
def test_time_only_goes_on(when: str, now: datetime, later: timedelta, zones: tuple[tzinfo, ...]) -> None:
    stages = [True, None, False]
    then = now.astimezone(UTC) + later
    assert stages.index(still_to_come(When(when), now, zones)) <= stages.index(still_to_come(When(when), then, zones))
    assert has_passed(When(when), now, zones) <= has_passed(When(when), then, zones)


@given(st.sampled_from(DATES), NOWS)
def test_several_zones_say_what_each_of_them_says(when: str, now: datetime) -> None:
    zones = (DAMASCUS, NEW_YORK, KIRITIMATI)
    each = {still_to_come(When(when), now, (one,)) for one in zones}
    assert still_to_come(When(when), now, zones) is (each.pop() if len(each) == 1 else None)
    assert has_passed(When(when), now, zones) == all(has_passed(When(when), now, (one,)) for one in zones)


@given(st.sampled_from(DATES), NOWS, st.integers(-12, 14))
def test_what_holds_everywhere_holds_in_any_zone(when: str, now: datetime, hours: int) -> None:
    there = (timezone(timedelta(hours=hours)),)
    if (everywhere := still_to_come(When(when), now)) is not None:
        assert still_to_come(When(when), now, there) is everywhere
    assert has_passed(When(when), now) <= has_passed(When(when), now, there)


# --- dates that cannot be ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("occurred", "published", "expected"),
    [
        ("2062-03-03", "2024-03-03", True),
        ("2024-03-05", "2024-03-03", True),
        ("2024-03-04", "2024-03-03", False),  # an evening in America, a morning in Asia
        ("2024-03-03", "2024-03-03", False),
        ("2024-03", "2024-03-03", False),
        ("2024-04", "2024-03", False),
        ("2024-05", "2024-03", True),
        ("2024-03-04T00:00Z", "2024-03-03T23:59:59Z", True),
        ("2024-03-03T23:59:59Z", "2024-03-03T23:59Z", False),
        ("2024-03-05T00:00Z", "2024-03-03", True),
        ("2024-03-04T23:00Z", "2024-03-03", False),
        ("2024-03-10/..", "2024-03-03", True),
        ("../2024-03-10", "2024-03-03", False),
    ],
)
def test_what_occurred_after_it_was_published(occurred: str, published: str, expected: bool) -> None:
    assert told_before(When(occurred).span, When(published).span) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1997-03-03", "2017-03-03", False),
        ("1997-03-03", "2017-03-04", True),
        ("1997", "2017-12-31", False),
        ("1997", "2018", True),
        ("1997", "2017", False),
        ("1997", "2018-01-01", True),
        ("1997-02", "2017-02-28", False),
        ("1996-02-29", "2016-02-29", False),
        ("1996-02-29", "2016-03-01", True),
        ("199X", "2019-12-31", False),
        ("199X", "2020", True),
        ("2017-03-03", "2017-03-03", False),
        ("../1997", "2030", True),
        ("1997/..", "2030", False),
    ],
)
def test_more_than_twenty_years_between_two_dates(one: str, other: str, expected: bool) -> None:
    assert years_apart(When(one).span, When(other).span) is expected
    assert years_apart(When(other).span, When(one).span) is expected


@pytest.mark.parametrize(
    "when", ["1439-02-07", "1396", "1300", "1500-12-31", "13XX", "143X", "1439-02-07/2017-10-29", "1396-08~"]
)
def test_hijri_years_of_our_time(when: str) -> None:
    assert looks_hijri(When(when))


@pytest.mark.parametrize(
    "when", ["2017-10-29", "1299", "1501", "1920", "2017-10-29/..", "../2017", "15XX", "1501-01-01"]
)
def test_years_that_are_none_of_these(when: str) -> None:
    assert not looks_hijri(When(when))


def test_a_day_of_publication_is_a_date_as_any_other() -> None:
    assert looks_hijri(Day("1439"))
    assert has_passed(Day("2017-10"), at("2017-11-01T12:00:00Z"))


def test_second_of_rounds_down() -> None:
    assert second_of(at("1970-01-01T00:00:00.999+00:00")) == 0
    assert second_of(at("1969-12-31T23:59:59.001+00:00")) == -1
    assert Span(0, END, timed=False).latest == END


# --- zones ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Asia/Damascus", "Asia/Aden", "Africa/Juba", "Europe/Kyiv", "UTC", "America/Bogota", "Asia/Calcutta"]
)
def test_zones_have_iana_names(name: str) -> None:
    assert zone(name) is zone(name)
    assert datetime(2024, 3, 10, tzinfo=zone(name)).utcoffset() is not None
    assert name in zone_names()


@pytest.mark.parametrize(
    "name",
    ["", "Damascus", "asia/damascus", "../zones", "/etc/localtime", "Asia", "GMT+3 ", "+03:00", "Asia/Damascus\0"],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="IANA name"):
        zone(name)


def test_all_zones_can_be_read() -> None:
    assert len(zone_names()) > 400
    for name in zone_names():
        assert passes(When("2024-03-10"), (zone(name),)) is not None
        assert begins(When("0001-01-01"), (zone(name),)) is not None
