"""The time zone of each process that has one: by it a day without a zone has passed.

What depends on when a day has passed (findings, deadlines) is renewed for all subjects of a process whose zone changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Column, select

from domain import revisions
from domain.event import Recorded
from domain.general import SubjectState
from domain.horizon import names_processes
from domain.process_zones import agreed_zone, zones_in
from domain.processes import ProcessOpened, ProcessState
from domain.spans import Zones
from domain.values import Subject
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.membership import BELONGS
from projections.read_models.revisions import as_one, ever_unified
from projections.read_models.subjects import states_of
from projections.read_models.timeline import TIMELINE, recorded_of
from projections.storage.sql import Clash, chunks, delete_where, put, rows_of, rows_where
from projections.storage.tables import TableDefinition, Text, Transaction

PROCESS_ZONES = TableDefinition(
    "process_zones",
    Column("process", Text, primary_key=True),
    Column("zone", Text, nullable=False),
)
"""The time zone of each process on which its reports agree, under all ids that it has."""


TELLING = (ProcessOpened.__name__, *(revision.__name__ for revision in revisions.EVENTS))
"""The types of events that tell of the zone of a process."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    changed = _keep_zones(changes)
    if changed:
        belongs = changes.table(BELONGS)
        theirs = rows_where(changes.connection, (belongs.c.subject,), belongs.c.process, changed)
        changes.other_clocks = states_of(changes.transaction, {path for (path,) in theirs} - set(changes.states))
    states = {**changes.states, **changes.other_clocks}
    ids = {subject: _ids(changes, subject) for subject in states if subject.startswith("processes/")}
    changes.zones = _zones(changes.transaction, states, ids)


def _keep_zones(changes: ChangeSet) -> set[str]:
    """Keeps the zones of the processes that changed; gives the ids of those that have another zone now."""
    now: dict[str, str | None] = {}
    for subject, state in changes.states.items():
        if isinstance(state, ProcessState):
            now |= dict.fromkeys(_ids(changes, subject), agreed_zone(state.time_zone))
    if not now:
        return set()
    table = changes.table(PROCESS_ZONES)
    before = {row.process: row.zone for row in rows_where(changes.connection, table, table.c.process, now)}
    changed = {process for process, zone in now.items() if before.get(process) != zone}
    delete_where(changes.connection, table.c.process, [process for process in changed if now[process] is None])
    rows = [{"process": process, "zone": now[process]} for process in sorted(changed) if now[process] is not None]
    put(changes.connection, table, rows, Clash(("process",)))
    return changed


def _ids(changes: ChangeSet, subject: Subject) -> list[str]:
    return [path.partition("/")[2] for path in as_one(subject, changes.stays)]


READ_MODEL = ReadModel((PROCESS_ZONES,), apply)


# --- queries


def of_subjects(
    transaction: Transaction, states: Mapping[Subject, SubjectState], ids: Iterable[str]
) -> dict[Subject, Zones]:
    """The zones of the subjects of one process, of those that have any; `ids` are those of the process."""
    own = list(ids)
    return _zones(transaction, states, {Subject(f"processes/{process}"): own for process in own})


def names_of_zones(transaction: Transaction) -> dict[str, str]:
    """The zones of all processes that have one, by id."""
    return {row.process: row.zone for row in rows_of(transaction.connection, transaction.table(PROCESS_ZONES))}


def zone_reports(transaction: Transaction, processes: Iterable[str]) -> list[Recorded]:
    """What tells of the zones of processes, and of whatever they were ever joined with, in log order."""
    together, timeline = ever_unified(transaction), transaction.table(TIMELINE)
    paths = {Subject(f"processes/{process}") for process in processes}
    subjects = sorted({other for path in paths for other in together.get(path, (path,))})
    found: list[Recorded] = []
    for some in chunks(subjects):
        query = select(timeline).where(timeline.c.subject.in_(some), timeline.c.type.in_(TELLING))
        found += [recorded_of(row) for row in transaction.connection.execute(query)]
    return sorted(found, key=lambda recorded: recorded.position)


def zones_of_others(transaction: Transaction, log: Iterable[Recorded]) -> list[Recorded]:
    """What tells of the zones of the other processes that the events of one process name."""
    events = list(log)
    mine = {recorded.subject for recorded in events}
    named = {process for recorded in events for process in names_processes(recorded.event)}
    return zone_reports(transaction, (process for process in named if f"processes/{process}" not in mine))


def _zones(
    transaction: Transaction, states: Mapping[Subject, SubjectState], ids: Mapping[Subject, list[str]]
) -> dict[Subject, Zones]:
    """The zones of subjects of these states, given the ids of those that are processes."""
    processes = {subject: ids.get(subject) or list(state.processes) for subject, state in states.items()}
    table = transaction.table(PROCESS_ZONES)
    wanted = {process for theirs in processes.values() for process in theirs}
    names = {row.process: row.zone for row in rows_where(transaction.connection, table, table.c.process, wanted)}
    if not names:
        return {}
    zones = {subject: zones_in(theirs, names) for subject, theirs in processes.items()}
    return {subject: found for subject, found in zones.items() if found}
