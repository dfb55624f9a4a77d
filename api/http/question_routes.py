"""Routes of questions to the read models: what takes a while has a place of its own, and is given up after a time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.services.registry import Services

HORIZON = ("as_of", "published_by", "known_at", "known_at_position")
"""The parameters that ask from another horizon than the present."""
_TAKES_A_WHILE = (*HORIZON, "format")
"""At a horizon, all events of a process are folded; a file holds all of a list."""


class QuestionRoute(APIRoute):
    """A question that takes a while at a horizon, or as a file."""

    always: ClassVar[bool] = False
    """Whether it takes a while whatever is asked."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def within(request: Request) -> Response:
            if not (self.always or _takes_a_while(request)):
                return await handle(request)
            services: Services = request.app.state.services
            return await services.questions.answered(lambda: handle(request))

        return within


class CostlyRoute(QuestionRoute):
    """A question that always takes a while."""

    always = True


def _takes_a_while(request: Request) -> bool:
    as_calendar = request.url.path.endswith(".ics") or "text/calendar" in request.headers.get("accept", "")
    return as_calendar or any(request.query_params.get(name) for name in _TAKES_A_WHILE)
