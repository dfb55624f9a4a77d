"""Which figures can be compared: those that share what is measured, how it is counted, its unit, area and scope."""

from __future__ import annotations

from typing import Any

import pytest

from tests.spec import event

FIGURE: dict[str, Any] = {
    "measure": "fighters",
    "quantity": {"value": 2000},
    "counting": "stock",
    "area": [{"labels": [{"text": "Jarut"}]}, {"labels": [{"text": "Ruhaiba"}], "admin_code": "SY0304"}],
    "scope": "members of the groups",
}
ENROLLED: dict[str, Any] = {
    "quantity": {"value": 20000},
    "counting": "cumulative",
    "track": "militia",
    "category": "citizens",
    "area": [{"labels": [{"text": "Jarut"}]}],
    "scope": "adults",
}


def series(name: str, data: dict[str, Any]) -> Any:
    payload: Any = event(name, data=data).data
    return payload.series


@pytest.mark.parametrize(
    "same",
    [
        {"quantity": {"value": 11, "qualifier": "about"}},
        {"measure": "Fighters"},
        {"measure": " fight\u00aders\u200b"},
        {"scope": "members of\u00a0the  groups"},
        {"area": [{"labels": [{"text": "JARUT"}]}, FIGURE["area"][1], {"labels": [{"text": "Jarut\u200e"}]}]},
        {"scope": "Members of the groups"},
        {"area": FIGURE["area"][::-1]},
        {"period": "2017-10"},
        {"quantity": {"value": 1, "unit": "Persons"}},
    ],
)
def test_figures_compare_whatever_their_number_wording_or_order(same: dict[str, Any]) -> None:
    assert series("FigureReported", {**FIGURE, **same}) == series("FigureReported", FIGURE)


@pytest.mark.parametrize(
    "other",
    [
        {"measure": "population"},
        {"counting": "cumulative"},
        {"quantity": {"value": 2000, "unit": "households"}},
        {"area": None},
        {"area": FIGURE["area"][:1]},
        {"scope": None},
        {"scope": "deserters"},
    ],
)
def test_figures_do_not_compare_across_what_was_measured(other: dict[str, Any]) -> None:
    assert series("FigureReported", {**FIGURE, **other}) != series("FigureReported", FIGURE)


def test_an_assessment_compares_with_the_claims_it_weighs() -> None:
    judged = {**FIGURE, "assessor": "field office", "reason": "counted"}
    assert series("FigureAssessed", judged) == series("FigureReported", FIGURE)


@pytest.mark.parametrize("name", ["FigureReported", "EnrolmentReported"])
def test_a_flow_has_its_period(name: str) -> None:
    data = {**(FIGURE if name == "FigureReported" else ENROLLED), "counting": "flow", "period": "2017-10"}
    assert series(name, data)[1] == "flow"


def test_a_figure_is_no_count_of_a_register_whatever_its_measure() -> None:
    counted = {**ENROLLED, "quantity": {"value": 2}, "category": None}
    figure = {**FIGURE, "measure": "enrolled: militia", **{k: counted[k] for k in ("counting", "area", "scope")}}
    assert series("EnrolmentReported", counted)[0] == series("FigureReported", figure)[0]
    assert series("EnrolmentReported", counted) != series("FigureReported", figure)


@pytest.mark.parametrize("mark", "|\\+,")
def test_no_mark_within_a_text_is_taken_for_one_between_texts(mark: str) -> None:
    together = series("FigureReported", {**FIGURE, "measure": f"a{mark}b", "scope": "c"})
    apart = series("FigureReported", {**FIGURE, "measure": "a", "scope": f"b{mark}c"})
    assert together.key != apart.key
    places = [{"labels": [{"text": name}]} for name in ("a", "b", f"a{mark}b")]
    two = series("FigureReported", {**FIGURE, "area": places[:2]})
    one = series("FigureReported", {**FIGURE, "area": places[2:]})
    assert two.key != one.key


def test_an_enrolment_is_measured_by_track_and_category() -> None:
    assert series("EnrolmentReported", ENROLLED)[0] == "enrolled: militia, citizens"
    assert series("EnrolmentReported", {**ENROLLED, "track": None, "category": None})[0] == "enrolled: all tracks"


@pytest.mark.parametrize("same", [{"category": "Citizens"}, {"scope": "Adults"}, {"quantity": {"value": 3}}])
def test_enrolments_compare_whatever_their_number_or_wording(same: dict[str, Any]) -> None:
    assert series("EnrolmentReported", {**ENROLLED, **same}) == series("EnrolmentReported", ENROLLED)


@pytest.mark.parametrize(
    "other",
    [
        {"track": "disarm"},
        {"track": None},
        {"category": None},
        {"category": "fighters"},
        {"counting": "stock"},
        {"quantity": {"value": 20000, "unit": "households"}},
        {"area": None},
        {"scope": None},
    ],
)
def test_enrolments_do_not_compare_across_tracks_or_what_was_counted(other: dict[str, Any]) -> None:
    assert series("EnrolmentReported", {**ENROLLED, **other}) != series("EnrolmentReported", ENROLLED)


@pytest.mark.parametrize(
    "lacking", [{"area": None}, {"scope": None}, {"area": None, "scope": None, "track": None, "category": None}]
)
def test_what_is_left_out_is_what_is_not_said(lacking: dict[str, Any]) -> None:
    sparse = {key: value for key, value in ENROLLED.items() if key not in lacking}
    assert series("EnrolmentReported", sparse) == series("EnrolmentReported", {**ENROLLED, **lacking})
