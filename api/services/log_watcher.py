"""One watcher of the log's head per server: it wakes the read models and the live streams."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from api.services.wakeup import ReachedPositions, waking
from domain.errors import Unavailable


class LogWatcher:
    """The last position of the log, as this server knows it.

    Args:
        look: reads the last position from the log.
        watch: yields when the log may have grown, by another program too, until the event it is given is set.
        moved: called, in any thread, when the log has grown.
    """

    def __init__(
        self,
        look: Callable[[], int],
        watch: Callable[[threading.Event], Iterator[None]],
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        self._look = look
        self._wait = watch
        self._told = moved
        self._gate = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="head", daemon=True)
        self.position = look()
        """The last known position."""
        self.stopping = False
        """Whether the server stops: live streams should end."""
        self._reached = ReachedPositions(lambda: self.position, lambda: self.stopping)
        self._wake = waking(self._reached)
        self._thread.start()

    def nudge(self, position: int) -> None:
        """Call it, from any thread, when the log has grown to a position."""
        self._told()
        with self._gate:
            if position <= self.position:
                return
            self.position = position
        self._wake()

    async def beyond(self, position: int, timeout: float) -> bool:
        """Waits until the log stands beyond a position; False after `timeout` seconds, or when the server stops."""
        await self._reached.wait(position + 1, timeout)
        return self.position > position

    def stop(self) -> None:
        """Ends all live streams. Call it from the event loop, before connections are closed."""
        self.stopping = True
        self._reached.wake()

    def close(self) -> None:
        self.stop()
        self._closing.set()
        self._thread.join()

    def _watch(self) -> None:
        seen = self.position
        for _ in self._wait(self._closing):
            with contextlib.suppress(Unavailable):  # /readyz reports it; the next look may succeed
                position = self._look()
                if position > seen:
                    seen = position
                    self.nudge(position)
