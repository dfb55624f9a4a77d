"""What is read from the read models, and how a picture is read from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, func, select

from domain import families
from domain.event import Event, Recorded
from domain.families import OPENINGS
from domain.general import SubjectState
from domain.values import EventId, Source, Subject
from domain.vocabulary import PAYLOADS, model_of
from projections.picture import Claim, Heard, Json, Picture, Tally
from projections.read_models.entries import ENTRIES
from projections.read_models.figures import SERIES
from projections.read_models.history import PROCESS_TIMELINE
from projections.read_models.incident_counts import INCIDENT_COUNTS
from projections.read_models.membership import BELONGS
from projections.read_models.process_list import PROCESSES
from projections.read_models.revisions import CANONICAL_SUBJECTS, REVISED_EVENTS
from projections.read_models.subjects import SUBJECTS
from projections.read_models.timeline import TIMELINE
from projections.storage.generations import ReadTransaction
from projections.storage.sql import KEPT, Query, among, chunks, listed, rows_of, rows_where
from projections.storage.tables import GenerationTables

LONG_AGO = -10_000_000
"""A day before all days, in days since 1970-01-01."""


def recorded_of(row: Any) -> Recorded:
    """A row of the timeline as the event it keeps."""
    return Recorded(
        event=model_of(row.type).model_validate_json(row.event),
        position=row.position,
        version=row.version,
        recorded_at=datetime.fromisoformat(row.recorded_at),
        recorded_by=row.recorded_by,
        schema=PAYLOADS[row.type].schema_version,  # it was brought up to date when it was read from the log
    )


def reading_now(name: str | None, text: str | None, marks: str) -> Event | None:
    """An event as a row of the effects has it; None if it is not in effect."""
    if name is None or text is None:
        return None
    repeats = tuple(EventId(UUID(one)) for one in json.loads(marks).get("repeated_by", ()))
    if not repeats:
        return model_of(name).model_validate_json(text)
    whole = json.loads(text)  # it gained the sources of others: there may be more than one report may be sent with
    sources = tuple(Source.model_validate_json(json.dumps(source)) for source in whole.pop("sources", ()))
    return model_of(name).model_validate_json(json.dumps(whole)).repeated(repeats, sources)


def events_by_id(reading: ReadTransaction, ids: Iterable[str | UUID]) -> dict[str, Recorded]:
    """Events by their ids, as they read now; one that is not in effect as it was recorded. Unknown ids are left out."""
    timeline, effects, wanted = reading.table(TIMELINE), reading.table(REVISED_EVENTS), {str(i) for i in ids}
    rows = rows_where(reading.connection, timeline, timeline.c.event_id, wanted)
    found = {row.event_id: recorded_of(row) for row in sorted(rows, key=lambda row: row.event_id)}
    for row in rows_where(reading.connection, effects, effects.c.event_id, wanted):
        event = reading_now(row.type, row.event, row.marks)
        if event is not None:
            recorded = found[row.event_id]
            found[row.event_id] = replace(recorded, event=event.on(recorded.subject))
    return found


def marks_by_id(reading: ReadTransaction, ids: Iterable[str]) -> dict[str, Json]:
    """What became of events that were revised, by their ids."""
    effects = reading.table(REVISED_EVENTS)
    rows = rows_where(reading.connection, (effects.c.event_id, effects.c.marks), effects.c.event_id, ids)
    return {event_id: json.loads(marks) for event_id, marks in rows}


def joined_of(reading: ReadTransaction) -> dict[Subject, Subject]:
    """Subjects that gave way, each with the one that stays."""
    rows = rows_of(reading.connection, reading.table(CANONICAL_SUBJECTS))
    return {Subject(subject): Subject(stays) for subject, stays in rows}


def as_one(path: str, joined: Mapping[Subject, Subject]) -> list[Subject]:
    """The subjects that are one with this one: the one that stays first."""
    stays = joined.get(Subject(path), Subject(path))
    return [stays, *(subject for subject, other in joined.items() if other == stays)]


def all_of(reading: ReadTransaction, subjects: Sequence[str]) -> list[Recorded]:
    """All events of subjects, as they were recorded, in log order."""
    timeline = reading.table(TIMELINE)
    found = [recorded_of(row) for row in rows_where(reading.connection, timeline, timeline.c.subject, subjects)]
    return sorted(found, key=lambda recorded: recorded.position)


def events_at(reading: ReadTransaction, positions: Sequence[int]) -> list[Recorded]:
    """Events by position, in the order asked for."""
    timeline = reading.table(TIMELINE)
    found: dict[int, Recorded] = {}
    for some in chunks(positions):
        rows = reading.connection.execute(select(timeline).where(timeline.c.position.in_(some)))
        found |= {row.position: recorded_of(row) for row in rows}
    return [found[position] for position in positions if position in found]


def states_of(reading: ReadTransaction, subjects: Iterable[str]) -> dict[Subject, SubjectState]:
    """The folded states of subjects that stay; one that was never opened is left out."""
    table = reading.table(SUBJECTS)
    columns = (table.c.subject, table.c.family, table.c.state)
    rows = sorted(rows_where(reading.connection, columns, table.c.subject, subjects), key=lambda row: row.subject)
    return {Subject(subject): families.load(family, state) for subject, family, state in rows}


def version_of(reading: ReadTransaction, path: str) -> int:
    """How many events of a subject the read models reflect."""
    return reading.connection.execute(_last_version(reading.tables), {"subject": path}).scalar() or 0


def subjects_of(reading: ReadTransaction, ids: Sequence[str]) -> list[str]:
    """The subjects that belong to a process, which has one id or several."""
    table = reading.table(BELONGS)
    return sorted({path for (path,) in rows_where(reading.connection, (table.c.subject,), table.c.process, ids)})


def ids_of(process: str, joined: Mapping[Subject, Subject]) -> list[str]:
    """The ids of a process, if it has several: the one that stays first."""
    return [path.partition("/")[2] for path in as_one(f"processes/{process}", joined)]


def heard(text: str) -> Heard:
    return Heard(**json.loads(text))


def picture(
    reading: ReadTransaction, process: str, counted_from: int, newest: int = 10, statements: int = 10
) -> Picture | None:
    """The picture of a process as the read models keep it; None if it was never opened.

    Args:
        reading: the snapshot.
        process: its id.
        counted_from: the day (since 1970-01-01) from which violations and incidents are told apart by day; those
            before it come as one tally for each recorder.
        newest: how many of the events last recorded to name.
        statements: how many of the last statements to name.
    """
    connection, tables = reading.connection, reading.tables
    joined = joined_of(reading)
    ids = ids_of(process, joined)
    own = Subject(f"processes/{ids[0]}")
    line = next(rows_where(connection, tables.table(PROCESSES), tables.table(PROCESSES).c.process, ids[:1]), None)
    if line is None:
        return None
    all_states = states_of(reading, subjects_of(reading, ids))
    states = {subject: state for subject, state in all_states.items() if state.opened or subject == own}
    counted = list(states)
    last = heard(line.heard)
    found = Picture(ids[0], version_of(reading, own), states=states, heard=last if last.event else None, joined=joined)
    found.withdrawn = _openings(reading, [s for s, state in all_states.items() if not state.opened], joined)
    series = tables.table(SERIES)
    for row in rows_where(connection, series, series.c.subject, counted):
        order = (row.earliest, row.latest, row.step, row.event_id)
        key = tuple(json.loads(row.series))
        found.claims.append(Claim(row.subject, key, row.claimant, row.assessed, order, row.low, row.high, row.claims))
    recent, before, newest_ids, spoken = _drawing(connection.dialect.name, tables)
    for some in chunks(counted):
        since = {**listed(connection, some), "day": counted_from}
        found.tallies += [Tally(*row) for row in connection.execute(recent, since)]
        for subject, kind, recorder, events_before in connection.execute(before, since):
            found.tallies.append(Tally(subject, kind, recorder, LONG_AGO, LONG_AGO, int(events_before)))
    found.claims.sort(key=lambda c: (c.subject, c.series, c.assessed, c.claimant))
    found.tallies.sort(key=lambda t: (t.subject, t.kind, t.recorder, t.first_day, t.last_day))
    ours = listed(connection, ids)
    found.newest = [row.event_id for row in connection.execute(newest_ids, {**ours, "most": newest})]
    found.statements = [row.event_id for row in connection.execute(spoken, {**ours, "most": statements})]
    return found


@lru_cache(KEPT)
def _last_version(tables: GenerationTables) -> Query:
    table = tables.table(TIMELINE)
    query = select(table.c.version).where(table.c.subject == bindparam("subject"))
    return query.order_by(table.c.position.desc()).limit(1)


@lru_cache(KEPT)
def _drawing(dialect: str, tables: GenerationTables) -> tuple[Query, Query, Query, Query]:
    """What a picture asks of what accumulates: tallies from a day on, and before it; the events last recorded, and the
    last statements."""
    tallies, filed, entries = tables.table(INCIDENT_COUNTS), tables.table(PROCESS_TIMELINE), tables.table(ENTRIES)
    ours, day = among(dialect, tallies.c.subject), bindparam("day", type_=tallies.c.last_day.type)
    recent = select(tallies).where(ours, tallies.c.last_day >= day)
    who = (tallies.c.subject, tallies.c.kind, tallies.c.recorder)
    before = select(*who, func.sum(tallies.c.events)).where(ours, tallies.c.last_day < day).group_by(*who)
    most = bindparam("most", type_=Integer)
    newest = select(filed.c.event_id, filed.c.position).distinct().where(among(dialect, filed.c.process))
    key = (entries.c.earliest, entries.c.latest, entries.c.step, entries.c.event_id)
    spoken = select(*key).distinct().where(among(dialect, entries.c.process), entries.c.type == "StatementMade")
    newest_first = spoken.order_by(*(column.desc() for column in key))
    return recent, before, newest.order_by(filed.c.position.desc()).limit(most), newest_first.limit(most)


def _openings(
    reading: ReadTransaction, subjects: Sequence[Subject], joined: Mapping[Subject, Subject]
) -> dict[Subject, list[str]]:
    """The ids of the openings of subjects, as they were recorded."""
    timeline = reading.table(TIMELINE)
    found: dict[Subject, list[str]] = {}
    for subject in subjects:
        opening = OPENINGS[subject.partition("/")[0]].__name__
        own = timeline.c.subject.in_(as_one(subject, joined))
        query = select(timeline.c.event_id).where(own, timeline.c.type == opening).order_by(timeline.c.event_id)
        found[subject] = list(reading.connection.execute(query).scalars())
    return found
