"""A live stream over a real socket: resuming, heartbeats, filters, readers who are slow or leave, and the end."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.routes import replay
from api.server.uvicorn_server import Server
from api.services import event_streams
from api.settings import Settings
from ledger.ledger import Ledger
from tests.api.sending import opening, statement
from tests.ledger import sending
from tests.waiting import PATIENCE, eventually

LIVE = {"Accept": "text/event-stream"}


@dataclass(frozen=True)
class Running:
    """A server in a thread, and a client of it."""

    server: Server
    thread: threading.Thread
    client: httpx2.Client

    def append(self, *sent: dict[str, Any]) -> None:
        minimal = {"Prefer": "return=minimal"}  # nobody asks here what the events do to findings
        assert self.client.post("/v1/events", json=list(sent), headers=minimal).status_code == 201

    def readers(self) -> float:
        metrics = self.client.get("/metrics").text
        return float(next(line for line in metrics.splitlines() if line.startswith("parley_live_readers ")).split()[1])

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def running(settings: Settings) -> Iterator[Running]:
    server = Server(create_app(settings), settings, log_level="critical")
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    host, port = server.address
    with httpx2.Client(base_url=f"http://{host}:{port}", timeout=120) as client:
        running = Running(server, thread, client)
        running.append(opening("processes/first"), opening("talks/first"))
        yield running
    running.stop()


Message = tuple[int, dict[str, Any]]


@contextmanager
def following(running: Running, query: str = "", **headers: str) -> Iterator[Iterator[str]]:
    """The lines of a live stream, without those that are empty."""
    with running.client.stream("GET", f"/v1/events?{query}", headers=LIVE | headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        lines = (line for line in answer.iter_lines() if line)
        assert next(lines) == f"retry: {replay.RECONNECT}"
        yield lines


def messages(lines: Iterator[str], count: int) -> list[Message]:
    """The next messages: the id and what `data` holds of each. Heartbeats are passed over."""
    found: list[Message] = []
    while len(found) < count:
        line = next(lines)
        if line.startswith(":"):
            continue
        name, _, position = line.partition(": ")
        assert name == "id"
        name, _, data = next(lines).partition(": ")
        assert name == "data"
        found.append((int(position.partition("-")[0]), json.loads(data)))
    return found


def positions(lines: Iterator[str], count: int) -> list[int]:
    return [position for position, _ in messages(lines, count)]


def test_an_event_is_one_message_for_every_reader(running: Running) -> None:
    with following(running, "after=2") as lines:
        sent = statement(note="north\u2028south\u2029\u2029west")
        running.append(sent)
        ((_, event),) = messages(lines, 1)
        assert event["note"] == sent["note"]


def test_first_the_rest_then_live(running: Running) -> None:
    with following(running) as lines:
        past = messages(lines, 2)
        assert [event for _, event in past] == running.client.get("/v1/events").json()["events"]
        for expected in (3, 4):
            sent = statement()
            running.append(sent)
            ((position, event),) = messages(lines, 1)
            assert (position, event["position"], event["id"]) == (expected, expected, sent["id"])


def test_a_reader_resumes_where_it_was(running: Running) -> None:
    running.append(*[statement() for _ in range(4)])
    with following(running) as lines:
        last = positions(lines, 3)[-1]
    running.append(statement())
    with following(running, **{"Last-Event-ID": str(last)}) as lines:
        assert positions(lines, 4) == [4, 5, 6, 7]
    with following(running, "after=1", **{"Last-Event-ID": "5"}) as lines:
        assert positions(lines, 2) == [6, 7]
    with following(running, "after=5") as lines:
        assert positions(lines, 2) == [6, 7]


def test_filters_hold_live(running: Running) -> None:
    with following(running, "family=processes&type=StatementMade") as lines:
        running.append(statement(), statement("processes/first"), statement())
        running.append(statement("processes/first"))
        assert positions(lines, 2) == [4, 6]


def test_more_than_one_chunk(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "CHUNK", 3)
    running.append(*[statement() for _ in range(10)])
    with following(running) as lines:
        assert positions(lines, 12) == list(range(1, 13))
        running.append(*[statement() for _ in range(7)])
        assert positions(lines, 7) == list(range(13, 20))


def test_silence_is_broken_by_heartbeats(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "HEARTBEAT", 0.05)
    with following(running, "after=2") as lines:
        assert [next(lines), next(lines)] == [": still here"] * 2
        running.append(statement())
        assert positions(lines, 1) == [3]


def test_what_another_program_writes_is_seen(running: Running, settings: Settings) -> None:
    other = Ledger(settings.log_at, office="south")
    with following(running, "after=2") as lines:
        sending.append(other, sending.statement())
        ((_, event),) = messages(lines, 1)
        assert event["recorded_by"] == "south"
    other.close()
    assert running.client.get("/v1/head?min_position=3").json()["position"] == 3


def test_a_reader_who_leaves_is_let_go(running: Running) -> None:
    with following(running) as lines:
        positions(lines, 2)
        assert running.readers() == 1
    eventually(lambda: running.readers() == 0)


def test_a_body_that_breaks_off_is_counted(running: Running) -> None:
    with socket.create_connection(running.server.address) as sender:
        sender.sendall(
            b"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )
    counted = 'parley_appends_total{outcome="broken-off"} 1.0'
    eventually(lambda: counted in running.client.get("/metrics").text)


def test_a_reader_who_does_not_read_holds_up_nobody(running: Running) -> None:
    host, port = running.server.address
    idle = socket.create_connection((host, port))
    idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    idle.sendall(b"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
    eventually(lambda: running.readers() == 1)
    with following(running, "after=2") as lines:
        for _ in range(20):  # some 8 MB, more than the buffers of a socket hold
            running.append(*[statement(note="x" * 2000) for _ in range(200)])
        assert positions(lines, 4000) == list(range(3, 4003))
    idle.close()
    eventually(lambda: running.readers() == 0)


def test_the_stream_ends_when_the_server_stops(running: Running) -> None:
    with following(running) as lines:
        positions(lines, 2)
        running.stop()
        assert list(lines) == [], "it ends as a whole answer does"


def test_many_senders_and_readers(running: Running) -> None:
    """Each reader sees every event once and in order; each sender's events are all there."""
    senders, each = 8, 25
    seen: list[list[int]] = [[] for _ in range(4)]

    def read(into: list[int]) -> None:
        with following(running, "after=2") as lines:
            into += positions(lines, senders * each)

    def send() -> None:
        for _ in range(each):
            running.append(statement())

    threads = [threading.Thread(target=read, args=(into,)) for into in seen]
    threads += [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert seen == [list(range(3, 3 + senders * each))] * len(seen)


def test_line_separators_in_a_text_end_no_line(running: Running) -> None:
    with following(running) as lines:
        messages(lines, 2)
        running.append(statement(data={"text": "one\u2028two\u2029three"}))
        ((position, event),) = messages(lines, 1)
        assert (position, event["data"]["text"]) == (3, "one\u2028two\u2029three")
