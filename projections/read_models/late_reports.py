"""How a late report is folded into a subject of which much is known: from the place where it belongs.

On the way some states are noted, each with the place up to which it is folded. The next late report is folded from the
last of these before it. Where the fold then comes to a state that was noted, and it is still the same, all that follows
is as it was: most reports matter only until the next ones of their lines.

When each step was passed (`SubjectState.passed`) is a matter of all reports in whatever order, so a state is noted
without it. What is noted holds until an event goes, or the subject is folded anew for another reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, Integer, bindparam, select

from domain import families
from domain.changing import changed
from domain.event import Event
from domain.general import SubjectState, passed_together
from domain.place_meanings import Meanings, meant
from domain.values import Subject
from projections.read_models.change_set import ChangeSet
from projections.read_models.folded_events import (
    PLACE,
    FoldOrder,
    folded_after,
    place_bound,
    place_given,
    place_in,
)
from projections.read_models.ordering import order_columns
from projections.storage.checked_text import CheckedText
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import Clash, Query, delete_where, put
from projections.storage.tables import GenerationTables, TableDefinition, Text

NOTED_STATES = TableDefinition(
    "noted_states",
    Column("subject", Text, primary_key=True),
    Column("lead", Integer, primary_key=True, autoincrement=False),
    *order_columns(),
    Column("state", CheckedText, nullable=False),
)
"""The states of subjects after some of their events, by the place of the last one in canonical order."""

LONG: Final = 48
"""So many events make a subject one of which states are noted."""
APART: Final = 8
"""Events between two states that are noted."""
LARGEST: Final = 256
"""Characters of a noted state for each event since the last one: what is noted takes no more room than the events."""


def forget_noted(changes: ChangeSet, subjects: Iterable[Subject]) -> None:
    """Deletes what is noted of subjects that are folded anew, or give way."""
    delete_where(changes.connection, changes.table(NOTED_STATES).c.subject, subjects)


def with_late(
    changes: ChangeSet,
    state: SubjectState,
    last: FoldOrder,
    late: Sequence[Event],
    meanings: Meanings,
) -> SubjectState:
    """The state of a subject with late reports.

    Args:
        changes: the batch, which has put them among the folded events.
        state: without them.
        last: the place of the last event in it.
        late: the reports, in canonical order, all of them before that place.
        meanings: of the places in them.
    """
    subject, family = late[0].subject, late[0].family
    noted = fetch(
        changes.connection,
        _noted_before(changes.transaction.tables),
        {"subject": subject, **place_given("first", late[0].order)},
    )
    now = families.load(family, noted[0].state) if noted else families.initial(family)
    rows: list[dict[str, Any]] = []
    since = 0
    for events in folded_after(changes, subject, _place_of(noted[0]) if noted else None, last):
        known = _noted_among(changes, subject, events)
        for event in events:
            now, since = families.evolve(now, meant(event, meanings)), since + 1
            before = known.get(event.order)
            if before is not None or since % APART == 0:
                text = families.dump(family, changed(now, passed={})).decode()
                if text == before and event.order > late[-1].order:
                    _note(changes, rows)
                    return passed_together(state, now)
                if before is not None or len(text) <= LARGEST * since:
                    since = 0
                    if text != before:
                        rows.append({"subject": subject, **_columns(event.order), "state": text})
    _note(changes, rows)
    return passed_together(now, state)


def _noted_among(changes: ChangeSet, subject: Subject, events: Sequence[Event]) -> dict[FoldOrder, str]:
    """The states that are noted after some events that follow each other, by the places of these."""
    if not events:
        return {}
    bounds = {**place_given("first", events[0].order), **place_given("last", events[-1].order)}
    rows = fetch(changes.connection, _noted_within(changes.transaction.tables), {"subject": subject, **bounds})
    return {_place_of(row): row.state for row in rows}


def _note(changes: ChangeSet, rows: Sequence[dict[str, Any]]) -> None:
    put(changes.connection, changes.table(NOTED_STATES), rows, Clash(("subject", *PLACE)))


def _columns(order: FoldOrder) -> dict[str, Any]:
    return dict(zip(PLACE, (int(order[0]), *order[1:]), strict=True))


def _place_of(row: Any) -> FoldOrder:
    return (bool(row.lead), row.earliest, row.latest, row.step, row.event_id)


@lru_cache(KEPT)
def _noted_before(tables: GenerationTables) -> Query:
    noted = tables.table(NOTED_STATES)
    query = select(noted).where(noted.c.subject == bindparam("subject", type_=Text))
    query = query.where(place_in(noted) < place_bound("first"))
    return query.order_by(*(noted.c[column].desc() for column in PLACE)).limit(1)


@lru_cache(KEPT)
def _noted_within(tables: GenerationTables) -> Query:
    noted = tables.table(NOTED_STATES)
    query = select(noted).where(noted.c.subject == bindparam("subject", type_=Text))
    return query.where(place_in(noted) >= place_bound("first"), place_in(noted) <= place_bound("last"))
