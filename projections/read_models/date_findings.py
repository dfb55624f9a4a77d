"""What cannot be of dates: of those of reports, each by itself or by who publishes it, and of those of revisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.effect import standing_revisions
from domain.event import Event, Recorded
from domain.finding import Finding
from domain.findings.dates import ARCHIVE, far_publishers, is_calm, of_dates, of_years_apart
from domain.values import Subject
from projections.read_models.change_set import ChangeSet
from projections.read_models.finding_rows import FINDINGS, replace_findings
from projections.read_models.repeated_reports import events_in_effect, keep_hashes
from projections.read_models.revisions import as_one, revisions_of, told_again
from projections.storage.sql import rows_where_pairs

OF_REVISIONS = "revisions"
"""The part of the findings of a subject that is what the dates of revisions tell."""


def renew_dates(changes: ChangeSet) -> None:
    """Dates that cannot be: of each report by itself, and of those that a publisher tells decades late. The clock makes
    no difference."""
    gone = [(event.subject, f"dates {event.key}") for event in changes.no_longer_told]
    told = [(event, int(recorded.recorded_at.timestamp())) for recorded, event in changes.told]
    looked_at = [(event, second) for event, second in told if not is_calm(event, second)]
    doubtful = [(event, second) for event, second in looked_at if of_dates(event.subject, event, second)]
    again = told_again(changes.transaction, [event.key for event, _ in doubtful])
    findings = [
        (f"dates {event.key}", "", finding)
        for event, second in doubtful
        for finding in of_dates(event.subject, event, max(second, again.get(event.key, 0)))
    ]
    if gone or findings:
        parts = dict.fromkeys([*gone, *((finding.subject, part) for part, _, finding in findings)])
        replace_findings(changes, list(parts), findings)
    _renew_years_apart(changes, [event for event, _ in looked_at])


def _renew_years_apart(changes: ChangeSet, told: Iterable[Event]) -> None:
    lost = [(event.subject, key, event.key) for event in changes.no_longer_told for key in far_publishers(event)]
    new = [(event.subject, key, event.key) for event in told for key in far_publishers(event)]
    if not lost and not new:
        return
    told_by = keep_hashes(changes, lost, new)
    events = events_in_effect(changes, {i for ids in told_by.values() for i in ids[:ARCHIVE]}, held=True)
    findings = [
        (publisher, "", finding)
        for (subject, publisher), ids in told_by.items()
        for finding in of_years_apart(subject, publisher, [events[i] for i in ids[:ARCHIVE] if i in events])
    ]
    replace_findings(changes, list(told_by), findings)


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
