"""Violations and incidents, counted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column

from projections.storage.tables import TableDefinition, Text

INCIDENT_COUNTS = TableDefinition(
    "tallies",
    Column("subject", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("recorder", Text, primary_key=True),
    Column("first_day", BigInteger, primary_key=True, autoincrement=False),
    Column("last_day", BigInteger, primary_key=True, autoincrement=False),
    Column("events", BigInteger, nullable=False),
)
"""Violations and incidents, counted by recorder and by bounds in days."""
