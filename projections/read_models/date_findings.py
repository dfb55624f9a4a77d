"""What cannot be of dates, hardly or at all: of each report by itself, of those alone in their years, of revisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from sqlalchemy import select

from domain import families
from domain.effect import standing_revisions
from domain.event import Event, Recorded
from domain.finding import Finding
from domain.findings.dates import (
    ARCHIVE,
    LAST_HIJRI,
    SAME_YEARS,
    company_among,
    is_calm,
    is_far,
    of_dates,
    of_years_apart,
)
from domain.values import Subject
from projections.read_models.change_set import ChangeSet
from projections.read_models.finding_rows import FINDINGS, replace_findings
from projections.read_models.folded_events import FOLDED_EVENTS
from projections.read_models.repeated_reports import FAR, events_in_effect, keep_hashes
from projections.read_models.revisions import as_one, revisions_of, told_again
from projections.storage.sql import rows_where_pairs

OF_REVISIONS = "revisions"
"""The part of the findings of a subject that is what the dates of revisions tell."""


def dates_part(event: Event) -> str:
    """The part of what the dates of one report tell."""
    return f"dates {event.key}"


def renew_dates(changes: ChangeSet) -> None:
    """Dates that cannot be, whatever the clock: of each report by itself, and of those alone in their years."""
    gone = [(event.subject, dates_part(event)) for event in changes.no_longer_told]
    told = [(event, int(recorded.recorded_at.timestamp())) for recorded, event in changes.told]
    looked_at = [(event, second) for event, second in told if not is_calm(event, second)]
    doubtful = [(event, second) for event, second in looked_at if of_dates(event.subject, event, second)]
    again = told_again(changes.transaction, [event.key for event, _ in doubtful])
    findings = [
        (dates_part(event), "", finding)
        for event, second in doubtful
        for finding in of_dates(event.subject, event, max(second, again.get(event.key, 0)))
    ]
    if gone or findings:
        parts = dict.fromkeys([*gone, *((finding.subject, part) for part, _, finding in findings)])
        replace_findings(changes, list(parts), findings)
    _renew_years_apart(changes, [event for event, _ in looked_at])


def _renew_years_apart(changes: ChangeSet, told: Iterable[Event]) -> None:
    """Which reports are alone in years that lie decades from their sources, on subjects that have any so far away."""
    lost = [(event.subject, FAR, event.key) for event in changes.no_longer_told if is_far(event)]
    new = [(event.subject, FAR, event.key) for event in told if is_far(event)]
    touched = dict.fromkeys(event.subject for event in (*changes.no_longer_told, *changes.gone))
    touched |= dict.fromkeys(event.subject for _, event in (*changes.told, *changes.come))
    told_by = keep_hashes(changes, lost, new, [(subject, FAR) for subject in touched])
    far = {subject: ids[:ARCHIVE] for (subject, _), ids in told_by.items() if ids}
    renewed = dict.fromkeys([*((subject, FAR) for subject in far), *((subject, FAR) for subject, _, _ in lost)])
    if not renewed:
        return
    events = events_in_effect(changes, {i for ids in far.values() if len(ids) < ARCHIVE for i in ids}, held=True)
    steps: dict[Subject, list[Event]] = {subject: [] for subject in far if subject in changes.new}
    for _, event in changes.come if steps else ():
        if event.subject in steps and families.is_step(event):
            steps[event.subject].append(event)
    findings = [
        (FAR, "", finding)
        for subject, ids in far.items()
        if len(ids) < ARCHIVE
        for finding in of_years_apart(
            subject,
            [events[i] for i in ids if i in events],
            partial(company_among, steps[subject]) if subject in steps else partial(_in_company, changes),
        )
    ]
    replace_findings(changes, list(renewed), findings)


def _in_company(changes: ChangeSet, event: Event) -> bool | None:
    """What `company_among` tells, of all steps of the subject of a report."""
    table = changes.table(FOLDED_EVENTS)
    others = select(table.c.event_id).where(table.c.subject == event.subject, table.c.event_id != event.key)
    others = others.where(table.c.latest > LAST_HIJRI).limit(1)
    if changes.connection.execute(others).first() is None:
        return None
    from_, until = event.span.earliest - SAME_YEARS, event.span.latest + SAME_YEARS
    near = others.where(table.c.earliest <= until, table.c.latest >= from_)
    return changes.connection.execute(near).first() is not None


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
