"""Too much at once: many connections, a full queue, slow senders, slow readers. Who behaves well hardly notices."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.routes import replay
from api.server import connections
from api.server.uvicorn_server import Server
from api.services.body_budget import BodyBudget
from api.settings import load
from ledger.ledger import Ledger
from tests.api.conftest import HERE, kept
from tests.api.sending import Wire, opening, problem, statement
from tests.waiting import PATIENCE, eventually

MANY = 500
JSON = {"Content-Type": "application/json", "Prefer": "return=minimal"}


@contextmanager
def serving(where: Path | str, place: Path, **settings: Any) -> Iterator[tuple[str, int]]:
    """A server on a socket, in a thread of its own."""
    made = load(**kept(where, place), port=0, **settings)
    server = Server(create_app(made), made, log_level="warning")
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    try:
        yield server.address
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def resident() -> int:
    """Megabytes of memory that this process takes now."""
    told = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\s+([0-9]+)", told)[1]) // 1024  # type: ignore[index]


async def send(where: tuple[str, int], event: Wire) -> tuple[int, bytes, bytes]:
    """One request on a connection of its own: status, head and body of the answer."""
    reader, writer = await asyncio.open_connection(*where)
    body = json.dumps(event).encode()
    head = f"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    writer.write(head.encode() + b"Content-Type: application/json\r\nPrefer: return=minimal\r\n\r\n" + body)
    told = await reader.readuntil(b"\r\n\r\n")
    rest = await reader.read()
    writer.close()
    return int(told[9:12]), told, rest


async def send_all(where: tuple[str, int], said: list[Wire]) -> list[tuple[int, bytes, bytes]]:
    return list(await asyncio.gather(*(send(where, event) for event in said)))


def begin(url: str) -> None:
    answer = httpx2.post(f"{url}/v1/events", json=[opening("processes/first"), opening("talks/first")], timeout=120)
    assert answer.status_code == 201, answer.text


def reports(count: int) -> list[Wire]:
    return [statement(id=str(uuid.uuid4())) for _ in range(count)]


def recorded(where: Path | str) -> list[str]:
    with closing(Ledger(where)) as ledger:
        return [event["id"] for event in ledger.replay()]


def test_many_connections_at_once_are_all_answered(where: Path | str, tmp_path: Path) -> None:
    said = reports(MANY)
    with serving(where, tmp_path) as address:
        begin(f"http://{address[0]}:{address[1]}")
        answers = asyncio.run(send_all(address, said))
    assert {status for status, _, _ in answers} == {201}
    found = recorded(where)
    assert len(found) == len(set(found)) == MANY + 2
    assert {event["id"] for event in said} <= set(found)


def test_a_full_queue_is_told_at_once_and_memory_is_bounded(tmp_path: Path) -> None:
    """The log is locked by another program: what finds no room in the queue is refused, what waits is recorded."""
    most, said = 100, reports(MANY)
    with serving(tmp_path / "log", tmp_path, queue=most, lock_timeout=30) as address, ExitStack() as stack:
        begin(f"http://{address[0]}:{address[1]}")
        before = resident()
        other = stack.enter_context(closing(sqlite3.connect(tmp_path / "log" / "events.db", check_same_thread=False)))
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(2, other.rollback).start()
        answers = asyncio.run(send_all(address, said))
        assert resident() - before < 100
        refused = [answer for answer in answers if answer[0] == 503]
        assert {status for status, _, _ in answers} == {201, 503}
        assert len(refused) >= MANY - 2 * most - 1, "a group that is being recorded, and a full queue behind it"
        for _, head, body in refused:
            assert b"retry-after: 2" in head.lower()
            assert json.loads(body)["type"] == "/problems/unavailable"
        taken = {event["id"] for event, answer in zip(said, answers, strict=True) if answer[0] == 201}
        assert set(recorded(tmp_path / "log")) & {event["id"] for event in said} == taken
        left = said
        while left:  # whoever sends again under the same ids is recorded once
            answers = asyncio.run(send_all(address, left[:most]))
            assert {status for status, _, _ in answers} <= {200, 201}
            left = left[most:]
    found = recorded(tmp_path / "log")
    assert len(found) == len(set(found)) == MANY + 2


def test_bodies_take_so_much_room_and_no_more(tmp_path: Path) -> None:
    app = create_app(load(data=tmp_path, port=0))
    with TestClient(app, base_url=HERE) as client:
        client.post("/v1/events", json=opening("processes/first"))
        app.state.services.body_budget.held = app.state.services.body_budget.most
        assert "too much" in problem(client.post("/v1/events", json=statement("processes/first")), 503)["detail"]
        assert app.state.services.body_budget.held == app.state.services.body_budget.most
        app.state.services.body_budget.held = 0
        assert client.post("/v1/events", json=statement("processes/first")).status_code == 201
        assert client.post("/v1/events", content=b"{", headers=JSON).status_code == 400
        assert app.state.services.body_budget.held == 0


def test_one_that_is_larger_than_the_room_has_it_for_itself() -> None:
    budget = BodyBudget(most=10)
    with budget.reserve() as reservation:
        reservation.take(8)
        reservation.take(8)
    assert budget.held == 0


def test_too_many_connections_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE", 3_600.0)
    with serving(tmp_path / "log", tmp_path, connections=5) as address, ExitStack() as stack:
        kept_open = [stack.enter_context(socket.create_connection(address)) for _ in range(5)]
        eventually(lambda: b"200" in asked(kept_open[0]))
        told = b""
        with socket.create_connection(address, PATIENCE) as sixth:
            while part := sixth.recv(65_536):
                told += part
        assert told.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"retry-after: 2" in told.lower()
        assert json.loads(told.partition(b"\r\n\r\n")[2])["retry"] is True
        kept_open.pop().close()
        url = f"http://{address[0]}:{address[1]}"

        def let_in() -> bool:
            try:
                return httpx2.get(f"{url}/healthz", timeout=120).status_code == 200
            except httpx2.TransportError:
                return False

        eventually(let_in)


def asked(connection: socket.socket) -> bytes:
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection.recv(65_536)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /healthz HT",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b",
        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nX-A",
    ],
    ids=["nothing", "line", "headers", "body", "second"],
)
def test_whoever_does_not_send_on_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    for name, seconds in (("HEADERS", 0.4), ("SILENCE", 0.4), ("LOOK", 0.05)):
        monkeypatch.setattr(connections, name, seconds)
    with serving(tmp_path / "log", tmp_path) as address, socket.create_connection(address, PATIENCE) as slow:
        slow.sendall(begun)
        told = b""
        while part := slow.recv(65_536):
            told += part
    answers = re.findall(rb"HTTP/1.1 ([0-9]{3})", told)
    assert answers[-1:] == [b"408"]
    assert b"connection: close" in told.lower()


def test_a_slow_body_that_goes_on_is_heard_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("HEADERS", 0.3), ("SILENCE", 0.5), ("LOOK", 0.05)):
        monkeypatch.setattr(connections, name, seconds)
    body = json.dumps(opening("processes/first")).encode()
    head = f"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    with serving(tmp_path / "log", tmp_path) as address, socket.create_connection(address, PATIENCE) as slow:
        slow.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n")
        for start in range(0, len(body), 1 + len(body) // 10):
            time.sleep(0.1)
            slow.sendall(body[start : start + 1 + len(body) // 10])
        assert slow.recv(65_536).startswith(b"HTTP/1.1 201")


def test_slow_senders_cost_others_nothing(where: Path | str, tmp_path: Path) -> None:
    """Hundreds of connections that dribble: appends on others are all recorded, none is refused."""
    with serving(where, tmp_path) as address, ExitStack() as stack:
        begin(f"http://{address[0]}:{address[1]}")
        slow = [stack.enter_context(socket.create_connection(address)) for _ in range(300)]
        stop = threading.Event()

        def dribble() -> None:
            while not stop.wait(0.2):
                for one in slow:
                    one.send(b"X")

        for one in slow:
            one.sendall(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            answers = asyncio.run(send_all(address, reports(100)))
        finally:
            stop.set()
            thread.join()
        assert {status for status, _, _ in answers} == {201}


def test_slow_readers_of_the_live_log_do_not_hold_appends_up(
    where: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They read nothing of what is sent to them: it stays in the log, not in the server's memory."""
    monkeypatch.setattr(replay, "HEARTBEAT", 0.5)
    note = "long " * 400
    with serving(where, tmp_path) as address, ExitStack() as stack:
        url = f"http://{address[0]}:{address[1]}"
        begin(url)
        readers = [stack.enter_context(socket.create_connection(address)) for _ in range(50)]
        for one in readers:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
            assert one.recv(1)
        before = resident()
        with httpx2.Client(base_url=url, timeout=PATIENCE) as client:
            for _ in range(20):
                sent = [statement(note=note) for _ in range(100)]
                assert client.post("/v1/events", json=sent, headers=JSON).status_code == 201
        assert resident() - before < 150, "2,000 events of 2.5 KB, 50 times over, would be 250 MB"
    assert len(recorded(where)) == 2_002
