"""The events of each process as they were recorded, in display order."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column

from projections.read_models.ordering import order_columns
from projections.storage.tables import IndexDefinition, TableDefinition, Text

PROCESS_TIMELINE = TableDefinition(
    "process_timeline",
    Column("process", Text, primary_key=True),
    *order_columns(),
    Column("position", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    indexes=[IndexDefinition("position", ("process", "position"))],
)
"""The events of each process as they were recorded, in display order."""
