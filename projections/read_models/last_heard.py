"""What was heard last of each subject: by when it occurred, and by when it was published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, func, or_, select

from domain.edtf import BEGINNING, Span, When
from domain.event import Event, Recorded
from domain.following import ahead_of, recorded_promptly
from domain.processes import ProcessOpened
from domain.spans import ANYWHERE, Zones, come_by, known_end
from domain.values import Source, Subject
from projections.read_models.change_set import NOBODY, ChangeSet, Heard, HeardReport, ReadModel
from projections.read_models.membership import BELONGS, counted, places_of
from projections.read_models.revisions import as_one, under
from projections.read_models.timeline import all_of
from projections.read_models.upcoming import reads_by_clock
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import MOST_ROWS, Clash, Query, among, chunks, delete_where, listed, put, rows_where
from projections.storage.tables import GenerationTables, TableDefinition, Text, Transaction

PARTS = ("occurred", "published")
"""By what a report is the newest."""
_KEY = ("latest", "earliest", "publisher", "event")

LAST_HEARD = TableDefinition(
    "last_heard",
    Column("subject", Text, primary_key=True),
    *(
        column
        for part in PARTS
        for column in (
            Column(f"{part}_on", Text, nullable=False),
            Column(f"{part}_latest", BigInteger, nullable=False),
            Column(f"{part}_earliest", BigInteger, nullable=False),
            Column(f"{part}_publisher", Text, nullable=False),
            Column(f"{part}_claimant", Text, nullable=False),
            Column(f"{part}_event", Text, nullable=False),
        )
    ),
    Column("prompt", BigInteger),
    Column("said", BigInteger),
)
"""The newest reports on each subject, by when they occurred and by when they were published (without an event: none),
and what tells whether its processes are followed (`change_set.Heard`)."""

_UNDATED = Span(BEGINNING, BEGINNING, timed=False)
"""The place of what has no date among what has: before all of it."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    table = changes.table(LAST_HEARD)
    delete_where(changes.connection, table.c.subject, changes.gave_way)
    lost: dict[Subject, list[Recorded]] = defaultdict(list)
    for change in changes.changes:
        if change.before is not None:
            lost[change.before.subject].append(change.recorded)
    come = changes.heard = _heard_in_batch(changes)
    arriving = [subject for subject, where in changes.places.items() if where.after - where.before]
    rows_now = rows_where(changes.connection, table, table.c.subject, {*come, *lost, *arriving})
    known = {Subject(row.subject): _heard_from(row) for row in rows_now}
    again = {s for s, gone in lost.items() if s not in known or _rests_on(known[s], gone)}
    again |= {stays.get(s, s) for s in changes.moved for stays in (changes.stays, changes.stays_before)}
    again = {subject for subject in again | changes.renaming if subject not in changes.stays}
    for subject in arriving:  # what was heard of it before is news to the processes that it comes to
        if subject in known:
            changes.heard[subject] = newer(known[subject], changes.heard.get(subject, known[subject]))
    rows: list[dict[str, Any]] = []
    silent: list[Subject] = []
    for subject in {*come, *again}:
        if subject in again:
            newest = _look_up(changes, subject)
        else:
            newest = newer(known[subject], come[subject]) if subject in known else come[subject]
        if newest == NOBODY:
            silent.append(subject)
        elif newest != known.get(subject):
            rows.append(_row(subject, newest))
    delete_where(changes.connection, table.c.subject, silent)
    put(changes.connection, table, rows, Clash(("subject",)))
    stale = {subject for subject in (*lost, *again) if subject not in changes.stays}
    places = places_of(changes, stale)
    changes.heard_again = {p for subject in stale for p in places[subject].before | places[subject].after}
    changes.heard_again |= {p for where in changes.places.values() for p in where.before - where.after}
    changes.heard_again |= {process for left in changes.left.values() for process in left}


def _heard_in_batch(changes: ChangeSet) -> dict[Subject, Heard]:
    come: dict[Subject, list[tuple[Event, Recorded]]] = defaultdict(list)
    for recorded, event in changes.come:
        come[event.subject].append((event, recorded))
    for recorded in changes.events:
        if recorded.event.data.revises:
            come[changes.canonical(recorded.subject)].append((under(recorded.event, changes.stays), recorded))
    return {subject: heard_of(told) for subject, told in come.items()}


def _look_up(changes: ChangeSet, subject: Subject) -> Heard:
    """The newest reports of all that is in effect on a subject."""
    log = all_of(changes.transaction, as_one(subject, changes.stays))
    now = reads_by_clock(changes.transaction, log, changes.stays)
    read = ((under(r.event, changes.stays) if r.event.data.revises else now[r.key], r) for r in log)
    return heard_of((event, recorded) for event, recorded in read if event is not None)


def _rests_on(heard: Heard, gone: Iterable[Recorded]) -> bool:
    """Whether what is kept rests on one of these events."""
    events = {part.event for part in (heard.occurred, heard.published) if part is not None}
    positions = {heard.prompt, heard.said // 2 if heard.said is not None else None}
    return any(recorded.key in events or recorded.position in positions for recorded in gone)


def _row(subject: str, heard: Heard) -> dict[str, Any]:
    row: dict[str, Any] = {"subject": subject, "prompt": heard.prompt, "said": heard.said}
    for name, part in zip(PARTS, (heard.occurred, heard.published), strict=True):
        latest, earliest, publisher, event = place_of(part)
        row |= {f"{name}_latest": latest, f"{name}_earliest": earliest, f"{name}_event": event}
        row |= {f"{name}_on": part.on if part else "", f"{name}_claimant": part.claimant if part else ""}
        row[f"{name}_publisher"] = publisher
    return row


def _heard_from(row: Any) -> Heard:
    """What a row tells, by its names."""
    occurred, published = (_report_from(row, name) for name in PARTS)
    return Heard(occurred, published, row.prompt, row.said)


def _report_from(row: Any, part: str) -> HeardReport | None:
    fields = (getattr(row, f"{part}_{name}") for name in ("on", "publisher", "claimant", "event"))
    report = HeardReport(*fields)
    return report if report.event else None


READ_MODEL = ReadModel((LAST_HEARD,), apply)


# --- in memory


def heard_in(event: Event, recorded: Recorded, as_of: When | None = None, zones: Zones = ANYWHERE) -> Heard:
    """What was heard by one event, never what was still to come.

    Args:
        event: as it reads, or a revision.
        recorded: the same as it was recorded.
        as_of: the end of what had come, if it is not now.
        zones: of the processes of its subject.
    """
    return heard_of(((event, recorded),), as_of, zones)


def heard_of(told: Iterable[tuple[Event, Recorded]], as_of: When | None = None, zones: Zones = ANYWHERE) -> Heard:
    """The same of several events on one subject: what was heard last by any of them."""
    occurred, published = _Newest(), _Newest()
    prompt: int | None = None
    said: int | None = None
    for event, recorded in told:
        told_at, when, sources, data = int(recorded.recorded_at.timestamp()), event.occurred, event.sources, event.data
        if isinstance(data, ProcessOpened) and data.followed is not None:
            says = recorded.position * 2 + int(data.followed)
            said = max(says, said or says)
        ahead = as_of is not None or data.is_plan or event.possible
        if ahead and when is not None and _is_to_come(event, when, told_at, as_of, zones):
            if not data.is_plan:
                continue  # it lends its name, and nothing is heard by it
            when = None
        newest: Source | None = None
        for one in sources:
            if one.published is not None and _was_out(one.published, event, told_at, as_of, zones):
                newest = one if newest is None else max(newest, one, key=_published)
        source = newest or (sources[0] if sources else None)
        end = known_end(when) if when is not None else None
        if end is not None and end is not when and _lies_ahead(end, told_at, as_of, zones):
            end = None  # only that it came before a day that is still to come: it is heard by its publication
        if end is not None:
            occurred.take(end, source, event)
        if newest is not None or end is None:
            published.take(newest.published if newest is not None else None, source, event)
        if (prompt is None or recorded.position < prompt) and recorded_promptly(event, told_at):
            prompt = recorded.position
    return Heard(occurred.report, published.report, prompt, said)


class _Newest:
    """The newest of the reports that it takes."""

    __slots__ = ("_event", "_on", "_place", "_source")

    def __init__(self) -> None:
        self._place = place_of(None)
        self._event: Event | None = None

    def take(self, on: When | None, source: Source | None, event: Event) -> None:
        """Takes a report, with the date by which it may be the newest, and the source that tells it."""
        earliest, latest, _ = on.span if on is not None else _UNDATED
        if latest < self._place[0]:
            return
        place = (latest, earliest, source.publisher if source is not None else "", event.key)
        if place > self._place:
            self._place, self._on, self._source, self._event = place, on, source, event

    @property
    def report(self) -> HeardReport | None:
        if self._event is None:
            return None
        claimant = self._source.speaker.name if self._source is not None else self._event.basis.value
        return HeardReport(str(self._on or ""), self._place[2], claimant, self._event.key)


def _published(source: Source) -> tuple[int, int, str]:
    earliest, latest, _ = source.published.span if source.published is not None else _UNDATED
    return (latest, earliest, source.publisher)


def _is_to_come(event: Event, occurred: When, told_at: int, as_of: When | None, zones: Zones) -> bool:
    """Whether an event in effect tells of what has not happened yet: a plan, or an opening that lends its name."""
    if as_of is not None and come_by(occurred, as_of, zones) is False:
        return True
    return (event.data.is_plan or event.possible) and ahead_of(occurred, told_at)


def _lies_ahead(day: When, told_at: int, as_of: When | None, zones: Zones) -> bool:
    return ahead_of(day, told_at) or (as_of is not None and come_by(day, as_of, zones) is False)


def _was_out(published: When, event: Event, told_at: int, as_of: When | None, zones: Zones) -> bool:
    """Whether a source had come out when its report was recorded (a duplicate may have been later), and by `as_of`."""
    if not event.repeats and ahead_of(published, told_at):
        return False
    return as_of is None or come_by(published, as_of, zones) is not False


@lru_cache(1 << 12)
def _bounds(on: str) -> tuple[int, int]:
    """The bounds of a date, the later one first; before all others, where none is known."""
    span = When(on).span if on else None
    return (span.latest, span.earliest) if span is not None else (BEGINNING, BEGINNING)


def newer(a: Heard, b: Heard) -> Heard:
    """What was heard last by either: the order of arrival does not decide, nor does how a date is written."""
    return Heard(
        max(a.occurred, b.occurred, key=place_of),
        max(a.published, b.published, key=place_of),
        min((prompt for prompt in (a.prompt, b.prompt) if prompt is not None), default=None),
        max((said for said in (a.said, b.said) if said is not None), default=None),
    )


def place_of(report: HeardReport | None) -> tuple[int, int, str, str]:
    """What decides which of two reports is the newer one: the last day that its date allows, then the first, then the
    publisher and the event."""
    if report is None:
        return (BEGINNING - 1, BEGINNING - 1, "", "")
    return (*_bounds(report.on), report.publisher, report.event)


# --- queries


def occurred_last(transaction: Transaction, subjects: Iterable[str]) -> dict[Subject, When]:
    """When that occurred which was heard last of each of these subjects, as far as it is dated."""
    table = transaction.table(LAST_HEARD)
    columns = (table.c.subject, table.c.occurred_on)
    rows = rows_where(transaction.connection, columns, table.c.subject, subjects)
    return {Subject(row.subject): When(row.occurred_on) for row in rows if row.occurred_on}


def heard_on(transaction: Transaction, subjects: Iterable[str]) -> list[tuple[Subject, Heard]]:
    """What was heard last on each of these subjects, in no order."""
    table = transaction.table(LAST_HEARD)
    rows = rows_where(transaction.connection, table, table.c.subject, subjects)
    return [(Subject(row.subject), _heard_from(row)) for row in rows]


def newest_in(transaction: Transaction, processes: Iterable[str]) -> dict[str, Heard]:
    """What was heard last in each process, by each id that it has; none of a process that nobody was heard of."""
    query = _newest_in(transaction.connection.dialect.name, transaction.tables)
    newest: dict[str, Heard] = {}
    for some in chunks(sorted(processes), MOST_ROWS):
        for row in fetch(transaction.connection, query, listed(transaction.connection, some)):
            newest[row.process] = newer(newest.get(row.process, NOBODY), _heard_from(row))
    return newest


@lru_cache(KEPT)
def _newest_in(dialect: str, tables: GenerationTables) -> Query:
    """The one or two rows of each process with its newest reports, each with what all rows tell of following."""
    belongs, heard = tables.table(BELONGS), tables.table(LAST_HEARD)
    process = belongs.c.process
    columns: list[ColumnElement[Any]] = [
        column for column in heard.c if column.name not in ("subject", "prompt", "said")
    ]
    columns += [
        func.min(heard.c.prompt).over(partition_by=process).label("prompt"),
        func.max(heard.c.said).over(partition_by=process).label("said"),
    ]
    for part in PARTS:
        newest_first = (heard.c[f"{part}_{name}"].desc() for name in _KEY)
        columns.append(func.row_number().over(partition_by=process, order_by=tuple(newest_first)).label(f"{part}_rank"))
    ranked = select(process, *columns).join(belongs, belongs.c.subject == heard.c.subject)
    inner = ranked.where(among(dialect, process), counted(tables)).subquery()
    ranks = [inner.c[f"{part}_rank"] for part in PARTS]
    return select(*(column for column in inner.c if column not in ranks)).where(or_(*(rank == 1 for rank in ranks)))
