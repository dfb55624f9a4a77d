"""The time zone of each process that has one: by it a day without a zone has passed.

What depends on when a day has passed (findings, deadlines) is renewed for all subjects of a process whose zone changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Column

from domain.general import SubjectState
from domain.process_zones import agreed_zone, zones_in
from domain.processes import ProcessState
from domain.spans import Zones
from domain.values import Subject
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.membership import BELONGS
from projections.read_models.revisions import as_one
from projections.read_models.subjects import states_of
from projections.storage.sql import Clash, delete_where, put, rows_where
from projections.storage.tables import TableDefinition, Text, Transaction

PROCESS_ZONES = TableDefinition(
    "process_zones",
    Column("process", Text, primary_key=True),
    Column("zone", Text, nullable=False),
)
"""The time zone of each process on which its reports agree, under all ids that it has."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    changed = _keep_zones(changes)
    if changed:
        belongs = changes.table(BELONGS)
        theirs = rows_where(changes.connection, (belongs.c.subject,), belongs.c.process, changed)
        changes.other_clocks = states_of(changes.transaction, {path for (path,) in theirs} - set(changes.states))
    states = {**changes.states, **changes.other_clocks, **changes.reclassed}
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


def names_of_zones(transaction: Transaction, processes: Iterable[str]) -> dict[str, str]:
    """The zones of those processes that have one, by id."""
    table = transaction.table(PROCESS_ZONES)
    return {row.process: row.zone for row in rows_where(transaction.connection, table, table.c.process, processes)}


def _zones(
    transaction: Transaction, states: Mapping[Subject, SubjectState], ids: Mapping[Subject, list[str]]
) -> dict[Subject, Zones]:
    """The zones of subjects of these states, given the ids of those that are processes."""
    processes = {subject: ids.get(subject) or list(state.processes) for subject, state in states.items()}
    names = names_of_zones(transaction, {process for theirs in processes.values() for process in theirs})
    if not names:
        return {}
    zones = {subject: zones_in(theirs, names) for subject, theirs in processes.items()}
    return {subject: zone for subject, zone in zones.items() if zone}
