"""The log in a PostgreSQL database: what `eventsourcing.postgres` lacks, and no more.

- An advisory lock is taken before ids and versions are looked up, and held until the commit is visible. Positions are
  given under it, one after the other: they come in the order of commits, without gaps, and a reader that follows the
  log skips nothing. The library's own lock comes after the look-up, and with its database functions not at all.
- One round trip takes the lock and looks up all that a group of requests needs; a second one stores and commits.
- Tables are made once, under a lock, in a schema of their own. What cannot be used is reported in one sentence.
- A lost connection is not taken for a refusal: an append finds out by event id what became of it. So is a commit
  that the server confirms without its standby, or does not confirm for too long.
- Each commit notifies the listeners. Where no notice can come, they look from time to time.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

import psycopg
from eventsourcing.persistence import PersistenceError, StoredEvent
from eventsourcing.postgres import (
    ConnectionPool,
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresFactory,
)
from psycopg import Connection, Cursor, Pipeline, sql
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import Diagnostic
from psycopg.rows import Row, dict_row, tuple_row

from domain.errors import Unavailable
from ledger.postgres_faults import available, lost
from ledger.recorder import (
    FORMAT,
    LAST,
    TABLES,
    UNFINISHED,
    Before,
    Filing,
    IndexRow,
    Interrupted,
    Known,
    LogRecorder,
    Snapshot,
    Writing,
)

T = TypeVar("T")

OLDEST = 150_000
"""The oldest server that is taken, as PostgreSQL counts: 15.0."""

SCHEMA = "parley_log"
CHANNEL = "parley_log"
LOCK = 0x5041524C  # "PARL": the class of our advisory locks in the database
WRITE_LOCK, TABLES_LOCK = 1, 2

LISTEN_POLL = 1.0
"""Seconds between looks although no notice came: a notice may have come before we listened."""
RECONNECT = 2.0
"""Seconds for which the pool tries by itself to connect: it waits longer each time. After that, each request tries."""
LET_GO = 0.1
"""Seconds within which a listener notices that it should end."""
HELD_AT_MOST = 10
"""Seconds for which a writer that has stopped in the middle keeps the lock from others."""
SILENT_AT_MOST = 10
"""Seconds beyond those for the lock that a server may take to answer a writer: it may wait for its standby for ever."""
SNAPSHOT_AT_MOST = 600
"""Seconds for which the reader of a snapshot may do something else with what was read: it blocks nobody."""

_SESSION = """
SET search_path TO parley_log;
SET lock_timeout TO '{lock_timeout}s';
SET idle_in_transaction_session_timeout TO '{held_at_most}s';
SELECT set_config(name, value, false)
FROM (VALUES ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3'))
  AS lost_hosts (name, value);
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') IN ('off', 'local')
"""
"""What is acknowledged is on disk, and on the standby if the server has one, whatever the database's default is."""

_TABLES = """
CREATE TABLE format (version integer NOT NULL);
CREATE TABLE stored_events (
  notification_id bigint PRIMARY KEY, originator_id text COLLATE "C" NOT NULL, originator_version bigint NOT NULL,
  topic text COLLATE "C" NOT NULL, state bytea NOT NULL, UNIQUE (originator_id, originator_version));
CREATE INDEX stored_events_topic ON stored_events (topic, notification_id);
CREATE TABLE event_index (
  position bigint PRIMARY KEY, event_id bytea NOT NULL UNIQUE, recorded_at bigint NOT NULL, digest bytea NOT NULL);
CREATE INDEX event_index_recorded_at ON event_index (recorded_at, position);
CREATE TABLE subject_processes (
  subject text COLLATE "C" NOT NULL, process text COLLATE "C" NOT NULL, PRIMARY KEY (subject, process));
CREATE TABLE process_events (
  process text COLLATE "C" NOT NULL, position bigint NOT NULL, PRIMARY KEY (process, position));
CREATE TABLE event_references (
  target bytea NOT NULL, position bigint NOT NULL, PRIMARY KEY (target, position))
"""

_INSERT = (
    "INSERT INTO stored_events (notification_id, originator_id, originator_version, topic, state) "
    "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bytea[])",
    "INSERT INTO event_index (position, event_id, recorded_at, digest) "
    "SELECT * FROM unnest(%s::bigint[], %s::bytea[], %s::bigint[], %s::bytea[])",
)
_INSERT_REFERENCES = "INSERT INTO event_references (target, position) SELECT * FROM unnest(%s::bytea[], %s::bigint[])"
_INSERT_MEMBERS = "INSERT INTO subject_processes (subject, process) SELECT * FROM unnest(%s::text[], %s::text[])"
_INSERT_FILED = "INSERT INTO process_events (process, position) SELECT * FROM unnest(%s::text[], %s::bigint[])"
_INSERT_EARLIER = (
    "INSERT INTO process_events (process, position) "
    "SELECT f.process, e.notification_id FROM unnest(%s::text[], %s::text[], %s::bigint[]) "
    "AS f (process, subject, before) JOIN stored_events e "
    "ON e.originator_id = f.subject AND e.notification_id < f.before ON CONFLICT DO NOTHING"
)
_KNOWN = (
    "SELECT i.event_id, i.position, i.digest, i.recorded_at, e.originator_id, e.originator_version, e.topic "
    "FROM event_index i JOIN stored_events e ON e.notification_id = i.position WHERE i.event_id = ANY(%s)"
)
_VERSIONS = (
    "SELECT s.subject, (SELECT max(e.originator_version) FROM stored_events e WHERE e.originator_id = s.subject) "
    "FROM unnest(%s::text[]) AS s (subject)"
)
_PROCESSES = "SELECT subject, process FROM subject_processes WHERE subject = ANY(%s)"
_TYPES = {int: "bigint", str: "text", bytes: "bytea"}
_LISTENING: dict[str, Any] = {"application_name": "parley listen", "connect_timeout": 5}


class PatientConnection(Connection[Row]):
    """Gives its server up when that is silent for too long. libpq would wait for ever."""

    patience: float | None = None
    """Seconds for which an answer is waited for; None for ever."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        timeout = self.patience if timeout is None else timeout
        since = time.monotonic()
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            if timeout is not None and time.monotonic() - since >= timeout:
                self.close()  # nothing more may be said on it, not even that it be rolled back
            raise


@contextmanager
def _patiently(connection: Connection[Any], seconds: float) -> Iterator[None]:
    assert isinstance(connection, PatientConnection)  # noqa: S101  our pool has no others
    connection.patience = seconds
    try:
        yield
    finally:
        connection.patience = None


@contextmanager
def _not_replicated(connection: Connection[Any]) -> Iterator[list[str]]:
    """Gathers what the server says when it gives up waiting for its standby. It confirms the commit all the same, which
    is then on one disk only; `pg_cancel_backend` does that."""
    said: list[str] = []

    def note(notice: Diagnostic) -> None:
        if notice.source_file == "syncrep.c":  # its text is in the language of the server
            said.append(str(notice.source_function))

    connection.add_notice_handler(note)
    try:
        yield said
    finally:
        connection.remove_notice_handler(note)


class PostgresLogRecorder(LogRecorder, PostgresApplicationRecorder):
    """Application recorder with positions in the order of commits, event ids and membership in processes."""

    position_column = "notification_id"
    ordered_join = "JOIN"

    def __init__(self, datastore: PostgresDatastore, url: str) -> None:
        super().__init__(datastore, events_table_name="stored_events")
        self._url = url

    def create_table(self) -> None:
        """Nothing: `prepare` has made the tables, once and under a lock."""

    @contextmanager
    def writing(self, ids: Iterable[bytes] = (), subjects: Iterable[str] = ()) -> Iterator[PostgresWriting]:
        with available():
            try:
                with (
                    self.datastore.get_connection() as connection,
                    _patiently(connection, self.datastore.lock_timeout + SILENT_AT_MOST),
                    _not_replicated(connection) as alone,
                    connection.pipeline() as pipeline,
                    connection.transaction(),
                ):
                    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK, WRITE_LOCK))
                    yield PostgresWriting(connection, pipeline, _before(connection, pipeline, ids, subjects))
                if alone:
                    raise Interrupted
            except PersistenceError as error:
                if not lost(error):
                    raise
                self.datastore.pool.check()  # the others are lost too, most likely
                raise Interrupted from error

    def fetch(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        text = _words(query)

        def once() -> list[Any]:
            with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
                return cursor.execute(text, values).fetchall()

        return self._reading(once)

    def look_up(self, ids: Iterable[bytes], subjects: Iterable[str]) -> Before:
        wanted, paths = list(ids), list(subjects)

        def once() -> Before:
            with self.datastore.get_connection() as connection, connection.pipeline() as pipeline:
                return _before(connection, pipeline, wanted, paths)

        return self._reading(once)

    def _reading(self, once: Callable[[], T]) -> T:
        """Reads, and once again if the connection had been lost: a server that was restarted ends all of them."""
        with available():
            try:
                return once()
            except PersistenceError as error:
                if not lost(error):
                    raise
                self.datastore.pool.check()
                return once()

    def watch(self, closing: threading.Event) -> Iterator[None]:
        while not closing.is_set():
            with contextlib.suppress(psycopg.Error):
                with psycopg.connect(self._url, autocommit=True, **_LISTENING) as connection:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    yield  # what was recorded before we listened
                    looked = time.monotonic()
                    while not closing.is_set():
                        notified = any(True for _ in connection.notifies(timeout=LET_GO, stop_after=1))
                        if notified or time.monotonic() - looked > LISTEN_POLL:
                            looked = time.monotonic()
                            yield
            closing.wait(LISTEN_POLL)  # the connection is lost; the next may be had
            yield

    @contextmanager
    def snapshot(self) -> Iterator[PostgresSnapshot]:
        self.datastore.pool.check()  # it cannot begin again in the middle if the connection turns out to be lost
        with available(), self.datastore.get_connection() as connection:
            with connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                connection.execute(f"SET LOCAL idle_in_transaction_session_timeout TO '{SNAPSHOT_AT_MOST}s'")
                yield PostgresSnapshot(connection)

    def format(self) -> int:
        return int(self.fetch("SELECT version FROM format")[0][0])


class PostgresWriting(Writing):
    """One transaction under the advisory lock."""

    def __init__(self, connection: Connection[Any], pipeline: Pipeline, before: Before) -> None:
        super().__init__(before)
        self._connection = connection
        self._pipeline = pipeline

    def run(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        cursor = self._connection.cursor(row_factory=tuple_row).execute(_words(query), values)
        self._pipeline.sync()
        return cursor.fetchall() if cursor.description else []

    def insert(self, stored: Sequence[StoredEvent], index: Sequence[IndexRow]) -> None:
        first, run = self.before.head + 1, self._connection.execute
        filing = Filing.of(first, stored, index, self.before)
        positions = list(range(first, first + len(stored)))
        run(
            _INSERT[0],
            (
                positions,
                [str(e.originator_id) for e in stored],
                [e.originator_version for e in stored],
                [e.topic for e in stored],
                [e.state for e in stored],
            ),
        )
        run(
            _INSERT[1],
            (positions, [row.event_id for row in index], [row.recorded_at for row in index], [r.digest for r in index]),
        )
        targets = [(target, p) for p, row in enumerate(index, first) for target in row.targets]
        for statement, rows in (
            (_INSERT_REFERENCES, targets),
            (_INSERT_MEMBERS, filing.members),
            (_INSERT_FILED, filing.events),
            (_INSERT_EARLIER, filing.earlier),
        ):
            if rows:
                run(statement, [list(column) for column in zip(*rows, strict=True)])
        run("SELECT pg_notify(%s, '')", (CHANNEL,))

    def confirm(self) -> None:
        # Nobody waits for a transaction that writes nothing. A commit that writes waits for all before it.
        self._connection.execute("SELECT pg_logical_emit_message(true, 'parley', '')")

    def put(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        columns = TABLES[table]
        values = ", ".join(f"%s::{_TYPES[kind]}[]" for kind in columns.values())
        query = f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({values}) ON CONFLICT DO NOTHING"  # noqa: S608
        self._connection.execute(_words(query), [list(column) for column in zip(*rows, strict=True)])

    def mark(self, number: int) -> None:
        self._connection.execute("UPDATE format SET version = %s", (number,))


class PostgresSnapshot(Snapshot):
    """The log as it stood when this was opened."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._numbers = count(1)

    def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[Sequence[Any]]:
        name = f"parley_snapshot_{next(self._numbers)}"
        with self._connection.cursor(name=name, row_factory=tuple_row) as cursor:
            cursor.itersize = 1000
            yield from cursor.execute(_words(query), values)


def _words(query: str) -> str:
    """A query of ours in this database's words."""
    return query.format(position=PostgresLogRecorder.position_column).replace("?", "%s")


def _before(connection: Connection[Any], pipeline: Pipeline, ids: Iterable[bytes], subjects: Iterable[str]) -> Before:
    """What is asked for, in one round trip.

    It ends with a sync: without one the server takes the transaction for busy, and never for idle.
    """
    wanted, paths = list(ids), list(subjects)

    def ask(query: str, *values: Any) -> Cursor[Any]:
        return connection.cursor(row_factory=tuple_row).execute(query, values)

    last = ask(LAST)
    known = ask(_KNOWN, wanted) if wanted else None
    versions = ask(_VERSIONS, paths) if paths else None
    processes = ask(_PROCESSES, paths) if paths else None
    pipeline.sync()
    before = Before()
    if row := last.fetchone():
        before.head, before.last = row
    if known is not None:
        before.known = {row[0]: Known(*row[1:]) for row in known.fetchall()}
    if versions is not None and processes is not None:
        before.versions = {subject: version for subject, version in versions.fetchall() if version}
        for subject, process in processes.fetchall():
            before.processes.setdefault(subject, set()).add(process)
    return before


class PostgresLogFactory(PostgresFactory):
    """Builds the recorder on a pool that takes a URL and sets up each connection as the log needs it."""

    URL = "PARLEY_DATABASE_URL"

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self._url = str(env.get(self.URL))
        lock_timeout = self.datastore.lock_timeout
        session = _SESSION.format(lock_timeout=lock_timeout, held_at_most=HELD_AT_MOST)

        def configure(connection: Connection[Any]) -> None:
            connection.autocommit = True
            connection.execute(session)

        self.datastore.pool = ConnectionPool(
            self._url,
            connection_class=PatientConnection[Any],
            kwargs={"row_factory": dict_row, "connect_timeout": lock_timeout, "application_name": "parley log"},
            min_size=1,
            max_size=8,
            open=False,
            configure=configure,
            timeout=lock_timeout,
            reconnect_timeout=RECONNECT,
        )

    def application_recorder(self) -> PostgresLogRecorder:
        return PostgresLogRecorder(self.datastore, self._url)


# --- before anything is stored


def named(url: str) -> str:
    """The database as it may be shown: host and name, without user and password."""
    parts = conninfo_to_dict(url)
    return f"{parts.get('dbname') or 'the default database'} on {parts.get('host') or 'this machine'}"


def holds(url: str, table: str, timeout: int = 5) -> bool:
    """Whether a database has a table, such as `parley_log.format`. Nothing is made.

    Raises:
        Unavailable: one sentence that says why the database cannot be read.
    """
    with available(named(url)):
        try:
            with psycopg.connect(url, connect_timeout=timeout, application_name="parley log") as connection:
                return bool(_one(connection, "SELECT to_regclass(%s) IS NOT NULL", table))
        except psycopg.Error as error:
            raise PersistenceError(str(error)) from error


def prepare(url: str, timeout: int = 5) -> None:
    """Makes the tables of the log if they are not there, and sees that the database can hold it.

    Args:
        url: of the database.
        timeout: seconds to wait for it.

    Raises:
        Unavailable: one sentence that says why the database cannot be used.
    """
    where = named(url)
    with available(where):
        try:
            with psycopg.connect(url, connect_timeout=timeout, application_name="parley log") as connection:
                _make_tables(connection, where)
        except psycopg.Error as error:
            raise PersistenceError(str(error)) from error


def _make_tables(connection: Connection[Any], where: str) -> None:
    if connection.info.server_version < OLDEST:
        number = connection.info.server_version // 10_000
        raise Unavailable(f"{where} is a PostgreSQL {number}: Parley needs {OLDEST // 10_000} or later")
    if _one(connection, "SELECT pg_is_in_recovery()"):
        raise Unavailable(f"{where} is a standby, which takes no writes: name the primary")
    if _one(connection, "SHOW transaction_read_only") == "on":
        raise Unavailable(f"{where} is set read-only: name a database that takes writes")
    if _one(connection, "SHOW server_encoding") != "UTF8":
        raise Unavailable(f"{where} does not keep text in UTF-8: create the database with ENCODING 'UTF8'")
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK, TABLES_LOCK))
    ours = _one(connection, "SELECT to_regclass(%s) IS NOT NULL", f"{SCHEMA}.format")
    if not ours and _one(connection, "SELECT to_regclass(%s) IS NOT NULL", f"{SCHEMA}.stored_events"):
        raise Unavailable(f"{where} holds a schema {SCHEMA} that this version of Parley did not make: name another")
    connection.execute("SELECT set_config('search_path', %s, true)", (SCHEMA,))
    stored = _one(connection, "SELECT version FROM format") if ours else None
    if stored is not None and FORMAT < stored != UNFINISHED:
        raise Unavailable(
            f"{where} holds a log of format {stored}, and this version of Parley reads up to {FORMAT}: upgrade Parley"
        )
    if stored is None:
        if _one(connection, "SELECT to_regnamespace(%s) IS NULL", SCHEMA):
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
        connection.execute(_TABLES)
        connection.execute("INSERT INTO format VALUES (%s)", (FORMAT,))


def _one(connection: Connection[Any], query: str, *values: Any) -> Any:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None
