"""Parts of a number: of whom how many, at any depth, never added up, and never above the whole."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import Malformed
from domain.event import Event
from domain.findings.figures import has_parts, of_parts
from domain.references import actors_named, naming, references
from domain.values import Quantity, Subject
from tests.spec import event


def part(who: str, value: int, *parts: Any, **fields: Any) -> dict[str, Any]:
    return {"who": who, "quantity": {"value": value, **({"parts": list(parts)} if parts else {})}, **fields}


def toll(killed: int, *parts: Any) -> Event:
    harm = {"category": "killed", "quantity": {"value": killed, "parts": list(parts)}}
    data = {"kind": "air strike", "harm": [harm], "against": ["elders"], "target": "a market"}
    return event("IncidentReported", subject="processes/p", claimant="Radio", data=data)


def test_a_part_may_have_parts_and_an_actor_to_whom_they_belong() -> None:
    told = toll(126, part("children", 68, part("girls", 30)), part("aid workers", 3, of="aid-agency"))
    assert has_parts(told)
    assert of_parts(told.subject, told) == []
    assert {name for _, refers, name in references(told) if refers.to == "actors"} == {"elders", "aid-agency"}
    assert Subject("actors/aid-agency") in actors_named(told)
    now = naming(told, {Subject("actors/aid-agency"): Subject("actors/other")})
    assert Subject("actors/other") in actors_named(now)


def test_a_part_above_its_whole_is_found_at_any_depth() -> None:
    told = toll(126, part("children", 68, part("girls", 70)), part("women", 200))
    found = of_parts(told.subject, told)
    assert [(one.rule, one.text) for one in found] == [
        ("part-above-whole", "Radio: 70 persons (girls) out of 68 persons."),
        ("part-above-whole", "Radio: 200 persons (women) out of 126 persons."),
    ]
    assert len({one.about for one in found}) == 2


def test_parts_are_not_added_up_and_other_units_are_not_compared() -> None:
    told = toll(100, part("children", 60), part("girls and women", 70))
    assert of_parts(told.subject, told) == [], "they may overlap"
    families = {"who": "families", "quantity": {"value": 200, "unit": "households"}}
    assert of_parts(told.subject, toll(100, families)) == []


def test_parts_leave_the_range_of_the_whole_as_it_is() -> None:
    whole = Quantity.model_validate_json('{"value": 10, "parts": [{"who": "children", "quantity": {"value": 4}}]}')
    assert whole.range == (10, 10)


def test_parts_nest_only_so_deep() -> None:
    inner = part("x", 1)
    for _ in range(3):
        inner = part("x", 1, inner)
    toll(1, inner)
    with pytest.raises(Malformed, match="deep"):
        toll(1, part("x", 1, inner))
