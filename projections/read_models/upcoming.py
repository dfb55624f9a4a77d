"""What is still to come: reports that the clock has not reached, and when it reaches them.

An actual report counts once the first moment that its date allows has passed. Until then it is held, and while it
depends on a zone whether that moment has passed, it is possible. The tables are right from the moment at which a batch
is applied until the next one that is kept here (`next_due`). Then a batch takes in what has come, with events or
without. A subject of which no report lies ahead costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, func, select

from domain.event import Event, Recorded
from domain.horizon import Horizon, Seen, may_be_upcoming, names_processes, seen_from
from domain.references import naming
from domain.values import EventId, Subject
from projections.read_models.change_set import Change, ChangeSet, ReadModel
from projections.read_models.membership import MEMBERSHIP
from projections.read_models.revisions import as_one, disputes_in_effect, reads, under
from projections.read_models.timeline import all_of
from projections.read_models.zone_reports import TELLING, zone_reports
from projections.storage.prepared import KEPT, fetch, first
from projections.storage.sql import Query, among, delete_where, listed, put, rows_where
from projections.storage.tables import GenerationTables, IndexDefinition, TableDefinition, Text, Transaction


class Reading(StrEnum):
    """How a report reads that the clock has not certainly reached."""

    HELD = "held"
    """It counts for nothing yet."""
    IDENTITY = "identity"
    """An opening that is held and lends its name."""
    POSSIBLE = "occurrence"
    """It has come in some zone, and not in another."""


UPCOMING = TableDefinition(
    "upcoming",
    Column("event_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("reading", Text, nullable=False),
    Column("opens", Boolean, nullable=False),
    Column("due", BigInteger, nullable=False),
    indexes=[IndexDefinition("subject", ("subject",)), IndexDefinition("due", ("due",))],
)
"""The reports in effect that the clock has not certainly reached, by the subject that stays, and the second, since
1970, from which each reads otherwise."""


@dataclass(frozen=True, slots=True)
class UpcomingReport:
    """A report that the clock has not certainly reached."""

    event: str
    subject: Subject
    reading: Reading
    opens: bool
    """Whether it is an opening."""
    due: int


# --- a batch


def apply(changes: ChangeSet) -> None:
    due = next_due(changes.transaction)
    affected = {
        change.after.subject
        for change in changes.changes
        if change.after is not None and may_be_upcoming(change.after, changes.now)
    }
    if due is None and not affected:
        return
    changes.any_ahead = True
    if due is not None:
        affected |= _touched(changes, due)
    changes.untimed = changes.changes
    rows: list[dict[str, Any]] = []
    by_id = {change.recorded.key: change for change in changes.changes}
    for subject in sorted(affected):
        rows += _take(changes, subject, by_id)
    changes.changes = sorted((c for c in by_id.values() if c.differs), key=lambda change: change.recorded.position)
    changes.retimed = frozenset(affected)
    put(changes.connection, changes.table(UPCOMING), rows)


def _touched(changes: ChangeSet, due: int) -> set[Subject]:
    """The subjects with reports ahead that the batch changes, whose zone it may change, or of which one has come."""
    table = changes.table(UPCOMING)
    columns = (table.c.subject,)
    connection = changes.connection
    if any(r.event.family == "processes" and r.type in TELLING for r in changes.events):
        kept = set(connection.execute(select(*columns)).scalars())
    else:
        changed = {event.subject for c in changes.changes for event in (c.before, c.after) if event is not None}
        changed |= changes.moved | {changes.stays_before.get(subject, subject) for subject in changes.moved}
        kept = {row.subject for row in rows_where(connection, columns, table.c.subject, changed)}
    if due <= changes.now:
        come = select(table.c.subject).where(table.c.due <= changes.now)
        kept |= set(connection.execute(come).scalars())
    # What came apart has its reports under the subject that stayed until now.
    apart = {subject for subject in changes.moved if changes.stays_before.get(subject, subject) in kept}
    return {changes.canonical(Subject(path)) for path in kept | apart}


def _take(changes: ChangeSet, subject: Subject, by_id: dict[str, Change]) -> list[dict[str, Any]]:
    """Reads all reports of a subject anew, by the clock of the batch; gives the rows of those that lie ahead."""
    log = all_of(changes.transaction, as_one(subject, changes.stays))
    seen = _seen(changes, log)
    table = changes.table(UPCOMING)
    ids = [recorded.key for recorded in log]
    stored = {row.event_id: row.reading for row in rows_where(changes.connection, table, table.c.event_id, ids)}
    delete_where(changes.connection, table.c.event_id, list(stored))
    inside = {event.key: naming(event, changes.stays) for event in seen.events.get(subject, ())}
    for recorded in log:
        if recorded.event.data.revises:
            continue
        change = by_id.get(recorded.key)
        before = change.before if change is not None else None
        if change is None and recorded.position < changes.first_position:
            standing = seen.standings[recorded.event.id].event
            before = naming(standing, changes.stays) if standing is not None else None
        before = by_clock(before, stored.get(recorded.key))
        by_id[recorded.key] = Change(recorded, before, inside.get(recorded.key))
    return [
        {
            "event_id": recorded.key,
            "subject": subject,
            "reading": _reading(seen, recorded),
            "opens": recorded.event.data.opens,
            "due": moment.first if recorded.event.id in seen.held else moment.last,
        }
        for recorded in log
        if (moment := seen.upcoming.get(recorded.event.id)) is not None
    ]


def _seen(changes: ChangeSet, log: Sequence[Recorded]) -> Seen:
    """The events of one subject by the clock of the batch, in the zones of its processes."""
    processes = {process for recorded in log for process in names_processes(recorded.event)}
    telling = zone_reports(changes.transaction, processes)
    whole = {recorded.position: recorded for recorded in (*log, *telling)}
    return seen_from(Horizon(now=changes.now), whole.values())


def _reading(seen: Seen, recorded: Recorded) -> Reading:
    if recorded.event.id not in seen.held:
        return Reading.POSSIBLE
    return Reading.IDENTITY if recorded.event.id in seen.possible else Reading.HELD


READ_MODEL = ReadModel((UPCOMING,), apply)


def by_clock(event: Event | None, reading: str | None) -> Event | None:
    """A report in effect as the clock lets it count; None: not yet, or not in effect."""
    if event is None or reading is None:
        return event
    return None if reading == Reading.HELD else event.as_possible()


def disputes_by_clock(changes: ChangeSet, subjects: Iterable[Subject]) -> dict[Subject, list[tuple[EventId, Event]]]:
    """The reports on subjects that stay which are disputed and not held, each with the dispute."""
    disputed = {s: disputes_in_effect(changes.transaction, as_one(s, changes.stays)) for s in subjects}
    ids = [str(event_id) for pairs in disputed.values() for event_id, _ in pairs]
    ahead = readings_of(changes.transaction, ids) if changes.any_ahead and ids else {}
    return {
        subject: [(i, under(dispute, changes.stays)) for i, dispute in pairs if ahead.get(str(i)) is not Reading.HELD]
        for subject, pairs in disputed.items()
    }


# --- queries


def reads_by_clock(
    transaction: Transaction, log: Sequence[Recorded], stays: Mapping[Subject, Subject]
) -> dict[str, Event | None]:
    """How events that are no revisions read now (`revisions.reads`), as far as the clock has reached them."""
    events = reads(transaction, log, stays)
    readings = readings_of(transaction, events)
    return {key: by_clock(event, readings.get(key)) for key, event in events.items()} if readings else events


def readings_of(transaction: Transaction, ids: Iterable[str]) -> dict[str, Reading]:
    """How those of some events read that the clock has not certainly reached, by id."""
    wanted = list(ids)
    if not wanted or next_due(transaction) is None:
        return {}
    table = transaction.table(UPCOMING)
    columns = (table.c.event_id, table.c.reading)
    rows = rows_where(transaction.connection, columns, table.c.event_id, wanted)
    return {event_id: Reading(reading) for event_id, reading in rows}


def next_due(transaction: Transaction) -> int | None:
    """The second, since 1970, from which the read models reflect the log no more, unless a batch is applied."""
    row = first(transaction.connection, _next_due(transaction.tables), {})
    return row.due if row is not None else None


@lru_cache(KEPT)
def _next_due(tables: GenerationTables) -> Query:
    return select(func.min(tables.table(UPCOMING).c.due).label("due"))


def upcoming_in(transaction: Transaction, ids: Sequence[str], without: Iterable[str]) -> list[UpcomingReport]:
    """The reports ahead on the subjects that were ever put into a process, the first to come first.

    Args:
        transaction: a snapshot.
        ids: of the process.
        without: subjects that turned out not to belong to it.
    """
    connection = transaction.connection
    left_out = set(without)
    rows = fetch(connection, _upcoming_in(connection.dialect.name, transaction.tables), listed(connection, ids))
    return [
        UpcomingReport(row.event_id, Subject(row.subject), Reading(row.reading), bool(row.opens), row.due)
        for row in rows
        if row.subject not in left_out
    ]


def upcoming_on(transaction: Transaction, subject: Subject) -> list[UpcomingReport]:
    """The reports ahead on a subject that stays, the first to come first."""
    table = transaction.table(UPCOMING)
    query = select(table).where(table.c.subject == subject).order_by(table.c.due, table.c.event_id)
    return [
        UpcomingReport(row.event_id, Subject(row.subject), Reading(row.reading), bool(row.opens), row.due)
        for row in transaction.connection.execute(query)
    ]


@lru_cache(KEPT)
def _upcoming_in(dialect: str, tables: GenerationTables) -> Query:
    upcoming, membership = tables.table(UPCOMING), tables.table(MEMBERSHIP)
    query = select(*(upcoming.c[name] for name in ("event_id", "subject", "reading", "opens", "due"))).distinct()
    query = query.join(membership, membership.c.subject == upcoming.c.subject)
    return query.where(among(dialect, membership.c.process)).order_by(upcoming.c.due, upcoming.c.event_id)
