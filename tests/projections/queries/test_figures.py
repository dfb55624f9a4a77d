"""Figures by claimant and series: nothing is added."""

from __future__ import annotations

import pytest

from projections.answers.figures import FigureSeries
from projections.queries import figures, status
from tests.projections.queries.asking import FIRST, figure, place
from tests.projections.world import NOW, Wire, opened, reading
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")


def figures_after(*history: Wire) -> list[FigureSeries]:
    with reading(*opened(FIRST), *history) as here:
        return figures.figures(here, "first").items


def test_the_newest_claim_of_each_claimant_stands_and_nothing_is_added() -> None:
    (line,) = figures_after(
        figure(2000, "army", "2017-10-27"),
        figure(1500, "army", "2017-10-01"),  # arrives late
        figure(1800, "elders", "2017-10-20", qualifier="at least"),
    )
    assert [(c["claimant"], c["value"], c["claims"], c["as_of"]) for c in line["claims"]] == [
        ("army", 2000, 2, "2017-10-27"),
        ("elders", 1800, 1, "2017-10-20"),
    ]
    assert line["contested"] is False
    assert line["span"] == {"low": 2000, "high": 2000}
    assert line["assessed"] == []


def test_the_span_is_what_all_claims_allow() -> None:
    (line,) = figures_after(figure(2000, "army", qualifier="up to"), figure(500, "elders", qualifier="more than"))
    assert line["span"] == {"low": 501, "high": 2000}
    (line,) = figures_after(figure(500, "elders", qualifier="at least"))
    assert line["span"] == {"low": 500, "high": None}


def test_claims_that_cannot_all_be_true_are_contested() -> None:
    calm, contested = (figure(2000, "army", scope="north"), figure(2001, "elders", scope="south"))
    first, second, *_ = figures_after(calm, contested, figure(5, "army", scope="south"))
    assert (first["scope"], first["contested"], first["span"]) == ("south", True, None)
    assert {c["value"] for c in first["claims"]} == {5, 2001}
    assert (second["scope"], second["contested"]) == ("north", False)


def test_a_claimed_zero_is_a_claim() -> None:
    (line,) = figures_after(figure(0, "army"), figure(3, "elders"))
    assert line["contested"]
    assert {c["value"] for c in line["claims"]} == {0, 3}


def test_another_counting_unit_or_area_is_another_series() -> None:
    found = figures_after(
        figure(1),
        figure(2, counting="cumulative"),
        figure(3, counting="flow", period="2017-10"),
        figure(4, area=[place("Jarut", "SY0304")]),
        figure(5, area=[place("Jarud", "SY0304")]),
    )
    assert len(found) == 4
    assert not any(line["contested"] for line in found if line["counting"] != "stock")
    (stated,) = [line for line in found if line["area_stated"]]
    assert (stated["area"], stated["contested"]) == (["Jarud"], False), "two names, one P-code; its newest claim stands"
    assert {line["area"] for line in found if not line["area_stated"]} == {None}


def test_an_assessment_stands_beside_the_claims() -> None:
    data = {
        "measure": "Fighters",
        "quantity": {"low": 10, "high": 20},
        "assessor": "field office",
        "reason": "Counted.",
    }
    (line,) = figures_after(figure(2000, "army"), wire("FigureAssessed", subject=FIRST, data=data))
    assert [c["claimant"] for c in line["claims"]] == ["army"]
    assert [(a["claimant"], a["low"], a["high"], a["reason"]) for a in line["assessed"]] == [
        ("field office", 10, 20, "Counted.")
    ]
    assert line["span"] == {"low": 2000, "high": 2000}, "a judgement does not narrow what is claimed"
    assert not line["contested"]


def test_only_an_assessment_has_no_span() -> None:
    (line,) = figures_after(wire("FigureAssessed", subject=FIRST))
    assert (line["claims"], line["span"], line["contested"]) == ([], None, False)


def test_counts_of_a_register_stand_with_it_and_among_the_figures() -> None:
    register = "enrolments/first"
    quantity = {"value": 20000, "qualifier": "more than"}
    joined = wire("EnrolmentReported", subject=register, data={"quantity": quantity, "counting": "cumulative"})
    with reading(*opened(FIRST, register), joined) as here:
        shown, _ = status.process_status(here, "first", NOW)
        assert shown["figures"] == []
        (enrolment,) = shown["enrolments"]
        (count,) = enrolment["counts"]
        assert count == figures.figures(here, "first").items[0]
        assert (count["measure"], count["claims"][0]["low"], count["area_stated"]) == (
            "enrolled: all tracks",
            20001,
            False,
        )
        assert joined["id"] in shown["evidence"]
