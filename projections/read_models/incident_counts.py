"""Violations and incidents, counted by recorder and by bounds in days."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import BigInteger, Column, bindparam, func, select

from domain.agreement_events import ViolationReported
from domain.claimants import Claimant, ClaimantKind, told_apart
from domain.event import Event, Payload
from domain.general import IncidentReported
from domain.keys import bounded, compound
from projections.answers.status import RecorderCounts
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import Clash, Query, among, chunks, delete_keys, listed, put
from projections.storage.tables import GenerationTables, TableDefinition, Text, Transaction

INCIDENT_COUNTS = TableDefinition(
    "incident_counts",
    Column("subject", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("recorder", Text, primary_key=True),
    Column("first_day", BigInteger, primary_key=True, autoincrement=False),
    Column("last_day", BigInteger, primary_key=True, autoincrement=False),
    Column("spelled", Text, nullable=False),
    Column("events", BigInteger, nullable=False),
)
"""Violations and incidents, counted by recorder, as it is spelled, and by bounds in days."""

DAY = 86_400
"""Seconds of a day."""
LONGEST_COUNT = 30
"""Days that violations and incidents are counted over."""
LONG_AGO = -10_000_000
"""A day before all days, in days since 1970-01-01."""
IDENTITY = ("subject", "kind", "recorder", "first_day", "last_day")

_COUNTED: dict[type[Payload], str] = {ViolationReported: "violation", IncidentReported: "incident"}


@dataclass(frozen=True, slots=True)
class IncidentCount:
    """How many violations or incidents one recorder reports within the same bounds."""

    subject: str
    kind: str
    """`violation` or `incident`."""
    recorder: Claimant
    """As it is spelled; spellings of one recorder are counts of their own."""
    first_day: int
    """Days since 1970-01-01."""
    last_day: int
    events: int


# --- a batch


def apply(changes: ChangeSet) -> None:
    new: dict[tuple[str, str, Claimant, int, int], int] = defaultdict(int)
    for change in changes.changes:
        for event, sign in ((change.before, -1), (change.after, 1)):
            if event is not None:
                for counted in counted_in(event):
                    new[event.subject, *counted] += sign
    counts = {key: events for key, events in new.items() if events}
    if not counts:
        return
    table = changes.table(INCIDENT_COUNTS)
    rows = [
        {**dict(zip(IDENTITY, _key(counted), strict=True)), "spelled": json.dumps(counted[2]), "events": events}
        for counted, events in counts.items()
    ]
    put(changes.connection, table, rows, Clash(IDENTITY, added=("events",)))
    fewer = sorted({_key(counted) for counted, events in counts.items() if events < 0})
    delete_keys(changes.connection, [*(table.c[n] for n in IDENTITY), table.c.events], [(*key, 0) for key in fewer])


def _key(counted: tuple[str, str, Claimant, int, int]) -> tuple[str, str, str, int, int]:
    subject, kind, recorder, first_day, last_day = counted
    return (subject, kind, bounded(compound(*recorder)), first_day, last_day)


READ_MODEL = ReadModel((INCIDENT_COUNTS,), apply)


# --- in memory


def counted_in(event: Event) -> Iterator[tuple[str, Claimant, int, int]]:
    """What an event adds to the counts: kind, recorder, first and last day."""
    kind = _COUNTED.get(type(event.data))
    if kind is None:
        return
    span = event.span
    for recorder in event.claimants:
        yield kind, recorder, span.earliest // DAY, span.latest // DAY


def fold(events: Iterable[Event]) -> list[IncidentCount]:
    """The counts that events in effect give, in order."""
    counts: dict[tuple[str, str, Claimant, int, int], int] = defaultdict(int)
    for event in events:
        for counted in counted_in(event):
            counts[event.subject, *counted] += 1
    return [IncidentCount(*key, events=number) for key, number in sorted(counts.items())]


def in_order(counts: Iterable[IncidentCount]) -> list[IncidentCount]:
    """Counts by subject, kind, recorder and day."""
    return sorted(counts, key=lambda c: (c.subject, c.kind, c.recorder, c.first_day, c.last_day))


def counted_from(now: datetime) -> int:
    """The first day, since 1970-01-01, that the counts of the last days may look at, whatever the zone."""
    return int(now.timestamp()) // DAY - LONGEST_COUNT


def by_recorder(counts: Iterable[IncidentCount], today: int) -> dict[str, RecorderCounts]:
    """Counts of each recorder, never added up: two recorders may count the same event.

    `certain` lies wholly within the days up to `today` (since 1970-01-01), `possible` may do so.
    """
    every = list(counts)
    names = told_apart(count.recorder for count in every)
    lines: dict[str, RecorderCounts] = {}
    for count in sorted(every, key=lambda c: (names[c.recorder.key], c.recorder)):
        line = lines.setdefault(
            names[count.recorder.key],
            {"last_7_days": {"certain": 0, "possible": 0}, "last_30_days": {"certain": 0, "possible": 0}, "all": 0},
        )
        line["all"] += count.events
        for days, window in ((7, line["last_7_days"]), (LONGEST_COUNT, line["last_30_days"])):
            since = today - days + 1
            if count.last_day < since or count.first_day > today:
                continue
            if count.first_day >= since and count.last_day <= today:
                window["certain"] += count.events
            else:
                window["possible"] += count.events
    return lines


# --- queries


def counts_of(transaction: Transaction, subjects: Sequence[str], day: int) -> list[IncidentCount]:
    """The counts of subjects, in order.

    Args:
        transaction: a snapshot.
        subjects: by path.
        day: from this one on (since 1970-01-01) they are told apart by day; those before it come as one count for each
            recorder.
    """
    connection = transaction.connection
    recent, before = _counting(connection.dialect.name, transaction.tables)
    counts: list[IncidentCount] = []
    for some in chunks(subjects):
        since = {**listed(connection, some), "day": day}
        counts += [
            IncidentCount(row.subject, row.kind, _spelled(row.spelled), row.first_day, row.last_day, row.events)
            for row in fetch(connection, recent, since)
        ]
        for subject, kind, spelled, events in fetch(connection, before, since):
            counts.append(IncidentCount(subject, kind, _spelled(spelled), LONG_AGO, LONG_AGO, int(events)))
    return in_order(counts)


def _spelled(text: str) -> Claimant:
    name, kind, within = json.loads(text)
    return Claimant(name, ClaimantKind(kind), within)


@lru_cache(KEPT)
def _counting(dialect: str, tables: GenerationTables) -> tuple[Query, Query]:
    """The counts from a day on, and the sums of those before it."""
    table = tables.table(INCIDENT_COUNTS)
    ours, day = among(dialect, table.c.subject), bindparam("day", type_=table.c.last_day.type)
    recent = select(table).where(ours, table.c.last_day >= day)
    who = (table.c.subject, table.c.kind, table.c.spelled)
    before = select(*who, func.sum(table.c.events)).where(ours, table.c.last_day < day).group_by(*who)
    return recent, before
