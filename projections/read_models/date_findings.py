"""What cannot be of the dates of revisions: kept for each subject as one part of its findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.effect import standing_revisions
from domain.event import Recorded
from domain.finding import Finding
from domain.findings.dates import of_dates
from domain.values import Subject
from projections.read_models.change_set import ChangeSet
from projections.read_models.finding_rows import FINDINGS, replace_findings
from projections.read_models.revisions import as_one, revisions_of
from projections.storage.sql import rows_where_pairs

OF_REVISIONS = "revisions"
"""The part of what the dates of revisions of a subject tell."""


def renew_dates_of_revisions(changes: ChangeSet) -> None:
    """What the dates of revisions tell: few are wrong, so nothing is read but of subjects with one that is, or was."""
    revisions = [recorded for recorded in changes.events if recorded.event.data.revises]
    if not revisions:
        return
    touched = {changes.canonical(recorded.subject) for recorded in revisions}
    doubtful = {changes.canonical(r.subject) for r in revisions if of_dates(r.subject, r.event, _second(r))}
    doubtful |= {
        changes.canonical(s) for moved in changes.moved for s in (moved, changes.stays_before.get(moved, moved))
    }
    table = changes.table(FINDINGS)
    pairs = [(subject, OF_REVISIONS) for subject in touched]
    rows = rows_where_pairs(changes.connection, table, (table.c.subject, table.c.part), pairs)
    doubtful |= {Subject(row.subject) for row in rows}
    findings = [
        (OF_REVISIONS, "", finding)
        for subject in sorted(doubtful)
        for finding in of_revisions(subject, revisions_of(changes.transaction, as_one(subject, changes.stays)))
    ]
    replace_findings(changes, [(subject, OF_REVISIONS) for subject in sorted(doubtful)], findings)


def of_revisions(subject: Subject, revisions: Iterable[Recorded]) -> Iterator[Finding]:
    """What cannot be of the dates of those revisions of a subject that are neither retracted nor corrected."""
    for recorded in standing_revisions(revisions):
        yield from of_dates(subject, recorded.event, _second(recorded))


def _second(recorded: Recorded) -> int:
    return int(recorded.recorded_at.timestamp())
