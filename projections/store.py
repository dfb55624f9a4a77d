"""Where the read models are kept: a file of their own, or a schema of their own in a PostgreSQL database.

Both give the same: transactions under a lock, snapshots, a lead that one process has at a time, and word of what moved.
What differs between the databases stands here, and nowhere else in this package.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from domain.errors import Unavailable

log = logging.getLogger(__name__)

WAIT, LOOK = 10, 0.002
"""Seconds that a process waits for the lock of a file, and how often it looks."""
POLL = 0.1
"""Seconds between looks at a file that another process may change."""
REST = 0.01
"""Seconds that whoever rebuilds leaves a file to others after each batch: SQLite grants its lock in no order."""
LET_GO = 0.1
"""Seconds within which whoever listens sees that it should end."""
LISTEN_POLL = 1.0
"""Seconds between looks at a database that tells by itself what changed."""

CHECKPOINT = 8_000
"""Pages of changes (32 MB) after which a file takes them in: most are changed again before that."""
PAGE = 4096
"""Bytes of a page of a file: one that ends within a page was cut off."""
STRUCTURE = 0
"""The lock of the set of generations; each generation's own has its number."""


class Lead(ABC):
    """A lock that one process has at a time, until it lets go, ends, or is cut off."""

    @abstractmethod
    def taken(self) -> bool:
        """Takes the lock if it is free; whether it is held here now."""

    @abstractmethod
    def close(self) -> None:
        """Lets go."""


class Store(ABC):
    """A place for read models."""

    engine: Engine
    writers: Engine
    readers: Engine
    """The same, for transactions that see one snapshot."""

    @abstractmethod
    def begin(self, connection: Connection) -> None:
        """Called within a new transaction that is going to write."""

    @abstractmethod
    def lock(self, connection: Connection, number: int, *, shared: bool = False) -> None:
        """Takes a lock until the transaction ends."""

    @abstractmethod
    def rest(self) -> None:
        """Lets others have their turn between two long transactions."""

    @abstractmethod
    def wait_briefly(self, connection: Connection) -> None:
        """Lets the transaction wait no longer than a moment for others that read what it drops."""

    @abstractmethod
    def is_gone(self, error: DBAPIError) -> bool:
        """Whether the table of generations is not there: somebody has taken all of the read models away."""

    @abstractmethod
    def is_busy(self, error: DBAPIError) -> bool:
        """Whether others were reading what was to be dropped."""

    @abstractmethod
    def lead(self, name: str) -> Lead:
        """The lock of this name, not taken yet."""

    @abstractmethod
    def tell(self, connection: Connection) -> None:
        """Tells whoever watches, once the transaction is committed."""

    @abstractmethod
    def watch(self, closing: threading.Event) -> Iterator[None]:
        """Yields when the read models may have moved, and now and then, until `closing` is set."""

    def close(self) -> None:
        self.engine.dispose()


def store_at(where: Path | str) -> Store:
    """The store of an installation.

    Args:
        where: a file, whose directory must exist; or the URL of a PostgreSQL database.
    """
    return SQLiteStore(where) if isinstance(where, Path) else PostgresStore(where)


@contextmanager
def available() -> Iterator[None]:
    """Turns the faults of the database into one refusal; it tells none of the values that were written."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        fault = error.orig if isinstance(error, DBAPIError) else error
        state = getattr(fault, "sqlstate", None)
        if isinstance(fault, sqlite3.Error):
            raise Unavailable(_of_file(fault)) from error
        if state is not None and not state.startswith("57P"):
            detail = f"(SQLSTATE {state}): see the log of the database"
        else:
            detail = "while the database is away: try again in a moment"
        raise Unavailable(f"the read models cannot be reached or written {detail}") from error


# --- one file


IN_FILE = {
    sqlite3.SQLITE_CORRUPT: "are damaged: `parley rebuild` makes them anew",
    sqlite3.SQLITE_NOTADB: "are damaged: `parley rebuild` makes them anew",
    sqlite3.SQLITE_FULL: "cannot be written, the disk is full: make room on it, and they catch up by themselves",
    sqlite3.SQLITE_IOERR: "cannot be read or written, the disk fails: check it and the room on it",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: see that it is a file which the server may read and write",
    sqlite3.SQLITE_READONLY: "cannot be written: give the server write access to its data directory",
    sqlite3.SQLITE_BUSY: "are held by another program: try again; if it stays so, stop the other program",
}
"""What is wrong with read models in a file, and what to do, by what SQLite says."""


def _of_file(fault: sqlite3.Error) -> str:
    detail = IN_FILE.get(getattr(fault, "sqlite_errorcode", 0) & 0xFF)
    return f"the read models (views.db) {detail or f'cannot be reached ({fault}): `parley rebuild` makes them anew'}"


def is_damaged(path: Path) -> bool:
    """Whether a file of read models is there and is not whole, or no database at all. It is read from end to end."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute("PRAGMA quick_check(1)")] != ["ok"]
    except sqlite3.Error as error:
        return tells_damage(error)


def put_aside(path: Path, lock: str) -> Path | None:
    """Moves a damaged file out of the way of a new one. It is kept until the next one is.

    Args:
        path: of the file. Whoever has it open goes over to the new one by itself.
        lock: the name of the lock under which this is done, so that nobody moves the new file.

    Returns:
        Where it lies now; None if it is not damaged.

    Raises:
        Unavailable: another process holds the lock.
    """
    until = time.monotonic() + WAIT
    with closing(FileLead(path.with_name(f"{lock}.lock"))) as lead:
        while not lead.taken():
            if time.monotonic() > until:
                raise Unavailable("another process makes the read models anew: let it end, then try again")
            time.sleep(LOOK)
        if not is_damaged(path):
            return None
        kept = path.with_name(f"{path.name}.damaged")
        for suffix in ("-shm", "-wal", ""):
            with suppress(FileNotFoundError):
                path.with_name(f"{path.name}{suffix}").replace(kept.with_name(f"{kept.name}{suffix}"))
        log.warning("the file of the read models is damaged: it is put aside, and they are made anew")
        return kept


def tells_damage(error: BaseException | None) -> bool:
    """Whether a fault of the database says that its file is not whole, or no database at all."""
    fault = error.orig if isinstance(error, DBAPIError) else error
    return getattr(fault, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class SQLiteStore(Store):
    """One file, which is disposable: a commit need not reach the disk at once."""

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            raise Unavailable(f"{path} is a directory: move it away, and the read models are made anew")
        self._path = path
        self.engine = create_engine(f"sqlite:///{path}", pool_size=10, max_overflow=20, hide_parameters=True)
        event.listen(self.engine, "connect", _configure)
        event.listen(self.engine, "begin", _begin)
        event.listen(self.engine, "connect", self._remember)
        event.listen(self.engine, "checkout", self._look)
        self.readers = self.engine
        self.writers = self.engine.execution_options(parley_immediate=True)

    def _remember(self, _connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _identity(self._path)

    def _look(self, _connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        """Goes over to another file that was put in the place of this one."""
        if record.info["file"] != _identity(self._path):
            raise InvalidatePoolError("the file is another one")

    def begin(self, connection: Connection) -> None:
        """The whole file is locked already."""

    def lock(self, connection: Connection, number: int, *, shared: bool = False) -> None:
        """The whole file is locked already."""

    def rest(self) -> None:
        time.sleep(REST)

    def wait_briefly(self, connection: Connection) -> None:
        """Readers of a file have a snapshot of it, and nobody waits for them."""

    def is_gone(self, error: DBAPIError) -> bool:
        return "no such table: generations" in str(error.orig)

    def is_busy(self, error: DBAPIError) -> bool:  # noqa: ARG002
        return False

    def lead(self, name: str) -> Lead:
        return FileLead(self._path.with_name(f"{name}.lock"))

    def tell(self, connection: Connection) -> None:
        """Nobody listens at a file: they look."""

    def watch(self, closing: threading.Event) -> Iterator[None]:
        while not closing.wait(POLL):
            yield


class FileLead(Lead):
    """The write lock of a small SQLite file: it goes with its process, on every system."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def taken(self) -> bool:
        if self._connection is not None:
            return True
        connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            connection.close()
            return False
        except sqlite3.DatabaseError as error:
            connection.close()
            raise Unavailable(f"the lock file {self._path.name} is damaged: delete it, it holds nothing") from error
        self._connection = connection
        return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _configure(connection: DBAPIConnection, _record: object) -> None:
    """Transactions are begun by us."""
    connection.isolation_level = None
    with closing(connection.cursor()) as cursor:
        for pragma in (
            f"busy_timeout={WAIT * 1000}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "cache_size=-65536",
            f"wal_autocheckpoint={CHECKPOINT}",
        ):
            cursor.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Takes the lock at once if the transaction is going to write.

    SQLite itself would look for it ten times a second, and a process that takes it over and over would hardly ever be
    found without it.
    """
    if not connection.get_execution_options().get("parley_immediate", False):
        connection.exec_driver_sql("BEGIN")
        return
    raw = connection.connection.cursor()
    with closing(raw) as cursor:
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            _wait_for_lock(cursor, time.monotonic() + WAIT)
        finally:
            cursor.execute(f"PRAGMA busy_timeout={WAIT * 1000}")


def _wait_for_lock(cursor: DBAPICursor, until: float) -> None:
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        else:
            return
        time.sleep(LOOK)


# --- a database


SCHEMA = "parley_views"
CHANNEL = "parley_views"
LOCK, LEAD = 0x50415257, 0x50415258
"""The classes of our advisory locks in the database: of transactions, and of processes."""

_SESSION = (
    f"SET search_path TO {SCHEMA}",
    "SET lock_timeout TO '30s'",
    "SET idle_in_transaction_session_timeout TO '60s'",
    "SET jit TO off",
)


class PostgresStore(Store):
    """A schema in a database. A commit need not reach the disk at once: what is lost is applied again."""

    def __init__(self, url: str) -> None:
        import psycopg  # slow to import, and read models in a file do without

        self._url = url
        self._connect: Callable[..., Any] = psycopg.connect
        self.engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: psycopg.connect(url, application_name="parley views", connect_timeout=5),
            pool_size=10,
            max_overflow=20,
            hide_parameters=True,
        )
        event.listen(self.engine, "connect", _set_up)
        self.writers = self.engine
        self.readers = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with available(), self.engine.begin() as connection:
            self.lock(connection, STRUCTURE)
            if connection.scalar(text("SELECT to_regnamespace(:schema) IS NULL"), {"schema": SCHEMA}):
                connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")

    def begin(self, connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")

    def lock(self, connection: Connection, number: int, *, shared: bool = False) -> None:
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        connection.exec_driver_sql(f"SELECT {function}(%s, %s)", (LOCK, number))

    def rest(self) -> None:
        """Locks are granted in turn, and another generation has another lock."""

    def wait_briefly(self, connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL lock_timeout TO '1s'")

    def is_gone(self, error: DBAPIError) -> bool:  # noqa: ARG002
        return False

    def is_busy(self, error: DBAPIError) -> bool:
        return getattr(error.orig, "sqlstate", None) == "55P03"

    def lead(self, name: str) -> Lead:
        return DatabaseLead(lambda: self._listening("parley lead"), name)

    def _listening(self, name: str) -> Any:
        """A connection outside of the pool, which the server gives up soon if this host is cut off."""
        return self._connect(
            self._url,
            autocommit=True,
            connect_timeout=5,
            application_name=name,
            options="-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3",
        )

    def tell(self, connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_notify(%s, '')", (CHANNEL,))

    def watch(self, closing: threading.Event) -> Iterator[None]:
        import psycopg

        while not closing.is_set():
            with suppress(psycopg.Error), self._listening("parley listen") as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                yield  # what moved before we listened
                looked = time.monotonic()
                while not closing.is_set():
                    told = any(True for _ in connection.notifies(timeout=LET_GO, stop_after=1))
                    if told or time.monotonic() - looked > LISTEN_POLL:
                        looked = time.monotonic()
                        yield
            closing.wait(LISTEN_POLL)  # the connection is lost; the next may be had
            yield


class DatabaseLead(Lead):
    """An advisory lock of a session: it goes with the connection."""

    CHECK = 1.0
    """Seconds for which the connection is believed to stand."""

    def __init__(self, connect: Callable[[], Any], name: str) -> None:
        self._connect = connect
        self._name = name
        self._connection: Any = None
        self._held = False
        self._checked = -self.CHECK

    def taken(self) -> bool:
        import psycopg

        if time.monotonic() - self._checked < self.CHECK:
            return self._held
        try:
            if self._connection is None:
                self._connection = self._connect()
            query = "SELECT 1" if self._held else "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
            row = self._connection.execute(query, None if self._held else (LEAD, self._name)).fetchone()
            self._held, self._checked = bool(row and row[0]), time.monotonic()
        except psycopg.Error:
            self.close()
            self._checked = time.monotonic()
        return self._held

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._held = None, False


def _set_up(connection: DBAPIConnection, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        for statement in _SESSION:
            cursor.execute(statement)
    connection.commit()
