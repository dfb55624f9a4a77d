"""Histories without a server: clients at random moments, a log that answers them rightly, and answers that get lost.

Beside it stands the plain way to judge a history: to try every order. It takes too long for more than a few operations,
and it is what `tests.faults.history.check` must agree with.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.faults.history import STALE, Acknowledged, Append, Entry, Event, Operation, Read, Refused, Unknown

Outcome = Acknowledged | Refused | Unknown
TICK = 10
"""Between two moments, so that a test can put others there."""


class Log:
    """A log as it should be: one thing after the other."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.entries = [*entries]
        self.versions: dict[str, int] = {}
        self._by_id = {entry.id: entry for entry in entries}
        for entry in entries:
            self.versions[entry.subject] = entry.version

    def append(self, events: Sequence[Event], at: int) -> Acknowledged | Refused:
        known = [self._by_id.get(event.id) for event in events]
        if all(entry is not None for entry in known):
            return Acknowledged(tuple(entry for entry in known if entry is not None), new=False)
        versions = dict(self.versions)
        added: list[Entry] = []
        for event in events:
            version = versions.get(event.subject, 0)
            if event.expected not in (None, version):
                return Refused("stale-version")
            versions[event.subject] = version + 1
            position = len(self.entries) + len(added) + 1
            added.append(Entry(position, event.id, event.subject, version + 1, moment(at)))
        self.entries += added
        self.versions = versions
        self._by_id |= {entry.id: entry for entry in added}
        return Acknowledged(tuple(added), new=True)

    def read(self, after: int = 0, subject: str | None = None, limit: int | None = None) -> tuple[Entry, ...]:
        shown = [entry for entry in self.entries if entry.position > after and subject in (None, entry.subject)]
        return tuple(shown[:limit])


def moment(at: int) -> str:
    """A time as the log writes it."""
    return f"{at:012d}"


@dataclass
class _Request:
    """What is on its way."""

    client: int
    invoked: int
    events: tuple[Event, ...] = ()
    after: int = 0
    subject: str | None = None
    limit: int | None = None
    answer: Acknowledged | Refused | Read | None = None


@dataclass
class World:
    """Clients, and one log that they reach at random moments.

    Args:
        seed: of all that is random.
        clients: how many there are.
        operations: how many they begin, those included that are sent again.
        subjects: on how many subjects.
        losing: how likely the answer to an append gets lost rather than told.
    """

    seed: int
    clients: int = 3
    operations: int = 30
    subjects: int = 2
    losing: float = 0.2
    history: list[Operation] = field(default_factory=list)
    log: Log = field(default_factory=Log)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._now = 0
        self._idle = [*range(self.clients)]
        self._pending: list[_Request] = []
        self._lost: list[_Request] = []
        self._again: dict[int, tuple[Event, ...]] = {}
        self._ids = 0

    def run(self) -> tuple[list[Operation], list[Entry]]:
        """What the clients saw, and the log in the end."""
        begun = 0
        while begun < self.operations or self._pending:
            self._now += TICK
            step = self._random.random()
            waiting = [request for request in (*self._pending, *self._lost) if request.answer is None]
            answered = [request for request in self._pending if request.answer is not None]
            if self._idle and begun < self.operations and step < 0.4:
                begun += 1
                self._begin(self._idle.pop(self._random.randrange(len(self._idle))))
            elif waiting and step < 0.7:
                self._reach(self._random.choice(waiting))
            elif answered:
                self._tell(self._random.choice(answered))
            elif self._pending and self._random.random() < self.losing:
                self._lose(self._random.choice(self._pending))
        self._random.shuffle(self.history)  # the checker puts it in order
        return self.history, self.log.entries

    def _begin(self, client: int) -> None:
        request = _Request(client, self._now)
        if client in self._again and self._random.random() < 0.7:
            request.events = self._again.pop(client)
        elif self._random.random() < 0.6:
            request.events = tuple(self._event() for _ in range(self._random.choice((1, 1, 1, 2, 3))))
        else:
            request.after = self._random.randint(0, len(self.log.entries))
            request.subject = self._random.choice([None, self._subject()])
            request.limit = self._random.choice([None, None, self._random.randint(0, 5)])
        self._pending.append(request)

    def _event(self) -> Event:
        self._ids += 1
        subject = self._subject()
        version = self.log.versions.get(subject, 0)
        expected = self._random.choice([None, version, version, max(version - 1, 0), version + 1])
        return Event(f"e{self._ids}", subject, expected)

    def _subject(self) -> str:
        return f"talks/{self._random.randrange(self.subjects)}"

    def _reach(self, request: _Request) -> None:
        if request.events:
            request.answer = self.log.append(request.events, self._now)
        else:
            asked = request.after, request.subject, request.limit
            head = len(self.log.entries)
            request.answer = Read(request.client, request.invoked, 0, head, self.log.read(*asked), *asked)

    def _tell(self, request: _Request) -> None:
        if request.events and self._random.random() < self.losing:
            self._lose(request)
            return
        self._pending.remove(request)
        self._idle.append(request.client)
        match request.answer:
            case Read() as read:
                asked = read.after, read.subject, read.limit
                self.history.append(Read(read.client, read.invoked, self._now, read.head, read.shown, *asked))
            case Acknowledged() | Refused() as outcome:
                self.history.append(Append(request.client, request.invoked, self._now, request.events, outcome))
            case None:
                raise AssertionError("it was not answered yet")

    def _lose(self, request: _Request) -> None:
        """The client hears nothing, and may send it again. What is on its way may still reach the log."""
        self._pending.remove(request)
        self._idle.append(request.client)
        if request.events:
            self._lost.append(request)
            self._again[request.client] = request.events
            one = Append(request.client, request.invoked, self._now, request.events, Unknown("no answer"))
            self.history.append(one)


def can_be_put_in_order(history: Sequence[Operation], log: Sequence[Entry]) -> bool:
    """Whether some order of the operations gives all answers and this log, by trying every one."""
    if any(earlier.recorded_at > later.recorded_at for earlier, later in pairwise(log)):
        return False
    stands = [Log(log[:length]) for length in range(len(log) + 1)]
    seen: set[tuple[frozenset[int], int]] = set()

    def goes_on(done: frozenset[int], length: int) -> bool:
        if (done, length) in seen:
            return False
        seen.add((done, length))
        left = [number for number in range(len(history)) if number not in done]
        if length == len(log) and all(_never_answered(history[number]) for number in left):
            return True
        for number in left:
            one = history[number]
            if any(not _never_answered(history[n]) and history[n].answered < one.invoked for n in left):
                continue
            reached = _reached(one, stands[length], log)
            if reached is not None and goes_on(done | {number}, reached):
                return True
        return False

    return goes_on(frozenset(), 0)


def _never_answered(one: Operation) -> bool:
    return isinstance(one, Append) and isinstance(one.outcome, Unknown)


def _reached(one: Operation, stand: Log, log: Sequence[Entry]) -> int | None:
    """How long the log is after an operation on its beginning; None if it cannot happen there with that answer."""
    length = len(stand.entries)
    if isinstance(one, Read):
        fits = one.head == length and one.shown == stand.read(one.after, one.subject, one.limit)
        return length if fits else None
    after = Log(stand.entries)
    answer = after.append(one.events, 0)
    if isinstance(answer, Acknowledged) and answer.new:
        added = [(entry.position, entry.id, entry.subject, entry.version) for entry in answer.entries]
        there = log[length : length + len(added)]
        goes = added == [(entry.position, entry.id, entry.subject, entry.version) for entry in there]
        answer = Acknowledged(tuple(there), new=True)
        after = Log([*stand.entries, *there])
        if not goes:  # it would be recorded where the log has something else, unless it is refused for another reason
            return length if isinstance(one.outcome, Refused) and one.outcome.kind not in STALE else None
    match one.outcome:
        case Unknown():
            return len(after.entries)
        case Refused(kind) if kind not in STALE:
            known = isinstance(answer, Acknowledged) and not answer.new
            return None if known else length
        case Refused():
            return length if isinstance(answer, Refused) else None
        case _:
            return len(after.entries) if one.outcome == answer else None
