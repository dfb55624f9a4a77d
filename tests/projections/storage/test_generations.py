"""Read models of several versions side by side, and files that are deleted or damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from projections import batch as batch_module
from projections.batch import open_read_models
from projections.storage.generations import ReadModels
from tests.projections.batches import LOG, generations
from tests.projections.world import follow, kept, pull


def test_views_of_another_version_are_made_beside_those_that_are_in_use(
    open_views: Callable[[], ReadModels], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = open_views()
    follow(old, pull(LOG))
    before = kept(old, "first")
    with closing(old.lead()) as lead:
        assert lead.taken()
        monkeypatch.setattr(batch_module, "SCHEMA", replace(batch_module.SCHEMA, version=1_000))
        new = open_views()
        assert new.position() == 0
        follow(new, pull(LOG))
        assert kept(new, "first") == before
        assert new.sweep(kept=0) == 0, "a server of the old version is at work"
    assert new.sweep(kept=0) == 1
    with new.reading() as reading:
        names = {name for name in _table_names(reading.connection) if name != "generations"}
        assert names == set(reading.tables.meta.tables), "the tables of the old version are gone"
    assert list(generations(new).values()) == [True]


def _table_names(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


def test_the_file_may_be_deleted(path: Path) -> None:
    old = open_read_models(path)
    follow(old, pull(LOG))
    before = kept(old, "first")
    old.close()
    for left in path.parent.glob("views.db*"):
        left.unlink()
    with closing(open_read_models(path)) as new:
        assert new.position() == 0
        follow(new, pull(LOG))
        assert kept(new, "first") == before


def test_a_file_that_is_no_database_is_put_aside_and_made_anew(path: Path) -> None:
    path.write_bytes(b"this was a database once" * 1000)
    with closing(open_read_models(path)) as found:
        follow(found, pull(LOG))
        assert kept(found, "first")
    assert path.with_name("views.db.damaged").read_bytes().startswith(b"this was")


def test_a_damaged_page_is_told_or_the_file_is_made_anew(path: Path) -> None:
    with closing(open_read_models(path)) as found:
        follow(found, pull(LOG))
        before = kept(found, "first")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with closing(open_read_models(path)) as found:
        follow(found, pull(LOG))
        assert kept(found, "first") == before


def test_a_file_that_lost_its_tables_makes_them_anew(path: Path) -> None:
    with closing(open_read_models(path)) as found:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE generations")
        assert found.position() == 0
        follow(found, pull(LOG))
        assert kept(found, "first")


def test_a_file_of_before_there_were_generations_side_by_side(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE progress (generation INTEGER, version INTEGER, position INTEGER)")
        connection.execute("CREATE TABLE timeline_v2_1 (position INTEGER PRIMARY KEY)")
    with closing(open_read_models(path)) as found:
        follow(found, pull(LOG))
        with found.reading() as reading:
            assert not {"progress", "timeline_v2_1"} & set(_table_names(reading.connection))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """For what is of a file alone."""
    return tmp_path / "views.db"
