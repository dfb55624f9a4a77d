"""The read models: where they are kept, which generation is live, and how a picture is read from them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    MetaData,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError

from domain import folds
from domain.errors import Unavailable
from domain.event import Event, Recorded
from domain.general import SubjectState
from domain.values import EventId, Source, Subject
from domain.vocabulary import OPENINGS, PAYLOADS, model_of
from projections.picture import Claim, Heard, Json, Picture, Tally
from projections.tables import VIEW_VERSION, Tables, create_progress, progress

_PROGRESS = select(progress.c.generation, progress.c.position, progress.c.halted, progress.c.complete)

LONG_AGO = -10_000_000
"""A day before all days, in days since 1970-01-01."""

IN_LIST = 500
"""How many values go into one IN list: below every database's limit."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a generation reflects the log."""

    generation: int
    position: int
    halted: str | None
    complete: bool = False
    """Whether it once reached the end of the log: before that, what it does not hold says nothing."""


@dataclass(frozen=True)
class Reading:
    """One consistent snapshot of the live read models."""

    connection: Connection
    tables: Tables
    position: int
    halted: str | None


class Views:
    """The read models of one installation, in one SQLite file that may be deleted at any time.

    Args:
        path: the file; its directory must exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = create_engine(f"sqlite:///{path}", pool_size=10, max_overflow=20)
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        self._tables: dict[int, Tables] = {}
        with self.writing() as connection:
            create_progress(connection)
            if self.live(connection) is None:
                self.begin_generation(connection, live=True)

    def close(self) -> None:
        self._engine.dispose()

    # --- transactions

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction under the write lock; rows and position move together or not at all.

        Raises:
            Unavailable: the file cannot be written.
        """
        with _available(), self._engine.connect() as connection:
            with connection.execution_options(parley_immediate=True).begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One snapshot.

        Raises:
            Unavailable: the file cannot be read.
        """
        with _available(), self._engine.connect() as connection, connection.begin():
            live = self.live(connection)
            if live is None or not live.complete:
                raise Unavailable("the read models are being made from the log: try again in a moment")
            yield Reading(connection, self.tables(live.generation), live.position, live.halted)

    # --- generations

    def tables(self, generation: int) -> Tables:
        found = self._tables.get(generation)
        if found is None:
            found = self._tables[generation] = Tables.of(generation)
        return found

    def live(self, connection: Connection) -> Progress | None:
        """The live generation of this version; None if there is none."""
        row = connection.execute(_PROGRESS.where(progress.c.live, progress.c.version == VIEW_VERSION)).first()
        return Progress(*row) if row else None

    def begin_generation(self, connection: Connection, *, live: bool) -> Progress:
        """Makes an empty set of tables. If it is to be live, it is the only one: those of another version go."""
        generation = (connection.execute(select(func.max(progress.c.generation))).scalar() or 0) + 1
        if live:
            self._drop_others(connection, generation)
        row = {"generation": generation, "version": VIEW_VERSION, "position": 0, "halted": None, "live": live}
        connection.execute(insert(progress).values(complete=False, **row))
        self.tables(generation).meta.create_all(connection)
        return Progress(generation, 0, None)

    def progress_of(self, connection: Connection, generation: int) -> Progress | None:
        row = connection.execute(_PROGRESS.where(progress.c.generation == generation)).first()
        return Progress(*row) if row else None

    def advance(self, connection: Connection, now: Progress) -> None:
        here = progress.c.generation == now.generation
        values = {"position": now.position, "halted": now.halted, "complete": now.complete}
        connection.execute(update(progress).where(here).values(**values))

    def swap(self, connection: Connection, generation: int) -> None:
        """Makes a generation the live one and drops all others, those that an interrupted rebuild left too."""
        self._drop_others(connection, generation)
        connection.execute(update(progress).where(progress.c.generation == generation).values(live=True))

    def _drop_others(self, connection: Connection, generation: int) -> None:
        others = select(progress.c.generation).where(progress.c.generation != generation)
        for other in connection.execute(others).scalars().all():
            self.drop(connection, other)

    def drop(self, connection: Connection, generation: int) -> None:
        """Drops a generation's tables, whatever version made them."""
        its = re.compile(rf"_v[0-9]+_{generation}$")
        for name in filter(its.search, inspect(connection).get_table_names()):
            Table(name, MetaData()).drop(connection)
        connection.execute(delete(progress).where(progress.c.generation == generation))
        self._tables.pop(generation, None)

    def position(self) -> int:
        """The position of the live generation, complete or not; 0 if there is none."""
        with _available(), self._engine.connect() as connection, connection.begin():
            live = self.live(connection)
            return live.position if live else 0


# --- reading ------------------------------------------------------------------------------------------------


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


def events_by_id(reading: Reading, ids: Iterable[str | UUID]) -> dict[str, Recorded]:
    """Events by their ids, as they read now; one that is not in effect as it was recorded. Unknown ids are left out."""
    timeline, effects = reading.tables.timeline, reading.tables.effects
    found: dict[str, Recorded] = {}
    for some in chunks(sorted({str(i) for i in ids})):
        rows = reading.connection.execute(select(timeline).where(timeline.c.event_id.in_(some)))
        found |= {row.event_id: recorded_of(row) for row in rows}
        for row in reading.connection.execute(select(effects).where(effects.c.event_id.in_(some))):
            event = reading_now(row.type, row.event, row.marks)
            if event is not None:
                recorded = found[row.event_id]
                found[row.event_id] = replace(recorded, event=event.on(recorded.subject))
    return found


def marks_by_id(reading: Reading, ids: Iterable[str]) -> dict[str, Json]:
    """What became of events that were revised, by their ids."""
    effects = reading.tables.effects
    found: dict[str, Json] = {}
    for some in chunks(sorted(set(ids))):
        rows = reading.connection.execute(
            select(effects.c.event_id, effects.c.marks).where(effects.c.event_id.in_(some))
        )
        found |= {event_id: json.loads(marks) for event_id, marks in rows}
    return found


def joined_of(reading: Reading) -> dict[Subject, Subject]:
    """Subjects that gave way, each with the one that stays."""
    table = reading.tables.joined
    rows = reading.connection.execute(select(table.c.subject, table.c.stays))
    return {Subject(subject): Subject(stays) for subject, stays in rows}


def as_one(path: str, joined: Mapping[Subject, Subject]) -> list[Subject]:
    """The subjects that are one with this one: the one that stays first."""
    stays = joined.get(Subject(path), Subject(path))
    return [stays, *(subject for subject, other in joined.items() if other == stays)]


def all_of(reading: Reading, subjects: Sequence[str]) -> list[Recorded]:
    """All events of subjects, as they were recorded, in log order."""
    timeline = reading.tables.timeline
    query = select(timeline).where(timeline.c.subject.in_(subjects)).order_by(timeline.c.position)
    return [recorded_of(row) for row in reading.connection.execute(query)]


def events_at(reading: Reading, positions: Sequence[int]) -> list[Recorded]:
    """Events by position, in the order asked for."""
    timeline = reading.tables.timeline
    found: dict[int, Recorded] = {}
    for some in chunks(positions):
        rows = reading.connection.execute(select(timeline).where(timeline.c.position.in_(some)))
        found |= {row.position: recorded_of(row) for row in rows}
    return [found[position] for position in positions if position in found]


def states_of(reading: Reading, subjects: Iterable[str]) -> dict[Subject, SubjectState]:
    """The folded states of subjects that stay; one that was never opened is left out."""
    table = reading.tables.subjects
    found: dict[Subject, SubjectState] = {}
    for some in chunks(sorted(set(subjects))):
        query = select(table.c.subject, table.c.family, table.c.state).where(table.c.subject.in_(some))
        query = query.order_by(table.c.subject)
        found |= {Subject(s): folds.load(family, state) for s, family, state in reading.connection.execute(query)}
    return found


def version_of(reading: Reading, path: str) -> int:
    """How many events of a subject the read models reflect."""
    table = reading.tables.timeline
    query = select(table.c.version).where(table.c.subject == path).order_by(table.c.position.desc()).limit(1)
    return reading.connection.execute(query).scalar() or 0


def subjects_of(reading: Reading, ids: Sequence[str]) -> list[str]:
    """The subjects that belong to a process, which has one id or several."""
    table = reading.tables.belongs
    query = select(table.c.subject).distinct().where(table.c.process.in_(ids)).order_by(table.c.subject)
    return list(reading.connection.execute(query).scalars())


def ids_of(process: str, joined: Mapping[Subject, Subject]) -> list[str]:
    """The ids of a process, if it has several: the one that stays first."""
    return [path.partition("/")[2] for path in as_one(f"processes/{process}", joined)]


def heard(text: str) -> Heard:
    return Heard(**json.loads(text))


def picture(
    reading: Reading, process: str, counted_from: int, newest: int = 10, statements: int = 10
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
    line = connection.execute(select(tables.processes).where(tables.processes.c.process == ids[0])).first()
    if line is None:
        return None
    all_states = states_of(reading, subjects_of(reading, ids))
    states = {subject: state for subject, state in all_states.items() if state.opened or subject == own}
    counted = list(states)
    last = heard(line.heard)
    found = Picture(ids[0], version_of(reading, own), states=states, heard=last if last.event else None, joined=joined)
    found.withdrawn = _openings(reading, [s for s, state in all_states.items() if not state.opened], joined)
    series, tallies, entries, filed = tables.series, tables.tallies, tables.entries, tables.process_timeline
    for some in chunks(counted):
        for row in connection.execute(select(series).where(series.c.subject.in_(some))):
            order = (row.earliest, row.latest, row.step, row.event_id)
            key = tuple(json.loads(row.series))
            found.claims.append(
                Claim(row.subject, key, row.claimant, row.assessed, order, row.low, row.high, row.claims)
            )
        ours = tallies.c.subject.in_(some)
        recent = select(tallies).where(ours, tallies.c.last_day >= counted_from)
        found.tallies += [Tally(*row) for row in connection.execute(recent)]
        who = (tallies.c.subject, tallies.c.kind, tallies.c.recorder)
        before = select(*who, func.sum(tallies.c.events)).where(ours, tallies.c.last_day < counted_from).group_by(*who)
        for subject, kind, recorder, events_before in connection.execute(before):
            found.tallies.append(Tally(subject, kind, recorder, LONG_AGO, LONG_AGO, int(events_before)))
    found.claims.sort(key=lambda c: (c.subject, c.series, c.assessed, c.claimant))
    found.tallies.sort(key=lambda t: (t.subject, t.kind, t.recorder, t.first_day, t.last_day))
    recorded = select(filed.c.event_id, filed.c.position).distinct().where(filed.c.process.in_(ids))
    found.newest = [
        row.event_id for row in connection.execute(recorded.order_by(filed.c.position.desc()).limit(newest))
    ]
    key_of = (entries.c.earliest, entries.c.latest, entries.c.step, entries.c.event_id)
    spoken = select(*key_of).distinct().where(entries.c.process.in_(ids), entries.c.type == "StatementMade")
    newest_first = spoken.order_by(*(column.desc() for column in key_of)).limit(statements)
    found.statements = [row.event_id for row in connection.execute(newest_first)]
    return found


def _openings(
    reading: Reading, subjects: Sequence[Subject], joined: Mapping[Subject, Subject]
) -> dict[Subject, list[str]]:
    """The ids of the openings of subjects, as they were recorded."""
    timeline = reading.tables.timeline
    found: dict[Subject, list[str]] = {}
    for subject in subjects:
        opening = OPENINGS[subject.partition("/")[0]].__name__
        own = timeline.c.subject.in_(as_one(subject, joined))
        query = select(timeline.c.event_id).where(own, timeline.c.type == opening).order_by(timeline.c.event_id)
        found[subject] = list(reading.connection.execute(query).scalars())
    return found


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), IN_LIST):
        yield values[start : start + IN_LIST]


# --- the database -------------------------------------------------------------------------------------------


def _configure(connection: DBAPIConnection, _record: object) -> None:
    """Transactions are begun by us; the file is disposable, so a commit need not reach the disk at once."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("parley_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise Unavailable(
            f"the read models cannot be reached or written ({error.orig}): they may be deleted and are then made anew"
        ) from error
