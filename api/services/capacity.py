"""How much of one kind a server does at once, each kind apart: followers never take the room of questions, nor these of
appends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from domain.errors import TooBusy
from projections.patience import given_up, waiting_until

T = TypeVar("T")
MOST_WAITING = 16
"""Costly questions that wait for one place. They hold a connection each, and no thread."""


class Capacity:
    """So many at a time. It belongs to one event loop.

    Args:
        most: how many.
        detail: told to one more, with what to do.
    """

    def __init__(self, most: int, detail: str) -> None:
        self.most = most
        self.taken = 0
        self._detail = detail

    @contextmanager
    def place(self) -> Iterator[None]:
        """One place, until its context ends.

        Raises:
            TooBusy: all are taken.
        """
        if self.taken >= self.most:
            raise TooBusy(self._detail)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Questions:
    """The questions that take a while: a few are worked on, some wait, and each is given up after so many seconds.

    Args:
        most: how many are worked on at once.
        seconds: after which one is given up, from when it came in.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self.seconds = seconds
        self._places = asyncio.Semaphore(most)
        self._waiting = Capacity(
            most * MOST_WAITING,
            "too many questions are being worked on that take a while: ask again in a moment, one after the other",
        )

    async def answered(self, work: Callable[[], Awaitable[T]]) -> T:
        """The answer to a question. It keeps its place until its thread has ended, also when nobody waits any more.

        Raises:
            TooBusy: too many are waiting.
            TookTooLong: it took too long.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + self.seconds
        with self._waiting.place():
            try:
                async with asyncio.timeout_at(until):
                    await self._places.acquire()
            except TimeoutError:
                raise given_up() from None
        with waiting_until(until):
            working = asyncio.ensure_future(work())
        working.add_done_callback(self._ended)
        await asyncio.wait((working,), timeout=until - clock())
        if not working.done():
            raise given_up()
        return working.result()

    def _ended(self, working: asyncio.Future[T]) -> None:
        self._places.release()
        if not working.cancelled():
            working.exception()  # nobody may be there any more to take it
