"""Who holds a role in which subject."""

from __future__ import annotations

from sqlalchemy import Column

from projections.storage.tables import IndexDefinition, TableDefinition, Text

ROLES = TableDefinition(
    "roles",
    Column("actor", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    indexes=[IndexDefinition("subject", ("subject",))],
)
"""Roles of actors, by subject."""
