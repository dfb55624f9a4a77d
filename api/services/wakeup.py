"""Wakes tasks of an event loop that wait for something to change, or to come as far as they wait for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


class Wakeup:
    """Create it on the event loop to which it belongs."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._next = asyncio.Event()

    def wake(self) -> None:
        """Wakes all waiting tasks; call it on the loop."""
        # Each event is set once and replaced, so that a waiting task wakes once for each call.
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Waits until it is woken, or for so many seconds."""
        following = self._next
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await following.wait()


class ReachedPositions:
    """Wakes the tasks of an event loop that wait until a position is reached. Create it on that loop.

    Args:
        reached: tells the position up to which all waiting is over.
    """

    def __init__(self, reached: Callable[[], float]) -> None:
        self._loop = asyncio.get_running_loop()
        self._reached = reached
        self._waiting: dict[asyncio.Future[None], int] = {}

    def wake(self) -> None:
        """Wakes those whose position is reached; call it on the loop."""
        reached = self._reached()
        for waiting in [waiting for waiting, position in self._waiting.items() if position <= reached]:
            _end(waiting)

    def wake_from_thread(self) -> None:
        """The same, from anywhere."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self.wake)

    async def wait(self, position: int, seconds: float) -> None:
        """Waits until a position is reached, or for so many seconds."""
        if position <= self._reached():
            return
        waiting = self._loop.create_future()
        self._waiting[waiting] = position
        alarm = self._loop.call_later(seconds, _end, waiting)
        try:
            await waiting
        finally:
            alarm.cancel()
            del self._waiting[waiting]


def _end(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
