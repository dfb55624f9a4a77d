"""A line for each process: what a list shows and filters by."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column

from projections.storage.tables import TableDefinition, Text

PROCESSES = TableDefinition(
    "processes",
    Column("process", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("names", Text, nullable=False),
    Column("places", Text, nullable=False),
    Column("touched", BigInteger, nullable=False),
    Column("touched_at", Text, nullable=False),
    Column("heard_on", Text, nullable=False),
    Column("heard", Text, nullable=False),
)
"""A line for each process."""
