"""Wakes all tasks of an event loop that wait for something to change."""

from __future__ import annotations

import asyncio
import contextlib


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

    def wake_from_thread(self) -> None:
        """The same, from anywhere."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self.wake)

    async def wait(self, seconds: float) -> None:
        """Waits until it is woken, or for so many seconds."""
        following = self._next
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await following.wait()
