"""Whether a log is what it should be: each event once, readable, and each index row equal to what its event gives.

Everything is streamed from one snapshot. What has to be put together from many events lies in a scratch file meanwhile,
so that memory does not grow with the log.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from eventsourcing.persistence import Notification

from domain.event import Recorded, Unreadable
from ledger.copying import (
    EVENTS_TABLE,
    INDEX_TABLE,
    RELATION_TABLES,
    Progress,
    Row,
    Sum,
    is_of_its_kind,
    quiet,
    rows_as_they_are,
    summed,
)
from ledger.ledger import Ledger
from ledger.mapper import digest_of, is_of_today
from ledger.recorder import IndexRow, Snapshot, index_row, micros

OnDamage = Callable[[str, str], None]
"""Takes a kind of damage, and a sentence that says where it is and what to do."""

TOLD_EVERY = 1000
RESTORE = "restore a backup"
"""What there is to do about a damaged log: nothing else brings back what was recorded."""

_QUICK = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536")
_SCRATCH = """
BEGIN;
CREATE TABLE events (position INTEGER PRIMARY KEY, subject TEXT, event_id BLOB);
CREATE TABLE targets (target BLOB, position INTEGER, PRIMARY KEY (target, position)) WITHOUT ROWID;
CREATE TABLE filed (subject TEXT, process TEXT, PRIMARY KEY (subject, process)) WITHOUT ROWID;
CREATE TABLE unsure (subject TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE INDEX events_subject ON events (subject);
CREATE INDEX events_event_id ON events (event_id);
"""
"""`unsure` are the subjects with an event that cannot be read: what it adds to the index is not known."""

_DERIVED = {
    "event_references": "SELECT target, position FROM targets ORDER BY 1, 2",
    "process_events": "SELECT f.process, e.position FROM filed f JOIN events e ON e.subject = f.subject ORDER BY 1, 2",
    "subject_processes": "SELECT subject, process FROM filed WHERE subject != 'processes/' || process ORDER BY 1, 2",
}
"""The rows that the events give. `ledger.recorder.Filing` comes to the same, group by group."""

_UNSURE = {
    "event_references": "SELECT 1 FROM events JOIN unsure USING (subject) WHERE position = ?2 AND ?1 IS NOT NULL",
    "process_events": "SELECT 1 FROM events JOIN unsure USING (subject) WHERE position = ?2 AND ?1 IS NOT NULL",
    "subject_processes": "SELECT 1 FROM unsure WHERE subject = ?1 AND ?2 IS NOT NULL",
}
"""Whether an event that cannot be read may have added a row."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at."""

    position: int
    subjects: int
    sum: Sum | None
    """None if damage was found."""


def verify(ledger: Ledger, on_damage: OnDamage, progress: Progress = quiet) -> Verified:
    """Looks at every row of a log.

    Args:
        ledger: it may be written to meanwhile; what is recorded later is not looked at.
        on_damage: called for each damage.
        progress: called at each step.

    Raises:
        Unavailable: the log cannot be read.
    """
    sound = True

    def finding(kind: str, text: str) -> None:
        nonlocal sound
        sound = False
        on_damage(kind, text)

    with tempfile.TemporaryDirectory(prefix="parley-verify-") as directory, ledger.log.snapshot() as log:
        with closing(sqlite3.connect(Path(directory, "scratch.db"), isolation_level=None)) as scratch:
            for pragma in _QUICK:
                scratch.execute(f"PRAGMA {pragma}").close()
            scratch.executescript(_SCRATCH)
            looking = _Verifying(log, ledger, scratch, finding, progress)
            position = looking.at_events()
            subjects = looking.at_versions()
            looking.at_ids()
            for table in RELATION_TABLES:
                looking.at_relations(table)
        return Verified(position, subjects, summed(log, position, progress) if sound else None)


class _Verifying:
    def __init__(
        self, log: Snapshot, ledger: Ledger, scratch: sqlite3.Connection, on_damage: OnDamage, progress: Progress
    ) -> None:
        self._log = log
        self._read: Callable[[Any], Recorded | Unreadable] = ledger.mapper.to_domain_event  # type: ignore[assignment]
        self._note = scratch.execute
        self._on_damage = on_damage
        self._progress = progress

    # --- each event with its row of the index

    def at_events(self) -> int:
        """Returns the last position."""
        ((head,),) = self._log.rows("SELECT coalesce(max({position}), 0) FROM stored_events")
        last, last_time = 0, 0
        events, index = (rows_as_they_are(self._log, table) for table in (EVENTS_TABLE, INDEX_TABLE))
        for event, row in side_by_side(events, index, 1):
            position = (event or row or ())[0]
            if position != last + 1:
                first, until = last + 1, position - 1
                missing = f"position {first:,} is" if first == until else f"positions {first:,} to {until:,} are"
                self._on_damage("gap", f"{missing} missing: {RESTORE}")
            last = position
            if event is None:
                self._on_damage("index", f"position {position:,} is in event_index, but has no event: {RESTORE}")
                continue
            if row is not None and isinstance(row[2], int):
                if row[2] < last_time:
                    self._on_damage(
                        "time", f"position {position:,} was recorded before the one in front of it: {RESTORE}"
                    )
                last_time = row[2]
            self._at_event(event, row)
            if position % TOLD_EVERY == 0:
                self._progress("Reading the log", position, head)
        return last

    def _at_event(self, event: Row, row: Row | None) -> None:
        position, subject, _, topic, _ = event
        what = f"position {position:,}, {topic} on {subject}"
        opened = self._opened(event)
        if opened is None:
            self._on_damage("unreadable", f"{what}: its stored form is damaged: {RESTORE}")
            self._note("INSERT INTO events VALUES (?, ?, NULL)", (position, str(subject)))
            self._note("INSERT OR IGNORE INTO unsure VALUES (?)", (str(subject),))
            return
        read, index = opened
        self._note("INSERT INTO events VALUES (?, ?, ?)", (position, subject, index.event_id))
        if isinstance(read, Unreadable):
            self._on_damage("unreadable", f"{what}: {read.reason}")
            self._note("INSERT OR IGNORE INTO unsure VALUES (?)", (subject,))
        self._file(position, subject, index)
        if row is None:
            self._on_damage("index", f"{what}: it has no row in event_index: {RESTORE}")
        elif not is_of_its_kind(INDEX_TABLE, row) or (row[1], row[2]) != (index.event_id, index.recorded_at):
            self._on_damage("index", f"{what}: its row in event_index has another id or time: {RESTORE}")
        elif index.digest and row[3] != index.digest:
            self._on_damage("digest", f"{what}: what it says is not what was recorded, by its digest: {RESTORE}")

    def _opened(self, event: Row) -> tuple[Recorded | Unreadable, IndexRow] | None:
        """An event, and what the index must have of it, as far as that is known; None if it is damaged."""
        position, subject, version, topic, state = event
        if not is_of_its_kind(EVENTS_TABLE, event):
            return None
        stored = Notification(id=position, originator_id=subject, originator_version=version, topic=topic, state=state)
        try:
            envelope = orjson.loads(state)["envelope"]
            event_id, at = UUID(envelope["id"]), datetime.fromisoformat(envelope["recorded_at"])
            read = self._read(stored)
            if isinstance(read, Unreadable):
                return read, IndexRow(event_id.bytes, b"", micros(at), ())
            return read, index_row(read.event, digest_of(read.event) if is_of_today(envelope, read) else b"", at)
        except Exception:  # noqa: BLE001  whatever is wrong with its bytes
            return None

    def _file(self, position: int, subject: str, index: IndexRow) -> None:
        family, _, identity = subject.partition("/")
        for process in (*index.processes, *([identity] if family == "processes" else ())):
            self._note("INSERT OR IGNORE INTO filed VALUES (?, ?)", (subject, process))
        for target in index.targets:
            self._note("INSERT OR IGNORE INTO targets VALUES (?, ?)", (target, position))

    # --- what events have to be for each other

    def at_versions(self) -> int:
        """Returns the number of subjects."""
        subjects, last = 0, ("", 0, 0)
        query = "SELECT originator_id, originator_version, {position} FROM stored_events ORDER BY 1, 2"
        for subject, version, position in self._log.rows(query):
            if subject != last[0]:
                subjects, last = subjects + 1, (subject, 0, 0)
            if version != last[1] + 1:
                self._on_damage(
                    "version",
                    f"position {position:,}: {subject} is at version {version}, not {last[1] + 1}: {RESTORE}",
                )
            elif position < last[2]:
                self._on_damage(
                    "version", f"position {position:,}: {subject} was at version {last[1]} later: {RESTORE}"
                )
            last = (subject, version, position)
        return subjects

    def at_ids(self) -> None:
        query = "SELECT min(position), max(position) FROM events GROUP BY event_id HAVING count(event_id) > 1"
        for first, other in self._note(query):
            self._on_damage("id", f"positions {first:,} and {other:,} have the same event id: {RESTORE}")

    def at_relations(self, table: str) -> None:
        self._progress(f"Comparing {table}", 0, 0)
        for derived, row in side_by_side(self._note(_DERIVED[table]), self._of_their_kind(table), 2):
            if row is None and derived is not None:
                self._on_damage(table, f"{table} lacks {_said(table, derived)}: {RESTORE}")
            elif row is not None and derived is None and not self._note(_UNSURE[table], row).fetchone():
                self._on_damage(table, f"{table} has {_said(table, row)}, which no event gives: {RESTORE}")

    def _of_their_kind(self, table: str) -> Iterator[Row]:
        for row in rows_as_they_are(self._log, table):
            if is_of_its_kind(table, row):
                yield row
            else:
                self._on_damage(table, f"{table} has a damaged row {row!r}: {RESTORE}")


def _said(table: str, row: Row) -> str:
    match table, row:
        case "event_references", (bytes(target), position) if len(target) == 16:
            return f"position {position:,} as one that revises event {UUID(bytes=target)}"
        case "process_events", (process, int(position)):
            return f"position {position:,} in process {process}"
        case "subject_processes", (subject, process):
            return f"{subject} in process {process}"
        case _:
            return f"the row {row!r}"


def side_by_side(left: Iterable[Any], right: Iterable[Any], key: int) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows of two streams that are ordered by their first `key` columns: those with equal keys together."""
    lefts, rights = iter(left), iter(right)
    one, other = next(lefts, None), next(rights, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[:key] < other[:key]):
            yield one, None
            one = next(lefts, None)
        elif one is None or other[:key] < one[:key]:
            yield None, other
            other = next(rights, None)
        else:
            yield one, other
            one, other = next(lefts, None), next(rights, None)
