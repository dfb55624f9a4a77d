"""Streams that nobody reads, and pages of large events, take little of the server's memory."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from api.pages.live import _newest
from tests.api.sending import Wire, opening
from tests.faults.serving import Server
from tests.spec import wire

UNREAD = 50
EVENTS = 6
MEGABYTES = 100
"""How much more memory the unread streams may take."""


def large(number: int) -> Wire:
    """An event of two megabytes."""
    labels = [{"text": f"{n} of {number} ".ljust(290, "y")} for n in range(50)]
    area = [{"labels": labels, "precision": "admin 1"} for _ in range(125)]
    data = {"measure": "fighters", "quantity": {"value": number}, "area": area}
    return wire("FigureReported", subject="processes/first", id=str(uuid4()), data=data)


def resident(pid: int) -> int:
    """Megabytes of memory that a process takes now."""
    told = re.search(r"VmRSS:\s+([0-9]+)", Path(f"/proc/{pid}/status").read_text())
    assert told is not None
    return int(told[1]) // 1024


class Recording(Server):
    """A server that makes no read models: what is measured is what it streams."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PARLEY_PROJECT": "false"}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("server")
    server = Recording(place / "data", place)
    server.start()
    sent = [opening("processes/first"), *(large(number) for number in range(EVENTS))]
    for event in sent:
        answer = httpx2.post(f"{server.url}/v1/events", json=event, headers={"Prefer": "return=minimal"}, timeout=60)
        assert answer.status_code == 201, answer.text
    assert len(json.dumps(sent[1])) > 1_900_000
    yield server
    server.end()


@pytest.mark.parametrize("media", ["application/x-ndjson", "text/event-stream"])
def test_unread_streams_hold_no_copies(recording: Server, media: str) -> None:
    with ExitStack() as stack:
        once(recording, media, 1)
        before = resident(recording.pid)
        readers = [stack.enter_context(socket.create_connection(("127.0.0.1", recording.port))) for _ in range(UNREAD)]
        for number, one in enumerate(readers):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            ask(one, media, 1 + number % EVENTS)
        for one in readers:
            assert one.recv(4096).startswith(b"HTTP/1.1 200")
        most = 0
        for _ in range(20):
            assert httpx2.get(f"{recording.url}/healthz", timeout=60).status_code == 200
            most = max(most, resident(recording.pid) - before)
            time.sleep(0.1)
        assert most < MEGABYTES, most
        once(recording, media, EVENTS - 2)  # and others are served meanwhile


def ask(connection: socket.socket, media: str, after: int) -> None:
    head = f"GET /v1/events?after={after} HTTP/1.1\r\nHost: localhost\r\nAccept: {media}\r\n\r\n"
    connection.sendall(head.encode())


def once(server: Server, media: str, after: int) -> None:
    """Reads the stream, which tells every event as it was recorded."""
    with httpx2.stream("GET", f"{server.url}/v1/events?after={after}", headers={"Accept": media}, timeout=60) as answer:
        told: list[int] = []
        for line in answer.iter_lines():
            if line.startswith(("{", "data:")):
                told.append(json.loads(line.removeprefix("data: "))["position"])
            if len(told) == EVENTS + 1 - after:
                break
    assert told == [*range(after + 1, EVENTS + 2)]


def test_a_page_of_large_events_ends_early_and_is_never_empty(recording: Server) -> None:
    """Of those that are left, `next` tells."""
    told: list[int] = []
    after: str | None = "0"
    pages = 0
    while after is not None:
        answer = httpx2.get(f"{recording.url}/v1/events", params={"after": after, "limit": 1000}, timeout=60)
        assert len(answer.content) < 8_000_000
        page = answer.json()
        assert page["events"]
        told += [event["position"] for event in page["events"]]
        after = page["next"]
        pages += 1
    assert told == [*range(1, EVENTS + 2)]
    assert pages > EVENTS // 3


@pytest.mark.parametrize("size", [10, 400_000, 3_000_000])
def test_the_page_of_the_log_ends_early_too(size: int) -> None:
    log = [{"position": number + 1, "note": "x" * size} for number in range(250 if size < 1_000 else 12)]

    def read(after: int, limit: int, last: int) -> list[dict[str, Any]]:
        return log[after : min(after + limit, last)]

    told: list[int] = []
    last: int | None = len(log)
    while last is not None:
        events, last = _newest(read, last)
        assert events
        assert len(events) <= 100
        assert len(events) == 1 or sum(len(event["note"]) for event in events) < 2_200_000
        told += [event["position"] for event in events]
    assert told == [*range(len(log), 0, -1)]
