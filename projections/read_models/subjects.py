"""The folded state of each subject."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer

from projections.read_models.ordering import order_columns
from projections.storage.tables import IndexDefinition, TableDefinition, Text

FOLDED_EVENTS = TableDefinition(
    "steps",
    Column("subject", Text, primary_key=True),
    Column("lead", Integer, primary_key=True, autoincrement=False),
    *order_columns(),
    Column("position", BigInteger, nullable=False),
)
"""The events in effect that are folded, by the subject that stays, in canonical order."""

SUBJECTS = TableDefinition(
    "subjects",
    Column("subject", Text, primary_key=True),
    Column("family", Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("names", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("state", Text, nullable=False),
    indexes=[
        IndexDefinition("family", ("family", "subject")),
        IndexDefinition("changed", ("family", "changed")),
    ],
)
"""The folded state of each subject that stays."""
