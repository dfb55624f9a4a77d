"""Who was heard last: by the dates themselves, however they are written."""

from __future__ import annotations

from functools import reduce
from itertools import permutations

import pytest

from domain.edtf import When
from projections.catch_up import wall_clock
from projections.queries import processes
from projections.read_models import last_heard
from projections.read_models.change_set import HeardReport
from projections.read_models.process_list import ProcessFilter
from tests.projections.world import NOW, Wire, folded, opened, reading, recorded
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")


def said(publisher: str, published: str | None, occurred: str = "2017-09-01") -> Wire:
    source = {"publisher": publisher, "published": published} if published else {"publisher": publisher}
    return wire(
        "StatementMade", subject="processes/first", occurred=occurred, data={"text": publisher}, sources=[source]
    )


def heard_in(history: list[Wire]) -> HeardReport:
    every = (last_heard.heard_in(one.event, one) for one in recorded(history))
    found = reduce(last_heard.newer, every).last()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (("2018-03-05", "2018-02-01"), ("2018-03", "2018-02-01")),  # a month may last beyond a day in it
        (("2018-03", "2018-02-01"), ("2018-04-01", "2018-02-01")),
        (("2018-12-30", "2018-02-01"), ("2018", "2018-02-01")),
        ((None, "../2018-03-05"), (None, "2018-03-06/..")),
        ((None, "2018-02"), (None, "2018-03-XX")),
    ],
)
def test_the_newest_is_so_by_the_span_of_its_date(older: tuple[str | None, str], newer: tuple[str | None, str]) -> None:
    for reports in permutations([said("Old", *older), said("New", *newer)]):
        history = [*opened("processes/first"), *reports]
        found = heard_in(history)
        assert found.publisher == "New"
        with reading(*history) as snapshot:
            (line,) = processes.processes(snapshot, ProcessFilter(), None, 10, NOW).items
        assert line["last_heard"]["publisher"] == "New"
        assert (
            line["last_heard"]["on"] == found.on == folded(recorded(history), "first", wall_clock())["last_heard"]["on"]
        )


@pytest.mark.parametrize(
    ("occurred", "shown"),
    [
        ("2018-03", "2018-03"),
        ("2018-03-XX", "2018-03-XX"),
        ("2018-03-01/2018-03-09", "2018-03-01/2018-03-09"),
        ("2018-03-01/..", "2018-03-01"),
        ("../2018-03", "2018-03"),
    ],
)
def test_a_month_is_shown_as_a_month(occurred: str, shown: str) -> None:
    assert heard_in([said("Radio", None, occurred)]).on == shown


def test_a_day_by_which_something_had_come_is_not_heard_before_that_day() -> None:
    history = [*opened("processes/first", occurred="2017-10-01"), said("Radio", "2017-10-20", "../2100-12-05")]
    assert heard_in(history).on == "2017-10-20"
    with reading(*history) as snapshot:
        (line,) = processes.processes(snapshot, ProcessFilter(), None, 10, NOW).items
    assert line["last_heard"]["on"] == folded(recorded(history), "first")["last_heard"]["on"] == "2017-10-20"
    (*_, bounded) = recorded([*opened("processes/first"), said("Radio", "2017-10-20", "../2018-12-05")])
    by_then, now = (last_heard.heard_in(bounded.event, bounded, day) for day in (When("2018-06-01"), None))
    assert by_then.occurred is None
    assert [report.on for report in (by_then.last(), now.last()) if report is not None] == ["2017-10-20", "2018-12-05"]
