"""Making the read models from a log that lies process after process, and from one that interleaves, as real ones do."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ledger.ledger import Ledger
from projections.batch import open_read_models
from projections.catch_up import catch_up
from tests.benchmarks.histories import load, reports

PROCESSES = 1_000
"""So many, among which an interleaved log is spread."""


def interleaved(processes: int, per_process: int) -> Iterator[dict[str, Any]]:
    """The reports of many processes, one of each after the other."""
    actors: list[dict[str, Any]] = []
    own: list[list[dict[str, Any]]] = []
    for report in reports(processes, per_process=per_process):
        if report["type"] == "ActorIdentified":
            actors.append(report)
            continue
        if report["type"] == "ProcessOpened":
            own.append([])
        own[-1].append(report)
    yield from actors
    for turn in itertools.zip_longest(*own):
        yield from (report for report in turn if report is not None)


def rebuilds(events: int) -> Iterator[str]:
    """Rebuilding against reading and parsing alone, of both kinds of logs."""
    per_process = max(events // PROCESSES, 12)
    for name, history in (
        ("process after process", reports(events // 1_000 + 1)),
        (f"interleaved over {PROCESSES:,} processes", interleaved(PROCESSES, per_process)),
    ):
        with tempfile.TemporaryDirectory() as place:
            ledger = load(Path(place), history, events)
            number = ledger.head()
            reading = number / _read(ledger)
            making = number / _made(ledger, Path(place) / "views.db")
            ledger.close()
        yield (
            f"| rebuild, {number:,} events, {name} | {making:,.0f} events/s | reading and parsing the log alone: "
            f"{reading:,.0f} events/s | {making / reading:.2f} |"
        )


def _read(ledger: Ledger) -> float:
    started, after = time.perf_counter(), 0
    while found := ledger.read(after, 5_000):
        after = found[-1].position
    return time.perf_counter() - started


def _made(ledger: Ledger, where: Path) -> float:
    views, head = open_read_models(where), ledger.head()
    started = time.perf_counter()
    while not ((at := catch_up(views, ledger.read)).complete and at.position >= head):
        pass
    took = time.perf_counter() - started
    views.close()
    return took
