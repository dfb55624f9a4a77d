"""How a read model declares a table, and where its rows are in the generation at hand.

Read models are disposable copies. A generation is a whole set of tables with a suffix of its own: a rebuild fills a new
set beside the live one and swaps it in, in one transaction. Only plain column types are used, so that one code path
serves every database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Index, MetaData, Table
from sqlalchemy import Text as AnyText
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.schema import CreateIndex, CreateTable

Text = AnyText().with_variant(TEXT(collation="C"), "postgresql")
"""Text in the order of its code points, in every database."""


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """An index of a table."""

    name: str
    """What tells it from other indexes of the table."""
    columns: tuple[str, ...]
    unique: bool = False


class TableDefinition:
    """A table as a read model declares it; each generation has one of this form.

    Args:
        name: its name, without the suffix of a generation.
        columns: at least one of them is of the primary key.
        indexes: further indexes.
        with_rowid: whether SQLite keeps it in the order of a row number; else in that of the primary key.
    """

    def __init__(
        self, name: str, *columns: Column[Any], indexes: Iterable[IndexDefinition] = (), with_rowid: bool = False
    ) -> None:
        self.name = name
        self._indexes = tuple(indexes)
        self._pattern = Table(name, MetaData(), *columns, sqlite_with_rowid=with_rowid)

    def in_generation(self, meta: MetaData, suffix: str) -> Table:
        """The table of one generation, added to what `meta` creates."""
        table = self._pattern.to_metadata(meta, name=self.name + suffix)
        for index in self._indexes:
            columns = [table.c[name] for name in index.columns]
            Index(f"{self.name}_{index.name}{suffix}", *columns, unique=index.unique)
        return table


@dataclass(frozen=True, slots=True)
class Schema:
    """All tables of the read models."""

    version: int
    """Another version has other tables, or other rows in them: its generations stand beside those of this one."""
    definitions: tuple[TableDefinition, ...]


class GenerationTables:
    """One generation's tables."""

    def __init__(self, schema: Schema, generation: int) -> None:
        self.meta = MetaData()
        self.generation = generation
        suffix = f"_v{schema.version}_{generation}"
        self._tables = {one: one.in_generation(self.meta, suffix) for one in schema.definitions}
        self._creating: dict[str, list[str]] = {}

    def create(self, connection: Connection) -> None:
        """Makes the tables, empty."""
        for statement in self._creating.get(connection.dialect.name) or self._created_by(connection.dialect):
            connection.exec_driver_sql(statement)

    def _created_by(self, dialect: Dialect) -> list[str]:
        tables = self._tables.values()
        made = [CreateTable(table) for table in tables] + [
            CreateIndex(one) for table in tables for one in table.indexes
        ]
        return self._creating.setdefault(dialect.name, [str(one.compile(dialect=dialect)) for one in made])

    def table(self, definition: TableDefinition) -> Table:
        """The table of this generation."""
        return self._tables[definition]

    def by_name(self) -> dict[str, Table]:
        """The tables by the names that they have in each generation."""
        return {definition.name: table for definition, table in self._tables.items()}


@lru_cache(64)  # statements are kept by their tables: whoever opens read models of the same form shares both
def generation_tables(schema: Schema, generation: int) -> GenerationTables:
    """The tables of one generation, made once."""
    return GenerationTables(schema, generation)


@dataclass(frozen=True)
class Transaction:
    """A transaction on the tables of one generation."""

    connection: Connection
    tables: GenerationTables

    def table(self, definition: TableDefinition) -> Table:
        """The table of the generation at hand."""
        return self.tables.table(definition)
