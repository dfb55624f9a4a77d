"""Incidents and violations, and how they are counted."""

from __future__ import annotations

from typing import Any

import pytest

from projections.queries import incidents, status
from tests.projections.queries.asking import FIRST, ids, pages, said, uuid
from tests.projections.world import NOW, Wire, opened, reading
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")


def violation(number: int, occurred: str, **fields: Any) -> Wire:
    return wire("ViolationReported", id=uuid(number), occurred=occurred, **fields)


def test_incidents_and_violations_newest_first_each_with_its_assessments() -> None:
    verdicts = [
        wire("ViolationAssessed", id=uuid(8), data={"violation": uuid(1), "verification": "under verification"}),
        wire("ViolationAssessed", id=uuid(9), data={"violation": uuid(1), "verification": "substantiated"}),
    ]
    with reading(
        *opened(FIRST, "agreements/first"),
        violation(1, "2017-10-28"),
        wire("IncidentReported", subject=FIRST, id=uuid(2), occurred="2017-10-29"),
        violation(3, "2017-10-20"),
        *verdicts,
        said(4, "2017-10-30"),
    ) as here:
        found = pages(lambda after: incidents.incidents(here, "first", after, 1))
        assert found == incidents.incidents(here, "first", None, 10).items
    assert ids(found) == [uuid(2), uuid(1), uuid(3)]
    assert [one["verification"] for one in found[1]["assessments"]] == ["under verification", "substantiated"]
    assert ids(found[1]["assessments"]) == [uuid(8), uuid(9)]
    assert found[0]["assessments"] == found[2]["assessments"] == []


def test_counts_are_per_recorder_certain_or_possible_and_never_added() -> None:
    """The clock stands at noon of 30 October 2017: 7 days begin on the 24th, 30 days on the 1st."""
    days = ["2017-10-30", "2017-10-24", "2017-10-23", "2017-10-01", "2017-09-30", "2017-10-31", "2017-10", "2017"]
    twice = {"sources": [{"publisher": "TASS"}, {"publisher": "the monitors"}]}
    truce = {"processes": ["first"], "title": [{"text": "Truce"}], "stage": "ceasefire"}
    with reading(
        *opened(FIRST),
        wire("AgreementReported", subject="agreements/first", occurred="2017-10-01", data=truce),
        *[violation(number, day, claimant="army") for number, day in enumerate(days)],
        violation(50, "2017-10-29", **twice),
        wire("IncidentReported", subject=FIRST, occurred="2017-10-29", claimant="elders"),
    ) as here:
        shown, _ = status.process_status(here, "first", NOW)
    (agreement,) = shown["truce"]["agreements"]
    assert agreement["violations"]["army"] == {
        "last_7_days": {"certain": 2, "possible": 2},  # a day in October, or in the year, may lie within
        "last_30_days": {"certain": 4, "possible": 2},
        "all": 8,
    }
    assert {name: line["all"] for name, line in agreement["violations"].items()} == {
        "TASS": 1,
        "army": 8,
        "the monitors": 1,
    }
    assert shown["truce"]["incidents"]["elders"]["last_7_days"] == {"certain": 1, "possible": 0}
