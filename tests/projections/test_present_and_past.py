"""Every answer on a process at the position where the log ends is the answer of the present."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from projections.paging import Page
from projections.queries import figures, findings, history, incidents, obligations, subjects
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.storage.generations import ReadTransaction
from tests.examples import examples
from tests.projections.world import Wire, follow, plain, processes_of, pull, reading, recorded, views
from tests.spec import wire
from tests.strategies import histories

pytestmark = pytest.mark.usefixtures("both_databases")

FIRST = "processes/first"


def pages(ask: Callable[[str | None], Page[Any]]) -> list[Wire]:
    """All entries of a list, page by page."""
    found: list[Wire] = []
    after = None
    while True:
        page = ask(after)
        found += page.items
        after = page.next
        if after is None:
            return found


NOW = datetime(2026, 2, 1, tzinfo=UTC)
"""After all that is reported: nothing is still to come."""
ANSWERS: dict[str, Callable[[ReadTransaction, str, HorizonRequest], Any]] = {
    "history": lambda here, p, at: pages(lambda after: history.history(here, p, after, 7, request=at)),
    "history, newest first": lambda here, p, at: pages(
        lambda after: history.history(here, p, after, 7, newest_first=True, request=at)
    ),
    "incidents": lambda here, p, at: pages(lambda after: incidents.incidents(here, p, after, 2, at)),
    "claims": lambda here, p, at: pages(lambda after: figures.claims(here, p, after, 2, request=at)),
    "figures": lambda here, p, at: pages(lambda after: figures.figures(here, p, at, after, 2)),
    "obligations": lambda here, p, at: obligations.obligations(here, p, NOW, at).items,
    "talks": lambda here, p, at: pages(lambda after: subjects.of_family(here, p, "talks", at, after, 1)),
    "convoys": lambda here, p, at: subjects.of_family(here, p, "convoys", at).items,
    "actors": lambda here, p, at: pages(lambda after: subjects.actors_of(here, p, at, after, 2)),
    "findings": lambda here, p, at: pages(lambda after: findings.findings(here, p, NOW, at, after=after, limit=2)[0]),
}


@examples(8)
@given(histories(max_steps=25))
def test_the_last_position_is_the_present(history: list[Wire]) -> None:
    log = recorded(history)
    at_the_end = HorizonRequest(known_at=NOW.isoformat(), position=len(log))
    with views() as found:
        follow(found, pull(log), NOW)
        with found.reading() as here:
            for process in processes_of(log):
                for name, answer in ANSWERS.items():
                    now, then = (plain(answer(here, process, asked)) for asked in (PRESENT, at_the_end))
                    assert now == then, name


def figure(value: int, day: str, claimant: str, measure: str = "fighters", **more: Any) -> Wire:
    data = {"measure": measure, "quantity": {"value": value}}
    return wire("FigureReported", subject=FIRST, occurred=day, claimant=claimant, data=data, **more)


@pytest.mark.parametrize("asked", [PRESENT, HorizonRequest(position=9, known_at_position=9)])
def test_claims_over_time_by_measure_and_claimant(asked: HorizonRequest) -> None:
    first, second = figure(2000, "2017-10-27", "TASS"), figure(1500, "2017-10-20", "TASS")
    other, else_ = figure(800, "2017-10-25", "committee"), figure(9, "2017-10-25", "TASS", measure="tanks")
    taken_back = figure(1, "2017-10-26", "TASS")
    retraction = wire("EventRetracted", subject=FIRST, data={"event": taken_back["id"], "reason": "A slip."})
    opening = wire("ProcessOpened", subject=FIRST, occurred="2017-10-01")
    with reading(opening, first, second, other, else_, taken_back, retraction) as here:

        def told(**wanted: Any) -> list[str]:
            return [line["event"] for line in figures.claims(here, "first", None, 10, request=asked, **wanted).items]

        assert told(measure="Fighters") == [second["id"], other["id"], first["id"]], "by time, whatever the case"
        assert told(measure="fighters", claimant="TASS") == [second["id"], first["id"]]
        assert told(claimant="committee") == [other["id"]]
        assert told(measure="fight") == [], "a measure is a whole one"
        (line,) = figures.claims(here, "first", None, 10, claimant="committee", request=asked).items
        assert (line["value"], line["low"], line["high"], line["counting"]) == (800, 800, 800, "stock")
