"""Claims on figures: all of them, and the newest of each claimant on each series."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double

from projections.read_models.ordering import order_columns
from projections.storage.tables import TableDefinition, Text


def _identity_columns() -> list[Column[Any]]:
    return [
        Column("subject", Text, primary_key=True),
        Column("series", Text, primary_key=True),
        Column("claimant", Text, primary_key=True),
        Column("assessed", Boolean, primary_key=True),
    ]


CLAIMS = TableDefinition(
    "claims",
    *_identity_columns(),
    *order_columns(),
    Column("low", Double, nullable=False),
    Column("high", Double),
    Column("position", BigInteger, nullable=False),
)
"""Every claim in effect on a figure."""

SERIES = TableDefinition(
    "series",
    *_identity_columns(),
    *order_columns(primary_key=False),
    Column("low", Double, nullable=False),
    Column("high", Double),
    Column("claims", BigInteger, nullable=False),
)
"""The newest claim of each series of figures by each claimant."""
