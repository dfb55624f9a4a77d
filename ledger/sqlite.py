"""The log in one SQLite file: what `eventsourcing.sqlite` lacks, and no more.

- The position is a declared key (an implicit rowid may be renumbered by VACUUM).
- An index row per event, in the same transaction: its id, the digest of its content, when it was recorded.
- Which processes an event belongs to, for replay by process; which events a revision bears on.
- `BEGIN IMMEDIATE`: the lock is taken before anything is looked up, and waited for.
- `synchronous=FULL`: what was acknowledged is on disk.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    IntegrityError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteFactory,
    SQLiteTransaction,
)

from domain.errors import Unavailable
from ledger.recorder import (
    FORMAT,
    LAST,
    POLL,
    TABLES,
    UNFINISHED,
    Before,
    Filing,
    IndexRow,
    Known,
    LogRecorder,
    Snapshot,
    Writing,
)


class _Pool(SQLiteConnectionPool):
    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=OFF")
        return connection


class _Immediate(SQLiteTransaction):
    """A transaction that takes the write lock at once, waiting for it up to the lock timeout."""

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        return cursor

    def __exit__(self, *exc: Any) -> None:
        try:
            super().__exit__(*exc)
        except BaseException:
            # A commit that fails may leave its transaction open, and the connection goes back to the pool: what was
            # refused must not keep the lock, nor be committed with whatever comes next.
            self.connection.rollback()
            raise


class SQLiteLogRecorder(LogRecorder, SQLiteApplicationRecorder):
    """Application recorder with declared positions, event ids and membership in processes."""

    position_column = "position"
    ordered_join = "CROSS JOIN"

    def __init__(self, datastore: SQLiteDatastore) -> None:
        super().__init__(datastore, events_table_name="stored_events")

    def construct_create_table_statements(self) -> list[str]:
        return [
            "CREATE TABLE IF NOT EXISTS stored_events ("
            "position INTEGER PRIMARY KEY, originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL, "
            "topic TEXT NOT NULL, state BLOB NOT NULL, UNIQUE (originator_id, originator_version))",
            "CREATE INDEX IF NOT EXISTS stored_events_topic ON stored_events (topic)",
            "CREATE TABLE IF NOT EXISTS event_index ("
            "position INTEGER PRIMARY KEY, event_id BLOB NOT NULL UNIQUE, recorded_at INTEGER NOT NULL, "
            "digest BLOB NOT NULL)",
            "CREATE INDEX IF NOT EXISTS event_index_recorded_at ON event_index (recorded_at)",
            "CREATE TABLE IF NOT EXISTS subject_processes ("
            "subject TEXT NOT NULL, process TEXT NOT NULL, PRIMARY KEY (subject, process)) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS process_events ("
            "process TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (process, position)) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS event_references ("
            "target BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (target, position)) WITHOUT ROWID",
        ]

    def create_table(self) -> None:
        """Makes the tables, or sees that those that are there are ours to read.

        Raises:
            Unavailable: a newer version of Parley made them.
        """
        found = self.format()
        if FORMAT < found != UNFINISHED:
            raise Unavailable(
                f"the log is of format {found}, and this version of Parley reads up to {FORMAT}: upgrade Parley"
            )
        super().create_table()
        if found < FORMAT:
            with self.writing() as writing:
                writing.mark(FORMAT)

    @contextmanager
    def _transaction(self) -> Iterator[SQLiteCursor]:
        """One transaction under the write lock. It commits at the end, or rolls back on any error."""
        with available(), self.datastore.get_connection(commit=True) as connection:
            with _Immediate(connection, commit=True) as cursor, cursor:
                yield cursor

    @contextmanager
    def writing(self, ids: Iterable[bytes] = (), subjects: Iterable[str] = ()) -> Iterator[SQLiteWriting]:
        with self._transaction() as cursor:
            yield SQLiteWriting(cursor, _before(cursor, ids, subjects))

    def fetch(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with available(), self.datastore.transaction(commit=False) as cursor:
            cursor.execute(query.format(position=self.position_column), values)
            return list(cursor.fetchall())

    def look_up(self, ids: Iterable[bytes], subjects: Iterable[str]) -> Before:
        with available(), self.datastore.transaction(commit=False) as cursor:
            return _before(cursor, ids, subjects)

    def watch(self, closing: threading.Event) -> Iterator[None]:
        while not closing.wait(POLL):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[SQLiteSnapshot]:
        with available(), self.datastore.get_connection(commit=False) as connection:
            with connection.transaction(commit=False):
                yield SQLiteSnapshot(connection)

    def format(self) -> int:
        return int(self.fetch("PRAGMA user_version")[0][0])


class SQLiteWriting(Writing):
    """One transaction under the write lock of the file."""

    def __init__(self, cursor: SQLiteCursor, before: Before) -> None:
        super().__init__(before)
        self._cursor = cursor

    def run(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        self._cursor.execute(query.format(position=SQLiteLogRecorder.position_column), values)
        return list(self._cursor.fetchall())

    def insert(self, stored: Sequence[StoredEvent], index: Sequence[IndexRow]) -> None:
        c, first = self._cursor, self.before.head + 1
        filing = Filing.of(first, stored, index, self.before)
        c.executemany(
            "INSERT INTO stored_events (position, originator_id, originator_version, topic, state) VALUES (?,?,?,?,?)",
            [(p, e.originator_id, e.originator_version, e.topic, e.state) for p, e in enumerate(stored, first)],
        )
        c.executemany(
            "INSERT INTO event_index (position, event_id, recorded_at, digest) VALUES (?,?,?,?)",
            [(p, row.event_id, row.recorded_at, row.digest) for p, row in enumerate(index, first)],
        )
        targets = [(target, p) for p, row in enumerate(index, first) for target in row.targets]
        c.executemany("INSERT INTO event_references (target, position) VALUES (?,?)", targets)
        c.executemany("INSERT INTO subject_processes (subject, process) VALUES (?,?)", filing.members)
        c.executemany("INSERT INTO process_events (process, position) VALUES (?,?)", filing.events)
        c.executemany(
            "INSERT OR IGNORE INTO process_events "
            "SELECT ?, position FROM stored_events WHERE originator_id=? AND position<?",
            filing.earlier,
        )

    def confirm(self) -> None:
        """Nothing: what can be read is on the disk, and there is no other."""

    def put(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        columns = TABLES[table]
        names = ", ".join(columns).format(position=SQLiteLogRecorder.position_column)
        values = ", ".join("?" for _ in columns)
        self._cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING", rows)  # noqa: S608

    def mark(self, number: int) -> None:
        self._cursor.execute(f"PRAGMA user_version={number}")


class SQLiteSnapshot(Snapshot):
    """The file as it stood when this was opened."""

    def __init__(self, connection: SQLiteConnection) -> None:
        self._connection = connection

    def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[Sequence[Any]]:
        with self._connection.cursor() as cursor:
            yield from cursor.execute(query.format(position=SQLiteLogRecorder.position_column), values)


@contextmanager
def snapshot_of(path: Path) -> Iterator[SQLiteSnapshot]:
    """A file as it stands, read only: nothing is made or changed in it.

    Raises:
        Unavailable: the file cannot be read.
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    with available(), closing(sqlite3.connect(address, uri=True, isolation_level=None)) as opened:
        connection = SQLiteConnection(opened, None)
        with connection.transaction(commit=False):
            yield SQLiteSnapshot(connection)


def _before(c: SQLiteCursor, ids: Iterable[bytes], subjects: Iterable[str]) -> Before:
    found = Before()
    c.execute(LAST)
    if row := c.fetchone():
        found.head, found.last = row
    for event_id in ids:
        c.execute(
            "SELECT i.position, i.digest, i.recorded_at, e.originator_id, e.originator_version, e.topic "
            "FROM event_index i JOIN stored_events e ON e.position = i.position WHERE i.event_id=?",
            (event_id,),
        )
        if row := c.fetchone():
            found.known[event_id] = Known(*row)
    for subject in subjects:
        c.execute("SELECT MAX(originator_version) FROM stored_events WHERE originator_id=?", (subject,))
        if version := c.fetchone()[0]:
            found.versions[subject] = version
            c.execute("SELECT process FROM subject_processes WHERE subject=?", (subject,))
            found.processes[subject] = {row[0] for row in c.fetchall()}
    return found


class SQLiteLogFactory(SQLiteFactory):
    """Builds the recorder on a pool that sets our pragmas on every connection."""

    application_recorder_class = SQLiteLogRecorder  # type: ignore[assignment]

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        stock = self.datastore.pool
        self.datastore.pool = _Pool(
            db_name=stock.db_name,
            lock_timeout=stock.lock_timeout,
            pool_size=stock.pool_size,
            max_overflow=stock.max_overflow,
            pool_timeout=stock.pool_timeout,
        )


@contextmanager
def available() -> Iterator[None]:
    """Turns the faults of the database into one refusal that says what to do."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, IntegrityError, ProgrammingError):
        raise  # an error of ours, not of the database
    except ConnectionPoolClosedError as error:
        raise Unavailable("the server is stopping: send the request again in a moment") from error
    except (sqlite3.Error, PersistenceError) as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            detail = "another program holds the log: try again; if it stays so, stop the other program"
        elif "full" in text:
            detail = "the disk is full: make room on it, then send the request again"
        elif "I/O" in text:
            detail = "the disk failed to read or write: check it and the room on it, then send the request again"
        elif "readonly" in text or "read-only" in text:
            detail = "the log cannot be written: give the server write access to its data directory"
        elif "malformed" in text or "not a database" in text:
            detail = "the log file is damaged: stop the server and run `parley check`"
        else:
            detail = f"the log cannot be reached or written ({text})"
        raise Unavailable(detail) from error
