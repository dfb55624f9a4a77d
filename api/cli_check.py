"""`parley check`: are the settings, the log and the read models as they should be?"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from api.client import LOG_FILE
from api.settings import PREFIX, Settings

VIEWS_FILE = "views.db"
CHUNK = 1000
MOST_NAMED = 20
"""Problems of one kind that are named; of the rest the number is told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    what: str
    says: str
    sound: bool = True


def settings_in_force(settings: Settings, flags: set[str]) -> Iterator[tuple[str, str, str]]:
    """Each setting: its variable, its value, and where that comes from. Addresses with a password are not shown."""
    environment = {name.upper() for name, value in os.environ.items() if value}
    written = {name.upper() for name, value in dotenv_values(".env").items() if value}
    for name in type(settings).model_fields:
        variable = f"{PREFIX}{name.upper()}"
        value: Any = getattr(settings, name)
        if name in flags:
            source = "flag"
        elif variable in environment:
            source = "environment"
        elif variable in written:
            source = ".env"
        else:
            source = "default"
        shown = "not set" if value is None else "***" if "://" in str(value) and "@" in str(value) else str(value)
        yield variable, shown, source


def check_log(settings: Settings, done: Callable[[int], None] = lambda _: None) -> Iterator[Finding]:
    """Whether the file is sound, every position and version is there once, and every event can be read.

    Args:
        settings: where the log is.
        done: called with the position after each batch.
    """
    path = settings.data / LOG_FILE
    if not path.exists():
        yield Finding("log", f"there is none in {settings.data} yet")
        return
    faults = quick_check(path)
    yield from (Finding("log file", fault, sound=False) for fault in faults)
    if faults:
        return
    yield Finding("log file", f"{path} is sound ({path.stat().st_size:,} bytes)")

    from domain.event import Unreadable  # slow to import, as is the ledger
    from ledger.ledger import Ledger

    with closing(Ledger(settings.data, office=settings.office, lock_timeout=settings.lock_timeout)) as ledger:
        head = ledger.head()
        faulty = Faults()
        versions: Counter[str] = Counter()
        position, last = 0, None
        while batch := ledger.read(position, CHUNK, until=head):
            for event in batch:
                if event.position != position + 1:
                    faulty.add("gap", f"positions {position + 1} to {event.position - 1} are missing")
                position = event.position
                versions[event.subject] += 1
                if event.version != versions[event.subject]:
                    faulty.add(
                        "version",
                        f"position {position}: {event.subject} is at version {event.version}, "
                        f"not {versions[event.subject]}",
                    )
                    versions[event.subject] = event.version
                if isinstance(event, Unreadable):
                    faulty.add("unreadable", f"position {position}, {event.type} on {event.subject}: {event.reason}")
                    continue
                if last is not None and event.recorded_at < last:
                    faulty.add("time", f"position {position} was recorded before the one in front of it")
                last = event.recorded_at
            done(position)
        if position != head:
            faulty.add("gap", f"positions {position + 1} to {head} are missing")
    faulty_index = index_faults(path)
    yield from (Finding("log", text, sound=False) for text in [*faulty.named(), *faulty_index])
    if not faulty.found and not faulty_index:
        yield Finding("log", f"{head:,} events on {len(versions):,} subjects: each is there once and can be read")


class Faults:
    """Faults by kind: the first few of each are named, of the rest the number is told."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}
        self._more: Counter[str] = Counter()

    def add(self, kind: str, text: str) -> None:
        named = self.found.setdefault(kind, [])
        if len(named) < MOST_NAMED:
            named.append(text)
        else:
            self._more[kind] += 1

    def named(self) -> Iterator[str]:
        for kind, texts in self.found.items():
            yield from texts
            if self._more[kind]:
                yield f"and {self._more[kind]:,} more of this kind ({kind})"


def quick_check(path: Path) -> list[str]:
    """What SQLite finds wrong with a file, read only; nothing if it is sound."""
    try:
        with _read_only(path) as connection:
            told = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({MOST_NAMED})")]
    except sqlite3.Error as error:
        return [f"{path} cannot be read: {error}"]
    return [] if told == ["ok"] else [f"{path} is damaged: {' '.join(text.split())}" for text in told]


def index_faults(path: Path) -> list[str]:
    """Whether every event has its row in the index by event id, and no other row is there."""
    query = (
        "SELECT (SELECT count(*) FROM stored_events WHERE position NOT IN (SELECT position FROM event_index)),"
        " (SELECT count(*) FROM event_index WHERE position NOT IN (SELECT position FROM stored_events))"
    )
    with _read_only(path) as connection:
        lacking, idle = connection.execute(query).fetchone()
    found = [f"{lacking:,} events are missing from the index by event id"] if lacking else []
    return [*found, f"{idle:,} rows of the index by event id belong to no event"] if idle else found


def check_views(settings: Settings) -> Iterator[Finding]:
    """Whether the read models are sound, how far behind the log they are, and whether they halted."""
    path, log = settings.data / VIEWS_FILE, settings.data / LOG_FILE
    if not path.exists():
        yield Finding("read models", "there are none yet; the next command or server makes them from the log")
        return
    mend = "`parley rebuild` makes them anew"
    if faults := quick_check(path):
        yield from (
            Finding("read models", f"{fault}; delete the file, they are made anew", sound=False) for fault in faults
        )
        return

    from projections.views import Views

    with closing(Views(path)) as views, views.reading() as reading:
        position, halted = reading.position, reading.halted
    head = _head(log)
    if head is None:
        yield Finding("read models", f"at position {position:,}")
        return
    if halted is not None:
        yield Finding("read models", f"halted after position {position:,} of {head:,}: {halted}", sound=False)
    elif position > head:
        yield Finding("read models", f"stand at {position:,}, beyond the log's end at {head:,}: {mend}", sound=False)
    elif position < head:
        yield Finding(
            "read models",
            f"at position {position:,} of {head:,}: {head - position:,} behind, they catch up by themselves",
        )
    else:
        yield Finding("read models", f"at position {position:,}, the end of the log")


def _head(path: Path) -> int | None:
    """The last position of a log; None if there is no log that can be read."""
    if not path.exists():
        return None
    with suppress(sqlite3.Error), _read_only(path) as connection:
        return int(connection.execute("SELECT coalesce(max(position), 0) FROM stored_events").fetchone()[0])
    return None


def _read_only(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True))
