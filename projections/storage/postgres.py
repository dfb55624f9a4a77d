"""Read models in a schema of their own in a PostgreSQL database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from projections.storage.store import STRUCTURE, Lead, Store

LET_GO = 0.1
"""Seconds within which a listener sees that it should end."""
LISTEN_POLL = 1.0
"""Seconds between looks at a database that tells by itself what changed."""
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
        self.FAULTS = (DBAPIError, psycopg.Error)
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
        with self.available(), self.engine.begin() as connection:
            self.lock(connection, STRUCTURE)
            if connection.scalar(text("SELECT to_regnamespace(:schema) IS NULL"), {"schema": SCHEMA}):
                connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")

    def explain(self, error: Exception) -> str:
        state = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
        if state is not None and not state.startswith("57P"):
            return f"cannot be reached or written (SQLSTATE {state}): see the log of the database"
        return "cannot be reached or written while the database is away: try again in a moment"

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
                last_look = time.monotonic()
                while not closing.is_set():
                    moved = any(True for _ in connection.notifies(timeout=LET_GO, stop_after=1))
                    if moved or time.monotonic() - last_look > LISTEN_POLL:
                        last_look = time.monotonic()
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
        """Gives the lead back at once: the server may notice only later that the connection is gone."""
        import psycopg

        if self._connection is not None:
            if self._held:
                with suppress(psycopg.Error):
                    self._connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", (LEAD, self._name))
            self._connection.close()
        self._connection, self._held = None, False


def _set_up(connection: DBAPIConnection, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        for statement in _SESSION:
            cursor.execute(statement)
    connection.commit()
