"""Every answer on a process at the position where the log ends is the answer of the present."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from projections import queries, watch
from projections.asking import Answer
from projections.scene import HERE, Asked
from projections.storage.generations import ReadTransaction
from tests.projections.world import NOW, SLOW, Wire, follow, plain, processes_of, pull, reading, recorded, views
from tests.spec import wire
from tests.strategies import histories

pytestmark = pytest.mark.usefixtures("both_databases")

FIRST = "processes/first"


def pages(ask: Callable[[str | None], Answer]) -> list[Wire]:
    """All entries of a list, page by page."""
    found: list[Wire] = []
    after = None
    while True:
        page = ask(after)
        found += page.items
        after = page.next
        if after is None:
            return found


ANSWERS: dict[str, Callable[[ReadTransaction, str, Asked], Any]] = {
    "history": lambda here, p, at: pages(lambda after: queries.history(here, p, after, 7, asked=at)),
    "history, newest first": lambda here, p, at: pages(
        lambda after: queries.history(here, p, after, 7, newest_first=True, asked=at)
    ),
    "incidents": lambda here, p, at: pages(lambda after: queries.incidents(here, p, after, 2, at)),
    "claims": lambda here, p, at: pages(lambda after: queries.claims(here, p, after, 2, asked=at)),
    "figures": lambda here, p, at: queries.figures(here, p, at),
    "obligations": lambda here, p, at: queries.obligations(here, p, NOW, at),
    "talks": lambda here, p, at: queries.of_family(here, p, "talks", at),
    "convoys": lambda here, p, at: queries.of_family(here, p, "convoys", at),
    "actors": lambda here, p, at: queries.actors_of(here, p, at),
    "findings": lambda here, p, at: watch.findings(here, p, NOW, at),
}


@settings(SLOW, max_examples=40)
@given(histories(max_steps=25))
def test_the_last_position_is_the_present(history: list[Wire]) -> None:
    log = recorded(history)
    at_the_end = Asked(known_at_position=len(log), position=len(log))
    with views() as found:
        follow(found, pull(log))
        with found.reading() as here:
            for process in processes_of(log):
                for name, answer in ANSWERS.items():
                    now, then = (plain(answer(here, process, asked)) for asked in (HERE, at_the_end))
                    assert now == then, name


def figure(value: int, day: str, claimant: str, measure: str = "fighters", **more: Any) -> Wire:
    data = {"measure": measure, "quantity": {"value": value}}
    return wire("FigureReported", subject=FIRST, occurred=day, claimant=claimant, data=data, **more)


@pytest.mark.parametrize("asked", [HERE, Asked(position=9, known_at_position=9)])
def test_claims_over_time_by_measure_and_claimant(asked: Asked) -> None:
    first, second = figure(2000, "2017-10-27", "TASS"), figure(1500, "2017-10-20", "TASS")
    other, else_ = figure(800, "2017-10-25", "committee"), figure(9, "2017-10-25", "TASS", measure="tanks")
    taken_back = figure(1, "2017-10-26", "TASS")
    retraction = wire("EventRetracted", subject=FIRST, data={"event": taken_back["id"], "reason": "A slip."})
    opening = wire("ProcessOpened", subject=FIRST, occurred="2017-10-01")
    with reading(opening, first, second, other, else_, taken_back, retraction) as here:

        def told(**wanted: Any) -> list[str]:
            return [line["event"] for line in queries.claims(here, "first", None, 10, asked=asked, **wanted).items]

        assert told(measure="Fighters") == [second["id"], other["id"], first["id"]], "by time, whatever the case"
        assert told(measure="fighters", claimant="TASS") == [second["id"], first["id"]]
        assert told(claimant="committee") == [other["id"]]
        assert told(measure="fight") == [], "a measure is a whole one"
        (line,) = queries.claims(here, "first", None, 10, claimant="committee", asked=asked).items
        assert (line["value"], line["low"], line["high"], line["counting"]) == (800, 800, 800, "stock")
