"""Whether a file may be opened as a log: what SQLite itself would not see, or would repair by forgetting.

SQLite takes an empty file for a new database, and throws away the log of changes beside it. It reads that log, `-wal`,
up to the first frame that does not fit, and throws away the rest: it was being written when the power went. But if more
than one commit lies behind that frame, the first of them was on the disk before the second began, and had been
acknowledged: then it is damage.

The file itself is never opened here: when it is closed, the system takes from this process every lock that SQLite holds
on it, and another process may then throw away what lies beside it.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from pathlib import Path

from ledger.witness import WITNESS

IMMUTABLE = "immutable=1"
"""Says to SQLite that nobody writes to a file."""

HEADER, FRAME = 32, 24
"""Bytes at the head of the log of changes, and at the head of each of its frames."""
PAGE = 4096
"""Bytes of a page, as SQLite makes them."""
AGAIN = 0.2
"""Seconds after which a file is looked at once more: another process may have been writing to it."""

MEND = "stop the server, keep the file, and restore a backup"
"""What there is to do about a damaged log: nothing else brings back what was recorded."""


def wal_of(file: Path) -> Path:
    """The log of changes beside a file; of a link, beside what it leads to."""
    there = file.resolve()
    return there.with_name(f"{there.name}-wal")


def fault(file: Path) -> str | None:
    """Why a file must not be opened as it is; None if it may be.

    A file that is not there, or was only just begun, may be opened unless something tells that there was a log.
    """
    if file.is_dir():
        return "is a directory: move it away, and restore a backup if there was a log"
    if size(file) == 0 and (witness := _witness(file)) is not None and size(file) == 0:  # nor begun in between
        gone = "is empty" if file.exists() else "is gone"
        return f"{gone}, and {witness.name} beside it tells that there was a log: restore a backup, or move that away"
    if size(wal_of(file)) > 0 and is_read_only(file.parent):
        return (
            f"lies where nothing can be written, and commits in {wal_of(file).name} wait to be taken in: copy the "
            "directory to where it can be written"
        )
    if (lost := _lost(wal_of(file))) is not None:
        whole, commits = lost
        wal = wal_of(file).name
        return (
            f"lacks at least {commits:,} of its last commits, since {wal} beside it is damaged behind byte {whole}: "
            f"keep both files and restore a backup; `truncate -s {whole} {wal}` goes on without what is lost"
        )
    return None


def is_read_only(directory: Path) -> bool:
    """Whether nothing can be written into a directory, which may be on a medium that cannot be written at all."""
    return directory.is_dir() and not os.access(directory, os.W_OK)


def read_only_address(file: Path) -> str:
    """The address by which SQLite opens a file to read it alone. Where nothing can be written, it makes nothing beside
    it, and looks at nothing there."""
    option = f"&{IMMUTABLE}" if is_read_only(file.absolute().parent) else ""
    return f"{file.absolute().as_uri()}?mode=ro{option}"


def flush(path: Path) -> None:
    """Brings a file, or the names in a directory, to the disk."""
    if sys.platform == "win32" and path.is_dir():
        return  # there a directory cannot be opened
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def identity(file: Path) -> tuple[int, int] | None:
    """What tells a file from another one that was put under its name; None if there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_torn(file: Path, page_size: int) -> bool:
    """Whether a file ends within a page. Ask when all changes beside it were taken into it."""
    return size(file) % page_size != 0


def size(path: Path) -> int:
    """The bytes of a file; 0 if there is none."""
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _witness(file: Path) -> Path | None:
    """What lies beside a log only once something was stored in it."""
    beside = wal_of(file), file.with_name("views.db"), file.with_name(WITNESS)
    return next((path for path in beside if size(path) > 0), None)


# --- the log of changes; its form: https://www.sqlite.org/fileformat2.html#the_write_ahead_log


def _lost(wal: Path) -> tuple[int, int] | None:
    """The byte behind which there are commits that had been on the disk, and how many there are at least."""
    lost = _scan(wal)
    if lost is None:
        return None
    time.sleep(AGAIN)
    return lost if _scan(wal) == lost else None


def _scan(wal: Path) -> tuple[int, int] | None:
    """The same, in one look: the end of the last whole commit, and how many behind it are surely lost.

    Frames that do not fit are left by commits that failed, too: each began where the last whole one ended. So what
    counts are commits that follow from each other. The last of these may have been broken off when the power went.
    """
    if size(wal) <= HEADER:
        return None
    with wal.open("rb") as opened:
        head = opened.read(HEADER)
        magic, _, page, _, *salts = struct.unpack(">6I", head[:24])
        order = ">" if magic & 1 else "<"
        sums = _sums(head[:24], order, (0, 0))
        whole = struct.unpack(">2I", head[24:]) == sums
        if not whole and not any(head):
            return None  # it was never written
        step = FRAME + (page if whole else PAGE)
        sound, end, number, following, most = whole, HEADER, 0, 0, 0
        while len(frame := opened.read(step)) == step:
            number += 1
            _, commits, *own = struct.unpack(">4I", frame[:16])
            if number == 1 and not whole:
                salts = own
            if own != salts:  # of a former use of the file, or damaged
                sound, following = False, 0
                continue
            sums = _sums(frame[FRAME:], order, _sums(frame[:8], order, sums))
            if (said := struct.unpack(">2I", frame[16:24])) != sums:
                sound, following, sums = False, 0, said
            if commits and sound:
                end = HEADER + number * step
            elif commits:
                following += 1
                most = max(most, following)
    lost = most - 1 if whole else most
    return (end, lost) if lost > 0 else None


def _sums(data: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    """The running checksum of the log of changes."""
    one, other = start
    for left, right in struct.iter_unpack(f"{order}2I", data):
        one = (one + left + other) & 0xFFFFFFFF
        other = (other + right + one) & 0xFFFFFFFF
    return one, other
