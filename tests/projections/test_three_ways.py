"""Live updating, rebuilding and a pure fold of the log give the same status, whatever arrives when."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event import Opening, Recorded, Revision
from domain.references import references
from domain.revisions import DuplicateMarked
from projections.catch_up import rebuild
from tests.projections.test_time_travel import revised
from tests.projections.world import NOW, SLOW, Wire, folded, follow, kept, processes_of, pull, recorded, views
from tests.strategies import histories, with_unified_actors

pytestmark = pytest.mark.usefixtures("both_databases")


@SLOW
@given(st.one_of(histories(), with_unified_actors()), st.lists(st.integers(1, 7), min_size=1, max_size=20))
def test_live_rebuilt_and_folded_agree(history: list[Wire], sizes: list[int]) -> None:
    log = recorded(history)
    turns = iter(sizes * len(log) * 2)
    with views() as found:
        follow(found, pull(log, lambda: next(turns)))
        live = {process: kept(found, process) for process in processes_of(log)}
        rebuild(found, pull(log), clock=lambda: NOW)
        rebuilt = {process: kept(found, process) for process in processes_of(log)}
    pure = {process: folded(log, process) for process in processes_of(log)}
    assert live == rebuilt
    assert live == pure


@SLOW
@given(st.one_of(histories(), with_unified_actors()), st.integers(1, 40))
def test_a_status_at_a_position_is_that_of_a_log_cut_there(history: list[Wire], cut: int) -> None:
    log = recorded(history)
    early = log[:cut]
    with views() as found:
        follow(found, pull(early))
        for process in processes_of(early):
            assert kept(found, process) == folded(early, process)


@SLOW
@given(st.one_of(histories(), revised(), with_unified_actors()), st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_decides(history: list[Wire], chance: Any) -> None:
    """Reports shuffled lead to the same status, but for when they were recorded.

    Each still comes after what it needs. Revisions keep their order, for between rivals the newest wins; and so do
    reports that are marked as duplicates, for the first one recorded stays, and openings that say whether a process is
    followed, for the last one decides.
    """
    log = recorded(history)
    shuffled = recorded(_shuffled(log, history, chance))
    for process in processes_of(log):
        first, second = (_timeless(folded(one, process, newest=0)) for one in (log, shuffled))
        assert {k for k in first if first[k] != second[k]} == set()


def _shuffled(log: list[Recorded], history: list[Wire], chance: Any) -> list[Wire]:
    """Another order of arrival in which every report still comes after what it refers to."""
    waiting = list(zip(log, history, strict=True))
    marks = [one.event.data for one in log if isinstance(one.event.data, DuplicateMarked)]
    in_order = {event for mark in marks for event in (mark.event, mark.of)}
    in_order |= {one.event.id for one in log if getattr(one.event.data, "followed", None) is not None}
    opened: set[str] = set()
    seen: set[str] = set()
    done: list[Wire] = []
    while waiting:
        revision = next((one for one, _ in waiting if isinstance(one.event.data, Revision)), None)
        next_in_order = next((one for one, _ in waiting if one.id in in_order), None)
        ready = [
            (one, sent)
            for one, sent in waiting
            if _ready(one, opened, seen)
            and (one is revision or not isinstance(one.event.data, Revision))
            and (one is next_in_order or one.id not in in_order)
        ]
        pick = chance.choice(ready)
        waiting.remove(pick)
        opened.add(pick[0].subject)
        seen.add(str(pick[0].id))
        done.append(pick[1])
    return done


def _ready(one: Recorded, opened: set[str], seen: set[str]) -> bool:
    if not isinstance(one.event.data, Opening) and one.subject not in opened:
        return False
    for _, refers, name in references(one.event):
        if refers.to == "event":
            if name not in seen:
                return False
        elif (name if refers.to in ("subject", "claimant") else f"{refers.to}/{name}") not in opened:
            return False
    return True


def _timeless(status: Wire) -> Wire:
    """A status without what depends on when things were recorded."""
    recent = {"position", "recorded_at"}
    status["evidence"] = {
        event: {k: v for k, v in one.items() if k not in recent} for event, one in status["evidence"].items()
    }
    return status


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_an_empty_log_has_an_empty_view(size: int) -> None:
    with views() as found:
        follow(found, pull([], lambda: size))
        assert found.position() == 0
