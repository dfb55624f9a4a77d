"""Requests that are too long, and answers to clients that are still sending: each is told, and none takes room."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from api.server import connections
from tests.faults.test_pressure import asked, resident, serving
from tests.waiting import PATIENCE, eventually

LINE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    place = tmp_path_factory.mktemp("bounds")
    with serving(place / "log", place, max_body=100_000) as address:
        yield address


def answer_to(address: tuple[str, int], *parts: bytes) -> tuple[int, dict[str, object]]:
    """Sends all parts before it reads: the status and the problem of the answer."""
    received = b""
    with socket.create_connection(address, PATIENCE) as client:
        for part in parts:
            client.sendall(part)
        while part := client.recv(65_536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head[9:12]), json.loads(body)


@pytest.mark.parametrize(
    ("request_sent", "status"),
    [
        (LINE + b"X-A: b\r\n" * 100 + b"\r\n", 431),
        (LINE + b"X-A: " + b"b" * 70_000 + b"\r\n\r\n", 431),
        (LINE + b"".join(b"X-%d: %s\r\n" % (n, b"b" * 2_000) for n in range(40)) + b"\r\n", 431),
        (LINE + b"X-" + b"a" * 70_000 + b": b\r\n\r\n", 431),
        (b"GET /v1/processes?q=" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"this is no request\r\n\r\n", 400),
        ("GET /v1/places?q=جيرود HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), 400),
        (LINE + b"a header without a colon\r\n\r\n", 400),
    ],
    ids=["lines", "a value", "values", "a name", "query", "path", "no request", "unescaped", "no header"],
)
def test_what_is_too_long_or_no_request_is_told(address: tuple[str, int], request_sent: bytes, status: int) -> None:
    told, problem = answer_to(address, request_sent)
    assert told == status == problem["status"]
    assert problem["type"] == "about:blank"
    assert problem["detail"]


def test_what_is_long_and_within_bounds_is_answered(address: tuple[str, int]) -> None:
    headers = b"".join(b"X-%d: %s\r\n" % (n, b"b" * 600) for n in range(98))
    with socket.create_connection(address, PATIENCE) as client:
        for _ in range(3):  # counts begin again with each request of a connection
            client.sendall(LINE + headers + b"\r\n")
            assert client.recv(65_536).startswith(b"HTTP/1.1 200")
    target = b"/v1/processes?q=" + b"a" * 15_000
    head = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert answer_to(address, b"GET " + target + head)[0] == 400


def test_headers_without_an_end_take_no_room(address: tuple[str, int]) -> None:
    before = resident()
    endless = [b"X-A: " + b"b" * 1_000_000, *([b"b" * 1_000_000] * 60)]
    assert answer_to(address, LINE, *endless)[0] == 431
    assert answer_to(address, b"GET /", *endless[1:])[0] in (414, 431)
    with ExitStack() as stack:
        for _ in range(30):
            client = stack.enter_context(socket.create_connection(address, PATIENCE))
            with suppress(ConnectionError):
                client.sendall(LINE + b"X-A: " + b"b" * 500_000)
        assert asked(stack.enter_context(socket.create_connection(address, PATIENCE))).startswith(b"HTTP/1.1 200")
    assert resident() - before < 40


@pytest.mark.parametrize("closing", [b"", b"Connection: close\r\n"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [(JSON, 413), (b"Content-Type: text/plain\r\n", 415), (JSON + b"Content-Encoding: gzip\r\n", 415)],
    ids=["too long", "no JSON", "compressed"],
)
def test_an_early_refusal_reaches_a_client_that_is_still_sending(
    address: tuple[str, int], headers: bytes, status: int, closing: bytes
) -> None:
    body = [b" " * 1_000_000] * 20
    head = POST + headers + closing + b"Content-Length: 20000000\r\n\r\n"
    if closing:
        assert answer_to(address, head, *body)[0] == status
        return
    with socket.create_connection(address, PATIENCE) as client:
        for part in (head, *body):
            client.sendall(part)
        assert client.recv(65_536).startswith(b"HTTP/1.1 %d" % status)
        assert asked(client).startswith(b"HTTP/1.1 200"), "the connection can be used again"


def test_one_connection_too_many_reads_why_also_if_it_sent_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE", 3_600.0)
    with serving(tmp_path / "log", tmp_path, connections=3) as address, ExitStack() as stack:
        used = [stack.enter_context(socket.create_connection(address)) for _ in range(3)]
        eventually(lambda: b"200" in asked(used[0]))
        for _ in range(5):  # those that were told do not count
            head = POST + JSON + b"Content-Length: 3000000\r\n\r\n"
            assert answer_to(address, head, b" " * 3_000_000)[0] == 503
        used.pop().close()
        eventually(lambda: b"200" in asked(stack.enter_context(socket.create_connection(address))))


def test_what_is_dropped_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "DROPPED", 1_000_000)
    monkeypatch.setattr(connections, "LINGERING", 0.2)
    monkeypatch.setattr(connections, "LOOK", 0.05)
    head = POST + JSON + b"Connection: close\r\nContent-Length: 900000000000\r\n\r\n"
    with serving(tmp_path / "log", tmp_path) as address:
        with socket.create_connection(address, PATIENCE) as client:
            client.sendall(head)
            with pytest.raises(ConnectionError):
                client.sendall(b" " * 1_000_000_000)
        with socket.create_connection(address, PATIENCE) as client:
            client.sendall(head)
            eventually(lambda: gone(client))


def gone(client: socket.socket) -> bool:
    """Whether the other side has closed the connection altogether."""
    try:
        client.sendall(b" ")
    except ConnectionError:
        return True
    return False
