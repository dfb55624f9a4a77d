"""Parley as real processes on a machine that fails: what a test starts and sends, and what it must find afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest

from ledger.ledger import Ledger
from ledger.verify import verify
from projections.batch import open_read_models
from projections.compare import compare
from projections.storage.generations import ReadModels
from projections.storage.postgres import LOCK
from tests import postgres
from tests.api.sending import opening, statement
from tests.waiting import PATIENCE, eventually

LONG = os.environ.get("PARLEY_LONG") == "1"
"""Whether the long versions were asked for."""
PARLEY = str(Path(sys.executable).with_name("parley"))

UNFLUSHED = ["strace", "-f", "-qq", "-o", "/dev/null"]
UNFLUSHED += ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"]
"""A program through which another one is run whose every fsync and fdatasync gives EIO."""

Json = dict[str, Any]

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts disks, traces and kills processes")


# --- what runs


@dataclass
class Command:
    """A command of Parley that runs; what it prints goes into files."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def kill(self) -> None:
        """With all that it started, at once."""
        if self.process.poll() is None:  # else its number may be another's by now
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)

    def family(self) -> list[int]:
        """Its process, and those that it started."""
        found = [self.process.pid]
        for parent in found:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(one) for one in task.joinpath("children").read_text().split()]
        return found

    def stop(self) -> None:
        """As an administrator does."""
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0, self.err.read_text()

    def settled(self) -> bool:
        """Whether it does its work by now, or has given up."""
        return "Ctrl-C" in self.out.read_text() or self.process.poll() is not None

    def works(self) -> None:
        """Waits until it does."""
        eventually(self.settled)
        assert self.process.poll() is None, self.err.read_text()


@dataclass
class Server(Command):
    """A server that answers."""

    url: str = ""

    def ask(self, path: str, **headers: str) -> httpx2.Response:
        return httpx2.get(self.url + path, headers=headers, timeout=PATIENCE)

    def append(self, *events: Json) -> httpx2.Response:
        """Appends one event, or several together."""
        sent = events[0] if len(events) == 1 else list(events)
        return httpx2.post(f"{self.url}/v1/events", json=sent, headers={"Prefer": "return=minimal"}, timeout=PATIENCE)

    def caught_up(self) -> bool:
        answer = self.ask("/readyz")
        return answer.status_code == 200 and answer.json()["views"]["lag"] == 0

    def streamed(self) -> list[int]:
        """The positions of a replay of everything.

        Raises:
            httpx2.RemoteProtocolError: it was broken off.
        """
        answer = self.ask("/v1/events", Accept="application/x-ndjson")
        assert answer.status_code == 200, answer.text
        return [int(line.partition('"position":')[2].partition(",")[0]) for line in answer.text.splitlines()]


@dataclass
class Site:
    """An installation, and the processes that run on it."""

    home: Path
    where: Path | str
    """A data directory, or the URL of a database."""
    running: list[Command] = field(default_factory=list)

    @property
    def views_at(self) -> Path | str:
        return self.where if isinstance(self.where, str) else self.where / "views.db"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        data = self.home / "data" if isinstance(self.where, str) else self.where
        ours = {"PARLEY_DATA": str(data), "PARLEY_LOG_LEVEL": "warning", "PYTHONWARNINGS": "error"}
        if isinstance(self.where, str):
            ours["PARLEY_DATABASE_URL"] = self.where
        return {**kept, **ours, **more}

    def start(self, *arguments: str, through: Sequence[str] = (), **environment: str) -> Command:
        """A command that begins to run, `through` another program if that is said."""
        out, err = (self.home / f"{len(self.running)}.{name}" for name in ("out", "err"))
        with out.open("wb") as told, err.open("wb") as warned:
            process = subprocess.Popen(
                [*through, PARLEY, *arguments],
                cwd=self.home,
                env=self.environment(**environment),
                stdout=told,
                stderr=warned,
                start_new_session=True,
            )
        self.running.append(Command(process, out, err))
        return self.running[-1]

    def begin_to_serve(self, **environment: str) -> Server:
        """A server that starts; it need not answer yet."""
        port = postgres.free_port()
        started = self.start("serve", "--port", str(port), **environment)
        return Server(started.process, started.out, started.err, f"http://127.0.0.1:{port}")

    def serve(self, **environment: str) -> Server:
        server = self.begin_to_serve(**environment)
        server.works()
        return server

    def project(self) -> Command:
        worker = self.start("project")
        worker.works()
        return worker

    def run(self, *arguments: str, code: int = 0, through: Sequence[str] = ()) -> str:
        """What a command prints, on stderr if it is to fail."""
        command = self.start(*arguments, through=through)
        assert command.process.wait(PATIENCE) == code, command.out.read_text() + command.err.read_text()
        return (command.err if code else command.out).read_text()

    def close(self) -> None:
        for one in self.running:
            one.kill()


@contextmanager
def site_at(home: Path, where: Path | str) -> Iterator[Site]:
    with closing(Site(home, where)) as site:
        yield site


@pytest.fixture
def site(where: Path | str, tmp_path: Path) -> Iterator[Site]:
    """An installation in a file, and one in a database."""
    with site_at(tmp_path, where) as site:
        yield site


@pytest.fixture
def own_database() -> Iterator[postgres.Server]:
    """A server of PostgreSQL that keeps what it is told to keep; a test may do to it what it likes."""
    with postgres.home() as directory:
        server = postgres.Server(directory, options=("max_connections=60",))
        server.create()
        server.start()
        yield server
        server.kill()


# --- what is sent, and what must be there


@dataclass
class Sent:
    """Events, and what became of each as far as its sender knows."""

    server: Server
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Positions by event id."""
    refused: list[list[Json]] = field(default_factory=list)
    """Requests that got 503, or no answer."""
    said: set[str] = field(default_factory=set)
    """What the refusals said."""

    def begin(self) -> None:
        """Opens the process `first` and the talks `first`."""
        assert self.send(opening("processes/first", id=str(uuid4())), opening("talks/first", id=str(uuid4())))

    def reports(self, number: int = 1, note: str = "") -> list[Json]:
        return [statement(id=str(uuid4()), **({"note": note} if note else {})) for _ in range(number)]

    def send(self, *events: Json) -> bool:
        """Whether they were acknowledged."""
        try:
            answer = self.server.append(*events)
        except httpx2.TransportError as error:
            self.said.add(type(error).__name__)
            self.refused.append(list(events))
            return False
        if answer.status_code == 503:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"]
            self.said.add(answer.json()["detail"])
            self.refused.append(list(events))
            return False
        assert answer.status_code in (200, 201), answer.text
        for event in answer.json()["events"]:
            assert self.acknowledged.setdefault(event["id"], event["position"]) == event["position"]
        return True

    def send_again(self) -> None:
        """Sends what was refused under the same ids, until all of it is acknowledged; then once more."""
        again, self.refused = self.refused, []
        for events in again:
            eventually(partial(self.send, *events))
            assert self.server.append(*events).status_code == 200, "it is there already"
        self.refused = []


def examine(site: Site, sent: Sent) -> None:
    """Nothing that was acknowledged is lost or elsewhere, nothing is there twice, and the read models say the same.

    Events that were not acknowledged may be there, once.
    """
    with closing(Ledger(site.where, lock_timeout=30)) as ledger, closing(open_read_models(site.views_at)) as views:
        there = {event["id"]: event["position"] for event in ledger.replay()}
        assert len(there) == ledger.head(), "each id once"
        assert sent.acknowledged.items() <= there.items()
        eventually(lambda: (here := views.progress()) is not None and here.position == ledger.head())
        whole(ledger, views)


def whole(ledger: Ledger, views: ReadModels) -> None:
    """Each row of the log is what was recorded, and each row of the read models is what the log gives."""
    faults: list[str] = []

    def found(kind: str, text: str) -> None:
        faults.append(f"{kind}: {text}")

    verify(ledger, found)
    assert compare(views, ledger.read, found) == ledger.head()
    assert faults == []


# --- what fails


@contextmanager
def small_disk(at: Path, size: str = "4m", owner: str | None = None) -> Iterator[Path]:
    """A real file system that is soon full."""
    at.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        if owner is not None:
            shutil.chown(at, owner)
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Takes all the room there is on a disk, and gives it back at the end."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            with suppress(OSError):
                while file.write(b"\0" * size) == size:
                    pass
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def no_flush(processes: list[int]) -> Iterator[None]:
    """The disk fails whenever one of the processes asks it to flush: fsync and fdatasync give EIO."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    whom = [word for process in processes for word in ("-p", str(process))]
    strace = subprocess.Popen([*UNFLUSHED, *whom], stderr=subprocess.PIPE)
    try:
        eventually(lambda: strace.poll() is not None or all(map(_is_traced, processes)))
        if strace.poll():  # with 0 it ends when those do that it traced
            told = strace.stderr.read().decode() if strace.stderr is not None else ""
            pytest.skip(f"processes cannot be traced here: {told.strip()}")
        yield
    finally:
        strace.send_signal(signal.SIGTERM)
        strace.communicate(timeout=PATIENCE)


def _is_traced(process: int) -> bool:
    """Whether all threads of a process are."""
    with suppress(FileNotFoundError, ProcessLookupError):
        told = [task.joinpath("status").read_text() for task in Path(f"/proc/{process}/task").iterdir()]
        return all("TracerPid:\t0\n" not in text for text in told)
    return False


def held(site: Site) -> bool:
    """Whether somebody is in the middle of bringing the read models on, right now."""
    if isinstance(site.where, str):
        query = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid > 0 AND granted "
            "AND mode = 'ExclusiveLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        with psycopg.connect(site.where) as connection:
            row = connection.execute(query, (LOCK,)).fetchone()
            return bool(row and row[0])
    with closing(sqlite3.connect(site.where / "views.db", timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False
