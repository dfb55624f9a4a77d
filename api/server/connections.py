"""Connections as the server keeps them: uvicorn's, with limits on how long it waits.

uvicorn waits for ever for a request that has begun (a slow loris), and takes any number of connections. Here a client
that stops sending is disconnected, and one connection too many is asked to come again. All that a request pays for it
are two notes of the time: once a second, all connections are checked.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.problems import ProblemAnswer, of_refusal, problem
from domain.errors import Unavailable

HEADERS = 10.0  # seconds for the headers of a request, and for a new connection to send some
SILENCE = 20.0  # seconds without a byte, in the middle of a body
BODY = 600.0  # seconds for a whole body: lines may be slow
LOOK = 1.0  # seconds between two looks


JOINED = 64 * 1024  # bytes: what is longer is not copied


class Joining:
    """A transport that sends the head of an answer together with its body.

    uvicorn writes them one after the other, each a call of the system, and a wake-up of the reader. What is written
    waits for what follows in the same turn of the event loop, no longer.
    """

    __slots__ = ("_held", "_loop", "_transport", "lost")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""
        self.lost = False
        """Whether nothing can be written any more."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        held, self._held = self._held, b""
        if len(held) + len(data) > JOINED:
            if held:
                self._transport.write(held)
            self._transport.write(data)
        elif held:
            self._transport.write(held + data)
        elif data:
            self._held = data
            self._loop.call_soon(self.let_go)

    def let_go(self) -> None:
        """Sends what waits."""
        held, self._held = self._held, b""
        if held and not self.lost:
            self._transport.write(held)

    def close(self) -> None:
        self.let_go()
        self._transport.close()


class Connection(HttpToolsProtocol):
    """One connection.

    Attributes:
        most: how many there may be at once.
    """

    most = 1_000

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._began: float | None = None
        """When the request began that is not here as a whole yet."""
        self._heard = 0.0
        self._in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._joining = Joining(transport, self.loop)
        super().connection_made(cast(asyncio.Transport, self._joining))
        self._began = self.loop.time()
        if len(self.connections) > self.most:
            self._refuse(of_refusal(Unavailable("there are too many connections: try again in a moment")))

    def connection_lost(self, exc: Exception | None) -> None:
        self._joining.lost = True
        super().connection_lost(exc)

    def eof_received(self) -> None:
        self._joining.let_go()  # a client that has nothing more to send may still read; the transport closes itself now
        super().eof_received()

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        if self._began is None and (self.cycle is None or self.cycle.response_complete):
            self._began, self._in_body = self._heard, False
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._began, self._in_body = self._heard, False

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_body = True

    def on_message_complete(self) -> None:
        self._began = None
        super().on_message_complete()

    def let_go_if_slow(self, now: float) -> None:
        """Ends the connection if the rest of a request keeps the server waiting for too long."""
        if self._began is None or self.transport.is_closing():
            return
        took = now - self._began
        if took > BODY or (now - self._heard > SILENCE if self._in_body else took > HEADERS):
            detail = "the request did not come to its end in time: send it again, at once or over a better line"
            self._refuse(problem(408, None, "Request Timeout", detail, retry=True))

    def _refuse(self, answer: ProblemAnswer) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            status = HTTPStatus(answer.status_code)
            lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
            lines += [name + b": " + value for name, value in (*answer.raw_headers, (b"connection", b"close"))]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self._began = None
        self.transport.close()


async def look_after(connections: set[Any]) -> None:
    """Looks once a second for connections to close, until it is cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK)
        now = loop.time()
        for connection in list(connections):
            if isinstance(connection, Connection):
                connection.let_go_if_slow(now)
