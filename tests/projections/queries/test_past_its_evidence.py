"""What is past its evidence is not present: last known in force, and over, not at risk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from projections.queries import status
from projections.queries.at_horizon import PRESENT, HorizonRequest
from tests.projections.world import Wire, folded, follow, kept, pictured, pull, recorded, views
from tests.spec import wire

LONG_AFTER = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRUCE, CONVOY = "agreements/mill", "convoys/flour"
OPENED = [
    wire("ProcessOpened", subject="processes/first", occurred="2012-01-01"),
    wire(
        "AgreementReported",
        subject=TRUCE,
        occurred="2012-02-01",
        data={"processes": ["first"], "title": [{"text": "Truce of the mill"}], "stage": "ceasefire"},
    ),
]


def told(name: str, occurred: str, subject: str = TRUCE, **data: Any) -> Wire:
    return wire(name, subject=subject, occurred=occurred, data=data)


def status_of(*reports: Wire, now: datetime = LONG_AFTER, asked: HorizonRequest = PRESENT) -> Any:
    """The status, live and folded alike."""
    log = recorded([*OPENED, *reports])
    with views() as found:
        follow(found, pull(log), now)
        live = kept(found, "first", now, asked)
    assert live == folded(log, "first", now, asked=asked)
    return live


def standing(*reports: Wire, now: datetime = LONG_AFTER) -> str:
    shown = status_of(*reports, now=now)
    (truce,), (agreement,) = shown["truce"]["agreements"], shown["agreements"]
    assert truce["standing"] == agreement["standing"]
    return str(truce["standing"])


IN_FORCE = told("AgreementEnteredIntoForce", "2012-02-03")


@pytest.mark.parametrize(
    ("reports", "stands"),
    [
        ([IN_FORCE], "last known in force"),
        ([IN_FORCE, told("AgreementResumed", "2025-06-01")], "in force"),
        ([IN_FORCE, told("ViolationReported", "2025-11-02", kind="shelling")], "in force"),
        ([told("AgreementEnteredIntoForce", "2012-02-03", until="2012-06")], "lapsed"),
        ([IN_FORCE, told("AgreementEnded", "2013", how="collapsed")], "ended"),
        ([IN_FORCE, told("AgreementSuspended", "2013")], "suspended"),
    ],
)
def test_what_nobody_spoke_of_for_a_year_was_last_known_in_force(reports: list[Wire], stands: str) -> None:
    assert standing(*reports) == stands


def test_it_is_in_force_until_a_year_has_passed_and_the_status_knows_when() -> None:
    almost = datetime(2013, 2, 2, 11, tzinfo=UTC)
    assert standing(IN_FORCE, now=almost) == "in force"
    assert status.changes_at(pictured(recorded([*OPENED, IN_FORCE]), "first", now=almost), almost).year == 2013
    assert standing(IN_FORCE, now=datetime(2013, 2, 3, tzinfo=UTC)) == "last known in force"


def test_what_is_signed_or_declared_later_was_in_force_already() -> None:
    later = (told("AgreementDeclared", "2012-02-05", summary="It holds."), told("AgreementSigned", "2012-02-09"))
    shown = status_of(IN_FORCE, *later, now=datetime(2012, 3, 1, tzinfo=UTC))
    assert shown["agreements"][0]["state"]["value"] == "in force"
    assert "impossible-step" not in shown["findings"]["by_rule"]


def test_what_a_process_has_outlived_is_not_at_risk() -> None:
    place = {"labels": [{"text": "the mill"}]}
    besieged = told("AccessReported", "2012-03-01", "processes/first", place=place, access="besieged")
    ended = told("ProcessEnded", "2014-05-01", "processes/first", how="evacuation")
    assert len(status_of(besieged)["people_at_risk"]["places"]) == 1
    assert status_of(besieged, ended)["people_at_risk"] == {"convoys": [], "places": []}


def test_who_is_on_a_convoy_is_told_once() -> None:
    wounded = [{"category": "wounded", "quantity": {"value": 12}}]
    opening = {"processes": ["first"], "kind": "evacuation", "title": [{"text": "Buses"}], "people": wounded}
    (convoy,) = status_of(
        told("ConvoyReported", "2012-04-01", CONVOY, **opening),
        told("ConvoyDeparted", "2012-04-02", CONVOY, people=wounded),
        told("ConvoyHeld", "2012-04-02", CONVOY),
    )["people_at_risk"]["convoys"]
    assert [one["category"] for one in convoy["people"]] == ["wounded"]


def test_of_many_months_the_newest_are_shown() -> None:
    def month(number: int) -> Wire:
        period = f"{2000 + number // 12}-{number % 12 + 1:02}"
        data = {"measure": "shots", "quantity": {"value": number}, "counting": "flow", "period": period}
        return told("FigureReported", period, "processes/first", **data)

    shown = status_of(*(month(number) for number in range(210)))
    values = [series["claims"][0]["value"] for series in shown["figures"]]
    assert values == list(range(209, 9, -1))
    assert shown["totals"]["figures"] == {"series": 210}


def test_it_says_which_claims_it_took() -> None:
    def fighters(value: int, occurred: str, claimant: str) -> Wire:
        data = {"measure": "fighters", "quantity": {"value": value}}
        return wire("FigureReported", subject="processes/first", occurred=occurred, claimant=claimant, data=data)

    shown = status_of(fighters(20, "2012-01-02", "one"), fighters(30, "2013-01-02", "another"))
    (series,) = shown["figures"]
    assert series["compared"] == series["claims"][0]["events"]
