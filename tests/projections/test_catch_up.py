"""Catching up: rows and position move together, and nothing is applied twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain import families
from domain.errors import Unavailable
from domain.event import Event, Recorded, Unreadable
from projections import batch as batch_module
from projections import catch_up as catching
from projections.catch_up import catch_up, rebuild
from projections.follower import Follower
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.storage.generations import ReadModels
from tests.projections.batches import LOG, figure_reports, rows, strange, times_applied
from tests.projections.world import follow, history, kept, pull, recorded
from tests.spec import wire
from tests.waiting import PATIENCE, eventually

# --- a batch moves as a whole


@pytest.mark.parametrize("broken", batch_module.READ_MODELS, ids=lambda one: one.apply.__module__.rpartition(".")[2])
def test_a_failure_leaves_rows_and_position_as_they_were(
    found: ReadModels, monkeypatch: pytest.MonkeyPatch, broken: ReadModel
) -> None:
    follow(found, pull(LOG[:5]))
    before = rows(found), kept(found, "first")

    def breaks(changes: ChangeSet) -> None:
        broken.apply(changes)
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(
            batch_module,
            "READ_MODELS",
            [replace(one, apply=breaks) if one is broken else one for one in batch_module.READ_MODELS],
        )
        with pytest.raises(RuntimeError, match="the power went"):
            catch_up(found, pull(LOG))
    assert found.position() == 5
    assert (rows(found), kept(found, "first")) == before
    follow(found, pull(LOG))
    assert found.position() == len(LOG)
    assert rows(found)["timeline"] == len(LOG)


def test_a_failure_to_move_the_position_takes_the_rows_back(found: ReadModels, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("the power went")

    catch_up(found, pull([]))
    with monkeypatch.context() as patch:
        patch.setattr(ReadModels, "advance", breaks)
        with pytest.raises(RuntimeError):
            catch_up(found, pull(LOG))
    assert found.position() == 0
    assert set(rows(found).values()) == {0}


def test_a_reader_sees_a_whole_batch_or_none_of_it(found: ReadModels, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def looked_at(*batch: Any) -> None:
        batch_module.apply(*batch)
        seen.append((found.position(), rows(found)["timeline"]))

    monkeypatch.setattr(catching, "apply", looked_at)
    follow(found, pull([]))
    follow(found, pull(LOG, lambda: 4))
    assert seen == [(0, 0), (4, 4), (8, 8)]


def test_a_log_that_cannot_be_read_changes_nothing(found: ReadModels) -> None:
    def unreadable(*_: int) -> list[Recorded]:
        raise Unavailable("the log is gone")

    follow(found, pull(LOG[:5]))
    with pytest.raises(Unavailable, match="the log is gone"):
        catch_up(found, unreadable)
    assert found.position() == 5


def test_nothing_to_do_moves_nothing(found: ReadModels) -> None:
    follow(found, pull(LOG))
    assert catch_up(found, pull(LOG)) == catch_up(found, pull(LOG))
    assert found.position() == len(LOG)


# --- what cannot be read yet


def test_an_unreadable_event_halts_the_view_until_it_is_read(found: ReadModels) -> None:
    halting: list[Recorded | Unreadable] = [*LOG[:6], strange(LOG[6]), *LOG[7:]]
    here = catch_up(found, pull(halting))
    assert here.position == 6
    assert here.halted == f"position 7, TalksBlessed on {LOG[6].subject}: there is no such type of event"
    with found.reading() as reading:
        assert (reading.position, reading.halted) == (6, here.halted)
    assert rows(found)["timeline"] == 6, "what stands before it is applied, and nothing after"
    assert catch_up(found, pull(halting)) == here, "it stays halted"

    after = catch_up(found, pull(LOG))
    assert (after.position, after.halted) == (len(LOG), None)
    with found.reading() as reading:
        assert reading.halted is None


@pytest.mark.parametrize("size", [1, 1000])
def test_a_rebuild_halts_at_the_same_event(found: ReadModels, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching, "BATCH", size)
    monkeypatch.setattr(catching, "BUILDING_BATCH", size)
    halting: list[Recorded | Unreadable] = [*LOG[:6], strange(LOG[6]), *LOG[7:]]
    follow(found, pull(halting))
    made = rebuild(found, pull(halting))
    assert made.position == found.position() == 6
    assert made.halted is not None


def test_a_rebuild_says_that_the_first_event_halts_it(found: ReadModels) -> None:
    made = rebuild(found, pull([strange(LOG[0])]))
    assert (made.position, made.halted is not None) == (0, True)


# --- once, whoever applies it


def test_two_followers_of_one_file_apply_nothing_twice(open_views: Callable[[], ReadModels]) -> None:
    one, other = open_views(), open_views()
    log = figure_reports(24)
    sizes = iter([1, 3, 2, 5, 1, 4, 2, 6] * 3)
    while catch_up(one, pull(log, lambda: next(sizes))).position < len(log):
        catch_up(other, pull(log, lambda: next(sizes)))
    assert one.position() == other.position() == len(log)
    assert rows(one)["timeline"] == len(log)
    assert times_applied(one) == 24


def test_two_threads_on_one_file_apply_nothing_twice(open_views: Callable[[], ReadModels]) -> None:
    log = figure_reports(60)
    both = threading.Barrier(2)
    failed: list[BaseException] = []

    def apply(mine: ReadModels, size: int) -> None:
        try:
            both.wait()
            while catch_up(mine, pull(log, lambda: size)).position < len(log):
                pass
        except BaseException as error:  # noqa: BLE001  told in the main thread
            failed.append(error)

    threads = [threading.Thread(target=apply, args=(open_views(), size)) for size in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert failed == []
    found = open_views()
    assert found.position() == len(log)
    assert rows(found)["timeline"] == len(log)
    assert times_applied(found) == 60


# --- a late report


def test_a_late_report_refolds_only_its_subject(found: ReadModels, monkeypatch: pytest.MonkeyPatch) -> None:
    late = wire("TalksPostponed", occurred="2017-10-28", data={})
    log = recorded([*history(LOG), late])
    follow(found, pull(log[:-1]))
    folded: list[set[str]] = []
    stepped: list[str] = []
    fold, evolve = families.fold, families.evolve

    def folding(family: str, events: Sequence[Event]) -> Any:
        folded.append({event.subject for event in events})
        return fold(family, events)

    def stepping(state: Any, event: Event) -> Any:
        stepped.append(event.subject)
        return evolve(state, event)

    monkeypatch.setattr(families, "fold", folding)
    monkeypatch.setattr(families, "evolve", stepping)
    follow(found, pull(log))
    assert folded == [{"talks/first"}]
    assert set(stepped) == {"talks/first"}
    (talks,) = kept(found, "first")["talks"]
    assert talks["state"]["value"] == "convened", "it came in last, and what it reports is past"


def test_a_batch_refolds_a_subject_once(found: ReadModels, monkeypatch: pytest.MonkeyPatch) -> None:
    late = [wire("TalksPostponed", occurred=f"2017-10-{day}", data={}) for day in (28, 26, 25)]
    log = recorded([*history(LOG), *late])
    follow(found, pull(log[: len(LOG)]))
    folded: list[str] = []
    fold = families.fold

    def folding(family: str, events: Sequence[Event]) -> Any:
        folded.append(family)
        return fold(family, events)

    monkeypatch.setattr(families, "fold", folding)
    follow(found, pull(log))
    assert folded == ["talks"]


def test_a_report_in_order_folds_nothing_anew(found: ReadModels, monkeypatch: pytest.MonkeyPatch) -> None:
    log = recorded([*history(LOG), wire("TalksConcluded", occurred="2017-10-30")])
    follow(found, pull(log[:-1]))
    monkeypatch.setattr(families, "fold", lambda *_: pytest.fail("it was folded anew"))
    follow(found, pull(log))
    assert kept(found, "first")["talks"][0]["state"]["value"] == "concluded"


# --- what may be said, and when


def test_half_made_views_say_nothing_rather_than_something_wrong(
    found: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching, "BATCH", 4)
    monkeypatch.setattr(catching, "BUILDING_BATCH", 4)
    catch_up(found, pull(LOG))
    with pytest.raises(Unavailable, match="are being made from the log"), found.reading():
        pass
    follow(found, pull(LOG))
    with found.reading() as reading:
        assert reading.position == len(LOG)


def test_views_that_reflect_more_than_the_log_holds_are_made_anew(found: ReadModels) -> None:
    """An older copy of the log was put back."""
    follow(found, pull(LOG))
    shorter = LOG[:5]
    follower = Follower(found, pull(shorter), lambda: len(shorter), poll=0.05)
    follower.start()
    try:
        eventually(lambda: follower.position == len(shorter))
    finally:
        follower.close()
    assert found.position() == len(shorter)
    assert rows(found)["timeline"] == len(shorter)
