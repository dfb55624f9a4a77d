"""The read models: where they are kept, which generation is live, and how a picture is read from them."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from json import JSONDecodeError
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, OperationalError

from domain import folds
from domain.errors import Unavailable
from domain.event import Event, Recorded
from domain.general import SubjectState
from domain.values import EventId, Source, Subject
from domain.vocabulary import OPENINGS, PAYLOADS, model_of
from projections.picture import Claim, Heard, Json, Picture, Tally
from projections.statements import KEPT, among, listed, rows_of, rows_where
from projections.store import PAGE, STRUCTURE, Lead, available, put_aside, store_at, tells_damage
from projections.tables import VIEW_VERSION, Tables, create_generations, generations

log = logging.getLogger(__name__)

_PROGRESS = select(generations.c.generation, generations.c.position, generations.c.halted, generations.c.complete)
_LIVE = _PROGRESS.where(generations.c.version == bindparam("version"), generations.c.live)
_KEPT = _PROGRESS.where(generations.c.generation == bindparam("which"), generations.c.retired_at.is_(None))
_ADVANCE = update(generations).where(generations.c.generation == bindparam("which"))
_ADVANCE = _ADVANCE.values({name: bindparam(f"now_{name}") for name in ("position", "halted", "complete")})
"""Statements of every batch and every reading, made once."""

KEPT_RETIRED = 60.0
"""Seconds for which a generation that gave way is kept: whoever began to read it is long done by then."""

REBUILD = f"parley-rebuild-v{VIEW_VERSION}"
"""The lock of whoever rebuilds."""

_OURS = re.compile(r"_v[0-9]+_([0-9]+)$")
"""How the tables of a generation are called."""

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
    """The read models of one installation, which may be deleted at any time.

    Args:
        where: a file, whose directory must exist; or the URL of a PostgreSQL database.

    Raises:
        Unavailable: they cannot be opened.
    """

    def __init__(self, where: Path | str) -> None:
        self.where = where
        if isinstance(where, Path) and where.is_file() and where.stat().st_size % PAGE:
            put_aside(where, REBUILD)
        self._store = store_at(where)
        self._tables: dict[int, Tables] = {}
        try:
            self._prepare()
        except Unavailable as refusal:
            damaged = isinstance(where, Path) and tells_damage(refusal.__cause__)
            if not isinstance(where, Path) or not damaged or put_aside(where, REBUILD) is None:
                raise
            self._prepare()

    def _prepare(self) -> None:
        with self.restructuring() as connection:
            self._require_ours(connection)
            create_generations(connection)
            self._drop_unknown(connection)
            if self.live(connection) is None:
                self.begin_generation(connection, live=True)

    def _require_ours(self, connection: Connection) -> None:
        there = inspect(connection).get_table_names()
        if there and not any(name in ("generations", "progress") or _OURS.search(name) for name in there):
            raise Unavailable(f"{self.where} is of another program: move it away, and the read models are made anew")

    def close(self) -> None:
        self._store.close()

    def lead(self) -> Lead:
        """The lock of whoever brings the live generation of this version up to date; not taken yet."""
        return self._store.lead(_lead(VIEW_VERSION))

    def rebuild_lead(self) -> Lead:
        """The lock of whoever rebuilds; not taken yet."""
        return self._store.lead(REBUILD)

    def rest(self) -> None:
        """Lets others have their turn between two long transactions."""
        self._store.rest()

    def watch(self, closing: threading.Event) -> Iterator[None]:
        """Yields when the read models may have moved, by whomever, and now and then, until `closing` is set."""
        return self._store.watch(closing)

    # --- transactions

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that brings a generation on: `claim` it first. Rows and position move together or not at all.

        Raises:
            Unavailable: the read models cannot be written.
        """
        with available(), self._store.writers.begin() as connection:
            self._store.begin(connection)
            self._store.lock(connection, STRUCTURE, shared=True)
            yield connection

    @contextmanager
    def restructuring(self) -> Iterator[Connection]:
        """One transaction in which no other makes, swaps or brings on a generation.

        Raises:
            Unavailable: the read models cannot be written.
        """
        with available(), self._store.writers.begin() as connection:
            self._store.begin(connection)
            self._store.lock(connection, STRUCTURE)
            yield connection

    def claim(self, connection: Connection, generation: int | None) -> Progress | None:
        """How far a generation is (the live one by default), which nobody else moves until the transaction ends."""
        here = self.live(connection) if generation is None else self.progress_of(connection, generation)
        if here is None:
            return None
        self._store.lock(connection, here.generation)
        return self.progress_of(connection, here.generation)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One snapshot.

        Raises:
            Unavailable: the read models cannot be read, or are not complete yet.
        """
        with available(), ExitStack() as stack:
            connection, live = self._snapshot(stack)
            if live is None or not live.complete:
                raise Unavailable("the read models are being made from the log: try again in a moment")
            try:
                yield Reading(connection, self.tables(live.generation), live.position, live.halted)
            except (JSONDecodeError, ValidationError) as error:  # what was asked was read before
                log.exception("a row of the read models cannot be read")
                raise Unavailable(
                    "a row of the read models cannot be read: `parley rebuild` makes them anew"
                ) from error

    def _snapshot(self, stack: ExitStack) -> tuple[Connection, Progress | None]:
        """Begins to read, on a new connection if the one at hand turns out to be lost."""
        try:
            with ExitStack() as trying:  # ends what was begun on a lost connection by rolling it back
                connection = trying.enter_context(self._store.readers.begin())
                live = self.live(connection)
                stack.push(trying.pop_all())
                return connection, live
        except DBAPIError as error:
            gone = self._store.is_gone(error)
            if not gone and not error.connection_invalidated:
                raise
        if gone:
            self._prepare()
        connection = stack.enter_context(self._store.readers.begin())
        return connection, self.live(connection)

    # --- generations

    def tables(self, generation: int) -> Tables:
        found = self._tables.get(generation)
        if found is None:
            found = self._tables[generation] = Tables.of(generation)
        return found

    def live(self, connection: Connection) -> Progress | None:
        """The live generation of this version; None if there is none."""
        row = connection.execute(_LIVE, {"version": VIEW_VERSION}).first()
        return Progress(*row) if row else None

    def unfinished(self, connection: Connection) -> Progress | None:
        """A generation of this version that is being built, or was when its builder ended; None if there is none."""
        building = (_ours(), generations.c.live.is_(False), generations.c.retired_at.is_(None))
        row = connection.execute(_PROGRESS.where(*building).order_by(generations.c.generation.desc())).first()
        return Progress(*row) if row else None

    def begin_generation(self, connection: Connection, *, live: bool) -> Progress:
        """Makes an empty set of tables. If it is to be live, all others of this version give way."""
        if live:
            self._retire_others(connection, None)
        generation = (connection.execute(select(func.max(generations.c.generation))).scalar() or 0) + 1
        row = {"generation": generation, "version": VIEW_VERSION, "position": 0, "halted": None, "live": live}
        connection.execute(insert(generations).values(complete=False, **row))
        self.tables(generation).meta.create_all(connection, checkfirst=False)
        return Progress(generation, 0, None)

    def progress_of(self, connection: Connection, generation: int) -> Progress | None:
        """How far a generation is; None if it is gone, or has given way."""
        row = connection.execute(_KEPT, {"which": generation}).first()
        return Progress(*row) if row else None

    def advance(self, connection: Connection, now: Progress) -> None:
        values = {"now_position": now.position, "now_halted": now.halted, "now_complete": now.complete}
        connection.execute(_ADVANCE, {"which": now.generation, **values})
        self._store.tell(connection)

    def swap(self, connection: Connection, generation: int) -> None:
        """Makes a generation the live one of this version. The others give way, and go a while later."""
        self._retire_others(connection, generation)
        here = generations.c.generation == generation
        connection.execute(update(generations).where(here).values(live=True, complete=True))
        self._store.tell(connection)

    def _retire_others(self, connection: Connection, generation: int | None) -> None:
        others = (_ours(), generations.c.retired_at.is_(None), generations.c.generation != (generation or 0))
        connection.execute(update(generations).where(*others).values(live=False, retired_at=int(time.time())))

    def sweep(self, kept: float = KEPT_RETIRED) -> int:
        """Drops the generations that gave way, and those of older versions that nobody brings up to date any more.

        Args:
            kept: seconds for which one that gave way is left to those who were reading it.

        Returns:
            How many were dropped.
        """
        with self.restructuring() as connection:
            live = self.live(connection)
            rows = connection.execute(select(generations)).all()
            now = time.time()
            # One that gave way in the future did so before the clock was set back.
            gone = [r.generation for r in rows if r.retired_at is not None and abs(now - r.retired_at) >= kept]
            if live is not None and live.complete:
                older = {row.version for row in rows if row.version < VIEW_VERSION}
                idle = {version for version in older if self._is_idle(version)}
                gone += [row.generation for row in rows if row.version in idle and row.retired_at is None]
            return sum(self._dropped(connection, generation) for generation in gone)

    def _is_idle(self, version: int) -> bool:
        with closing(self._store.lead(_lead(version))) as lead:
            return lead.taken()

    def _dropped(self, connection: Connection, generation: int) -> bool:
        """Drops a generation, unless somebody is reading it still."""
        try:
            with connection.begin_nested():
                self._store.wait_briefly(connection)
                self._drop(connection, generation)
        except OperationalError as error:
            if not self._store.is_busy(error):
                raise
            return False
        return True

    def _drop(self, connection: Connection, generation: int) -> None:
        """Drops a generation's tables, whatever version made them."""
        its = re.compile(rf"_v[0-9]+_{generation}$")
        for name in filter(its.search, inspect(connection).get_table_names()):
            Table(name, MetaData()).drop(connection)
        connection.execute(delete(generations).where(generations.c.generation == generation))
        self._tables.pop(generation, None)

    def _drop_unknown(self, connection: Connection) -> None:
        """Drops tables that belong to no generation: those of before there were generations side by side."""
        known = {str(one) for one in connection.execute(select(generations.c.generation)).scalars()}
        for name in inspect(connection).get_table_names():
            its = _OURS.search(name)
            if name == "progress" or (its is not None and its[1] not in known):
                Table(name, MetaData()).drop(connection)

    def progress(self) -> Progress | None:
        """How far the live generation is, complete or not; None if there is none."""
        with available(), ExitStack() as stack:
            return self._snapshot(stack)[1]

    def position(self) -> int:
        """The position of the live generation, complete or not; 0 if there is none."""
        here = self.progress()
        return here.position if here else 0


def _ours() -> ColumnElement[bool]:
    return generations.c.version == VIEW_VERSION


def _lead(version: int) -> str:
    return f"parley-views-v{version}"


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
    timeline, effects, wanted = reading.tables.timeline, reading.tables.effects, {str(i) for i in ids}
    rows = rows_where(reading.connection, timeline, timeline.c.event_id, wanted)
    found = {row.event_id: recorded_of(row) for row in sorted(rows, key=lambda row: row.event_id)}
    for row in rows_where(reading.connection, effects, effects.c.event_id, wanted):
        event = reading_now(row.type, row.event, row.marks)
        if event is not None:
            recorded = found[row.event_id]
            found[row.event_id] = replace(recorded, event=event.on(recorded.subject))
    return found


def marks_by_id(reading: Reading, ids: Iterable[str]) -> dict[str, Json]:
    """What became of events that were revised, by their ids."""
    effects = reading.tables.effects
    rows = rows_where(reading.connection, (effects.c.event_id, effects.c.marks), effects.c.event_id, ids)
    return {event_id: json.loads(marks) for event_id, marks in rows}


def joined_of(reading: Reading) -> dict[Subject, Subject]:
    """Subjects that gave way, each with the one that stays."""
    rows = rows_of(reading.connection, reading.tables.joined)
    return {Subject(subject): Subject(stays) for subject, stays in rows}


def as_one(path: str, joined: Mapping[Subject, Subject]) -> list[Subject]:
    """The subjects that are one with this one: the one that stays first."""
    stays = joined.get(Subject(path), Subject(path))
    return [stays, *(subject for subject, other in joined.items() if other == stays)]


def all_of(reading: Reading, subjects: Sequence[str]) -> list[Recorded]:
    """All events of subjects, as they were recorded, in log order."""
    timeline = reading.tables.timeline
    found = [recorded_of(row) for row in rows_where(reading.connection, timeline, timeline.c.subject, subjects)]
    return sorted(found, key=lambda recorded: recorded.position)


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
    columns = (table.c.subject, table.c.family, table.c.state)
    rows = sorted(rows_where(reading.connection, columns, table.c.subject, subjects), key=lambda row: row.subject)
    return {Subject(subject): folds.load(family, state) for subject, family, state in rows}


def version_of(reading: Reading, path: str) -> int:
    """How many events of a subject the read models reflect."""
    return reading.connection.execute(_last_version(reading.tables), {"subject": path}).scalar() or 0


def subjects_of(reading: Reading, ids: Sequence[str]) -> list[str]:
    """The subjects that belong to a process, which has one id or several."""
    table = reading.tables.belongs
    return sorted({path for (path,) in rows_where(reading.connection, (table.c.subject,), table.c.process, ids)})


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
    line = next(rows_where(connection, tables.processes, tables.processes.c.process, ids[:1]), None)
    if line is None:
        return None
    all_states = states_of(reading, subjects_of(reading, ids))
    states = {subject: state for subject, state in all_states.items() if state.opened or subject == own}
    counted = list(states)
    last = heard(line.heard)
    found = Picture(ids[0], version_of(reading, own), states=states, heard=last if last.event else None, joined=joined)
    found.withdrawn = _openings(reading, [s for s, state in all_states.items() if not state.opened], joined)
    series = tables.series
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


_Query = Select[*tuple[Any, ...]]


@lru_cache(KEPT)
def _last_version(tables: Tables) -> _Query:
    table = tables.timeline
    query = select(table.c.version).where(table.c.subject == bindparam("subject"))
    return query.order_by(table.c.position.desc()).limit(1)


@lru_cache(KEPT)
def _drawing(dialect: str, tables: Tables) -> tuple[_Query, _Query, _Query, _Query]:
    """What a picture asks of what accumulates: tallies from a day on, and before it; the events last recorded, and the
    last statements."""
    tallies, filed, entries = tables.tallies, tables.process_timeline, tables.entries
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
