"""Which subjects belong to which processes."""

from __future__ import annotations

from sqlalchemy import Boolean, Column

from projections.storage.tables import IndexDefinition, TableDefinition, Text

MEMBERSHIP = TableDefinition(
    "membership",
    Column("process", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    indexes=[IndexDefinition("subject", ("subject",))],
)
"""Which subjects any report ever put into which process."""

BELONGS = TableDefinition(
    "belongs",
    Column("process", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("withdrawn", Boolean, nullable=False),
    indexes=[IndexDefinition("subject", ("subject",))],
)
"""Which subjects, by the reports in effect, belong to which process."""
