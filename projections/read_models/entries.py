"""What accumulates in a process: statements, figures, incidents, violations."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column

from projections.read_models.ordering import order_columns
from projections.storage.tables import TableDefinition, Text

ENTRIES = TableDefinition(
    "entries",
    Column("process", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    *order_columns(),
    Column("subject", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
)
"""What accumulates, of each process, in effect and in display order."""
