"""What the read models need of the place where they are kept: transactions under a lock, snapshots, a lead, and news.

A file (`sqlite.py`) and a schema in a PostgreSQL database (`postgres.py`) both give it. What differs between the
databases stands in these two modules and in `sql.py`, and nowhere else in this package.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from domain.errors import Unavailable
from projections.storage.checked_text import DamagedText

STRUCTURE = 0
"""The number of the lock of the set of generations; each generation's own lock has the generation's number."""


class Lead(ABC):
    """A lock that one process has at a time, until it lets go, ends, or is cut off."""

    @abstractmethod
    def taken(self) -> bool:
        """Takes the lock if it is free; whether this process holds it now."""

    @abstractmethod
    def close(self) -> None:
        """Lets go."""


class Store(ABC):
    """A place for read models."""

    FAULTS: tuple[type[Exception], ...] = (DBAPIError,)
    """What is raised when the database fails."""

    LOCKED_AS_A_WHOLE: ClassVar[bool] = False
    """Whether nobody else can write anything while a transaction is going to write."""

    engine: Engine
    writers: Engine
    readers: Engine
    """The same, for transactions that see one snapshot."""

    @contextmanager
    def available(self) -> Iterator[None]:
        """Turns the faults of the database into one refusal, which shows none of the values that were written."""
        try:
            yield
        except DamagedText as error:
            raise Unavailable("a row of the read models cannot be read: `parley rebuild` makes them anew") from error
        except self.FAULTS as error:
            raise Unavailable(f"the read models {self.explain(error)}") from error

    def examine(self) -> None:  # noqa: B027  PostgreSQL looks by itself
        """Looks for damage in all that is kept.

        Raises:
            Unavailable: there is some.
        """

    @abstractmethod
    def explain(self, error: Exception) -> str:
        """What is wrong and what to do, for a fault of the database; it goes on after "the read models"."""

    @abstractmethod
    def begin(self, connection: Connection) -> None:
        """Called within a new transaction that is going to write."""

    @abstractmethod
    def lock(self, connection: Connection, number: int, *, shared: bool = False) -> None:
        """Takes a lock until the transaction ends."""

    @abstractmethod
    def rest(self) -> None:
        """Lets others have their turn between two long transactions."""

    @abstractmethod
    def wait_briefly(self, connection: Connection) -> None:
        """Lets the transaction wait no longer than a moment for others that read what it drops."""

    @abstractmethod
    def is_gone(self, error: DBAPIError) -> bool:
        """Whether the table of generations is not there: somebody has taken all of the read models away."""

    @abstractmethod
    def is_busy(self, error: DBAPIError) -> bool:
        """Whether others were reading what was to be dropped."""

    @abstractmethod
    def lead(self, name: str) -> Lead:
        """The lock of this name, not taken yet."""

    @abstractmethod
    def tell(self, connection: Connection) -> None:
        """Tells those who watch, once the transaction is committed."""

    @abstractmethod
    def watch(self, closing: threading.Event) -> Iterator[None]:
        """Yields when the read models may have moved, and now and then, until `closing` is set."""

    def close(self) -> None:
        self.engine.dispose()
