"""The one writer of a server: it takes what waits, and records it with one lock and one commit."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from domain.errors import Refusal, Unavailable
from ledger.ledger import Append, Appended, Ledger

MOST_WAITING = 1_000  # requests
MOST_EVENTS = 2_000  # events in one commit, so that no answer waits long for others


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit recorded, for whoever watches the log."""

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
    """

    def __init__(self, ledger: Ledger, recorded: Callable[[Commit], None] = lambda _: None) -> None:
        self._ledger = ledger
        self._recorded = recorded
        self._waiting: queue.Queue[tuple[Append, Future[Appended]] | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._closed = False
        self._gate = threading.Lock()
        """Nothing may be queued behind the mark that ends the queue: nobody would answer it."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return self._waiting.qsize()

    def submit(self, request: Append) -> Future[Appended]:
        """Queues a request. The future fails with a `Refusal` if it is refused.

        Raises:
            Unavailable: too many requests wait, or the writer is closed.
        """
        answer: Future[Appended] = Future()
        with self._gate:
            if self._closed:
                raise Unavailable("the server is stopping: send the request again in a moment")
            try:
                self._waiting.put_nowait((request, answer))
            except queue.Full:
                raise Unavailable("too many requests are waiting: send the request again in a moment") from None
        return answer

    def close(self) -> None:
        """Records what waits, then stops."""
        with self._gate:
            first, self._closed = not self._closed, True
        if first:
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, stop = [first], False
            size = len(first[0].drafts)
            while size < MOST_EVENTS and not stop:
                try:
                    following = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    stop = True
                else:
                    group.append(following)
                    size += len(following[0].drafts)
            self._record(group)
            if stop:
                return

    def _record(self, group: list[tuple[Append, Future[Appended]]]) -> None:
        live = [(request, answer) for request, answer in group if answer.set_running_or_notify_cancel()]
        if not live:
            return
        try:
            results = self._ledger.append_group([request for request, _ in live])
        except BaseException as error:  # noqa: BLE001  whoever waits must hear of it; the thread goes on
            for _, answer in live:
                answer.set_exception(error)
            return
        new = [result for result in results if isinstance(result, Appended) and result.new]
        if new:
            commit = Commit(max(r.position for r in new), len(live), sum(r.new for r in new))
            try:  # before the senders hear of it: whoever has an answer finds the head moved already
                self._recorded(commit)
            except Exception:
                logging.getLogger(__name__).exception("a watcher of the log failed; what was recorded stands")
        for (_, answer), result in zip(live, results, strict=True):
            if isinstance(result, Refusal):
                answer.set_exception(result)
            else:
                answer.set_result(result)
