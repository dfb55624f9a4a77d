"""Read models compared with the log: each row that is missing, too much or otherwise than the log gives is named."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, Executable, Table, Text, delete, insert, select, update

from domain.errors import Unavailable
from domain.event import Recorded, Unreadable
from domain.values import Subject
from projections.batch import open_read_models
from projections.catch_up import wall_clock
from projections.compare import NOT_COMPARED, NOT_GIVEN, compare, differences
from projections.storage.checked_text import CheckedText
from projections.storage.generations import ReadModels
from tests.projections.test_time_travel import revised
from tests.projections.world import SLOW, Wire, follow, pull, recorded, views
from tests.spec import wire
from tests.strategies import histories, with_unified_actors

SEED = Path(__file__).parents[2] / "seeds" / "ilvaran-valley.ndjson"
"""With a process whose time zone and whose ids are known it has something in every table."""


@pytest.fixture(scope="module")
def log() -> list[Recorded]:
    labels = [{"text": "Eastern Kalamun", "lang": "en"}]
    areas = [{"labels": labels, "codes": [{"scheme": "register", "value": "7"}]}]
    data = {"labels": labels, "areas": areas, "time_zone": "Asia/Damascus"}
    data["ids"] = [{"scheme": "case-file", "id": "7"}]
    zoned = wire("ProcessOpened", subject="processes/zoned", data=data)
    ahead = wire("ProcessSuspended", subject="processes/zoned", occurred="9000-01-01", data={})
    return recorded([*(json.loads(line) for line in SEED.read_text(encoding="utf-8").splitlines()), zoned, ahead])


@pytest.fixture(scope="module")
def anew(log: list[Recorded]) -> Iterator[ReadModels]:
    """Read models as the log gives them."""
    with tempfile.TemporaryDirectory() as directory:
        found = open_read_models(Path(directory) / "views.db")
        follow(found, pull(log), wall_clock())
        yield found
        found.close()


@pytest.fixture
def followed(found: ReadModels, log: list[Recorded]) -> ReadModels:
    follow(found, pull(log, lambda: 7), wall_clock())
    return found


def tables_of(found: ReadModels) -> dict[str, Table]:
    """The tables of the live generation, by their names without version and number."""
    with found.reading() as reading:
        return {name: table for name, table in reading.tables.by_name().items() if name not in NOT_GIVEN}


def compared(found: ReadModels, log: list[Recorded]) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    compare(found, pull(log), lambda table, text: told.append((table, text)))
    return told


# --- sound


def test_what_came_apart_again_leaves_no_dispute_behind(found: ReadModels) -> None:
    first, second = (wire("ProcessOpened", subject=f"processes/{name}") for name in ("first", "second"))
    joined = wire("SubjectUnified", subject="processes/second", data={"reason": "as is", "into": "processes/first"})
    dispute = wire("EventDisputed", subject="processes/second", data={"described": "residents", "event": second["id"]})
    apart = wire("EventRetracted", subject="processes/second", data={"reason": "two", "event": joined["id"]})
    log = recorded([first, second, joined, dispute, apart])
    follow(found, pull(log, lambda: 1))
    assert compared(found, log) == []


def test_nothing_is_found_in_sound_read_models(followed: ReadModels, log: list[Recorded]) -> None:
    told: list[tuple[str, str]] = []
    assert compare(followed, pull(log), lambda table, text: told.append((table, text))) == len(log)
    assert told == []


def test_they_are_compared_up_to_where_they_are(found: ReadModels, log: list[Recorded]) -> None:
    follow(found, pull(log[:50]))
    assert compared(found, log) == []


def test_they_may_go_on_meanwhile(found: ReadModels, log: list[Recorded]) -> None:
    follow(found, pull(log[:50]))
    meanwhile = iter([log])

    def pulling(after: int, limit: int) -> Sequence[Recorded | Unreadable]:
        for more in meanwhile:
            follow(found, pull(more))
        return pull(log)(after, limit)

    told: list[str] = []
    assert compare(found, pulling, lambda _, text: told.append(text)) == len(log)
    assert told == []


def test_halted_ones_are_compared_up_to_there(found: ReadModels, log: list[Recorded]) -> None:
    newer: list[Recorded | Unreadable] = [*log[:50], Unreadable(51, 1, Subject("talks/first"), "OfTomorrow", "newer")]
    follow(found, pull(newer))
    told: list[str] = []
    assert compare(found, pull(newer), lambda _, text: told.append(text)) == 50
    assert told == []


def test_those_that_are_being_made_are_not_compared(found: ReadModels, log: list[Recorded]) -> None:
    with pytest.raises(Unavailable, match="are being made"):
        compared(found, log)


@SLOW
@given(st.one_of(histories(), revised(), with_unified_actors()), st.lists(st.integers(1, 7), min_size=1, max_size=20))
@pytest.mark.usefixtures("both_databases")
def test_however_batches_are_cut_the_rows_are_the_same(history: list[Wire], sizes: list[int]) -> None:
    log = recorded(history)
    turns = iter(sizes * len(log) * 2)
    with views() as found:
        follow(found, pull(log, lambda: next(turns)))
        assert compared(found, log) == []


# --- damaged


BEYOND = {"position": 10**9, "last_day": 10**9, "number": 10**6, "assessed": True}
"""Keys that no row has, where they are no text."""


def other(column: Column[Any], value: Any) -> Any:
    """Another value for a column."""
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, Text | CheckedText):
        return f"{value or ''}x"
    return (value or 0) + 1


def test_every_change_of_a_row_is_named(followed: ReadModels, anew: ReadModels) -> None:
    """In each table a row is taken away, changed in each of its columns, and put under another key."""

    def found_in(name: str) -> list[str]:
        with followed.reading() as live, anew.reading() as fresh:
            return list(differences(name, live, fresh))

    def run(*statements: Executable) -> None:
        with followed.writing() as connection:
            for statement in statements:
                connection.execute(statement)

    for name, table in tables_of(followed).items():
        keys = list(table.primary_key.columns)
        with followed.reading() as live:
            row = dict(live.connection.execute(select(table).order_by(*keys).limit(1)).mappings().one())
        here = [column == row[column.name] for column in keys]
        mend = "`parley rebuild` makes the read models anew"
        run(delete(table).where(*here))
        (told,) = found_in(name)
        assert told.startswith(f"{name} lacks the row for {row[keys[0].name]}")
        assert told.endswith(mend)
        run(insert(table).values(row))
        assert found_in(name) == []
        for column in set(table.columns) - set(keys):
            run(update(table).where(*here).values({column.name: other(column, row[column.name])}))
            if column.name in NOT_COMPARED.get(name, ()):
                assert found_in(name) == []
            else:
                (told,) = found_in(name)
                assert told.startswith(f"{name} has another {column.name} for {row[keys[0].name]}")
                assert told.endswith(mend)
            run(update(table).where(*here).values(row))
        moved = {keys[-1].name: BEYOND.get(keys[-1].name, f"{row[keys[-1].name]} and more")}
        run(update(table).where(*here).values(moved))
        lacking, idle = sorted(found_in(name), key=lambda text: "lacks" not in text)
        assert lacking.startswith(f"{name} lacks the row for {row[keys[0].name]}")
        assert idle.startswith(f"{name} has a row for ")
        assert idle.endswith(f"that the log does not give: {mend}")
