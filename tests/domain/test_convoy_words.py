"""Given these reports of corridors, movements and registers, then it is so."""

from __future__ import annotations

from typing import Any

import pytest

from domain import families
from domain.enrolments import EnrolmentReported
from domain.errors import Malformed
from domain.event import Event
from domain.finding import Finding
from domain.findings.reports import content_key
from tests.spec import contested, event, fold_of, given

DAY, LATER = "2017-10-28", "2017-10-30"


def told(name: str, occurred: str = DAY, **data: Any) -> Event:
    return event(name, subject="convoys/first", occurred=occurred, data=data)


def reported(**data: Any) -> Event:
    whole = {"processes": ["p"], "kind": "corridor", "title": [{"text": "Corridor"}], **data}
    return event("ConvoyReported", subject="convoys/first", occurred="2017-10-27", data=whole)


def passage(code: str, occurred: str = DAY, **data: Any) -> Event:
    return told("PassageReported", occurred, passage=code, **data)


def due(*events: Event) -> list[tuple[str, str]]:
    return [(one.what, str(one.when)) for one in families.due(fold_of(*events))]


def found(rule: str, *events: Event) -> list[Finding]:
    return [one for one in families.findings(events[0].subject, fold_of(*events)) if one.rule == rule]


def stages(*events: Event) -> set[str]:
    return {seen.stage for seen in fold_of(*events).stage.values}


def test_announced_is_not_opened_and_opened_is_not_used() -> None:
    announced = passage("announced", on="2017-10-29", hours=[{"opens": "09:00", "closes": "17:00", "days": ["Sunday"]}])
    assert due(reported(), announced) == [("opening", "2017-10-29")]
    (passed,) = found("plan-date-passed", reported(), announced)
    assert passed.text.startswith("The opening planned for 2017-10-29")
    opened = passage("opened", "2017-10-29", means=["private vehicles", "on foot"])
    assert stages(reported(), announced, opened) == {"opened"}
    assert due(reported(), announced, opened) == []
    people = [{"category": "civilians", "quantity": {"value": 300}}]
    assert stages(reported(), opened, passage("used", "2017-10-29", people=people)) == {"used"}


def test_whether_it_opened_is_unclear_or_contested() -> None:
    announced = passage("announced", "2017-10-28")
    assert stages(announced, passage("unclear whether it opened", "2017-10-29")) == {"unclear whether it opened"}
    opened, failed = passage("opened", "2017-10-29"), passage("failed", "2017-10-29")
    assert stages(announced, opened, failed) == {"failed"}, "it opened, and broke off"
    assert stages(passage("used", "2017-10-29"), failed) == {"used", "failed"}


def test_a_movement_is_put_off_and_has_another_date() -> None:
    planned = reported(kind="movement", planned="2017-10-29")
    put_off = told("ConvoyPostponed", until="2017-11-03")
    given(planned, put_off).then(stage="postponed")
    assert due(planned, put_off) == [("departure", "2017-11-03")]
    assert due(planned, told("ConvoyPostponed")) == []
    assert stages(planned, put_off, told("ConvoyDeparted", "2017-11-03")) == {"departed"}


def test_departed_and_postponed_on_one_day_is_departed() -> None:
    departed, put_off = told("ConvoyDeparted"), told("ConvoyPostponed")
    given(reported(), told("ClearanceGranted", by="government", form="final"), put_off, departed).then(stage="departed")
    arrived, back = told("ConvoyArrived"), told("ConvoyTurnedBack")
    given(arrived, back).then(stage=contested({"arrived": arrived, "turned back": back}))


def test_who_arrived_where_and_which_goods_were_refused() -> None:
    people = [
        {"category": "fighters", "quantity": {"value": 40}, "place": {"labels": [{"text": "North"}]}},
        {"category": "families", "place": {"labels": [{"text": "South"}]}},
    ]
    goods = [{"description": "surgical kits", "quantity": {"value": 12, "unit": "kits"}}]
    (arrived,) = fold_of(told("ConvoyArrived", people=people, refused=goods)).arrival.values
    assert [cohort.place.labels[0].text for cohort in arrived.people] == ["North", "South"]
    assert arrived.refused[0].description == "surgical kits"


def test_a_series_has_a_last_run_and_the_next_one_may_be_missed() -> None:
    weekly = {"rule": "FREQ=WEEKLY;BYDAY=MO"}
    series = reported(kind="aid", series=True, schedule=weekly, last_run="2017-10-23")
    assert due(series) == [("next run", "2017-10-30")]
    arrived = told("ConvoyArrived", "2017-10-30")
    assert due(series, arrived) == [("next run", "2017-11-06")]
    (missed,) = found("run-missed", series, arrived)
    assert "expected by 2017-11-06" in missed.text
    assert found("run-missed", series, told("ConvoyCancelled", LATER)) == []


def test_a_series_that_went_less_often_than_agreed_has_missed_a_run() -> None:
    series = reported(kind="aid", series=True, schedule={"times": 3, "per": "week", "starts": "2017-10-30"})
    twice = [told("ConvoyDeparted", "2017-10-30"), told("ConvoyArrived", "2017-10-31")]
    twice.append(told("ConvoyDeparted", "2017-11-02"))
    assert due(series, *twice) == [("next run", "2017-11-05")]
    (missed,) = found("run-missed", series, *twice)
    assert missed.text == (
        "The next run was expected by 2017-11-05: 2 of 3 runs are reported for 2017-10-30 to 2017-11-05."
    )
    third = told("ConvoyArrived", "2017-11-05")
    used = told("PassageReported", "2017-11-04", passage="used")
    assert due(series, *twice, used, third) == [("next run", "2017-11-12")]


def test_hours_are_those_of_a_clock() -> None:
    with pytest.raises(Malformed, match="/data/hours/0/opens"):
        passage("opened", hours=[{"opens": "9am"}])


def test_a_stage_of_a_programme_is_a_series_of_its_own() -> None:
    def counted(**data: Any) -> EnrolmentReported:
        whole = {"quantity": {"value": 10}, "counting": "cumulative", **data}
        payload = event("EnrolmentReported", subject="enrolments/first", data=whole).data
        assert isinstance(payload, EnrolmentReported)
        return payload

    weapons = [{"description": "rifles", "quantity": {"value": 8, "unit": "rifles"}}]
    screened, refused = counted(stage="screened", handed_over=weapons), counted(stage="refused", track="amnesty")
    assert screened.series != counted().series
    assert (screened.title, refused.title) == ("screened: all tracks", "refused: amnesty")
    assert counted().series.enrolled == ("", "")


def test_an_undated_fact_keeps_the_words_of_the_source_beside_its_bound() -> None:
    bound = event("TalksConvened", occurred="../2017-07", dating="before the truce of July", data={})
    assert (str(bound.occurred), bound.dating) == ("../2017-07", "before the truce of July")
    assert content_key(bound) == content_key(event("TalksConvened", occurred="../2017-07", data={}))
