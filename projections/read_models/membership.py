"""Which subjects belong to which processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from sqlalchemy import Boolean, Column, ColumnElement, Select, select

from domain.event import Recorded
from domain.general import SubjectState
from domain.horizon import names_processes
from domain.values import IN_NO_PROCESS, Subject
from projections.read_models.change_set import ChangeSet, Places, ReadModel
from projections.read_models.revisions import as_one, canonical_subjects, ever_unified
from projections.read_models.timeline import TIMELINE, Sharing, recorded_of
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import Clash, Query, among, chunks, delete_where, listed, put, rows_where
from projections.storage.tables import GenerationTables, IndexDefinition, TableDefinition, Text, Transaction

MEMBERSHIP = TableDefinition(
    "membership",
    Column("process", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("own", Boolean, nullable=False),
    indexes=[IndexDefinition("subject", ("subject",))],
)
"""Which subjects any report ever put into which process: one on the subject itself (`own`), or on another that was ever
said to be one with it."""

BELONGS = TableDefinition(
    "belongs",
    Column("process", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("withdrawn", Boolean, nullable=False),
    indexes=[IndexDefinition("subject", ("subject",))],
)
"""Which subjects, by the reports in effect, belong to which process."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    _add_members(changes)
    _forget(changes)
    _place(changes)


def _add_members(changes: ChangeSet) -> None:
    """Keeps which processes were ever named for a subject. What was ever said to be one is put into the same ones."""
    table = changes.table(MEMBERSHIP)
    together = changes.together
    subjects = {recorded.subject for recorded in changes.events}
    subjects |= {other for subject in subjects for other in together.get(subject, ())}
    known: dict[Subject, set[str]] = {subject: set() for subject in subjects}
    own: dict[Subject, set[str]] = {subject: set() for subject in subjects}
    columns = (table.c.subject, table.c.process, table.c.own)
    for subject, process, by_itself in rows_where(changes.connection, columns, table.c.subject, subjects):
        known[Subject(subject)].add(process)
        if by_itself:
            own[Subject(subject)].add(process)
    known_own = {subject: frozenset(processes) for subject, processes in own.items()}
    for subject in {recorded.subject for recorded in changes.events}:
        if subject.startswith("processes/"):
            own[subject].add(subject.partition("/")[2])
    for recorded in changes.events:
        if processes := names_processes(recorded.event):
            own[recorded.subject].update(processes)
    named = {subject: known[subject] | own[subject] for subject in subjects}
    of_all: dict[frozenset[Subject], set[str]] = {}
    for subject, others in together.items():
        if subject in named:
            if others not in of_all:
                of_all[others] = set().union(*(named.get(other, ()) for other in others))
            named[subject] = of_all[others]
    new = {s: sorted(processes - known[s]) for s, processes in sorted(named.items()) if processes - known[s]}
    rows = [
        {"process": process, "subject": subject, "own": process in own[subject]}
        for subject in sorted(named)
        for process in sorted((named[subject] - known[subject]) | (own[subject] - known_own[subject]))
    ]
    put(changes.connection, table, rows, Clash(("process", "subject")))
    changes.processes = {subject: frozenset(processes) for subject, processes in named.items()}
    changes.new_processes = new


def _processes_named(recorded: Recorded) -> Iterable[str]:
    """The processes that an event puts its subject into: a process is in itself."""
    named = names_processes(recorded.event)
    return (*named, recorded.subject.partition("/")[2]) if recorded.event.family == "processes" else named


def _forget(changes: ChangeSet) -> None:
    table = changes.table(BELONGS)
    left: dict[Subject, set[str]] = {subject: set() for subject in changes.gave_way}
    columns = (table.c.subject, table.c.process)
    for subject, process in rows_where(changes.connection, columns, table.c.subject, left):
        left[Subject(subject)].add(process)
    delete_where(changes.connection, table.c.subject, left)
    changes.left = {subject: frozenset(processes) for subject, processes in left.items()}


def _place(changes: ChangeSet) -> None:
    """Keeps which processes the changed subjects belong to. A withdrawn one stays with those it was ever put into."""
    table = changes.table(BELONGS)
    before: dict[Subject, dict[str, bool]] = {subject: {} for subject in changes.states}
    columns = (table.c.process, table.c.subject, table.c.withdrawn)
    for process, subject, withdrawn in rows_where(changes.connection, columns, table.c.subject, changes.states):
        before[Subject(subject)][process] = withdrawn
    different: dict[Subject, dict[str, bool]] = {}
    for subject, state in changes.states.items():
        family = subject.partition("/")[0]
        if family in IN_NO_PROCESS:
            continue
        counted, now = _belongs_now(changes, subject, state)
        had = frozenset(p for p, withdrawn in before[subject].items() if not withdrawn or family == "processes")
        counts = state.opened or family == "processes"
        changes.places[subject] = Places(had, frozenset(counted if counts else ()))
        if now != before[subject]:
            different[subject] = now
    delete_where(changes.connection, table.c.subject, [subject for subject in different if before[subject]])
    rows = [
        {"process": process, "subject": subject, "withdrawn": withdrawn}
        for subject, now in different.items()
        for process, withdrawn in sorted(now.items())
    ]
    put(changes.connection, table, rows)


def _belongs_now(changes: ChangeSet, subject: Subject, state: SubjectState) -> tuple[set[str], dict[str, bool]]:
    """The processes that a subject's reports in effect name; and those it belongs to, and whether it is withdrawn."""
    if subject.startswith("processes/"):
        counted = {other.partition("/")[2] for other in as_one(subject, changes.stays)}
        return counted, dict.fromkeys(counted, not state.opened)
    counted = set(state.processes)
    if state.opened:
        return counted, dict.fromkeys(counted, False)
    table = changes.table(MEMBERSHIP)
    ever = select(table.c.process).where(table.c.subject.in_(as_one(subject, changes.stays)), table.c.own)
    return counted, dict.fromkeys(changes.connection.execute(ever).scalars(), True)


def places_of(changes: ChangeSet, subjects: Iterable[Subject]) -> dict[Subject, Places]:
    """The processes in which what accumulates on subjects counts: of those given, and of all whose state changed."""
    table, wanted = changes.table(BELONGS), set(subjects)
    unknown = wanted - set(changes.places) - set(changes.other_places)
    if unknown:
        processes: dict[Subject, set[str]] = {subject: set() for subject in unknown}
        columns = (table.c.process, table.c.subject, table.c.withdrawn)
        for process, subject, withdrawn in rows_where(changes.connection, columns, table.c.subject, unknown):
            if not withdrawn or subject.startswith("processes/"):
                processes[Subject(subject)].add(process)
        changes.other_places |= {s: Places(frozenset(p), frozenset(p)) for s, p in processes.items()}
    return {**changes.places, **{s: changes.other_places[s] for s in wanted if s not in changes.places}}


READ_MODEL = ReadModel((MEMBERSHIP, BELONGS), apply)


# --- in memory


def named_by(events: Iterable[Recorded]) -> dict[Subject, set[str]]:
    """The processes that any report on a subject, or a correction of one, ever put it into."""
    named: dict[Subject, set[str]] = defaultdict(set)
    for recorded in events:
        named[recorded.subject].update(_processes_named(recorded))
    return named


# --- queries


def counted(tables: Transaction | GenerationTables) -> ColumnElement[bool]:
    """The rows of subjects that are not withdrawn; a process itself counts always."""
    table = tables.table(BELONGS)
    return table.c.withdrawn.is_(False) | (table.c.subject == "processes/" + table.c.process)


def subjects_of(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    """The subjects that belong to a process, which has one id or several."""
    table = transaction.table(BELONGS)
    return sorted({path for (path,) in rows_where(transaction.connection, (table.c.subject,), table.c.process, ids)})


def ever_in(transaction: Transaction, subjects: Iterable[str]) -> list[tuple[str, str]]:
    """Subjects, each with a process that any report ever put it into."""
    table = transaction.table(MEMBERSHIP)
    columns = (table.c.process, table.c.subject)
    return [(process, path) for process, path in rows_where(transaction.connection, columns, table.c.subject, subjects)]


def apart_from(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    """The subjects that were once said to be one with a subject of a process, and are no longer.

    Args:
        transaction: a snapshot.
        ids: of the process, if it has several.
    """
    table = transaction.table(MEMBERSHIP)
    connection = transaction.connection
    by_others = fetch(connection, _by_others(connection.dialect.name, transaction.tables), listed(connection, ids))
    doubtful = sorted({Subject(row.subject) for row in by_others})
    if not doubtful:
        return []
    joined = canonical_subjects(transaction)
    together = {subject: as_one(subject, joined) for subject in doubtful}
    by_itself = select(table.c.subject).where(table.c.process.in_(ids), table.c.own)
    every = {other for others in together.values() for other in others}
    own: set[str] = set()
    for some in chunks(sorted(every)):
        own.update(connection.execute(by_itself.where(table.c.subject.in_(some))).scalars())
    return sorted(subject for subject, others in together.items() if own.isdisjoint(others))


@lru_cache(KEPT)
def _by_others(dialect: str, tables: GenerationTables) -> Query:
    table = tables.table(MEMBERSHIP)
    return select(table.c.subject).where(among(dialect, table.c.process), table.c.own.is_(False))


def processes_of(transaction: Transaction, subjects: Iterable[str]) -> list[tuple[str, str]]:
    """Subjects that are not withdrawn, each with a process that it belongs to."""
    table = transaction.table(BELONGS)
    columns = (table.c.subject, table.c.process, table.c.withdrawn)
    rows = rows_where(transaction.connection, columns, table.c.subject, subjects)
    return [(subject, process) for subject, process, withdrawn in rows if not withdrawn]


def events_of(transaction: Transaction, process: str) -> list[Recorded]:
    """All events, in log order, of the subjects that were ever put into a process."""
    membership, timeline = transaction.table(MEMBERSHIP), transaction.table(TIMELINE)
    own = Subject(f"processes/{process}")
    ids = [path.partition("/")[2] for path in ever_unified(transaction).get(own, (own,))]
    mine: Select[tuple[str]] = select(membership.c.subject).where(membership.c.process.in_(ids))
    query = select(timeline).where(timeline.c.subject.in_(mine)).order_by(timeline.c.position)
    sharing = Sharing()
    return [sharing.among(recorded_of(row)) for row in transaction.connection.execute(query)]
