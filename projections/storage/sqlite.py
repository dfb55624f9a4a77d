"""Read models in one SQLite file of their own."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from domain.errors import Unavailable
from projections.storage.checked_text import DamagedText
from projections.storage.store import Lead, Store

log = logging.getLogger(__name__)

WAIT, LOOK = 10, 0.002
"""Seconds that a process waits for the lock of a file, and how often it looks."""
POLL = 0.1
"""Seconds between looks at a file that another process may change."""
REST = 0.01
"""Seconds that a rebuild leaves a file to others after each batch: SQLite grants its lock in no order."""
CHECKPOINT = 8_000
"""Pages of changes (32 MB) after which a file takes them in: most are changed again before that."""
PAGE = 4096
"""Bytes of a page of a file: one that ends within a page was cut off."""

IN_FILE = {
    sqlite3.SQLITE_FULL: "cannot be written, the disk is full: make room on it, and they catch up by themselves",
    sqlite3.SQLITE_IOERR: "cannot be read or written, the disk fails: check it and the room on it",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: see that it is a file which the server may read and write",
    sqlite3.SQLITE_READONLY: "cannot be written: give the server write access to its data directory",
    sqlite3.SQLITE_BUSY: "are held by another program: try again; if it stays so, stop the other program",
}
"""What is wrong with read models in a file, and what to do, by what SQLite says."""


AGAIN = 300.0
"""Seconds after which a file that is damaged again is made anew by itself again: a disk that fails is not written to
without end."""
DAMAGED = "are damaged: `parley rebuild` makes them anew"
MADE_ANEW = "are damaged, and are made anew from the log: ask again in a moment"


def is_damaged(path: Path) -> bool:
    """Whether a file of read models is there and is not whole, or no database at all. It is read from end to end."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute("PRAGMA quick_check(1)")] != ["ok"]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return tells_damage(error)


def put_aside(path: Path, lock: str) -> Path | None:
    """Moves a damaged file out of the way of a new one. It is kept until the next one is.

    Args:
        path: of the file. A process that has it open goes over to the new one by itself.
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
        return _move_aside(path) if is_damaged(path) else None


def _move_aside(path: Path) -> Path:
    kept = path.with_name(f"{path.name}.damaged")
    for suffix in ("-shm", "-wal", ""):
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}{suffix}").replace(kept.with_name(f"{kept.name}{suffix}"))
    log.warning("the file of the read models is damaged: it is put aside, and they are made anew")
    return kept


def tells_damage(error: BaseException | None) -> bool:
    """Whether a fault of the database says that its file is not whole, or no database at all."""
    fault = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(fault, "sqlite_errorcode", 0)
    return (
        code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        or code == sqlite3.SQLITE_IOERR_SHORT_READ
        or isinstance(fault, UnicodeDecodeError)  # what SQLite says of a damaged name cannot be read
        or (isinstance(fault, sqlite3.OperationalError) and "decode to UTF-8" in str(fault))
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class SQLiteStore(Store):
    """One file, which is disposable: a commit need not reach the disk at once."""

    FAULTS: tuple[type[Exception], ...] = (DBAPIError, sqlite3.Error, UnicodeDecodeError)
    LOCKED_AS_A_WHOLE = True

    def __init__(self, path: Path, rebuild_lock: str) -> None:
        """
        Args:
            path: of the file.
            rebuild_lock: the name of the lock under which a damaged file is put aside.

        Raises:
            Unavailable: a directory is in its place.
        """
        if path.is_dir():
            raise Unavailable(f"{path} is a directory: move it away, and the read models are made anew")
        self._path = path
        self._rebuild_lock = rebuild_lock
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

    @contextmanager
    def available(self) -> Iterator[None]:
        """As of every store; a file that turns out to be damaged is put aside, so that the read models are made anew by
        whoever leads, without a restart."""
        file = _identity(self._path)
        try:
            with super().available():
                yield
        except Unavailable as refusal:
            if not isinstance(refusal.__cause__, DamagedText) and not tells_damage(refusal.__cause__):
                raise
            raise Unavailable(f"the read models (views.db) {self._made_anew(file)}") from refusal.__cause__

    def examine(self) -> None:
        with self.available(), self.engine.connect() as connection:
            if [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(1)")] != ["ok"]:
                raise DamagedText

    def _made_anew(self, file: tuple[int, int] | None) -> str:
        """Puts the file in which damage was met aside, unless somebody else has, or makes the read models anew already.

        Returns:
            What is told.
        """
        kept = self._path.with_name(f"{self._path.name}.damaged")
        try:
            lock = self._path.with_name(f"{self._rebuild_lock}.lock")
            with closing(FileLead(lock)) as lead:
                if not lead.taken() or _identity(self._path) != file:
                    return MADE_ANEW
                lock.touch()  # the time of the file system, as that of the file that was put aside
                if kept.exists() and lock.stat().st_ctime - kept.stat().st_ctime < AGAIN:
                    return f"are damaged again, check the disk: {DAMAGED.partition(': ')[2]}"
                _move_aside(self._path)
        except (OSError, sqlite3.Error):  # they cannot be written
            return DAMAGED
        return MADE_ANEW

    def explain(self, error: Exception) -> str:
        fault = error.orig if isinstance(error, DBAPIError) else error
        detail = IN_FILE.get(getattr(fault, "sqlite_errorcode", 0) & 0xFF)
        return f"(views.db) {detail or f'cannot be reached ({fault}): `parley rebuild` makes them anew'}"

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
            "cell_size_check=ON",
            "cache_size=-65536",
            f"wal_autocheckpoint={CHECKPOINT}",
        ):  # several that begin one file at once are told at once that it is locked, without the time above
            _wait_for_lock(cursor, f"PRAGMA {pragma}", time.monotonic() + WAIT)


def _begin(connection: Connection) -> None:
    """Takes the lock at once if the transaction is going to write.

    SQLite itself would look for it only ten times a second. It would hardly ever meet a moment in which a process that
    takes the lock over and over is without it.
    """
    if not connection.get_execution_options().get("parley_immediate", False):
        connection.exec_driver_sql("BEGIN")
        return
    raw = connection.connection.cursor()
    with closing(raw) as cursor:
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            _wait_for_lock(cursor, "BEGIN IMMEDIATE", time.monotonic() + WAIT)
        finally:
            cursor.execute(f"PRAGMA busy_timeout={WAIT * 1000}")


def _wait_for_lock(cursor: DBAPICursor, statement: str, until: float) -> None:
    while True:
        try:
            cursor.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        else:
            return
        time.sleep(LOOK)
