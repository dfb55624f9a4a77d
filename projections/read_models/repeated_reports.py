"""What is reported twice: what reports in effect say, hashed, and the findings that follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Column

from domain.event import Event
from domain.finding import Finding
from domain.findings.reports import COUNTED, LOOKED_AT, NUMBER, content_key, number_keys, of_numbers, of_repeats
from domain.place_meanings import meant
from domain.values import Subject
from projections.read_models.change_set import ChangeSet
from projections.read_models.finding_rows import replace_findings
from projections.read_models.place_meanings import IN_ANY, Ways, ways_of
from projections.read_models.revisions import reads
from projections.read_models.timeline import recorded_by_id
from projections.read_models.upcoming import reads_by_clock
from projections.storage.sql import First, delete_keys, first_where_pairs, put, rows_where
from projections.storage.tables import TableDefinition, Text, Transaction

REPORT_HASHES = TableDefinition(
    "report_hashes",
    Column("subject", Text, primary_key=True),
    Column("content", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
)
"""What reports in effect say, hashed: a report made twice is found by it."""

_FIRST = First("event_id", ("event_id",), LOOKED_AT + 1)

FAR = "far"
"""What reports share whose sources lie decades away; also the part of what is found on them."""


def renew_repeats(changes: ChangeSet) -> None:
    """What is reported twice: in the same words, or by its id in another register."""
    lost = [(event.subject, key, event.key) for event in changes.gone for key in keys_of(event)]
    new = _told_by(changes)
    told_by = keep_hashes(changes, lost, new)
    lost_contents = {(subject, content) for subject, content, _ in lost}
    again = _repeated_in(changes, changes.reclassed)
    told_by |= again
    among_first = {(s, key) for s, key, event_id in new if event_id in told_by[s, key]}
    renewed = [
        pair
        for pair, ids in told_by.items()
        if pair in lost_contents or (len(ids) > 1 and (pair in among_first or pair in again))
    ]
    repeated = {event_id for pair in renewed for event_id in told_by[pair] if len(told_by[pair]) > 1}
    events = events_in_effect(changes, repeated)
    ways = ways_of(changes, {subject for subject, content in renewed if len(told_by[subject, content]) > 1})
    findings = [
        (content, process, finding)
        for subject, content in renewed
        for reports in [[events[i] for i in told_by[subject, content] if i in events]]
        for process, finding in of_content(subject, content, reports, ways.get(subject, IN_ANY))
    ]
    replace_findings(changes, renewed, findings)


def _told_by(changes: ChangeSet) -> list[tuple[Subject, str, str]]:
    """What the events that come report: subject, hash of the content, and id."""
    return [(event.subject, key, event.key) for _, event in changes.come for key in keys_of(event)]


def put_hashes(changes: ChangeSet) -> None:
    """Keeps what is reported by which events, where nothing goes."""
    _put(changes, _told_by(changes))


def _put(changes: ChangeSet, new: Iterable[tuple[Subject, str, str]]) -> None:
    rows = [{"subject": subject, "content": key, "event_id": event_id} for subject, key, event_id in new]
    put(changes.connection, changes.table(REPORT_HASHES), rows)


def of_content(subject: Subject, content: str, reports: Sequence[Event], ways: Ways) -> Iterator[tuple[str, Finding]]:
    """What reports tell that share a hash, or an id, each finding with the process in which it stands."""
    for process, meanings in ways:
        as_meant = [meant(event, meanings) for event in reports]
        of_these = (
            of_numbers(subject, content, as_meant) if content.startswith(NUMBER) else of_repeats(subject, as_meant)
        )
        for finding in of_these:
            yield process, finding


def keys_of(event: Event) -> list[str]:
    """What reports of one and the same share: the hash of what they say, and the ids of an incident or a violation."""
    return [content_key(event), *(number_keys(event) if isinstance(event.data, COUNTED) else ())]


def keep_hashes(
    changes: ChangeSet,
    lost: Sequence[tuple[Subject, str, str]],
    new: Sequence[tuple[Subject, str, str]],
    also: Iterable[tuple[Subject, str]] = (),
) -> dict[tuple[Subject, str], list[str]]:
    """Keeps what is reported by which events, each given as subject, hash of the content, and id.

    Returns:
        The ids of the first `LOOKED_AT` events and one more that report it now, in order, for each subject and content
        of these events, and `also` for these.
    """
    table = changes.table(REPORT_HASHES)
    delete_keys(changes.connection, (table.c.subject, table.c.content, table.c.event_id), lost)
    told_by = reported_by(changes, [*((subject, key) for subject, key, _ in (*lost, *new)), *also])
    _put(changes, new)
    for subject, content, event_id in new:
        told_by[subject, content].append(event_id)
    for ids in told_by.values():
        if len(ids) > 1:
            ids.sort()
            del ids[LOOKED_AT + 1 :]
    return told_by


def subjects_far_away(transaction: Transaction, subjects: Iterable[Subject]) -> set[Subject]:
    """Those of some subjects of which a report has a source that lies decades away."""
    table, pairs = transaction.table(REPORT_HASHES), [(subject, FAR) for subject in subjects]
    rows = first_where_pairs(transaction.connection, table, (table.c.subject, table.c.content), pairs, _FIRST)
    return {Subject(row.subject) for row in rows}


def reported_by(changes: ChangeSet, pairs: Iterable[tuple[Subject, str]]) -> dict[tuple[Subject, str], list[str]]:
    """The ids of the first `LOOKED_AT` events and one more by which something is reported, as it is kept, by subject
    and content, in no order."""
    table = changes.table(REPORT_HASHES)
    told_by: dict[tuple[Subject, str], list[str]] = {pair: [] for pair in pairs}
    columns, fresh = (table.c.subject, table.c.content), changes.new
    known = (pair for pair in told_by if pair[0] not in fresh)
    for subject, content, event_id in first_where_pairs(changes.connection, table, columns, known, _FIRST):
        told_by[subject, content].append(event_id)
    return told_by


def events_in_effect(changes: ChangeSet, ids: Iterable[str], *, held: bool = False) -> dict[str, Event]:
    """Events in effect by their ids, under the subjects that stay, also those that are `held`, or without them."""
    known = {event.key: event for _, event in (changes.told if held else changes.come)}
    others = recorded_by_id(changes.transaction, (event_id for event_id in ids if event_id not in known))
    now = (reads if held else reads_by_clock)(changes.transaction, others, changes.stays)
    return {**{event_id: event for event_id, event in now.items() if event is not None}, **known}


def _repeated_in(changes: ChangeSet, subjects: Iterable[Subject]) -> dict[tuple[Subject, str], list[str]]:
    """What several events of subjects report, the first of their ids in order, for each subject and content."""
    table = changes.table(REPORT_HASHES)
    reported_by: dict[tuple[Subject, str], list[str]] = defaultdict(list)
    for row in rows_where(changes.connection, table, table.c.subject, subjects):
        if row.content != FAR:
            reported_by[Subject(row.subject), row.content].append(row.event_id)
    return {pair: sorted(ids)[: LOOKED_AT + 1] for pair, ids in reported_by.items() if len(ids) > 1}
