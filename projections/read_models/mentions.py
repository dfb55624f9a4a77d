"""Which subjects name which actors: where to look again when two ids of an actor turn out to be one, or do not."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, Column, select

from domain.references import actors_named
from domain.values import Subject
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.storage.sql import Clash, chunks, put
from projections.storage.tables import TableDefinition, Text, Transaction

MENTIONS = TableDefinition(
    "mentions",
    Column("actor", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""Actors, each with the subjects of which some event, in effect or not, names it, and the first position that does."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    named: dict[tuple[Subject, Subject], int] = {}
    for recorded in changes.events:
        for actor in actors_named(recorded.event):
            named.setdefault((actor, recorded.subject), recorded.position)
    rows = [{"actor": actor, "subject": subject, "position": at} for (actor, subject), at in sorted(named.items())]
    put(changes.connection, changes.table(MENTIONS), rows, Clash(("actor", "subject"), stays=True))


READ_MODEL = ReadModel((MENTIONS,), apply)


# --- queries


def subjects_naming(transaction: Transaction, actors: Iterable[Subject], before: int) -> set[Subject]:
    """The subjects, as recorded, of which an event before a position names one of these actors."""
    table = transaction.table(MENTIONS)
    subjects: set[Subject] = set()
    for some in chunks(sorted(actors)):
        query = select(table.c.subject).where(table.c.actor.in_(some), table.c.position < before)
        subjects |= {Subject(path) for path in transaction.connection.execute(query).scalars()}
    return subjects


def first_mentions(transaction: Transaction, actors: Iterable[Subject]) -> set[int]:
    """The positions at which one of these actors was first named by an event on each subject."""
    table = transaction.table(MENTIONS)
    positions: set[int] = set()
    for some in chunks(sorted(actors)):
        query = select(table.c.position).where(table.c.actor.in_(some))
        positions |= set(transaction.connection.execute(query).scalars())
    return positions
