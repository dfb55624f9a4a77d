"""Figures for Prometheus, in a registry of their own per server, so that two servers in one process do not mix."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")


class Metrics:
    """What is counted and measured. No label takes a value that a client can choose freely."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own = self.registry
        self.appends = Counter(
            "parley_appends",
            "Requests to append, by outcome: recorded, repeated, dry-run, or why refused.",
            ["outcome"],
            registry=own,
        )
        self.events = Counter("parley_events_recorded", "Events recorded by this server.", registry=own)
        self.commit_requests = Histogram(
            "parley_commit_requests",
            "Requests that shared one commit.",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200),
            registry=own,
        )
        self.commit_events = Histogram(
            "parley_commit_events",
            "Events recorded by one commit.",
            buckets=(1, 2, 5, 10, 50, 200, 1000, 2000),
            registry=own,
        )
        self.followers = Gauge("parley_live_readers", "Connections that follow the log live.", registry=own)
        self.durations = Histogram(
            "parley_request_seconds",
            "Seconds from a request to the begin of its answer, by route.",
            ["method", "route", "status"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=own,
        )

    def watch(self, name: str, help_: str, look: Callable[[], float]) -> None:
        """A gauge that is read when the metrics are asked for."""
        Gauge(name, help_, registry=self.registry).set_function(look)


class Stopwatch:
    """Middleware: how long it took until each answer began. Of a stream, what follows does not count."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        begun = False

        def stop(status: int) -> None:
            nonlocal begun
            begun = True
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.durations.labels(method, route, status).observe(time.perf_counter() - started)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                stop(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            if not begun:
                stop(500)
            raise
