"""The newest source of each subject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import BigInteger, Column, func, select

from domain.edtf import BEGINNING, When
from domain.event import Event
from domain.values import Subject
from projections.read_models.change_set import ChangeSet, Heard, ReadModel
from projections.read_models.membership import BELONGS, counted, places_of
from projections.read_models.revisions import as_one, under
from projections.read_models.timeline import all_of
from projections.read_models.upcoming import reads_by_clock
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import MOST_ROWS, Clash, Query, among, chunks, delete_where, listed, put, rows_where
from projections.storage.tables import GenerationTables, TableDefinition, Text, Transaction

LAST_HEARD = TableDefinition(
    "last_heard",
    Column("subject", Text, primary_key=True),
    Column("on", Text, nullable=False),
    Column("latest", BigInteger, nullable=False),
    Column("earliest", BigInteger, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("claimant", Text, nullable=False),
    Column("event", Text, nullable=False),
)
"""The newest source of each subject."""

NOBODY = Heard("", "", "", "")
"""Where all that was heard was retracted."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    table = changes.table(LAST_HEARD)
    delete_where(changes.connection, table.c.subject, changes.gave_way)
    lost: dict[Subject, set[str]] = defaultdict(set)
    for event in changes.gone:
        lost[event.subject].add(event.key)
    come = changes.heard = _heard_in_batch(changes)
    known: dict[Subject, Heard] = {}
    arriving = [subject for subject, where in changes.places.items() if where.after - where.before]
    for row in rows_where(changes.connection, table, table.c.subject, {*come, *lost, *arriving}):
        known[Subject(row.subject)] = Heard(row.on, row.publisher, row.claimant, row.event)
    again = {s for s, ids in lost.items() if s not in known or known[s].event in ids}
    again |= {stays.get(s, s) for s in changes.moved for stays in (changes.stays, changes.stays_before)}
    again = {subject for subject in again | changes.renaming if subject not in changes.stays}
    for subject in arriving:  # what was heard of it before is news to the processes that it comes to
        if subject in known:
            changes.heard[subject] = newer(known[subject], changes.heard.get(subject, known[subject]))
    rows: list[dict[str, str | int]] = []
    silent: list[Subject] = []
    for subject in {*come, *again}:
        newest = _look_up(changes, subject) if subject in again else newer(known.get(subject), come[subject])
        if newest is None:
            silent.append(subject)
        elif newest != known.get(subject):
            latest, earliest, *_ = place_of(newest)
            rows.append({"subject": subject, **as_row(newest), "latest": latest, "earliest": earliest})
    delete_where(changes.connection, table.c.subject, silent)
    put(changes.connection, table, rows, Clash(("subject",)))
    stale = {subject for subject in (*lost, *again) if subject not in changes.stays}
    places = places_of(changes, stale)
    changes.heard_again = {p for subject in stale for p in places[subject].before | places[subject].after}
    changes.heard_again |= {p for where in changes.places.values() for p in where.before - where.after}
    changes.heard_again |= {process for left in changes.left.values() for process in left}


def _heard_in_batch(changes: ChangeSet) -> dict[Subject, Heard]:
    come: dict[Subject, Heard] = {}
    for _, event in changes.come:
        come[event.subject] = newer(come.get(event.subject), heard_in(event))
    for recorded in changes.events:
        if recorded.event.data.revises:
            subject = changes.canonical(recorded.subject)
            come[subject] = newer(come.get(subject), heard_in(under(recorded.event, changes.stays)))
    return come


def _look_up(changes: ChangeSet, subject: Subject) -> Heard | None:
    """The newest source of all that is in effect on a subject."""
    log = all_of(changes.transaction, as_one(subject, changes.stays))
    now = reads_by_clock(changes.transaction, log, changes.stays)
    newest: Heard | None = None
    for recorded in log:
        event = under(recorded.event, changes.stays) if recorded.event.data.revises else now[recorded.key]
        if event is not None:
            newest = newer(newest, heard_in(event))
    return newest


def as_row(heard: Heard) -> dict[str, str]:
    """Its columns."""
    return {"on": heard.on, "publisher": heard.publisher, "claimant": heard.claimant, "event": heard.event}


READ_MODEL = ReadModel((LAST_HEARD,), apply)


# --- in memory


def heard_in(event: Event) -> Heard:
    """From whom an event was heard, and when: the newest of its sources, else the event's own time."""
    dated = [source for source in event.sources if source.published is not None]
    if dated:
        newest = max(dated, key=lambda s: (*_bounds(str(s.published)), s.publisher))
        return Heard(str(newest.published), newest.publisher, newest.speaker.name, event.key)
    source = event.sources[0] if event.sources else None
    publisher = source.publisher if source else ""
    claimant = source.speaker.name if source else event.basis.value
    return Heard(_known_end(event.occurred) if event.occurred else "", publisher, claimant, event.key)


def _known_end(when: When) -> str:
    """A date as it was sent; of one that is open on a side, the end that is known."""
    first, slash, last = when.partition("/")
    if slash and last in ("", ".."):
        return first
    return last if first in ("", "..") else str(when)


def _bounds(on: str) -> tuple[int, int]:
    """The bounds of a date, the later one first; before all others, where none is known."""
    span = When(on).span if on else None
    return (span.latest, span.earliest) if span is not None else (BEGINNING, BEGINNING)


def newer(a: Heard | None, b: Heard) -> Heard:
    """The newer of two: by the last day that its date allows, then by the first, then by publisher and event.

    The order of arrival does not decide, nor does how a date is written.
    """
    return b if a is None or place_of(b) > place_of(a) else a


def place_of(heard: Heard) -> tuple[int, int, str, str]:
    """What decides which of two sources is the newer one."""
    return (*_bounds(heard.on), heard.publisher, heard.event)


def fold(events: Iterable[Event]) -> Heard | None:
    """The newest source of many events. Only those that may be the newest are looked at closely."""
    newest: Heard | None = None
    for event in events:
        days = [source.published for source in event.sources if source.published is not None]
        if newest is None or not days or max(day.span.latest for day in days) >= _bounds(newest.on)[0]:
            newest = newer(newest, heard_in(event))
    return newest


# --- queries


def newest_in(transaction: Transaction, processes: Iterable[str]) -> dict[str, Heard]:
    """The newest source of each process, by each id that it has; none of a process that nobody was heard of."""
    query = _newest_in(transaction.connection.dialect.name, transaction.tables)
    newest: dict[str, Heard] = {}
    for some in chunks(sorted(processes), MOST_ROWS):
        for row in fetch(transaction.connection, query, listed(transaction.connection, some)):
            newest[row.process] = Heard(row.on, row.publisher, row.claimant, row.event)
    return newest


@lru_cache(KEPT)
def _newest_in(dialect: str, tables: GenerationTables) -> Query:
    belongs, heard = tables.table(BELONGS), tables.table(LAST_HEARD)
    newest_first = (heard.c.latest.desc(), heard.c.earliest.desc(), heard.c.publisher.desc(), heard.c.event.desc())
    rank = func.row_number().over(partition_by=belongs.c.process, order_by=newest_first).label("rank")
    ranked = select(belongs.c.process, heard.c.on, heard.c.publisher, heard.c.claimant, heard.c.event, rank)
    ranked = ranked.join(belongs, belongs.c.subject == heard.c.subject)
    ranked = ranked.where(among(dialect, belongs.c.process), counted(tables))
    inner = ranked.subquery()
    return select(*(column for column in inner.c if column.name != "rank")).where(inner.c.rank == 1)
