"""What accumulates in a process: statements, figures, incidents, violations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, and_, bindparam, delete, select, tuple_

from domain.event import Event, Recorded
from domain.families import ROWS
from domain.general import StatementMade
from domain.values import Subject
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.membership import places_of
from projections.read_models.ordering import Order, display_order, order_columns, order_in
from projections.read_models.revisions import as_one
from projections.read_models.timeline import all_of
from projections.read_models.upcoming import reads_by_clock
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import Query, among, delete_keys, listed, put
from projections.storage.tables import GenerationTables, TableDefinition, Text, Transaction

ENTRIES = TableDefinition(
    "entries",
    Column("process", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    *order_columns(),
    Column("subject", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
)
"""What accumulates, of each process, in effect and in display order."""

# Asked of every event: to look up a type is many times faster than to ask whether it is one.
_ROWS = frozenset(ROWS)
STATEMENT = StatementMade.__name__


# --- a batch


def apply(changes: ChangeSet) -> None:
    table, connection = changes.table(ENTRIES), changes.connection
    gone = [event for event in changes.gone if accumulates(event)]
    come = [(recorded, event) for recorded, event in changes.come if accumulates(event)]
    places = places_of(changes, [event.subject for event in (*gone, *(e for _, e in come))])
    lost = [
        (process, event.type, *display_order(event))
        for event in gone
        for process in changes.left.get(event.subject) or places[event.subject].before
    ]
    delete_keys(connection, (table.c.process, table.c.type, *order_in(table)), lost)
    rows: list[dict[str, Any]] = []
    of_subject: dict[Subject, list[tuple[Recorded, Event]]] = defaultdict(list)
    for recorded, event in come:
        where = places[event.subject]
        rows += [_row(process, recorded, event) for process in sorted(where.before & where.after)]
        of_subject[event.subject].append((recorded, event))
    for subject, where in places.items():
        for process in where.before - where.after:
            theirs = and_(table.c.process == process, table.c.subject == subject)
            connection.execute(delete(table).where(theirs))
        new = sorted(where.after - where.before)
        if new:
            is_new = all(one in changes.first_seen for one in as_one(subject, changes.stays))
            whole = of_subject[subject] if is_new else _accumulated(changes, subject)
            rows += [_row(process, recorded, event) for process in new for recorded, event in whole]
    put(connection, table, rows)


def _accumulated(changes: ChangeSet, subject: Subject) -> list[tuple[Recorded, Event]]:
    """All that accumulates on a subject, as it reads now."""
    log = all_of(changes.transaction, as_one(subject, changes.stays))
    reports = [recorded for recorded in log if not recorded.event.data.revises]
    now = reads_by_clock(changes.transaction, reports, changes.stays)
    return [(r, event) for r in reports if (event := now[r.key]) is not None and accumulates(event)]


def _row(process: str, recorded: Recorded, event: Event) -> dict[str, Any]:
    earliest, latest, step, event_id = display_order(event)
    return {
        "process": process,
        "type": event.type,
        "earliest": earliest,
        "latest": latest,
        "step": step,
        "event_id": event_id,
        "subject": event.subject,
        "position": recorded.position,
    }


READ_MODEL = ReadModel((ENTRIES,), apply)


# --- in memory


def accumulates(event: Event) -> bool:
    """Whether the event is kept as a row, rather than folded."""
    return type(event.data) in _ROWS


def last_statements_in(events: Iterable[Event], most: int) -> list[str]:
    """The ids of the last statements among events in effect, newest first."""
    statements = [event for event in events if type(event.data) is StatementMade]
    return [str(event.id) for event in sorted(statements, key=display_order, reverse=True)[:most]]


# --- queries


def page(
    transaction: Transaction, ids: Sequence[str], names: Sequence[str], last: Order | None, limit: int | None
) -> list[Order]:
    """The places of what accumulates in a process, newest first.

    Args:
        transaction: a snapshot.
        ids: of the process.
        names: of the types of events.
        last: only what comes after this place; None: from the beginning.
        limit: so many at most; None: all.
    """
    table = transaction.table(ENTRIES)
    key = order_in(table)
    query = select(*key).distinct().where(table.c.process.in_(ids), table.c.type.in_(names))
    query = query.order_by(*(column.desc() for column in key))
    if limit is not None:
        query = query.limit(limit)
    if last is not None:
        query = query.where(tuple_(*key) < last)
    return [(row[0], row[1], row[2], row[3]) for row in transaction.connection.execute(query)]


def last_statements(transaction: Transaction, ids: Sequence[str], most: int) -> list[str]:
    """The ids of the last statements in a process, newest first."""
    connection = transaction.connection
    query = _last_statements(connection.dialect.name, transaction.tables)
    return [row.event_id for row in fetch(connection, query, {**listed(connection, ids), "most": most})]


@lru_cache(KEPT)
def _last_statements(dialect: str, tables: GenerationTables) -> Query:
    table = tables.table(ENTRIES)
    key = order_in(table)
    query = select(*key).distinct().where(among(dialect, table.c.process), table.c.type == STATEMENT)
    return query.order_by(*(column.desc() for column in key)).limit(bindparam("most", type_=Integer))
