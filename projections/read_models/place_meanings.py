"""Which place each description means: by process, those descriptions that do not stand for themselves alone.

`places` keeps it up to date. It stands apart so that whatever folds or shows places can read it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, select

from domain.place_classes import Code
from domain.place_meanings import NO_MEANINGS, KnownPlaces, Meaning, Meanings, spelling
from domain.places import PlaceState
from domain.values import Label, Place, Subject
from projections.read_models.change_set import ChangeSet
from projections.read_models.membership import BELONGS, counted, places_of
from projections.storage.checked_text import CheckedText
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import MOST_ROWS, Query, among, chunks, listed, rows_where, rows_where_pairs
from projections.storage.tables import GenerationTables, IndexDefinition, TableDefinition, Text, Transaction

PLACE_MENTIONS = TableDefinition(
    "place_mentions",
    Column("subject", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("description", Text, primary_key=True),
    Column("said", Text, nullable=False),
    indexes=[IndexDefinition("description", ("description",))],
)
"""The places that events in effect describe, each as it is said there."""

PLACE_MEANINGS = TableDefinition(
    "place_meanings",
    Column("process", Text, primary_key=True),
    Column("description", Text, primary_key=True),
    Column("said", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("labels", CheckedText, nullable=False),
    Column("lies_in", Text, nullable=False),
    Column("doubt", Text, nullable=False),
    indexes=[
        IndexDefinition("place", ("place",)),
        IndexDefinition("key", ("key",)),
        IndexDefinition("meant", ("process", "key")),
    ],
)
"""The descriptions of each process, by the id that stays: by which id it names a place, if by any; which place it means
(`key` is empty if it stands for itself), and in which it lies; and the doubt about it, if it could mean several."""

PLACE_CODES = TableDefinition(
    "place_codes",
    Column("process", Text, primary_key=True),
    Column("scheme", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    indexes=[IndexDefinition("code", ("scheme", "code"))],
)
"""Own codes of the places of each process."""

PLACE_TOKENS = TableDefinition(
    "place_tokens",
    Column("process", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("description", Text, primary_key=True),
    indexes=[IndexDefinition("description", ("process", "description"))],
)
"""What the descriptions of each process may share: names, codes, ids of places. Those that share none, directly or
through others, have nothing to do with each other."""


def place_of(said: str) -> Place:
    """A place as a table holds it."""
    return Place.model_validate_json(said)


def said_of(place: Place) -> str:
    """A place as a table holds it. Identical descriptions have one text: the spelling plays no part."""
    return spelling(place)


def meaning_of(row: Any) -> Meaning:
    """What a row says that a description means."""
    labels = tuple(Label.model_validate(label) for label in json.loads(row.labels))
    return Meaning(row.key, labels, tuple(row.lies_in.split()))


# --- queries


def meanings_of(transaction: Transaction, processes: Iterable[str]) -> dict[str, Meanings]:
    """The meanings of processes, by the ids that stay, of those that have any."""
    connection, meanings = transaction.connection, defaultdict[str, dict[str, Meaning]](dict)
    query = _meanings_of(connection.dialect.name, transaction.tables)
    for some in chunks(sorted(set(processes)), MOST_ROWS):
        for row in fetch(connection, query, listed(connection, some)):
            meanings[row.process][row.description] = meaning_of(row)
    return dict(meanings)


@lru_cache(KEPT)
def _meanings_of(dialect: str, tables: GenerationTables) -> Query:
    table = tables.table(PLACE_MEANINGS)
    query = select(table.c.process, table.c.description, table.c.key, table.c.labels, table.c.lies_in)
    return query.where(among(dialect, table.c.process), table.c.key > "")


def standing_alone(transaction: Transaction, described: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Those of some descriptions, each with its process by the id that stays, that stand for themselves and could mean
    no other place: as each is said."""
    table = transaction.table(PLACE_MEANINGS)
    pair = (table.c.process, table.c.description)
    rows = rows_where_pairs(transaction.connection, table, pair, described)
    return {(row.process, row.description): row.said for row in rows if not row.key and not row.doubt}


def processes_meaning(transaction: Transaction, key: str) -> set[str]:
    """The processes, by the ids that stay, of which an event means the place with this key."""
    table = transaction.table(PLACE_MEANINGS)
    return {row.process for row in rows_where(transaction.connection, (table.c.process,), table.c.key, [key])}


def mentioned_in(transaction: Transaction, ids: Iterable[str], descriptions: Iterable[str]) -> dict[str, set[str]]:
    """The events of a process that give descriptions, by description.

    Args:
        transaction: a snapshot.
        ids: of the process.
        descriptions: `Place.described` of each.
    """
    mentions, belongs = transaction.table(PLACE_MENTIONS), transaction.table(BELONGS)
    mine = select(belongs.c.subject).where(belongs.c.process.in_(list(ids)), counted(transaction))
    mentioning: defaultdict[str, set[str]] = defaultdict(set)
    for some in chunks(sorted(set(descriptions))):
        query = select(mentions.c.description, mentions.c.event_id)
        query = query.where(mentions.c.description.in_(some), mentions.c.subject.in_(mine))
        for description, event_id in transaction.connection.execute(query):
            mentioning[description].add(event_id)
    return dict(mentioning)


def descriptions_of(transaction: Transaction, place: str, codes: Iterable[Code]) -> dict[str, set[str]]:
    """The descriptions that mean a place, by process: those of the place in their process, and those of its own codes.

    Args:
        transaction: a snapshot.
        place: its id that stays.
        codes: its own, as they are compared. A code that another place has too says nothing.
    """
    meanings, of_codes, key = transaction.table(PLACE_MEANINGS), transaction.table(PLACE_CODES), f"places/{place}"
    known = {(code.scheme, code.value) for code in codes}
    here = select(of_codes.c.scheme, of_codes.c.code).where(of_codes.c.key == key)
    known |= {(scheme, code) for scheme, code in transaction.connection.execute(here)}
    keys: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for row in rows_where_pairs(transaction.connection, of_codes, (of_codes.c.scheme, of_codes.c.code), known):
        keys[row.scheme, row.code].add((row.process, row.key))
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for classed in keys.values():
        if not any(other.startswith("places/") and other != key for _, other in classed):
            for process, other in classed:
                wanted[process].add(other)
    columns = (meanings.c.process, meanings.c.description, meanings.c.key)
    mean: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows_where(transaction.connection, columns, meanings.c.key, [key]):
        mean[row.process].add(row.description)
    for row in rows_where(transaction.connection, columns, meanings.c.process, wanted):
        if (row.key or row.description) in wanted[row.process]:
            mean[row.process].add(row.description)
    return dict(mean)


def described_in(transaction: Transaction, ids: Sequence[str]) -> dict[str, Place]:
    """The descriptions that the events in effect of a process give, by `Place.described`.

    Args:
        transaction: a snapshot.
        ids: of the process, the one that stays first.
    """
    mentions, belongs = transaction.table(PLACE_MENTIONS), transaction.table(BELONGS)
    query = select(mentions.c.description, mentions.c.said).distinct()
    query = query.join(belongs, belongs.c.subject == mentions.c.subject)
    rows = transaction.connection.execute(query.where(belongs.c.process.in_(list(ids)), counted(transaction)))
    said: dict[str, str] = {}
    for description, text in rows:
        said[description] = min(text, said.get(description, text))
    return {description: place_of(text) for description, text in said.items()}


def described_on(transaction: Transaction, subjects: Iterable[str]) -> dict[str, Place]:
    """The descriptions that the events in effect on subjects give, by `Place.described`."""
    mentions = transaction.table(PLACE_MENTIONS)
    said: dict[str, str] = {}
    columns = (mentions.c.description, mentions.c.said)
    for description, text in rows_where(transaction.connection, columns, mentions.c.subject, subjects):
        said[description] = min(text, said.get(description, text))
    return {description: place_of(text) for description, text in said.items()}


def in_doubt_there(transaction: Transaction, process: str) -> bool:
    """Whether a description of a process, by the id that stays, could mean several places."""
    table = transaction.table(PLACE_MEANINGS)
    query = select(table.c.description).where(table.c.process == process, table.c.doubt > "").limit(1)
    return transaction.connection.execute(query).first() is not None


def known_places(states: Mapping[Subject, Any], stays: Mapping[Subject, Subject]) -> KnownPlaces:
    """What is known of places, given the states of those that stay."""
    return KnownPlaces({path: state for path, state in states.items() if isinstance(state, PlaceState)}, stays)


# --- a batch

Ways = Sequence[tuple[str, Meanings]]
IN_ANY: Ways = [("", NO_MEANINGS)]


def ways_of(changes: ChangeSet, subjects: Iterable[Subject]) -> dict[Subject, Ways]:
    """What the processes of subjects make of the places that these describe: one way for all, or one for each process.

    A way is the process, empty if all agree, and the meanings of the descriptions.
    """
    wanted = list(dict.fromkeys(subjects))
    changes.ways |= _ways(changes, [subject for subject in wanted if subject not in changes.ways])
    return {subject: changes.ways[subject] for subject in wanted}


def _ways(changes: ChangeSet, wanted: Sequence[Subject]) -> dict[Subject, Ways]:
    processes = _processes_of(changes, wanted)
    every = meanings_of(changes.transaction, {process for theirs in processes.values() for process in theirs})
    ways: dict[Subject, Ways] = dict.fromkeys(wanted, IN_ANY)
    differing = [subject for subject in wanted if any(process in every for process in processes[subject])]
    described: defaultdict[str, set[str]] = defaultdict(set)
    mentions = changes.table(PLACE_MENTIONS)
    columns = (mentions.c.subject, mentions.c.description)
    for subject, description in rows_where(changes.connection, columns, mentions.c.subject, differing):
        described[subject].add(description)
    for subject in differing:
        own: list[tuple[str, Meanings]] = []
        for process in processes[subject]:
            meanings = every.get(process, NO_MEANINGS)
            own.append((process, {d: meanings[d] for d in sorted(described[subject]) if d in meanings}))
        ways[subject] = [("", own[0][1])] if all(meanings == own[0][1] for _, meanings in own) else own
    return ways


def _processes_of(changes: ChangeSet, subjects: Iterable[Subject]) -> dict[Subject, list[str]]:
    """The processes of subjects, by the ids that stay."""
    places = places_of(changes, subjects)
    return {
        subject: sorted(
            {changes.canonical(Subject(f"processes/{process}")).partition("/")[2] for process in places[subject].after}
        )
        for subject in subjects
    }
