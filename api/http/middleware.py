"""The layer around the app: an id for each request, a line and a figure for each answer, and admission.

It is one layer, and not three, since each layer costs every request several microseconds.
"""

from __future__ import annotations

import logging
import random
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.admission import AUDIENCE, admit
from api.http.problems import SAFE_HEADERS, of_refusal
from api.services import logs
from api.services.metrics import Metrics, method_of, route_of
from domain.errors import Refusal

log = logging.getLogger(__name__)

HEAD_ALONE = "parley.head"
"""Where a request says that only the head of its answer is wanted: a stream need not begin."""
REQUEST_ID_HEADER = b"x-request-id"
_USABLE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_chance = random.Random()  # noqa: S311  ids that nobody else has need not be hard to guess


class RequestMiddleware:
    """The outermost layer.

    - A request gets an id: what the client sends as X-Request-ID, if it is short and plain. It goes back in the answer,
      and into every line that is logged meanwhile. An accident is logged by the server, when it has left this layer: so
      the id stays until the next request.
    - When an answer has ended there is a line about it, and a figure of how long it took until it began.
    - Only a request that `api/http/admission.py` admits is handed on, with the audience that it names, which the fast
      path and the routes take from there. HEAD goes on as GET, and its answer has no body. Nothing else than requests
      is handed on: there are no web sockets.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            raise NotImplementedError(f"there is no way to answer {scope['type']}")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        ids = [value for name, value in scope["headers"] if name == REQUEST_ID_HEADER]
        ours = ids[0] if len(ids) == 1 and _USABLE_ID.fullmatch(ids[0]) else b"%032x" % _chance.getrandbits(128)
        request = ours.decode()
        logs.REQUEST_ID.set(request)
        answer = _MeasuredSend(scope, send, ours, self._metrics)
        try:
            try:
                scope[AUDIENCE] = admit(scope["method"], scope["path"], scope["headers"])
            except Refusal as refusal:
                await of_refusal(refusal)(scope, receive, answer)
            else:
                if answer.head:
                    scope["method"], scope[HEAD_ALONE] = "GET", True
                await self._app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - answer.started
            logs.log_answer(request, method_of(scope), route_of(scope), answer.status, seconds, answer.sent)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] in ("lifespan.startup.failed", "lifespan.shutdown.failed"):
                message = {**message, "message": ""}  # a whole traceback, which the server would log
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            reason = {"reason": error.detail} if isinstance(error, Refusal) else {}  # ours, and about no request
            log.critical("the server cannot start, or cannot stop", exc_info=True, extra=reason)
            raise


class _MeasuredSend:
    """Sends an answer on, with the id of its request, and measures it. One to HEAD is that to GET without its body."""

    __slots__ = ("_id", "_metrics", "_scope", "_send", "head", "sent", "started", "status")

    def __init__(self, scope: Scope, send: Send, request: bytes, metrics: Metrics) -> None:
        self._scope = scope
        self._send = send
        self._id = request
        self._metrics = metrics
        self.head = scope["method"] == "HEAD"
        self.started = time.perf_counter()
        self.status: int | None = None
        self.sent = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            if self.head:
                message = {"type": message["type"], "body": b"", "more_body": message.get("more_body", False)}
            self.sent += len(message.get("body", b""))
        elif message["type"] == "http.response.start":
            if self.head:  # before anything is sent: the server of the connection looks at it, too
                self._scope["method"] = "HEAD"
            self.status = status = message["status"]
            self._metrics.answered(self._scope, status, time.perf_counter() - self.started)
            headers = [*message.get("headers", ()), (REQUEST_ID_HEADER, self._id)]
            there = {name for name, _ in headers}
            headers += [header for header in SAFE_HEADERS if header[0] not in there]
            message = {**message, "headers": headers}
        await self._send(message)
