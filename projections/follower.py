"""Follows the log: one process at a time keeps the live read models at its head; all know how far they are."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from math import inf
from uuid import UUID

from domain.errors import Unavailable
from domain.event import Recorded, Unreadable
from projections.catch_up import Asked, Pull, catch_up, reflects
from projections.read_models.change_set import FindingChanges
from projections.storage.generations import GenerationProgress, ReadModels
from projections.storage.store import Lead

log = logging.getLogger(__name__)

LEAST_REST, MOST_REST = 0.05, 0.1
"""Seconds between two batches under load, where the processors are shared with the process that records."""
SHORT_REST = 0.01
"""The same at most, elsewhere."""
MOST_ASKED = 10_000
"""Events that are asked about and not seen yet (those of requests that were refused never are), and answers."""
EXPECTED = 1.0
"""Seconds within which an event that is asked about comes, if it is recorded at all."""
LONGEST, NEXT = 0.05, 0.02
"""Seconds for which a transaction is kept open for further events that are asked about, and for the next one."""
SWEEP = 60.0
"""Seconds between looks for generations that can go."""
EXAMINE, LIGHTLY = 600.0, 500
"""Seconds between looks for damage, and how many times as long as a look takes, if that is more."""


class FollowerStatus:
    """How far the read models are, as far as this process has heard."""

    def __init__(self) -> None:
        self._position = 0
        self._answered_to = 0
        self._complete = False
        self._moved = threading.Condition()
        self._told: Callable[[], None] = lambda: None
        self._answers: dict[str, FindingChanges] = {}
        self.answers: Mapping[str, FindingChanges] = {}
        """What is told that was asked, to whom `tell` named."""
        self._closing = threading.Event()
        self.leads = False
        """Whether this server brings the read models up to date."""
        self.halted: str | None = None
        """Why the read models stopped before the head, if they did."""
        self.fault: str | None = None
        """The last fault of the database, until a batch succeeds."""

    @property
    def position(self) -> int:
        """The position the read models reflect."""
        return self._position

    @property
    def answered_to(self) -> int:
        """The position up to which all that is asked about events was answered. The read models may reflect it a moment
        later only."""
        return max(self._answered_to, self._position)

    @property
    def complete(self) -> bool:
        """Whether the read models can be asked."""
        return self._complete

    @property
    def closed(self) -> bool:
        """Whether nothing more is heard."""
        return self._closing.is_set()

    def tell(self, moved: Callable[[], None]) -> None:
        """Whom to tell, in any thread, after each look at how far they are."""
        self._told = moved

    def start(self) -> None:
        """Begins to hear."""

    def close(self) -> None:
        """Ends, and lets go of those who wait."""

    def nudge(self) -> None:
        """Says that the log has grown."""

    def hurry(self) -> None:
        """Says that somebody waits until it is seen. Never waits."""

    def ask(self, events: Iterable[UUID]) -> None:
        """Says, before events are recorded, that what they do to findings is asked about. Never waits."""

    def pass_on(self) -> None:
        """Passes on what was asked since the last time, before it is recorded. Call it where it is asked."""

    def answer_of(self, event: UUID) -> FindingChanges | None:
        """What an event did that was asked about, while that is remembered."""
        return self._answers.get(str(event))

    def _remember(self, answers: Mapping[str, FindingChanges]) -> None:
        self._answers |= answers
        while len(self._answers) > MOST_ASKED:
            del self._answers[next(iter(self._answers))]

    def wait_for(self, position: int, timeout: float) -> bool:
        """Waits until the read models reflect a position; False after `timeout` seconds."""
        with self._moved:
            return self._moved.wait_for(lambda: self._position >= position or self._closing.is_set(), timeout) and (
                self._position >= position
            )

    def wait_until_complete(self, timeout: float) -> bool:
        """Waits until the read models can be asked; False after `timeout` seconds, or if they cannot be made now."""
        with self._moved:
            self._moved.wait_for(lambda: self._complete or self.fault is not None or self._closing.is_set(), timeout)
            return self._complete

    def _say(self, answers: Mapping[str, FindingChanges], position: int) -> None:
        """Tells what events up to a position did."""
        self._remember(answers)
        self._answered_to, self.answers = position, answers
        self._told()
        self.answers = {}

    def _see(self, progress: GenerationProgress | None) -> None:
        self.fault = None
        with self._moved:
            self._position, self.halted = (progress.position, progress.halted) if progress else (0, None)
            self._complete = progress is not None and progress.complete
            self._moved.notify_all()
        self._told()

    def _fail(self, reason: str) -> None:
        with self._moved:
            self.fault = reason
            self._moved.notify_all()
        self._told()


class _Asked(Asked):
    """What those ask who append through this server.

    Args:
        say: tells what events did, with the position up to which that was found out.
        grown: set when the log has grown.
    """

    def __init__(self, say: Callable[[Mapping[str, FindingChanges], int], None], grown: threading.Event) -> None:
        self._say = say
        self._grown = grown
        self._events: dict[str, None] = {}
        self._gate = threading.Lock()
        self._last = -EXPECTED
        self._hurried = self._open = False
        """Whether somebody waits for what is in the transaction, and whether there is one."""
        self._since = 0.0
        """When it began."""

    def ask(self, events: Iterable[UUID]) -> None:
        with self._gate:
            self._events |= dict.fromkeys(map(str, events))
            self._last = time.monotonic()
            while len(self._events) > MOST_ASKED:
                del self._events[next(iter(self._events))]

    def hurry(self) -> None:
        """Lets the transaction end."""
        with self._gate:
            self._hurried = True
            if self._open:
                self._grown.set()

    @property
    def waits(self) -> bool:
        """Whether events are asked about that will be seen in a moment."""
        return bool(self._events) and time.monotonic() - self._last < EXPECTED

    def about(self, event: str) -> bool:
        return event in self._events

    def answer(self, position: int, changes: Mapping[str, FindingChanges]) -> None:
        """Passes it on. Nobody asks about these events any more."""
        with self._gate:
            for event in changes:
                self._events.pop(event, None)
        self._say(changes, position)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """While one is open."""
        self._since, self._open = time.monotonic(), True
        try:
            yield
        finally:
            with self._gate:
                self._open = self._hurried = False

    def more(self) -> bool:
        left = self._since + LONGEST - time.monotonic()
        if self._hurried or not self.waits or left <= 0 or not self._grown.wait(min(left, NEXT)):
            return False
        with self._gate:
            if not self._hurried:  # or the log has grown as well: it is looked at once more after the commit
                self._grown.clear()
            return not self._hurried


class _Pull:
    """Takes events from a log, and tells where it ended.

    Args:
        pull: gives the events after a position, so many at most.
    """

    def __init__(self, pull: Pull) -> None:
        self._pull = pull
        self.end: float = inf
        """The last position of the log; infinite: not known yet."""

    def __call__(self, after: int, limit: int) -> Sequence[Recorded | Unreadable]:
        events = self._pull(after, limit)
        if len(events) < limit:
            self.end = events[-1].position if events else after
        return events


class Follower(FollowerStatus):
    """Keeps the live read models at the log's head while it leads; else it watches them. In a thread of its own.

    The leader holds a lock that goes with its process: another takes over when it ends. The lock saves work; that no
    event is applied twice or skipped rests on the position, which moves with the rows.

    Args:
        read_models: kept at the head.
        pull: where the events come from.
        head: the log's last position.
        poll: seconds between looks when nobody nudges: another program may write to the log.
        may_lead: whether this process may do the work; if not, it only watches.
        sharing: whether the process that records shares its processors. Then it rests under load, longer if nobody
            waits: few large batches take much less than many small ones.
    """

    def __init__(
        self,
        read_models: ReadModels,
        pull: Pull,
        head: Callable[[], int],
        poll: float = 1.0,
        *,
        may_lead: bool = True,
        sharing: bool = True,
    ) -> None:
        super().__init__()
        self._read_models = read_models
        self._pull = pull
        self._head = head
        self._poll = poll
        self._may_lead = may_lead
        self._sharing = sharing
        self._nudged = threading.Event()
        self._hurried = threading.Event()
        self._wanted = threading.Event()
        """Whether somebody has asked about an event since it was last looked at."""
        self._swept = self._examined = time.monotonic()
        self._examine_after = EXAMINE
        self._asked = _Asked(self._say, self._nudged)
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        self._position = self._read_models.position()
        self._nudged.set()
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._asked.hurry()
        self._nudged.set()
        self._wanted.set()
        with self._moved:
            self._moved.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def nudge(self) -> None:
        self._nudged.set()

    def hurry(self) -> None:
        self._hurried.set()
        self._asked.hurry()

    def ask(self, events: Iterable[UUID]) -> None:
        self._asked.ask(events)
        self._wanted.set()
        self._hurried.set()

    def _run(self) -> None:
        with closing(self._read_models.lead()) as lead:
            while not self._closing.is_set():
                try:
                    if self._may_lead and lead.taken():
                        self._lead(lead)
                    else:
                        self._watch(lead)
                except Unavailable as refusal:
                    self.leads = False
                    self._fail(refusal.detail)
                    self._closing.wait(self._poll)
                except Exception as error:  # told by /readyz and in the log, and tried again: appends must not stop
                    self._fail(f"an error of Parley itself keeps the read models back: {type(error).__name__}")
                    log.exception("the read models cannot follow the log")
                    self._closing.wait(self._poll)
        self.leads = False

    # --- while another leads

    def _watch(self, lead: Lead) -> None:
        """Keeps an eye on how far the read models are, until this process leads."""
        self.leads = False
        for _ in self._read_models.watch(self._closing):
            self._see(self._read_models.progress())
            if self._may_lead and lead.taken():
                return

    # --- while this process leads

    def _lead(self, lead: Lead) -> None:
        if not self.leads:
            self._begin()
        while not self._closing.is_set() and lead.taken():
            self._nudged.wait(self._poll)
            self._nudged.clear()
            started = time.monotonic()
            moved = self._follow()
            if time.monotonic() - self._swept > SWEEP:
                self._swept = time.monotonic()
                self._read_models.sweep()
            elif time.monotonic() - self._examined > self._examine_after:
                self._examine()
            if moved and self._nudged.is_set() and not self._asked.waits:  # under load, and nobody is to see it at once
                self._rest(time.monotonic() - started)
        self.leads = False

    def _rest(self, worked: float) -> None:
        """Rests until somebody asks about an event; after a while, also until somebody waits."""
        whole = max(min(worked, MOST_REST), LEAST_REST) if self._sharing else min(worked, SHORT_REST)
        least = min(worked, LEAST_REST if self._sharing else SHORT_REST)
        if not self._wanted.wait(least):
            self._hurried.wait(whole - least)
        self._wanted.clear()
        self._hurried.clear()

    def _examine(self) -> None:
        """Looks for damage. It takes a second or so for some hundred megabytes, and then rests for long."""
        started = time.monotonic()
        self._read_models.examine()
        self._examined = time.monotonic()
        self._examine_after = max(EXAMINE, LIGHTLY * (self._examined - started))

    def _begin(self) -> None:
        """Sees that the read models were made from this log; another one may have been put in its place."""
        self._examine()
        progress = self._read_models.progress()
        self._see(progress)  # what was seen before, another database may have said
        if progress is not None and not reflects(self._read_models, self._pull, progress):
            self._begin_anew()
        self.leads = True
        self._nudged.set()

    def _follow(self) -> bool:
        """Takes in what has been recorded; whether there was anything.

        Raises:
            Unavailable: the log or the read models cannot be used.
        """
        any_moved = False
        while not self._closing.is_set():
            pull = _Pull(self._pull)
            with self._asked.transaction():
                progress = catch_up(self._read_models, pull, asked=self._asked)
            moved = progress.position != self._position
            any_moved = any_moved or moved
            self._see(progress)
            if moved and progress.complete and progress.position >= pull.end:
                break
            if not moved and not self._begins_anew(progress):
                break
        return any_moved

    def _begins_anew(self, progress: GenerationProgress) -> bool:
        """Looks at the log where nothing follows what the read models reflect: one that ends before that is another
        one, and they are made anew.

        Raises:
            Unavailable: the log has events that cannot be had.
        """
        head = self._head()
        if head < progress.position:
            self._begin_anew()
            return True
        if progress.position < head and progress.halted is None and not self._pull(progress.position, 1):
            raise Unavailable(f"the log is damaged, no events follow position {progress.position} of {head}")
        return False

    def _begin_anew(self) -> None:
        log.warning("the read models reflect another log than this one: they are made anew")
        self._answered_to = 0
        with self._read_models.restructuring() as connection:
            self._read_models.begin_generation(connection, live=True)
