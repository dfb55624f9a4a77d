"""Wakes tasks of an event loop that wait until a position is reached."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from math import inf


class ReachedPositions:
    """Create it on the event loop to which the tasks belong.

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

    @property
    def any_waiting(self) -> bool:
        """Whether there is anybody to wake. Ask, in any thread, once the position has moved."""
        return bool(self._waiting)

    def wake(self) -> None:
        """Wakes those whose position is reached; call it on the loop."""
        reached = inf if self._over() else self._reached()
        for waiting in [waiting for waiting, position in self._waiting.items() if position <= reached]:
            _end(waiting)

    async def wait(self, position: int, seconds: float) -> None:
        """Waits until a position is reached, or for so many seconds."""
        waiting = self._loop.create_future()
        self._waiting[waiting] = position  # before the look: what moves after it finds somebody to wake
        alarm = self._loop.call_later(seconds, _end, waiting)
        try:
            if position > self._reached() and not self._over():
                await waiting
        finally:
            alarm.cancel()
            del self._waiting[waiting]


def waking(*positions: ReachedPositions) -> Callable[[], None]:
    """What wakes those who wait for any of these, in any thread: the loop is left alone if nobody does. Call it on the
    loop."""
    loop = asyncio.get_running_loop()

    def wake() -> None:
        for one in positions:
            one.wake()

    def wake_from_thread() -> None:
        if any(one.any_waiting for one in positions):
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(wake)

    return wake_from_thread


def _end(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
