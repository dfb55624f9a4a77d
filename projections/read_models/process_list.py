"""A line for each process: what a list shows and filters by."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, Row, Select, bindparam, select

from domain import processes
from domain.errors import NotFound
from domain.event import Recorded, instant
from domain.revisions import EventRetracted, SubjectUnified
from domain.values import Subject
from projections.read_models.change_set import NOBODY, ChangeSet, Heard, HeardReport, ReadModel
from projections.read_models.last_heard import newer, newest_in
from projections.read_models.membership import BELONGS, ever_in, places_of
from projections.read_models.mentions import subjects_naming
from projections.read_models.revisions import canonical_subjects, ids_of
from projections.storage.checked_text import CheckedText
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import Clash, Query, chunks, delete_where, put, rows_where
from projections.storage.tables import GenerationTables, IndexDefinition, TableDefinition, Text, Transaction

PROCESSES = TableDefinition(
    "processes",
    Column("process", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("touched", BigInteger, nullable=False),
    Column("touched_at", Text, nullable=False),
    Column("heard_on", Text, nullable=False),
    Column("heard", CheckedText, nullable=False),
    Column("followed", Boolean, nullable=False),
    indexes=[IndexDefinition("followed", ("followed", "process"))],
)
"""A line for each process."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    """Brings the line of every process up to date that an event of the batch belongs to."""
    table = changes.table(PROCESSES)
    gone = [subject.partition("/")[2] for subject in changes.gave_way if subject.startswith("processes/")]
    delete_where(changes.connection, table.c.process, gone)
    heard = _newest_by_process(changes)
    touched = _touched(changes)
    for process in heard:  # what has come by the clock is heard, too
        touched.setdefault(process, None)
    again = {_canonical(changes, process) for process in changes.heard_again}
    known = {row.process: row for row in rows_where(changes.connection, table, table.c.process, touched)}
    looked_up = {
        process: ids_of(process, changes.stays) for process in touched if process in again or process not in known
    }
    newest_now = newest_in(changes.transaction, {process for ids in looked_up.values() for process in ids})
    rows: list[dict[str, Any]] = []
    for process, last in touched.items():
        row = known.get(process)
        values: dict[str, Any] = row._asdict() if row is not None else {"process": process}
        if last is not None:
            values |= {"touched": last.position, "touched_at": instant(last.recorded_at)}
        newest: Heard | None = None
        if process in looked_up:
            newest = reduce(newer, (newest_now.get(one, NOBODY) for one in looked_up[process]))
        elif process in heard:
            assert row is not None  # noqa: S101  it would be looked up
            newest = newer(heard_of(row.heard), heard[process])
        if newest is not None:
            last_heard = newest.last()
            values |= {"heard_on": last_heard.on if last_heard is not None else "", "heard": json.dumps(newest)}
            values |= {"followed": newest.followed}
        state = changes.states.get(Subject(f"processes/{process}"))
        if isinstance(state, processes.ProcessState):
            values |= {"state": json.dumps(list(state.stage.values))}
        rows.append({column.name: values[column.name] for column in table.c})
    followed = {process: row.followed for process, row in known.items()}
    turned = [row["process"] for row in rows if row["followed"] != followed.get(row["process"], False)]
    rows += _sharing(changes, turned, touched)
    put(changes.connection, table, rows, Clash(("process",)))


def _sharing(changes: ChangeSet, turned: Iterable[str], touched: Container[str]) -> list[dict[str, Any]]:
    """The lines of further processes with a subject of one that is followed now, or no longer: what is a finding on it
    depends on all its processes."""
    table, belongs = changes.table(PROCESSES), changes.table(BELONGS)
    also = belongs.alias()
    shared: set[str] = set()
    ids = [one for process in turned for one in ids_of(process, changes.stays)] if changes.events else []
    for some in chunks(ids):
        query = select(also.c.process).distinct().join(belongs, belongs.c.subject == also.c.subject)
        query = query.where(belongs.c.process.in_(some), also.c.process.not_in(some))
        shared |= {_canonical(changes, process) for process in changes.connection.execute(query).scalars()}
    last = {"touched": changes.position, "touched_at": instant(changes.events[-1].recorded_at)} if shared else {}
    others = [process for process in sorted(shared) if process not in touched]
    return [{**row._asdict(), **last} for row in rows_where(changes.connection, table, table.c.process, others)]


def _canonical(changes: ChangeSet, process: str) -> str:
    return changes.canonical(Subject(f"processes/{process}")).partition("/")[2]


def _touched(changes: ChangeSet) -> dict[str, Recorded | None]:
    """The processes that the batch touches, each with the last event that does; None if only the clock does."""
    touched: dict[str, Recorded | None] = {}
    together = changes.together
    last_on = {recorded.subject: recorded for recorded in changes.events}
    touching = [(recorded, changes.processes.get(subject, frozenset())) for subject, recorded in last_on.items()]
    last_joining: dict[frozenset[Subject], Recorded] = {}  # it touches all that the earlier ones do
    for recorded in changes.events if together else ():
        if recorded.subject in together and isinstance(recorded.event.data, SubjectUnified | EventRetracted):
            last_joining[together[recorded.subject]] = recorded
    for others, recorded in last_joining.items():
        naming = subjects_naming(changes.transaction, others, recorded.position)
        touching.append((recorded, frozenset(p for p, _ in ever_in(changes.transaction, naming))))
    for recorded, processes_named in sorted(touching, key=lambda pair: pair[0].position):
        for process in processes_named:
            touched[_canonical(changes, process)] = recorded
    moved = {process for where in changes.places.values() for process in where.before | where.after}
    for process in changes.heard_again | moved:
        touched.setdefault(_canonical(changes, process), changes.events[-1] if changes.events else None)
    for subject in changes.states if changes.retimed else ():
        if subject.startswith("processes/"):
            touched.setdefault(subject.partition("/")[2], None)
    return touched


def _newest_by_process(changes: ChangeSet) -> dict[str, Heard]:
    """The newest source that the batch brings to each process."""
    heard: dict[str, Heard] = {}
    places = places_of(changes, changes.heard)
    for subject, newest in changes.heard.items():
        for process in places[subject].after:
            canonical = _canonical(changes, process)
            heard[canonical] = newer(heard.get(canonical, NOBODY), newest)
    return heard


READ_MODEL = ReadModel((PROCESSES,), apply)


def heard_of(text: str) -> Heard:
    """What was heard last, as a line holds it."""
    occurred, published, prompt, said = json.loads(text)
    return Heard(
        HeardReport(*occurred) if occurred is not None else None,
        HeardReport(*published) if published is not None else None,
        prompt,
        said,
    )


# --- queries


ProcessIds = Select[tuple[str]] | set[str]
"""The ids of processes, at hand or still to be selected."""


@dataclass(frozen=True, slots=True)
class ProcessFilter:
    """Which processes are wanted; what is None does not matter."""

    q: str | None = None
    """Words of a name or code of the process, or of a place of it."""
    place: str | None = None
    """Words of a name or code of a place of it."""
    actor: str | None = None
    """Id of an actor that takes part in it."""
    role: str | None = None
    """A role that is held in it (by `actor`, if that is given too)."""
    state: str | None = None
    """open, suspended, ended, or contested."""
    finding: str | None = None
    """A rule of which a finding stands in it."""
    updated_after: int | None = None
    """Only processes that an event after this position touched."""


def unknown() -> NotFound:
    """The refusal of a process that there is not."""
    return NotFound("there is no such process: GET /v1/processes lists them")


def line_of(transaction: Transaction, process: str) -> Row[*tuple[Any, ...]] | None:
    """The line of a process; None if it was never opened, or gave way."""
    table = transaction.table(PROCESSES)
    return next(rows_where(transaction.connection, table, table.c.process, [process]), None)


def followed_among(transaction: Transaction, ids: Iterable[str]) -> set[str]:
    """Those processes among these, by the ids that stay, that are followed."""
    table = transaction.table(PROCESSES)
    columns = (table.c.process, table.c.followed)
    return {process for process, yes in rows_where(transaction.connection, columns, table.c.process, ids) if yes}


def that_stay(transaction: Transaction, named: Select[tuple[str]]) -> ProcessIds:
    """The processes that are selected, by the ids that stay: what belongs to one that gave way belongs to that one."""
    joined = canonical_subjects(transaction)
    if not any(path.startswith("processes/") for path in joined):
        return named
    return {ids_of(row.process, joined)[0] for row in transaction.connection.execute(named)}


def require(transaction: Transaction, process: str) -> None:
    """Refuses a process that there is not.

    Raises:
        NotFound: it was never opened, or gave way.
    """
    table = transaction.table(PROCESSES)
    query = select(table.c.process).where(table.c.process == process)
    if transaction.connection.execute(query).first() is None:
        raise unknown()


def last_touched(transaction: Transaction, process: str) -> int | None:
    """The last position that touched a process; None if there is no such process."""
    table = transaction.table(PROCESSES)
    return transaction.connection.execute(select(table.c.touched).where(table.c.process == process)).scalar()


def followed_lines(transaction: Transaction, processes: Iterable[str]) -> list[tuple[str, list[str], str]]:
    """Those of some processes that are followed, each with its states (several if contested) and the day on which it
    was last heard of."""
    table = transaction.table(PROCESSES)
    columns = (table.c.process, table.c.state, table.c.heard_on, table.c.followed)
    rows = rows_where(transaction.connection, columns, table.c.process, processes)
    return [(row.process, json.loads(row.state), row.heard_on) for row in rows if row.followed]


def followed_ids(transaction: Transaction) -> Select[tuple[str]]:
    """The processes that are followed."""
    table = transaction.table(PROCESSES)
    return select(table.c.process).where(table.c.followed.is_(True))


def ids_from(transaction: Transaction, first: str, limit: int, *, followed: bool) -> list[str]:
    """The ids of processes, in order, from one on; of all, or of those that are followed."""
    query = _ids_from(transaction.tables, followed)
    return [row.process for row in fetch(transaction.connection, query, {"first": first, "most": limit})]


@lru_cache(KEPT)
def _ids_from(tables: GenerationTables, followed: bool) -> Query:
    table = tables.table(PROCESSES)
    query = select(table.c.process).where(table.c.process >= bindparam("first", type_=Text))
    query = query.order_by(table.c.process).limit(bindparam("most", type_=Integer))
    return query.where(table.c.followed.is_(True)) if followed else query


def page(
    transaction: Transaction,
    wanted: ProcessFilter,
    among: Iterable[ProcessIds],
    last: str | None,
    limit: int,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The lines of processes, by id.

    Args:
        transaction: a snapshot.
        wanted: which of them, by what a line holds.
        among: only processes that are in all of these.
        last: only what comes after this id; None: from the beginning.
        limit: so many at most.
    """
    table = transaction.table(PROCESSES)
    query = select(table).order_by(table.c.process).limit(limit)
    if last is not None:
        query = query.where(table.c.process > last)
    if wanted.state == "contested":
        query = query.where(table.c.state.contains(", "))
    elif wanted.state is not None:
        query = query.where(table.c.state.contains(json.dumps(wanted.state), autoescape=True))
    if wanted.updated_after is not None:
        query = query.where(table.c.touched > wanted.updated_after)
    for processes_wanted in among:
        query = query.where(table.c.process.in_(processes_wanted))
    return transaction.connection.execute(query).all()
