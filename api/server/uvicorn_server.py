"""The HTTP server around the app: uvicorn, which ends the live streams before it stops.

Clients that stop sending are disconnected too (`api/server/connections.py`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from api.server.connections import Connection, look_after
from api.server.interpreter import tune
from api.settings import Settings

GRACE = 10  # seconds that requests in progress have to end


MAX_FILES = 65_536


def allow_files() -> None:
    """Lets this process open as many files and connections as the system allows it to; the usual 1,024 are few."""
    try:
        import resource
    except ImportError:  # not on Windows, which has no such limit
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Server(uvicorn.Server):
    """uvicorn waits for all answers to end before it stops the app; a live stream would never end.

    Args:
        app: what it serves.
        settings: where it listens, and how many connections it takes.
        log_level: of uvicorn's own messages.
        on_start: called once it answers.
    """

    def __init__(
        self,
        app: FastAPI,
        settings: Settings,
        *,
        log_level: str = "info",
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        self._app = app
        self._on_start = on_start
        tune()
        allow_files()
        self._looking: asyncio.Task[None] | None = None
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_level=log_level,
                log_config=None,  # api/services/logs.py has it
                access_log=False,
                http=type("Connection", (Connection,), {"most": settings.connections}),
                ws="none",  # there are none here, and uvicorn would log the query of each that is tried
                server_header=False,
                proxy_headers=False,  # nothing here asks where a request came from
                timeout_graceful_shutdown=GRACE,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._looking = asyncio.create_task(look_after(self.server_state.connections))
        if self.started:
            self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.services.log_watcher.stop()
        await super().shutdown(sockets)
        if self._looking is not None:
            self._looking.cancel()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once `started` is true: the port that was found, if the settings say 0."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return host, port
