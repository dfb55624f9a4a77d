"""Display order: by dates, then openings, then steps; the order of arrival never decides."""

from __future__ import annotations

from itertools import permutations

from projections.read_models.ordering import display_order
from tests.spec import event


def test_of_one_vague_date_the_opening_comes_first_then_step_by_step() -> None:
    month = [
        event("ConvoyReported", id="ffffffff-0000-4000-8000-000000000001", occurred="2017-10"),
        event("PositionTaken", subject="convoys/first", occurred="2017-10"),
        event("ConvoyDeparted", id="00000000-0000-4000-8000-000000000003", occurred="2017-10"),
        event("ConvoyArrived", id="00000000-0000-4000-8000-000000000002", occurred="2017-10"),
    ]
    for arrived in permutations(month):
        assert [one.type for one in sorted(arrived, key=display_order)] == [one.type for one in month]
