"""A rebuild disturbs nobody, and goes on where it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.errors import Unavailable
from projections import catch_up as catching
from projections.catch_up import catch_up, rebuild
from projections.read_models.timeline import TIMELINE
from projections.storage.generations import ReadModels
from tests.projections.batches import LOG, generations, generations_with_tables, rows
from tests.projections.world import follow, history, kept, opened, pull, recorded
from tests.waiting import PATIENCE


@pytest.fixture
def of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of four events."""
    monkeypatch.setattr(catching, "BATCH", 4)
    monkeypatch.setattr(catching, "BUILDING_BATCH", 4)


@pytest.mark.usefixtures("of_four")
def test_queries_answer_from_the_old_generation_until_the_new_one_is_whole(found: ReadModels) -> None:
    follow(found, pull(LOG))
    before, counted = kept(found, "first"), rows(found)
    seen: list[int] = []

    def done(position: int) -> None:
        seen.append(position)
        assert found.position() == len(LOG)
        assert kept(found, "first") == before

    made = rebuild(found, pull(LOG), done)
    assert seen == [0, 4, 8, len(LOG), len(LOG)]
    assert (made.generation, made.position, made.halted) == (2, len(LOG), None)
    assert kept(found, "first") == before
    assert rows(found) == counted
    assert generations(found) == {2: True}, "the old one has given way"
    assert generations_with_tables(found) == {1, 2}, "whoever reads it still may end"
    assert found.sweep(kept=3600) == 0
    assert found.sweep(kept=0) == 1
    assert generations_with_tables(found) == {2}
    assert kept(found, "first") == before


def test_a_rebuild_catches_up_with_what_is_recorded_meanwhile(found: ReadModels) -> None:
    log = LOG[:5]
    follow(found, pull(log))

    seen: list[int] = []

    def done(position: int) -> None:
        if seen and len(log) == 5:  # at the last look: whatever came in since must not be lost to those who ask
            log.extend(LOG[5:])
            follow(found, pull(log))
        seen.append(found.position())

    rebuild(found, pull(log), done)
    assert sorted(seen) == seen, "what queries see never goes back"
    assert (seen[0], found.position()) == (5, len(LOG))


@pytest.mark.usefixtures("of_four")
def test_an_interrupted_rebuild_leaves_the_live_generation_and_the_next_one_goes_on(found: ReadModels) -> None:
    follow(found, pull(LOG))
    before, counted = kept(found, "first"), rows(found)
    seen: list[int] = []

    def interrupted(position: int) -> None:
        seen.append(position)
        if len(seen) % 2 == 0:
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            rebuild(found, pull(LOG), interrupted)
    assert seen == [0, 4, 4, 8]
    assert kept(found, "first") == before
    assert generations(found) == {1: True, 2: False}
    assert catch_up(found, pull(LOG)).generation == 1, "what is unfinished is never mistaken for the live one"

    assert rebuild(found, pull(LOG), seen.append).generation == 2
    assert seen[4] == 8
    assert kept(found, "first") == before
    assert rows(found) == counted
    assert generations(found) == {2: True}


@pytest.mark.usefixtures("of_four")
def test_a_rebuild_goes_on_only_on_the_same_log(found: ReadModels) -> None:
    def interrupted(position: int) -> None:
        if position:
            raise KeyboardInterrupt

    follow(found, pull(LOG))
    with pytest.raises(KeyboardInterrupt):
        rebuild(found, pull(LOG), interrupted)
    other = recorded([*history(LOG)[:3], *opened("talks/another"), *history(LOG)[3:]])
    made = rebuild(found, pull(other))
    assert made.generation == 3
    assert made.position == len(LOG) + 1


@pytest.mark.usefixtures("of_four")
def test_of_two_rebuilds_at_once_one_is_refused(open_views: Callable[[], ReadModels]) -> None:
    one, other = open_views(), open_views()
    follow(one, pull(LOG))
    refused: list[str] = []

    def meanwhile(position: int) -> None:
        if position == 4:
            with pytest.raises(Unavailable, match="another rebuild") as refusal:
                rebuild(other, pull(LOG))
            refused.append(refusal.value.detail)

    rebuild(one, pull(LOG), meanwhile)
    assert len(refused) == 1
    assert one.position() == len(LOG)
    assert list(generations(one).values()) == [True]
    assert rebuild(other, pull(LOG)).generation == 3, "and may go once the first is done"


def test_a_reader_keeps_its_snapshot_over_a_swap(found: ReadModels) -> None:
    follow(found, pull(LOG))
    with found.reading() as reading:
        timeline = reading.table(TIMELINE)
        assert reading.connection.execute(select(func.count()).select_from(timeline)).scalar() == len(LOG)
        rebuild(found, pull(LOG))
        if found.sweep(kept=0):  # a file lets go of what is still read; a database keeps it
            assert isinstance(found.where, Path)
        assert reading.connection.execute(select(func.count()).select_from(timeline)).scalar() == len(LOG)
    found.sweep(kept=0)
    assert generations_with_tables(found) == {2}


def test_nobody_ever_sees_less_while_it_is_rebuilt_and_events_come_in(open_views: Callable[[], ReadModels]) -> None:
    """One process appends and follows, one rebuilds over and over, one asks all the time."""
    log = LOG[:3]
    live, rebuilding, asking = open_views(), open_views(), open_views()
    follow(live, pull(log))
    stop = threading.Event()
    seen: list[tuple[int, int]] = []

    def ask() -> None:
        while not stop.is_set():
            with asking.reading() as reading:
                count = reading.connection.execute(select(func.count()).select_from(reading.table(TIMELINE))).scalar()
                seen.append((reading.position, count or 0))

    def rebuild_again() -> None:
        while not stop.is_set():
            rebuild(rebuilding, pull(log, lambda: 2))
            rebuilding.sweep(kept=1)
            time.sleep(0.01)

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(ask), pool.submit(rebuild_again)]
        try:
            for one in LOG[3:]:
                log.append(one)
                follow(live, pull(log))
                time.sleep(0.1)
        finally:
            stop.set()
        for each in running:
            each.result(PATIENCE)
    assert [position for position, _ in seen] == sorted(position for position, _ in seen)
    assert all(position == count for position, count in seen)
    assert live.position() == len(LOG)


TALKS = recorded(opened("processes/first", *(f"talks/of-{number}" for number in range(9))))


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 9, 10, 11])
def test_it_takes_all_of_the_log(found: ReadModels, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new version's read models are made so, before its first server starts."""
    monkeypatch.setattr(catching, "BATCH", batch)
    monkeypatch.setattr(catching, "BUILDING_BATCH", batch)
    assert rebuild(found, pull(TALKS)).position == len(TALKS)
    with found.reading() as reading:
        assert reading.position == len(TALKS)
