"""Statements that are made once and run many times, handed to the driver of the database as it takes them.

Around a small statement SQLAlchemy takes five to ten times as long as SQLite takes to run it, and as long as PostgreSQL
takes to answer; one append runs some thirty of them. So a statement is compiled once, and what comes after goes to the
driver.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Boolean, Connection, Delete, Select, Update
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine.interfaces import Dialect

from projections.storage.checked_text import CheckedText, opened

KEPT: Final = 1_000
"""Statements that are kept of each kind: each generation of read models has tables of its own."""

_SQLITE: Final = pysqlite.dialect(paramstyle="qmark")
_POSTGRESQL: Final[Dialect] = cast(Any, PGDialect_psycopg)()

Parameters = Mapping[str, Any]


class _Statement(NamedTuple):
    """A statement in the form of the driver."""

    text: str
    parameters: tuple[tuple[str, Any], ...]
    """In the order of the text, if they go by it: the name, and the value if none is given."""
    row: Callable[[Iterable[Any]], Any]
    """Makes a row, whose columns have names."""

    def values(self, given: Parameters) -> tuple[Any, ...]:
        return tuple([given.get(name, value) for name, value in self.parameters])

    def named(self, given: Parameters) -> dict[str, Any]:
        return {name: given.get(name, value) for name, value in self.parameters}


def fetch(connection: Connection, statement: Select[*tuple[Any, ...]], given: Parameters = {}) -> Sequence[Any]:  # noqa: B006  never changed
    """The rows of a query, as tuples whose columns have names.

    Args:
        connection: a transaction.
        statement: made once and kept, without a list of values that differs in length.
        given: the values of its parameters.
    """
    if connection.dialect.name != "sqlite":
        made = _select(statement, _POSTGRESQL)
        with psycopg_connection(connection).cursor() as cursor:
            return list(map(made.row, cursor.execute(made.text, made.named(given)).fetchall()))
    made = _select(statement, _SQLITE)
    return list(map(made.row, driver(connection).execute(made.text, made.values(given))))


def first(connection: Connection, statement: Select[*tuple[Any, ...]], given: Parameters) -> Any:
    """The first row of a query; None if there is none."""
    return next(iter(fetch(connection, statement, given)), None)


def run(connection: Connection, statement: Delete | Update, given: Sequence[Parameters]) -> None:
    """Runs a statement that deletes or changes rows, once for each set of parameters.

    Args:
        connection: a transaction.
        statement: made once and kept.
        given: the values of its parameters; one set at least.
    """
    if connection.dialect.name != "sqlite":
        made = _change(statement, _POSTGRESQL)
        with psycopg_connection(connection).cursor() as cursor:
            if len(given) == 1:
                cursor.execute(made.text, made.named(given[0]))
            else:
                cursor.executemany(made.text, [made.named(one) for one in given])
        return
    made = _change(statement, _SQLITE)
    driver(connection).executemany(made.text, [made.values(one) for one in given])


def driver(connection: Connection) -> sqlite3.Connection:
    """The connection of the driver below one to SQLite. Its faults are those of the driver."""
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def psycopg_connection(connection: Connection) -> Any:
    """The same below one to PostgreSQL."""
    return connection.connection.driver_connection


@lru_cache(KEPT)
def _select(statement: Select[*tuple[Any, ...]], dialect: Dialect) -> _Statement:
    columns = list(statement.selected_columns)
    names = [column.key or "" for column in columns]
    row = cast(Any, namedtuple("Row", names, rename=True))._make
    if dialect is _POSTGRESQL:  # which has true and false, and looks after its pages itself
        return _compiled(statement, dialect, row)
    flags = [place for place, column in enumerate(columns) if isinstance(column.type, Boolean)]
    texts = [place for place, column in enumerate(columns) if isinstance(column.type, CheckedText)]
    return _compiled(statement, dialect, _read(row, flags, texts) if flags or texts else row)


@lru_cache(KEPT)
def _change(statement: Delete | Update, dialect: Dialect) -> _Statement:
    return _compiled(statement, dialect, tuple)


def _compiled(
    statement: Select[*tuple[Any, ...]] | Delete | Update, dialect: Dialect, row: Callable[[Iterable[Any]], Any]
) -> _Statement:
    compiled = statement.compile(dialect=dialect)
    if compiled.literal_execute_params or compiled.post_compile_params:
        raise ValueError(f"a list of values has no fixed length: {compiled}")
    values = compiled.params
    names = compiled.positiontup if compiled.positiontup is not None else values
    return _Statement(str(compiled), tuple((name, values[name]) for name in names), row)


def _read(
    row: Callable[[Iterable[Any]], Any], flags: Sequence[int], texts: Sequence[int]
) -> Callable[[Iterable[Any]], Any]:
    """Rows in which true and false are no numbers, which SQLite keeps them as, and texts come without checksums."""

    def made(held: Iterable[Any]) -> Any:
        values = list(held)
        for place in texts:
            if values[place] is not None:
                values[place] = opened(values[place])
        for place in flags:
            if values[place] is not None:
                values[place] = bool(values[place])
        return row(values)

    return made
