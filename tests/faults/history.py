"""What clients saw of a log, and whether one log can have shown it to them.

`check(history, log)` takes what each client sent, read and was told, and the log as it stands in the end. It returns
every `Violation` it finds; none means that the log is *linearizable*: there is one order of all operations that gives
the answers that were given, and in it an operation that was answered before another was sent comes first.

Why the rules come to that. Every event has an id of its own, so as far as appends go, the log itself is that order.
Give each operation a place in it:

- an append that recorded its events: their positions;
- one that was told that its events were there already: after them, and not below its floor;
- a read: after the head that its answer tells, since it shows all up to there (`READ_RANGE`);
- a refusal: its floor; if it was for a stale version, the first place from there on at which the version is another.

No place lies between the events of one request, which are recorded together (`TOGETHER`, `READ_TORN`).

The *floor* of an operation is the highest place of all that was answered before it was sent. Its *ceiling* is the last
position before all that was sent after its answer. Going through all sendings and answers in the order of time, each
place is the lowest that there can be: if any order fits, this one does. `ORDER`, `READ_MISSING`, `READ_BACK`,
`READ_FUTURE` and `REFUSAL` say that each place lies between floor and ceiling. Then the order of places is that of real
time too; what is at one place stands in the order in which it was sent. The other rules say that the log by itself is
sound, and that it holds what was told and nothing else.

What became of an append without an answer is not known: it may be recorded at any time after it was sent, at most once.
Of several such with the same events the first one counts, since it may be recorded whenever the others may.

Times are integers of one monotonic clock that all clients share. All is done in O(n log n).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

STALE = frozenset({"stale-version", "precondition-failed"})
"""Refusals that say the subject is at another version than was expected."""

# --- what a client saw


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it was sent."""

    id: str
    subject: str
    expected: int | None = None
    """The version that its subject must be at, if the sender says so. An `If-Match` is that of the first event."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as the log holds it, or as an answer tells of it."""

    position: int
    id: str
    subject: str
    version: int
    recorded_at: str
    """In a form that sorts by time."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The events are recorded."""

    entries: tuple[Entry, ...]
    new: bool
    """Whether this request recorded them; else an earlier one with the same ids did."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing of the request is recorded."""

    kind: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody said what became of it: no answer, or one that leaves it open."""

    reason: str


@dataclass(frozen=True, slots=True)
class Append:
    """A request to record events, all or none. It may be sent again as it was, until it is answered."""

    client: int
    invoked: int
    """The moment before it was sent."""
    answered: int
    """The moment after the answer had come, or after it was given up."""
    events: tuple[Event, ...]
    outcome: Acknowledged | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Read:
    """A read of the log that was answered; one that was not tells nothing."""

    client: int
    invoked: int
    answered: int
    head: int
    """The last position of the log, as the answer tells it."""
    shown: tuple[Entry, ...]
    after: int = 0
    """Only events after this position were asked for,"""
    subject: str | None = None
    """only those of this subject,"""
    limit: int | None = None
    """and no more than this many."""


Operation = Append | Read

# --- what can be wrong


class Rule(StrEnum):
    """What must hold. Each value says it."""

    POSITIONS = "the positions of the log are 1, 2, 3 and so on"
    VERSIONS = "the versions of a subject are 1, 2, 3 and so on, in the order of the log"
    TIMES = "no event is recorded at an earlier time than the one before it"
    ONCE = "no event stands in the log twice"
    SENT = "nothing stands in the log that nobody sent"
    LOST = "what was acknowledged stands in the log"
    PLACE = "what was acknowledged stands where it was said to stand"
    REFUSED = "what was refused, each time it was sent, does not stand in the log"
    TOGETHER = "the events of a request stand in the log all or none, one after the other"
    WINNER = "one event wins a version: it stands there alone, and next to the version that it expected"
    NEW = "one request recorded an event, and only that one is told so"
    ORDER = "what was sent after an answer stands after all that the answer told of"
    REFUSAL = "a refusal was true at some moment between request and answer"
    READ_RANGE = "a read shows the events of its range as they stand in the log, and leaves none out"
    READ_MISSING = "a read shows what was told before it was asked for"
    READ_BACK = "a read shows no less than an earlier one"
    READ_FUTURE = "a read shows nothing that was sent after its answer"
    READ_TORN = "a read ends before or after the events of a request, not between them"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that was broken."""

    rule: Rule
    text: str

    def __str__(self) -> str:
        return f"{self.rule.name}: {self.text} ({self.rule})"


def check(history: Sequence[Operation], log: Sequence[Entry]) -> list[Violation]:
    """Every violation there is; each stands for itself, though one fault may break several rules.

    Args:
        history: all that all clients did since the log was empty, in any order.
        log: the whole log in the end.

    Raises:
        ValueError: it is no history that can be judged: an event was sent in two different requests, say.
    """
    sendings = _sendings(history)
    checker = _Checker(sendings, _Log(log))
    return [*checker.of_the_log(log), *checker.of_outcomes(), *checker.of_time(history)]


# --- how it is found


@dataclass(slots=True)
class _Sending:
    """A request by its events, and each time it was sent."""

    events: tuple[Event, ...]
    attempts: list[Append] = field(default_factory=list)

    def __str__(self) -> str:
        ids = ", ".join(event.id for event in self.events)
        return f"{ids}, sent by client {self.attempts[0].client}"

    @property
    def recorder(self) -> Append | None:
        """The first request that may have recorded it: one that was told so, else one that was told nothing."""
        told = [one for one in self.attempts if isinstance(one.outcome, Acknowledged) and one.outcome.new]
        return next(iter(told or [one for one in self.attempts if isinstance(one.outcome, Unknown)]), None)


def _sendings(history: Sequence[Operation]) -> list[_Sending]:
    found: dict[str, _Sending] = {}
    for one in sorted((one for one in history if isinstance(one, Append)), key=lambda one: one.invoked):
        ids = {event.id for event in one.events}
        if not ids or len(ids) < len(one.events):
            raise ValueError(f"client {one.client} sent a request without events, or with one of them twice")
        sending = found.setdefault(one.events[0].id, _Sending(one.events))
        if sending.events != one.events or any(found.setdefault(each, sending) is not sending for each in ids):
            raise ValueError(f"client {one.client} sent {one.events[0].id} among others than before")
        sending.attempts.append(one)
    for operation in history:
        if operation.invoked >= operation.answered:
            raise ValueError(f"client {operation.client} had an answer before it asked")
    return list({id(sending): sending for sending in found.values()}.values())


class _Log:
    """The log, by what it is asked for. Where it is broken, it answers with what comes first."""

    def __init__(self, log: Sequence[Entry]) -> None:
        self._all = _Sequence(log)
        by_subject: dict[str, list[Entry]] = defaultdict(list)
        self._by_id: dict[str, Entry] = {}
        for entry in log:
            by_subject[entry.subject].append(entry)
            self._by_id.setdefault(entry.id, entry)
        self._subjects = {subject: _Sequence(entries) for subject, entries in by_subject.items()}
        self.head = max((entry.position for entry in log), default=0)

    def find(self, event_id: str) -> Entry | None:
        return self._by_id.get(event_id)

    def version(self, subject: str, position: int) -> int:
        """The version of a subject after a position."""
        last = self._of(subject).last(position)
        return last.version if last is not None else 0

    def following(self, subject: str, position: int) -> Entry | None:
        """The next event of a subject."""
        return self._of(subject).following(position)

    def range(self, read: Read) -> tuple[Entry, ...]:
        """What a read must show."""
        return self._of(read.subject).range(read.after, read.head, read.limit)

    def _of(self, subject: str | None) -> _Sequence:
        return self._all if subject is None else self._subjects.get(subject, _NOTHING)


class _Sequence:
    """Events by position."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = sorted(entries, key=lambda entry: entry.position)
        self._positions = [entry.position for entry in self._entries]

    def last(self, position: int) -> Entry | None:
        found = bisect_right(self._positions, position)
        return self._entries[found - 1] if found else None

    def following(self, position: int) -> Entry | None:
        found = bisect_right(self._positions, position)
        return self._entries[found] if found < len(self._entries) else None

    def range(self, after: int, until: int, limit: int | None) -> tuple[Entry, ...]:
        first, end = bisect_right(self._positions, after), bisect_right(self._positions, until)
        return tuple(self._entries[first : end if limit is None else min(end, first + limit)])


_NOTHING = _Sequence(())


@dataclass(slots=True)
class _Floor:
    """How far the log is known to be, by whom."""

    acknowledged: int = 0
    read: int = 0
    refused: int = 0

    @property
    def told(self) -> int:
        """By answers to appends."""
        return max(self.acknowledged, self.refused)

    @property
    def position(self) -> int:
        return max(self.told, self.read)


class _Checker:
    def __init__(self, sendings: Sequence[_Sending], log: _Log) -> None:
        self._sendings = sendings
        self._log = log
        self._ends: dict[int, int] = {}
        """Where the request ends whose event stands at a position, for each but the last of a request."""
        for sending in sendings:
            if positions := self._positions(sending.events):
                self._ends |= dict.fromkeys(positions[:-1], max(positions))

    # --- the log by itself

    def of_the_log(self, log: Sequence[Entry]) -> Iterator[Violation]:
        sent = {event.id: event for sending in self._sendings for event in sending.events}
        versions: dict[str, int] = defaultdict(int)
        winners: dict[tuple[str, int], Entry] = {}
        seen: dict[str, int] = {}
        last = Entry(0, "", "", 0, "")
        for entry in log:
            what = f"position {entry.position}, event {entry.id}"
            if entry.position != last.position + 1:
                yield Violation(Rule.POSITIONS, f"{what}: it follows position {last.position}")
            if entry.recorded_at < last.recorded_at:
                yield Violation(Rule.TIMES, f"{what}: recorded at {entry.recorded_at}, after {last.recorded_at}")
            if entry.id in seen:
                yield Violation(Rule.ONCE, f"{what}: it stands at position {seen[entry.id]} too")
            if entry.id not in sent or sent[entry.id].subject != entry.subject:
                yield Violation(Rule.SENT, f"{what}: nobody sent it to {entry.subject}")
            other = winners.setdefault((entry.subject, entry.version), entry)
            if other is not entry:
                text = f"{what}: {other.id} stands at version {entry.version} of {entry.subject} too"
                yield Violation(Rule.WINNER, text)
            elif entry.version != versions[entry.subject] + 1:
                text = f"{what}: version {entry.version} of {entry.subject} follows {versions[entry.subject]}"
                yield Violation(Rule.VERSIONS, text)
            versions[entry.subject] = max(versions[entry.subject], entry.version)
            seen.setdefault(entry.id, entry.position)
            last = entry

    # --- what each request was told

    def of_outcomes(self) -> Iterator[Violation]:
        for sending in self._sendings:
            yield from self._of_standing(sending)
            yield from self._of_answers(sending)
            yield from self._of_recorders(sending)

    def _of_standing(self, sending: _Sending) -> Iterator[Violation]:
        """Whether its events stand in the log as they may."""
        standing = [entry for event in sending.events if (entry := self._log.find(event.id)) is not None]
        acknowledged = [one for one in sending.attempts if isinstance(one.outcome, Acknowledged)]
        if acknowledged:
            for event in sending.events:
                if self._log.find(event.id) is None:
                    yield Violation(Rule.LOST, f"{event.id}, acknowledged to client {acknowledged[0].client}")
        elif len(standing) not in (0, len(sending.events)):
            yield Violation(Rule.TOGETHER, f"{sending}: {len(standing)} of {len(sending.events)} events stand there")
        if standing and all(isinstance(one.outcome, Refused) for one in sending.attempts):
            yield Violation(Rule.REFUSED, f"{sending}: it stands at position {standing[0].position}")
        positions = [entry.position for entry in standing]
        if len(standing) == len(sending.events) and positions != [*range(positions[0], positions[0] + len(positions))]:
            yield Violation(Rule.TOGETHER, f"{sending}: at positions {positions}")
        for event in sending.events:
            entry = self._log.find(event.id)
            if entry is not None and event.expected is not None and entry.version != event.expected + 1:
                text = f"{event.id}: it expected version {event.expected} of {event.subject}, and is {entry.version}"
                yield Violation(Rule.WINNER, text)

    def _of_answers(self, sending: _Sending) -> Iterator[Violation]:
        """Whether what was told of its events is so."""
        for one in sending.attempts:
            if not isinstance(one.outcome, Acknowledged):
                continue
            told = one.outcome.entries
            if [(entry.id, entry.subject) for entry in told] != [(event.id, event.subject) for event in one.events]:
                yield Violation(Rule.PLACE, f"{sending}: the answer tells of {[entry.id for entry in told]}")
                continue
            for entry in told:
                there = self._log.find(entry.id)
                if there is not None and entry != there:
                    yield Violation(Rule.PLACE, f"client {one.client} was told {entry}, but it is {there}")

    def _of_recorders(self, sending: _Sending) -> Iterator[Violation]:
        """Whether each request was told rightly that it recorded the events, or that another one did."""
        new = 0
        for one in sending.attempts:
            if isinstance(one.outcome, Acknowledged) and one.outcome.new:
                new += 1
            elif isinstance(one.outcome, Acknowledged):
                recorder = sending.recorder
                if recorder is None or recorder.invoked > one.answered:
                    yield Violation(Rule.NEW, f"{sending}: told that it was there already, but nobody had recorded it")
        if new > 1:
            yield Violation(Rule.NEW, f"{sending}: told {new} times that it was recorded just now")

    # --- real time

    def of_time(self, history: Sequence[Operation]) -> Iterator[Violation]:
        recorders = {id(sending.recorder): sending for sending in self._sendings if sending.recorder is not None}
        ceiling = self._ceilings(recorders.values())
        moments = [(one.invoked, 0, number) for number, one in enumerate(history)]
        moments += [(one.answered, 1, number) for number, one in enumerate(history)]
        floor = _Floor()
        at: dict[int, _Floor] = {}
        for _, is_answer, number in sorted(moments):
            one = history[number]
            if not is_answer:
                at[number] = _Floor(floor.acknowledged, floor.read, floor.refused)
                if id(one) in recorders:
                    yield from self._of_order(recorders[id(one)], floor)
            elif isinstance(one, Read):
                yield from self._of_read(one, at.pop(number), ceiling(one.answered))
                floor.read = max(floor.read, min(one.head, self._log.head))
            elif isinstance(one.outcome, Acknowledged):
                floor.acknowledged = max(floor.acknowledged, *self._positions(one.events), 0)
            elif isinstance(one.outcome, Refused):
                place = self._place_of_refusal(one, at.pop(number).position)
                if place is None or place > ceiling(one.answered):
                    text = f"{one.events[0].id}: {one.outcome.kind} was told to client {one.client}"
                    yield Violation(Rule.REFUSAL, text)
                else:
                    floor.refused = max(floor.refused, place)

    def _ceilings(self, sendings: Iterable[_Sending]) -> Callable[[int], int]:
        """What tells, of a moment, the last position before all that was sent after it."""
        sent = sorted(
            (sending.recorder.invoked, min(positions))
            for sending in sendings
            if sending.recorder is not None and (positions := self._positions(sending.events))
        )
        times = [invoked for invoked, _ in sent]
        first = [self._log.head + 1]
        for _, position in reversed(sent):
            first.append(min(first[-1], position))
        first.reverse()
        return lambda moment: first[bisect_right(times, moment)] - 1

    def _positions(self, events: Sequence[Event]) -> list[int]:
        return [entry.position for event in events if (entry := self._log.find(event.id)) is not None]

    def _of_order(self, sending: _Sending, floor: _Floor) -> Iterator[Violation]:
        for position in self._positions(sending.events):
            if position <= floor.acknowledged:
                told = f"{floor.acknowledged} was acknowledged before it was sent"
                text = f"{sending}: it stands at position {position}, but {told}"
                yield Violation(Rule.ORDER, text)
                return

    def _of_read(self, read: Read, floor: _Floor, ceiling: int) -> Iterator[Violation]:
        what = f"a read of client {read.client} up to position {read.head}"
        expected = self._log.range(read)
        if read.shown != expected or read.head > self._log.head:
            yield Violation(Rule.READ_RANGE, f"{what} after {read.after} shows {_difference(read.shown, expected)}")
        if read.head < floor.told:
            yield Violation(Rule.READ_MISSING, f"{what}, but {floor.told} was told before it")
        if read.head < floor.read:
            yield Violation(Rule.READ_BACK, f"{what}, but an earlier one showed {floor.read}")
        if read.head in self._ends:
            yield Violation(Rule.READ_TORN, f"{what}, but the request goes on up to {self._ends[read.head]}")
        if ceiling < read.head <= self._log.head:
            yield Violation(Rule.READ_FUTURE, f"{what}, but position {ceiling + 1} was sent after its answer")

    def _place_of_refusal(self, one: Append, floor: int) -> int | None:
        """The first position, not before the floor, at which it is right to refuse; None if there is none."""
        own = self._positions(one.events)
        if own and max(own) <= floor:
            return None  # it was there already, and had to be told so
        assert isinstance(one.outcome, Refused)
        if one.outcome.kind not in STALE:
            return floor
        before: dict[str, int] = defaultdict(int)
        taken: list[int] = []
        for event in one.events:
            version = self._log.version(event.subject, floor) + before[event.subject]
            before[event.subject] += 1
            if event.expected is None:
                continue
            if event.expected != version:
                return floor
            if (following := self._log.following(event.subject, floor)) is not None:
                taken.append(following.position)
        place = min(taken, default=None)
        return None if place is None or place in own else self._ends.get(place, place)


def _difference(shown: Sequence[Entry], expected: Sequence[Entry]) -> str:
    for number, (one, other) in enumerate(zip(shown, expected, strict=False)):
        if one != other:
            return f"{one} as its number {number + 1}, not {other}"
    return f"{len(shown)} events, not {len(expected)}"
