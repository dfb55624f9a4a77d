"""The one writer of a server: it takes what waits, and records it with one lock and one commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from domain.errors import Unavailable
from ledger.append import Append, Appended
from ledger.ledger import Ledger

MAX_WAITING = 1_000  # requests
MAX_EVENTS_PER_COMMIT = 2_000  # events in one commit, so that no answer waits long for others


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit recorded, for those who watch the log."""

    position: int
    """The last position it recorded."""
    requests: int
    """How many requests shared it."""
    events: int
    """How many events it recorded."""


class Writer:
    """Runs appends one group after another in a thread of its own.

    Args:
        ledger: where to append.
        recorded: called in the writer's thread after each commit that recorded something.
        most_waiting: how many requests may wait.
        handing_over: called on an event loop before the requests of one of its turns are handed over.
    """

    def __init__(
        self,
        ledger: Ledger,
        recorded: Callable[[Commit], None] = lambda _: None,
        most_waiting: int = MAX_WAITING,
        handing_over: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._most_waiting = most_waiting
        self._recorded = recorded
        self._handing_over = handing_over
        self._waiting: queue.SimpleQueue[list[_Waiting] | None] = queue.SimpleQueue()
        self._queued = 0
        """Requests that wait, those included that wait for the end of a turn."""
        self._turns: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._closed = False
        self._gate = threading.Lock()
        """Nothing may be queued behind the mark that ends the queue: nobody would answer it."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return self._queued

    def submit(self, request: Append) -> Future[Appended]:
        """Queues a request. The future fails with a `Refusal` if it is refused.

        Raises:
            Unavailable: too many requests wait, or the writer is closed.
        """
        answer: Future[Appended] = Future()
        with self._gate:
            self._admit()
            self._waiting.put([_Waiting(request, answer, None)])
        return answer

    def submit_here(self, request: Append) -> asyncio.Future[Appended]:
        """The same for a caller on an event loop.

        All requests of one turn of the loop are handed over together at its end, and those of one commit are answered
        together: each hand-over between threads costs as much as recording an event.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Appended] = loop.create_future()
        with self._gate:
            self._admit()
            turn = self._turns.get(loop)
            if turn is None:
                turn = self._turns[loop] = []
                loop.call_soon(self._end_turn, loop)
            turn.append(_Waiting(request, answer, loop))
        return answer

    def _admit(self) -> None:
        if self._closed:
            raise Unavailable("the server is stopping: send the request again in a moment")
        if self._queued >= self._most_waiting:
            raise Unavailable("too many requests are waiting: send the request again in a moment")
        self._queued += 1

    def _end_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._handing_over()
        with self._gate:
            turn = self._turns.pop(loop, None)
            if turn is not None:
                self._waiting.put(turn)

    def close(self) -> None:
        """Records what waits, then stops."""
        with self._gate:
            if not self._closed:
                self._closed = True
                for turn in self._turns.values():
                    self._waiting.put(turn)
                self._turns.clear()
                self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        waiting: deque[_Waiting] = deque()
        stop = False
        while waiting or not stop:
            try:
                while (turn := self._waiting.get(block=not waiting and not stop)) is not None:
                    waiting.extend(turn)
                stop = True
            except queue.Empty:
                pass
            group: list[_Waiting] = []
            size = 0
            while waiting and size < MAX_EVENTS_PER_COMMIT:
                group.append(waiting.popleft())
                size += len(group[-1].request.drafts)
            with self._gate:
                self._queued -= len(group)
            self._record(group)

    def _record(self, group: list[_Waiting]) -> None:
        live = [one for one in group if one.begins()]
        if not live:
            return
        results: Sequence[Appended | BaseException]
        try:
            results = self._ledger.append_group([one.request for one in live])
        except BaseException as error:  # noqa: BLE001  those who wait must hear of it; the thread goes on
            results = [error] * len(live)
        new = [result for result in results if isinstance(result, Appended) and result.new]
        if new:
            commit = Commit(max(r.position for r in new), len(live), sum(r.new for r in new))
            try:  # before the senders hear of it: with the answer, they find the head moved already
                self._recorded(commit)
            except Exception:
                logging.getLogger(__name__).exception("a watcher of the log failed; what was recorded stands")
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Answer, Appended | BaseException]]] = {}
        for one, result in zip(live, results, strict=True):
            if one.loop is None:
                _settle(one.answer, result)
            else:
                by_loop.setdefault(one.loop, []).append((one.answer, result))
        for loop, answers in by_loop.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle_all, answers)


_Answer = Future[Appended] | asyncio.Future[Appended]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request in the queue, and where its answer goes."""

    request: Append
    answer: _Answer
    loop: asyncio.AbstractEventLoop | None
    """The event loop to which the answer belongs, if it does to one."""

    def begins(self) -> bool:
        """Whether anybody waits for it still; it cannot be taken back any more."""
        if isinstance(self.answer, Future):
            return self.answer.set_running_or_notify_cancel()
        return not self.answer.cancelled()


def _settle(answer: _Answer, result: Appended | BaseException) -> None:
    if isinstance(result, BaseException):
        answer.set_exception(result)
    else:
        answer.set_result(result)


def _settle_all(answers: list[tuple[_Answer, Appended | BaseException]]) -> None:
    for answer, result in answers:
        if not answer.done():  # its request was given up meanwhile
            _settle(answer, result)
