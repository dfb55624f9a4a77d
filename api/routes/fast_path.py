"""The fast path for the two requests that come most often: an append, and the status of a process.

Finding the route and its parameters takes the framework several times as long as the answer itself takes us. A request
of the plainest form (no parameters; each header once) goes to the same functions directly; any other goes the usual
way. `tests/api/routes/test_fast_path.py` holds both ways against each other.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.admission import AUDIENCE
from api.http.parameters import POSITION_HEADER, show_answered
from api.http.problems import of_accident, of_broken_off, of_refusal
from api.http.queries import matches
from api.routes.append import append_sent
from api.services.registry import Services
from api.services.status_cache import StatusKey
from domain.errors import Refusal
from domain.ids import ID_PATTERN


class Route(NamedTuple):
    """What the metrics and the log ask of a route."""

    path: str


APPEND_ROUTE, STATUS_ROUTE = Route("/v1/events"), Route("/v1/processes/{process}")
_STATUS_PATH = re.compile(f"/v1/processes/({ID_PATTERN.strip('^$')})")


class FastPath:
    """A layer that answers what it knows how to, and hands all else on. It stands behind the admission of requests.

    Args:
        app: the layers within.
        known: the app whose routes it leads past.
    """

    def __init__(self, app: ASGIApp, known: FastAPI) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["query_string"]:
            method, path, audience = scope["method"], scope["path"], scope[AUDIENCE]  # there is one: it was admitted
            if method == "POST" and path == APPEND_ROUTE.path:
                if await self._append(scope, receive, send):
                    return
            elif (
                method == "GET"
                and (process := _STATUS_PATH.fullmatch(path))
                and await self._status(StatusKey(process[1], audience), scope, send)
            ):
                return
        await self._app(scope, receive, send)

    async def _append(self, scope: Scope, receive: Receive, send: Send) -> bool:
        headers = _once(scope, (b"if-match", b"prefer"))
        if headers is None:
            return False
        scope["route"] = APPEND_ROUTE
        prefer = headers.get(b"prefer")
        try:
            answer = await append_sent(
                Request(scope, receive),
                self._known.state.services,
                if_match=headers.get(b"if-match"),
                prefer=() if prefer is None else (prefer,),
            )
        except Refusal as refusal:
            answer = of_refusal(refusal)
        except ClientDisconnect:
            answer = of_broken_off()
        except Exception:
            await of_accident()(scope, receive, send)
            raise  # the server logs it, with its trace
        await answer(scope, receive, send)
        return True

    async def _status(self, key: StatusKey, scope: Scope, send: Send) -> bool:
        headers = _once(scope, (b"if-none-match",))
        services: Services = self._known.state.services
        await show_answered(services)
        position, now = services.follower.position, datetime.now(UTC)
        current = services.status_cache.current(key, position, now)
        if headers is None or current is None:
            return False
        scope["route"] = STATUS_ROUTE
        sent = [
            (b"etag", current.etag.encode()),
            (POSITION_HEADER.lower().encode(), str(position).encode()),
            (b"cache-control", b"no-cache"),
        ]
        if matches(headers.get(b"if-none-match"), current.etag):
            await send({"type": "http.response.start", "status": 304, "headers": sent})
            await send({"type": "http.response.body"})
            return True
        body = current.body(now)
        sent += [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": sent})
        await send({"type": "http.response.body", "body": body})
        return True


def _once(scope: Scope, names: tuple[bytes, ...]) -> dict[bytes, str] | None:
    """Some headers by their names; None if one of them was sent more than once."""
    headers: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in names:
            if name in headers:
                return None
            headers[name] = value.decode("latin-1")
    return headers
