"""The columns by which rows lie in display order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer

from projections.storage.tables import Text


def order_columns(*, primary_key: bool = True) -> list[Column[Any]]:
    """The columns of display order: by date of occurrence, then step, then id."""
    return [
        Column("earliest", BigInteger, primary_key=primary_key, autoincrement=False, nullable=False),
        Column("latest", BigInteger, primary_key=primary_key, autoincrement=False, nullable=False),
        Column("step", Integer, primary_key=primary_key, autoincrement=False, nullable=False),
        Column("event_id", Text, primary_key=primary_key, nullable=False),
    ]
