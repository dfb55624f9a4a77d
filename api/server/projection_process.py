"""The read models, brought up to date by a child process of the server.

In the server's own process each event would cost the appends as much again as recording it: Python runs one thread at a
time. The child follows the log as `parley project` does, and reports to its parent how far it is. It ends with its
parent; if it ends alone, another takes its place and continues where the rows stand.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from api.server.signals import stop_requested
from api.settings import Settings, open_ledger, open_views
from projections.follower import FollowerStatus

if TYPE_CHECKING:
    from domain.event import Recorded, Unreadable
    from projections.follower import Follower
    from projections.read_models.change_set import FindingChanges


log = logging.getLogger(__name__)

RESTART_PAUSE = 1.0  # seconds before one that ended is replaced
SILENT = 300.0
"""Seconds after which a child that was told that the log has grown, and says nothing, is taken to hang: it is killed,
and its lead goes to another. A batch takes a second or so. The next gets twice as long, in case it was only slow."""
LOOK = 1.0  # seconds between two looks at whether it hangs
UNHEARD = 0.0005  # seconds between two looks at whether all is heard
LAST_WORDS = 15.0  # seconds that a child has to end once its parent has
FEW = 2  # processors: with no more than these, it shares them with its server
GROWN, AWAITED, STOP, ASKED = b"grown", b"awaited", b"stop", b"asked"
"""What the parent says; the last one with the ids of events after it."""
_spawn = multiprocessing.get_context("spawn")


class FollowerReport(NamedTuple):
    """What the child reports after each look."""

    position: int
    complete: bool
    halted: str | None
    fault: str | None
    leads: bool
    answers: Mapping[str, FindingChanges]
    """What was answered since the last report, of what was asked."""
    answered_to: int
    """The position up to which all of it was."""

    @classmethod
    def of(cls, follower: Follower) -> FollowerReport:
        told = (follower.position, follower.complete, follower.halted, follower.fault, follower.leads)
        return cls(*told, follower.answers, follower.answered_to)


class Projector(FollowerStatus):
    """Starts the child at once, and receives its reports. Use it like a follower.

    Args:
        settings: of the installation.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._gate = threading.Lock()
        self._wanted = self._asked = 0
        """How often the log has grown, and how much of that the child knows."""
        self._asking: deque[bytes] = deque()
        """The ids of events that are asked about, and of which the child was not told yet. One thread puts them, and
        another takes them."""
        self._waiting = False
        """Whether it was sent a message, and has not answered yet."""
        self._waits_since = 0.0
        self._patience = SILENT
        self._hurried = False
        """Whether it was told since its last answer that a request waits."""
        self._begin()
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)

    def _begin(self) -> None:
        self._line, theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=run_child, args=(self._settings, theirs), name="parley projector")
        self._process.start()
        theirs.close()  # so that hearing ends when the child does

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        with self._moved:
            self._moved.notify_all()
        with self._gate, contextlib.suppress(OSError):
            self._line.send_bytes(STOP)
        self._process.join(RESTART_PAUSE * 5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        if self._thread.is_alive():
            self._thread.join()
        self._line.close()

    def nudge(self) -> None:
        """Says that the log has grown. Never waits: the child has one message in hand at most."""
        with self._gate:
            self._wanted += 1
            if not self._waiting:
                self._nudge()

    def hurry(self) -> None:
        with self._gate:
            if not self._hurried:
                self._hurried = True
                with contextlib.suppress(OSError):
                    self._line.send_bytes(AWAITED)

    def ask(self, events: Iterable[UUID]) -> None:
        self._asking.extend([event.bytes for event in events])

    def pass_on(self) -> None:
        ids = [self._asking.popleft() for _ in range(len(self._asking))]
        if ids:
            with self._gate, contextlib.suppress(OSError):
                self._line.send_bytes(ASKED + b"".join(ids))

    def _nudge(self) -> None:
        self._waiting, self._asked, self._waits_since = True, self._wanted, time.monotonic()
        with contextlib.suppress(OSError):  # it ended, or is ending: its successor looks on its own
            self._line.send_bytes(GROWN)

    def _run(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(EOFError, OSError):
                while not self._hangs():
                    if self._line.poll(LOOK):
                        self._hear(FollowerReport(*self._line.recv()))
            if not self._closing.is_set():
                self.leads = False
                ended = "does not answer" if self._process.is_alive() else "ended"
                self._fail(f"the process that makes the read models {ended}: another takes its place in a moment")
                log.error(f"the process of the read models {ended}, another takes its place")
                self._process.kill()
                self._process.join()
                if not self._closing.wait(RESTART_PAUSE):
                    with self._gate:
                        self._waiting = self._hurried = False
                        self._begin()

    def _hangs(self) -> bool:
        with self._gate:
            hangs = self._waiting and time.monotonic() - self._waits_since > self._patience
        if hangs:
            self._patience *= 2
        return hangs

    def _hear(self, report: FollowerReport) -> None:
        self._remember(report.answers)
        self._answered_to = report.answered_to
        with self._moved:
            self._position, self._complete, self.halted, self.fault, self.leads, *_ = report
            self._moved.notify_all()
        with self._gate:
            self._waiting = self._hurried = False
            if self._wanted != self._asked:
                self._nudge()
        self._told()


class Hearing:
    """What the parent says, heard by one thread and waited for by another.

    Args:
        line: on which it is said.
    """

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._acting = threading.Lock()
        self._over = threading.Event()

    def hear(self, follower: FollowerStatus) -> None:
        """Passes on what is said, until the parent says that it is over, or ends."""
        try:
            with contextlib.suppress(EOFError, OSError):
                while self._line.poll(None) and self._pass_on(follower):
                    pass
        finally:
            self._over.set()

    def _pass_on(self, follower: FollowerStatus) -> bool:
        with self._acting:
            message = self._line.recv_bytes()
            if message == GROWN:
                follower.nudge()
            elif message == AWAITED:
                follower.hurry()
            elif message != STOP:
                ids = message.removeprefix(ASKED)
                follower.ask(UUID(bytes=ids[start : start + 16]) for start in range(0, len(ids), 16))
        return message != STOP

    def wait(self) -> None:
        """Waits until all is passed on that was said by now."""
        while not self._over.is_set() and self._is_more():
            time.sleep(UNHEARD)

    def _is_more(self) -> bool:
        with self._acting, contextlib.suppress(EOFError, OSError):
            return self._line.poll(0)
        return False


def run_child(settings: Settings, line: Connection) -> None:
    """What the child does: it follows the log until its parent ends, or closes the line.

    Args:
        settings: of the installation.
        line: the parent says on it that the log has grown; the child reports on it how far the read models are.
    """
    from api.server.interpreter import tune
    from api.services import logs
    from domain.errors import Unavailable
    from projections.follower import Follower

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent too, which ends in order
    logs.configure(settings, usual="warning")

    with ExitStack() as stack:
        while True:
            try:
                ledger = open_ledger(settings)
                break
            except Unavailable:  # the parent opened it a moment ago: it went away meanwhile
                if _is_over(line):
                    return
                time.sleep(RESTART_PAUSE)
        stack.callback(ledger.close)
        views = open_views(settings)
        stack.callback(views.close)
        tune()
        heard = Hearing(line)

        def pull(after: int, limit: int) -> list[Recorded | Unreadable]:
            events = ledger.read_checked(after, limit)
            heard.wait()  # what is asked about an event is said before it is recorded, and known before it is taken in
            return events

        follower = Follower(views, pull, ledger.head, sharing=(os.cpu_count() or 1) <= FEW)
        stack.callback(follower.close)

        def report() -> None:
            with contextlib.suppress(OSError):
                line.send(tuple(FollowerReport.of(follower)))

        follower.tell(report)
        follower.start()
        heard.hear(follower)
        last_words = threading.Timer(LAST_WORDS, os._exit, (1,))  # whatever it waits for
        last_words.daemon = True
        last_words.start()


def _is_over(line: Connection) -> bool:
    """Whether the parent has ended, or has said that the child should."""
    try:
        return line.poll() and line.recv_bytes() == STOP
    except (EOFError, OSError):
        return True


REPORT = 60.0  # seconds between two lines of how far it is


def follow_log(settings: Settings, started: Callable[[], None]) -> None:
    """Follows the log until SIGINT or SIGTERM.

    Args:
        settings: of the installation.
        started: called once it follows.

    Raises:
        Unavailable: the log or the read models cannot be opened.
    """
    from api.server.interpreter import tune
    from api.services import logs  # slow to import, as are these
    from projections.follower import Follower

    with stop_requested() as stop, ExitStack() as stack:
        ledger = open_ledger(settings)
        stack.callback(ledger.close)
        views = open_views(settings)
        stack.callback(views.close)
        tune()
        follower = Follower(views, ledger.read_checked, ledger.head, sharing=False)
        stack.callback(follower.close)
        logs.configure(settings, usual="info")
        follower.start()
        threading.Thread(target=_report, args=(follower, stop), name="report", daemon=True).start()
        started()
        for _ in ledger.watch(stop):
            follower.nudge()


def _report(follower: Follower, stop: threading.Event) -> None:
    reported = -1
    while not stop.wait(REPORT if reported >= 0 else 1):
        if follower.position != reported:
            reported = follower.position
            log.info("the read models follow", extra={"position": reported, "leads": follower.leads})
