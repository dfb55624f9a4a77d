"""Two real PostgreSQL servers, the second a standby of the first, set up as docs/operations.md says it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from tests import postgres
from tests.postgres import Server
from tests.waiting import eventually

STANDBY = "parley_standby"
"""The name under which the standby connects, and by which the primary waits for it."""
SAFE = ("shared_buffers=64MB", "max_connections=100")
"""All else is as PostgreSQL has it: what is committed is on disk."""


class Pair:
    """A primary and its standby, neither of them started yet.

    Args:
        home: a directory of the servers' user.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self.primary, self.standby = Server(home, "one", SAFE), Server(home, "two", SAFE)
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        self.url = f"postgresql://parley@{hosts}/parley?target_session_attrs=read-write"
        """The database for Parley, on whichever of both takes writes."""

    def start(self, *, synchronous: bool) -> None:
        """Both of them, with an empty database for Parley.

        Args:
            synchronous: whether the primary confirms a commit only once the standby has it on its disk.
        """
        self.primary.create()
        self.primary.start()
        with at(self.primary) as connection:
            connection.execute("CREATE ROLE parley LOGIN")
            connection.execute("CREATE DATABASE parley")
            connection.execute("GRANT CREATE ON DATABASE parley TO parley")
        self.attach(synchronous=synchronous)

    def attach(self, *, synchronous: bool) -> None:
        """Makes the standby out of nothing: a copy of the primary, which follows it."""
        source = f"{self.primary.url()}?application_name={STANDBY}"
        self.primary.run(
            *("pg_basebackup", "-d", source, "-D", self.standby.data, "--checkpoint=fast"),
            *("--write-recovery-conf", "--create-slot", f"--slot={STANDBY}"),
        )
        self.standby.start()
        eventually(lambda: self.streaming() is not None)
        if synchronous:
            self.wait_for_standby(STANDBY)
            eventually(lambda: self.streaming() == "sync")

    def wait_for_standby(self, name: str) -> None:
        """Says of which standby a commit on the primary waits; of none, if the name is empty."""
        with at(self.primary) as connection:
            connection.execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(name))
            connection.execute("SELECT pg_reload_conf()")

    def streaming(self) -> str | None:
        """How the standby follows the primary, `sync` or `async`; None if it does not."""
        query = "SELECT sync_state FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'"
        with at(self.primary) as connection:
            row = connection.execute(query, (STANDBY,)).fetchone()
        return str(row[0]) if row else None

    def cut_the_line(self) -> None:
        """From now on the standby receives nothing."""
        with at(self.standby) as connection:
            connection.execute("ALTER SYSTEM SET primary_conninfo = ''")
            connection.execute("SELECT pg_reload_conf()")
            eventually(lambda: not connection.execute("SELECT FROM pg_stat_wal_receiver").fetchall())

    def promote(self) -> None:
        """Makes the standby the primary, once it has applied all that it received."""
        self.standby.run("pg_ctl", "promote", "-D", self.standby.data, "--wait", "--timeout=60")
        self.primary, self.standby = self.standby, self.primary

    def replace(self) -> None:
        """A new server takes the place of the one that was lost, and becomes the standby."""
        lost = self.standby
        self.standby = Server(self._home, f"{lost.data.name}-again", SAFE)
        self.standby.port = lost.port
        self.attach(synchronous=True)

    def stop(self) -> None:
        """Whatever still runs."""
        self.standby.kill()
        self.primary.kill()


@contextmanager
def pair(*, synchronous: bool) -> Iterator[Pair]:
    """Two servers that run, in a directory that goes at the end."""
    with postgres.home() as home:
        both = Pair(home)
        try:
            both.start(synchronous=synchronous)
            yield both
        finally:
            both.stop()


@contextmanager
def at(server: Server, database: str = "postgres") -> Iterator[Connection[Any]]:
    """A session of the administrator."""
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        yield connection
