"""What is expected by a date and not settled, by subject.

A deadline is a date, so nothing has to be done when time passes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Integer, Row, or_, select, tuple_

from domain import families
from domain.edtf import BEGINNING, END, When
from domain.general import SubjectState
from domain.spans import ANYWHERE, Zones, begins, first_day, passes
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.membership import BELONGS
from projections.storage.checked_text import CheckedText
from projections.storage.sql import delete_where, put
from projections.storage.tables import IndexDefinition, TableDefinition, Text, Transaction

DEADLINES = TableDefinition(
    "deadlines",
    Column("subject", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("what", CheckedText, nullable=False),
    Column("when", CheckedText, nullable=False),
    Column("earliest", BigInteger, nullable=False),
    Column("latest", BigInteger, nullable=False),
    Column("first_day", BigInteger, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("passes", BigInteger, nullable=False),
    Column("actor", Text),
    Column("events", CheckedText, nullable=False),
    indexes=[IndexDefinition("latest", ("latest", "earliest", "subject", "number"))],
)
"""What is expected by a date and not settled: the bounds of the date, by which it is sorted; the beginning of its first
day, to be compared with days; and the seconds at which it begins and has passed by the zones of its processes, to be
compared with times."""

KEY = ("latest", "earliest", "subject", "number")
"""The columns by which they are sorted: the first to end first."""


@dataclass(frozen=True, slots=True)
class DeadlineFilter:
    """Which deadlines are wanted; what is None does not matter."""

    process: Sequence[str] | None = None
    """The ids of the process to whose subjects they belong."""
    since: When | None = None
    """Only what may be due on this date or later; until that has begun, also what has not passed by the clock."""
    until: When | None = None
    """Only what may be due by the end of this date."""
    overdue: bool | None = None
    """Only what is overdue (True) or is not (False)."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    table = changes.table(DEADLINES)
    states = {**changes.states, **changes.other_clocks}
    rows = [
        row._asdict()
        for subject, state in states.items()
        for row in fold(subject, state, changes.zones.get(subject, ANYWHERE))
    ]
    delete_where(changes.connection, table.c.subject, [*states, *changes.gave_way])
    put(changes.connection, table, rows)


READ_MODEL = ReadModel((DEADLINES,), apply)


# --- in memory


class Expected(NamedTuple):
    """What is expected by a date and not settled, as a row of the table holds it."""

    subject: str
    number: int
    what: str
    when: str
    earliest: int
    latest: int
    first_day: int
    begins: int
    passes: int
    actor: str | None
    events: str
    """A JSON list of their ids."""

    @property
    def key(self) -> tuple[int, int, str, int]:
        """By what they are sorted (`KEY`)."""
        return (self.latest, self.earliest, self.subject, self.number)


def fold(subject: str, state: SubjectState, zones: Zones) -> list[Expected]:
    """What is expected of a subject, with the zones of its processes; of a withdrawn one nothing is due."""
    rows: list[Expected] = []
    for number, due in enumerate(families.due(state) if state.opened else ()):
        start, end = begins(due.when, zones), passes(due.when, zones)
        rows.append(
            Expected(
                subject,
                number,
                due.what,
                str(due.when),
                due.when.span.earliest,
                due.when.span.latest,
                first_day(due.when, zones),
                start.first if start is not None else BEGINNING,
                end.last if end is not None else END,
                due.actor,
                json.dumps([str(event) for event in due.events]),
            )
        )
    return rows


def is_wanted(row: Expected, wanted: DeadlineFilter, now: int) -> bool:
    """Whether a deadline of the processes that are wanted passes the filter, as `page` decides it."""
    since, until = wanted.since, wanted.until
    if since is not None and row.latest < since.span.earliest and (since.span.earliest > now or row.passes <= now):
        return False
    if until is not None and (row.begins if until.span.timed else row.first_day) > until.span.latest:
        return False
    return wanted.overdue is None or wanted.overdue == (row.passes <= now)


# --- queries


def page(
    transaction: Transaction, wanted: DeadlineFilter, now: int, last: tuple[Any, ...] | None, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The deadlines in processes, the first to end first.

    Args:
        transaction: a snapshot.
        wanted: which of them.
        now: the clock, in seconds since 1970, which tells what is overdue.
        last: only what comes after this place (`KEY`); None: from the beginning.
        limit: so many at most.
    """
    table, belongs = transaction.table(DEADLINES), transaction.table(BELONGS)
    key = tuple(table.c[name] for name in KEY)
    subjects = select(belongs.c.subject).where(belongs.c.withdrawn.is_(False))
    if wanted.process is not None:
        subjects = subjects.where(belongs.c.process.in_(wanted.process))
    query = select(table).order_by(*key).limit(limit).where(table.c.subject.in_(subjects))
    if wanted.since is not None:
        begins = wanted.since.span.earliest
        later = table.c.latest >= begins  # on the calendar of the place, which may still be at an earlier day
        query = query.where(or_(later, table.c.passes > now) if begins <= now else later)
    if wanted.until is not None:
        column = table.c.begins if wanted.until.span.timed else table.c.first_day
        query = query.where(column <= wanted.until.span.latest)
    if wanted.overdue is not None:
        query = query.where(table.c.passes <= now if wanted.overdue else table.c.passes > now)
    if last is not None:
        query = query.where(tuple_(*key) > last)
    return transaction.connection.execute(query).all()
