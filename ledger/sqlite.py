"""The log in one SQLite file: what `eventsourcing.sqlite` lacks, and no more.

- The position is a declared key (an implicit rowid may be renumbered by VACUUM).
- An index row per event, in the same transaction: its id, the digest of its content, when it was recorded.
- Which processes an event belongs to, for replay by process; which events a revision bears on.
- `BEGIN IMMEDIATE`: the lock is taken before anything is looked up, and waited for.
- `synchronous=FULL`: what was acknowledged is on disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    IntegrityError,
    Notification,
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

LOCK_TIMEOUT = 5  # seconds


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What the log looks events up by."""

    event_id: bytes
    digest: bytes
    recorded_at: int
    """Microseconds since 1970-01-01T00:00:00 UTC."""
    processes: tuple[str, ...]
    """The processes an opening names; empty for all other events."""
    targets: tuple[bytes, ...] = ()
    """Ids of the events that a revision bears on; empty for all other events."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events of the log are wanted; what is None does not matter."""

    process: str | None = None
    subject: str | None = None
    family: str | None = None
    type: str | None = None
    recorded_after: int | None = None
    """Microseconds since 1970-01-01T00:00:00 UTC."""


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


class SQLiteLogRecorder(SQLiteApplicationRecorder):
    """Application recorder with declared positions, event ids and membership in processes."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        super().__init__(datastore, events_table_name="stored_events")
        self.insert_events_statement = (
            "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?,?,?,?)"
        )

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

    @contextmanager
    def writing(self) -> Iterator[SQLiteCursor]:
        """One transaction under the write lock. It commits at the end, or rolls back on any error.

        Raises:
            Unavailable: the lock is held by another writer, the disk is full, or the file cannot be written.
        """
        with available(), self.datastore.get_connection(commit=True) as connection:
            with _Immediate(connection, commit=True) as cursor, cursor:
                yield cursor

    @contextmanager
    def reading(self) -> Iterator[SQLiteCursor]:
        """One snapshot of the log.

        Raises:
            Unavailable: the file cannot be read.
        """
        with available(), self.datastore.transaction(commit=False) as cursor:
            yield cursor

    # --- inside a transaction

    def _insert_events(self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        positions = super()._insert_events(c, stored_events) or []
        index: Sequence[IndexRow] = kwargs["index"]
        c.executemany(
            "INSERT INTO event_index (position, event_id, recorded_at, digest) VALUES (?,?,?,?)",
            [(p, row.event_id, row.recorded_at, row.digest) for p, row in zip(positions, index, strict=True)],
        )
        for position, stored, row in zip(positions, stored_events, index, strict=True):
            self._assign(c, position, str(stored.originator_id), row.processes)
            for target in row.targets:
                c.execute("INSERT INTO event_references VALUES (?,?)", (target, position))
        return positions

    def _assign(self, c: SQLiteCursor, position: int, subject: str, named: tuple[str, ...]) -> None:
        """Files an event under the processes of its subject; a process named later gets the earlier events too."""
        family, _, identity = subject.partition("/")
        known = {identity} if family == "processes" else self.processes_of(c, subject)
        for process in known:
            c.execute("INSERT INTO process_events VALUES (?,?)", (process, position))
        for process in set(named) - known:
            c.execute("INSERT INTO subject_processes VALUES (?,?)", (subject, process))
            c.execute(
                "INSERT OR IGNORE INTO process_events "
                "SELECT ?, position FROM stored_events WHERE originator_id=? AND position<=?",
                (process, subject, position),
            )

    def processes_of(self, c: SQLiteCursor, subject: str) -> set[str]:
        c.execute("SELECT process FROM subject_processes WHERE subject=?", (subject,))
        return {row[0] for row in c.fetchall()}

    def version_of(self, c: SQLiteCursor, subject: str) -> int:
        """The number of events of a subject; 0 if it was never opened."""
        c.execute("SELECT MAX(originator_version) FROM stored_events WHERE originator_id=?", (subject,))
        return c.fetchone()[0] or 0

    def event_by_id(self, c: SQLiteCursor, event_id: bytes) -> sqlite3.Row | None:
        """Position, digest, recorded_at, originator_id, originator_version and topic of an event."""
        c.execute(
            "SELECT i.position, i.digest, i.recorded_at, e.originator_id, e.originator_version, e.topic "
            "FROM event_index i JOIN stored_events e ON e.position = i.position WHERE i.event_id=?",
            (event_id,),
        )
        row: sqlite3.Row | None = c.fetchone()
        return row

    def last(self, c: SQLiteCursor) -> tuple[int, int]:
        """Position and time (microseconds) of the last event; zeros for an empty log."""
        c.execute("SELECT position, recorded_at FROM event_index ORDER BY position DESC LIMIT 1")
        row = c.fetchone()
        return (row[0], row[1]) if row else (0, 0)

    # --- reading

    def select(self, after: int, limit: int, wanted: Filter, until: int | None = None) -> list[Notification]:
        """Events after a position, in log order."""
        if wanted.recorded_after is not None:  # one bound, since the database makes use of only one
            after = max(after, self.position_at(wanted.recorded_after))
        source, where = "stored_events e", ["e.position > ?"]
        values: list[Any] = [after]
        if until is not None:
            where.append("e.position <= ?")
            values.append(until)
        if wanted.process is not None:
            source = "process_events p CROSS JOIN stored_events e ON e.position = p.position"
            where.insert(0, "p.process = ? AND p.position > ?")
            values = [wanted.process, after, *values]
        if wanted.subject is not None:
            where.append("e.originator_id = ?")
            values.append(wanted.subject)
        if wanted.family is not None:
            where.append("e.originator_id >= ? AND e.originator_id < ?")
            values += [f"{wanted.family}/", f"{wanted.family}0"]
        if wanted.type is not None:
            where.append("e.topic = ?")
            values.append(wanted.type)
        order = "p.position" if wanted.process is not None else "e.position"
        with self.reading() as c:
            c.execute(
                "SELECT e.position, e.originator_id, e.originator_version, e.topic, e.state "  # noqa: S608  our own texts
                f"FROM {source} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?",
                (*values, limit),
            )
            return _notifications(c)

    def bearing_on(self, event_id: bytes) -> list[Notification]:
        """The revisions that name an event, in log order."""
        with self.reading() as c:
            c.execute(
                "SELECT e.position, e.originator_id, e.originator_version, e.topic, e.state FROM event_references r "
                "CROSS JOIN stored_events e ON e.position = r.position WHERE r.target=? ORDER BY r.position",
                (event_id,),
            )
            return _notifications(c)

    def position_at(self, recorded_at: int) -> int:
        """The last position recorded at or before a time (microseconds since 1970 UTC); 0 if there is none."""
        with self.reading() as c:
            c.execute(
                "SELECT position FROM event_index WHERE recorded_at <= ? "
                "ORDER BY recorded_at DESC, position DESC LIMIT 1",
                (recorded_at,),
            )
            row = c.fetchone()
            return row[0] if row else 0


def _notifications(c: SQLiteCursor) -> list[Notification]:
    return [
        Notification(id=r[0], originator_id=r[1], originator_version=r[2], topic=r[3], state=r[4]) for r in c.fetchall()
    ]


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
