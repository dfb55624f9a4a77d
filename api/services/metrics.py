"""Metrics for Prometheus, in a registry of their own per server, so that two servers in one process do not mix.

Several worker processes behind one socket count together, whichever of them is asked, if PROMETHEUS_MULTIPROC_DIR names
an empty directory of theirs before this is imported: each keeps its metrics in files there. The process that starts the
workers calls `prometheus_client.multiprocess.mark_process_dead(pid)` when one has ended.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import Scope

log = logging.getLogger(__name__)

METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")
SHARED = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
"""Directory of the figures of several workers; None if this process counts for itself."""
REFRESH = 1.0  # seconds between looks at what the other workers, or a slow database, are asked about


class Metrics:
    """What is counted and measured. No label takes a value that a client can choose freely."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own = self.registry
        self.appends = Counter(
            "parley_appends",
            "Requests to append, by outcome: recorded, repeated, dry-run, accident, broken-off, or why refused.",
            ["outcome"],
            registry=own,
        )
        self.unknown_findings = Counter(
            "parley_append_findings_unknown",
            "Events recorded whose answer was asked what they do to findings and could not tell.",
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
        self.followers = Gauge(
            "parley_live_readers",
            "Connections that follow the log live.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self.durations = Histogram(
            "parley_request_seconds",
            "Seconds from a request to the begin of its answer, by route.",
            ["method", "route", "status"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=own,
        )
        self._counting: dict[tuple[str, str, int], Histogram] = {}
        self._looks: list[Callable[[], None]] = []
        self._closing = threading.Event()
        self._before: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._refresh, name="metrics", daemon=True)

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Counts an answer that begins, and how long that took. Of a stream, what follows does not count."""
        key = (method_of(scope), route_of(scope), status)
        counting = self._counting.get(key)
        if counting is None:  # to find it by its labels each time costs as much as to count
            counting = self._counting[key] = self.durations.labels(*key)
        counting.observe(seconds)

    def watch(
        self,
        name: str,
        help_: str,
        look: Callable[[], float],
        together: Literal["livesum", "livemin", "livemax"],
        projection: str | None = None,
    ) -> None:
        """A gauge that is read when the metrics are asked for.

        Args:
            name: of the gauge.
            help_: what it measures.
            look: reads it, without waiting for anything; it is called in any thread.
            together: how the values of several live workers become one.
            projection: the label `projection`, if it is about one.
        """
        labels = ["projection"] if projection is not None else []
        gauge = Gauge(name, help_, labels, registry=self.registry, multiprocess_mode=together)
        child = gauge.labels(projection) if projection is not None else gauge
        self._looks.append(lambda: child.set(look()))

    def start(self, before: Callable[[], None]) -> None:
        """Keeps the gauges fresh for whichever worker is asked.

        Args:
            before: called before each look, in a thread of its own: it may ask the database.
        """
        self._before = before
        self._look()
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def exposition(self) -> bytes:
        """All metrics in the text format of Prometheus, those of the other workers too."""
        self._look()
        if SHARED is None:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, SHARED)  # type: ignore[no-untyped-call]
        return generate_latest(together)

    def _look(self) -> None:
        for look in self._looks:
            look()

    def _refresh(self) -> None:
        while not self._closing.wait(REFRESH):
            try:
                self._before()
            except Exception:  # the other figures do not depend on it
                log.exception("the log cannot be asked for the metrics")
            self._look()


def route_of(scope: Scope) -> str:
    """The template of the route that answered, such as /v1/processes/{process}: never the path, which holds names."""
    return getattr(scope.get("route"), "path", "none")


def method_of(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "other"
