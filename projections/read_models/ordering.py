"""Display order: by the bounds of the time of occurrence, then openings, then by step, then by id."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Table

from domain.event import Event
from projections.storage.tables import Text

Order = tuple[int, int, int, str]
"""Earliest and latest second of the occurrence, step (of an opening -1: it comes before what happens), id."""

ORDER = ("earliest", "latest", "step", "event_id")
"""The names of the columns."""


def display_order(event: Event) -> Order:
    span = event.span
    return (span.earliest, span.latest, -1 if event.data.opens else event.data.step, event.key)


def order_columns(*, primary_key: bool = True) -> list[Column[Any]]:
    """New columns for a table whose rows lie in display order."""
    return [
        Column("earliest", BigInteger, primary_key=primary_key, autoincrement=False, nullable=False),
        Column("latest", BigInteger, primary_key=primary_key, autoincrement=False, nullable=False),
        Column("step", Integer, primary_key=primary_key, autoincrement=False, nullable=False),
        Column("event_id", Text, primary_key=primary_key, nullable=False),
    ]


def order_in(table: Table) -> tuple[Column[Any], ...]:
    """The columns of display order of a table."""
    return tuple(table.c[name] for name in ORDER)
