"""What single connections do: close one side, send hundreds of requests at once, send nothing, read nothing."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from api.server import connections
from tests.api.sending import opening
from tests.faults.test_pressure import JSON, asked, serving
from tests.faults.test_stream_bounds import large
from tests.waiting import PATIENCE, eventually

HOST = b" HTTP/1.1\r\nHost: localhost\r\n"
MANY = 600
LONG = b"X-A: " + b"a" * 300 + b"\r\n\r\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    place = tmp_path_factory.mktemp("connections")
    with serving(place / "log", place) as address:
        yield address


def answered(address: tuple[str, int], sent: bytes) -> bytes:
    """All that comes for a request whose sender then closes its side."""
    received = b""
    with socket.create_connection(address, PATIENCE) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        while part := client.recv(65_536):
            received += part
    return received


def test_who_closes_one_side_reads_the_answer(address: tuple[str, int]) -> None:
    assert answered(address, b"GET /v1/head" + HOST + b"\r\n").startswith(b"HTTP/1.1 200")
    both = answered(address, (b"GET /v1/head" + HOST + b"\r\n") * 2)
    assert re.findall(rb"HTTP/1.1 (\d+)", both) == [b"200", b"200"]
    body = httpx2.Request("POST", "http://localhost", json=opening("processes/first")).content
    head = b"POST /v1/events" + HOST + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert answered(address, head + body).startswith(b"HTTP/1.1 201")
    assert b"HTTP/1.1 2" not in answered(address, head + body[:-1]), "it is not here as a whole"


def test_a_live_stream_ends_when_its_reader_closes_one_side(address: tuple[str, int]) -> None:
    answered(address, b"GET /v1/events" + HOST + b"Accept: text/event-stream\r\n\r\n")


@pytest.mark.parametrize("method", [b"HEAD", b"OPTIONS"])
def test_hundreds_of_requests_at_once_are_answered_one_by_one(address: tuple[str, int], method: bytes) -> None:
    with socket.create_connection(address, PATIENCE) as client:
        sender = threading.Thread(target=client.sendall, args=((method + b" /healthz" + HOST + LONG) * MANY,))
        sender.start()
        received = b""
        while received.count(b"HTTP/1.1 ") < MANY:
            part = client.recv(65_536)
            assert part
            received += part
        sender.join()
    assert set(re.findall(rb"HTTP/1.1 (\d+)", received)) <= {b"200", b"405"}


def test_who_sends_nothing_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE", 0.1)
    with serving(tmp_path / "log", tmp_path, connections=3) as address, ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(address, PATIENCE)) for _ in range(3)]
        eventually(lambda: b"200" in asked(idle[2]))
        idle[1].sendall(b"GET /healthz HTTP/1.1\r\nX-")
        eventually(lambda: let_in(address))
        kept = [stack.enter_context(socket.create_connection(address, PATIENCE)) for _ in range(2)]
        assert idle[0].recv(65_536) == b""
        eventually(lambda: let_in(address))
        del kept


def test_who_reads_nothing_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD", 0.2)
    monkeypatch.setattr(connections, "LOOK", 0.05)
    with serving(tmp_path / "log", tmp_path, project=False, connections=1) as address, ExitStack() as stack:
        with httpx2.Client(base_url=f"http://{address[0]}:{address[1]}", timeout=PATIENCE) as client:
            for event in (opening("processes/first"), *map(large, range(6))):
                assert client.post("/v1/events", json=event, headers=JSON).status_code == 201
        for media in (b"application/x-ndjson", b"text/event-stream", b"application/json"):
            eventually(lambda: let_in(address))
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(address)
            reader.settimeout(PATIENCE)
            reader.sendall(b"GET /v1/events" + HOST + b"Accept: " + media + b"\r\n\r\n")
            assert reader.recv(4096).startswith(b"HTTP/1.1 200")
        eventually(lambda: let_in(address))


def let_in(address: tuple[str, int]) -> bool:
    with socket.create_connection(address, PATIENCE) as another:
        return asked(another).startswith(b"HTTP/1.1 200")


def test_who_sends_nonsense_behind_a_request_for_a_stream_is_let_go(
    address: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(address, PATIENCE) as client:
        client.sendall(b"GET /v1/events" + HOST + b"Accept: text/event-stream\r\n\r\n")
        assert client.recv(65_536)
        client.sendall(b"nonsense\r\n\r\n")
        while client.recv(65_536):
            pass
        assert httpx2.post(f"http://{address[0]}:{address[1]}/v1/events", json=opening("processes/second")).is_success
    assert [record for record in caplog.records if record.exc_info] == []
