"""Tolls of incidents, parts of numbers, and counts of violations in the status."""

from __future__ import annotations

from datetime import timedelta
from itertools import repeat
from typing import Any

import pytest

from projections.answers.lines import fields_of
from projections.queries import figures, findings, status
from tests.projections.queries.asking import uuid
from tests.projections.world import NOW, Wire, follow, opened, pull, reading, recorded, views
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")

LATER = NOW + timedelta(days=60)
OPENED = opened("actors/committee", "processes/first", "agreements/truce")


def incident(number: int) -> Wire:
    return wire("IncidentReported", subject="processes/first", id=uuid(number), data={"kind": "sniper fire"})


def toll(of: int, value: int, claimant: str, **fields: Any) -> Wire:
    data = {"measure": "killed", "quantity": {"value": value, **fields}, "counting": "cumulative", "about": uuid(of)}
    return wire("FigureReported", subject="processes/first", claimant=claimant, data=data)


def test_claims_on_one_toll_are_held_against_each_other_and_against_no_other_toll() -> None:
    history = [incident(1), incident(2), toll(1, 3, "Radio"), toll(1, 5, "Agency"), toll(2, 9, "Radio")]
    with reading(*OPENED, *history) as here:
        shown, _ = status.process_status(here, "first", NOW)
        items = findings.findings(here, "first", NOW, rule="claims-contradict")[0].items
    by_incident = {figure.get("about"): figure for figure in shown["figures"]}
    assert by_incident.keys() == {uuid(1), uuid(2)}
    assert [claim["value"] for claim in by_incident[uuid(1)]["claims"]] == [5, 3]
    assert by_incident[uuid(1)]["contested"]
    assert not by_incident[uuid(2)]["contested"]
    assert len(items) == 1


def with_toll(number: int, *killed: int, who: str | None = None) -> Wire:
    harm = [{"category": "killed", "who": who, "quantity": {"value": value}} for value in killed]
    data = {"kind": "shelling", "harm": harm}
    return wire("IncidentReported", subject="processes/first", id=uuid(number), claimant="Witness", data=data)


@pytest.mark.parametrize(
    ("act", "figures", "contested"),
    [
        pytest.param(with_toll(1, 14), [toll(1, 11, "Hospital")], True, id="the report and a figure"),
        pytest.param(with_toll(1, 11), [toll(1, 11, "Hospital")], False, id="equal"),
        pytest.param(with_toll(1, 14), [toll(1, 11, "Witness")], False, id="who reported it counts again"),
        pytest.param(with_toll(1, 14, who="civilians"), [toll(1, 11, "Hospital")], False, id="of whom differs"),
        pytest.param(with_toll(1, 14, 3), [toll(1, 11, "Hospital")], False, id="several numbers"),
        pytest.param(with_toll(2, 14), [incident(1), toll(1, 11, "Hospital")], False, id="another incident"),
        pytest.param(
            with_toll(1, 14),
            [{**toll(1, 11, "Hospital"), "occurred": "2017-12-01"}, toll(1, 14, "Radio")],
            True,
            id="whenever it is said",
        ),
    ],
)
def test_what_a_report_says_of_its_toll_is_held_against_figures(
    act: Wire, figures: list[Wire], contested: bool
) -> None:
    log = recorded([*OPENED, act, *figures])
    for size in (1, len(log)):
        with views() as kept:
            follow(kept, pull(log, repeat(size).__next__), LATER)
            with kept.reading() as here:
                items = findings.findings(here, "first", LATER, rule="claims-contradict")[0].items
                shown, _ = status.process_status(here, "first", LATER)
        assert len(items) == contested
        assert any(by["disagree"] for one in shown["incidents"] for by in one["toll"]) == contested


def test_a_figure_in_other_words_is_of_the_same_harm() -> None:
    words = toll(1, 11, "Hospital")
    words["data"] |= {"measure": "Deaths in hospital", "counting": "stock"}
    with reading(*OPENED, with_toll(1, 14), words) as here:
        (item,) = findings.findings(here, "first", NOW, rule="claims-contradict")[0].items
        assert "the toll of one incident" in item["text"]
        assert figures.claims(here, "first", None, 9, measure="deaths in hospital").items
        assert not figures.claims(here, "first", None, 9, measure="killed").items


def test_a_corrected_report_agrees_and_a_retracted_one_says_nothing() -> None:
    said = with_toll(1, 14)
    data = {"event": uuid(1), "reason": "a slip"}
    better = {**{name: said[name] for name in ("type", "occurred", "sources")}, "data": with_toll(1, 11)["data"]}
    corrected = wire(
        "EventCorrected", subject="processes/first", data={**data, "by": "our error", "replacement": better}
    )
    retracted = wire("EventRetracted", subject="processes/first", data=data)
    for revision in (corrected, retracted):
        log = recorded([*OPENED, said, toll(1, 11, "Hospital"), revision])
        with views() as kept:
            follow(kept, pull(log, lambda: 1), NOW)
            with kept.reading() as here:
                assert findings.findings(here, "first", NOW, rule="claims-contradict")[0].items == []


def test_a_part_is_shown_within_its_whole_and_found_above_it() -> None:
    parts = [{"who": "children", "quantity": {"value": 7}}]
    corrected = toll(1, 3, "Radio")
    right = {**corrected, "id": uuid(5), "data": {**corrected["data"], "quantity": {"value": 9, "parts": parts}}}
    wrong = {**corrected, "id": uuid(5), "data": {**corrected["data"], "quantity": {"value": 3, "parts": parts}}}
    replacement = {name: right[name] for name in ("type", "occurred", "sources", "data")}
    data = {"event": uuid(5), "replacement": replacement, "by": "our error", "reason": "a slip"}
    correction = wire("EventCorrected", subject="processes/first", data=data)
    with reading(*OPENED, incident(1), wrong) as here:
        assert len(findings.findings(here, "first", NOW, rule="part-above-whole")[0].items) == 1
    with reading(*OPENED, incident(1), wrong, correction) as here:
        assert findings.findings(here, "first", NOW, rule="part-above-whole")[0].items == []
        (figure,) = status.process_status(here, "first", NOW)[0]["figures"]
        (part,) = map(fields_of, figure["claims"][0]["parts"])
        assert part == {"who": "children", "quantity": {"value": 7, "qualifier": "exact", "unit": "persons"}}


def test_violations_counted_over_a_period_stand_in_the_truce_beside_those_reported() -> None:
    data = {
        "measure": "violations of the truce",
        "quantity": {"value": 40, "unit": "violations"},
        "counting": "flow",
        "period": "2017-10",
        "counts": "violations",
    }
    counted = wire("FigureReported", subject="agreements/truce", claimant="actors/committee", data=data)
    reported = wire("ViolationReported", subject="agreements/truce", occurred="2017-10-29", claimant="Radio")
    with reading(*OPENED, counted, reported) as here:
        shown, _ = status.process_status(here, "first", NOW)
    (truce,) = shown["truce"]["agreements"]
    assert [count["all"] for count in truce["violations"].values()] == [1]
    ((claim,),) = [figure["claims"] for figure in truce["counted"]]
    assert (claim["claimant"], claim["value"], claim["period"]) == ("actors/committee", 40, "2017-10")
