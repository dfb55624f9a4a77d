"""Which place each description of a process means, given what is known of places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import families
from domain.event import Event
from domain.place_meanings import Drawn, KnownPlaces, meant, of_events, state_meant
from domain.processes import ProcessState
from domain.values import Place, Subject
from tests.spec import event

HERE: dict[str, Any] = {"lat": 33.5, "lon": 36.5, "precision": "near"}
FAR: dict[str, Any] = {"lat": 36.4, "lon": 42.1, "precision": "near"}


def place(name: str | None = "Mill", **more: Any) -> dict[str, Any]:
    return {**({"labels": [{"text": name}]} if name is not None else {}), **more}


def access(where: dict[str, Any], occurred: str = "2024-03-01", how: str = "open") -> Event:
    return event("AccessReported", subject="processes/valley", occurred=occurred, data={"place": where, "access": how})


def known(*reports: Event) -> KnownPlaces:
    by_subject: dict[Subject, list[Event]] = {}
    for report in reports:
        by_subject.setdefault(report.subject, []).append(report)
    return KnownPlaces({path: families.fold("places", theirs) for path, theirs in by_subject.items()})  # type: ignore[misc]


def identified(path: str, **data: Any) -> Event:
    return event("PlaceIdentified", subject=f"places/{path}", data={"labels": [{"text": "Mill"}], **data})


def parts(drawn_: Drawn, *said: dict[str, Any]) -> list[int]:
    """The number of the place that each description means, in the order in which they first come."""
    described = [Place.model_validate_json(json.dumps(one)).described for one in said]
    keys = [drawn_.meanings[one].key if one in drawn_.meanings else one for one in described]
    return [list(dict.fromkeys(keys)).index(key) for key in keys]


@pytest.mark.parametrize(
    ("said", "places"),
    [
        ([place(), place("MILL"), place("Bridge")], [0, 0, 1]),
        ([place(**HERE), place(**FAR)], [0, 1]),
        ([place(**HERE), place(**FAR), place()], [0, 1, 2]),
        ([place(admin_code="SY0304"), place()], [0, 0]),
        ([place(kind="settlement"), place(kind="checkpoint")], [0, 1]),
        ([place(kind="admin 1"), place(kind="admin 3")], [0, 1]),
        ([place(kind="other"), place(kind="camp")], [0, 0]),
        ([place(codes=[{"scheme": "register", "value": v}]) for v in ("1", "2")], [0, 1]),
        ([place(codes=[{"scheme": s, "value": "1"}]) for s in ("register", "other")], [0, 0]),
        ([place(codes=[{"scheme": "p-code", "value": "sy0304"}]), place("Quarry", admin_code="SY0304")], [0, 0]),
        ([place(id="mill"), place(None, id="mill"), place()], [0, 0, 0]),
        ([place(id="mill"), place(id="other-mill")], [0, 1]),
        ([place("Bridge"), place(None, id="mill")], [0, 1]),
    ],
)
def test_which_descriptions_are_one_place(said: list[dict[str, Any]], places: list[int]) -> None:
    assert parts(of_events(map(access, said), known(identified("mill"), identified("other-mill"))), *said) == places


def test_what_is_known_of_a_place_belongs_to_its_description() -> None:
    register = [{"scheme": "register", "value": "7"}]
    of_id, of_code = place(None, id="mill"), place("Quarry", codes=register)
    both = of_events([access(of_id), access(of_code)], known(identified("mill", codes=register)))
    assert parts(both, of_id, of_code) == [0, 0]
    assert [meaning.key for meaning in both.meanings.values()] == ["places/mill"] * 2
    shown = meant(access(of_id), both.meanings).data
    assert shown.place.name == "Mill", "a place that is named by its id alone is shown by a name"  # type: ignore[attr-defined]


def test_places_in_two_containing_places_are_two() -> None:
    north, south = identified("mill", within="north"), identified("other-mill", within="south")
    vague = place()
    told = [place(None, id="mill"), place(None, id="other-mill"), vague]
    drawn_ = of_events(map(access, told), known(north, south, identified("north"), identified("south")))
    assert parts(drawn_, *told) == [0, 1, 2]
    assert [doubt.difference for doubt in drawn_.doubts] == ["id"]


def test_containing_places_that_go_round_end() -> None:
    assert known(identified("a", within="b"), identified("b", within="a")).within("a") == ("b",)


@given(st.permutations(range(4)))
def test_lines_do_not_depend_on_the_order_of_arrival(order: list[int]) -> None:
    said = [place(admin_code="SY0304"), place(), place("مطحنة", admin_code="SY0304"), place("مطحنة")]
    days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"]
    reports = [access(said[n], days[n], "besieged" if n % 2 == 0 else "open") for n in order]
    meanings = of_events(reports, KnownPlaces()).meanings
    state = families.fold("processes", [meant(report, meanings) for report in reports])
    assert isinstance(state, ProcessState)
    (line,) = state_meant(state, meanings).access.values()
    assert (line.value and line.value.access, str(line.since)) == ("open", "2024-03-04")
