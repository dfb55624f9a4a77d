"""Ids in other registers: what carries which, in effect; and what was ever said to carry it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import Boolean, Column, select, tuple_

from domain.codings import ForeignId
from domain.event import Event, Payload, Recorded
from domain.findings.reports import ForeignKey, Holders
from domain.revisions import EventCorrected
from domain.values import IN_NO_PROCESS, EventId, Subject
from domain.vocabulary import PAYLOADS, replaced
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.revisions import ever_unified
from projections.read_models.timeline import all_of
from projections.storage.sql import Clash, delete_keys, put, rows_where, rows_where_pairs
from projections.storage.tables import IndexDefinition, TableDefinition, Text, Transaction

FOREIGN_IDS = TableDefinition(
    "foreign_ids",
    Column("scheme", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("opens", Boolean, nullable=False),
    indexes=[IndexDefinition("subject", ("subject",))],
)
"""What carries an id of another register, by reports in effect: the subject itself (`opens`), or the event."""

EVER_IDENTIFIED = TableDefinition(
    "ever_identified",
    Column("scheme", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
)
"""What any report, or a correction of one, ever put under an id of another register."""

# Asked of every event: to look up a type is many times faster than to ask it for a field.
_WITH_IDS: frozenset[type[Payload]] = frozenset(p for p in PAYLOADS.values() if "ids" in p.model_fields)


# --- a batch


def apply(changes: ChangeSet) -> None:
    gone = [(*one.key, event.subject, event.key) for event in changes.gone for one in ids_in(event)]
    come = [(one, event) for _, event in changes.come if carries_ids(event) for one in ids_in(event)]
    if gone:
        table = changes.table(FOREIGN_IDS)
        delete_keys(changes.connection, (table.c.scheme, table.c.id, table.c.subject, table.c.event_id), gone)
    if come:
        rows = {
            (*one.key, event.subject, event.key): {
                "scheme": one.scheme,
                "id": one.id,
                "subject": event.subject,
                "event_id": event.key,
                "opens": event.data.opens,
            }
            for one, event in come
        }
        put(changes.connection, changes.table(FOREIGN_IDS), list(rows.values()))
    ever = {(*one.key, recorded.subject) for recorded in changes.events for one in ever_in(recorded.event)}
    rows_ever = [{"scheme": scheme, "id": number, "subject": subject} for scheme, number, subject in sorted(ever)]
    put(changes.connection, changes.table(EVER_IDENTIFIED), rows_ever, Clash(("scheme", "id", "subject"), stays=True))


READ_MODEL = ReadModel((FOREIGN_IDS, EVER_IDENTIFIED), apply)


# --- in memory


def carries_ids(event: Event) -> bool:
    """Whether an event says what carries an id; an opening that is only possible does not."""
    return not (event.possible and event.data.opens)


def ids_in(event: Event) -> Sequence[ForeignId]:
    """The ids in other registers that a report gives."""
    data = event.data
    return getattr(data, "ids", ()) if type(data) in _WITH_IDS else ()


def ever_in(event: Event) -> Sequence[ForeignId]:
    """The ids that an event gives, itself or as a correction of another."""
    data = event.data
    if type(data) is EventCorrected:
        said = data.replacement.get("data")
        return ids_in(replaced(event, data)) if isinstance(said, dict) and said.get("ids") else ()
    return ids_in(event)


def holders_in(events: Iterable[Event]) -> dict[ForeignKey, Holders]:
    """The subjects that carry ids, by id, each with the openings in effect that say so."""
    holders: defaultdict[ForeignKey, dict[Subject, list[EventId]]] = defaultdict(dict)
    for event in events:
        if event.data.opens and carries_ids(event):
            for one in ids_in(event):
                holders[one.key].setdefault(event.subject, []).append(event.id)
    return dict(holders)


# --- queries


def ids_changed(changes: ChangeSet) -> tuple[set[Subject], set[ForeignKey]]:
    """The subjects of which a batch changes what ids they carry, and these ids; nothing if no opening names one."""
    subjects: set[Subject] = set()
    keys: set[ForeignKey] = set()
    for event in (*changes.gone, *(event for _, event in changes.come)):
        if event.data.opens and (ids := ids_in(event)):
            subjects.add(event.subject)
            keys.update(one.key for one in ids)
    return subjects, keys


def holders_of(transaction: Transaction, keys: Iterable[ForeignKey]) -> dict[ForeignKey, Holders]:
    """The subjects that carry these ids, each with the openings in effect that say so."""
    table = transaction.table(FOREIGN_IDS)
    holders: defaultdict[ForeignKey, dict[Subject, list[EventId]]] = defaultdict(dict)
    pair = (table.c.scheme, table.c.id)
    for scheme, number, subject, event_id, opens in rows_where_pairs(transaction.connection, table, pair, keys):
        if opens:
            holders[scheme, number].setdefault(Subject(subject), []).append(EventId(UUID(event_id)))
    return dict(holders)


def keys_of(transaction: Transaction, subjects: Iterable[Subject]) -> set[ForeignKey]:
    """The ids that subjects themselves carry."""
    table = transaction.table(FOREIGN_IDS)
    columns = (table.c.scheme, table.c.id, table.c.opens)
    rows = rows_where(transaction.connection, columns, table.c.subject, subjects)
    return {(scheme, number) for scheme, number, opens in rows if opens}


def with_namesakes(transaction: Transaction, subjects: Iterable[Subject]) -> set[Subject]:
    """Those of some subjects that carry an id under which another one was ever put."""
    table, ever = transaction.table(FOREIGN_IDS), transaction.table(EVER_IDENTIFIED)
    columns = (table.c.scheme, table.c.id, table.c.subject)
    carried = [tuple(row) for row in rows_where(transaction.connection, columns, table.c.subject, subjects)]
    if not carried:
        return set()
    named: defaultdict[ForeignKey, set[str]] = defaultdict(set)
    keys = {(scheme, number) for scheme, number, _ in carried}
    for row in rows_where_pairs(transaction.connection, ever, (ever.c.scheme, ever.c.id), keys):
        named[row.scheme, row.id].add(row.subject)
    return {Subject(path) for scheme, number, path in carried if named[scheme, number] - {path}}


def carrying(
    transaction: Transaction, scheme: str, number: str | None, after: tuple[str, str, str] | None, limit: int
) -> list[tuple[str, Subject, str, bool]]:
    """What carries an id of a register, or any of it (None): id, subject, event, and whether it is the subject's own.

    Args:
        transaction: a snapshot.
        scheme: the register.
        number: the id there.
        after: only what comes after this id, subject and event; None: from the beginning.
        limit: so many at most.
    """
    table = transaction.table(FOREIGN_IDS)
    order = (table.c.id, table.c.subject, table.c.event_id)
    query = select(*order, table.c.opens).where(table.c.scheme == scheme).order_by(*order).limit(limit)
    if number is not None:
        query = query.where(table.c.id == number)
    if after is not None:
        query = query.where(tuple_(*order) > after)
    return [(row[0], Subject(row[1]), row[2], row[3]) for row in transaction.connection.execute(query)]


def schemes(transaction: Transaction) -> list[str]:
    """The registers of which something carries an id."""
    table = transaction.table(FOREIGN_IDS)
    return list(transaction.connection.scalars(select(table.c.scheme).distinct().order_by(table.c.scheme)))


def numbers(transaction: Transaction, scheme: str, limit: int) -> list[str]:
    """Ids of a register that something carries, so many at most."""
    column = transaction.table(FOREIGN_IDS).c.id
    within = transaction.table(FOREIGN_IDS).c.scheme == scheme
    return list(transaction.connection.scalars(select(column).distinct().where(within).order_by(column).limit(limit)))


def ever_identified(
    transaction: Transaction, scheme: str, number: str | None, first: str | None
) -> Iterator[tuple[str, Subject]]:
    """What was ever put under an id of a register (None: under any of it), by id, from this id on."""
    table = transaction.table(EVER_IDENTIFIED)
    order = (table.c.id, table.c.subject)
    query = select(*order).where(table.c.scheme == scheme).order_by(*order)
    if number is not None:
        query = query.where(table.c.id == number)
    if first is not None:
        query = query.where(table.c.id >= first)
    for row in transaction.connection.execute(query):
        yield row.id, Subject(row.subject)


def events_of_namesakes(transaction: Transaction, log: Iterable[Recorded]) -> list[Recorded]:
    """All events of the subjects, others than those of a log, that were ever put under an id that these were."""
    events = list(log)
    wanted = {s for s in ever_under_ids_of(transaction, events) if s.partition("/")[0] not in IN_NO_PROCESS}
    return all_of(transaction, wanted - {recorded.subject for recorded in events}) if wanted else []


def ever_under_ids_of(transaction: Transaction, log: Iterable[Recorded]) -> set[Subject]:
    """The subjects that were ever put under an id that those of a log were, with all these were ever joined with."""
    keys = {one.key for recorded in log for one in ever_in(recorded.event)}
    if not keys:
        return set()
    table = transaction.table(EVER_IDENTIFIED)
    named = rows_where_pairs(transaction.connection, table, (table.c.scheme, table.c.id), keys)
    together = ever_unified(transaction)
    return {other for _, _, path in named for other in together.get(Subject(path), (Subject(path),))}
