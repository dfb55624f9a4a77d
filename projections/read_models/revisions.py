"""What revisions make of the events they are about, and which subjects are one.

This read model goes first after the timeline: from its tables come the changes that all others take.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from uuid import UUID

from sqlalchemy import BigInteger, Column, Join, delete, join, select

from domain.effect import ReportStatus, in_effect
from domain.event import Event, Recorded
from domain.joint_versions import components
from domain.references import naming
from domain.revisions import DuplicateMarked, EventDisputed, EventRetracted, SubjectUnified
from domain.values import EventId, Source, Subject
from domain.vocabulary import model_of
from projections.answers.explanations import Marks
from projections.read_models.change_set import Change, ChangeSet, ReadModel
from projections.read_models.mentions import subjects_naming
from projections.read_models.timeline import TIMELINE, all_of, events_at, recorded_by_id, recorded_of
from projections.storage.checked_text import CheckedText
from projections.storage.prepared import KEPT
from projections.storage.sql import Clash, chunks, delete_where, put, rows_of, rows_where
from projections.storage.tables import GenerationTables, IndexDefinition, TableDefinition, Text, Transaction

REVISIONS = TableDefinition(
    "revisions",
    Column("subject", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("target", Text, nullable=False),
    indexes=[IndexDefinition("target", ("target", "position"))],
)
"""The revisions of each subject's events, by what they are about."""

REVISED_EVENTS = TableDefinition(
    "revised_events",
    Column("event_id", Text, primary_key=True),
    Column("type", Text),
    Column("event", CheckedText),
    Column("marks", CheckedText, nullable=False),
)
"""What became of events that were revised: how each reads now, if it is in effect, and why."""

UNIFICATIONS = TableDefinition(
    "unifications",
    Column("subject", Text, primary_key=True),
    Column("into", Text, primary_key=True),
)
"""Every unification of two subjects that was ever recorded, in effect or not."""

CANONICAL_SUBJECTS = TableDefinition(
    "canonical_subjects",
    Column("subject", Text, primary_key=True),
    Column("stays", Text, nullable=False),
)
"""Subjects that gave way, each with the one that stays."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    _add_revisions(changes)
    changes.together = ever_unified(changes.transaction)
    if changes.together:
        changes.stays_before = changes.stays = canonical_subjects(changes.transaction)
        _unify(changes)
    old, new = changes.stays_before, changes.stays
    changes.moved = frozenset(s for s in {*old, *new} if old.get(s, s) != new.get(s, s))
    actors = [subject for subject in changes.moved if subject.startswith("actors/")]
    naming_them = subjects_naming(changes.transaction, actors, changes.first_position) if actors else ()
    changes.renaming = frozenset(map(changes.canonical, naming_them))
    changes.changes = _find_changes(changes)


def _add_revisions(changes: ChangeSet) -> None:
    revisions = [recorded for recorded in changes.events if recorded.event.data.revises]
    rows = [
        {"subject": r.subject, "position": r.position, "type": r.type, "target": target_of(r.event) or ""}
        for r in revisions
    ]
    put(changes.connection, changes.table(REVISIONS), rows)
    unified = {(r.subject, r.event.data.into) for r in revisions if isinstance(r.event.data, SubjectUnified)}
    if unified:
        pairs = [{"subject": subject, "into": into} for subject, into in sorted(unified)]
        put(changes.connection, changes.table(UNIFICATIONS), pairs, Clash(("subject", "into")))


def _unify(changes: ChangeSet) -> None:
    """Works out again which subjects are one, if the batch says something about that."""
    if not any(isinstance(r.event.data, SubjectUnified | EventRetracted) for r in changes.events):
        return
    changes.stays = in_effect(revisions_of(changes.transaction, changes.together)).joined
    if changes.stays != changes.stays_before:
        table = changes.table(CANONICAL_SUBJECTS)
        changes.connection.execute(delete(table))
        rows = [{"subject": subject, "stays": stays} for subject, stays in changes.stays.items()]
        put(changes.connection, table, rows)


def _find_changes(changes: ChangeSet) -> list[Change]:
    """What the batch changes, event by event: those that come, and those that read otherwise by a revision, or since
    an actor that they name has another id."""
    old, new, moved = changes.stays_before, changes.stays, changes.moved
    revising = {r.subject for r in changes.events if r.event.data.revises}
    affected: dict[Subject, bool] = {}
    """Each subject that stays, and whether all of its events are to be assessed."""
    for subject in (*revising, *moved):
        for was in (subject, old.get(subject, subject)):
            stays = new.get(was, was)
            affected[stays] = affected.get(stays, False) or subject in moved
    affected |= dict.fromkeys(changes.renaming, True)
    by_id: dict[str, Change] = {}
    for stays, wholly in affected.items():
        for change in _assess(changes, stays, wholly=wholly):
            by_id[change.recorded.key] = change
    come = [
        Change(recorded, None, under(recorded.event, new))
        for recorded in changes.events
        if not recorded.event.data.revises and recorded.key not in by_id
    ]
    if not by_id:
        return come
    return sorted((*(c for c in by_id.values() if c.differs), *come), key=lambda change: change.recorded.position)


def _assess(changes: ChangeSet, stays: Subject, *, wholly: bool) -> list[Change]:
    """Applies the revisions of a subject to the events they are about (or to all), and keeps what comes of it."""
    transaction, subjects = changes.transaction, as_one(stays, changes.stays)
    if wholly:
        log = all_of(transaction, subjects)
    else:
        revisions = revisions_of(transaction, subjects)
        about = {target for r in revisions if (target := target_of(r.event)) is not None}
        about |= {str(r.event.data.of) for r in revisions if isinstance(r.event.data, DuplicateMarked)}
        reports = (r for r in recorded_by_id(transaction, about) if not r.event.data.revises)
        log = [*revisions, *(r for r in reports if r.subject in subjects)]
    before = reads(transaction, log, changes.stays_before)
    standings = in_effect(log).standings
    _keep_revised(changes, list(standings.values()))
    return [
        Change(
            standing.recorded,
            None if standing.recorded.position >= changes.first_position else before[str(event_id)],
            naming(standing.event, changes.stays) if standing.event is not None else None,
        )
        for event_id, standing in standings.items()
    ]


def _keep_revised(changes: ChangeSet, standings: Sequence[ReportStatus]) -> None:
    table = changes.table(REVISED_EVENTS)
    delete_where(changes.connection, table.c.event_id, [standing.recorded.key for standing in standings])
    rows = [
        {
            "event_id": standing.recorded.key,
            "type": standing.event.type if standing.event is not None else None,
            "event": standing.event.model_dump_json(exclude_unset=True) if standing.event is not None else None,
            "marks": json.dumps(marks_of(standing)),
        }
        for standing in standings
        if standing.revised
    ]
    put(changes.connection, table, rows)


READ_MODEL = ReadModel((REVISIONS, REVISED_EVENTS, UNIFICATIONS, CANONICAL_SUBJECTS), apply)


# --- what a revision says


def target_of(event: Event) -> str | None:
    """The id of the event that a revision is about; None for any other event, and for joined subjects."""
    if not event.data.revises:
        return None
    target = getattr(event.data, "event", None)
    return str(target) if target is not None else None


def marks_of(standing: ReportStatus) -> Marks:
    """What became of a report, as evidence shows it: only what there is."""
    marks = Marks()
    if standing.corrected_by:
        marks["corrected_by"] = [str(event) for event in standing.corrected_by]
    if standing.retracted_by:
        marks["retracted_by"] = str(standing.retracted_by)
    if standing.disputed_by:
        marks["disputed_by"] = [str(event) for event in standing.disputed_by]
    if standing.same_as:
        marks["same_as"] = str(standing.same_as)
    if standing.repeated_by:
        marks["repeated_by"] = [str(event) for event in standing.repeated_by]
    return marks


def under(event: Event, stays: Mapping[Subject, Subject]) -> Event:
    """An event under the subject that stays, and with the actors that stay."""
    return naming(event.on(stays.get(event.subject, event.subject)), stays)


def as_one(path: str, stays: Mapping[Subject, Subject]) -> list[Subject]:
    """The subjects that are one with this one: the one that stays first."""
    canonical = stays.get(Subject(path), Subject(path))
    return [canonical, *(subject for subject, other in stays.items() if other == canonical)]


def ids_of(process: str, stays: Mapping[Subject, Subject]) -> list[str]:
    """The ids of a process, if it has several: the one that stays first."""
    return [path.partition("/")[2] for path in as_one(f"processes/{process}", stays)]


# --- queries


def revisions_of(transaction: Transaction, subjects: Iterable[str]) -> list[Recorded]:
    """The revisions of subjects, as they were recorded, in no order."""
    timeline, revisions = transaction.table(TIMELINE), transaction.table(REVISIONS)
    source = _recorded_revisions(transaction.tables)
    rows = rows_where(transaction.connection, timeline, revisions.c.subject, subjects, source)
    return [recorded_of(row) for row in rows]


@lru_cache(KEPT)
def _recorded_revisions(tables: GenerationTables) -> Join:
    """Revisions, each with what it says."""
    revisions, timeline = tables.table(REVISIONS), tables.table(TIMELINE)
    return join(revisions, timeline, revisions.c.position == timeline.c.position)


def revisions_about(transaction: Transaction, ids: Sequence[str]) -> list[Recorded]:
    """The revisions of events, in log order."""
    table = transaction.table(REVISIONS)
    positions: list[int] = []
    for some in chunks(ids):
        query = select(table.c.position).where(table.c.target.in_(some))
        positions += transaction.connection.execute(query).scalars()
    return events_at(transaction, sorted(positions))


def reading_now(name: str | None, text: str | None, marks: str) -> Event | None:
    """An event as a row of the revised events has it; None if it is not in effect."""
    if name is None or text is None:
        return None
    repeats = tuple(EventId(UUID(event_id)) for event_id in json.loads(marks).get("repeated_by", ()))
    if not repeats:
        return model_of(name).model_validate_json(text)
    whole = json.loads(text)  # it gained the sources of others: there may be more than one report may be sent with
    sources = tuple(Source.model_validate_json(json.dumps(source)) for source in whole.pop("sources", ()))
    return model_of(name).model_validate_json(json.dumps(whole)).repeated(repeats, sources)


def reads(
    transaction: Transaction, log: Sequence[Recorded], stays: Mapping[Subject, Subject]
) -> dict[str, Event | None]:
    """How events that are no revisions read by what is stored, under the subject that stays and with the actors that
    stay; None: not in effect."""
    table = transaction.table(REVISED_EVENTS)
    events: dict[str, Event | None] = {}
    for recorded in log:
        if not recorded.event.data.revises:
            events[recorded.key] = under(recorded.event, stays)
    for row in rows_where(transaction.connection, table, table.c.event_id, events):
        event = reading_now(row.type, row.event, row.marks)
        events[row.event_id] = under(event, stays) if event is not None else None
    return events


def events_by_id(transaction: Transaction, ids: Iterable[str | UUID]) -> dict[str, Recorded]:
    """Events by their ids, as they read now; one that is not in effect as it was recorded. Unknown ids are left out."""
    table, wanted = transaction.table(REVISED_EVENTS), {str(event_id) for event_id in ids}
    recorded = sorted(recorded_by_id(transaction, wanted), key=lambda one: one.key)
    by_id = {one.key: one for one in recorded}
    for row in rows_where(transaction.connection, table, table.c.event_id, wanted):
        event = reading_now(row.type, row.event, row.marks)
        if event is not None:
            as_recorded = by_id[row.event_id]
            by_id[row.event_id] = replace(as_recorded, event=event.on(as_recorded.subject))
    return by_id


def marks_by_id(transaction: Transaction, ids: Iterable[str]) -> dict[str, Marks]:
    """What became of events that were revised, by their ids."""
    table = transaction.table(REVISED_EVENTS)
    rows = rows_where(transaction.connection, (table.c.event_id, table.c.marks), table.c.event_id, ids)
    return {event_id: json.loads(marks) for event_id, marks in rows}


def told_again(transaction: Transaction, ids: Sequence[str]) -> dict[str, int]:
    """When what reports say was recorded last, of those that were corrected or stand for duplicates."""
    retold = {event_id: retelling(marks) for event_id, marks in marks_by_id(transaction, ids).items()}
    by_id = {r.key: r for r in recorded_by_id(transaction, {one for ids in retold.values() for one in ids})}
    return {
        event_id: max(int(by_id[one].recorded_at.timestamp()) for one in again if one in by_id)
        for event_id, again in retold.items()
        if any(one in by_id for one in again)
    }


def retelling(marks: Marks) -> list[str]:
    """The events by which a report was told again: its corrections, and the duplicates that it stands for."""
    return [*marks.get("corrected_by", ()), *marks.get("repeated_by", ())]


def disputes_in_effect(transaction: Transaction, subjects: Iterable[Subject]) -> list[tuple[EventId, Event]]:
    """The reports in effect on subjects that are disputed, each with the dispute."""
    disputes = {
        r.event.id: r.event for r in revisions_of(transaction, subjects) if isinstance(r.event.data, EventDisputed)
    }
    table = transaction.table(REVISED_EVENTS)
    about = {str(target_of(event)) for event in disputes.values()}
    pairs: list[tuple[EventId, Event]] = []
    for row in rows_where(transaction.connection, table, table.c.event_id, about):
        for dispute in json.loads(row.marks).get("disputed_by", ()) if row.event is not None else ():
            event = disputes.get(EventId(UUID(dispute)))
            if event is not None:
                pairs.append((EventId(UUID(row.event_id)), event))
    return pairs


def canonical_subjects(transaction: Transaction) -> dict[Subject, Subject]:
    """Subjects that gave way, each with the one that stays."""
    rows = rows_of(transaction.connection, transaction.table(CANONICAL_SUBJECTS))
    return {Subject(subject): Subject(stays) for subject, stays in rows}


def canonical_id(transaction: Transaction, actor: str) -> str:
    """The id that stays of an actor."""
    table = transaction.table(CANONICAL_SUBJECTS)
    query = select(table.c.stays).where(table.c.subject == f"actors/{actor}")
    path = transaction.connection.execute(query).scalar()
    return path.partition("/")[2] if path is not None else actor


def ever_unified(transaction: Transaction) -> dict[Subject, frozenset[Subject]]:
    """The subjects that were ever said to be one, each with all of them."""
    pairs = [
        (Subject(s), Subject(into)) for s, into in rows_of(transaction.connection, transaction.table(UNIFICATIONS))
    ]
    return components(pairs) if pairs else {}
