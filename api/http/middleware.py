"""What stands in front of the app: an id for each request, a line and a figure for each answer, and a look at the host.

It is one layer, and not three, since each layer costs every request several microseconds.
"""

from __future__ import annotations

import logging
import random
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import WrongHost, of_refusal
from api.services import logs
from api.services.metrics import Metrics, method_of, route_of
from domain.errors import Refusal

log = logging.getLogger(__name__)

REQUEST_ID_HEADER = b"x-request-id"
_USABLE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LOCAL = re.compile(rb"(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])(:[0-9]*)?", re.IGNORECASE)


_chance = random.Random()  # noqa: S311  ids that nobody else has need not be hard to guess


class RequestMiddleware:
    """The outermost layer.

    - A request gets an id: what the client sends as X-Request-ID, if it is short and plain. It goes back in the answer,
      and into every line that is logged meanwhile. An accident is logged by the server, when it has left this layer: so
      the id stays until the next request.
    - When an answer has ended there is a line about it, and a figure of how long it took until it began.
    - Only requests that name this machine are answered. There is no access control yet: a web page whose name was
      pointed at this machine (DNS rebinding) could read everything through the browser that shows it; its requests
      still carry its own name.
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
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        ids, hosts = [], []
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name == REQUEST_ID_HEADER:
                ids.append(value)
        ours = ids[0] if len(ids) == 1 and _USABLE_ID.fullmatch(ids[0]) else b"%032x" % _chance.getrandbits(128)
        request = ours.decode()
        logs.REQUEST_ID.set(request)
        answer = _MeasuredSend(scope, send, ours, self._metrics)
        try:
            if len(hosts) == 1 and _LOCAL.fullmatch(hosts[0]):
                await self._app(scope, receive, answer)
            else:
                refusal = WrongHost("send the request to localhost, 127.0.0.1 or [::1], under that name")
                await of_refusal(refusal)(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - answer.started
            logs.tell_answer(request, method_of(scope), route_of(scope), answer.status, seconds, answer.sent)

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
    """Sends an answer on, with the id of its request, and measures it."""

    __slots__ = ("_id", "_metrics", "_scope", "_send", "sent", "started", "status")

    def __init__(self, scope: Scope, send: Send, request: bytes, metrics: Metrics) -> None:
        self._scope = scope
        self._send = send
        self._id = request
        self._metrics = metrics
        self.started = time.perf_counter()
        self.status: int | None = None
        self.sent = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        elif message["type"] == "http.response.start":
            self.status = status = message["status"]
            self._metrics.answered(self._scope, status, time.perf_counter() - self.started)
            message = {**message, "headers": [*message.get("headers", ()), (REQUEST_ID_HEADER, self._id)]}
        await self._send(message)
