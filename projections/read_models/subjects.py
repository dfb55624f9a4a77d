"""The folded state of each subject.

An event in canonical order steps its subject's state, a late one refolds that subject, once per batch.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, func, or_, select

from domain import families
from domain.actors import ActorState
from domain.event import Event
from domain.general import SubjectState
from domain.place_meanings import NO_MEANINGS, Meanings, meant
from domain.places import PlaceState
from domain.searching import search_text
from domain.values import Subject
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.folded_events import FOLDED_EVENTS, FoldOrder, folded_events, keep_folded_events
from projections.read_models.late_reports import LONG, NOTED_STATES, forget_noted, with_late
from projections.read_models.place_meanings import meanings_of
from projections.read_models.revisions import REVISED_EVENTS, canonical_subjects, events_by_id, under
from projections.read_models.timeline import TIMELINE
from projections.storage.checked_text import CheckedText
from projections.storage.sql import (
    Clash,
    delete_where,
    put,
    rows_where,
)
from projections.storage.tables import IndexDefinition, TableDefinition, Text, Transaction

SUBJECTS = TableDefinition(
    "subjects",
    Column("subject", Text, primary_key=True),
    Column("family", Text, nullable=False),
    Column("opened", Boolean, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("names", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("state", CheckedText, nullable=False),
    indexes=[
        IndexDefinition("family", ("family", "subject")),
        IndexDefinition("changed", ("family", "changed")),
    ],
)
"""The folded state of each subject that stays."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    gone = [event for event in changes.gone if families.is_step(event)]
    come = [(recorded, event) for recorded, event in changes.come if families.is_step(event)]
    opened = {changes.canonical(r.subject) for r in changes.events if r.event.data.opens}
    if not gone and not come and not opened and not changes.moved:
        return
    keep_folded_events(changes, gone, come)
    arrived: dict[Subject, list[Event]] = defaultdict(list)
    long: set[Subject] = set()
    for recorded, event in come:
        arrived[event.subject].append(event)
        if recorded.version > LONG:
            long.add(event.subject)
    # One may be retracted as it comes, or give way when all that was reported of it has been retracted.
    both = (changes.stays, changes.stays_before)
    joined = {stays.get(subject, subject) for subject in changes.moved for stays in both} | changes.moved
    refold = {event.subject for event in gone} | ((opened | joined) - set(arrived))
    stored = _stored(changes.transaction, [*{*arrived, *refold}])
    meanings = _own_meanings(changes, {*arrived, *refold})
    rows: list[dict[str, Any]] = []
    for subject in {**arrived, **dict.fromkeys(refold)}:
        if subject in changes.stays:  # its events are kept with the one that stays
            changes.gave_way.append(subject)
            refold.discard(subject)
            continue
        state, last = stored.get(subject, (None, None))
        steps = sorted(arrived.get(subject, ()), key=lambda event: event.order)
        state, own = state or families.initial(subject.partition("/")[0]), meanings.get(subject, NO_MEANINGS)
        late = [event for event in steps if last is not None and last >= event.order]
        if subject in refold or (late and subject not in long):
            refold.add(subject)
            continue
        if last is not None and late:
            state = with_late(changes, state, last, late, own)
        for event in steps[len(late) :]:
            state = families.evolve(state, meant(event, own))
            if changes.edits is not None:
                changes.edits.states[event.key] = state
        changes.states[subject] = state
        rows.append(
            _row(subject, state, steps[-1].order if last is None else max(last, steps[-1].order), changes.position)
        )
    forget_noted(changes, [*refold, *changes.gave_way])
    for subject, events in folded_events(changes, refold).items():
        changes.states[subject] = _folded(subject, events, meanings)
        last = max((event.order for event in events), default=None)
        rows.append(_row(subject, changes.states[subject], last, changes.position))
    table = changes.table(SUBJECTS)
    delete_where(changes.connection, table.c.subject, changes.gave_way)
    put(changes.connection, table, rows, Clash(("subject",)))


def _own_meanings(changes: ChangeSet, subjects: Iterable[Subject]) -> dict[Subject, Meanings]:
    """The meanings of places of the subjects that are processes: their lines are folded by the places that are meant.

    At first these are the meanings before this batch. Where `places` finds others, it folds the lines anew.
    """
    ids = [subject.partition("/")[2] for subject in subjects if subject.startswith("processes/")]
    meanings_by_process = meanings_of(changes.transaction, ids)
    return {Subject(f"processes/{process}"): meanings for process, meanings in meanings_by_process.items()}


def _folded(subject: Subject, events: Iterable[Event], meanings: Mapping[Subject, Meanings]) -> SubjectState:
    own = meanings.get(subject, NO_MEANINGS)
    return families.fold(subject.partition("/")[0], [meant(event, own) for event in events])


def refold(changes: ChangeSet, subjects: Iterable[Subject]) -> dict[Subject, SubjectState]:
    """Folds subjects anew, by the meanings of places as they are kept now, and keeps their states."""
    wanted = set(subjects)
    if not wanted:
        return {}
    meanings, states = _own_meanings(changes, wanted), dict[Subject, SubjectState]()
    forget_noted(changes, wanted)
    rows: list[dict[str, Any]] = []
    for subject, events in folded_events(changes, wanted).items():
        states[subject] = _folded(subject, events, meanings)
        last = max((event.order for event in events), default=None)
        rows.append(_row(subject, states[subject], last, changes.position))
    put(changes.connection, changes.table(SUBJECTS), rows, Clash(("subject",)))
    return states


def _row(subject: Subject, state: SubjectState, last: FoldOrder | None, position: int) -> dict[str, Any]:
    family = subject.partition("/")[0]
    return {
        "subject": subject,
        "family": family,
        "opened": state.opened,
        "changed": position,
        "names": names(state),
        "last": json.dumps(last),
        "state": families.dump(family, state).decode(),
    }


def _stored(
    transaction: Transaction, subjects: Iterable[Subject]
) -> dict[Subject, tuple[SubjectState, FoldOrder | None]]:
    """The states of subjects, each with the place of the last event that is in it."""
    table = transaction.table(SUBJECTS)
    states: dict[Subject, tuple[SubjectState, FoldOrder | None]] = {}
    columns = (table.c.subject, table.c.family, table.c.last, table.c.state)
    for subject, family, last, state in rows_where(transaction.connection, columns, table.c.subject, subjects):
        order = json.loads(last)
        states[Subject(subject)] = families.load(family, state), tuple(order) if order else None
    return states


READ_MODEL = ReadModel((FOLDED_EVENTS, NOTED_STATES, SUBJECTS), apply)


def names(state: SubjectState) -> str:
    """All names of a subject, as they are searched."""
    return search_text(names_in(state))


def names_in(state: SubjectState) -> list[str]:
    """The names by which a subject is found; of a place also its codes."""
    codes = [code.value for code in state.codes] if isinstance(state, PlaceState) else []
    return [*(label.text for label in state.labels), *codes]


# --- queries


def states_of(transaction: Transaction, subjects: Iterable[str]) -> dict[Subject, SubjectState]:
    """The folded states of subjects that stay; one that was never opened is left out."""
    table = transaction.table(SUBJECTS)
    columns = (table.c.subject, table.c.family, table.c.state)
    rows = rows_where(transaction.connection, columns, table.c.subject, subjects)
    return {Subject(s): families.load(family, state) for s, family, state in sorted(rows, key=lambda row: row.subject)}


class Filed(NamedTuple):
    """What is kept of a subject, beside its state."""

    opened: bool
    last: FoldOrder | None
    """The place of the last event that is folded into it."""


def filed(transaction: Transaction, subjects: Iterable[str]) -> dict[Subject, Filed]:
    """What is kept of subjects that stay, beside their states; one that nothing was folded into is left out."""
    table = transaction.table(SUBJECTS)
    columns, kept = (table.c.subject, table.c.opened, table.c.last), dict[Subject, Filed]()
    for subject, opened, last in rows_where(transaction.connection, columns, table.c.subject, subjects):
        order = json.loads(last)
        kept[Subject(subject)] = Filed(opened, tuple(order) if order else None)
    return kept


def actors_named(transaction: Transaction, ids: Iterable[str]) -> dict[str, ActorState]:
    """The states of actors by their ids, also by those that gave way."""
    joined = canonical_subjects(transaction)
    wanted = {actor: joined.get(Subject(f"actors/{actor}"), Subject(f"actors/{actor}")) for actor in ids}
    states = states_of(transaction, wanted.values())
    return {actor: state for actor, path in wanted.items() if isinstance(state := states.get(path), ActorState)}


def paths_of_family(
    transaction: Transaction, family: str, *, terms: Iterable[str], after: str | None, limit: int
) -> list[Subject]:
    """The subjects of a family, by path.

    Args:
        transaction: a snapshot.
        family: as paths begin.
        terms: only those with all of these, folded for search, in their names, be it in several of them.
        after: only those after this path.
        limit: so many at most.
    """
    table = transaction.table(SUBJECTS)
    query = select(table.c.subject).where(table.c.family == family).order_by(table.c.subject).limit(limit)
    if after is not None:
        query = query.where(table.c.subject > after)
    for term in sorted(terms):
        query = query.where(table.c.names.contains(term, autoescape=True))
    return [Subject(path) for path in transaction.connection.execute(query).scalars()]


def names_of_family(transaction: Transaction, family: str, limit: int) -> list[tuple[Subject, str]]:
    """The first subjects of a family, by path, each with its names as they are searched, one a line."""
    table = transaction.table(SUBJECTS)
    query = select(table.c.subject, table.c.names).where(table.c.family == family)
    rows = transaction.connection.execute(query.order_by(table.c.subject).limit(limit))
    return [(Subject(path), names) for path, names in rows]


def last_change(transaction: Transaction, family: str) -> int:
    """The last position that changed any subject of a family; 0 if there is none."""
    table = transaction.table(SUBJECTS)
    query = select(func.max(table.c.changed)).where(table.c.family == family)
    return transaction.connection.execute(query).scalar() or 0


def folded_of_type(transaction: Transaction, subject: Subject, name: str) -> list[Event]:
    """The events in effect of one type that are folded into a subject, as they read now."""
    folded, timeline = transaction.table(FOLDED_EVENTS), transaction.table(TIMELINE)
    corrected = folded.c.event_id.in_(select(transaction.table(REVISED_EVENTS).c.event_id))
    query = (
        select(folded.c.event_id)
        .join(timeline, timeline.c.position == folded.c.position)
        .where(folded.c.subject == subject, or_(timeline.c.type == name, corrected))
    )
    ids = list(transaction.connection.execute(query).scalars())
    stays = canonical_subjects(transaction)
    return [under(r.event, stays) for r in events_by_id(transaction, ids).values() if r.event.type == name]
