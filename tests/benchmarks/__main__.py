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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger.ledger import Ledger
from projections import queries
from projections.catch_up import catch_up
from projections.views import Views
from tests.benchmarks.histories import load, reports
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
    with subprocess.Popen([sys.executable, *words], env=environment, stdout=subprocess.DEVNULL) as server:
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
        found.append(request("POST", "/v1/events", json.dumps(wire).encode()))
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


@dataclass(frozen=True)
class Size:
    """Costs at one size of the log."""

    name: str
    events: int
    rebuild: float
    """Microseconds an event, log read, parsed and folded into all read models."""
    reading: float
    """Microseconds an event, log read and parsed alone."""
    cold: float
    """Milliseconds of a status drawn anew."""
    append: float
    """Milliseconds of a durable append over HTTP, one connection, median."""
    status: float
    """Milliseconds of a status over HTTP after an append, one connection, median."""


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


def at_size(name: str, processes: int, heavy: int, events: int) -> Size:
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "data"
        ledger = load(directory, reports(processes, heavy), events)
        started, after = time.perf_counter(), 0
        while found := ledger.read(after, 1000):
            after = found[-1].position
        reading = time.perf_counter() - started
        ledger.close()
        took, count = caught_up(directory)
        views = Views(directory / "views.db")
        times = []
        for _ in range(5):
            with views.reading() as snapshot:
                started = time.perf_counter()
                queries.process_status(snapshot, PROCESS, datetime.now(UTC))
                times.append(time.perf_counter() - started)
        views.close()
        with serving(*parley(directory)) as port:
            run(port, figures(30), 1, expect=(201,))
            append = run(port, figures(300), 1, expect=(201,)).median
            pairs = []
            for one in figures(60):
                sent = [one.replace(b"Content-Type", b"Prefer: wait=5\r\nContent-Type")]
                run(port, sent, 1, expect=(201,))
                pairs.append(run(port, [request("GET", f"/v1/processes/{PROCESS}")], 1).median)
        return Size(
            name,
            count,
            took / count * 1e6,
            reading / count * 1e6,
            sorted(times)[2] * 1000,
            append,
            sorted(pairs)[len(pairs) // 2],
        )


def growth(many: int) -> Iterator[str]:
    """What each costs in a long log, against a short one."""
    few = at_size("10,000 events", 10, 0, 10_000)
    yield (
        f"| rebuild of all read models, 10,000 events | {1e6 / few.rebuild:,.0f} events/s | reading and parsing "
        f"alone: {1e6 / few.reading:,.0f} events/s | {few.reading / few.rebuild:.2f} |"
    )
    heavy = min(50_000, many // 6)
    for size in (
        at_size(f"{many:,} events", many // 1000, 0, many),
        at_size(
            f"{many:,} events, {heavy:,} of them figures or violations of one process",
            many // 1000,
            heavy,
            many + heavy,
        ),
    ):
        for what, mine, base, unit in (
            ("append over HTTP", size.append, few.append, "ms"),
            ("status over HTTP, just after an append to the process", size.status, few.status, "ms"),
            ("status drawn anew", size.cold, few.cold, "ms"),
            ("rebuild, an event", size.rebuild, few.rebuild, "µs"),
        ):
            yield (
                f"| {what}, {size.name} | {mine:.1f} {unit} | the same at 10,000 events: {base:.1f} {unit} | "
                f"{mine / base:.2f} |"
            )
        yield (
            f"| rebuild, {size.name} | {1e6 / size.rebuild:,.0f} events/s | reading and parsing the log alone: "
            f"{1e6 / size.reading:,.0f} events/s | {size.reading / size.rebuild:.2f} |"
        )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--small", action="store_true", help="30,000 events instead of 300,000")
    small = options.parse_args().small
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print("| what | Parley | against | ratio |\n| --- | --- | --- | --- |", flush=True)
    for line in (*appends(400 if small else 2000),):
        print(line, flush=True)
    for line in statuses(1000 if small else 5000):
        print(line, flush=True)
    for line in growth(30_000 if small else 300_000):
        print(line, flush=True)


if __name__ == "__main__":
    main()
