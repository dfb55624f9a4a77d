"""What is written to a connection goes out together, in order, and no later than the turn ends."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from fastapi import FastAPI

from api.server.connections import JOINED, Joining
from api.server.uvicorn_server import Server
from api.settings import Settings
from tests.waiting import PATIENCE, eventually


class Line:
    """Stands for a transport, and keeps what is written to it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def joining(line: Line) -> Joining:
    return Joining(cast(Any, line), asyncio.get_running_loop(), lambda: False)


def test_a_head_waits_for_its_body() -> None:
    async def run() -> None:
        line = Line()
        ours = joining(line)
        ours.write(b"head ")
        assert line.written == []
        ours.write(b"body")
        assert line.written == [b"head body"]
        await asyncio.sleep(0)
        assert line.written == [b"head body"]

    asyncio.run(run())


def test_what_nothing_follows_goes_out_when_the_turn_ends() -> None:
    async def run() -> None:
        line = Line()
        ours = joining(line)
        ours.write(b"alone")
        await asyncio.sleep(0)
        assert line.written == [b"alone"]
        ours.write(b"")
        await asyncio.sleep(0)
        assert line.written == [b"alone"]

    asyncio.run(run())


@pytest.mark.parametrize("size", [JOINED - 5, JOINED, 2 * JOINED])
def test_all_of_it_arrives_in_order(size: int) -> None:
    async def run() -> None:
        line = Line()
        ours = joining(line)
        ours.write(b"head:")
        ours.write(b"x" * size)
        ours.write(b"and more")
        await asyncio.sleep(0)
        assert b"".join(line.written) == b"head:" + b"x" * size + b"and more"
        assert len(line.written) == (2 if size + 5 <= JOINED else 3)

    asyncio.run(run())


def test_what_waits_goes_out_before_it_is_closed() -> None:
    async def run() -> None:
        line = Line()
        ours = joining(line)
        ours.write(b"the last")
        ours.close()
        await asyncio.sleep(0)
        assert (line.written, line.closed) == ([b"the last"], True)

    asyncio.run(run())


def test_nothing_is_written_once_the_other_side_is_gone() -> None:
    async def run() -> None:
        line = Line()
        ours = joining(line)
        ours.write(b"too late")
        ours.lost = True
        await asyncio.sleep(0)
        assert line.written == []

    asyncio.run(run())


def test_all_else_is_the_transports_own() -> None:
    async def run() -> None:
        line = Line()
        assert joining(line).is_closing() is False
        line.close()
        assert joining(line).is_closing() is True

    asyncio.run(run())


@pytest.fixture
def address(app: FastAPI, settings: Settings) -> Iterator[tuple[str, int]]:
    """A server on a socket, as `parley serve` runs it."""
    server = Server(app, settings, log_level="error")
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    yield server.address
    server.should_exit = True
    thread.join(PATIENCE)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_whoever_has_nothing_more_to_send_is_answered(address: tuple[str, int], method: str) -> None:
    """The connection is closed for sending right behind the request, as `nc -N` and some proxies do."""
    for _ in range(20):
        with socket.create_connection(address, 20) as peer:
            peer.sendall(f"{method} /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            peer.shutdown(socket.SHUT_WR)
            told = b""
            while part := peer.recv(65_536):
                told += part
        assert told.startswith(b"HTTP/1.1 4"), told
