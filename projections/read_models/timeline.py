"""Every event once, as it was recorded."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer

from projections.storage.tables import IndexDefinition, TableDefinition, Text

TIMELINE = TableDefinition(
    "timeline",
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("event", Text, nullable=False),
    indexes=[
        IndexDefinition("event_id", ("event_id",), unique=True),
        IndexDefinition("subject", ("subject", "position")),
    ],
    with_rowid=True,
)
"""What each event says and what the log added."""
