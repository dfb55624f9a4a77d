"""What the metrics read only when they are asked for: queues, positions, and how far the read models are behind."""

from __future__ import annotations

from datetime import UTC, datetime

from api.services.registry import Services
from domain.errors import Unavailable


class Lag:
    """How long the read models have been behind: the age of the oldest event that they do not reflect.

    The log is read in a thread of its own, so that the metrics can be read when it cannot be reached, too.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._oldest: datetime | None = None
        self.log_answers = True
        """Whether the log could be read when it was last asked."""

    def ask(self) -> None:
        """Looks into the log."""
        position = self._services.follower.position
        try:
            behind = self._services.ledger.head() > position
            events = self._services.ledger.read_wire(position, 1) if behind else []
        except Unavailable:
            self.log_answers = False  # when the oldest event was recorded does not change meanwhile
            return
        self._oldest = datetime.fromisoformat(events[0]["recorded_at"]) if events else None
        self.log_answers = True

    def events(self) -> int:
        return max(self._services.log_watcher.position - self._services.follower.position, 0)

    def seconds(self) -> float:
        """As of the last look, at most a second ago; 0 if the read models have caught up since."""
        if self._oldest is None or not self.events():
            return 0
        return max((datetime.now(UTC) - self._oldest).total_seconds(), 0)


def watch(services: Services) -> None:
    """Registers what is read only when it is asked for. `services.metrics` is to be closed."""
    lag, follower, watch = Lag(services), services.follower, services.metrics.watch
    watch(
        "parley_writer_queue",
        "Requests to append that wait for the writer.",
        lambda: services.writer.waiting,
        "livesum",
    )
    watch("parley_log_position", "The last position of the log.", lambda: services.log_watcher.position, "livemax")
    watch("parley_views_position", "The position the read models reflect.", lambda: follower.position, "livemin")
    watch(
        "parley_projection_lag_events",
        "How many events a projection is behind the log.",
        lag.events,
        "livemax",
        projection="views",
    )
    watch(
        "parley_projection_lag_seconds",
        "Age of the oldest event that a projection does not reflect yet; 0 if there is none.",
        lag.seconds,
        "livemax",
        projection="views",
    )
    watch(
        "parley_views_leading",
        "1 if this server brings the read models up to date.",
        lambda: follower.leads,
        "livesum",
    )
    watch(
        "parley_views_halted",
        "1 if the read models halted before the head.",
        lambda: follower.halted is not None,
        "livemax",
    )
    watch(
        "parley_ready",
        "1 if the log can be read and the read models follow it, as /readyz tells.",
        lambda: lag.log_answers and not (follower.halted or follower.fault),
        "livemin",
    )
    services.metrics.start(lag.ask)
