"""Which streams are one subject: what a conditional append is held against, and what its answer tells.

The log keeps no table of that: unifications are rare, and found by their type. Those that were read are remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from eventsourcing.persistence import Notification

from domain.event import Recorded, Unreadable
from domain.joint_versions import JointVersion, added_up, components, joined_now
from domain.revisions import EventRetracted, SubjectUnified
from domain.values import Subject
from ledger.mapper import Entry
from ledger.recorder import SELECT_EVENTS, notifications

Run = Callable[[str, Sequence[Any]], list[Any]]
"""Gives the rows of a query, under the lock."""
UNIFIED, RETRACTED = SubjectUnified.__name__, EventRetracted.__name__


class JoinedStreams:
    """The streams that were ever said to be one, as far as the log has been read; used under its lock.

    Args:
        read: an event as it is stored, read into the domain.
    """

    def __init__(self, read: Callable[[Notification], Recorded | Unreadable]) -> None:
        self._read = read
        self._until = 0
        self._pairs: list[tuple[Subject, Subject]] = []
        self._together: dict[Subject, frozenset[Subject]] = {}

    def catch_up(self, run: Run, head: int) -> None:
        """Reads the unifications up to the end of the log."""
        if self._until < head:
            where = "e.topic = ? AND e.{position} > ?"
            self._add(self._recorded(run, where, (UNIFIED, self._until)))
            self._until = head

    def pass_by(self, head: int, entries: Sequence[Entry]) -> None:
        """Takes note of what was recorded after a position that was the end of the log: often nothing of interest."""
        if self._until == head and not any(isinstance(e.draft.event.data, SubjectUnified) for e in entries):
            self._until = head + len(entries)

    def version(
        self,
        run: Run,
        subject: Subject,
        before: Mapping[str, int],
        versions: Mapping[str, int],
        revisions: Sequence[tuple[int, Entry]],
    ) -> JointVersion:
        """The version of a subject.

        Args:
            run: asks the database.
            subject: by path.
            before: of single streams, as they are recorded; those that are missing are looked up.
            versions: of single streams, with what is about to be recorded.
            revisions: those that are about to be recorded, each with its position.
        """
        coming = [_as_recorded(entry, position) for position, entry in revisions]
        new = [(r.subject, r.event.data.into) for r in coming if isinstance(r.event.data, SubjectUnified)]
        together = components([*self._pairs, *new]) if new else self._together
        streams = sorted(together.get(subject, ()))
        if not streams:
            return JointVersion(versions.get(subject) or before.get(subject, 0))
        places = ", ".join("?" * len(streams))
        where = f"e.originator_id IN ({places}) AND e.topic IN (?, ?)"
        known = self._recorded(run, where, (*streams, UNIFIED, RETRACTED))
        joined, joined_at = joined_now(subject, [*known, *(r for r in coming if r.subject in streams)])
        counted = run(
            "SELECT originator_id, MAX(originator_version) FROM stored_events "  # noqa: S608  places are marks only
            f"WHERE originator_id IN ({places}) GROUP BY originator_id",
            streams,
        )
        return JointVersion(added_up(joined, {**dict(counted), **before, **versions}), joined_at)

    def _recorded(self, run: Run, where: str, values: Sequence[Any]) -> list[Recorded]:
        rows = run(f"{SELECT_EVENTS} FROM stored_events e WHERE {where}", values)
        return [r for r in map(self._read, notifications(rows)) if isinstance(r, Recorded)]

    def _add(self, unifications: Iterable[Recorded]) -> None:
        pairs = [(r.subject, r.event.data.into) for r in unifications if isinstance(r.event.data, SubjectUnified)]
        if pairs:
            self._pairs += pairs
            self._together = components(self._pairs)


def _as_recorded(entry: Entry, position: int) -> Recorded:
    event = entry.draft.event
    return Recorded(event, position, entry.version, entry.recorded_at, entry.recorded_by, event.data.schema_version)
