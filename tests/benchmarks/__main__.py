"""Measures Parley against named opponents, both sides in one run, and prints a table in Markdown.

    uv run python -m tests.benchmarks            # about half an hour: 1,000,000 events
    uv run python -m tests.benchmarks --small    # a quick look: 10,000 and 30,000 events
    uv run python -m tests.benchmarks appends    # only what is named: appends, rebuilds, kinds, bulk, statuses, views,
                                                 # travels, growth
    uv run python -m tests.benchmarks --check    # and names what is worse than in docs/performance.md by a fifth

These are measurements, not tests: nothing fails when a machine is slow.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from api.server.interpreter import tune
from domain import families
from domain.event import Event
from domain.vocabulary import model_of
from ledger.append import Append
from ledger.ledger import Ledger
from ledger.mapper import Draft, Entry
from projections.batch import open_read_models
from projections.catch_up import catch_up
from projections.queries import status
from projections.queries.at_horizon import HorizonRequest
from projections.read_models.membership import events_of
from tests import postgres
from tests.benchmarks.appends import ROUNDS, appends
from tests.benchmarks.checking import fallen
from tests.benchmarks.histories import event_of, load, reports
from tests.benchmarks.kinds import kinds
from tests.benchmarks.load import request, run
from tests.benchmarks.opponents import Equal, copied, runner
from tests.benchmarks.rebuilds import rebuilds
from tests.benchmarks.servers import PROCESS, arrays, database, empties, figure, figures, opponent, parley, serving

# --- what is measured


def bulk(count: int) -> Iterator[str]:
    """Arrays of 1,000 against single appends, and against validating the same rows and one executemany."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "ours"
        load(directory, reports(1), 20).close()
        whole, single, bare = [], [], []
        with serving(*parley(directory)) as port:
            run(port, figures(50), 1, expect=(201,))
            for number in range(ROUNDS):
                whole.append(1000 * run(port, arrays(count // 1000 // ROUNDS or 1, 1000), 1, expect=(201,)).rate)
                single.append(run(port, figures(max(count // 50 // ROUNDS, 50)), 1, expect=(201,)).rate)
                bare.append(_bare(Path(place) / f"bare{number}.db", count // ROUNDS))
    mine, alone, least = (median(rates) for rates in (whole, single, bare))
    yield (
        f"| arrays of 1,000 events, SQLite | {mine:,.0f} events/s | single appends, 1 connection: {alone:,.0f}/s; "
        f"validating the same rows and one `executemany`: {least:,.0f}/s | {mine / alone:.1f} of single, "
        f"{mine / least:.2f} of `executemany` |"
    )


def _bare(path: Path, count: int) -> float:
    """Rows a second: each event validated, then all inserted with one statement, and synced."""
    texts = [json.dumps(figure()) for _ in range(count)]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE events (position INTEGER PRIMARY KEY, id TEXT UNIQUE, subject TEXT, data TEXT)"
        )
        started = time.perf_counter()
        events = [model_of("FigureReported").model_validate_json(one) for one in texts]
        connection.execute("BEGIN")
        rows = [(event.key, event.subject, one) for event, one in zip(events, texts, strict=True)]
        connection.executemany("INSERT INTO events (id, subject, data) VALUES (?,?,?)", rows)
        connection.execute("COMMIT")
        return count / (time.perf_counter() - started)


def statuses(count: int) -> Iterator[str]:
    """Status requests against an empty route of the same kind of server."""
    with tempfile.TemporaryDirectory() as place:
        ours, theirs = Path(place) / "ours", Path(place) / "theirs"
        theirs.mkdir()
        load(ours, reports(1), 1000).close()
        caught_up(ours)
        rates: dict[str, list[float]] = defaultdict(list)
        with serving(*parley(ours)) as port, serving(*opponent("stock", theirs)) as other:
            path = f"/v1/processes/{PROCESS}"
            run(port, [request("GET", path)] * 20, 1)
            run(other, empties(20), 1)
            etag = etag_of(port, path)
            each = count // ROUNDS
            for _ in range(ROUNDS):
                rates["status"].append(run(port, [request("GET", path)] * each, 16).rate)
                unchanged = [request("GET", path, headers=f"If-None-Match: {etag}\r\n")] * each
                rates["304"].append(run(port, unchanged, 16, (304,)).rate)
                rates["empty"].append(run(other, empties(each), 16).rate)
    mine, unchanged_rate, empty = (median(rates[name]) for name in ("status", "304", "empty"))
    yield (
        f"| status, 16 connections | {mine:,.0f}/s; unchanged (304): {unchanged_rate:,.0f}/s | an empty route: "
        f"{empty:,.0f}/s | {mine / empty:.2f}; 304: {unchanged_rate / empty:.2f} |"
    )


def views(count: int) -> Iterator[str]:
    """Read models on PostgreSQL against the library's own runner, which keeps equal ones."""
    with database() as url, tempfile.TemporaryDirectory() as place:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE theirs TEMPLATE template0 ENCODING 'UTF8'")
        theirs = postgres.on(url, "theirs")
        ledger = load(url, reports(count // 1000 + 1), count)
        started, after = time.perf_counter(), 0
        while found := ledger.read(after, 1000):
            after = found[-1].position
        reading = count / (time.perf_counter() - started)
        made = open_read_models(url)
        started = time.perf_counter()
        while not ((at := catch_up(made, ledger.read)).complete and at.position == count):
            pass
        mine = count / (time.perf_counter() - started)
        few = max(count // 20, 200)
        copied(ledger, theirs, few)
        started = time.perf_counter()
        with runner_of(theirs) as (running, view):
            while not view.has_tracking_id("same", few):
                time.sleep(0.01)
            stock = few / (time.perf_counter() - started)
            yield (
                f"| read models on PostgreSQL | {mine:,.0f} events/s | the library's `ProjectionRunner` with equal "
                f"ones, a transaction for each event: {stock:,.0f} events/s; reading and parsing the log alone: "
                f"{reading:,.0f} events/s | {mine / stock:.1f} of the runner, {mine / reading:.2f} of reading |"
            )
            made.close()
            ledger.close()
            seen = [_seen_by_runner(running, view, number) for number in range(40)]
        small = Path(place) / "small"
        load(url, _one_more(), 3).close()
        with serving(*parley(small), PARLEY_DATABASE_URL=url) as port:
            run(port, [request("GET", "/v1/processes/small")], 1, expect=(200, 404, 503))
            time.sleep(3)
            shown = [_seen_over_http(port) for _ in range(40)]
        yield (
            f"| from the acknowledgement of an append until its status shows it, PostgreSQL | median "
            f"{median(shown) * 1000:.1f} ms, over HTTP | the runner, asked again and again: "
            f"{median(seen) * 1000:.1f} ms, in process | {median(shown) / median(seen):.2f} |"
        )


@contextlib.contextmanager
def runner_of(url: str) -> Iterator[tuple[Any, Equal]]:
    running, view = runner(url)
    with running:
        yield running, view
    view.views.close()


def _one_more() -> Iterator[dict[str, Any]]:
    yield {
        "id": str(uuid.uuid4()),
        "type": "ProcessOpened",
        "subject": "processes/small",
        "occurred": "2018-01-01",
        "data": {"labels": [{"text": "A small one", "lang": "en"}]},
    }


def _seen_over_http(port: int) -> float:
    """Seconds from the answer to an append until the status that shows it is here."""
    event = {**figure(), "subject": "processes/small"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as line:
        headers = {"Content-Type": "application/json", "Prefer": "return=minimal"}
        line.request("POST", "/v1/events", json.dumps(event), headers)
        answer = line.getresponse()
        position = json.loads(answer.read())["position"]
        started = time.perf_counter()
        line.request("GET", f"/v1/processes/small?min_position={position}")
        answer = line.getresponse()
        answer.read()
        if int(answer.headers["Parley-Position"]) < position:
            raise RuntimeError(f"{answer.status}: the status does not show what was recorded")
        return time.perf_counter() - started


def _seen_by_runner(running: Any, view: Equal, number: int) -> float:
    """The same of the library's runner: an event saved, then asked for until the view tracks it, the status drawn."""
    if number == 0:
        _save(running, next(_one_more()), 1)
    event = {**figure(), "subject": "processes/small"}
    position = _save(running, event, number + 2)
    started = time.perf_counter()
    while not view.has_tracking_id("same", position):
        pass
    with view.views.reading() as snapshot:
        status.process_status(snapshot, "small", datetime.now(UTC))
    return time.perf_counter() - started


def _save(running: Any, wire: dict[str, Any], version: int) -> int:
    draft = Draft.of(event_of(wire))
    entry = Entry(draft, version, datetime.now(UTC), "local")
    stored = running.app.mapper.to_stored_event(entry)
    return int(running.app.recorder.insert_events([stored])[-1])


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
    memory: int = 0
    """Megabytes that a rebuild took at most."""
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Milliseconds by what is measured."""


def caught_up(directory: Path) -> tuple[float, int]:
    """Seconds to make the read models from the log, and the events in it."""
    ledger, views = Ledger(directory), open_read_models(directory / "views.db")
    started, head = time.perf_counter(), ledger.head()
    while not ((at := catch_up(views, ledger.read)).complete and at.position == head):
        pass
    took = time.perf_counter() - started
    views.close()
    ledger.close()
    return took, head


def prepared(name: str, directory: Path, processes: int, heavy: int, events: int) -> Size:
    """A log of a size, its read models made by `parley rebuild`, and what reading and rebuilding took."""
    size = Size(name, directory, events)
    ledger = load(directory, reports(processes, heavy), events)
    started, after = time.perf_counter(), 0
    while found := ledger.read(after, 1000):
        after = found[-1].position
    size.reading = (time.perf_counter() - started) / events * 1e6
    ledger.close()
    started = time.perf_counter()
    command = [sys.executable, "-m", "api.cli", "rebuild", "--data", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as rebuilding:
        _, status, usage = os.wait4(rebuilding.pid, 0)
        rebuilding.returncode = os.waitstatus_to_exitcode(status)
    assert rebuilding.returncode == 0, name
    size.rebuild = (time.perf_counter() - started) / events * 1e6
    size.memory = usage.ru_maxrss // 1024
    return size


def started_in(directory: Path) -> float:
    """Milliseconds from starting a server until it is ready."""
    began = time.perf_counter()
    with serving(*parley(directory)) as port:
        while _status(port, "/readyz") != 200:
            time.sleep(0.005)
        return (time.perf_counter() - began) * 1000


def _status(port: int, path: str) -> int:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as line:
        line.request("GET", path)
        return line.getresponse().status


HEAVY, USUAL = "/v1/processes/p0", "/v1/processes/p1"


def compare(sizes: list[Size], empty: Path, rounds: int = 15) -> list[float]:
    """Measures all sizes in turn, round by round, so that a slow minute of the machine hits them alike.

    Returns:
        Milliseconds to start with an empty log.
    """
    nothing: list[float] = []
    for _ in range(5):
        nothing.append(started_in(empty))
        for size in sizes:
            size.took["start"].append(started_in(size.directory))
    for _ in range(rounds):
        for size in sizes:
            views = open_read_models(size.directory / "views.db")
            for name, process in (("drawn", "p1"), ("drawn, heavy", "p0")):
                with views.reading() as snapshot:
                    started = time.perf_counter()
                    status.process_status(snapshot, process, datetime.now(UTC))
                    size.took[name].append((time.perf_counter() - started) * 1000)
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
                size.took["append"].append(run(port, figures(10), 1, expect=(201,)).median)
                (sent,) = figures(1)
                run(port, [sent.replace(b"Content-Type", b"Prefer: wait=5\r\nContent-Type")], 1, expect=(201,))
                size.took["after append, heavy"].append(run(port, [request("GET", HEAVY)], 1).median)
                for name, path in (("kept", USUAL), ("kept, heavy", HEAVY)):
                    run(port, [request("GET", path)] * 5, 1)
                    size.took[name].append(run(port, [request("GET", path)] * 50, 1).median)
    return nothing


def revise(size: Size) -> None:
    """A late report on a subject of about 100 events, its retraction, and the past of a process of 1,000 events."""
    ledger, views = Ledger(size.directory), open_read_models(size.directory / "views.db")
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
    for wire, found in ((late, size.took["late"]), (again, size.took["revision"])):
        ledger.append(Append((Draft.of(event_of(wire)),)))
        started = time.perf_counter()
        catch_up(views, ledger.read)
        found.append((time.perf_counter() - started) * 1000)
    with views.reading() as snapshot:
        started = time.perf_counter()
        status.process_status(snapshot, "p1", datetime.now(UTC), HorizonRequest(known_at_position=1900, position=1900))
        size.took["travel"].append((time.perf_counter() - started) * 1000)
    views.close()
    ledger.close()


def travels(events: int, rounds: int = 9) -> Iterator[str]:
    """The past of one process against reading, parsing and folding its events in memory."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        load(directory, reports(1, per_process=events), events).close()
        caught_up(directory)
        views = open_read_models(directory / "views.db")
        theirs: list[float] = []
        middle = (date(2017, 1, 1) + timedelta(days=events // 7)).isoformat()  # a day has some 3.6 of its events
        asked = {
            "`known_at_position`, the last ten left out": HorizonRequest(position=events - 10),
            "`known_at_position`, half left out": HorizonRequest(position=events // 2),
            "`as_of`, nothing left out": HorizonRequest(as_of="2030-01-01"),
            "`as_of`, about half left out": HorizonRequest(as_of=middle),
            "`published_by`, nothing left out": HorizonRequest(published_by="2030-01-01"),
        }
        mine: dict[str, list[float]] = {name: [] for name in asked}
        for _ in range(rounds):
            with views.reading() as snapshot:
                started = time.perf_counter()
                subjects: dict[str, list[Event]] = {}
                for recorded in events_of(snapshot, PROCESS):
                    subjects.setdefault(recorded.subject, []).append(recorded.event)
                for path, found in subjects.items():
                    families.fold(path.partition("/")[0], found)
                theirs.append((time.perf_counter() - started) * 1000)
            for name, horizon in asked.items():
                with views.reading() as snapshot:
                    started = time.perf_counter()
                    status.process_status(snapshot, PROCESS, datetime.now(UTC), horizon)
                    mine[name].append((time.perf_counter() - started) * 1000)
        views.close()
    base = median(theirs)
    for name, took in mine.items():
        yield (
            f"| status of a process of {events:,} events at a horizon ({name}) | {median(took):,.0f} ms "
            f"({min(took):,.0f} to {max(took):,.0f}) | reading, parsing and folding its events: {base:,.0f} ms | "
            f"{median(took) / base:.2f} |"
        )


def growth(many: int) -> Iterator[str]:
    """What each costs in a long log, one of its processes heavy, against a short one."""
    heavy = min(50_000, many // 6)
    with tempfile.TemporaryDirectory() as place:
        empty = Path(place) / "empty"
        load(empty, reports(0), 0).close()
        few = prepared("10,000 events", Path(place) / "few", 10, 0, 10_000)
        name = f"{many:,} events, {heavy:,} of them figures or violations of one process"
        large = prepared(name, Path(place) / "many", (many - heavy) // 1000 - 1, heavy, many)
        nothing = median(compare([few, large], empty))
    for size in (few, large):
        yield (
            f"| rebuild of all read models, SQLite, {size.name} | {1e6 / size.rebuild:,.0f} events/s, {size.memory} MB "
            f"at most | reading and parsing the log alone: {1e6 / size.reading:,.0f} events/s | "
            f"{size.reading / size.rebuild:.2f} |"
        )
    for what, key in (
        ("append over HTTP", "append"),
        ("status over HTTP, a process of 1,000 events", "kept"),
        ("status over HTTP, the heavy process", "kept, heavy"),
        ("status over HTTP, the heavy process, just after an append to it", "after append, heavy"),
        ("status computed afresh, a process of 1,000 events", "drawn"),
        ("status computed afresh, the heavy process", "drawn, heavy"),
        ("read models after a late report", "late"),
        ("read models after a retraction", "revision"),
        ("status of another day, a process of 1,000 events", "travel"),
    ):
        mine, base = median(large.took[key]), median(few.took[key])
        both = f"{mine:.2f} ms | the same at 10,000 events: {base:.2f} ms | {mine / base:.2f}"
        yield f"| {what}, {many:,} events | {both} |"
    mine = median(large.took["start"])
    both = f"{mine:,.0f} ms | with an empty log: {nothing:,.0f} ms | {mine / nothing:.2f}"
    yield f"| start of a server until it is ready, {many:,} events | {both} |"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--small", action="store_true", help="30,000 events instead of 1,000,000")
    options.add_argument("--check", action="store_true", help="name what is worse than in the last table by a fifth")
    options.add_argument("parts", nargs="*", help="what to measure: all, if none is named")
    asked = options.parse_args()
    small = asked.small
    tune()  # what is measured in this process is measured as a server does it, for both sides
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print("| what | Parley | against | ratio |\n| --- | --- | --- | --- |", flush=True)
    parts: dict[str, Callable[[], Iterator[str]]] = {
        "appends": lambda: appends(2_000 if small else 20_000),
        "rebuilds": lambda: rebuilds(20_000 if small else 200_000),
        "kinds": lambda: kinds(2_000 if small else 50_000),
        "bulk": lambda: bulk(10_000 if small else 50_000),
        "statuses": lambda: statuses(5_000 if small else 20_000),
        "views": lambda: views(2_000 if small else 20_000),
        "travels": lambda: travels(3_000 if small else 10_000),
        "growth": lambda: growth(30_000 if small else 1_000_000),
    }
    measured: list[str] = []
    for name, measure in parts.items():
        if not asked.parts or name in asked.parts:
            for line in measure():
                print(line, flush=True)
                measured.append(line)
    if asked.check and (fell := fallen(measured)):
        print("\nWorse than in docs/performance.md by more than a fifth:", *fell, sep="\n- ", file=sys.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
