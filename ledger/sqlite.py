"""The log in one SQLite file: what `eventsourcing.sqlite` lacks, and no more.

- The position is a declared key (an implicit rowid may be renumbered by VACUUM).
- An index row per event, in the same transaction: its id, the digest of its content, when it was recorded.
- Which processes an event belongs to, for replay by process; which events a revision bears on.
- `BEGIN IMMEDIATE`: the lock is taken before anything is looked up, and waited for.
- `synchronous=FULL`: what was acknowledged is on disk. What a killed process left is brought there at the next opening.
- What is no log, or no whole one, is named; see `ledger/files.py` too.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    IntegrityError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.sqlite import (
    SQLITE3_DEFAULT_LOCK_TIMEOUT,
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteFactory,
    SQLiteTransaction,
)

from domain.errors import Unavailable
from ledger import files
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

log = logging.getLogger(__name__)

LOOK = 0.002
"""Seconds between looks at a file that another process is beginning."""

CREATE = (
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
)
"""Makes the tables of a log."""


class _Pool(SQLiteConnectionPool):
    @property
    def file(self) -> Path:
        return Path(unquote(self.db_name.removeprefix("file:").partition("?")[0]))

    @property
    def is_read_only(self) -> bool:
        return files.IMMUTABLE in self.db_name

    def _create_connection(self) -> SQLiteConnection:
        if not self.is_journal_mode_wal:
            self.is_journal_mode_wal = _require_ours(self.file) == "wal" or self.is_read_only
        if not self.is_journal_mode_wal:
            self._write_ahead()
        connection = super()._create_connection()
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=OFF")
        return connection

    def _write_ahead(self) -> None:
        """Changes the file to a write-ahead log. Of several that begin one file at once, SQLite refuses all but one at
        once, whatever the lock timeout: they are to wait for each other as they do for every other lock."""
        patience = self.lock_timeout or SQLITE3_DEFAULT_LOCK_TIMEOUT
        until = time.monotonic() + patience
        with closing(sqlite3.connect(self.db_name, uri=True, timeout=patience)) as connection:
            while True:
                try:
                    connection.execute("PRAGMA journal_mode=WAL").fetchone()
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                        raise
                else:
                    return
                time.sleep(LOOK)


def begin(file: Path) -> None:
    """Makes a log without events where there is no file, and brings it to the disk.

    It is made beside its place and put there whole, so that of several that begin one log each finds nothing or all of
    it, and a process that is killed leaves none half begun.
    """
    if file.exists():
        return
    try:
        with TemporaryDirectory(prefix=".beginning-", dir=file.parent) as beside:
            whole = Path(beside, file.name)
            with closing(sqlite3.connect(whole, isolation_level=None)) as connection:
                for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                    connection.execute(f"PRAGMA {pragma}")
                for statement in ("BEGIN", *CREATE, f"PRAGMA user_version={FORMAT}", "COMMIT"):
                    connection.execute(statement)
            os.link(whole, file)
    except FileExistsError:
        return  # another process was first
    except OSError as error:  # here nothing can be linked, or nothing written: what opens the file says so
        log.debug("a log was not begun beside its place: %s", error)
        return
    files.flush(file.parent)


def _require_ours(file: Path) -> str:
    """Sees that a file that is there holds a log, or nothing yet. Nothing is changed in it.

    Returns:
        Its journal mode; empty if there is nothing yet.

    Raises:
        Unavailable: it is of another program, or lacks tables.
    """
    if not file.is_file() or file.stat().st_size == 0:
        return ""
    with closing(sqlite3.connect(files.read_only_address(file), uri=True)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
        there = {name for (name,) in connection.execute(query)}
        ((marked,),) = connection.execute("PRAGMA user_version")
        ((mode,),) = connection.execute("PRAGMA journal_mode")
    if (there or marked) and not there.issuperset(TABLES):
        raise Unavailable(f"{file} is no log of Parley, or lacks tables: move it away, and restore a backup")
    return str(mode)


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
        assert isinstance(datastore.pool, _Pool)  # noqa: S101  the factory makes no other
        self._file = datastore.pool.file
        self._read_only = datastore.pool.is_read_only
        self._named = str(self._file)
        """How a refusal calls the file: by its whole path as long as it is being opened, to the one who opens it."""
        self._identity: tuple[int, int] | None = None
        """Of the file that was opened: a name may come to stand for another one, or for none."""
        self._size = 0
        """Bytes that it had at most: it grows, and never gives room back."""
        self._turn = threading.Lock()

    def construct_create_table_statements(self) -> list[str]:
        return list(CREATE)

    def create_table(self) -> None:
        """Makes the tables, or sees that those that are there are ours to read, and brings all of it to the disk.

        Raises:
            Unavailable: a newer version of Parley made them, or the file is damaged.
        """
        number = self.format()
        if FORMAT < number != UNFINISHED:
            raise Unavailable(
                f"the log is of format {number}, and this version of Parley reads up to {FORMAT}: upgrade Parley"
            )
        if number < FORMAT:
            with self._transaction() as cursor:
                self._create_table(cursor)
                cursor.execute(f"PRAGMA user_version={FORMAT}")
        if not self._read_only:
            self._bring_to_disk()
        self._named = self._file.name
        self._identity = files.identity(self._file)

    def _require_there(self) -> None:
        """Requires that the file under the name is still the one that was opened: in another one nobody would find what
        is recorded.

        Raises:
            Unavailable: it was moved, deleted or replaced.
        """
        if self._identity is not None and files.identity(self._file) != self._identity:
            raise Unavailable(
                f"the log file {self._named} was moved, deleted or replaced while it was open: put it back under its "
                "name, or stop the server and start it on what lies there"
            )
        size = files.size(self._file)
        if self._identity is not None and size < self._size:
            raise Unavailable(
                f"the log file {self._named} was written over while it was open, it has {size:,} bytes and had "
                f"{self._size:,}: stop the server, and put the right file there"
            )
        self._size = size

    def _bring_to_disk(self) -> None:
        """A process that was killed may have been waiting for the disk: what can be read is on it from now on."""
        with available(self._named), self.datastore.get_connection(commit=False) as connection:
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
                busy, changes, done = cursor.fetchone()
                cursor.execute("PRAGMA page_size")
                (page_size,) = cursor.fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                    raise
            else:
                if not busy and changes == done and files.is_torn(self._file, page_size):
                    raise Unavailable(f"the log file {self._named} is damaged, it ends within a page: {files.MEND}")

    @contextmanager
    def _transaction(self) -> Iterator[SQLiteCursor]:
        """One transaction under the write lock. It commits at the end, or rolls back on any error."""
        self._require_there()
        with available(self._named), self._in_turn(), self.datastore.get_connection(commit=False) as connection:
            with _Immediate(connection, commit=True) as cursor, cursor:
                yield cursor

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """One writer of this process at a time. The pool has a lock for it that is never let go once no connection can
        be had."""
        if not self._turn.acquire(timeout=self.datastore.pool.lock_timeout or self.datastore.pool.pool_timeout):
            raise PersistenceError("the log is locked")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def writing(self, ids: Iterable[bytes] = (), subjects: Iterable[str] = ()) -> Iterator[SQLiteWriting]:
        with self._transaction() as cursor:
            yield SQLiteWriting(cursor, _before(cursor, ids, subjects))

    def fetch(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        self._require_there()
        with available(self._named), self.datastore.transaction(commit=False) as cursor:
            cursor.execute(query.format(position=self.position_column), values)
            return list(cursor.fetchall())

    def look_up(self, ids: Iterable[bytes], subjects: Iterable[str]) -> Before:
        self._require_there()
        with available(self._named), self.datastore.transaction(commit=False) as cursor:
            return _before(cursor, ids, subjects)

    def watch(self, closing: threading.Event) -> Iterator[None]:
        while not closing.wait(POLL):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[SQLiteSnapshot]:
        self._require_there()
        with available(self._named), self.datastore.get_connection(commit=False) as connection:
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
        _put(
            c,
            "stored_events (position, originator_id, originator_version, topic, state)",
            [(p, e.originator_id, e.originator_version, e.topic, e.state) for p, e in enumerate(stored, first)],
        )
        _put(
            c,
            "event_index (position, event_id, recorded_at, digest)",
            [(p, row.event_id, row.recorded_at, row.digest) for p, row in enumerate(index, first)],
        )
        targets = [(target, p) for p, row in enumerate(index, first) for target in row.targets]
        _put(c, "event_references (target, position)", targets)
        _put(c, "subject_processes (subject, process)", filing.members)
        _put(c, "process_events (process, position)", filing.events)
        for earlier in filing.earlier:
            c.execute(
                "INSERT OR IGNORE INTO process_events "
                "SELECT ?, position FROM stored_events WHERE originator_id=? AND position<?",
                earlier,
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
    address = files.read_only_address(path)
    with available(str(path)), closing(sqlite3.connect(address, uri=True, isolation_level=None)) as opened:
        connection = SQLiteConnection(opened, None)
        with connection.transaction(commit=False):
            yield SQLiteSnapshot(connection)


def _before(c: SQLiteCursor, ids: Iterable[bytes], subjects: Iterable[str]) -> Before:
    before = Before()
    c.execute(LAST)
    if row := c.fetchone():
        before.head, before.last = row
    wanted = list(ids)
    for at in range(0, len(wanted), MOST_ASKED):
        some = wanted[at : at + MOST_ASKED]
        some += some[-1:] * (_padded(len(some)) - len(some))
        c.execute(_KNOWN.format(places=",".join("?" * len(some))), some)
        before.known |= {row[0]: Known(*row[1:]) for row in c.fetchall()}
    if named := list(subjects):
        c.execute(_SUBJECTS, (json.dumps(named),))
        for subject, version, processes in c.fetchall():
            if version:
                before.versions[subject] = version
                before.processes[subject] = set(json.loads(processes))
    return before


MOST_ASKED = 512  # ids in one statement
_KNOWN = (
    "SELECT i.event_id, i.position, i.digest, i.recorded_at, e.originator_id, e.originator_version, e.topic "
    "FROM event_index i JOIN stored_events e ON e.position = i.position WHERE i.event_id IN ({places})"
)
_SUBJECTS = (
    "SELECT value, (SELECT MAX(originator_version) FROM stored_events WHERE originator_id = value), "
    "(SELECT json_group_array(process) FROM subject_processes WHERE subject = value) FROM json_each(?)"
)


MOST_ROWS, MANY_ROWS = 64, 16
"""Rows in one statement: up to so many, and beyond how many only powers of two, for the same reason as with ids."""


def _put(c: SQLiteCursor, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Stores rows, many with one statement: each row that a statement ends with is a turn for other threads, and the
    next one has to wait for them."""
    at = 0
    while at < len(rows):
        left = len(rows) - at
        count = left if left <= MANY_ROWS else min(MOST_ROWS, 1 << (left.bit_length() - 1))
        row = f"({','.join('?' * len(rows[0]))})"
        values = [value for one in rows[at : at + count] for value in one]
        c.execute(f"INSERT INTO {table} VALUES {','.join([row] * count)}", values)  # noqa: S608
        at += count


def _padded(number: int) -> int:
    """The next power of two: few statements differ in length, so that those that were prepared are used again."""
    return 1 << (number - 1).bit_length()


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
def available(file: str = "events.db") -> Iterator[None]:
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
        elif "malformed" in text or "not a database" in text or "decode" in text:
            detail = f"the log file {file} is damaged: {files.MEND}; `parley verify` names what is wrong"
        elif "unable to open" in text:
            detail = f"the log file {file} cannot be opened: see that it is a file which the server may read and write"
        else:
            detail = f"the log cannot be reached or written ({text})"
        raise Unavailable(detail) from error
