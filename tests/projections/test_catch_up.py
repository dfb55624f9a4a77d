"""Catching up: rows and position move together, nothing is applied twice, and a rebuild disturbs nobody."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, inspect, select

from domain import families
from domain.errors import Unavailable
from domain.event import Event, Recorded, Unreadable
from projections import batch as batch_module
from projections import catch_up as catching
from projections.batch import open_read_models
from projections.catch_up import catch_up, rebuild
from projections.follower import Follower
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.figures import SERIES
from projections.read_models.incident_counts import INCIDENT_COUNTS
from projections.read_models.timeline import TIMELINE
from projections.storage import generations as generations_module
from projections.storage.generations import ReadModels
from projections.storage.tables import Transaction
from tests.projections.world import follow, history, kept, opened, pull, recorded
from tests.spec import wire

LOG = recorded(
    [
        *opened("actors/committee", "processes/first", "talks/first", "convoys/first"),
        wire("TalksScheduled", occurred="2017-10-27", data={"when": "2017-10-29"}),
        wire("FigureReported", subject="processes/first"),
        wire("IncidentReported", subject="processes/first"),
        wire("RoleTaken", subject="talks/first", data={"actor": "committee", "role": "host"}),
        wire("TalksConvened", occurred="2017-10-29", data={}),
        wire("ConvoyDeparted", occurred="2017-10-29", data={}),
    ]
)


def rows(found: ReadModels) -> dict[str, int]:
    """How many rows each table of the live generation has."""
    with found.reading() as reading:
        return {
            name: reading.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in reading.tables.by_name().items()
        }


def generations(found: ReadModels) -> dict[int, bool]:
    """Each generation that has not given way, and whether it is live."""
    with found.restructuring() as connection:
        table = generations_module.generations
        query = select(table.c.generation, table.c.live).where(table.c.retired_at.is_(None))
        return {row.generation: row.live for row in connection.execute(query)}


def generations_with_tables(found: ReadModels) -> set[int]:
    with found.restructuring() as connection:
        names = inspect(connection).get_table_names()
    return {int(name.rpartition("_")[2]) for name in names if name != "generations"}


def times_applied(found: ReadModels) -> int:
    """How many events the claims and tallies count: they would count an event twice if it were applied twice."""
    with found.reading() as reading:
        series, tallies = reading.table(SERIES), reading.table(INCIDENT_COUNTS)
        claims = reading.connection.execute(select(func.sum(series.c.claims))).scalar() or 0
        return int(claims) + int(reading.connection.execute(select(func.sum(tallies.c.events))).scalar() or 0)


# --- a batch moves as a whole


@pytest.mark.parametrize("broken", batch_module.READ_MODELS, ids=lambda read_model: read_model.tables[0].name)
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

    def looked_at(transaction: Transaction, events: Sequence[Recorded]) -> None:
        batch_module.apply(transaction, events)
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


def strange(one: Recorded) -> Unreadable:
    return Unreadable(one.position, one.version, one.subject, "TalksBlessed", "there is no such type of event")


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
    log = figures(24)
    sizes = iter([1, 3, 2, 5, 1, 4, 2, 6] * 3)
    while catch_up(one, pull(log, lambda: next(sizes))).position < len(log):
        catch_up(other, pull(log, lambda: next(sizes)))
    assert one.position() == other.position() == len(log)
    assert rows(one)["timeline"] == len(log)
    assert times_applied(one) == 24


def test_two_threads_on_one_file_apply_nothing_twice(open_views: Callable[[], ReadModels]) -> None:
    log = figures(60)
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
        thread.join(30)
    assert failed == []
    found = open_views()
    assert found.position() == len(log)
    assert rows(found)["timeline"] == len(log)
    assert times_applied(found) == 60


def figures(count: int) -> list[Recorded]:
    return recorded(
        [
            *opened("processes/first"),
            *[wire("FigureReported", subject="processes/first", claimant=f"office {n % 3}") for n in range(count)],
        ]
    )


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


# --- rebuilding


@pytest.fixture
def of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of four events."""
    monkeypatch.setattr(catching, "BATCH", 4)


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
            each.result(60)
    assert [position for position, _ in seen] == sorted(position for position, _ in seen)
    assert all(position == count for position, count in seen)
    assert live.position() == len(LOG)


# --- versions and files


def test_views_of_another_version_are_made_beside_those_that_are_in_use(
    open_views: Callable[[], ReadModels], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = open_views()
    follow(old, pull(LOG))
    before = kept(old, "first")
    with closing(old.lead()) as lead:
        assert lead.taken()
        monkeypatch.setattr(batch_module, "SCHEMA", replace(batch_module.SCHEMA, version=1_000))
        new = open_views()
        assert new.position() == 0
        follow(new, pull(LOG))
        assert kept(new, "first") == before
        assert new.sweep(kept=0) == 0, "a server of the old version is at work"
    assert new.sweep(kept=0) == 1
    with new.reading() as reading:
        names = {name for name in _table_names(reading.connection) if name != "generations"}
        assert names == set(reading.tables.meta.tables), "the tables of the old version are gone"
    assert list(generations(new).values()) == [True]


def _table_names(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


def test_the_file_may_be_deleted(path: Path) -> None:
    old = open_read_models(path)
    follow(old, pull(LOG))
    before = kept(old, "first")
    old.close()
    for left in path.parent.glob("views.db*"):
        left.unlink()
    with closing(open_read_models(path)) as new:
        assert new.position() == 0
        follow(new, pull(LOG))
        assert kept(new, "first") == before


def test_a_file_that_is_no_database_is_put_aside_and_made_anew(path: Path) -> None:
    path.write_bytes(b"this was a database once" * 1000)
    with closing(open_read_models(path)) as found:
        follow(found, pull(LOG))
        assert kept(found, "first")
    assert path.with_name("views.db.damaged").read_bytes().startswith(b"this was")


def test_a_damaged_page_is_told_or_the_file_is_made_anew(path: Path) -> None:
    with closing(open_read_models(path)) as found:
        follow(found, pull(LOG))
        before = kept(found, "first")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with closing(open_read_models(path)) as found:
        follow(found, pull(LOG))
        assert kept(found, "first") == before


def test_a_file_that_lost_its_tables_makes_them_anew(path: Path) -> None:
    with closing(open_read_models(path)) as found:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE generations")
        assert found.position() == 0
        follow(found, pull(LOG))
        assert kept(found, "first")


def test_a_file_of_before_there_were_generations_side_by_side(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE progress (generation INTEGER, version INTEGER, position INTEGER)")
        connection.execute("CREATE TABLE timeline_v2_1 (position INTEGER PRIMARY KEY)")
    with closing(open_read_models(path)) as found:
        follow(found, pull(LOG))
        with found.reading() as reading:
            assert not {"progress", "timeline_v2_1"} & set(_table_names(reading.connection))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """For what is of a file alone."""
    return tmp_path / "views.db"


# --- the follower


@pytest.fixture
def following(found: ReadModels) -> Iterator[Callable[..., Follower]]:
    """Starts followers, and closes them at the end."""
    started: list[Follower] = []

    def start(log: Sequence[Recorded | Unreadable], **options: Any) -> Follower:
        source = options.pop("source", pull(log))
        started.append(Follower(found, source, lambda: log[-1].position if log else 0, **options))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.close()


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_follower_follows_when_nudged(following: Callable[..., Follower]) -> None:
    log = LOG[:5]
    follower = following(log, poll=60)
    follower.nudge()
    assert follower.wait_for(5, 20)
    assert follower.position == 5
    assert not follower.wait_for(6, 0.01)
    log.extend(LOG[5:])
    follower.nudge()
    assert follower.wait_for(len(LOG), 20)


def test_a_follower_looks_by_itself_too(following: Callable[..., Follower]) -> None:
    """Another program may write to the log, and nobody nudges then."""
    assert following(LOG, poll=0.01).wait_for(len(LOG), 20)


def test_a_follower_starts_where_the_read_models_stand(found: ReadModels, following: Callable[..., Follower]) -> None:
    follow(found, pull(LOG))
    assert following(LOG, poll=60).position == len(LOG)


def test_a_closed_follower_follows_no_more(found: ReadModels, following: Callable[..., Follower]) -> None:
    log = LOG[:5]
    follower = following(log, poll=0.01)
    assert follower.wait_for(5, 20)
    follower.close()
    follower.close()
    log.extend(LOG[5:])
    follower.nudge()
    assert not follower.wait_for(6, 0.05)
    assert found.position() == 5


def test_under_load_it_rests_until_somebody_waits(found: ReadModels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.follower.LEAST_REST", 60)
    log, resting = LOG[:5], threading.Event()

    def source(after: int, limit: int) -> Sequence[Recorded | Unreadable]:
        follower.nudge()  # more is recorded while it is at work
        return pull(log)(after, limit)

    def rest(worked: float) -> None:
        resting.set()
        usual(worked)

    follower = Follower(found, source, lambda: len(log), poll=60)
    usual = follower._rest
    monkeypatch.setattr(follower, "_rest", rest)
    with closing(follower):
        follower.start()
        assert resting.wait(20)
        assert follower.position == 5
        log.extend(LOG[5:])
        assert not follower.wait_for(6, 0.2), "nobody waits"
        follower.hurry()
        assert follower.wait_for(len(LOG), 20)


def test_closing_lets_go_whoever_waits(following: Callable[..., Follower]) -> None:
    follower = following(LOG[:5], poll=60)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(follower.wait_for(99, 3_600)))
    waiting.start()
    follower.close()
    waiting.join(60)
    assert answers == [False]


def test_a_follower_that_never_started_can_be_closed(found: ReadModels) -> None:
    Follower(found, pull(LOG), lambda: 0).close()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Unavailable("the log is locked"), "the log is locked"),
        (KeyError("secret"), "an error of Parley itself keeps the read models back: KeyError"),
    ],
)
def test_a_follower_goes_on_after_a_fault(following: Callable[..., Follower], fault: Exception, told: str) -> None:
    broken = threading.Event()
    broken.set()
    source = pull(LOG)

    def pulling(after: int, limit: int) -> Sequence[Recorded | Unreadable]:
        if broken.is_set():
            raise fault
        return source(after, limit)

    follower = following(LOG, poll=0.01, source=pulling)
    eventually(lambda: follower.fault)
    assert follower.fault == told
    assert follower.position == 0
    broken.clear()
    assert follower.wait_for(len(LOG), 20)
    assert follower.fault is None


def test_a_follower_tells_that_it_is_halted(following: Callable[..., Follower]) -> None:
    log: list[Recorded | Unreadable] = [*LOG[:6], strange(LOG[6]), *LOG[7:]]
    follower = following(log, poll=0.01)
    eventually(lambda: follower.halted)
    assert follower.position == 6
    assert follower.halted is not None
    assert follower.halted.startswith("position 7, TalksBlessed")
    log[6] = LOG[6]
    assert follower.wait_for(len(LOG), 20)
    assert follower.halted is None


def test_two_followers_share_a_file(open_views: Callable[[], ReadModels], following: Callable[..., Follower]) -> None:
    log = figures(40)
    mine, other = following(log, poll=0.01), Follower(open_views(), pull(log), lambda: len(log), poll=0.01)
    other.start()
    assert mine.wait_for(len(log), 20)
    assert other.wait_for(len(log), 20)
    other.close()
    assert times_applied(open_views()) == 40


# --- what may be said, and when


def test_half_made_views_say_nothing_rather_than_something_wrong(
    found: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching, "BATCH", 4)
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
        for _ in range(200):
            if follower.position == len(shorter):
                break
            time.sleep(0.02)
    finally:
        follower.close()
    assert found.position() == len(shorter)
    assert rows(found)["timeline"] == len(shorter)
