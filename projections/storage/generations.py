"""The read models as a whole: where they are kept, which generation of tables is live, and how far it is."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Table,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, OperationalError

from domain.errors import Unavailable
from projections.storage.checked_text import DamagedText
from projections.storage.postgres import PostgresStore
from projections.storage.prepared import first, run
from projections.storage.sqlite import PAGE, SQLiteStore, put_aside, tells_damage
from projections.storage.store import STRUCTURE, Lead, Store
from projections.storage.tables import GenerationTables, Schema, Text, Transaction, generation_tables

log = logging.getLogger(__name__)

_GENERATIONS = MetaData()
generations = Table(
    "generations",
    _GENERATIONS,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("halted", Text),
    Column("live", Boolean, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("retired_at", BigInteger),
)
"""How far each generation reflects the log. Of each version at most one is live; it answers once it has been complete.
A generation that gave way is kept a while (`retired_at`, in seconds since 1970) for those who are still reading it."""

_PROGRESS = select(generations.c.generation, generations.c.position, generations.c.halted, generations.c.complete)
_LIVE = _PROGRESS.where(generations.c.version == bindparam("version"), generations.c.live)
_KEPT = _PROGRESS.where(generations.c.generation == bindparam("which"), generations.c.retired_at.is_(None))
_ADVANCE = update(generations).where(generations.c.generation == bindparam("which"))
_ADVANCE = _ADVANCE.values({name: bindparam(f"now_{name}") for name in ("position", "halted", "complete")})
"""Statements of every batch and every reading, made once."""

KEPT_RETIRED = 60.0
"""Seconds for which a generation that gave way is kept: those who began to read it are long done by then."""

_OURS = re.compile(r"_v[0-9]+_([0-9]+)$")
"""What the names of the tables of a generation end with."""


@dataclass(frozen=True, slots=True)
class GenerationProgress:
    """How far a generation reflects the log."""

    generation: int
    position: int
    halted: str | None
    complete: bool = False
    """Whether it once reached the end of the log: before that, what it does not hold says nothing."""


@dataclass(frozen=True)
class ReadTransaction(Transaction):
    """One consistent snapshot of the live read models."""

    position: int
    halted: str | None


def store_at(where: Path | str, version: int) -> Store:
    """The store of an installation.

    Args:
        where: a file, whose directory must exist; or the URL of a PostgreSQL database.
        version: of the read models in it.
    """
    return SQLiteStore(where, rebuild_lock(version)) if isinstance(where, Path) else PostgresStore(where)


class ReadModels:
    """The read models of one installation, which may be deleted at any time.

    Args:
        where: a file, whose directory must exist; or the URL of a PostgreSQL database.
        schema: what tables there are.

    Raises:
        Unavailable: they cannot be opened.
    """

    def __init__(self, where: Path | str, schema: Schema) -> None:
        self.where = where
        self.place: TemporaryDirectory[str] | None = None
        """Where they are, if they go when they are closed."""
        self.version = schema.version
        self._schema = schema
        if isinstance(where, Path) and where.is_file() and where.stat().st_size % PAGE:
            put_aside(where, rebuild_lock(self.version))
        self._store = store_at(where, self.version)
        try:
            self._prepare()
        except Unavailable as refusal:
            damaged = isinstance(where, Path) and tells_damage(refusal.__cause__)
            if not isinstance(where, Path) or not damaged:
                raise
            if put_aside(where, rebuild_lock(self.version)) is None and where.exists():  # or it was done already
                raise
            self._prepare()

    def _prepare(self) -> None:
        with self.restructuring() as connection:
            self._require_ours(connection)
            _GENERATIONS.create_all(connection)
            self._drop_unknown(connection)
            if self.live(connection) is None:
                self.begin_generation(connection, live=True)

    def _require_ours(self, connection: Connection) -> None:
        there = inspect(connection).get_table_names()
        if there and not any(name in ("generations", "progress") or _OURS.search(name) for name in there):
            raise Unavailable(f"{self.where} is of another program: move it away, and the read models are made anew")

    def close(self) -> None:
        self._store.close()
        if self.place is not None:
            self.place.cleanup()

    def lead(self) -> Lead:
        """The lock of the process that brings the live generation of this version up to date; not taken yet."""
        return self._store.lead(_lead(self.version))

    def rebuild_lead(self) -> Lead:
        """The lock of the process that rebuilds; not taken yet."""
        return self._store.lead(rebuild_lock(self.version))

    def examine(self) -> None:
        """Looks for damage in all that is kept. A damaged file is put aside.

        Raises:
            Unavailable: there is some.
        """
        self._store.examine()

    def rest(self) -> None:
        """Lets others have their turn between two long transactions."""
        self._store.rest()

    def watch(self, closing: threading.Event) -> Iterator[None]:
        """Yields when the read models may have moved, in any process, and now and then, until `closing` is set."""
        return self._store.watch(closing)

    # --- transactions

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that brings a generation on: `claim` it first. Rows and position move together or not at all.

        Raises:
            Unavailable: the read models cannot be written.
        """
        with self._store.available(), _readable_rows(), self._store.writers.begin() as connection:
            self._store.begin(connection)
            self._store.lock(connection, STRUCTURE, shared=True)
            yield connection

    @contextmanager
    def restructuring(self) -> Iterator[Connection]:
        """One transaction in which no other makes, swaps or brings on a generation.

        Raises:
            Unavailable: the read models cannot be written.
        """
        with self._store.available(), self._store.writers.begin() as connection:
            self._store.begin(connection)
            self._store.lock(connection, STRUCTURE)
            yield connection

    def claim(self, connection: Connection, generation: int | None) -> GenerationProgress | None:
        """How far a generation is (the live one by default), which nobody else moves until the transaction ends."""
        if generation is None:
            row = first(connection, _LIVE, {"version": self.version})
            here = GenerationProgress(*row) if row is not None else None
        else:
            here = self.progress_of(connection, generation)
        if here is None:
            return None
        if self._store.LOCKED_AS_A_WHOLE:
            return here
        self._store.lock(connection, here.generation)
        return self.progress_of(connection, here.generation)

    @contextmanager
    def reading(self) -> Iterator[ReadTransaction]:
        """One snapshot.

        Raises:
            Unavailable: the read models cannot be read, or are not complete yet.
        """
        with self._store.available(), ExitStack() as stack:
            connection, live = self._snapshot(stack)
            if live is None or not live.complete:
                raise Unavailable("the read models are being made from the log: try again in a moment")
            with _readable_rows():  # what was asked was read before
                yield ReadTransaction(connection, self.tables(live.generation), live.position, live.halted)

    def _snapshot(self, stack: ExitStack) -> tuple[Connection, GenerationProgress | None]:
        """Begins to read, on a new connection if the one at hand turns out to be lost."""
        try:
            with ExitStack() as trying:  # ends what was begun on a lost connection by rolling it back
                connection = trying.enter_context(self._store.readers.begin())
                live = self.live(connection)
                stack.push(trying.pop_all())
                return connection, live
        except DBAPIError as error:
            gone = self._store.is_gone(error)
            if not gone and not error.connection_invalidated:
                raise
        if gone:
            self._prepare()
        connection = stack.enter_context(self._store.readers.begin())
        return connection, self.live(connection)

    # --- generations

    def tables(self, generation: int) -> GenerationTables:
        return generation_tables(self._schema, generation)

    def live(self, connection: Connection) -> GenerationProgress | None:
        """The live generation of this version; None if there is none."""
        row = connection.execute(_LIVE, {"version": self.version}).first()
        return GenerationProgress(*row) if row else None

    def unfinished(self, connection: Connection) -> GenerationProgress | None:
        """A generation of this version that is being built, or was when its builder ended; None if there is none."""
        building = (self._ours(), generations.c.live.is_(False), generations.c.retired_at.is_(None))
        row = connection.execute(_PROGRESS.where(*building).order_by(generations.c.generation.desc())).first()
        return GenerationProgress(*row) if row else None

    def begin_generation(self, connection: Connection, *, live: bool) -> GenerationProgress:
        """Makes an empty set of tables. If it is to be live, all others of this version give way."""
        if live:
            self._retire_others(connection, None)
        generation = (connection.execute(select(func.max(generations.c.generation))).scalar() or 0) + 1
        row = {"generation": generation, "version": self.version, "position": 0, "halted": None, "live": live}
        connection.execute(insert(generations).values(complete=False, **row))
        self.tables(generation).create(connection)
        return GenerationProgress(generation, 0, None)

    def progress_of(self, connection: Connection, generation: int) -> GenerationProgress | None:
        """How far a generation is; None if it is gone, or has given way."""
        row = first(connection, _KEPT, {"which": generation})
        return GenerationProgress(*row) if row else None

    def advance(self, connection: Connection, now: GenerationProgress) -> None:
        values = {"now_position": now.position, "now_halted": now.halted, "now_complete": now.complete}
        run(connection, _ADVANCE, [{"which": now.generation, **values}])
        self._store.tell(connection)

    def swap(self, connection: Connection, generation: int) -> None:
        """Makes a generation the live one of this version. The others give way, and go a while later."""
        self._retire_others(connection, generation)
        here = generations.c.generation == generation
        connection.execute(update(generations).where(here).values(live=True, complete=True))
        self._store.tell(connection)

    def _retire_others(self, connection: Connection, generation: int | None) -> None:
        others = (self._ours(), generations.c.retired_at.is_(None), generations.c.generation != (generation or 0))
        connection.execute(update(generations).where(*others).values(live=False, retired_at=int(time.time())))

    def _ours(self) -> ColumnElement[bool]:
        return generations.c.version == self.version

    def sweep(self, kept: float = KEPT_RETIRED) -> int:
        """Drops the generations that gave way, and those of older versions that nobody brings up to date any more.

        Args:
            kept: seconds for which one that gave way is left to those who were reading it.

        Returns:
            How many were dropped.
        """
        with self.restructuring() as connection:
            live = self.live(connection)
            rows = connection.execute(select(generations)).all()
            now = time.time()
            # One that gave way in the future did so before the clock was set back.
            gone = [r.generation for r in rows if r.retired_at is not None and abs(now - r.retired_at) >= kept]
            if live is not None and live.complete:
                older = {row.version for row in rows if row.version < self.version}
                idle = {version for version in older if self._is_idle(version)}
                gone += [row.generation for row in rows if row.version in idle and row.retired_at is None]
            return sum(self._dropped(connection, generation) for generation in gone)

    def _is_idle(self, version: int) -> bool:
        with closing(self._store.lead(_lead(version))) as lead:
            return lead.taken()

    def _dropped(self, connection: Connection, generation: int) -> bool:
        """Drops a generation, unless somebody is reading it still."""
        try:
            with connection.begin_nested():
                self._store.wait_briefly(connection)
                self._drop(connection, generation)
        except OperationalError as error:
            if not self._store.is_busy(error):
                raise
            return False
        return True

    def _drop(self, connection: Connection, generation: int) -> None:
        """Drops a generation's tables, whatever version made them."""
        its = re.compile(rf"_v[0-9]+_{generation}$")
        for name in filter(its.search, inspect(connection).get_table_names()):
            Table(name, MetaData()).drop(connection)
        connection.execute(delete(generations).where(generations.c.generation == generation))

    def _drop_unknown(self, connection: Connection) -> None:
        """Drops tables that belong to no generation: those of before there were generations side by side."""
        known = {str(one) for one in connection.execute(select(generations.c.generation)).scalars()}
        for name in inspect(connection).get_table_names():
            its = _OURS.search(name)
            if name == "progress" or (its is not None and its[1] not in known):
                Table(name, MetaData()).drop(connection)

    def progress(self) -> GenerationProgress | None:
        """How far the live generation is, complete or not; None if there is none."""
        with self._store.available(), ExitStack() as stack:
            return self._snapshot(stack)[1]

    def position(self) -> int:
        """The position of the live generation, complete or not; 0 if there is none."""
        here = self.progress()
        return here.position if here else 0


@contextmanager
def _readable_rows() -> Iterator[None]:
    """
    Raises:
        DamagedText: a row cannot be read.
    """
    try:
        yield
    except (JSONDecodeError, ValidationError) as error:
        log.exception("a row of the read models cannot be read")
        raise DamagedText from error


def rebuild_lock(version: int) -> str:
    """The name of the lock of a rebuild."""
    return f"parley-rebuild-v{version}"


def _lead(version: int) -> str:
    return f"parley-views-v{version}"
