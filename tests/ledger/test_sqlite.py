"""The file: what is set on it, and what happens when it is held, full, damaged or shared."""

import os
import resource
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from eventsourcing.sqlite import SQLiteConnection, SQLiteDatastore

from domain.errors import Refusal, Unavailable
from ledger.append import Append
from ledger.ledger import Ledger
from ledger.sqlite import SQLiteLogRecorder
from ledger.writer import Writer
from tests.ledger.sending import append, begin, opening, statement
from tests.waiting import PATIENCE


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """All of this is of the file alone."""
    return tmp_path


def file_of(ledger: Ledger) -> Path:
    assert isinstance(ledger.where, Path)
    return ledger.where / "events.db"


def datastore_of(ledger: Ledger) -> SQLiteDatastore:
    assert isinstance(ledger.log, SQLiteLogRecorder)
    return ledger.log.datastore


def on_disk(path: Path, query: str) -> list[sqlite3.Row]:
    """What another program sees in the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program that holds the write lock."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


# --- what is set


def test_what_was_acknowledged_is_on_disk(ledger: Ledger) -> None:
    with ledger.log.writing() as writing:
        settings = {name: writing.run(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous")}
    assert settings == {"journal_mode": "wal", "synchronous": 2}  # 2 is FULL
    assert ledger.log.fetch("PRAGMA synchronous")[0][0] == 2


def test_every_event_has_its_index_row(ledger: Ledger) -> None:
    append(ledger, statement(), statement())
    rows = on_disk(
        file_of(ledger),
        "SELECT e.position, i.position FROM stored_events e LEFT JOIN event_index i USING (position) ORDER BY 1",
    )
    assert rows == [(n, n) for n in range(1, 5)]


def test_it_is_read_again_after_a_restart(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    begin(first)
    written = list(first.replay())
    first.close()
    second = Ledger(tmp_path)
    assert list(second.replay()) == written
    assert append(second, statement(expected=1)).position == 3
    second.close()


def test_an_odd_directory_name(tmp_path: Path) -> None:
    directory = tmp_path / "a b?c#d%20e"
    ledger = Ledger(directory)
    begin(ledger)
    assert file_of(ledger).is_file()
    ledger.close()


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ("WHERE e.position > 5 ORDER BY e.position LIMIT 9", "INTEGER PRIMARY KEY"),
        ("WHERE e.topic = 'X' AND e.position > 5 ORDER BY e.position LIMIT 9", "stored_events_topic"),
    ],
)
def test_a_page_is_found_without_sorting(ledger: Ledger, filters: str, index: str) -> None:
    plan = str(on_disk(file_of(ledger), f"EXPLAIN QUERY PLAN SELECT e.* FROM stored_events e {filters}"))
    assert index in plan
    assert "TEMP B-TREE" not in plan


# --- held by another program


def test_a_locked_log_is_told_in_time_and_stores_nothing(ledger: Ledger) -> None:
    with held(file_of(ledger)):
        with pytest.raises(Unavailable, match="another program") as refusal:  # the timeout of the fixture is 1
            append(ledger, statement())
        assert refusal.value.retry
        assert ledger.head() == 2, "reading goes on"
    assert append(ledger, statement()).position == 3


def test_a_lock_that_is_let_go_is_waited_for(patient: Ledger) -> None:
    with ThreadPoolExecutor(1) as pool:
        with held(file_of(patient)):
            answer = pool.submit(append, patient, statement())
            time.sleep(0.3)
            assert not answer.done()
        assert answer.result().position == 3


# --- no room


def test_a_full_database_is_told_and_stores_nothing(ledger: Ledger) -> None:
    with datastore_of(ledger).get_connection(commit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count={cursor.fetchone()[0] + 3}")
    acknowledged = 2

    def fill() -> None:
        nonlocal acknowledged
        for _ in range(100):
            append(ledger, statement(note="x" * 3000))
            acknowledged += 1

    with pytest.raises(Unavailable, match="disk is full"):
        fill()
    assert [row[0] for row in on_disk(file_of(ledger), "SELECT MAX(position) FROM stored_events")] == [acknowledged]
    assert ledger.head() == acknowledged
    with datastore_of(ledger).get_connection(commit=True) as connection:
        connection.cursor().execute("PRAGMA max_page_count=100000")
    assert append(ledger, statement()).position == acknowledged + 1


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size: the system fails the write, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_commit_that_fails_is_not_made_up_for_later(ledger: Ledger) -> None:
    wal = Path(f"{file_of(ledger)}-wal")
    with file_size_limit(wal.stat().st_size + 3000):
        for _ in range(3):
            with pytest.raises(Unavailable, match="disk"):
                append(ledger, opening("convoys/lost"))
            assert ledger.head() == 2
    answer = append(ledger, statement())
    assert (answer.position, answer.events[0].version) == (3, 2)
    assert ledger.version("convoys/lost") == 0
    assert on_disk(file_of(ledger), "SELECT COUNT(*) FROM stored_events WHERE originator_id='convoys/lost'") == [(0,)]


def test_a_commit_that_leaves_its_transaction_open(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: SQLiteConnection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as failing:
        failing.setattr(SQLiteConnection, "commit", fail)
        with pytest.raises(Unavailable, match="disk is full"):
            append(ledger, opening("convoys/lost"))
    with held(file_of(ledger)):
        pass  # nobody keeps the lock
    assert append(ledger, statement()).position == 3
    assert ledger.version("convoys/lost") == 0


def test_a_connection_that_cannot_be_had_keeps_nobody_out_for_ever(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = datastore_of(ledger).pool
    taken = [pool.get_connection() for _ in range(pool.num_in_pool)]

    def fail(_: object) -> SQLiteConnection:
        raise sqlite3.OperationalError("unable to open database file")

    with monkeypatch.context() as failing:
        failing.setattr(type(pool), "_create_connection", fail)
        for _ in range(2):
            with pytest.raises(Unavailable, match=r"events.db cannot be opened"):
                append(ledger, statement())
    for connection in taken:
        pool.put_connection(connection)
    assert append(ledger, statement()).position == 3


# --- no log at all


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "events.db").write_bytes(b"This is no database. " * 1000)
    with pytest.raises(Unavailable, match="damaged"):
        Ledger(tmp_path)


def test_a_closed_log_is_told(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.close()
    with pytest.raises(Unavailable, match="stopping"):
        ledger.head()


# --- beginning one


def test_several_that_begin_one_log_at_once_have_one(tmp_path: Path) -> None:
    places = [tmp_path / f"{number}" for number in range(20)]
    with ThreadPoolExecutor(6) as pool:
        for place in places:
            for opened in [pool.submit(Ledger, place) for _ in range(6)]:
                opened.result().close()
    assert {path.name for place in places for path in place.iterdir()} == {"events.db"}


def test_a_log_is_begun_where_nothing_can_be_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("links are not known here")

    monkeypatch.setattr(os, "link", refuse)
    with closing(Ledger(tmp_path)) as ledger:
        begin(ledger)
    assert {path.name for path in tmp_path.iterdir()} == {"events.db", "log-witness.json"}


def test_a_reader_of_a_log_put_in_place_is_waited_for(tmp_path: Path) -> None:
    """A log that was put there, as a backup is, becomes one with a log of changes: not while another one reads it."""
    with closing(Ledger(tmp_path)) as ledger:
        begin(ledger)
    file = tmp_path / "events.db"
    on_disk(file, "PRAGMA journal_mode=DELETE")
    with closing(sqlite3.connect(file, isolation_level=None)) as reader, ThreadPoolExecutor(1) as pool:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM stored_events").fetchone()
        opened = pool.submit(Ledger, tmp_path, lock_timeout=60)
        time.sleep(0.3)
        assert not opened.done()
        reader.execute("COMMIT")
        opened.result().close()


# --- several writers


def test_two_servers_on_one_file_interleave_without_gaps(tmp_path: Path) -> None:
    """Two logs with a writer each, several senders at each, and a reader that must never skip an event."""
    ledgers = [Ledger(tmp_path, office=office, lock_timeout=30) for office in ("north", "south")]
    begin(ledgers[0])
    writers = [Writer(ledger) for ledger in ledgers]
    each, senders = 25, 4
    until = 2 + each * senders * len(writers)
    seen: list[int] = []

    def follow() -> None:
        last = 0
        while last < until:
            for event in ledgers[1].read_wire(last, 50):
                seen.append(event["position"])
                last = event["position"]

    def send(writer: Writer) -> list[int]:
        return [writer.submit(Append((statement(),))).result(PATIENCE).position for _ in range(each)]

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(senders * len(writers)) as pool:
        answers = list(pool.map(send, writers * senders))
    reader.join(PATIENCE)
    for writer in writers:
        writer.close()
    assert seen == list(range(1, until + 1))
    assert sorted(position for answer in answers for position in answer) == list(range(3, until + 1))
    versions = [event["version"] for event in ledgers[0].replay(after=2)]
    assert versions == list(range(2, until))
    assert {event["recorded_by"] for event in ledgers[0].replay(after=2)} == {"north", "south"}
    for ledger in ledgers:
        ledger.close()


def test_only_one_of_many_gets_a_version(ledger: Ledger) -> None:
    writer = Writer(ledger)
    waiting = [writer.submit(Append((statement(expected=1),))) for _ in range(20)]
    outcomes = [answer.exception(30) for answer in waiting]
    writer.close()
    assert outcomes.count(None) == 1
    assert all(isinstance(outcome, Refusal) for outcome in outcomes if outcome is not None)
    assert ledger.head() == 3
