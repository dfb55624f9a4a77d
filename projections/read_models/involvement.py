"""Which actors take part in which subject: whom a search for an actor finds."""

from __future__ import annotations

from sqlalchemy import Column, Select, select

from domain.involvement import involved
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.membership import BELONGS
from projections.storage.sql import delete_where, put
from projections.storage.tables import IndexDefinition, TableDefinition, Text, Transaction

INVOLVEMENT = TableDefinition(
    "involvement",
    Column("actor", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    indexes=[IndexDefinition("subject", ("subject",))],
)
"""Actors that take part in a subject, under the ids that stay."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    table = changes.table(INVOLVEMENT)
    rows = [
        {"actor": actor, "subject": subject}
        for subject, state in changes.states.items()
        for actor in sorted(involved(state))
    ]
    delete_where(changes.connection, table.c.subject, [*changes.states, *changes.gave_way])
    put(changes.connection, table, rows)


READ_MODEL = ReadModel((INVOLVEMENT,), apply)


# --- queries


def processes_of_actor(transaction: Transaction, actor: str) -> Select[tuple[str]]:
    """The processes in which an actor, under the id that stays, takes part."""
    involvement, belongs = transaction.table(INVOLVEMENT), transaction.table(BELONGS)
    query: Select[tuple[str]] = select(belongs.c.process)
    query = query.join(involvement, involvement.c.subject == belongs.c.subject)
    return query.where(belongs.c.withdrawn.is_(False), involvement.c.actor == actor)
