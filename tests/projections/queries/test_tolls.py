"""Tolls of incidents, parts of numbers, and counts of violations in the status."""

from __future__ import annotations

from typing import Any

import pytest

from projections.answers.lines import fields_of
from projections.queries import findings, status
from tests.projections.queries.asking import uuid
from tests.projections.world import NOW, Wire, opened, reading
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")

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
