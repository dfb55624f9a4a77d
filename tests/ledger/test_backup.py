"""One file that holds a whole log: written beside a running server, and looked over before it is used."""

from __future__ import annotations

import hashlib
import os
import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import Unavailable
from ledger import backup
from ledger.backup import Backup
from ledger.copying import NotCopied, copy, quiet
from ledger.ledger import Ledger
from ledger.recorder import FORMAT, UNFINISHED
from tests.ledger.sending import append, begin, statement
from tests.ledger.test_copying import BrokenOff, everything

NOW = datetime(2026, 11, 22, 16, 32, 5, tzinfo=UTC)


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    """Where backups are kept."""
    directory = tmp_path / "safe"
    directory.mkdir()
    return directory


@pytest.fixture
def written(ledger: Ledger, safe: Path) -> Backup:
    return backup.write(ledger.log, safe / "log.db", NOW)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def on_disk(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(query).fetchall()


# --- writing


def test_a_backup_is_one_file_that_is_a_log(ledger: Ledger, written: Backup, safe: Path) -> None:
    assert names(safe) == ["log.db"], "nothing lies beside it"
    assert (written.path, written.size, written.copied.sum.position) == (
        safe / "log.db",
        written.path.stat().st_size,
        2,
    )
    assert on_disk(written.path, "PRAGMA journal_mode") == [("delete",)]
    assert on_disk(written.path, "PRAGMA user_version") == [(FORMAT,)]
    (safe / "restored").mkdir()
    written.path.replace(safe / "restored" / "events.db")
    restored = Ledger(safe / "restored")
    assert everything(restored) == everything(ledger)
    restored.close()


def test_a_server_may_record_while_a_backup_is_written(ledger: Ledger, safe: Path) -> None:
    def told(what: str, _done: int, _of: int) -> None:
        if what == "Copying":
            append(ledger, statement())

    assert backup.write(ledger.log, safe / "log.db", NOW, progress=told).copied.sum.position == 2
    assert ledger.head() > 2


def test_in_a_directory_it_is_named_by_time_and_position(ledger: Ledger, safe: Path) -> None:
    assert backup.write(ledger.log, safe, NOW).path == safe / "parley-20261122T163205Z-2.db"
    with pytest.raises(NotCopied, match="is there already"):
        backup.write(ledger.log, safe, NOW)
    append(ledger, statement())
    assert backup.write(ledger.log, safe, NOW).path == safe / "parley-20261122T163205Z-3.db"


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(ledger: Ledger, safe: Path) -> None:
    (safe / "log.db").write_text("dear to somebody")
    with pytest.raises(NotCopied, match=r"is there already.*--replace"):
        backup.write(ledger.log, safe / "log.db", NOW)
    assert (safe / "log.db").read_text() == "dear to somebody"
    backup.write(ledger.log, safe / "log.db", NOW, replace=True)
    with backup.opened(safe / "log.db"):
        pass
    assert names(safe) == ["log.db"]


def test_a_backup_that_was_broken_off_leaves_nothing(ledger: Ledger, safe: Path) -> None:
    (safe / "log.db").write_text("the one of yesterday")

    def told(_what: str, _done: int, _of: int) -> None:
        raise BrokenOff

    with pytest.raises(BrokenOff):
        backup.write(ledger.log, safe / "log.db", NOW, replace=True, progress=told)
    assert names(safe) == ["log.db"]
    assert (safe / "log.db").read_text() == "the one of yesterday"


def test_the_log_of_a_server_is_not_replaced(ledger: Ledger, tmp_path: Path) -> None:
    """Its -wal would be taken for changes of the new file."""
    other = Ledger(tmp_path / "other")
    begin(other)
    with pytest.raises(NotCopied, match=r"events.db-wal lies there, so .*events.db is in use"):
        backup.write(ledger.log, tmp_path / "other" / "events.db", NOW, replace=True)
    other.close()


def test_a_directory_that_is_not_there(ledger: Ledger, safe: Path) -> None:
    with pytest.raises(NotCopied, match=r"there is no directory .*nowhere: make it first"):
        backup.write(ledger.log, safe / "nowhere" / "log.db", NOW)


def test_no_room_for_a_backup(ledger: Ledger, safe: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(Unavailable, match="disk"):
            backup.write(ledger.log, safe / "log.db", NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(safe) == []


def test_what_is_written_is_on_disk_before_it_has_its_name(
    ledger: Ledger, safe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def flushing(handle: int) -> None:
        done.append("directory" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        fsync(handle)

    def naming(self: Path, target: Path) -> Path:
        done.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(Path, "replace", naming)
    backup.write(ledger.log, safe / "log.db", NOW)
    assert done[-3:] == ["file", "name", "directory"]


# --- looking it over


def test_a_backup_is_read_without_a_trace(written: Backup, safe: Path, empty: Ledger) -> None:
    before = hashlib.sha256(written.path.read_bytes()).hexdigest()
    os.chmod(written.path, 0o400)
    target = Ledger(safe / "restored")
    with backup.opened(written.path) as log:
        assert copy(log, target.log).sum == written.copied.sum
    target.close()
    assert names(safe) == ["log.db", "restored"]
    assert hashlib.sha256(written.path.read_bytes()).hexdigest() == before


def spoiled(path: Path, how: Callable[[bytes], bytes]) -> None:
    path.write_bytes(how(path.read_bytes()))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "is no file: name the backup itself"),
        (lambda path: spoiled(path, lambda b: b"no database" * 1000), "cannot be used .*not a database"),
        (lambda path: spoiled(path, lambda b: b[: len(b) // 2]), "cannot be used .*take another backup"),
        (lambda path: spoiled(path, lambda b: b[:8192] + bytes(4096) + b[12288:]), "cannot be used .*damaged"),
        (lambda path: on_disk(path, f"PRAGMA user_version={FORMAT + 1}"), "format 2.*reads up to 1: upgrade Parley"),
        (lambda path: on_disk(path, f"PRAGMA user_version={UNFINISHED}"), "is an unfinished copy: take another"),
        (lambda path: on_disk(path, "DROP TABLE event_index"), "is no log of Parley"),
        (lambda path: on_disk(path, "DELETE FROM stored_events WHERE position = 1"), "is damaged, events or their"),
    ],
    ids=["missing", "other file", "cut off", "overwritten", "newer", "unfinished", "other tables", "gap"],
)
def test_what_is_wrong_with_a_backup_is_told(written: Backup, spoil: Callable[[Path], object], told: str) -> None:
    spoil(written.path)
    with pytest.raises(NotCopied, match=told):
        with backup.opened(written.path):
            pass


def test_an_events_db_of_before_there_were_formats_is_taken(written: Backup, tmp_path: Path) -> None:
    on_disk(written.path, "PRAGMA user_version=0")
    target = Ledger(tmp_path / "restored")
    with backup.opened(written.path) as log:
        assert copy(log, target.log, quiet).sum == written.copied.sum
    target.close()
