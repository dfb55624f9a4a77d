"""One batch of recorded events on its way into the tables of one generation.

The order of arrival does not decide: an event in canonical order steps its subject's state, a late one refolds that
subject, once per batch. A revision changes how its target reads: what the target added is taken away, and what it adds
now is put in its place. What accumulates is rows and counts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, func, insert, select

from domain import families, processes
from domain.event import Event, Recorded, instant
from domain.general import SubjectState
from domain.horizon import ReportStatus, in_effect, names_processes
from domain.revisions import DuplicateMarked, EventDisputed, EventRetracted, SubjectUnified
from domain.values import EventId, Subject
from domain.vocabulary import model_of
from projections.outlook import Outlook, disputant
from projections.picture import (
    Heard,
    accumulates,
    claims,
    claims_in,
    components,
    display_order,
    heard_in,
    marks_of,
    newer,
    revised,
    tallied,
    timeline_order,
)
from projections.read_models.deadlines import DEADLINES
from projections.read_models.entries import ENTRIES
from projections.read_models.figures import CLAIMS, SERIES
from projections.read_models.findings import ACTOR_ACTIVITY, FINDINGS, REPORT_HASHES
from projections.read_models.history import PROCESS_TIMELINE
from projections.read_models.incident_counts import INCIDENT_COUNTS
from projections.read_models.last_heard import LAST_HEARD
from projections.read_models.membership import BELONGS, MEMBERSHIP
from projections.read_models.process_list import PROCESSES
from projections.read_models.revisions import (
    CANONICAL_SUBJECTS,
    REVISED_EVENTS,
    REVISIONS,
    UNIFICATIONS,
    recorded_revisions,
)
from projections.read_models.roles import ROLES
from projections.read_models.subjects import FOLDED_EVENTS, SUBJECTS
from projections.read_models.timeline import TIMELINE
from projections.storage.generations import ReadModels, rebuild_lock
from projections.storage.sql import Clash, delete_keys, delete_where, put, rows_of, rows_where
from projections.storage.sqlite import put_aside
from projections.storage.tables import GenerationTables, Schema
from projections.views import reading_now, recorded_of

VIEW_VERSION = 4
"""Raised whenever a table or a fold changes: views of another version are rebuilt."""

SCHEMA = Schema(
    VIEW_VERSION,
    (
        TIMELINE,
        REVISIONS,
        REVISED_EVENTS,
        UNIFICATIONS,
        CANONICAL_SUBJECTS,
        FOLDED_EVENTS,
        SUBJECTS,
        MEMBERSHIP,
        BELONGS,
        PROCESS_TIMELINE,
        ROLES,
        ENTRIES,
        CLAIMS,
        SERIES,
        INCIDENT_COUNTS,
        DEADLINES,
        FINDINGS,
        REPORT_HASHES,
        ACTOR_ACTIVITY,
        LAST_HEARD,
        PROCESSES,
    ),
)


def open_read_models(where: Path | str) -> ReadModels:
    """The read models of an installation.

    Args:
        where: a file, whose directory must exist; or the URL of a PostgreSQL database.

    Raises:
        Unavailable: they cannot be opened.
    """
    return ReadModels(where, SCHEMA)


def put_damaged_aside(path: Path) -> Path | None:
    """Moves a damaged file of read models out of the way (`projections.storage.sqlite.put_aside`)."""
    return put_aside(path, rebuild_lock(SCHEMA.version))


@dataclass(frozen=True, slots=True)
class Change:
    """An event whose part in the read models changes: it comes, it goes, or it reads otherwise."""

    recorded: Recorded
    before: Event | None
    after: Event | None
    """As it reads now, under the subject that stays; None: not in effect."""

    @property
    def differs(self) -> bool:
        if self.before is None or self.after is None:
            return self.before is not self.after
        return self.before != self.after or self.before.repeats != self.after.repeats


@dataclass(frozen=True, slots=True)
class Places:
    """The processes of a subject: before a batch, and after it."""

    before: frozenset[str]
    after: frozenset[str]


class Batch:
    """Applies events, in log order and without gaps, to one generation's tables."""

    def __init__(self, connection: Connection, tables: GenerationTables) -> None:
        self._connection = connection
        self._tables = tables

    def apply(self, batch: Sequence[Recorded]) -> None:
        self._start = batch[0].position
        self._begun = {recorded.subject for recorded in batch if recorded.version == 1}
        self._moved: set[Subject] = set()
        self._left: dict[Subject, frozenset[str]] = {}
        self._stays_before = self._stays = self._read_joined()
        self._add_to_timeline(batch)
        self._add_revisions(batch)
        self._join(batch)
        member_of = self._file(batch)
        changes = self._changes(batch)
        changed = self._fold(changes, batch)
        places = self._place(changed)
        self._replace_roles(changed)
        self._add_entries(changes, places)
        self._add_claims(changes)
        self._add_tallies(changes)
        self._look_out(batch, changes, changed)
        stale = self._hear(batch, changes, places)
        self._touch(batch, member_of, changed, places, stale)

    def _where(
        self, what: Sequence[ColumnElement[Any]] | Table, column: ColumnElement[str], values: Iterable[str]
    ) -> Iterator[Row[*tuple[Any, ...]]]:
        return rows_where(self._connection, what, column, values)

    # --- rows as recorded

    def _add_to_timeline(self, batch: Sequence[Recorded]) -> None:
        rows = [
            {
                "position": recorded.position,
                "event_id": recorded.key,
                "subject": recorded.subject,
                "type": recorded.type,
                "version": recorded.version,
                "recorded_at": instant(recorded.recorded_at),
                "recorded_by": recorded.recorded_by,
                "event": recorded.text or recorded.event.model_dump_json(exclude_unset=True),
            }
            for recorded in batch
        ]
        put(self._connection, self._tables.table(TIMELINE), rows)

    def _add_revisions(self, batch: Sequence[Recorded]) -> None:
        rows = [
            {"subject": r.subject, "position": r.position, "type": r.type, "target": revised(r.event) or ""}
            for r in batch
            if r.event.data.revises
        ]
        put(self._connection, self._tables.table(REVISIONS), rows)
        unified = {(r.subject, r.event.data.into) for r in batch if isinstance(r.event.data, SubjectUnified)}
        if unified:
            pairs = [{"subject": subject, "into": into} for subject, into in sorted(unified)]
            put(self._connection, self._tables.table(UNIFICATIONS), pairs, Clash(("subject", "into")))

    def _file(self, batch: Sequence[Recorded]) -> dict[Subject, set[str]]:
        """Puts events, as they were recorded, into the timelines of their processes.

        A process that is named later gets the earlier events of the subject too. What was ever joined is filed
        together.

        Returns:
            The processes of each subject of the batch.
        """
        membership, timeline = self._tables.table(MEMBERSHIP), self._tables.table(PROCESS_TIMELINE)
        together = self._together()
        subjects = {recorded.subject for recorded in batch}
        subjects |= {other for subject in subjects for other in together.get(subject, ())}
        member_of: dict[Subject, set[str]] = {subject: set() for subject in subjects}
        columns = (membership.c.subject, membership.c.process)
        for subject, process in self._where(columns, membership.c.subject, subjects):
            member_of[Subject(subject)].add(process)
        named = {subject: set(found) for subject, found in member_of.items()}
        of_subject: dict[Subject, list[Recorded]] = defaultdict(list)
        for recorded in batch:
            of_subject[recorded.subject].append(recorded)
            named[recorded.subject].update(names_processes(recorded.event))
            if recorded.event.family == "processes":
                named[recorded.subject].add(recorded.subject.partition("/")[2])
        for subject, others in together.items():
            if subject in named:
                named[subject] = set().union(*(named.get(other, ()) for other in others))
        targets = self._targets(batch)
        rows = [
            self._filed(process, recorded, targets)
            for recorded in batch
            for process in sorted(member_of[recorded.subject])
        ]
        joined: list[dict[str, Any]] = []
        for subject, found in sorted(named.items()):
            new = sorted(found - member_of[subject])
            if not new:
                continue
            in_batch = of_subject[subject]
            whole = in_batch if in_batch and in_batch[0].version == 1 else self._all_of([subject])
            their_targets = self._targets(whole)
            joined += [{"process": process, "subject": subject} for process in new]
            rows += [self._filed(process, recorded, their_targets) for process in new for recorded in whole]
        if joined:
            put(self._connection, membership, joined)
        put(self._connection, timeline, rows)
        return named

    def _together(self) -> dict[Subject, frozenset[Subject]]:
        """The subjects that were ever said to be one, each with all of them."""
        unified = self._tables.table(UNIFICATIONS)
        pairs = [(Subject(one), Subject(other)) for one, other in rows_of(self._connection, unified)]
        return components(pairs) if pairs else {}

    @staticmethod
    def _filed(process: str, recorded: Recorded, targets: dict[str, Event]) -> dict[str, Any]:
        """A row of a process's timeline."""
        earliest, latest, step, event_id = timeline_order(recorded, targets)
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
        """The events that revisions of a batch are about, and those that these are about, by id."""
        found: dict[str, Event] = {}
        wanted = {target for recorded in batch if (target := revised(recorded.event)) is not None}
        while wanted:
            known = self._by_id(wanted)
            found |= {recorded.key: recorded.event for recorded in known}
            wanted = {deeper for r in known if (deeper := revised(r.event)) is not None} - set(found)
        return found

    # --- reading what is there

    def _by_id(self, ids: Iterable[str]) -> list[Recorded]:
        timeline = self._tables.table(TIMELINE)
        return [recorded_of(row) for row in self._where(timeline, timeline.c.event_id, ids)]

    def _all_of(self, subjects: Iterable[str]) -> list[Recorded]:
        """All events of subjects, as they were recorded, in log order."""
        timeline = self._tables.table(TIMELINE)
        found = [recorded_of(row) for row in self._where(timeline, timeline.c.subject, subjects)]
        return sorted(found, key=lambda recorded: recorded.position)

    def _as_one(self, stays: Subject) -> list[Subject]:
        """The subjects that are one under this one, itself included."""
        return [stays, *(subject for subject, other in self._stays.items() if other == stays)]

    def _reads(self, whole: Sequence[Recorded], stays: Mapping[Subject, Subject]) -> dict[str, Event | None]:
        """How events that are no revisions read by what is stored, under the subject that stays."""
        effects = self._tables.table(REVISED_EVENTS)
        found: dict[str, Event | None] = {}
        for recorded in whole:
            if not recorded.event.data.revises:
                found[recorded.key] = _under(recorded.event, stays)
        for row in self._where(effects, effects.c.event_id, found):
            found[row.event_id] = reading_now(row.type, row.event, row.marks)
        return found

    # --- what revisions change

    def _read_joined(self) -> dict[Subject, Subject]:
        table = self._tables.table(CANONICAL_SUBJECTS)
        return {Subject(s): Subject(t) for s, t in rows_of(self._connection, table)}

    def _join(self, batch: Sequence[Recorded]) -> None:
        """Works out anew which subjects are one, if the batch says something of that."""
        if not any(isinstance(r.event.data, SubjectUnified | EventRetracted) for r in batch):
            return
        unified = self._tables.table(UNIFICATIONS)
        subjects = self._connection.execute(select(unified.c.subject).distinct()).scalars().all()
        if not subjects:
            return
        self._stays = in_effect(self._revisions_of(subjects)).joined
        if self._stays != self._stays_before:
            self._connection.execute(delete(self._tables.table(CANONICAL_SUBJECTS)))
            if self._stays:
                rows = [{"subject": subject, "stays": stays} for subject, stays in self._stays.items()]
                put(self._connection, self._tables.table(CANONICAL_SUBJECTS), rows)

    def _revisions_of(self, subjects: Iterable[str]) -> list[Recorded]:
        tables = self._tables
        found = rows_where(
            self._connection,
            tables.table(TIMELINE),
            tables.table(REVISIONS).c.subject,
            subjects,
            recorded_revisions(tables),
        )
        return [recorded_of(row) for row in found]

    def _changes(self, batch: Sequence[Recorded]) -> list[Change]:
        """What the batch changes, event by event: those that come, and those that read otherwise by a revision."""
        old, new = self._stays_before, self._stays
        moved = self._moved = {s for s in {*old, *new} if old.get(s, s) != new.get(s, s)}
        revising = {r.subject for r in batch if r.event.data.revises}
        touched: dict[Subject, bool] = {}
        """Each subject that stays, and whether all of its events are to be weighed."""
        for subject in (*revising, *moved):
            for was in (subject, old.get(subject, subject)):
                stays = new.get(was, was)
                touched[stays] = touched.get(stays, False) or subject in moved
        changes: dict[str, Change] = {}
        for stays, wholly in touched.items():
            for change in self._weighed(stays, wholly=wholly):
                changes[change.recorded.key] = change
        for recorded in batch:
            if not recorded.event.data.revises and recorded.key not in changes:
                changes[recorded.key] = Change(recorded, None, _under(recorded.event, self._stays))
        return sorted((c for c in changes.values() if c.differs), key=lambda c: c.recorded.position)

    def _weighed(self, stays: Subject, *, wholly: bool) -> list[Change]:
        """Applies the revisions of a subject to the events they are about (or to all), and keeps their effect."""
        subjects = self._as_one(stays)
        if wholly:
            weighed = self._all_of(subjects)
        else:
            revisions = self._revisions_of(subjects)
            about = {target for r in revisions if (target := revised(r.event)) is not None}
            about |= {str(r.event.data.of) for r in revisions if isinstance(r.event.data, DuplicateMarked)}
            reports = (r for r in self._by_id(about) if not r.event.data.revises)
            weighed = [*revisions, *(r for r in reports if r.subject in subjects)]
        before = self._reads(weighed, self._stays_before)
        standings = in_effect(weighed).standings
        self._keep_effects(standings.values())
        return [
            Change(
                standing.recorded,
                None if standing.recorded.position >= self._start else before[str(event_id)],
                standing.event,
            )
            for event_id, standing in standings.items()
        ]

    def _keep_effects(self, standings: Iterable[ReportStatus]) -> None:
        effects = self._tables.table(REVISED_EVENTS)
        found = list(standings)
        delete_where(self._connection, effects.c.event_id, [standing.recorded.key for standing in found])
        rows = [
            {
                "event_id": standing.recorded.key,
                "type": standing.event.type if standing.event is not None else None,
                "event": standing.event.model_dump_json(exclude_unset=True) if standing.event is not None else None,
                "marks": json.dumps(marks_of(standing)),
            }
            for standing in found
            if standing.revised
        ]
        put(self._connection, effects, rows)

    # --- folds

    def _fold(self, changes: Sequence[Change], batch: Sequence[Recorded]) -> dict[Subject, SubjectState]:
        """Steps or refolds every subject whose steps change; returns the new states of those that stay."""
        position = batch[-1].position
        gone = [c.before for c in changes if c.before is not None and families.is_step(c.before)]
        come = [(c.recorded, c.after) for c in changes if c.after is not None and families.is_step(c.after)]
        opened = {self._stays.get(r.subject, r.subject) for r in batch if r.event.data.opens}
        if not gone and not come and not opened and not self._moved:
            return {}
        table = self._tables.table(FOLDED_EVENTS)
        if gone:
            key = (table.c.subject, table.c.lead, table.c.earliest, table.c.latest, table.c.step, table.c.event_id)
            delete_keys(self._connection, key, [(e.subject, *_step(e)) for e in gone])
        if come:
            put(self._connection, table, [_step_row(r, event) for r, event in come])
        arrived: dict[Subject, list[Event]] = defaultdict(list)
        for _, event in come:
            arrived[event.subject].append(event)
        # One may be retracted as it comes, or give way when all that was reported of it has been retracted.
        joined = {now.get(one, one) for one in self._moved for now in (self._stays, self._stays_before)} | self._moved
        refold = {event.subject for event in gone} | ((opened | joined) - set(arrived))
        stored = self._stored([*{*arrived, *refold}])
        changed: dict[Subject, SubjectState] = {}
        rows: list[dict[str, Any]] = []
        for subject in {**arrived, **dict.fromkeys(refold)}:
            if subject in self._stays:
                self._forget(subject)
                continue
            family = subject.partition("/")[0]
            state, last = stored.get(subject, (None, None))
            orders = [event.order for event in arrived.get(subject, ())]
            if subject not in refold and orders == sorted(orders) and (last is None or last < orders[0]):
                state = state or families.initial(family)
                for event in arrived[subject]:
                    state = families.evolve(state, event)
                last = orders[-1]
            else:
                steps = self._steps_of(subject)
                state = families.fold(family, steps)
                last = max((event.order for event in steps), default=None)
            changed[subject] = state
            rows.append(
                {
                    "subject": subject,
                    "family": family,
                    "changed": position,
                    "names": _names(state),
                    "last": json.dumps(last),
                    "state": families.dump(family, state).decode(),
                }
            )
        put(self._connection, self._tables.table(SUBJECTS), rows, Clash(("subject",)))
        return changed

    def _forget(self, subject: Subject) -> None:
        """Takes away what is kept of a subject that has given way. Its events are kept with the one that stays."""
        tables = self._tables
        theirs = select(tables.table(BELONGS).c.process).where(tables.table(BELONGS).c.subject == subject)
        self._left[subject] = frozenset(self._connection.execute(theirs).scalars())
        for table in (tables.table(SUBJECTS), tables.table(ROLES), tables.table(BELONGS), tables.table(LAST_HEARD)):
            self._connection.execute(delete(table).where(table.c.subject == subject))
        if subject.startswith("processes/"):
            name = subject.partition("/")[2]
            self._connection.execute(delete(tables.table(PROCESSES)).where(tables.table(PROCESSES).c.process == name))

    def _stored(self, subjects: list[Subject]) -> dict[Subject, tuple[SubjectState, tuple[Any, ...] | None]]:
        table = self._tables.table(SUBJECTS)
        found: dict[Subject, tuple[SubjectState, tuple[Any, ...] | None]] = {}
        columns = (table.c.subject, table.c.family, table.c.last, table.c.state)
        for subject, family, last, state in self._where(columns, table.c.subject, subjects):
            order = json.loads(last)
            found[Subject(subject)] = families.load(family, state), tuple(order) if order else None
        return found

    def _steps_of(self, subject: Subject) -> list[Event]:
        steps, timeline, effects = (
            self._tables.table(FOLDED_EVENTS),
            self._tables.table(TIMELINE),
            self._tables.table(REVISED_EVENTS),
        )
        query = (
            select(timeline.c.type, timeline.c.event, effects.c.type, effects.c.event, effects.c.marks)
            .select_from(steps)
            .join(timeline, steps.c.position == timeline.c.position)
            .outerjoin(effects, effects.c.event_id == steps.c.event_id)
            .where(steps.c.subject == subject)
        )
        found: list[Event] = []
        for name, text, name_now, now, marks in self._connection.execute(query):
            event = reading_now(name_now, now, marks) if now is not None else model_of(name).model_validate_json(text)
            if event is not None:
                found.append(_under(event, self._stays))
        return found

    # --- to which processes a subject belongs

    def _place(self, changed: dict[Subject, SubjectState]) -> dict[Subject, Places]:
        """Keeps which processes the changed subjects belong to. A withdrawn one stays with those it was ever put into.

        Returns:
            The processes in which what accumulates on the subject counts: none, once it is withdrawn.
        """
        table, membership = self._tables.table(BELONGS), self._tables.table(MEMBERSHIP)
        before: dict[Subject, dict[str, bool]] = {subject: {} for subject in changed}
        for process, subject, withdrawn in self._where(table, table.c.subject, changed):
            before[Subject(subject)][process] = withdrawn
        places: dict[Subject, Places] = {}
        other: dict[Subject, dict[str, bool]] = {}
        for subject, state in changed.items():
            family = subject.partition("/")[0]
            if family == "actors":
                continue
            counted = {p for one in self._as_one(subject) for p in [one.partition("/")[2]]}
            counted = counted if family == "processes" else set(state.processes)
            now = dict.fromkeys(counted, not state.opened)
            if not state.opened and family != "processes":
                query = select(membership.c.process).where(membership.c.subject.in_(self._as_one(subject)))
                now = dict.fromkeys(self._connection.execute(query).scalars(), True)
            had = frozenset(p for p, out in before[subject].items() if not out or family == "processes")
            places[subject] = Places(had, frozenset(counted if state.opened or family == "processes" else ()))
            if now != before[subject]:
                other[subject] = now
        delete_where(self._connection, table.c.subject, [subject for subject in other if before[subject]])
        rows = [
            {"process": process, "subject": subject, "withdrawn": out}
            for subject, now in other.items()
            for process, out in sorted(now.items())
        ]
        put(self._connection, table, rows)
        return places

    def _counted_in(self, subjects: Iterable[Subject], places: dict[Subject, Places]) -> dict[Subject, Places]:
        """The processes in which what accumulates on subjects counts, for those whose state did not change too."""
        table = self._tables.table(BELONGS)
        rest = {subject for subject in subjects if subject not in places}
        found: dict[Subject, set[str]] = {Subject(subject): set() for subject in rest}
        for process, subject, withdrawn in self._where(table, table.c.subject, rest):
            if not withdrawn or subject.startswith("processes/"):
                found[Subject(subject)].add(process)
        return {**places, **{s: Places(frozenset(p), frozenset(p)) for s, p in found.items()}}

    # --- what accumulates

    def _add_entries(self, changes: Sequence[Change], places: dict[Subject, Places]) -> None:
        table = self._tables.table(ENTRIES)
        gone = [c.before for c in changes if c.before is not None and accumulates(c.before)]
        come = [(c.recorded, c.after) for c in changes if c.after is not None and accumulates(c.after)]
        found = self._counted_in([event.subject for event in (*gone, *(e for _, e in come))], places)
        key = (table.c.process, table.c.type, table.c.earliest, table.c.latest, table.c.step, table.c.event_id)
        lost = [
            (process, event.type, *display_order(event))
            for event in gone
            for process in self._left.get(event.subject) or found[event.subject].before
        ]
        delete_keys(self._connection, key, lost)
        rows: list[dict[str, Any]] = []
        for recorded, event in come:
            where = found[event.subject]
            rows += [_entry(process, recorded, event) for process in sorted(where.before & where.after)]
        of_subject: dict[Subject, list[tuple[Recorded, Event]]] = defaultdict(list)
        for recorded, event in come:
            of_subject[event.subject].append((recorded, event))
        for subject, where in found.items():
            for process in where.before - where.after:
                theirs = and_(table.c.process == process, table.c.subject == subject)
                self._connection.execute(delete(table).where(theirs))
            new = sorted(where.after - where.before)
            if new:
                here = of_subject[subject] if self._first_seen(subject) else self._accumulated(subject)
                rows += [_entry(process, recorded, event) for process in new for recorded, event in here]
        put(self._connection, table, rows)

    def _accumulated(self, subject: Subject) -> list[tuple[Recorded, Event]]:
        """All that accumulates on a subject, as it reads now."""
        whole = [r for r in self._all_of(self._as_one(subject)) if not r.event.data.revises]
        now = self._reads(whole, self._stays)
        return [(r, event) for r in whole if (event := now[r.key]) is not None and accumulates(event)]

    def _first_seen(self, subject: Subject) -> bool:
        """Whether nothing of a subject was known before this batch."""
        return all(one in self._begun for one in self._as_one(subject))

    def _add_claims(self, changes: Sequence[Change]) -> None:
        """Keeps every claim, and of each claimant on each series the newest one and how often it spoke."""
        table, series = self._tables.table(CLAIMS), self._tables.table(SERIES)
        gone = [row for c in changes if c.before is not None for row in _claim_rows(c.recorded, c.before)]
        come = [row for c in changes if c.after is not None for row in _claim_rows(c.recorded, c.after)]
        if not gone and not come:
            return
        identity = ("subject", "series", "claimant", "assessed")
        place = ("earliest", "latest", "step", "event_id")
        key = (*identity, *place)
        delete_keys(self._connection, [table.c[n] for n in key], [tuple(row[n] for n in key) for row in gone])
        if come:
            put(self._connection, table, come)
        again = {tuple(row[name] for name in identity) for row in gone}
        for key_again in again:
            self._recount_claims(dict(zip(identity, key_again, strict=True)))
        new: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in come:
            key_of = tuple(row[name] for name in identity)
            if key_of in again:
                continue
            before = new.get(key_of)
            count = before["claims"] + 1 if before else 1
            newest = before if before and _placed(before) > _placed(row) else row
            new[key_of] = {**{name: newest[name] for name in (*identity, *place, "low", "high")}, "claims": count}
        if not new:
            return
        put(self._connection, series, list(new.values()), Clash(identity, added=("claims",), newest=place))

    def _recount_claims(self, whose: dict[str, Any]) -> None:
        """Finds the newest claim of one claimant on one series anew, after one went away."""
        table, series = self._tables.table(CLAIMS), self._tables.table(SERIES)
        theirs = and_(*(table.c[name] == value for name, value in whose.items()))
        self._connection.execute(delete(series).where(and_(*(series.c[n] == value for n, value in whose.items()))))
        place = (table.c.earliest, table.c.latest, table.c.step, table.c.event_id)
        newest = select(*place, table.c.low, table.c.high).where(theirs).order_by(*(c.desc() for c in place)).limit(1)
        row = self._connection.execute(newest).first()
        if row is not None:
            count = self._connection.execute(select(func.count()).select_from(table).where(theirs)).scalar_one()
            self._connection.execute(insert(series).values(**whose, **row._mapping, claims=count))

    def _add_tallies(self, changes: Sequence[Change]) -> None:
        table = self._tables.table(INCIDENT_COUNTS)
        new: dict[tuple[str, str, str, int, int], int] = defaultdict(int)
        for change in changes:
            for event, one in ((change.before, -1), (change.after, 1)):
                for tally in tallied(event) if event is not None else ():
                    new[event.subject, *tally] += one  # type: ignore[union-attr]
        counts = {key: events for key, events in new.items() if events}
        if not counts:
            return
        columns = ("subject", "kind", "recorder", "first_day", "last_day")
        rows = [{**dict(zip(columns, key, strict=True)), "events": events} for key, events in counts.items()]
        put(self._connection, table, rows, Clash(columns, added=("events",)))
        fewer = sorted({key for key, events in counts.items() if events < 0})
        delete_keys(self._connection, [*(table.c[n] for n in columns), table.c.events], [(*key, 0) for key in fewer])

    # --- what does not fit, and what is due

    def _look_out(
        self, batch: Sequence[Recorded], changes: Sequence[Change], changed: dict[Subject, SubjectState]
    ) -> None:
        outlook = Outlook(self._connection, self._tables)
        outlook.forget(list(self._left))
        outlook.renew_states(changed)
        gone = [c.before for c in changes if c.before is not None]
        come = [c.after for c in changes if c.after is not None]
        claiming = {event.subject for event in (*gone, *come) if claims(event)}
        outlook.renew_claims(claiming - set(self._stays))
        touched = outlook.said(gone, come)
        twice = {one for ids in touched.values() if len(ids) > 1 for one in ids}
        outlook.renew_repeats(touched, self._now(twice, {event.key: event for event in come}))
        revising = {r.subject for r in batch if r.event.data.revises} | self._moved
        # What comes apart again leaves disputes behind where it was, too.
        named = revising | {self._stays_before.get(subject, subject) for subject in self._moved}
        revised_now = {self._stays.get(subject, subject) for subject in named}
        outlook.renew_disputes({subject: self._disputed(subject) for subject in revised_now})

    def _now(self, ids: Iterable[str], known: Mapping[str, Event]) -> dict[str, Event]:
        """Events in effect by their ids, under the subjects that stay; those that are known are not looked up."""
        now = self._reads(self._by_id(one for one in ids if one not in known), self._stays)
        return {**{one: event for one, event in now.items() if event is not None}, **known}

    def _disputed(self, subject: Subject) -> list[tuple[EventId, EventId, str]]:
        """The reports in effect that are disputed, each with the dispute and who disputes."""
        disputes = {
            r.event.id: r.event
            for r in self._revisions_of(self._as_one(subject))
            if isinstance(r.event.data, EventDisputed)
        }
        effects = self._tables.table(REVISED_EVENTS)
        about = {str(revised(event)) for event in disputes.values()}
        found: list[tuple[EventId, EventId, str]] = []
        for row in self._where(effects, effects.c.event_id, about):
            for dispute in json.loads(row.marks).get("disputed_by", ()) if row.event is not None else ():
                event = disputes.get(EventId(UUID(dispute)))
                if event is not None:
                    found.append((EventId(UUID(row.event_id)), event.id, disputant(event)))
        return found

    # --- who was heard last

    def _hear(self, batch: Sequence[Recorded], changes: Sequence[Change], places: dict[Subject, Places]) -> set[str]:
        """Keeps the newest source of each subject.

        Returns:
            The processes whose newest source must be looked up anew, since one went away or a subject came or left.
        """
        table = self._tables.table(LAST_HEARD)
        come: dict[Subject, Heard] = {}
        lost: dict[Subject, set[str]] = defaultdict(set)
        for change in changes:
            if change.before is not None:
                lost[change.before.subject].add(change.recorded.key)
            if change.after is not None:
                come[change.after.subject] = newer(come.get(change.after.subject), heard_in(change.after))
        for recorded in batch:
            if recorded.event.data.revises:
                subject = self._stays.get(recorded.subject, recorded.subject)
                come[subject] = newer(come.get(subject), heard_in(recorded.event))
        known: dict[Subject, Heard] = {}
        for row in self._where(table, table.c.subject, {*come, *lost}):
            known[Subject(row.subject)] = Heard(row.on, row.publisher, row.claimant, row.event)
        anew = {s for s, ids in lost.items() if s not in known or known[s].event in ids}
        anew |= {stays.get(s, s) for s in self._moved for stays in (self._stays, self._stays_before)}
        anew = {s for s in anew if s not in self._stays}
        rows: list[dict[str, Any]] = []
        for subject in {*come, *anew}:
            found = self._heard_of(subject) if subject in anew else newer(known.get(subject), come[subject])
            if found is not None and found != known.get(subject):
                rows.append({"subject": subject, **_heard_row(found)})
            if found is None:
                self._connection.execute(delete(table).where(table.c.subject == subject))
        put(self._connection, table, rows, Clash(("subject",)))
        self._come = come
        moved = {subject for subject, where in places.items() if where.before != where.after}
        stale = {*lost, *moved, *anew}
        return {
            process
            for subject, where in self._counted_in([s for s in stale if s not in self._stays], places).items()
            if subject in stale
            for process in where.before | where.after
        } | {process for left in self._left.values() for process in left}

    def _heard_of(self, subject: Subject) -> Heard | None:
        whole = self._all_of(self._as_one(subject))
        now = self._reads(whole, self._stays)
        newest: Heard | None = None
        for recorded in whole:
            event = recorded.event if recorded.event.data.revises else now[recorded.key]
            if event is not None:
                newest = newer(newest, heard_in(event))
        return newest

    # --- what lists and searches need

    def _replace_roles(self, changed: dict[Subject, SubjectState]) -> None:
        table = self._tables.table(ROLES)
        rows = [
            {"actor": role.actor, "subject": subject, "role": role.role.value}
            for subject, state in changed.items()
            for role in {(r.actor, r.role): r for line in state.roles.values() for r in line.values if r.held}.values()
        ]
        delete_where(self._connection, table.c.subject, changed)
        put(self._connection, table, rows)

    def _canonical(self, process: str) -> str:
        path = Subject(f"processes/{process}")
        return self._stays.get(path, path).partition("/")[2]

    def _touch(
        self,
        batch: Sequence[Recorded],
        member_of: dict[Subject, set[str]],
        changed: dict[Subject, SubjectState],
        places: dict[Subject, Places],
        stale: set[str],
    ) -> None:
        """Brings the line of every process up to date that an event of the batch belongs to."""
        table = self._tables.table(PROCESSES)
        touched: dict[str, Recorded] = {}
        for recorded in batch:
            for process in member_of.get(recorded.subject, ()):
                touched[self._canonical(process)] = recorded
        for process in stale | {p for where in places.values() for p in where.before | where.after}:
            touched.setdefault(self._canonical(process), batch[-1])
        heard: dict[str, Heard] = {}
        where = self._counted_in(self._come, places)
        for subject, one in self._come.items():
            for process in where[subject].after:
                heard[self._canonical(process)] = newer(heard.get(self._canonical(process)), one)
        known = {row.process: row for row in self._where(table, table.c.process, touched)}
        anew = {self._canonical(process) for process in stale}
        rows: list[dict[str, Any]] = []
        for process, last in touched.items():
            row = known.get(process)
            values: dict[str, Any] = row._asdict() if row is not None else {"process": process}
            values |= {"touched": last.position, "touched_at": instant(last.recorded_at)}
            newest: Heard | None = None
            if process in anew or row is None:
                newest = self._heard_in(process)
            elif process in heard:
                newest = newer(Heard(**json.loads(row.heard)), heard[process])
            if newest is not None:
                values |= {"heard_on": newest.on, "heard": json.dumps(_heard_row(newest))}
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
            rows.append({column.name: values[column.name] for column in table.c})
        put(self._connection, table, rows, Clash(("process",)))

    def _heard_in(self, process: str) -> Heard:
        """The newest source of a whole process."""
        belongs, heard = self._tables.table(BELONGS), self._tables.table(LAST_HEARD)
        own = Subject(f"processes/{process}")
        ids = [subject.partition("/")[2] for subject in self._as_one(own)]
        query = (
            select(heard)
            .join(belongs, belongs.c.subject == heard.c.subject)
            .where(belongs.c.process.in_(ids), (belongs.c.withdrawn.is_(False)) | (heard.c.subject == own))
            .order_by(heard.c.on.desc(), heard.c.publisher.desc(), heard.c.event.desc())
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return Heard(row.on, row.publisher, row.claimant, row.event) if row else NOBODY


NOBODY = Heard("", "", "", "")
"""Where all that was heard was retracted."""


def _names(state: SubjectState) -> str:
    """All names of a subject, for searching."""
    return "\n".join(label.text for label in state.labels).casefold()


def _under(event: Event, stays: Mapping[Subject, Subject]) -> Event:
    return event.on(stays.get(event.subject, event.subject))


def _step(event: Event) -> tuple[int, int, int, int, str]:
    lead, earliest, latest, step, event_id = event.order
    return int(lead), earliest, latest, step, event_id


def _step_row(recorded: Recorded, event: Event) -> dict[str, Any]:
    lead, earliest, latest, step, event_id = event.order
    return {
        "subject": event.subject,
        "lead": int(lead),
        "earliest": earliest,
        "latest": latest,
        "step": step,
        "event_id": event_id,
        "position": recorded.position,
    }


def _entry(process: str, recorded: Recorded, event: Event) -> dict[str, Any]:
    earliest, latest, step, event_id = display_order(event)
    return {
        "process": process,
        "type": event.type,
        "earliest": earliest,
        "latest": latest,
        "step": step,
        "event_id": event_id,
        "subject": event.subject,
        "position": recorded.position,
    }


def _claim_rows(recorded: Recorded, event: Event) -> list[dict[str, Any]]:
    if not claims(event):
        return []
    earliest, latest, step, event_id = display_order(event)
    return [
        {
            "subject": event.subject,
            "series": json.dumps(claim.series, ensure_ascii=False),
            "claimant": claim.claimant,
            "assessed": claim.assessed,
            "earliest": earliest,
            "latest": latest,
            "step": step,
            "event_id": event_id,
            "low": claim.low,
            "high": claim.high,
            "position": recorded.position,
        }
        for claim in claims_in(event)
    ]


def _placed(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("earliest", "latest", "step", "event_id"))


def _heard_row(found: Heard) -> dict[str, str]:
    return {"on": found.on, "publisher": found.publisher, "claimant": found.claimant, "event": found.event}
