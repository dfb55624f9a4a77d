"""What is expected by a date and not settled, by subject."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer

from projections.storage.tables import IndexDefinition, TableDefinition, Text

DEADLINES = TableDefinition(
    "deadlines",
    Column("subject", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("what", Text, nullable=False),
    Column("when", Text, nullable=False),
    Column("earliest", BigInteger, nullable=False),
    Column("latest", BigInteger, nullable=False),
    Column("actor", Text),
    Column("events", Text, nullable=False),
    indexes=[IndexDefinition("latest", ("latest", "earliest", "subject", "number"))],
)
"""What is expected by a date and not settled."""
