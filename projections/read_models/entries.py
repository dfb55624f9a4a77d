"""What accumulates in a process: statements, figures, incidents, violations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, and_, bindparam, delete, distinct, func, or_, select, tuple_

from domain.agreement_events import ViolationReported
from domain.event import Event, Recorded
from domain.families import ROWS
from domain.general import IncidentReported, StatementMade
from domain.values import HarmCategory, Subject
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
    Column("gravity", BigInteger, nullable=False),
)
"""What accumulates, of each process, in effect and in display order."""

# Asked of every event: to look up a type is many times faster than to ask whether it is one.
_ROWS = frozenset(ROWS)
STATEMENT = StatementMade.__name__
ACTS = (IncidentReported.__name__, ViolationReported.__name__)
"""What happened at one place and time, and may have done harm."""
ACTS_SHOWN = 10
"""Incidents and violations that a snapshot names: so many of the gravest, and so many of the newest."""
_MOST = 10**9
"""Where numbers of those harmed are cut off, for the order alone."""


Act = tuple[int, int, int, str, int]
"""The place of an act in display order, and its gravity."""


@dataclass(frozen=True, slots=True)
class Acts:
    """The incidents and violations of a process that its status is about."""

    ids: tuple[str, ...] = ()
    """Of the gravest ones by their own reports, and of the newest, newest first."""
    total: int = 0
    """How many there are."""


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
        "gravity": gravity(event),
    }


READ_MODEL = ReadModel((ENTRIES,), apply)


# --- in memory


def accumulates(event: Event) -> bool:
    """Whether the event is kept as a row, rather than folded."""
    return type(event.data) in _ROWS


def gravity(event: Event) -> int:
    """How grave an act is by its own report, for the order alone: the killed count first, then others who suffered.

    Of several numbers the largest counts, at its least: they may overlap, and are never added up.
    """
    data = event.data
    if not isinstance(data, IncidentReported | ViolationReported):
        return 0
    killed = others = 0
    for harm in data.harm:
        number = min(int(harm.quantity.range[0]), _MOST)
        if harm.category is HarmCategory.KILLED:
            killed = max(killed, number)
        elif harm.category is not HarmCategory.PROPERTY:
            others = max(others, number)
    return killed * (_MOST + 1) + others


def acts_in(events: Iterable[Event], further: Iterable[Act] = ()) -> Acts:
    """The gravest and the newest acts among events in effect, and others."""
    acts = [(*display_order(event), gravity(event)) for event in events if event.type in ACTS]
    acts += further
    gravest = sorted((act for act in acts if act[-1]), key=lambda act: (act[-1], *act[:-1]), reverse=True)
    newest = sorted(acts, reverse=True)
    return _acts([act[:-1] for act in (*gravest[:ACTS_SHOWN], *newest[:ACTS_SHOWN])], len(acts))


def _acts(orders: Iterable[Order], total: int) -> Acts:
    return Acts(tuple(order[-1] for order in sorted(set(orders), reverse=True)), total)


def last_statements_in(events: Iterable[Event], most: int, further: Iterable[Order] = ()) -> list[str]:
    """The ids of the last statements among events in effect, and others, newest first."""
    statements = [display_order(event) for event in events if type(event.data) is StatementMade]
    return [order[-1] for order in sorted((*statements, *further), reverse=True)[:most]]


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


def acts_on(transaction: Transaction, process: str, subjects: Container[str]) -> list[Act]:
    """The acts of a process on some of its subjects, in no order."""
    rows = fetch(transaction.connection, _accumulated_in(transaction.tables, ACTS), {"process": process})
    return [(row[0], row[1], row[2], row[3], row.gravity) for row in rows if row.subject in subjects]


def statements_on(transaction: Transaction, process: str, subjects: Container[str]) -> list[Order]:
    """The places of the statements in a process on some of its subjects, in no order."""
    rows = fetch(transaction.connection, _accumulated_in(transaction.tables, (STATEMENT,)), {"process": process})
    return [(row[0], row[1], row[2], row[3]) for row in rows if row.subject in subjects]


@lru_cache(KEPT)
def _accumulated_in(tables: GenerationTables, names: tuple[str, ...]) -> Query:
    table = tables.table(ENTRIES)
    query = select(*order_in(table), table.c.subject, table.c.gravity)
    query = query.where(table.c.process == bindparam("process", type_=Text))
    return query.where(or_(*(table.c.type == name for name in names)))


def acts_of(transaction: Transaction, ids: Sequence[str]) -> Acts:
    """The gravest and the newest acts of a process."""
    connection = transaction.connection
    gravest, newest, number = _acts_of(connection.dialect.name, transaction.tables)
    ours = {**listed(connection, ids), "most": ACTS_SHOWN}
    rows = [*fetch(connection, gravest, ours), *fetch(connection, newest, ours)]
    orders: list[Order] = [(row[0], row[1], row[2], row[3]) for row in rows]
    return _acts(orders, fetch(connection, number, listed(connection, ids))[0][0])


@lru_cache(KEPT)
def _acts_of(dialect: str, tables: GenerationTables) -> tuple[Query, Query, Query]:
    table = tables.table(ENTRIES)
    key = order_in(table)
    ours = and_(among(dialect, table.c.process), or_(*(table.c.type == name for name in ACTS)))
    latest = [column.desc() for column in key]
    most = bindparam("most", type_=Integer)
    every = select(*key, table.c.gravity).distinct().where(ours)
    gravest = every.where(table.c.gravity > 0).order_by(table.c.gravity.desc(), *latest).limit(most)
    number = select(func.count(distinct(table.c.event_id))).where(ours)
    return gravest, every.order_by(*latest).limit(most), number
