"""A log copied row by row between any two databases: positions, ids, versions, times and stored forms stay as they are.

- The source is read in one snapshot. Appends go on, and the copy holds what was there when it began.
- Rows are written in chunks, each in one transaction under the lock of the target. What was broken off is gone on with:
  the target may hold the beginning of the source, and nothing else.
- Until the copy is whole and was found equal, the target is marked as unfinished, and is opened for nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

from eventsourcing.persistence import JSONTranscoder, Notification

from ledger.mapper import EventMapper, changed
from ledger.recorder import FORMAT, TABLES, UNFINISHED, Interrupted, LogRecorder, Snapshot, Writing

EVENTS_TABLE, INDEX_TABLE, *RELATION_TABLES = TABLES

CHUNK_ROWS = 1000
CHUNK_BYTES = 4 * 1024 * 1024
"""The most that one transaction writes; a larger row goes alone."""

T = TypeVar("T")
Row = tuple[Any, ...]
Progress = Callable[[str, int, int], None]
"""Takes what is being done, how far it is, and how far it goes."""


class NotCopied(Exception):
    """A log cannot be copied, or a copy cannot be used. Its text is one sentence that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What tells two logs apart, whatever databases they are in."""

    position: int
    """The last one, which is the number of events too."""
    tables: dict[str, str]
    """Of each table, how many rows it has and the SHA-256 of all of them."""

    @property
    def sha256(self) -> str:
        """Of the whole log."""
        lines = "".join(f"{table} {said}\n" for table, said in self.tables.items())
        return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was found equal to its source."""

    sum: Sum
    new: int
    """How many events were not there before."""


def quiet(_what: str, _done: int, _of: int) -> None:
    """For callers that do not follow the progress."""


def copy(source: Snapshot, target: LogRecorder, progress: Progress = quiet) -> Copied:
    """Copies a log, or goes on with a copy that was broken off, and compares the two.

    Args:
        source: the log to copy.
        target: an empty log, or one that holds the beginning of the source.
        progress: called at each step.

    Raises:
        NotCopied: the target holds something else, and was not touched; or somebody else wrote to it meanwhile.
        Unavailable: one of the two cannot be read or written.
    """
    head = whole(source, "the log")
    with target.snapshot() as there:
        held = whole(there, "the target")
        _require_beginning(source, head, there, held)
    unfinished = held < head or target.format() == UNFINISHED
    try:
        if unfinished:
            _write(source, target, held, head, progress)
        ours = summed(source, head, progress)
        with target.snapshot() as there:
            theirs = summed(there, head, progress)
        if different := [table for table in TABLES if ours.tables[table] != theirs.tables[table]]:
            raise NotCopied(
                f"the copy differs from the log in {', '.join(different)}: begin again with an empty target"
            )
        if unfinished:
            with target.writing() as writing:
                _require_head(writing, head)
                writing.mark(FORMAT)
    except Interrupted as fault:
        raise NotCopied(
            "the connection to the target was lost: run the same command again, it goes on from there"
        ) from fault
    return Copied(ours, head - held)


def whole(log: Snapshot, name: str) -> int:
    """The last position of a log in which each position has its event and its index row.

    Raises:
        NotCopied: something is missing.
    """
    counts = "SELECT count(*), coalesce(min({0}), 1), coalesce(max({0}), 0) FROM {1}"
    counted = set()
    for table in (EVENTS_TABLE, INDEX_TABLE):
        (row,) = log.rows(counts.format(_key(table), table))
        counted.add(tuple(row))
    many, first, last = counted.pop()
    if counted or first != 1 or many != last:
        raise NotCopied(f"{name} is damaged, events or their index rows are missing: `parley verify` names them")
    return int(last)


def summed(log: Snapshot, head: int, progress: Progress = quiet) -> Sum:
    """Reads all of a log. Each table is hashed in the order of its key, each row as the netstrings of its values: text
    in UTF-8, numbers in decimals, bytes as they are.

    Args:
        log: a whole one.
        head: its last position.
        progress: called at each step.
    """
    tables: dict[str, str] = {}
    for table in TABLES:
        digest, number = hashlib.sha256(), 0
        for number, row in enumerate(rows(log, table), 1):
            digest.update(b"".join(map(_netstring, row)))
            if table == EVENTS_TABLE and number % CHUNK_ROWS == 0:
                progress("Reading", number, head)
        tables[table] = f"{number} {digest.hexdigest()}"
    return Sum(head, tables)


def rows(log: Snapshot, table: str, after: int = 0) -> Generator[Row, None, None]:
    """The rows of a table in the order of its key.

    Args:
        log: to read.
        table: one of `TABLES`.
        after: the position after which they begin, in a table whose key that is.

    Raises:
        NotCopied: a value is not of the kind that its column holds.
    """
    for row in rows_as_they_are(log, table, after):
        if not is_of_its_kind(table, row):
            raise NotCopied(f"the row {row[0]!r} of {table} is damaged: `parley verify` names what is wrong")
        yield row


def rows_as_they_are(log: Snapshot, table: str, after: int = 0) -> Generator[Row, None, None]:
    """The same, whatever they hold."""
    key = _key(table)
    begin = f"WHERE {key} > ?" if table in (EVENTS_TABLE, INDEX_TABLE) else ""
    query = f"SELECT {', '.join(TABLES[table])} FROM {table} {begin} ORDER BY {key}"  # noqa: S608
    for row in log.rows(query, (after,) if begin else ()):
        yield tuple(row)


def is_of_its_kind(table: str, row: Row) -> bool:
    """Whether each value is of the kind that its column holds: SQLite takes any."""
    return all(type(value) is kind for value, kind in zip(row, TABLES[table].values(), strict=True))


def _key(table: str) -> str:
    first, *rest = TABLES[table]
    return first if table in (EVENTS_TABLE, INDEX_TABLE) else ", ".join([first, *rest])


def _netstring(value: int | str | bytes) -> bytes:
    text = value if isinstance(value, bytes) else str(value).encode()
    return b"%d:%b," % (len(text), text)


# --- writing


def _write(source: Snapshot, target: LogRecorder, held: int, head: int, progress: Progress) -> None:
    with target.writing() as writing:
        _require_head(writing, held)
        writing.mark(UNFINISHED)
    progress("Copying", held, head)
    with closing(rows(source, EVENTS_TABLE, held)) as events, closing(rows(source, INDEX_TABLE, held)) as index:
        both = _as_recorded(zip(events, index, strict=True))
        for chunk in _chunks(both, lambda pair: len(pair[0][-1])):
            with target.writing() as writing:
                _require_head(writing, held)
                writing.put(EVENTS_TABLE, [event for event, _ in chunk])
                writing.put(INDEX_TABLE, [row for _, row in chunk])
            held += len(chunk)
            progress("Copying", held, head)
    for table in RELATION_TABLES:  # all rows again: a process that is named later has earlier events too
        for some in _chunks(rows(source, table), lambda _: 0):
            with target.writing() as writing:
                _require_head(writing, head)
                writing.put(table, some)


def _as_recorded(both: Iterable[tuple[Row, Row]]) -> Iterator[tuple[Row, Row]]:
    """Events with their rows of the index, each compared with its digest.

    Raises:
        NotCopied: an event is not what was recorded.
    """
    mapper = EventMapper(transcoder=JSONTranscoder())
    for event, row in both:
        position, subject, version, topic, state = event
        stored = Notification(id=position, originator_id=subject, originator_version=version, topic=topic, state=state)
        if not mapper.is_as_recorded(stored, row[3]):
            raise NotCopied(f"the log is damaged: {changed(stored)}")
        yield event, row


def _chunks(items: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    chunk: list[T] = []
    size = 0
    for each in items:
        chunk.append(each)
        size += size_of(each)
        if len(chunk) == CHUNK_ROWS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _require_beginning(source: Snapshot, head: int, there: Snapshot, held: int) -> None:
    if held > head:
        raise NotCopied(
            f"the target holds {held:,} events and the log only {head:,}: name an empty target, this one is untouched"
        )
    with closing(rows(source, INDEX_TABLE)) as ours, closing(rows(there, INDEX_TABLE)) as theirs:
        for their, our in zip(theirs, ours, strict=False):
            if their != our:
                raise NotCopied(
                    f"the target holds another log (position {their[0]:,} is another event there): "
                    "name an empty target, this one is untouched"
                )


def _require_head(writing: Writing, position: int) -> None:
    if writing.before.head != position:
        raise NotCopied("another program writes to the target: stop it, then begin again with an empty target")
