"""Connections as the server keeps them: uvicorn's, with limits on how long it waits.

uvicorn waits for ever for a request that has begun (a slow loris), takes any number of connections, and a request line
and headers of any length. Here a client that stops sending is disconnected, one connection too many is asked to come
again, and what is too long is refused. All that a request pays for it are two notes of the time and a count of its
headers: once a second, all connections are checked.

An answer that ends a connection while the client still sends would be lost: the client's system throws it away when
the connection is reset. So what is still coming is read and dropped for a while (`LINGERING`) before it is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.problems import SAFE_HEADERS, ProblemAnswer, of_refusal, problem
from domain.errors import Unavailable

HEADERS = 10.0  # seconds for the headers of a request, and for a new connection to send some
SILENCE = 20.0  # seconds without a byte, in the middle of a body
BODY = 600.0  # seconds for a whole body: lines may be slow
IDLE = 2.0  # seconds after which a connection without a request gives way, if there are too many
UNREAD = 300.0  # seconds in which a client reads nothing of what waits for it
LOOK = 1.0  # seconds between two looks
TARGET = 16 * 1024  # bytes of the path and the query of a request
HEADER_SECTION = 64 * 1024  # bytes of all headers of a request
HEADER_LINES = 100
LINGERING = 5.0  # seconds in which the rest of a request that was refused is read and dropped
DROPPED = 64 * 1024 * 1024  # bytes of it that are dropped


class Unlimited(int):
    """The length of an answer that says none: nothing is longer, and nothing is left when it ends."""

    def __lt__(self, other: object) -> bool:
        return False

    def __sub__(self, other: object) -> Unlimited:
        return self

    def __ne__(self, other: object) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


JOINED = 64 * 1024  # bytes: what is longer is not copied


class Joining:
    """A transport that sends the head of an answer together with its body.

    uvicorn writes them one after the other, each a call of the system, and a wake-up of the reader. What is written
    waits for what follows in the same turn of the event loop, no longer.
    """

    __slots__ = ("_closing", "_held", "_linger", "_loop", "_transport", "lost")

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, linger: Callable[[], bool]
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._linger = linger
        self._closing = False
        self._held = b""
        self.lost = False
        """Whether nothing can be written any more."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._closing:  # what is answered to a request before the one that was refused
            return
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
        """Closes the connection, once the client has sent the rest of its request."""
        self.let_go()
        if not self._closing and not self._transport.is_closing() and not self._linger():
            self._transport.close()
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing or self._transport.is_closing()

    def close_at_once(self) -> None:
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
        self._lines = self._section = 0
        """Lines and bytes of the headers that have come as a whole."""
        self._head = 0
        """Bytes of the headers of the request that is coming in, as far as they have come."""
        self._refusal: ProblemAnswer | None = None
        """What is answered in place of what cannot be read."""
        self._lingers_until: float | None = None
        """Until when what still comes is dropped; None: the connection is in use."""
        self._dropped = 0
        self._begun = 0
        """Requests that began in what was read last."""
        self._waiting = 0
        """Bytes of answers that the client had not read when it was looked at last."""
        self._waits_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._joining = Joining(transport, self.loop, self._linger)
        super().connection_made(cast(asyncio.Transport, self._joining))
        self._began = self._heard = self.loop.time()
        if len(self.connections) > self.most and sum(map(_in_use, self.connections)) > self.most and not self._let_in():
            self._refuse(of_refusal(Unavailable("there are too many connections: try again in a moment")))

    def _let_in(self) -> bool:
        """Whether another connection gave way to this one: the one that has been without a request for longest."""
        others = (one for one in self.connections if isinstance(one, Connection) and one.is_idle)
        longest = min(others, key=lambda one: one._heard, default=None)
        if longest is None or self.loop.time() - longest._heard < IDLE:
            return False
        longest._joining.close_at_once()
        return True

    @property
    def is_idle(self) -> bool:
        """Whether no request is here as a whole, or in its body, that is not answered yet."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self._in_body and self._lingers_until is None and not self.transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._joining.lost = True
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that has nothing more to send may still read.

        Returns:
            Whether the connection stays: until what it asked for as a whole is answered. A live stream has no end, and
            whoever follows one seldom closes one side alone.
        """
        self._joining.let_go()
        last = self.cycle
        if last is None or last.response_complete or self._began is not None or self._lingers_until is not None:
            return False
        if any(name == b"accept" and b"text/event-stream" in value for name, value in last.scope["headers"]):
            return False
        last.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        if self._lingers_until is not None:
            self._dropped += len(data)
            if self._dropped > DROPPED:
                self._joining.close_at_once()
            return
        self._heard = self.loop.time()
        if self._began is None and (self.cycle is None or self.cycle.response_complete):
            self._began, self._in_body, self._head = self._heard, False, 0
        in_head, self._begun = self._began is not None and not self._in_body, 0
        super().data_received(data)
        # The parser tells of a header when it is complete: one without an end is counted here, by what asyncio reads at
        # once, 256 KiB at most. Of several requests that came together only the last is not complete.
        unfinished = self._began is not None and not self._in_body and self._lingers_until is None
        if in_head and unfinished and self._begun < 2:
            self._head += len(data)
            if self._head > HEADER_SECTION + TARGET:
                self._refuse(_headers_too_large())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._began, self._in_body = self._heard, False
        self._head = self._lines = self._section = 0
        self._begun += 1

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > TARGET:
            detail = f"path and query may have {TARGET:,} bytes together: send fewer or shorter parameters"
            self._give_up(problem(414, None, "URI Too Long", detail, retry=False))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._lines += 1
        self._section += len(name) + len(value) + 4
        if self._lines > HEADER_LINES or self._section > HEADER_SECTION:
            self._give_up(_headers_too_large())
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_body = True
        if self.parser.get_http_version() == "1.0" and self.scope["method"] != "HEAD":
            # It knows no chunks: what has no length ends with the connection.
            self.cycle.chunked_encoding = False
            self.cycle.expected_content_length = Unlimited()

    def on_message_complete(self) -> None:
        self._began, self._in_body = None, False
        super().on_message_complete()

    def _give_up(self, refusal: ProblemAnswer) -> None:
        """Stops the parser, which then calls `send_400_response`."""
        self._refusal = refusal
        raise ValueError("the request is refused")

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  ours says more
        """Answers what cannot be read as a request."""
        detail = "this is no request of HTTP/1.1: write letters beyond ASCII and spaces in the address as %XX"
        self._refuse(self._refusal or problem(400, None, "Bad Request", detail, retry=False))

    def _linger(self) -> bool:
        """Whether the rest of a request is read and dropped first, so that the client sees the answer to it."""
        if self._began is None or self._joining.lost or not self._joining.can_write_eof():
            return False
        self._lingers_until = self.loop.time() + LINGERING
        self._joining.write_eof()
        self.flow.resume_reading()
        return True

    def let_go_if_slow(self, now: float) -> None:
        """Ends the connection if the rest of a request keeps the server waiting for too long."""
        if self._lingers_until is not None:
            if now > self._lingers_until:
                self._joining.close_at_once()
            return
        if self._reads_nothing(now):
            self._joining.abort()
            return
        if self._began is None or self.transport.is_closing():
            return
        took = now - self._began
        if took > BODY or (now - self._heard > SILENCE if self._in_body else took > HEADERS):
            detail = "the request did not come to its end in time: send it again, at once or over a better line"
            self._refuse(problem(408, None, "Request Timeout", detail, retry=True))

    def _reads_nothing(self, now: float) -> bool:
        """Whether the client has read nothing for too long of what waits for it."""
        waiting = self._joining.get_write_buffer_size()
        if not waiting or waiting != self._waiting:
            self._waiting, self._waits_since = waiting, now
        return now - self._waits_since > UNREAD

    def _refuse(self, answer: ProblemAnswer) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            status = HTTPStatus(answer.status_code)
            lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
            headers = (*answer.raw_headers, *SAFE_HEADERS, (b"connection", b"close"))
            lines += [name + b": " + value for name, value in headers]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()


def _in_use(connection: Any) -> bool:
    return getattr(connection, "_lingers_until", None) is None


def _headers_too_large() -> ProblemAnswer:
    detail = f"headers may have {HEADER_SECTION:,} bytes and {HEADER_LINES} lines: send fewer or shorter ones"
    return problem(431, None, "Request Header Fields Too Large", detail, retry=False)


async def look_after(connections: set[Any]) -> None:
    """Looks once a second for connections to close, until it is cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK)
        now = loop.time()
        for connection in list(connections):
            if isinstance(connection, Connection):
                connection.let_go_if_slow(now)
