"""What the log asks of a database, and the questions that every database answers in the same words.

A recorder stores events with an index row each (id, digest, time), files them under their processes, and remembers
which events a revision bears on. All of it moves in one transaction, under a lock that is taken before anything is
looked up: ids and versions are decided on what is there, and positions come in the order of commits.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, takewhile
from typing import Any, ClassVar, NamedTuple

from eventsourcing.persistence import Notification, StoredEvent

from domain.event import Event
from domain.horizon import names_processes
from domain.revisions import DuplicateMarked, EventCorrected, EventDisputed, EventRetracted

FORMAT = 1
"""Of the tables of the log. It grows when a table changes; a log of a newer format is not opened."""

UNFINISHED = 2**31 - 1
"""Stands where the format does, while a log is being copied: no version of Parley takes it for a whole one."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

POLL = 0.25
"""Seconds between looks at the log's head, where no notice comes."""


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What the log looks events up by."""

    event_id: bytes
    digest: bytes
    recorded_at: int
    """Microseconds since 1970-01-01T00:00:00 UTC."""
    processes: tuple[str, ...]
    """The processes an opening names; empty for all other events."""
    targets: tuple[bytes, ...] = ()
    """Ids of the events that a revision bears on; empty for all other events."""


@lru_cache(64)  # what is recorded together is recorded at one time
def micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00 UTC."""
    return (moment - EPOCH) // _MICROSECOND


def index_row(event: Event, digest: bytes, recorded_at: datetime) -> IndexRow:
    """What the log looks an event up by."""
    return IndexRow(event.id.bytes, digest, micros(recorded_at), names_processes(event), _targets(event))


def _targets(event: Event) -> tuple[bytes, ...]:
    match event.data:
        case DuplicateMarked():
            return tuple(target.bytes for target in {event.data.event, event.data.of})
        case EventCorrected() | EventRetracted() | EventDisputed():
            return (event.data.event.bytes,)
        case _:
            return ()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events of the log are wanted; what is None does not matter."""

    process: str | None = None
    subject: str | None = None
    family: str | None = None
    type: str | None = None
    recorded_after: int | None = None
    """Microseconds since 1970-01-01T00:00:00 UTC."""


class Known(NamedTuple):
    """What the index tells of an event."""

    position: int
    digest: bytes
    recorded_at: int
    subject: str
    version: int
    type: str


class Interrupted(Exception):
    """The connection was lost while a transaction was written: it may have been committed, or not."""


@dataclass(slots=True)
class Before:
    """What the log held when the lock was taken, as far as a group of requests asks."""

    head: int = 0
    last: int = 0
    """When the last event was recorded, in microseconds since 1970-01-01T00:00:00 UTC."""
    known: dict[bytes, Known] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    processes: dict[str, set[str]] = field(default_factory=dict)
    """The processes each subject was filed under so far."""


@dataclass(slots=True)
class Filing:
    """The rows that put new events under their processes."""

    members: list[tuple[str, str]] = field(default_factory=list)
    """Subject and process."""
    events: list[tuple[str, int]] = field(default_factory=list)
    """Process and position."""
    earlier: list[tuple[str, str, int]] = field(default_factory=list)
    """Process, subject and position: the subject's events before that belong to the process too."""

    @classmethod
    def of(cls, first: int, stored: Sequence[StoredEvent], index: Sequence[IndexRow], before: Before) -> Filing:
        """A process that is named later gets the earlier events of the subject too.

        Args:
            first: the position of the first of the events.
            stored: the events, in the order of their positions.
            index: a row for each.
            before: what the log held in front of them.
        """
        filing = cls()
        known = {subject: set(processes) for subject, processes in before.processes.items()}
        positions: dict[str, list[int]] = {}
        for position, (event, row) in enumerate(zip(stored, index, strict=True), first):
            subject = str(event.originator_id)
            family, _, identity = subject.partition("/")
            its = known.setdefault(subject, set())
            if family == "processes":
                its.add(identity)
            filing.events += [(process, position) for process in sorted(its)]
            for process in sorted(set(row.processes) - its) if row.processes else ():
                its.add(process)
                filing.members.append((subject, process))
                filing.events += [(process, one) for one in (*positions.get(subject, ()), position)]
                if before.versions.get(subject):
                    filing.earlier.append((process, subject, first))
            positions.setdefault(subject, []).append(position)
        return filing


class LogRecorder(ABC):
    """The log in a database. Queries are written with `?` for each value, and `{position}` for the key's column."""

    position_column: ClassVar[str]
    ordered_join: ClassVar[str]
    """How the database is told to begin with the table named first."""

    # --- what each database does in its own way

    @abstractmethod
    def writing(self, ids: Iterable[bytes] = (), subjects: Iterable[str] = ()) -> AbstractContextManager[Writing]:
        """One transaction under the lock, which commits at the end, or rolls back on any error.

        Args:
            ids: of the events to look up, once the lock is held.
            subjects: whose versions to look up.

        Raises:
            Unavailable: the lock is held by another writer, or the database cannot be written; nothing is stored.
            Interrupted: the connection broke off; whether it was committed is not known.
        """

    @abstractmethod
    def fetch(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """Rows of a query.

        Raises:
            Unavailable: the database cannot be read.
        """

    @abstractmethod
    def look_up(self, ids: Iterable[bytes], subjects: Iterable[str]) -> Before:
        """What is known of events and subjects, outside of any lock.

        Raises:
            Unavailable: the database cannot be read.
        """

    @abstractmethod
    def watch(self, closing: threading.Event) -> Iterator[None]:
        """Yields whenever the log may have grown, until `closing` is set. It waits, and never fails."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """One view of the whole log that does not move while it is read.

        Raises:
            Unavailable: the database cannot be read.
        """

    @abstractmethod
    def format(self) -> int:
        """The format that the tables are marked with.

        Raises:
            Unavailable: the database cannot be read.
        """

    # --- what all do in the same way

    def last(self) -> tuple[int, int]:
        """Position and time (microseconds) of the last event; zeros for an empty log."""
        rows = self.fetch(LAST)
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    def digest_at(self, position: int) -> bytes | None:
        """The digest of the event at a position, as the index has it; None if there is none."""
        rows = self.fetch("SELECT digest FROM event_index WHERE position = ?", (position,))
        return _bytes(rows[0][0]) if rows else None

    def select_with_digests(self, after: int, limit: int) -> tuple[list[Notification], list[bytes | None]]:
        """Events after a position, in log order, and the digest of each as the index has it; None: it has none."""
        source = "stored_events e LEFT JOIN event_index i ON i.position = e.{position}"
        query = f"{SELECT_EVENTS}, i.digest FROM {source} WHERE e.{{position}} > ? ORDER BY e.{{position}} LIMIT ?"
        rows = self.fetch(query, (after, limit))
        return notifications(rows), [_bytes(row[5]) if row[5] is not None else None for row in rows]

    def event_by_id(self, event_id: bytes) -> Known | None:
        return self.look_up([event_id], ()).known.get(event_id)

    def version_of(self, subject: str) -> int:
        """The number of events of a subject; 0 if it was never opened."""
        return self.look_up((), [subject]).versions.get(subject, 0)

    def select(self, after: int, limit: int, wanted: Filter, until: int | None = None) -> list[Notification]:
        """Events after a position, in log order."""
        chosen, values = self._chosen(after, wanted, until)
        return notifications(self.fetch(f"{SELECT_EVENTS} {chosen}", (*values, limit)))

    def number_within(self, most: int, after: int, limit: int, wanted: Filter, until: int | None = None) -> int:
        """How many of the events that `select` would give have so many bytes together; at least one, if any."""
        chosen, values = self._chosen(after, wanted, until)
        sizes = self.fetch(f"SELECT LENGTH(e.state) {chosen}", (*values, limit))
        together = accumulate(size or 0 for (size,) in sizes)
        return max(sum(1 for _ in takewhile(lambda size: size <= most, together)), min(len(sizes), 1))

    def _chosen(self, after: int, wanted: Filter, until: int | None) -> tuple[str, list[Any]]:
        """What follows the columns in a query of events, with its values; that of the limit is left out."""
        if wanted.recorded_after is not None:  # one bound, since the database makes use of only one
            after = max(after, self.position_at(wanted.recorded_after))
        source, where = "stored_events e", ["e.{position} > ?"]
        values: list[Any] = [after]
        if until is not None:
            where.append("e.{position} <= ?")
            values.append(until)
        if wanted.process is not None:
            source = f"process_events p {self.ordered_join} stored_events e ON e.{{position}} = p.position"
            where.insert(0, "p.process = ? AND p.position > ?")
            values = [wanted.process, after, *values]
        if wanted.subject is not None:
            where.append("e.originator_id = ?")
            values.append(wanted.subject)
        if wanted.family is not None:
            where.append("e.originator_id >= ? AND e.originator_id < ?")
            values += [f"{wanted.family}/", f"{wanted.family}0"]
        if wanted.type is not None:
            where.append("e.topic = ?")
            values.append(wanted.type)
        order = "p.position" if wanted.process is not None else "e.{position}"
        return f"FROM {source} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?", values

    def bearing_on(self, event_id: bytes) -> list[Notification]:
        """The revisions that name an event, in log order."""
        source = f"event_references r {self.ordered_join} stored_events e ON e.{{position}} = r.position"
        query = f"{SELECT_EVENTS} FROM {source} WHERE r.target = ? ORDER BY r.position"
        return notifications(self.fetch(query, (event_id,)))

    def position_at(self, recorded_at: int) -> int:
        """The last position recorded at or before a time (microseconds since 1970 UTC); 0 if there is none."""
        rows = self.fetch(
            "SELECT position FROM event_index WHERE recorded_at <= ? ORDER BY recorded_at DESC, position DESC LIMIT 1",
            (recorded_at,),
        )
        return rows[0][0] if rows else 0


class Writing(ABC):
    """One transaction under the lock."""

    def __init__(self, before: Before) -> None:
        self.before = before

    @abstractmethod
    def run(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """Rows of a query, within the transaction; none of a statement that gives none."""

    @abstractmethod
    def insert(self, stored: Sequence[StoredEvent], index: Sequence[IndexRow]) -> None:
        """Stores events after the head, with a row of the index each. The first gets position `before.head + 1`."""

    @abstractmethod
    def confirm(self) -> None:
        """Lets the commit make sure of what was recorded before, too: it may not be on the standby yet."""

    @abstractmethod
    def put(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Stores rows of a table as they are, with its columns as `TABLES` has them. What is there already stays."""

    @abstractmethod
    def mark(self, number: int) -> None:
        """Marks the tables with a format."""


SELECT_EVENTS = "SELECT e.{position}, e.originator_id, e.originator_version, e.topic, e.state"
LAST = "SELECT position, recorded_at FROM event_index ORDER BY position DESC LIMIT 1"

TABLES: dict[str, dict[str, type]] = {
    "stored_events": {"{position}": int, "originator_id": str, "originator_version": int, "topic": str, "state": bytes},
    "event_index": {"position": int, "event_id": bytes, "recorded_at": int, "digest": bytes},
    "event_references": {"target": bytes, "position": int},
    "process_events": {"process": str, "position": int},
    "subject_processes": {"subject": str, "process": str},
}
"""The tables of a log, their columns and what these hold, the same in every database. The first two have a position as
their key, the others all of their columns."""


class Snapshot(ABC):
    """The rows of a log as they stand at one moment."""

    @abstractmethod
    def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[Sequence[Any]]:
        """Rows of a query, as they are asked for."""


def _bytes(state: Any) -> bytes:
    """A stored form; a value of another kind is damaged, and reads as such."""
    return bytes(state) if isinstance(state, bytes | memoryview) else b""


def notifications(rows: Iterable[Sequence[Any]]) -> list[Notification]:
    """Rows of `SELECT_EVENTS` as the library knows them."""
    return [
        Notification(id=r[0], originator_id=r[1], originator_version=r[2], topic=r[3], state=_bytes(r[4])) for r in rows
    ]
