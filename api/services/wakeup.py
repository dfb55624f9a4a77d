"""Wakes tasks of an event loop that wait for something to change, or to come as far as they wait for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from math import inf


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
        reached: tells the position that is reached.
        over: tells whether all waiting is over.
    """

    def __init__(self, reached: Callable[[], int], over: Callable[[], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._reached = reached
        self._over = over
        self._waiting: dict[asyncio.Future[None], int] = {}

    @property
    def position(self) -> int:
        """The one that is reached."""
        return self._reached()

    def wake(self) -> None:
        """Wakes those whose position is reached; call it on the loop."""
        reached = inf if self._over() else self._reached()
        for waiting in [waiting for waiting, position in self._waiting.items() if position <= reached]:
            _end(waiting)

    async def wait(self, position: int, seconds: float) -> None:
        """Waits until a position is reached, or for so many seconds."""
        if position <= self._reached() or self._over():
            return
        waiting = self._loop.create_future()
        self._waiting[waiting] = position
        alarm = self._loop.call_later(seconds, _end, waiting)
        try:
            await waiting
        finally:
            alarm.cancel()
            del self._waiting[waiting]


def woken_together(*positions: ReachedPositions) -> Callable[[], None]:
    """Wakes those who wait for any of these, from any thread. Call this on their loop."""
    loop = asyncio.get_running_loop()

    def wake() -> None:
        for one in positions:
            one.wake()

    def wake_from_thread() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(wake)

    return wake_from_thread


def _end(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
