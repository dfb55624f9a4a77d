"""Who holds a role in which subject."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Select, select

from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.membership import BELONGS
from projections.storage.sql import delete_where, put
from projections.storage.tables import IndexDefinition, TableDefinition, Text, Transaction

ROLES = TableDefinition(
    "roles",
    Column("actor", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    indexes=[IndexDefinition("subject", ("subject",))],
)
"""Roles of actors, by subject."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    table = changes.table(ROLES)
    rows = [
        {"actor": actor, "subject": subject, "role": role}
        for subject, state in changes.states.items()
        for actor, role in dict.fromkeys(
            (held.actor, held.role.value) for line in state.roles.values() for held in line.values if held.held
        )
    ]
    delete_where(changes.connection, table.c.subject, [*changes.states, *changes.gave_way])
    put(changes.connection, table, rows)


READ_MODEL = ReadModel((ROLES,), apply)


# --- queries


def processes_with(transaction: Transaction, actor: str | None, role: str | None) -> Select[tuple[str]]:
    """The processes in which a role is held: by this actor, or by any (None); this role, or any (None)."""
    roles, belongs = transaction.table(ROLES), transaction.table(BELONGS)
    query: Select[tuple[str]] = select(belongs.c.process).join(roles, roles.c.subject == belongs.c.subject)
    query = query.where(belongs.c.withdrawn.is_(False))
    if actor is not None:
        query = query.where(roles.c.actor == actor)
    if role is not None:
        query = query.where(roles.c.role == role)
    return query


def subjects_with(transaction: Transaction, actors: Sequence[str]) -> list[tuple[str, str]]:
    """The processes in which one of these actors holds a role, each with the subject where it does."""
    roles, belongs = transaction.table(ROLES), transaction.table(BELONGS)
    query = (
        select(belongs.c.process, roles.c.subject)
        .join(roles, roles.c.subject == belongs.c.subject)
        .where(roles.c.actor.in_(actors), belongs.c.withdrawn.is_(False))
        .distinct()
        .order_by(belongs.c.process, roles.c.subject)
    )
    return [(process, subject) for process, subject in transaction.connection.execute(query)]
