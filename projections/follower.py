"""Follows the log: keeps the live read models at its head, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from domain.errors import Unavailable
from projections.catch_up import Pull, catch_up
from projections.views import Views

log = logging.getLogger(__name__)

LONGEST_REST = 0.05
"""Seconds between batches at most, so that what was recorded is soon seen."""


class Follower:
    """Keeps the live read models at the log's head, in a thread of its own.

    Args:
        views: the read models.
        pull: where the events come from.
        head: the log's last position.
        poll: seconds between looks when nobody nudges: another program may write to the log.
    """

    def __init__(self, views: Views, pull: Pull, head: Callable[[], int], poll: float = 1.0) -> None:
        self._views = views
        self._pull = pull
        self._head = head
        self._poll = poll
        self._nudged = threading.Event()
        self._moved = threading.Condition()
        self._closing = threading.Event()
        self._position = 0
        self.halted: str | None = None
        """Why the read models stopped before the head, if they did."""
        self.fault: str | None = None
        """The last fault of the database, until a batch succeeds."""
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        self._position = self._views.position()
        self._nudged.set()
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._nudged.set()
        with self._moved:
            self._moved.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def nudge(self) -> None:
        """Says that the log has grown."""
        self._nudged.set()

    @property
    def position(self) -> int:
        """The position the read models reflect."""
        return self._position

    def wait_for(self, position: int, timeout: float) -> bool:
        """Waits until the read models reflect a position; False after `timeout` seconds."""
        with self._moved:
            return self._moved.wait_for(lambda: self._position >= position or self._closing.is_set(), timeout) and (
                self._position >= position
            )

    def _run(self) -> None:
        while not self._closing.is_set():
            self._nudged.wait(self._poll)
            self._nudged.clear()
            started = time.monotonic()
            try:
                self._follow()
            except Unavailable as refusal:
                self.fault = refusal.detail
                self._closing.wait(self._poll)
            except Exception as error:  # told by /readyz and in the log, and tried again: appends must not stop
                self.fault = f"an error of Parley itself keeps the read models back: {type(error).__name__}"
                log.exception("the read models cannot follow the log")
                self._closing.wait(self._poll)
            # Under load it works half of the time at most, in larger batches, and leaves the rest to appends.
            self._closing.wait(min(time.monotonic() - started, LONGEST_REST))

    def _follow(self) -> None:
        if self._head() < self._position:
            log.warning("the read models reflect more than the log holds: they are made anew")
            with self._views.writing() as connection:
                self._views.begin_generation(connection, live=True)
        while not self._closing.is_set():
            here = catch_up(self._views, self._pull)
            self.fault = None
            moved = here.position != self._position
            with self._moved:
                self._position, self.halted = here.position, here.halted
                self._moved.notify_all()
            if not moved:
                return
