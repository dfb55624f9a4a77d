"""Statements on many rows at once, in the form in which each database takes them fastest.

Each is made once for each table, and takes all rows or values in one go: making a statement takes SQLAlchemy eight
times as long as running one that was made before, and it handles each row, and each value of a list, by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Double,
    FromClause,
    Integer,
    Select,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    delete,
    func,
    select,
    true,
    tuple_,
)

from projections.storage.checked_text import CheckedText, sealed
from projections.storage.prepared import KEPT, driver, fetch, psycopg_connection, run

IN_LIST = 500
"""How many values go into one IN list: below every database's limit."""

MOST_ROWS = 10_000
"""Rows, or values, in one statement, so that no message to a database grows without bound."""

ONE = "one"
"""The form of one value by itself, which SQLite takes three times as fast as a list of one."""
_PAIR = ("first", "second")

Some = TypeVar("Some", str, tuple[str, str])
Query = Select[*tuple[Any, ...]]

_TYPES: tuple[tuple[type[Any], str], ...] = (
    (Boolean, "boolean"),
    (Double, "double precision"),
    (BigInteger, "bigint"),
    (Integer, "integer"),
    (Text, "text"),
    (CheckedText, "text"),
)


@dataclass(frozen=True, slots=True)
class Clash:
    """What becomes of a row whose key is there already."""

    key: tuple[str, ...]
    """The columns of the key."""
    added: tuple[str, ...] = ()
    """Columns whose numbers are added to those that are there; all others give way."""
    kept: tuple[str, ...] = ()
    """Columns that stay as they are."""
    newest: tuple[str, ...] = ()
    """Columns by whose order the others give way, or stay; none: they give way."""
    stays: bool = False
    """The row that is there stays as it is."""


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], clash: Clash | None = None) -> None:
    """Inserts rows.

    Args:
        connection: a transaction.
        table: where to.
        rows: each with the same columns, in the same order; none is allowed. No two have the same key.
        clash: what becomes of a row whose key is there already; if None, there must be none.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        statement = _for_sqlite(table, names, clash)
        texts = _checked(table, names)
        values = [_sealed(row, texts) for row in rows] if texts else [tuple(row.values()) for row in rows]
        driver(connection).executemany(statement, values)
        return
    statement = _for_postgresql(table, names, clash)
    with psycopg_connection(connection).cursor() as cursor:
        for some in chunks(rows, MOST_ROWS):
            cursor.execute(statement, {f"c{number}": _column(table, name, some) for number, name in enumerate(names)})


@lru_cache(KEPT)
def _checked(table: Table, names: tuple[str, ...]) -> tuple[int, ...]:
    """The places of the columns that carry a checksum."""
    return tuple(place for place, name in enumerate(names) if isinstance(table.c[name].type, CheckedText))


def _sealed(row: Mapping[str, Any], texts: Iterable[int]) -> list[Any]:
    values = list(row.values())
    for place in texts:
        if values[place] is not None:
            values[place] = sealed(values[place])
    return values


def _column(table: Table, name: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    values = [row[name] for row in rows]
    if isinstance(table.c[name].type, Double):  # an array holds numbers of one type only
        return [None if value is None else float(value) for value in values]
    return values


@lru_cache(KEPT)
def _for_sqlite(table: Table, names: tuple[str, ...], clash: Clash | None) -> str:
    places = ", ".join("?" for _ in names)
    return f"{_into(table, names)} VALUES ({places}){_on(clash, table, names)}"


@lru_cache(KEPT)
def _for_postgresql(table: Table, names: tuple[str, ...], clash: Clash | None) -> str:
    arrays = ", ".join(f"%(c{number})s::{_type_of(table, name)}[]" for number, name in enumerate(names))
    return f"{_into(table, names)} SELECT * FROM unnest({arrays}){_on(clash, table, names)}"  # noqa: S608


def _into(table: Table, names: Sequence[str]) -> str:
    return f"INSERT INTO {table.name} ({_quoted(names)})"


def _on(clash: Clash | None, table: Table, names: Sequence[str]) -> str:
    if clash is None:
        return ""
    others = [name for name in names if name not in (*clash.key, *clash.kept)]
    if clash.stays:
        others = []
    changed = ", ".join(f'"{name}" = {_after(clash, table, name)}' for name in others)
    return f" ON CONFLICT ({_quoted(clash.key)}) DO {f'UPDATE SET {changed}' if changed else 'NOTHING'}"


def _after(clash: Clash, table: Table, name: str) -> str:
    there, new = f'{table.name}."{name}"', f'excluded."{name}"'
    if name in clash.added:
        return f"{there} + {new}"
    if not clash.newest:
        return new
    newer = f"({_quoted(clash.newest, 'excluded.')}) > ({_quoted(clash.newest, f'{table.name}.')})"
    return f"CASE WHEN {newer} THEN {new} ELSE {there} END"


def _quoted(names: Sequence[str], of: str = "") -> str:
    return ", ".join(f'{of}"{name}"' for name in names)


def _type_of(table: Table, name: str) -> str:
    kind = table.c[name].type
    return next(written for known, written in _TYPES if isinstance(kind, known))


def rows_of(connection: Connection, what: Sequence[ColumnElement[Any]] | Table) -> Iterator[Any]:
    """All rows of a table, or some of its columns, in no order."""
    yield from fetch(connection, _select_all(_columns(what)))


def rows_where(
    connection: Connection,
    what: Sequence[ColumnElement[Any]] | Table,
    column: ColumnElement[str],
    values: Iterable[str],
    source: FromClause | None = None,
) -> Iterator[Any]:
    """The rows in which a column of texts holds one of many values, in no order.

    Args:
        connection: a transaction.
        what: the columns of the answer, or a table, for all of its columns.
        column: that is looked at.
        values: any number of them.
        source: a join, if one table is not enough.
    """
    wanted = _sorted(values)
    if wanted:  # often there are none, and to look up the statement takes longer than to find that out
        columns = _columns(what)
        for some in chunks(wanted, MOST_ROWS):
            form = _form(connection, some)
            yield from fetch(connection, _select(form, columns, column, source), _listed(form, some))


def delete_where(connection: Connection, column: Column[str], values: Iterable[str]) -> None:
    """Deletes the rows in which a column of texts holds one of many values."""
    for some in chunks(_sorted(values), MOST_ROWS):
        form = _form(connection, some)
        run(connection, _delete(form, column), [_listed(form, some)])


def rows_where_pairs(
    connection: Connection, table: Table, columns: tuple[Column[str], Column[str]], pairs: Iterable[tuple[str, str]]
) -> Iterator[Any]:
    """The rows of a table in which two columns of texts hold one of many pairs, in no order."""
    for some in chunks(_sorted(pairs), MOST_ROWS):
        form = _form(connection, some)
        yield from fetch(connection, _select_pairs(form, table, columns), _pairs(form, some))


@dataclass(frozen=True, slots=True)
class First:
    """Which rows of a pair are the first ones. The columns must stand in one index after those of the pair."""

    column: str
    """What tells the rows of a pair apart."""
    order: tuple[str, ...]
    most: int
    newest: bool = False
    """Whether they are counted from the last one."""
    without: str | None = None
    """Rows that are left out: those in which this column is true."""


def first_where_pairs(
    connection: Connection,
    table: Table,
    columns: tuple[Column[str], Column[str]],
    pairs: Iterable[tuple[str, str]],
    first: First,
) -> Iterator[Any]:
    """The first rows of a table for each of many pairs that two columns of texts hold, in no order: of a pair with
    many rows the others are not read."""
    for some in chunks(_sorted(pairs), MOST_ROWS):
        form = _form(connection, some)
        yield from fetch(connection, _select_first(form, table, columns, first), _pairs(form, some))


def delete_pairs(
    connection: Connection, columns: tuple[Column[str], Column[str]], pairs: Iterable[tuple[str, str]]
) -> None:
    """Deletes the rows in which two columns of texts hold one of many pairs."""
    for some in chunks(_sorted(pairs), MOST_ROWS):
        form = _form(connection, some)
        run(connection, _delete_pairs(form, columns), [_pairs(form, some)])


def delete_keys(connection: Connection, columns: Sequence[Column[Any]], keys: Iterable[tuple[Any, ...]]) -> None:
    """Deletes rows, each by what it holds in some columns."""
    rows = [{f"k{number}": value for number, value in enumerate(key)} for key in keys]
    if rows:
        run(connection, _delete_keys(tuple(columns)), rows)


def _columns(what: Sequence[ColumnElement[Any]] | Table) -> tuple[ColumnElement[Any], ...]:
    return tuple(what.c) if isinstance(what, Table) else tuple(what)


def _sorted(values: Iterable[Some]) -> list[Some]:
    """Values in order, each once."""
    wanted = list(values)
    return sorted(set(wanted)) if len(wanted) > 1 else wanted


def _form(connection: Connection, values: Sequence[object]) -> str:
    """How values are handed over: as the database takes a list of them (by its name), or one by itself."""
    name = connection.dialect.name
    return ONE if len(values) == 1 and name == "sqlite" else name


def listed(connection: Connection, values: Sequence[Any]) -> dict[str, Any]:
    """Values for what `among` looks at, by the name of the database."""
    return _listed(connection.dialect.name, values)


def _listed(form: str, values: Sequence[Any]) -> dict[str, Any]:
    match form:
        case "one":
            return {"some": values[0]}
        case "sqlite":
            return {"some": json.dumps(values)}
        case _:
            return {"some": list(values)}


def _pairs(form: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    match form:
        case "one":
            return {"first": pairs[0][0], "second": pairs[0][1]}
        case "sqlite":
            return {"some": json.dumps(pairs)}
        case _:
            return {"first": [first for first, _ in pairs], "second": [second for _, second in pairs]}


@lru_cache(KEPT)
def _select_all(columns: tuple[ColumnElement[Any], ...]) -> Select[*tuple[Any, ...]]:
    return select(*columns)


@lru_cache(KEPT)
def _select(
    form: str, columns: tuple[ColumnElement[Any], ...], column: ColumnElement[str], source: FromClause | None
) -> Select[*tuple[Any, ...]]:
    query = select(*columns)
    return (query if source is None else query.select_from(source)).where(among(form, column))


@lru_cache(KEPT)
def _delete(form: str, column: Column[str]) -> Delete:
    return delete(column.table).where(among(form, column))


@lru_cache(KEPT)
def _select_pairs(form: str, table: Table, columns: tuple[Column[str], Column[str]]) -> Select[*tuple[Any, ...]]:
    return select(table).where(_pair_among(form, columns))


@lru_cache(KEPT)
def _select_first(
    form: str, table: Table, columns: tuple[Column[str], Column[str]], first: First
) -> Select[*tuple[Any, ...]]:
    given = _given_pairs(form).subquery()
    rows = table.alias() if form in (ONE, "sqlite") else table

    def among_those(rows: FromClause) -> list[ColumnElement[bool]]:
        same = [rows.c[column.name] == value for column, value in zip(columns, given.c, strict=True)]
        return same if first.without is None else [*same, rows.c[first.without].is_(False)]

    order = [rows.c[name].desc() if first.newest else rows.c[name] for name in first.order]
    if form not in (ONE, "sqlite"):
        theirs = select(rows).where(*among_those(rows)).order_by(*order).limit(first.most).lateral()
        return select(*theirs.c).join_from(given, theirs, true())
    names = select(rows.c[first.column]).where(*among_those(rows)).order_by(*order).limit(first.most)
    names = names.correlate(given)
    return select(table).join_from(given, table, and_(*among_those(table), table.c[first.column].in_(names)))


@lru_cache(KEPT)
def _delete_pairs(form: str, columns: tuple[Column[str], Column[str]]) -> Delete:
    return delete(columns[0].table).where(_pair_among(form, columns))


@lru_cache(KEPT)
def _delete_keys(columns: tuple[Column[Any], ...]) -> Delete:
    return delete(columns[0].table).where(*(column == bindparam(f"k{n}") for n, column in enumerate(columns)))


def among(form: str, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column holds one of the values that are handed over in a form."""
    match form:
        case "one":
            return column == bindparam("some", type_=Text)
        case "sqlite":
            each = func.json_each(bindparam("some", type_=Text)).table_valued("value")
            return column.in_(select(each.c.value))
        case _:
            return column == any_(bindparam("some", type_=ARRAY(Text)))


def _pair_among(form: str, columns: tuple[ColumnElement[str], ColumnElement[str]]) -> ColumnElement[bool]:
    if form == ONE:
        return and_(*(column == bindparam(name, type_=Text) for column, name in zip(columns, _PAIR, strict=True)))
    return tuple_(*columns).in_(_given_pairs(form))


def _given_pairs(form: str) -> Query:
    match form:
        case "one":
            return select(*(bindparam(name, type_=Text).label(name) for name in _PAIR))
        case "sqlite":
            each = func.json_each(bindparam("some", type_=Text)).table_valued("value")
            return select(*(func.json_extract(each.c.value, f"$[{n}]").label(name) for n, name in enumerate(_PAIR)))
        case _:
            return select(*(func.unnest(bindparam(name, type_=ARRAY(Text))).label(name) for name in _PAIR))


def chunks(values: Sequence[Any], most: int = IN_LIST) -> Iterator[Sequence[Any]]:
    """Parts of a sequence, each with so many values at most."""
    for start in range(0, len(values), most):
        yield values[start : start + most]
