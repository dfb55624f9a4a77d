"""The events of each process as they were recorded, by when they occurred; those of one date as they were recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, Integer, bindparam, case, func, or_, select, tuple_

from domain import revisions
from domain.event import Event, Recorded
from domain.values import Subject
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.ordering import display_order
from projections.read_models.revisions import target_of
from projections.read_models.timeline import TIMELINE, all_of, recorded_by_id
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import Query, among, listed, put
from projections.storage.tables import GenerationTables, IndexDefinition, TableDefinition, Text, Transaction

Order = tuple[int, int, int, int]
"""Earliest and latest second of the occurrence, step (of an opening -1), position."""
ORDER = ("earliest", "latest", "step", "position")
"""The names of the columns."""

PROCESS_TIMELINE = TableDefinition(
    "process_timeline",
    Column("process", Text, primary_key=True),
    *(Column(name, BigInteger, primary_key=True, autoincrement=False, nullable=False) for name in ORDER),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("told", BigInteger, nullable=False),
    Column("undated", Boolean, nullable=False),
    indexes=[IndexDefinition("position", ("process", "position"))],
)
"""The events of each process as they were recorded, in the order of its history; with the last second of all dates that
each gives, of what occurred and of its sources (`told`), and whether one of its sources has no date."""

REVISING = tuple(revision.__name__ for revision in revisions.EVENTS)
"""The types of events that revise others."""
REVISION_STEP = 1000
"""Puts a revision after all events of its target's date."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    """A process that is named later gets the earlier events of the subject, too."""
    of_subject: dict[Subject, list[Recorded]] = defaultdict(list)
    for recorded in changes.events:
        of_subject[recorded.subject].append(recorded)
    targets = _targets(changes.transaction, changes.events)
    rows = []
    revised: dict[str, Event] = {}
    for subject, theirs in of_subject.items():
        known = changes.processes[subject].difference(changes.new_processes.get(subject, ()))
        rows += [_row(process, recorded, targets, revised) for process in sorted(known) for recorded in theirs]
    for subject, new in changes.new_processes.items():
        in_batch = of_subject[subject]
        whole = in_batch if in_batch and in_batch[0].version == 1 else all_of(changes.transaction, [subject])
        their_targets = _targets(changes.transaction, whole)
        of_theirs: dict[str, Event] = {}
        rows += [_row(process, recorded, their_targets, of_theirs) for process in new for recorded in whole]
    put(changes.connection, changes.table(PROCESS_TIMELINE), rows)


def _targets(transaction: Transaction, events: Sequence[Recorded]) -> dict[str, Event]:
    """The events that revisions are about, and those that these are about, by id."""
    targets: dict[str, Event] = {}
    revisions = [recorded.event for recorded in events if recorded.event.data.revises]
    wanted = {target for event in revisions if (target := target_of(event)) is not None}
    while wanted:
        known = recorded_by_id(transaction, wanted)
        targets |= {recorded.key: recorded.event for recorded in known}
        wanted = {deeper for r in known if (deeper := target_of(r.event)) is not None} - set(targets)
    return targets


def _row(process: str, recorded: Recorded, targets: Mapping[str, Event], revised: dict[str, Event]) -> dict[str, Any]:
    earliest, latest, step, position = timeline_order(recorded, targets, revised)
    published = [source.published for source in recorded.event.sources]
    told = recorded.event.span.latest
    for date in published:
        if date is not None and date.span.latest > told:
            told = date.span.latest
    return {
        "process": process,
        "earliest": earliest,
        "latest": latest,
        "step": step,
        "position": position,
        "event_id": recorded.key,
        "type": recorded.type,
        "subject": recorded.subject,
        "told": told,
        "undated": None in published,
    }


READ_MODEL = ReadModel((PROCESS_TIMELINE,), apply)


# --- in memory


def timeline_order(recorded: Recorded, known: Mapping[str, Event], revised: dict[str, Event] | None = None) -> Order:
    """The place of an event in a history. A revision stands after the event it revises, before what occurred later.

    Args:
        recorded: the event.
        known: the events that revisions are about, by id. Targets stand earlier in the log, so a chain of them ends.
        revised: what revisions turned out to be about in the end, by id, if many are asked for; it is added to.
    """
    event = recorded.event
    if event.data.revises:
        event = _revised(event, known, {} if revised is None else revised)
    if event.data.revises:
        moment = int(recorded.recorded_at.timestamp())
        return (moment, moment, event.data.step, recorded.position)
    earliest, latest, step, _ = display_order(event)
    return (earliest, latest, step + (REVISION_STEP if event is not recorded.event else 0), recorded.position)


def _revised(event: Event, known: Mapping[str, Event], revised: dict[str, Event]) -> Event:
    """What a revision is about in the end: no revision, unless that is not known."""
    passed: list[str] = []
    while True:
        if (end := revised.get(event.key)) is not None:
            event = end
            break
        target = target_of(event)
        if target is None or target not in known:
            break
        passed.append(event.key)
        event = known[target]
    revised |= dict.fromkeys(passed, event)
    return event


# --- queries


def page(
    transaction: Transaction,
    ids: Sequence[str],
    last: Order | None,
    limit: int,
    *,
    newest_first: bool,
    without: Sequence[str] = (),
) -> list[tuple[Order, str]]:
    """The places of events in the history of a process, each with the id.

    Args:
        transaction: a snapshot.
        ids: of the process.
        last: only what comes after this place; None: from the beginning.
        limit: so many at most.
        newest_first: the other way round.
        without: subjects that are left out, since they turned out not to belong to it.
    """
    table = transaction.table(PROCESS_TIMELINE)
    key = [table.c[name] for name in ORDER]
    query = select(*key, table.c.event_id).distinct().where(table.c.process.in_(ids)).limit(limit)
    query = query.order_by(*(column.desc() if newest_first else column for column in key))
    if without:
        query = query.where(_not_of(transaction, without))
    if last is not None:
        mark = tuple_(*key)
        query = query.where(mark < last if newest_first else mark > last)
    return [((row[0], row[1], row[2], row[3]), row.event_id) for row in transaction.connection.execute(query)]


def _not_of(transaction: Transaction, subjects: Sequence[str]) -> ColumnElement[bool]:
    """The rows of events that are not of these subjects."""
    table, timeline = transaction.table(PROCESS_TIMELINE), transaction.table(TIMELINE)
    return table.c.position.not_in(select(timeline.c.position).where(timeline.c.subject.in_(list(subjects))))


def recorded_after(
    transaction: Transaction, ids: Sequence[str], position: int, most: int, without: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """The events of a process that were recorded after a position, so many at most: the id and the type of each."""
    table = transaction.table(PROCESS_TIMELINE)
    query = select(table.c.event_id, table.c.type, table.c.position).distinct()
    query = query.where(table.c.process.in_(list(ids)), table.c.position > position).order_by(table.c.position)
    if without:
        query = query.where(_not_of(transaction, without))
    return [(row.event_id, row.type) for row in transaction.connection.execute(query.limit(most))]


def newest(transaction: Transaction, ids: Sequence[str], most: int, without: Sequence[str] = ()) -> list[str]:
    """The ids of the events of a process that were recorded last, newest first, without those of some subjects."""
    connection = transaction.connection
    query = _newest(connection.dialect.name, transaction.tables)
    wanted = {**listed(connection, ids), "most": most}
    if without:
        return list(connection.execute(query.where(_not_of(transaction, without)), wanted).scalars())
    return [row.event_id for row in fetch(connection, query, wanted)]


@lru_cache(KEPT)
def _newest(dialect: str, tables: GenerationTables) -> Query:
    table = tables.table(PROCESS_TIMELINE)
    query = select(table.c.event_id, table.c.position).distinct().where(among(dialect, table.c.process))
    return query.order_by(table.c.position.desc()).limit(bindparam("most", type_=Integer))


@dataclass(frozen=True, slots=True)
class Extent:
    """Between what bounds all events of a subject lie, as they were recorded; seconds are those since 1970."""

    subject: Subject
    first: int
    """The position of the first one."""
    last: int
    earliest: int
    """The first second at which any of them may have occurred."""
    begun: int
    """The last second at which any of them may have begun."""
    told: int
    """The last second of all the dates that they give."""
    undated: bool
    """Whether the source of any of them has no date."""
    revised: bool
    """Whether any of them revises another."""
    number: int


def extents(transaction: Transaction, process: str) -> list[Extent]:
    """The bounds of the events of each subject that was ever put into a process, in no order."""
    rows = fetch(transaction.connection, _extents(transaction.tables), {"process": process})
    return [
        Extent(Subject(path), first, last, earliest, begun, told, undated > 0, revised > 0, number)
        for path, first, last, earliest, begun, told, undated, revised, number in rows
    ]


@lru_cache(KEPT)
def _extents(tables: GenerationTables) -> Query:
    table = tables.table(PROCESS_TIMELINE)
    c = table.c
    revising = or_(*(c.type == name for name in REVISING))
    bounds = (func.min(c.position), func.max(c.position), func.min(c.earliest), func.max(c.earliest), func.max(c.told))
    flags = (func.max(case((c.undated, 1), else_=0)), func.max(case((revising, 1), else_=0)))
    query = select(c.subject, *bounds, *flags, func.count()).group_by(c.subject)
    return query.where(c.process == bindparam("process", type_=Text))


def newest_on(transaction: Transaction, process: str, subjects: Sequence[str], most: int) -> list[tuple[int, str]]:
    """The positions and ids of the events on a few subjects of a process that were recorded last, newest first."""
    table = transaction.table(PROCESS_TIMELINE)
    query = select(table.c.position, table.c.event_id).where(table.c.process == process)
    query = query.where(table.c.subject.in_(subjects)).order_by(table.c.position.desc()).limit(most)
    return [(row.position, row.event_id) for row in transaction.connection.execute(query)]
