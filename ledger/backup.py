"""A log as one file: it is written as a draft, brought to the disk, and only then gets its name."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ledger import files
from ledger.copying import Copied, NotCopied, Progress, copy, quiet, whole
from ledger.ledger import Ledger
from ledger.recorder import FORMAT, TABLES, UNFINISHED, LogRecorder, Snapshot
from ledger.sqlite import snapshot_of


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that was written."""

    path: Path
    size: int
    """In bytes."""
    copied: Copied


def write(log: LogRecorder, to: Path, now: datetime, *, replace: bool = False, progress: Progress = quiet) -> Backup:
    """Writes a log into one SQLite file, which a data directory may hold as its events.db.

    Args:
        log: it may be written to meanwhile.
        to: the file; or a directory, for a file that is named by time and position.
        now: the time of that name.
        replace: whether the file may take the place of another one.
        progress: called at each step.

    Raises:
        NotCopied: there is such a file already, or no such directory.
        Unavailable: the log cannot be read, or the disk not written.
    """
    directory = to if to.is_dir() else to.parent
    if not directory.is_dir():
        raise NotCopied(f"there is no directory {directory}: make it first")
    if directory != to:
        _require_free(to, replace=replace)
    with tempfile.TemporaryDirectory(prefix=".parley-backup-", dir=directory) as draft:
        with closing(Ledger(Path(draft))) as ledger, log.snapshot() as source:
            copied = copy(source, ledger.log, progress)
        file = Path(draft, "events.db")
        _seal(file)
        path = to if directory != to else to / f"parley-{now:%Y%m%dT%H%M%SZ}-{copied.sum.position}.db"
        _require_free(path, replace=replace)
        file.replace(path)
        files.flush(directory)
    return Backup(path, path.stat().st_size, copied)


@contextmanager
def opened(path: Path) -> Iterator[Snapshot]:
    """A backup, read only, once it was looked over.

    Raises:
        NotCopied: it is no whole log that this version of Parley reads.
    """
    if not path.is_file():
        raise NotCopied(f"{path} is no file: name the backup itself")
    if faults := checked(path):
        raise NotCopied(f"{path} cannot be used ({faults[0]}): take another backup")
    with snapshot_of(path) as log:
        ((number,),) = log.rows("PRAGMA user_version")
        if number == UNFINISHED:
            raise NotCopied(f"{path} is an unfinished copy: take another backup")
        if number > FORMAT:
            raise NotCopied(
                f"{path} is a log of format {number}, and this version of Parley reads up to {FORMAT}: upgrade Parley"
            )
        there = {name for (name,) in log.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not there.issuperset(TABLES):
            raise NotCopied(f"{path} is no log of Parley: name a file that `parley backup` wrote, or an events.db")
        whole(log, str(path))
        yield log


def checked(path: Path, *, thoroughly: bool = False, most: int = 20) -> list[str]:
    """What SQLite finds wrong with a file, read only; nothing if it is sound.

    Args:
        path: of the file.
        thoroughly: whether each index is compared with its table, which takes longer.
        most: how many faults are given.
    """
    check = "integrity_check" if thoroughly else "quick_check"
    try:
        with closing(sqlite3.connect(files.read_only_address(path), uri=True)) as connection:
            answers = [str(row[0]) for row in connection.execute(f"PRAGMA {check}({most})")]
    except sqlite3.Error as error:
        return [f"it cannot be read: {error}"]
    return [] if answers == ["ok"] else [f"it is damaged: {' '.join(text.split())}" for text in answers]


def _require_free(path: Path, *, replace: bool) -> None:
    if path.exists() and not replace:
        raise NotCopied(f"{path} is there already: name another file, or let it be replaced with --replace")
    for suffix in ("-wal", "-journal"):  # it would be taken for changes of the new file
        if path.with_name(path.name + suffix).exists():
            raise NotCopied(f"{path}{suffix} lies there, so {path} is in use: name another file")


def _seal(file: Path) -> None:
    """Makes one file of it, without a log of changes beside it, and brings it to the disk."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    files.flush(file)
