"""Incidents in a status: each with all claims on its toll, side by side."""

from __future__ import annotations

from typing import Any

import pytest

from projections.queries import status
from projections.queries.at_horizon import HorizonRequest
from tests.projections.world import NOW, follow, pull, recorded, views
from tests.spec import wire

Wire = dict[str, Any]
BOMB, RAID = (f"{number}1111111-0000-4000-8000-000000000001" for number in (1, 2))
OPENED = wire("ProcessOpened", subject="processes/first", occurred="2016-03-01")


def act(event: str, occurred: str, **data: Any) -> Wire:
    said = {"kind": "other", **data}
    return wire("IncidentReported", id=event, subject="processes/first", occurred=occurred, data=said)


def killed(number: int, occurred: str, about: str, measure: str = "people killed", **more: Any) -> Wire:
    said = {"measure": measure, "quantity": {"value": number, **more}, "about": about}
    return wire("FigureReported", subject="processes/first", occurred=occurred, data=said)


def incidents(*reports: Wire, request: HorizonRequest = HorizonRequest()) -> list[Any]:  # noqa: B008  frozen
    with views() as kept:
        follow(kept, pull(recorded([OPENED, *reports])), NOW)
        with kept.reading() as reading:
            return [dict(one) for one in status.process_status(reading, "first", NOW, request)[0]["incidents"]]


def toll(incident: Any) -> list[tuple[str, float | None, bool]]:
    return [(by["category"], claim["value"], "figure" in claim) for by in incident["toll"] for claim in by["claims"]]


BOMBING = act(
    BOMB,
    "2016-04-15",
    description="A market was hit.",
    harm=[
        {"category": "injured", "quantity": {"value": 30}},
        {"category": "killed", "quantity": {"value": 12, "parts": [{"who": "children", "quantity": {"value": 7}}]}},
    ],
)


def test_claims_on_a_toll_belong_to_the_incident_and_are_never_added() -> None:
    (found,) = incidents(BOMBING, killed(15, "2016-04-16", BOMB), killed(4, "2016-04-16", BOMB, "shops"))
    assert found["description"] == "A market was hit."
    assert toll(found) == [
        ("killed", 12, False),
        ("killed", 15, True),
        ("injured", 30, False),
        ("shops", 4, True),
    ]


def test_the_gravest_stands_first_then_the_newest_whoever_tells_of_the_toll() -> None:
    raid = act(RAID, "2016-01-02")
    quiet = act("31111111-0000-4000-8000-000000000001", "2016-09-01")
    reports = (quiet, raid, BOMBING)
    assert [one["occurred"] for one in incidents(*reports)] == ["2016-04-15", "2016-09-01", "2016-01-02"]
    graver = incidents(*reports, killed(50, "2016-01-03", RAID))
    assert [one["occurred"] for one in graver] == ["2016-01-02", "2016-04-15", "2016-09-01"]


def test_of_many_the_gravest_and_the_newest_are_shown_and_those_that_figures_are_about() -> None:
    many = [act(f"{number:08d}-0000-4000-8000-000000000002", f"2016-05-{number:02d}") for number in range(1, 26)]
    shown = incidents(BOMBING, *many, killed(3, "2016-05-03", many[1]["id"]))
    assert [one["occurred"] for one in shown[:3]] == ["2016-04-15", "2016-05-02", "2016-05-25"]
    assert len(shown) == 12


@pytest.mark.parametrize("asked", [HorizonRequest(), HorizonRequest(as_of="2017-10-29")], ids=["present", "folded"])
def test_what_is_retracted_is_gone_and_a_duplicate_leaves_its_claims_to_the_one_that_stays(
    asked: HorizonRequest,
) -> None:
    again = act(RAID, "2016-04-15", description="The market was bombed.")
    duplicate = wire("DuplicateMarked", subject="processes/first", data={"event": RAID, "of": BOMB})
    about_it = killed(15, "2016-04-16", RAID)
    (found,) = incidents(BOMBING, again, about_it, duplicate, request=asked)
    assert ("killed", 15, True) in toll(found)
    retracted = wire("EventRetracted", subject="processes/first", data={"event": RAID, "reason": "Another town."})
    assert [one["events"] for one in incidents(BOMBING, again, about_it, retracted, request=asked)] == [[BOMB]]
