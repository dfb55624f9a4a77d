"""The app within this process, for commands that find no server: the same requests, without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager

import anyio
import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.applications import Starlette
from starlette.types import Message

from api.settings import Settings
from domain.errors import Refusal

PATIENT = 24 * 60 * 60
"""Seconds for which a command works on a question, if it asks no server: nobody else waits."""

Outgoing = MemoryObjectSendStream[Message]
Incoming = MemoryObjectReceiveStream[Message]


@contextmanager
def in_process_client(settings: Settings) -> Iterator[httpx2.Client]:
    """A client of the app, run within this process."""
    from api.app import create_app  # slow to import, and not needed to talk to a server

    app = create_app(settings.model_copy(update={"traces": False, "question_time": PATIENT}))
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        stack.enter_context(portal.wrap_async_context_manager(app.router.lifespan_context(app)))
        transport = InProcess(app, portal)
        yield stack.enter_context(httpx2.Client(transport=transport, base_url="http://localhost", timeout=None))


class InProcess(httpx2.BaseTransport):
    """Hands requests to an ASGI app on the portal's event loop; answers stream, one part at a time.

    httpx2.ASGITransport and Starlette's TestClient gather the whole answer first: a replay must not.
    """

    def __init__(self, app: Starlette, portal: BlockingPortal) -> None:
        self._app = app
        self._portal = portal

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        body = request.read()
        sending, parts, gone = self._portal.call(_streams)
        done = self._portal.start_task_soon(self._run, request, body, sending, gone)
        try:
            start = self._portal.call(parts.receive)
        except anyio.EndOfStream:
            done.result()  # it failed before it answered
            raise
        return httpx2.Response(
            status_code=start["status"], headers=start["headers"], stream=_Parts(self._portal, parts, gone, done)
        )

    async def _run(self, request: httpx2.Request, body: bytes, sending: Outgoing, gone: anyio.Event) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.split(b"?")[0],
            "query_string": request.url.query,
            "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if unread:
                return unread.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            try:
                await sending.send(message)
            except anyio.BrokenResourceError:
                raise OSError("the reader left") from None  # what ASGI 2.4 asks for

        async with sending:
            await self._app(scope, receive, send)


async def _streams() -> tuple[Outgoing, Incoming, anyio.Event]:
    sending, parts = anyio.create_memory_object_stream[Message](1)
    return sending, parts, anyio.Event()


class _Parts(httpx2.SyncByteStream):
    """The body of an answer, taken from the app as it is read."""

    def __init__(self, portal: BlockingPortal, parts: Incoming, gone: anyio.Event, done: Future[None]) -> None:
        self._portal = portal
        self._parts = parts
        self._gone = gone
        self._done = done

    def __iter__(self) -> Iterator[bytes]:
        more = True
        while more:
            try:
                part = self._portal.call(self._parts.receive)
            except anyio.EndOfStream:
                self._break_off()
                return
            more = part.get("more_body", False)
            yield part.get("body", b"")

    def _break_off(self) -> None:
        """Ends an answer that was not whole: it must not pass for one.

        Raises:
            Refusal: the app refused to go on.
            RemoteProtocolError: it failed.
        """
        fault = self._done.exception()
        refusal = fault if isinstance(fault, Refusal) else fault.__cause__ if fault is not None else None
        if isinstance(refusal, Refusal):
            raise refusal
        raise httpx2.RemoteProtocolError("the answer broke off") from fault

    def close(self) -> None:
        self._portal.call(self._leave)

    async def _leave(self) -> None:
        self._gone.set()
        self._parts.close()
