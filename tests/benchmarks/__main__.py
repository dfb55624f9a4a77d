"""Measures Parley against named opponents, both sides in one run, and prints a table in Markdown.

    uv run python -m tests.benchmarks            # about ten minutes
    uv run python -m tests.benchmarks --small    # a quick look: 10,000 and 30,000 events

These are measurements, not tests: nothing fails when a machine is slow.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from api.server import tune
from domain import folds
from domain.event import Event
from ledger.ledger import Append, Ledger
from ledger.mapper import Draft
from projections import queries
from projections.catch_up import catch_up
from projections.scene import Asked, events_of
from projections.views import Views
from tests.benchmarks.histories import event_of, load, reports
from tests.benchmarks.load import request, run

PROCESS = "p0"


@contextlib.contextmanager
def serving(*command: str) -> Iterator[int]:
    """A server of its own process on a free port, until it is no longer needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    words = [word.replace("PORT", str(port)) for word in command]
    environment = {**os.environ, "PARLEY_LOCK_TIMEOUT": "30"}
    quiet = subprocess.DEVNULL  # it logs as it does elsewhere, but nobody reads it
    with subprocess.Popen([sys.executable, *words], env=environment, stdout=quiet, stderr=quiet) as server:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()
            server.wait(20)


def parley(directory: Path) -> tuple[str, ...]:
    return ("-m", "api.cli", "serve", "--data", str(directory), "--port", "PORT")


def figures(count: int) -> list[bytes]:
    """Requests that append one figure each, to the process that all logs have."""
    found = []
    for number in range(count):
        wire = {
            "id": str(uuid.uuid4()),
            "type": "FigureReported",
            "subject": f"processes/{PROCESS}",
            "occurred": "2018-01-05",
            "sources": [{"publisher": "Field office", "claimant": "committee", "published": "2018-01-05"}],
            "data": {"measure": "fighters", "quantity": {"value": number + 1, "qualifier": "about"}},
        }
        # What is measured is the log: the answer does not wait for findings.
        found.append(request("POST", "/v1/events", json.dumps(wire).encode(), "Prefer: return=minimal\r\n"))
    return found


# --- what is measured


def appends(count: int) -> Iterator[str]:
    """Durable appends over HTTP against stock eventsourcing behind a plain route."""
    for connections in (1, 16):
        with tempfile.TemporaryDirectory() as place:
            ours, theirs = Path(place) / "ours", Path(place) / "theirs"
            theirs.mkdir()
            load(ours, reports(1), 20).close()
            with serving(*parley(ours)) as port:
                run(port, figures(50), 1, expect=(201,))
                mine = run(port, figures(count), connections, expect=(201,))
            with serving("-m", "tests.benchmarks.opponents", str(theirs), "PORT") as port:
                run(port, figures(50), 1, expect=(201,))
                stock = run(port, figures(count), connections, expect=(201,))
                empty = run(port, [request("GET", "/empty")] * count * 2, connections)
        yield (
            f"| durable appends, {connections} connection{'s' * (connections > 1)} | {mine.rate:,.0f}/s, median "
            f"{mine.median:.1f} ms | stock `eventsourcing` behind a plain route: {stock.rate:,.0f}/s, median "
            f"{stock.median:.1f} ms; an empty route: {empty.rate:,.0f}/s | {mine.rate / stock.rate:.2f} of stock |"
        )


def statuses(count: int) -> Iterator[str]:
    """Status requests against an empty route of the same kind of server."""
    with tempfile.TemporaryDirectory() as place:
        ours, theirs = Path(place) / "ours", Path(place) / "theirs"
        theirs.mkdir()
        load(ours, reports(1), 1000).close()
        caught_up(ours)
        with serving(*parley(ours)) as port:
            path = f"/v1/processes/{PROCESS}"
            run(port, [request("GET", path)] * 20, 1)
            mine = run(port, [request("GET", path)] * count, 16)
            etag = etag_of(port, path)
            unchanged = run(port, [request("GET", path, headers=f"If-None-Match: {etag}\r\n")] * count, 16, (304,))
        with serving("-m", "tests.benchmarks.opponents", str(theirs), "PORT") as port:
            run(port, [request("GET", "/empty")] * 20, 1)
            empty = run(port, [request("GET", "/empty")] * count, 16)
    yield (
        f"| status, 16 connections | {mine.rate:,.0f}/s; unchanged (304): {unchanged.rate:,.0f}/s | an empty route: "
        f"{empty.rate:,.0f}/s | {mine.rate / empty.rate:.2f}; 304: {unchanged.rate / empty.rate:.2f} |"
    )


def etag_of(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(request("GET", path, headers="Connection: close\r\n"))
        head = b""
        while b"\r\n\r\n" not in head:
            head += peer.recv(65_536)
    lines = head.decode("latin-1").split("\r\n")
    return next(line.partition(": ")[2] for line in lines if line.lower().startswith("etag"))


@dataclass
class Size:
    """One log, and what things cost with it."""

    name: str
    directory: Path
    events: int = 0
    rebuild: float = 0
    """Microseconds an event, log read, parsed and folded into all read models."""
    reading: float = 0
    """Microseconds an event, log read and parsed alone."""
    cold: list[float] = field(default_factory=list)
    """Milliseconds of a status drawn anew."""
    append: list[float] = field(default_factory=list)
    """Milliseconds of a durable append over HTTP, one connection."""
    status: list[float] = field(default_factory=list)
    """Milliseconds of a status over HTTP after an append, one connection."""
    late: list[float] = field(default_factory=list)
    """Milliseconds to bring the read models up to date after a report that is late by a year."""
    revision: list[float] = field(default_factory=list)
    """Milliseconds to bring them up to date after a retraction."""
    travel: list[float] = field(default_factory=list)
    """Milliseconds of the status of a process of 1,000 events as it was known at an early position."""


def caught_up(directory: Path) -> tuple[float, int]:
    """Seconds to make the read models from the log, and the events in it."""
    ledger, views = Ledger(directory), Views(directory / "views.db")
    started, head = time.perf_counter(), ledger.head()
    while not ((at := catch_up(views, ledger.read)).complete and at.position == head):
        pass
    took = time.perf_counter() - started
    views.close()
    ledger.close()
    return took, head


def prepared(name: str, directory: Path, processes: int, heavy: int, events: int) -> Size:
    """A log of a size, its read models made, and what reading and rebuilding took."""
    size = Size(name, directory)
    ledger = load(directory, reports(processes, heavy), events)
    started, after = time.perf_counter(), 0
    while found := ledger.read(after, 1000):
        after = found[-1].position
    reading = time.perf_counter() - started
    ledger.close()
    took, size.events = caught_up(directory)
    size.rebuild, size.reading = took / size.events * 1e6, reading / size.events * 1e6
    return size


def compare(sizes: list[Size], rounds: int = 25) -> None:
    """Measures all sizes in turn, round by round, so that a slow minute of the machine hits them alike."""
    path = f"/v1/processes/{PROCESS}"
    for _ in range(rounds):
        for size in sizes:
            views = Views(size.directory / "views.db")
            with views.reading() as snapshot:
                started = time.perf_counter()
                queries.process_status(snapshot, PROCESS, datetime.now(UTC))
                size.cold.append((time.perf_counter() - started) * 1000)
            views.close()
    for _ in range(rounds):
        for size in sizes:
            revise(size)
    with contextlib.ExitStack() as servers:
        ports = [servers.enter_context(serving(*parley(size.directory))) for size in sizes]
        for port in ports:
            run(port, figures(30), 1, expect=(201,))
        for _ in range(rounds):
            for size, port in zip(sizes, ports, strict=True):
                size.append.append(run(port, figures(10), 1, expect=(201,)).median)
                (sent,) = figures(1)
                run(port, [sent.replace(b"Content-Type", b"Prefer: wait=5\r\nContent-Type")], 1, expect=(201,))
                size.status.append(run(port, [request("GET", path)], 1).median)


def revise(size: Size) -> None:
    """A late report on a subject of about 100 events, its retraction, and the past of a process of 1,000 events."""
    ledger, views = Ledger(size.directory), Views(size.directory / "views.db")
    late = {
        "id": str(uuid.uuid4()),
        "type": "ObligationAssessed",
        "subject": "agreements/p1-truce",
        "occurred": "2017-02-01",
        "data": {"obligation": "detainees", "score": 1},
    }
    again = {
        "id": str(uuid.uuid4()),
        "type": "EventRetracted",
        "subject": "agreements/p1-truce",
        "data": {"event": late["id"], "reason": "It belongs to another agreement."},
    }
    for wire, found in ((late, size.late), (again, size.revision)):
        ledger.append(Append((Draft.of(event_of(wire)),)))
        started = time.perf_counter()
        catch_up(views, ledger.read)
        found.append((time.perf_counter() - started) * 1000)
    with views.reading() as snapshot:
        started = time.perf_counter()
        queries.process_status(snapshot, "p1", datetime.now(UTC), Asked(known_at_position=1900, position=1900))
        size.travel.append((time.perf_counter() - started) * 1000)
    views.close()
    ledger.close()


def travels(events: int, rounds: int = 9) -> Iterator[str]:
    """The past of one process against reading, parsing and folding its events in memory."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        load(directory, reports(1, per_process=events), events).close()
        caught_up(directory)
        views = Views(directory / "views.db")
        theirs: list[float] = []
        mine: dict[str, list[float]] = {"known_at_position": [], "as_of": [], "published_by": []}
        asked = {
            "known_at_position": Asked(known_at_position=events - 10, position=events - 10),
            "as_of": Asked(as_of="2030-01-01"),
            "published_by": Asked(published_by="2030-01-01"),
        }
        for _ in range(rounds):
            with views.reading() as snapshot:
                started = time.perf_counter()
                subjects: dict[str, list[Event]] = {}
                for recorded in events_of(snapshot, PROCESS):
                    subjects.setdefault(recorded.subject, []).append(recorded.event)
                for path, found in subjects.items():
                    folds.fold(path.partition("/")[0], found)
                theirs.append((time.perf_counter() - started) * 1000)
            for name, horizon in asked.items():
                with views.reading() as snapshot:
                    started = time.perf_counter()
                    queries.process_status(snapshot, PROCESS, datetime.now(UTC), horizon)
                    mine[name].append((time.perf_counter() - started) * 1000)
        views.close()
    base = median(theirs)
    for name, took in mine.items():
        yield (
            f"| status of a process of {events:,} events at a horizon (`{name}`, nothing left out) | "
            f"{median(took):,.0f} ms | reading, parsing and folding its events: {base:,.0f} ms | "
            f"{median(took) / base:.2f} |"
        )


def growth(many: int) -> Iterator[str]:
    """What each costs in a long log, against a short one."""
    heavy = min(50_000, many // 6)
    with tempfile.TemporaryDirectory() as place:
        few, *others = sizes = [
            prepared("10,000 events", Path(place) / "few", 10, 0, 10_000),
            prepared(f"{many:,} events", Path(place) / "many", many // 1000, 0, many),
            prepared(
                f"{many:,} events, {heavy:,} of them figures or violations of one process",
                Path(place) / "heavy",
                (many - heavy) // 1000,
                heavy,
                many,
            ),
        ]
        compare(sizes)
    for size in sizes:
        yield (
            f"| rebuild of all read models, {size.name} | {1e6 / size.rebuild:,.0f} events/s | reading and parsing the "
            f"log alone: {1e6 / size.reading:,.0f} events/s | {size.reading / size.rebuild:.2f} |"
        )
    for size in others:
        for what, mine, base, unit in (
            ("append over HTTP", median(size.append), median(few.append), "ms"),
            ("status over HTTP, just after an append to the process", median(size.status), median(few.status), "ms"),
            ("status drawn anew", median(size.cold), median(few.cold), "ms"),
            ("read models after a late report", median(size.late), median(few.late), "ms"),
            ("read models after a retraction", median(size.revision), median(few.revision), "ms"),
            ("status of another day, 1,000 events", median(size.travel), median(few.travel), "ms"),
            ("rebuild, an event", size.rebuild, few.rebuild, "µs"),
        ):
            yield (
                f"| {what}, {size.name} | {mine:.1f} {unit} | the same at 10,000 events: {base:.1f} {unit} | "
                f"{mine / base:.2f} |"
            )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--small", action="store_true", help="30,000 events instead of 300,000")
    small = options.parse_args().small
    tune()  # what is measured in this process is measured as a server does it, for both sides
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print("| what | Parley | against | ratio |\n| --- | --- | --- | --- |", flush=True)
    for line in (*appends(400 if small else 2000),):
        print(line, flush=True)
    for line in statuses(1000 if small else 5000):
        print(line, flush=True)
    for line in travels(3_000 if small else 10_000):
        print(line, flush=True)
    for line in growth(30_000 if small else 300_000):
        print(line, flush=True)


if __name__ == "__main__":
    main()
