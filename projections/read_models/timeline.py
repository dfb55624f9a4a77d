"""Every event once, as it was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import BigInteger, Column, Integer, bindparam, func, select

from domain.event import Event, Recorded, instant
from domain.families import OPENINGS
from domain.values import Source, Subject
from domain.vocabulary import PAYLOADS, model_of
from projections.paging import fitting
from projections.patience import go_on
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.storage.checked_text import CheckedText
from projections.storage.prepared import KEPT, first
from projections.storage.sql import Query, chunks, put, rows_where
from projections.storage.tables import GenerationTables, IndexDefinition, TableDefinition, Text, Transaction

TIMELINE = TableDefinition(
    "timeline",
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("event", CheckedText, nullable=False),
    indexes=[
        IndexDefinition("event_id", ("event_id",), unique=True),
        IndexDefinition("subject", ("subject", "position")),
    ],
    with_rowid=True,
)
"""What each event says and what the log added."""


READ_EVENTS = 2_000
"""Events that are kept as they were read last, some 10 kB each: what one answer rests on, the next one does, too."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    rows = [
        {
            "position": recorded.position,
            "event_id": recorded.key,
            "subject": recorded.subject,
            "type": recorded.type,
            "version": recorded.version,
            "recorded_at": instant(recorded.recorded_at),
            "recorded_by": recorded.recorded_by,
            "event": recorded.text or recorded.event.model_dump_json(exclude_unset=True),
        }
        for recorded in changes.events
    ]
    put(changes.connection, changes.table(TIMELINE), rows)


READ_MODEL = ReadModel((TIMELINE,), apply)


# --- queries


_HELD: WeakValueDictionary[bytes, Event] = WeakValueDictionary()
"""The events that anybody holds now, by a digest of what they say: two questions about one process hold one of each."""


@lru_cache(READ_EVENTS)
def event_of(name: str, text: str) -> Event:
    """An event of this type from its text. It may be given again: nothing changes an event."""
    digest = blake2b(text.encode(), digest_size=16, key=name.encode()).digest()
    event = _HELD.get(digest)
    if event is None:
        event = _HELD[digest] = model_of(name).model_validate_json(text)
    return event


def recorded_of(row: Any) -> Recorded:
    """A row of the timeline as the event it keeps.

    Raises:
        TookTooLong: nobody waits for it any more.
    """
    go_on()
    return Recorded(
        event=event_of(row.type, row.event),
        position=row.position,
        version=row.version,
        recorded_at=datetime.fromisoformat(row.recorded_at),
        recorded_by=row.recorded_by,
        schema=PAYLOADS[row.type].schema_version,  # it was brought up to date when it was read from the log
    )


def recorded_by_id(transaction: Transaction, ids: Iterable[str]) -> list[Recorded]:
    """Events by their ids, as they were recorded, in no order. Unknown ids are left out."""
    table = transaction.table(TIMELINE)
    return [recorded_of(row) for row in rows_where(transaction.connection, table, table.c.event_id, ids)]


def all_of(transaction: Transaction, subjects: Iterable[str]) -> list[Recorded]:
    """All events of subjects, as they were recorded, in log order."""
    table = transaction.table(TIMELINE)
    events = [recorded_of(row) for row in rows_where(transaction.connection, table, table.c.subject, subjects)]
    return sorted(events, key=lambda recorded: recorded.position)


def each_of(transaction: Transaction, subjects: Iterable[str]) -> Iterator[Recorded]:
    """All events of subjects, as they were recorded, in no order: one after the other, for whoever holds very many."""
    table, sharing = transaction.table(TIMELINE), Sharing()
    for some in chunks(sorted(set(subjects))):
        rows = transaction.connection.execute(select(table).where(table.c.subject.in_(some)))
        yield from (sharing.among(recorded_of(row)) for row in rows)


class Sharing:
    """Lets events that are held together hold one of each of their sources, and of the sets of fields that were sent:
    these are half of what an event takes."""

    def __init__(self) -> None:
        self._fields: dict[frozenset[str], set[str]] = {}
        self._sources: dict[tuple[Source, frozenset[str]], Source] = {}

    def among(self, recorded: Recorded) -> Recorded:
        """The same event; what it holds equals what it held."""
        event = recorded.event
        for value in (event, event.data):
            object.__setattr__(value, "__pydantic_fields_set__", self._one_of(value.model_fields_set))
        event.__dict__["sources"] = tuple(self._source(source) for source in event.sources)
        return recorded

    def _source(self, source: Source) -> Source:
        sent = source.model_fields_set
        return self._sources.setdefault((source, frozenset(sent)), source)

    def _one_of(self, sent: set[str]) -> set[str]:
        return self._fields.setdefault(frozenset(sent), sent)


def opened_by(transaction: Transaction, family: str, position: int | None) -> list[Subject]:
    """The subjects of a family that were ever opened by a position of the log (None: at all), in the order of their
    paths; those that gave way are among them."""
    table = transaction.table(TIMELINE)
    query = select(table.c.subject).distinct().where(table.c.type == OPENINGS[family].__name__)
    query = query.where(table.c.subject > f"{family}/", table.c.subject < f"{family}0")  # 0 comes after the slash
    if position is not None:
        query = query.where(table.c.position <= position)
    return [Subject(path) for path in transaction.connection.execute(query.order_by(table.c.subject)).scalars()]


def events_at(transaction: Transaction, positions: Sequence[int]) -> list[Recorded]:
    """Events by position, in the order asked for."""
    table = transaction.table(TIMELINE)
    by_position: dict[int, Recorded] = {}
    for some in chunks(positions):
        rows = transaction.connection.execute(select(table).where(table.c.position.in_(some)))
        by_position |= {row.position: recorded_of(row) for row in rows}
    return [by_position[position] for position in positions if position in by_position]


def number_that_fit(transaction: Transaction, ids: Sequence[str]) -> int:
    """How many of these events, in this order, fit on a page by their size; one at least, if there is any."""
    table = transaction.table(TIMELINE)
    columns = (table.c.event_id, func.length(table.c.event))
    sizes = dict(map(tuple, rows_where(transaction.connection, columns, table.c.event_id, ids)))
    return fitting(sizes.get(event_id, 0) for event_id in ids)


def id_at(transaction: Transaction, position: int) -> str | None:
    """The id of the event at a position; None if there is none."""
    table = transaction.table(TIMELINE)
    return transaction.connection.execute(select(table.c.event_id).where(table.c.position == position)).scalar()


def newest(transaction: Transaction, most: int, until: int | None = None) -> list[Recorded]:
    """The events that were recorded last, up to this position (None: of all), newest first."""
    table = transaction.table(TIMELINE)
    query = select(table).order_by(table.c.position.desc()).limit(most)
    if until is not None:
        query = query.where(table.c.position <= until)
    return [recorded_of(row) for row in transaction.connection.execute(query)]


def recorded_at(transaction: Transaction, position: int) -> datetime | None:
    """When a position was recorded; None before the first one."""
    table = transaction.table(TIMELINE)
    query = select(table.c.recorded_at).where(table.c.position <= position).order_by(table.c.position.desc()).limit(1)
    text = transaction.connection.execute(query).scalar()
    return datetime.fromisoformat(text) if text is not None else None


def version_of(transaction: Transaction, path: str) -> int:
    """How many events of a subject the read models reflect."""
    row = first(transaction.connection, _last_version(transaction.tables), {"subject": path})
    return row.version if row is not None else 0


@lru_cache(KEPT)
def _last_version(tables: GenerationTables) -> Query:
    table = tables.table(TIMELINE)
    query = select(table.c.version).where(table.c.subject == bindparam("subject"))
    return query.order_by(table.c.position.desc()).limit(1)


def ids_of_type(transaction: Transaction, subjects: Iterable[Subject], name: str) -> list[str]:
    """The ids, in their own order, of the events of one type on subjects, as they were recorded."""
    table = transaction.table(TIMELINE)
    query = select(table.c.event_id).where(table.c.subject.in_(list(subjects)), table.c.type == name)
    return list(transaction.connection.execute(query.order_by(table.c.event_id)).scalars())
