"""Catching up: batches of recorded events change the tables, and the position moves with them.

The order of arrival does not decide: an event in canonical order steps its subject's state, a late one refolds
that subject, once per batch. What accumulates is rows and counts, which a late event simply joins.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, case, delete, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import Insert as PostgreSQLInsert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import Insert as SQLiteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from domain import folds, processes
from domain.errors import Unavailable
from domain.event import Event, Opening, Recorded, Revision, Unreadable, instant
from domain.general import SubjectState
from domain.values import Subject
from domain.vocabulary import model_of
from projections.picture import Heard, claims_in, display_order, heard_in, newer, tallied
from projections.tables import Tables
from projections.views import Progress, Views, chunks, recorded_of

Pull = Callable[[int, int], Sequence[Recorded | Unreadable]]
"""Takes a position and a limit; gives the events after it, in log order."""

BATCH = 1000
"""Events in one transaction."""

REVISION_STEP = 1000
"""Puts a revision after all events of its target's date."""


def catch_up(views: Views, pull: Pull, generation: int | None = None) -> Progress:
    """Applies one batch to a generation (the live one by default).

    The position is read under the write lock, so two servers on one database never apply an event twice.

    Returns:
        How far the generation is now; unchanged if there was nothing to do.

    Raises:
        Unavailable: the generation is gone, because another rebuild was swapped in.
    """
    with views.writing() as connection:
        return _take_batch(views, connection, pull, generation)


def _take_batch(views: Views, connection: Connection, pull: Pull, generation: int | None) -> Progress:
    here = views.live(connection) if generation is None else views.progress_of(connection, generation)
    if here is None and generation is not None:
        raise Unavailable("another rebuild of the read models has taken the place of this one")
    if here is None:
        here = views.begin_generation(connection, live=True)
    batch = list(pull(here.position, BATCH))
    readable: list[Recorded] = []
    halted = None
    for one in batch:
        if isinstance(one, Unreadable):
            halted = f"position {one.position}, {one.type} on {one.subject}: {one.reason}"
            break
        readable.append(one)
    if readable:
        _Batch(connection, views.tables(here.generation)).apply(readable)
    now = Progress(
        generation=here.generation,
        position=readable[-1].position if readable else here.position,
        halted=halted,
        complete=here.complete or len(batch) < BATCH or halted is not None,
    )
    if now != here:
        views.advance(connection, now)
    return now


def rebuild(views: Views, pull: Pull, done: Callable[[int], None] = lambda _: None) -> Progress:
    """Makes the read models anew from the log, beside the live ones, and swaps them in.

    Queries go on being answered from the old ones meanwhile.

    Args:
        views: the read models.
        pull: where the events come from.
        done: called with the position after each batch.

    Raises:
        Unavailable: the file cannot be written, or another rebuild was swapped in first.
    """
    with views.writing() as connection:
        here = views.begin_generation(connection, live=False)
    while True:
        with views.writing() as connection:
            following = _take_batch(views, connection, pull, here.generation)
            at_the_end = following.position == here.position
            if at_the_end:  # under the same lock, so that the position that queries see never goes back
                views.swap(connection, here.generation)
        done(following.position)
        if at_the_end:
            return following
        here = following


class _Batch:
    """One batch of events on its way into one generation's tables."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._connection = connection
        self._tables = tables

    def apply(self, batch: Sequence[Recorded]) -> None:
        self._add_to_timeline(batch)
        changed = self._fold(batch)
        member_of = self._file(batch, changed)
        self._add_claims(batch)
        self._add_tallies(batch)
        self._replace_roles(changed)
        self._touch(batch, member_of, changed)

    # --- rows

    def _add_to_timeline(self, batch: Sequence[Recorded]) -> None:
        rows = [
            {
                "position": recorded.position,
                "event_id": str(recorded.id),
                "subject": recorded.subject,
                "type": recorded.type,
                "version": recorded.version,
                "recorded_at": instant(recorded.recorded_at),
                "recorded_by": recorded.recorded_by,
                "event": recorded.event.model_dump_json(exclude_unset=True),
            }
            for recorded in batch
        ]
        self._connection.execute(insert(self._tables.timeline), rows)

    def _file(self, batch: Sequence[Recorded], changed: dict[Subject, SubjectState]) -> dict[str, list[str]]:
        """Puts events into the timelines of their processes.

        A process that is named later gets the earlier events of the subject too.

        Returns:
            The processes of each subject of the batch.
        """
        membership, timeline = self._tables.membership, self._tables.process_timeline
        member_of: dict[str, list[str]] = defaultdict(list)
        for some in chunks(sorted({recorded.subject for recorded in batch})):
            query = select(membership.c.subject, membership.c.process).where(membership.c.subject.in_(some))
            for subject, process in self._connection.execute(query):
                member_of[subject].append(process)
        targets = self._targets(batch)
        rows = [
            self._filed(process, recorded, targets)
            for recorded in batch
            for process in member_of.get(recorded.subject, ())
        ]
        joined: list[dict[str, Any]] = []
        of_subject: dict[str, list[Recorded]] = defaultdict(list)
        for recorded in batch:
            of_subject[recorded.subject].append(recorded)
        for subject, state in changed.items():
            family, _, identity = subject.partition("/")
            named = {identity} if family == "processes" else set(state.processes)
            for process in sorted(named - set(member_of[subject])):
                joined.append({"process": process, "subject": subject})
                member_of[subject].append(process)
                in_batch = of_subject[subject]
                earlier = in_batch if in_batch[0].version == 1 else self._all_of(subject)
                their_targets = self._targets(earlier)
                rows += [self._filed(process, recorded, their_targets) for recorded in earlier]
        if joined:
            self._connection.execute(insert(membership), joined)
        if rows:
            self._connection.execute(insert(timeline), rows)
        return member_of

    @staticmethod
    def _filed(process: str, recorded: Recorded, targets: dict[str, Event]) -> dict[str, Any]:
        """A row of a process's timeline. A revision stands right after the event it revises."""
        earliest, latest, step, event_id = display_order(recorded.event)
        target = revised(recorded.event)
        if target is not None and target in targets:
            earliest, latest, step, _ = display_order(targets[target])
            step += REVISION_STEP
        elif isinstance(recorded.event.data, Revision):
            earliest = latest = int(recorded.recorded_at.timestamp())
        return {
            "process": process,
            "earliest": earliest,
            "latest": latest,
            "step": step,
            "event_id": event_id,
            "position": recorded.position,
            "type": recorded.type,
        }

    def _targets(self, batch: Sequence[Recorded]) -> dict[str, Event]:
        """The events that revisions of a batch are about, by id; their own targets stand in for revisions."""
        timeline = self._tables.timeline
        found: dict[str, Event] = {}
        wanted = {target for recorded in batch if (target := revised(recorded.event)) is not None}
        while wanted:
            missing: set[str] = set()
            for some in chunks(sorted(wanted)):
                query = select(timeline.c.type, timeline.c.event).where(timeline.c.event_id.in_(some))
                for name, text in self._connection.execute(query):
                    event = model_of(name).model_validate_json(text)
                    found[str(event.id)] = event
                    deeper = revised(event)
                    if deeper is not None and deeper not in found:
                        missing.add(deeper)
            wanted = missing
        return {event_id: _root(event, found) for event_id, event in found.items()}

    def _all_of(self, subject: str) -> list[Recorded]:
        timeline = self._tables.timeline
        return [recorded_of(r) for r in self._connection.execute(select(timeline).where(timeline.c.subject == subject))]

    # --- folds

    def _fold(self, batch: Sequence[Recorded]) -> dict[Subject, SubjectState]:
        """Steps or refolds every subject that has a new step; returns their new states."""
        steps = [recorded for recorded in batch if folds.is_step(recorded.event)]
        if not steps:
            return {}
        table = self._tables.steps
        self._connection.execute(insert(table), [self._step(recorded) for recorded in steps])
        by_subject: dict[Subject, list[Recorded]] = defaultdict(list)
        for recorded in steps:
            by_subject[recorded.subject].append(recorded)
        stored = self._stored(list(by_subject))
        changed: dict[Subject, SubjectState] = {}
        rows: list[dict[str, Any]] = []
        for subject, arrived in by_subject.items():
            family = subject.partition("/")[0]
            state, last = stored.get(subject, (None, None))
            orders = [recorded.event.order for recorded in arrived]
            if orders == sorted(orders) and (last is None or last < orders[0]):
                state = state or folds.initial(family)
                for recorded in arrived:
                    state = folds.evolve(state, recorded.event)
                last = orders[-1]
            else:
                state = folds.fold(family, self._steps_of(subject))
                last = max(orders if last is None else [last, *orders])
            changed[subject] = state
            rows.append(
                {
                    "subject": subject,
                    "family": family,
                    "changed": arrived[-1].position,
                    "names": _names(state),
                    "last": json.dumps(last),
                    "state": folds.dump(family, state).decode(),
                }
            )
        statement = self._upsert(self._tables.subjects)
        replaced = {name: statement.excluded[name] for name in ("changed", "names", "last", "state")}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["subject"], set_=replaced), rows)
        return changed

    def _upsert(self, table: Table) -> SQLiteInsert | PostgreSQLInsert:
        """An insert that may say what to do about a row that is there: both databases take it in the same words."""
        return sqlite_insert(table) if self._connection.dialect.name == "sqlite" else postgresql_insert(table)

    @staticmethod
    def _step(recorded: Recorded) -> dict[str, Any]:
        lead, earliest, latest, step, event_id = recorded.event.order
        return {
            "subject": recorded.subject,
            "lead": int(lead),
            "earliest": earliest,
            "latest": latest,
            "step": step,
            "event_id": event_id,
            "position": recorded.position,
        }

    def _stored(self, subjects: list[Subject]) -> dict[Subject, tuple[SubjectState, tuple[Any, ...]]]:
        table = self._tables.subjects
        found: dict[Subject, tuple[SubjectState, tuple[Any, ...]]] = {}
        for some in chunks(subjects):
            query = select(table.c.subject, table.c.family, table.c.last, table.c.state)
            for subject, family, last, state in self._connection.execute(query.where(table.c.subject.in_(some))):
                found[Subject(subject)] = folds.load(family, state), tuple(json.loads(last))
        return found

    def _steps_of(self, subject: str) -> list[Event]:
        steps, timeline = self._tables.steps, self._tables.timeline
        query = (
            select(timeline.c.type, timeline.c.event)
            .join_from(steps, timeline, steps.c.position == timeline.c.position)
            .where(steps.c.subject == subject)
        )
        return [model_of(name).model_validate_json(text) for name, text in self._connection.execute(query)]

    # --- what accumulates

    def _add_claims(self, batch: Sequence[Recorded]) -> None:
        """Keeps the newest claim of each claimant on each series, in display order, and how often it spoke."""
        table = self._tables.series
        new: dict[tuple[str, str, str, bool], tuple[tuple[int, int, int, str], int]] = {}
        for recorded in batch:
            for series, claimant, assessed in claims_in(recorded.event):
                key = (recorded.subject, json.dumps(series, ensure_ascii=False), claimant, assessed)
                order = display_order(recorded.event)
                before = new.get(key)
                new[key] = (max(before[0], order), before[1] + 1) if before else (order, 1)
        if not new:
            return
        identity = ("subject", "series", "claimant", "assessed")
        place = ("earliest", "latest", "step", "event_id")
        columns = (*identity, *place, "claims")
        rows = [dict(zip(columns, (*key, *order, claims), strict=True)) for key, (order, claims) in new.items()]
        statement = self._upsert(table)
        newer_one = tuple_(*(statement.excluded[c] for c in place)) > tuple_(*(table.c[c] for c in place))
        newest = {c: case((newer_one, statement.excluded[c]), else_=table.c[c]) for c in place}
        both = {**newest, "claims": table.c.claims + statement.excluded.claims}
        self._connection.execute(statement.on_conflict_do_update(index_elements=list(identity), set_=both), rows)

    def _add_tallies(self, batch: Sequence[Recorded]) -> None:
        table = self._tables.tallies
        new: dict[tuple[str, str, str, int, int], int] = defaultdict(int)
        for recorded in batch:
            for one in tallied(recorded.event):
                new[recorded.subject, *one] += 1
        if not new:
            return
        columns = ("subject", "kind", "recorder", "first_day", "last_day")
        rows = [{**dict(zip(columns, key, strict=True)), "events": events} for key, events in new.items()]
        statement = self._upsert(table)
        both = {"events": table.c.events + statement.excluded.events}
        self._connection.execute(statement.on_conflict_do_update(index_elements=list(columns), set_=both), rows)

    # --- what lists and searches need

    def _replace_roles(self, changed: dict[Subject, SubjectState]) -> None:
        table = self._tables.roles
        rows = [
            {"actor": role.actor, "subject": subject, "role": role.role.value}
            for subject, state in changed.items()
            for role in {(r.actor, r.role): r for line in state.roles.values() for r in line.values if r.held}.values()
        ]
        for some in chunks(list(changed)):
            self._connection.execute(delete(table).where(table.c.subject.in_(some)))
        if rows:
            self._connection.execute(insert(table), rows)

    def _touch(
        self, batch: Sequence[Recorded], member_of: dict[str, list[str]], changed: dict[Subject, SubjectState]
    ) -> None:
        """Brings the line of every process up to date that an event of the batch belongs to."""
        table = self._tables.processes
        touched: dict[str, Recorded] = {}
        heard: dict[str, Heard] = {}
        for recorded in batch:
            for process in member_of.get(recorded.subject, ()):
                touched[process] = recorded
                heard[process] = newer(heard.get(process), heard_in(recorded.event))
        # A process that a late opening names hears all that was heard of the subject before.
        for subject in {r.subject for r in batch if r.version > 1 and isinstance(r.event.data, Opening)}:
            for recorded in self._all_of(subject):
                for process in member_of.get(subject, ()):
                    heard[process] = newer(heard.get(process), heard_in(recorded.event))
        known: dict[str, Any] = {}
        for some in chunks(sorted(touched)):
            known |= {
                row.process: row for row in self._connection.execute(select(table).where(table.c.process.in_(some)))
            }
        for process, last in touched.items():
            row = known.get(process)
            newest = newer(Heard(**json.loads(row.heard)), heard[process]) if row else heard[process]
            values = {
                "touched": last.position,
                "touched_at": instant(last.recorded_at),
                "heard_on": newest.on,
                "heard": json.dumps({name: getattr(newest, name) for name in Heard.__dataclass_fields__}),
            }
            state = changed.get(Subject(f"processes/{process}"))
            if isinstance(state, processes.ProcessState):
                values |= {
                    "state": json.dumps(list(state.stage.values)),
                    "names": _names(state),
                    "places": "\n".join(
                        f"{place.key}\n" + "\n".join(label.text for label in place.labels)
                        for place in processes.places(state)
                    ).casefold(),
                }
            if row is None:
                self._connection.execute(insert(table).values(process=process, **values))
            else:
                self._connection.execute(update(table).where(table.c.process == process).values(**values))


def _names(state: SubjectState) -> str:
    """All names of a subject, for searching."""
    return "\n".join(label.text for label in state.labels).casefold()


def revised(event: Event) -> str | None:
    """The id of the event that a revision is about; None for any other event, and for joined subjects."""
    if not isinstance(event.data, Revision):
        return None
    target = getattr(event.data, "event", None)
    return str(target) if target is not None else None


def _root(event: Event, known: dict[str, Event]) -> Event:
    """The event at the end of a chain of revisions. Targets stand earlier in the log, so the chain ends."""
    target = revised(event)
    while target is not None and target in known:
        event = known[target]
        target = revised(event)
    return event
