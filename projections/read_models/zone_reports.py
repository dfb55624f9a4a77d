"""The reports that tell of the time zones of processes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from domain import revisions
from domain.event import Recorded
from domain.horizon import names_processes
from domain.processes import ProcessOpened
from domain.values import Subject
from projections.read_models.revisions import ever_unified
from projections.read_models.timeline import TIMELINE, recorded_of
from projections.storage.sql import chunks
from projections.storage.tables import Transaction

TELLING = (ProcessOpened.__name__, *(revision.__name__ for revision in revisions.EVENTS))
"""The types of events that tell of the zone of a process."""


def zone_reports(transaction: Transaction, processes: Iterable[str]) -> list[Recorded]:
    """What tells of the zones of processes, and of whatever they were ever joined with, in log order."""
    together, timeline = ever_unified(transaction), transaction.table(TIMELINE)
    paths = {Subject(f"processes/{process}") for process in processes}
    subjects = sorted({other for path in paths for other in together.get(path, (path,))})
    reports: list[Recorded] = []
    for some in chunks(subjects):
        query = select(timeline).where(timeline.c.subject.in_(some), timeline.c.type.in_(TELLING))
        reports += [recorded_of(row) for row in transaction.connection.execute(query)]
    return sorted(reports, key=lambda recorded: recorded.position)


def zones_of_others(transaction: Transaction, log: Iterable[Recorded]) -> list[Recorded]:
    """What tells of the zones of the other processes that the events of one process name."""
    events = list(log)
    mine = {recorded.subject for recorded in events}
    named = {process for recorded in events for process in names_processes(recorded.event)}
    return zone_reports(transaction, (process for process in named if f"processes/{process}" not in mine))
