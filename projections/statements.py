"""Statements on many rows at once, in the form in which each database takes them fastest.

The statement compiler of SQLAlchemy handles each row, and each value of a list, by itself: half of the time of a
rebuild went there. What is here is written once for each table, and takes all rows or values in one go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Double,
    Integer,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
    tuple_,
)

MOST_ROWS = 10_000
"""Rows, or values, in one statement, so that no message to a database grows without bound."""

_TYPES: tuple[tuple[type[Any], str], ...] = (
    (Boolean, "boolean"),
    (Double, "double precision"),
    (BigInteger, "bigint"),
    (Integer, "integer"),
    (Text, "text"),
)


def put(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, instead: Sequence[str] = ()
) -> None:
    """Inserts rows.

    Args:
        connection: a transaction.
        table: where to.
        rows: each with the same columns, in the same order; none is allowed.
        instead: columns of the key; a row with the same key gives way, in all other columns that are named.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        statement = _for_sqlite(table, names, tuple(instead))
        connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])
        return
    statement = _for_postgresql(table, names, tuple(instead))
    for some in chunks(rows, MOST_ROWS):
        columns = {f"c{number}": _column(table, name, some) for number, name in enumerate(names)}
        connection.exec_driver_sql(statement, columns)


def _column(table: Table, name: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    values = [row[name] for row in rows]
    if isinstance(table.c[name].type, Double):  # an array holds numbers of one type only
        return [None if value is None else float(value) for value in values]
    return values


@cache
def _for_sqlite(table: Table, names: tuple[str, ...], instead: tuple[str, ...]) -> str:
    places = ", ".join("?" for _ in names)
    return f"{_into(table, names)} VALUES ({places}){_clash(names, instead)}"


@cache
def _for_postgresql(table: Table, names: tuple[str, ...], instead: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%(c{number})s::{_type_of(table, name)}[]" for number, name in enumerate(names))
    return f"{_into(table, names)} SELECT * FROM unnest({arrays}){_clash(names, instead)}"  # noqa: S608


def _into(table: Table, names: Sequence[str]) -> str:
    return f"INSERT INTO {table.name} ({_quoted(names)})"


def _clash(names: Sequence[str], instead: Sequence[str]) -> str:
    if not instead:
        return ""
    replaced = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in instead)
    return f" ON CONFLICT ({_quoted(instead)}) DO UPDATE SET {replaced}"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _type_of(table: Table, name: str) -> str:
    kind = table.c[name].type
    return next(written for known, written in _TYPES if isinstance(kind, known))


def among(connection: Connection, column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column of texts holds one of many values."""
    if connection.dialect.name == "sqlite":
        each = func.json_each(bindparam(None, json.dumps(values), Text)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(None, list(values), ARRAY(Text)))


def pair_among(
    connection: Connection, columns: tuple[ColumnElement[str], ColumnElement[str]], pairs: Sequence[tuple[str, str]]
) -> ColumnElement[bool]:
    """Whether two columns of texts hold one of many pairs."""
    if connection.dialect.name == "sqlite":
        each = func.json_each(bindparam(None, json.dumps(pairs), Text)).table_valued("value")
        found = select(func.json_extract(each.c.value, "$[0]"), func.json_extract(each.c.value, "$[1]"))
    else:
        first, second = ([pair[number] for pair in pairs] for number in (0, 1))
        found = select(*(func.unnest(bindparam(None, one, ARRAY(Text))) for one in (first, second)))
    return tuple_(*columns).in_(found)


def chunks(values: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    """Parts of a sequence, each with so many values at most."""
    for start in range(0, len(values), most):
        yield values[start : start + most]
