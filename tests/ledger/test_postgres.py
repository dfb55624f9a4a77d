"""The database: why one is refused, what is set on it, who waits for whom, and what is told when it goes away."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, Literal
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from domain.errors import Unavailable
from ledger import postgres as database
from ledger.append import Append, Appended
from ledger.ledger import Ledger
from ledger.postgres import LOCK, WRITE_LOCK, named, prepare
from ledger.recorder import FORMAT, Interrupted
from tests import postgres
from tests.ledger.sending import append, begin, opening, statement
from tests.waiting import PATIENCE

SECRET = "s3cr3t"  # noqa: S105  stands in URLs that must not be shown


@pytest.fixture
def where(databases: postgres.Databases) -> Iterator[str]:
    """All of this is of the database alone."""
    with databases.one() as url:
        yield url


@pytest.fixture
def bare(database_server: str) -> Iterator[str]:
    """A database that holds nothing."""
    with postgres.database(database_server) as url:
        yield url


def run(url: str, *queries: str) -> list[tuple[Any, ...]]:
    """What an administrator does; returns the rows of the last query."""
    with psycopg.connect(url, autocommit=True) as connection:
        for query in queries:
            cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def name_of(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


def as_user(url: str, user: str, password: str = SECRET) -> str:
    """The URL for another user."""
    told = conninfo_to_dict(url)
    return f"postgresql://{user}:{password}@{told['host']}:{told['port']}/{told['dbname']}"


# --- why a database is refused


@pytest.fixture(scope="session")
def guarded_server() -> Iterator[str]:
    """The URL of a server that asks for passwords, whose user is `asked`."""
    with postgres.home() as home:
        server = postgres.Server(home)
        server.create()
        server.start()
        try:
            run(server.url(), f"CREATE ROLE asked LOGIN SUPERUSER PASSWORD '{SECRET}'")
            (server.data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
            run(server.url(), "SELECT pg_reload_conf()")
            yield as_user(server.url(), "asked")
        finally:
            server.stop()


class Refused:
    """Databases that cannot be used, each made when it is asked for."""

    def __init__(self, server: str, guarded: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._server, self._guarded, self._monkeypatch = server, guarded, monkeypatch

    @contextmanager
    def place(self, why: str) -> Iterator[str]:
        """The URL of a database that is refused for a reason, one of `WHY`."""
        try:
            with postgres.database(self._server) as url:
                yield getattr(self, f"_{why.replace(' ', '_')}")(url)
        finally:
            name = name_of(url)
            run(self._server, f"DROP DATABASE IF EXISTS {name}_other", f"DROP ROLE IF EXISTS {name}_user")

    def _unknown_host(self, _: str) -> str:
        return f"postgresql://user:{SECRET}@parley.invalid/parley"

    def _nobody_listens(self, _: str) -> str:
        return f"postgresql://user:{SECRET}@127.0.0.1:{postgres.free_port()}/parley"

    def _no_such_database(self, url: str) -> str:
        return postgres.on(url, "parley_nowhere")

    def _no_such_user(self, url: str) -> str:
        return as_user(url, "nobody_at_all")

    def _wrong_password(self, _: str) -> str:
        return self._guarded().replace(SECRET, f"{SECRET}-wrong")

    def _no_password(self, _: str) -> str:
        return self._guarded().replace(f":{SECRET}", "")

    def _too_old(self, url: str) -> str:
        self._monkeypatch.setattr(database, "OLDEST", 990_000)
        return url

    def _read_only(self, url: str) -> str:
        run(url, f"ALTER DATABASE {name_of(url)} SET default_transaction_read_only = on")
        return url

    def _other_encoding(self, url: str) -> str:
        name = f"{name_of(url)}_other"
        how = "TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
        run(url, f"CREATE DATABASE {name} {how}")
        return postgres.on(url, name)

    def _too_few_rights(self, url: str) -> str:
        role = f"{name_of(url)}_user"
        run(url, f"CREATE ROLE {role} LOGIN", f"REVOKE CREATE ON DATABASE {name_of(url)} FROM PUBLIC")
        return as_user(url, role)

    def _others_schema(self, url: str) -> str:
        run(url, "CREATE SCHEMA parley_log", "CREATE TABLE parley_log.stored_events (id integer)")
        return url

    def _newer_format(self, url: str) -> str:
        prepare(url)
        run(url, f"UPDATE parley_log.format SET version = {FORMAT + 1}")
        return url


WHY = {
    "unknown host": "parley on parley.invalid cannot be reached: see that it runs and that the URL names it",
    "nobody listens": "parley on 127.0.0.1 cannot be reached: see that it runs and that the URL names it",
    "no such database": "parley_nowhere on 127.0.0.1 does not exist: create it, or mend the URL",
    "no such user": "refuses the user or the password: mend the URL, or let the user in",
    "wrong password": "postgres on 127.0.0.1 refuses the user or the password: mend the URL, or let the user in",
    "no password": "postgres on 127.0.0.1 refuses the user or the password: mend the URL, or let the user in",
    "too old": "is a PostgreSQL 18: Parley needs 99 or later",
    "read only": "is set read-only: name a database that takes writes",
    "other encoding": "does not keep text in UTF-8: create the database with ENCODING 'UTF8'",
    "too few rights": "gives the user too few rights: GRANT it CREATE on the database",
    "others schema": "holds a schema parley_log that this version of Parley did not make: name another",
    "newer format": f"holds a log of format {FORMAT + 1}, and this version of Parley reads up to {FORMAT}: upgrade",
}
"""What is told, by the reason."""


@pytest.fixture
def refused(database_server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Refused:
    return Refused(database_server, lambda: str(request.getfixturevalue("guarded_server")), monkeypatch)


@pytest.mark.parametrize("why", WHY)
def test_a_database_that_cannot_be_used_is_told_in_one_sentence(refused: Refused, why: str) -> None:
    with refused.place(why) as url:
        with pytest.raises(Unavailable) as refusal:
            Ledger(url, lock_timeout=2)
    told = refusal.value.detail
    assert WHY[why] in told
    assert "\n" not in told
    assert SECRET not in told


@pytest.mark.parametrize("why", ["too few rights", "others schema", "read only", "newer format"])
def test_nothing_is_made_in_a_database_that_is_refused(refused: Refused, why: str) -> None:
    tables = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname LIKE 'parley%' ORDER BY 1, 2"
    with refused.place(why) as url:
        admin = as_user(url, "postgres")
        before = run(admin, tables)
        with pytest.raises(Unavailable):
            Ledger(url, lock_timeout=2)
        assert run(admin, tables) == before


def test_a_user_whose_schema_was_made_for_him_needs_no_more_rights(bare: str) -> None:
    role = f"{name_of(bare)}_owner"
    run(bare, f"CREATE ROLE {role} LOGIN", f"CREATE SCHEMA parley_log AUTHORIZATION {role}")
    with closing(Ledger(as_user(bare, role))) as ledger:
        begin(ledger)
        assert ledger.head() == 2
    run(bare, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_database_is_named_without_user_and_password() -> None:
    assert named(f"postgresql://user:{SECRET}@db.example:5432/parley?sslmode=require") == "parley on db.example"
    assert named(f"postgresql://db.example/parley?user=u&password={SECRET}") == "parley on db.example"
    assert named("postgresql:///") == "the default database on this machine"


# --- at the start


_OPEN = "import sys; from ledger.ledger import Ledger; print('ready', flush=True); input(); Ledger(sys.argv[1]).close()"


def test_processes_that_start_at_once_make_the_tables_once(bare: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN, bare],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=PATIENCE) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], told
    assert run(bare, "SELECT version FROM parley_log.format") == [(FORMAT,)]


@pytest.mark.parametrize(("default", "used"), [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply",) * 2])
def test_what_was_acknowledged_is_on_disk_whatever_the_default_is(bare: str, default: str, used: str) -> None:
    run(bare, f"ALTER DATABASE {name_of(bare)} SET synchronous_commit = {default}")
    with closing(Ledger(bare)) as ledger:
        begin(ledger)
        with ledger.log.writing() as writing:
            assert writing.run("SHOW synchronous_commit") == [(used,)]


# --- the lock


@contextmanager
def held(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Another server that is writing."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK, WRITE_LOCK))
        yield connection


def test_a_held_lock_is_told_in_time_and_stores_nothing(ledger: Ledger, where: str) -> None:
    with held(where):
        told = "is being written to by another server for too long"
        with pytest.raises(Unavailable, match=told) as refusal:  # the timeout of the fixture is 1
            append(ledger, statement())
        assert refusal.value.retry
        assert ledger.head() == 2, "reading goes on"
    assert append(ledger, statement()).position == 3


def test_a_lock_that_is_let_go_is_waited_for(patient: Ledger, where: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        with held(where):
            answer = pool.submit(append, patient, statement())
            time.sleep(0.3)
            assert not answer.done()
        assert answer.result().position == 3


def test_a_writer_that_stopped_in_the_middle_lets_go(
    patient: Ledger, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "HELD_AT_MOST", 1)
    with closing(Ledger(where)) as stopped:
        writing = stopped.log.writing()
        writing.__enter__()
        assert append(patient, statement()).position == 3
        with pytest.raises(Interrupted):  # its connection is ended
            writing.__exit__(None, None, None)


# --- lost connections


def end_all(url: str) -> int:
    """Ends all connections but this one, as a server does that is started anew; returns how many there were."""
    ended = run(
        url,
        "SELECT pid, pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid != pg_backend_pid()",
    )
    assert all(gone for _, gone in ended)
    return len(ended)


@pytest.mark.parametrize("first", ["head", "find", "read", "snapshot", "append"])
def test_after_all_connections_were_ended_the_next_question_is_answered(ledger: Ledger, where: str, first: str) -> None:
    def snapshot() -> None:
        with ledger.log.snapshot() as log:
            assert list(log.rows("SELECT count(*) FROM stored_events")) == [(2,)]

    asked: dict[str, Callable[[], object]] = {
        "head": ledger.head,
        "find": lambda: ledger.find(uuid4()),
        "read": ledger.read,
        "snapshot": snapshot,
        "append": lambda: append(ledger, statement()),
    }
    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:  # so that there are several to be ended
            list(pool.map(lambda _: ledger.head(), range(20)))
        assert end_all(where) > 0
        asked[first]()
        if first == "append":
            return


class Proxy:
    """Between the log and its database: it can lose the connection at the moment of a commit.

    Args:
        url: of the database.
    """

    def __init__(self, url: str) -> None:
        told = conninfo_to_dict(url)
        self._to = (str(told["host"]), int(told["port"] or 5432))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = url.replace(f":{self._to[1]}/", f":{self._listening.getsockname()[1]}/")
        self.cut: Literal["before", "after", None] = None
        """Where the next commit loses its connection: before the database hears of it, or after it did it."""
        self.gone = False
        """Whether it takes no connections."""
        self.goes = False
        """Whether it is gone altogether once a commit has lost its connection."""
        self._open: list[socket.socket] = []
        self.commits = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.gone:
                    client.close()
                    continue
                server = socket.create_connection(self._to)
                self._open += [client, server]
                cut = threading.Event()
                threading.Thread(target=self._ask, args=(client, server, cut), daemon=True).start()
                threading.Thread(target=self._answer, args=(client, server, cut), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with ending(client, server):
            while asked := client.recv(65536):
                if b"COMMIT" in asked:
                    self.commits += 1
                    if self.cut == "before":
                        self._lose()
                        return
                    if self.cut == "after":
                        cut.set()
                server.sendall(asked)

    def _answer(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with ending(client, server):
            while answer := server.recv(65536):
                if cut.is_set() and b"COMMIT\0" in answer:
                    self._lose()
                    return
                client.sendall(answer)

    def _lose(self) -> None:
        self.cut, self.gone = None, self.goes
        if self.gone:
            with ending(*self._open):
                self._open = []


@contextmanager
def ending(*sockets: socket.socket) -> Iterator[None]:
    """Closes connections at once, whoever waits at them."""
    try:
        with contextlib.suppress(OSError):
            yield
    finally:
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def proxy(where: str) -> Iterator[Proxy]:
    with closing(Proxy(where)) as proxy:
        yield proxy


@pytest.fixture
def behind(proxy: Proxy) -> Iterator[Ledger]:
    """The log of a database that may be lost, with the process and the talks `first`."""
    with closing(Ledger(proxy.url, lock_timeout=1, settle=3)) as ledger:
        begin(ledger)
        yield ledger


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_commit_whose_answer_is_lost_is_settled(
    proxy: Proxy, behind: Ledger, where: str, cut: Literal["before", "after"]
) -> None:
    sent = statement()
    commits = proxy.commits
    proxy.cut = cut
    answer = append(behind, sent)
    assert proxy.commits == commits + 2, "the first one was lost"
    assert (answer.new, answer.position) == (1, 3)
    assert (answer.events[0].id, answer.events[0].version) == (sent.event.id, 2)
    with closing(Ledger(where)) as seen:
        assert [event["id"] for event in seen.replay(after=2)] == [str(sent.event.id)], "once"
        assert seen.head_at()[1] == answer.events[0].recorded_at
    assert append(behind, sent).new == 0
    assert append(behind, statement()).position == 4


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_group_whose_commit_is_lost_is_settled_one_by_one(
    proxy: Proxy, behind: Ledger, cut: Literal["before", "after"]
) -> None:
    known = statement()
    append(behind, known)
    commits = proxy.commits
    proxy.cut = cut
    answers = behind.append_group(
        [
            Append((statement(), statement())),
            Append((known,)),
            Append((statement(expected=77),)),
            Append((opening("convoys/aid"), statement("convoys/aid"), known)),
            Append((statement(),), dry_run=True),
        ]
    )
    assert proxy.commits == commits + 2, "the first one was lost"
    told = [answer.new if isinstance(answer, Appended) else type(answer).__name__ for answer in answers]
    assert told == [2, 0, "StaleVersion", 2, 0]
    assert behind.head() == 7
    assert len({event["id"] for event in behind.replay()}) == 7


@pytest.mark.parametrize("cut", ["before", "after"])
def test_what_another_recorded_meanwhile_is_not_taken_for_ones_own(
    proxy: Proxy, behind: Ledger, where: str, cut: Literal["before", "after"]
) -> None:
    """The same event is sent by way of another server just then: one of the two recorded it."""
    sent = statement()
    with closing(Ledger(where)) as other:
        proxy.cut = cut
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda ledger: append(ledger, sent), (behind, other)))
    assert sorted(answer.new for answer in answers) == [0, 1]
    assert {answer.position for answer in answers} == {3}
    assert behind.head() == 3


@pytest.mark.parametrize(("cut", "new"), [("before", 1), ("after", 0)])
def test_a_database_that_stays_away_is_told_with_the_ids(
    proxy: Proxy, behind: Ledger, cut: Literal["before", "after"], new: int
) -> None:
    sent = statement()
    proxy.cut, proxy.goes = cut, True
    with pytest.raises(Unavailable, match="recorded once at most") as refusal:
        append(behind, sent)
    assert [(f.pointer, str(sent.event.id) in f.detail) for f in refusal.value.faults] == [("/0/id", True)]
    assert refusal.value.retry
    proxy.gone = False
    again = as_soon_as_it_is_back(lambda: append(behind, sent))
    assert (again.new, again.position, behind.head()) == (new, 3, 3)


def test_a_database_that_is_away_is_told_at_once(proxy: Proxy, behind: Ledger, where: str) -> None:
    proxy.gone = True
    end_all(where)
    with pytest.raises(Unavailable) as refusal:
        append(behind, statement())
    assert "\n" not in refusal.value.detail
    assert refusal.value.faults == (), "nothing was tried"
    with pytest.raises(Unavailable):
        behind.head()
    proxy.gone = False
    assert as_soon_as_it_is_back(lambda: append(behind, statement())).position == 3


def as_soon_as_it_is_back(ask: Callable[[], Appended]) -> Appended:
    """The answer, when connections can be had again: they are tried for about once a second."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except Unavailable:
            if time.monotonic() > until:
                raise
