"""The names and codes by which processes are found, in the form in which names are searched.

A name belongs to the subject that tells of it, so a process finds the names of its convoys, too. What a process is
called and the areas it is about are those of its state. All other places are counted by the reports in effect that name
them, so a name goes away with the last report of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import BigInteger, Column, select

from domain.event import Event
from domain.keys import bounded
from domain.place_names import names_of, places_told_of
from domain.processes import ProcessState, places
from domain.searching import Rank, matches, search_key, search_terms, search_text
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.membership import BELONGS, counted
from projections.read_models.place_meanings import processes_meaning
from projections.read_models.revisions import canonical_subjects, ids_of
from projections.read_models.subjects import SUBJECTS
from projections.storage.sql import Clash, delete_keys, delete_pairs, put
from projections.storage.tables import TableDefinition, Text, Transaction

SEARCH_NAMES = TableDefinition(
    "search_names",
    Column("subject", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("events", BigInteger, nullable=False),
)
"""The names of each subject: `name` is the key of a row, bounded, `key` what a query is ranked by, `text` what is
looked through; all folded, so that no collation of a database plays a part."""

IDENTITY = ("subject", "part", "kind", "name")
OF_STATE, OF_EVENTS = "state", "events"
"""Parts: the names of a process and its areas, renewed at once; and the places of events, counted."""
NAME, PLACE = "name", "place"
"""Kinds: what a process is called, and the name or the code of a place."""

Row = dict[str, str | int]


# --- a batch


def apply(changes: ChangeSet) -> None:
    _renew_states(changes)
    _count_places(changes)


def _renew_states(changes: ChangeSet) -> None:
    table = changes.table(SEARCH_NAMES)
    gone = [(subject, OF_STATE) for subject in changes.gave_way]
    rows: list[Row] = []
    for subject, state in changes.states.items():
        if isinstance(state, ProcessState):
            gone.append((subject, OF_STATE))
            names = {(NAME, label.text) for label in state.labels}
            names |= {(PLACE, name) for place in places(state) for name in names_of(place)}
            keys = {(kind, key) for kind, name in names if (key := _key(name))}
            rows += [_row(subject, OF_STATE, kind, key, 1) for kind, key in sorted(keys)]
    delete_pairs(changes.connection, (table.c.subject, table.c.part), gone)
    put(changes.connection, table, rows)


def _count_places(changes: ChangeSet) -> None:
    new: dict[tuple[str, str], int] = defaultdict(int)
    for change in changes.changes:
        for event, sign in ((change.before, -1), (change.after, 1)):
            if event is not None:
                for key in keys_in(event):
                    new[event.subject, key] += sign
    counts = {named: events for named, events in sorted(new.items()) if events}
    if not counts:
        return
    table = changes.table(SEARCH_NAMES)
    rows = [_row(subject, OF_EVENTS, PLACE, key, events) for (subject, key), events in counts.items()]
    put(changes.connection, table, rows, Clash(IDENTITY, added=("events",), kept=("key", "text")))
    fewer = [(*(row[name] for name in IDENTITY), 0) for row in rows if int(row["events"]) < 0]
    delete_keys(changes.connection, [*(table.c[name] for name in IDENTITY), table.c.events], fewer)


def _row(subject: str, part: str, kind: str, key: str, events: int) -> Row:
    text = search_text([key])
    return {
        "subject": subject,
        "part": part,
        "kind": kind,
        "name": bounded(key),
        "key": key,
        "text": text,
        "events": events,
    }


_key = lru_cache(1 << 12)(search_key)


def keys_in(event: Event) -> set[str]:
    """The names and codes of the places that an event tells of, as they are searched."""
    return {key for place in places_told_of(event) for name in names_of(place) if (key := _key(name))}


READ_MODEL = ReadModel((SEARCH_NAMES,), apply)


# --- queries


def found(transaction: Transaction, query: str, kinds: Iterable[str]) -> dict[str, Rank]:
    """The processes, by the id that stays, with a name that answers a query, and how well the best one does.

    Args:
        transaction: a snapshot.
        query: as it was typed; without a letter or digit it finds nothing.
        kinds: of the names that are searched.
    """
    terms = search_terms(query)
    if not terms:
        return {}
    names, belongs = transaction.table(SEARCH_NAMES), transaction.table(BELONGS)
    wanted = select(belongs.c.process, names.c.key).join(belongs, belongs.c.subject == names.c.subject)
    wanted = wanted.where(names.c.kind.in_(list(kinds)), counted(transaction))
    for term in sorted(terms):
        wanted = wanted.where(names.c.text.contains(term, autoescape=True))
    joined = canonical_subjects(transaction)
    ranks: dict[str, Rank] = {}
    for process, key in transaction.connection.execute(wanted.distinct()):
        rank = matches(query, [key])
        if rank is not None:
            stays = ids_of(process, joined)[0]
            ranks[stays] = min(rank, ranks.get(stays, rank))
    if PLACE in kinds:
        for place, rank in _places_found(transaction, query, terms).items():
            for process in processes_meaning(transaction, place):
                ranks[process] = min(rank, ranks.get(process, rank))
    return ranks


def _places_found(transaction: Transaction, query: str, terms: Iterable[str]) -> dict[str, Rank]:
    """The places that were identified with a name or a code that answers a query."""
    table = transaction.table(SUBJECTS)
    wanted = select(table.c.subject, table.c.names).where(table.c.family == "places")
    for term in sorted(terms):
        wanted = wanted.where(table.c.names.contains(term, autoescape=True))
    found_there = {path: matches(query, names.split("\n")) for path, names in transaction.connection.execute(wanted)}
    return {path: rank for path, rank in found_there.items() if rank is not None}
