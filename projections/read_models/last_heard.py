"""The newest source of each subject."""

from __future__ import annotations

from sqlalchemy import Column

from projections.storage.tables import TableDefinition, Text

LAST_HEARD = TableDefinition(
    "heard",
    Column("subject", Text, primary_key=True),
    Column("on", Text, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("claimant", Text, nullable=False),
    Column("event", Text, nullable=False),
)
"""The newest source of each subject."""
