"""Hours of work in short: appends, questions, streams that break off, damage and deletion of the read models, a child
that is killed. Memory stays flat, no descriptor is leaked, and what was acknowledged is there once."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

import httpx2

from ledger.ledger import Ledger
from projections.read_models.timeline import READ_EVENTS
from tests.api.sending import opening, statement
from tests.faults.serving import Server, living
from tests.faults.surroundings import on_linux
from tests.faults.test_stream_bounds import resident
from tests.waiting import eventually

LONG = os.environ.get("PARLEY_LONG") == "1"
SECONDS = float(os.environ.get("PARLEY_SOAK", "3600")) if LONG else 4.0
WARM = SECONDS / 4
FILLING = READ_EVENTS + 500 if LONG else 0
"""Events that are there before: what is kept of those that were read last is full."""
FAULTY = 0.02 if LONG else 0.1
"""How often something happens after an append."""
DRIFT = 1.05
"""Times the memory after warm-up; in the short form nothing is warm yet."""
MORE_OPEN = 30
"""Descriptors that a server may have more than when it was warm: connections that come and go."""


@on_linux
def test_hours_of_mixed_work_with_faults(tmp_path: Path) -> None:
    rng = random.Random(7)
    place = tmp_path / "server"
    place.mkdir()
    server = Server(tmp_path / "data", place)
    server.start()
    try:
        _soak(server, tmp_path / "data", rng)
    finally:
        server.end()


def _soak(server: Server, data: Path, rng: random.Random) -> None:
    acknowledged: list[str] = []
    faults = dict.fromkeys(("views deleted", "child killed", "stream broken off"), 0)
    before: tuple[int, int] | None = None
    peak = refused = 0
    with httpx2.Client(base_url=server.url, timeout=60) as client:
        client.post("/v1/events", json=opening("processes/first"))
        for _ in range(0, FILLING, 500):
            sent = [statement("processes/first", id=str(uuid4()), occurred="2017-09-01") for _ in range(500)]
            assert client.post("/v1/events", json=sent, headers={"Prefer": "return=minimal"}).status_code == 201
        started = time.monotonic()
        while (passed := time.monotonic() - started) < SECONDS:
            report = statement("processes/first", id=str(uuid4()), occurred=f"2017-10-{rng.randint(1, 28):02d}")
            answer = client.post("/v1/events", json=report, headers={"Prefer": "return=minimal"})
            assert answer.status_code in (201, 503), answer.text
            if answer.status_code == 201:
                acknowledged.append(report["id"])
            for path in rng.sample(QUESTIONS, 2):
                answer = client.get(path)
                assert answer.status_code in (200, 404, 503), answer.text
                refused += answer.status_code == 503
            if rng.random() < FAULTY:
                faults[_fault(server, data, rng)] += 1
            time.sleep(0.5 if LONG else 0)
            measured = resident(server.pid), len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
            if passed > WARM:
                before = before or measured
                peak = max(peak, measured[0])
        eventually(server.caught_up)
        after = resident(server.pid), len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
    assert before is not None
    told = f"{len(acknowledged)} events, {refused} answers 503, {faults}, memory and files {before} {after}"
    print(f"{SECONDS:.0f} s, {told}")
    assert after[1] <= before[1] + MORE_OPEN
    if LONG:
        assert after[0] <= before[0] * DRIFT, f"{before} {after}, at most {peak}"
    server.stop()
    with closing(Ledger(data)) as ledger:
        recorded = [str(event["id"]) for event in ledger.replay(1)]
    assert len(set(recorded)) == len(recorded)
    assert set(acknowledged) <= set(recorded)


QUESTIONS = [
    "/v1/processes/first",
    "/v1/processes/first?as_of=2017-10-15",
    "/v1/processes/first/history?limit=100&order=newest",
    "/v1/processes/first/changes?since=1",
    "/v1/processes/first/findings",
    "/v1/events?after=1&limit=200",
    "/v1/deadlines",
    "/processes/first",
    "/metrics",
    "/readyz",
]


def _fault(server: Server, data: Path, rng: random.Random) -> str:
    match rng.randrange(3):
        case 0:
            for suffix in ("", "-wal", "-shm"):
                (data / f"views.db{suffix}").unlink(missing_ok=True)
            return "views deleted"
        case 1:
            started = living(server._started[-1:])
            for pid in [pid for pid, command in started.items() if pid != server.pid and "spawn" in command][:1]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return "child killed"
        case _:
            with socket.create_connection(("127.0.0.1", server.port)) as one:
                one.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
                one.recv(1)
            return "stream broken off"
