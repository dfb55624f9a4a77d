"""The events in effect that are folded into the states of subjects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, Table, bindparam, select, tuple_

from domain.event import Event, Recorded
from domain.values import Subject
from projections.read_models.change_set import ChangeSet
from projections.read_models.ordering import ORDER, order_columns
from projections.read_models.revisions import REVISED_EVENTS, reading_now, under
from projections.read_models.timeline import TIMELINE, event_of
from projections.read_models.upcoming import readings_of
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import MOST_ROWS, Query, among, chunks, delete_keys, listed, put
from projections.storage.tables import GenerationTables, TableDefinition, Text

FOLDED_EVENTS = TableDefinition(
    "folded_events",
    Column("subject", Text, primary_key=True),
    Column("lead", Integer, primary_key=True, autoincrement=False),
    *order_columns(),
    Column("position", BigInteger, nullable=False),
)
"""The events in effect that are folded, by the subject that stays, in canonical order."""

FoldOrder = tuple[bool, int, int, int, str]
"""The place of a folded event in canonical order (`Event.order`)."""
PLACE = ("lead", *ORDER)
"""The names of the columns of that place."""
BEFORE_ALL = (-1, 0, 0, 0, "")
READ_AT_ONCE = 16
"""Events of one subject that are read together."""


# --- a batch


def keep_folded_events(changes: ChangeSet, gone: Sequence[Event], come: Sequence[tuple[Recorded, Event]]) -> None:
    """Takes away steps that go, and puts those that come."""
    table = changes.table(FOLDED_EVENTS)
    key = (table.c.subject, table.c.lead, table.c.earliest, table.c.latest, table.c.step, table.c.event_id)
    delete_keys(changes.connection, key, [tuple(_folded_row(event).values()) for event in gone])
    put(changes.connection, table, [_folded_row(event) | {"position": r.position} for r, event in come])


def _folded_row(event: Event) -> dict[str, Any]:
    lead, earliest, latest, step, event_id = event.order
    return {
        "subject": event.subject,
        "lead": int(lead),
        "earliest": earliest,
        "latest": latest,
        "step": step,
        "event_id": event_id,
    }


# --- queries


def folded_events(changes: ChangeSet, subjects: Iterable[Subject]) -> dict[Subject, list[Event]]:
    """The events in effect that make up the states of subjects, as they read now, in no order."""
    events: dict[Subject, list[Event]] = {subject: [] for subject in subjects}
    query = _reading_folded(changes.connection.dialect.name, changes.transaction.tables)
    for some in chunks(sorted(events), MOST_ROWS):
        for subject, event in _read(changes, fetch(changes.connection, query, listed(changes.connection, some))):
            events[subject].append(event)
    if changes.any_ahead:
        ahead = readings_of(changes.transaction, [event.key for folded in events.values() for event in folded])
        events = {s: [e.as_possible() if e.key in ahead else e for e in folded] for s, folded in events.items()}
    return events


def folded_after(
    changes: ChangeSet, subject: Subject, last: FoldOrder | None, until: FoldOrder
) -> Iterator[list[Event]]:
    """The events that are folded into a subject, in canonical order, some at once: those after a place (None: from the
    first one on) and until another."""
    query, limit = _reading_part(changes.transaction.tables), place_given("until", until)
    after = place_given("after", last or BEFORE_ALL)
    while True:
        rows = fetch(changes.connection, query, {"subject": subject, **after, **limit})
        events = [event for _, event in _read(changes, rows)]
        if changes.any_ahead:
            ahead = readings_of(changes.transaction, [event.key for event in events])
            events = [event.as_possible() if event.key in ahead else event for event in events]
        yield events
        if len(rows) < READ_AT_ONCE:
            return
        after = place_given("after", tuple(rows[-1][-len(PLACE) :]))


def place_given(name: str, order: FoldOrder | tuple[Any, ...]) -> dict[str, Any]:
    """The values of the parameters of `place_bound`."""
    return {f"{name}_{column}": value for column, value in zip(PLACE, (int(order[0]), *order[1:]), strict=True)}


def place_bound(name: str) -> ColumnElement[Any]:
    """A place to be given, that `place_in` is compared with."""
    kinds: tuple[Any, ...] = (Integer, BigInteger, BigInteger, Integer, Text)
    return tuple_(*(bindparam(f"{name}_{column}", type_=kind) for column, kind in zip(PLACE, kinds, strict=True)))


def place_in(table: Table) -> ColumnElement[Any]:
    """The place in canonical order of the rows of a table."""
    return tuple_(*(table.c[column] for column in PLACE))


def _read(changes: ChangeSet, rows: Iterable[Any]) -> Iterator[tuple[Subject, Event]]:
    """Folded events as they read now, given their rows."""
    come = changes.come_by_position
    for row in rows:
        event = come.get(row.position)
        if event is None and row.text_now is not None:
            event = reading_now(row.type_now, row.text_now, row.marks)
        elif event is None:
            event = event_of(row.type, row.event)
        if event is not None:
            yield Subject(row.subject), under(event, changes.stays)


@lru_cache(KEPT)
def _reading_folded(dialect: str, tables: GenerationTables) -> Query:
    return _reading(tables).where(among(dialect, tables.table(FOLDED_EVENTS).c.subject))


@lru_cache(KEPT)
def _reading_part(tables: GenerationTables) -> Query:
    folded = tables.table(FOLDED_EVENTS)
    place, columns = place_in(folded), [folded.c[column] for column in PLACE]
    query = _reading(tables).add_columns(*columns).where(folded.c.subject == bindparam("subject", type_=Text))
    query = query.where(place > place_bound("after"), place <= place_bound("until"))
    return query.order_by(*columns).limit(READ_AT_ONCE)


def _reading(tables: GenerationTables) -> Query:
    """The events that are folded into subjects, as they were recorded and as they read now."""
    folded, timeline, revised = tables.table(FOLDED_EVENTS), tables.table(TIMELINE), tables.table(REVISED_EVENTS)
    now = (revised.c.type.label("type_now"), revised.c.event.label("text_now"), revised.c.marks)
    query = select(folded.c.subject, folded.c.position, timeline.c.type, timeline.c.event, *now)
    query = query.select_from(folded).join(timeline, folded.c.position == timeline.c.position)
    return query.outerjoin(revised, revised.c.event_id == folded.c.event_id)
