"""A log copied row by row, from each database to each: nothing is changed on the way, and nothing else is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.errors import Unavailable
from domain.event import Unreadable
from ledger import copying
from ledger.copying import Copied, NotCopied, copy, rows, summed
from ledger.ledger import ALL_EVENTS, Ledger
from ledger.recorder import FORMAT, TABLES, UNFINISHED
from tests import postgres
from tests.ledger.sending import append, draft, opening, statement

Everything = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def source(ledger: Ledger) -> Ledger:
    """A log with a bit of everything: a process that is named later, a revision, an event of a newer version."""
    append(ledger, opening("processes/second"), statement(), statement("processes/second"))
    said = append(ledger, statement(note="Ü بيان 𝔘")).events[0]
    data = {**opening("talks/first").event.data.model_dump(mode="json", exclude_unset=True), "processes": ["second"]}
    append(ledger, draft("TalksReported", subject="talks/first", data=data, expected=3))
    append(ledger, draft("EventRetracted", subject="talks/first", data={"event": str(said.id), "reason": "Ours."}))
    append(ledger, statement("processes/second"))
    edit(ledger, "UPDATE stored_events SET topic = 'EventOfTomorrow' WHERE {position} = 9")
    return ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def target_at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where an empty log may be put."""
    if request.param == "sqlite":
        yield tmp_path / "copy"
        return
    databases: postgres.Databases = request.getfixturevalue("databases")
    with databases.one() as url:
        yield url


@pytest.fixture
def open_target(target_at: Path | str) -> Iterator[Callable[..., Ledger]]:
    """Opens the target as often as asked, and closes all of them at the end."""
    opened: list[Ledger] = []

    def again(*, unfinished: bool = True) -> Ledger:
        opened.append(Ledger(target_at, lock_timeout=1, unfinished=unfinished))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def target(open_target: Callable[..., Ledger]) -> Ledger:
    return open_target()


@pytest.fixture
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "CHUNK_ROWS", 2)


small_chunks = pytest.mark.usefixtures("_small_chunks")


def edit(ledger: Ledger, query: str, *values: Any) -> None:
    with ledger.log.writing() as writing:
        writing.run(query, values)


def everything(ledger: Ledger) -> Everything:
    with ledger.log.snapshot() as log:
        return {table: list(rows(log, table)) for table in TABLES}


def copied(source: Ledger, target: Ledger, told: copying.Progress = copying.quiet) -> Copied:
    with source.log.snapshot() as log:
        return copy(log, target.log, told)


class BrokenOff(Exception):
    """What ends a copy in the middle."""


def broken_off(source: Ledger, target: Ledger, what: str, at: int) -> None:
    """A copy that ends when a step is so far."""

    def told(doing: str, done: int, _of: int) -> None:
        if (doing, done) == (what, at):
            raise BrokenOff

    with pytest.raises(BrokenOff):
        copied(source, target, told)


# --- what a copy is


@small_chunks
def test_a_copy_is_the_log_row_by_row(source: Ledger, target: Ledger, open_target: Callable[..., Ledger]) -> None:
    done = copied(source, target)
    assert (done.new, done.sum.position) == (9, 9)
    assert everything(target) == everything(source)
    assert target.log.format() == FORMAT
    opened = open_target(unfinished=False)
    assert list(opened.replay()) == list(source.replay())
    assert isinstance(opened.read(8)[0], Unreadable), "what cannot be read is copied too"
    assert append(opened, statement()).position == 10


def test_an_empty_log_is_copied(empty: Ledger, target: Ledger) -> None:
    done = copied(empty, target)
    assert (done.new, done.sum.position) == (0, 0)
    assert target.log.format() == FORMAT


def test_copying_again_adds_what_is_new(source: Ledger, target: Ledger) -> None:
    first = copied(source, target)
    again = copied(source, target)
    assert (again.new, again.sum) == (0, first.sum)
    append(source, statement(), statement())
    assert copied(source, target).new == 2
    assert everything(target) == everything(source)


def test_large_events_go_a_few_at_a_time(source: Ledger, target: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "CHUNK_BYTES", 2000)
    append(source, statement(note="x" * 5000), statement(), statement(note="x" * 5000))
    steps: list[int] = []
    copied(source, target, lambda what, done, _: steps.append(done) if what == "Copying" else None)
    assert steps[-1] == 12
    assert {10, 12} <= set(steps)
    assert everything(target) == everything(source)


@small_chunks
def test_what_is_recorded_meanwhile_is_not_in_the_copy(source: Ledger, target: Ledger) -> None:
    before = everything(source)

    def told(what: str, _done: int, _of: int) -> None:
        if what == "Copying":
            append(source, statement())

    assert copied(source, target, told).sum.position == 9
    assert source.head() > 9
    assert everything(target) == before


# --- broken off


@small_chunks
@pytest.mark.parametrize(("what", "at"), [("Copying", 0), ("Copying", 4), ("Copying", 9), ("Reading", 8)])
def test_a_copy_that_was_broken_off_goes_on(
    source: Ledger, target: Ledger, open_target: Callable[..., Ledger], what: str, at: int
) -> None:
    broken_off(source, target, what, at)
    assert target.head() == (at if what == "Copying" else 9)
    assert target.log.format() == UNFINISHED
    with pytest.raises(Unavailable, match="unfinished copy"):
        open_target(unfinished=False)

    # Meanwhile an earlier subject comes into another process: its old events are filed there too.
    data = {**opening("talks/first").event.data.model_dump(mode="json", exclude_unset=True), "processes": ["third"]}
    append(source, opening("processes/third"))
    append(source, draft("TalksReported", subject="talks/first", data=data, expected=5))

    assert copied(source, target).new == source.head() - (at if what == "Copying" else 9)
    assert everything(target) == everything(source)
    assert ("third", 2) in everything(target)["process_events"]
    open_target(unfinished=False)


@small_chunks
@pytest.mark.parametrize("target_at", ["postgresql"], indirect=True)
def test_a_lost_connection_breaks_off_and_goes_on(source: Ledger, target: Ledger) -> None:
    url = str(target.where)

    def told(what: str, done: int, _of: int) -> None:
        if (what, done) == ("Copying", 4):
            with psycopg.connect(url) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid != pg_backend_pid()"
                )

    with pytest.raises(NotCopied, match="run the same command again, it goes on"):
        copied(source, target, told)
    assert copied(source, target).new == 5
    assert everything(target) == everything(source)


# --- what is not touched


def test_a_target_that_holds_another_log_is_not_touched(source: Ledger, target: Ledger) -> None:
    append(target, opening("processes/first"), opening("talks/first"))
    before = everything(target)
    with pytest.raises(NotCopied, match=r"holds another log \(position 1 is another event there\)"):
        copied(source, target)
    assert everything(target) == before
    assert target.log.format() == FORMAT


def test_a_target_that_went_on_by_itself_is_not_touched(source: Ledger, target: Ledger) -> None:
    copied(source, target)
    append(target, statement(), statement())
    append(source, statement())
    before = everything(target)
    with pytest.raises(NotCopied, match="holds 11 events and the log only 10"):
        copied(source, target)
    append(source, statement())
    with pytest.raises(NotCopied, match="position 10 is another event there"):
        copied(source, target)
    assert everything(target) == before
    assert target.log.format() == FORMAT


@small_chunks
def test_another_writer_is_found_out(source: Ledger, target: Ledger, open_target: Callable[..., Ledger]) -> None:
    other = open_target()

    def told(what: str, done: int, _of: int) -> None:
        if (what, done) == ("Copying", 4):
            append(other, opening("convoys/other"))

    with pytest.raises(NotCopied, match="another program writes to the target"):
        copied(source, target, told)
    assert target.head() == 5


def test_a_copy_that_differs_is_found_out(source: Ledger, target: Ledger) -> None:
    copied(source, target)
    edit(target, "DELETE FROM subject_processes")
    with pytest.raises(NotCopied, match="differs from the log in subject_processes"):
        copied(source, target)


@pytest.mark.parametrize("target_at", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM stored_events WHERE {position} = 4",
        "DELETE FROM stored_events WHERE {position} = 1",
        "DELETE FROM stored_events WHERE {position} = 9",
        "DELETE FROM event_index WHERE position = 4",
        "DELETE FROM event_index WHERE position = 9",
    ],
)
def test_a_damaged_log_is_not_copied(source: Ledger, target: Ledger, damage: str) -> None:
    edit(source, damage)
    with pytest.raises(NotCopied, match=r"the log is damaged.*parley verify"):
        copied(source, target)
    assert (target.head(), target.log.format()) == (0, FORMAT)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_damaged_value_is_not_copied(source: Ledger, target: Ledger) -> None:
    """SQLite takes any value in any column."""
    edit(source, "UPDATE stored_events SET state = 'text' WHERE {position} = 4")
    with pytest.raises(NotCopied, match="the row 4 of stored_events is damaged"):
        copied(source, target)


# --- the sum


def test_the_sum_is_made_as_it_says(ledger: Ledger) -> None:
    def line(table: str, *found: tuple[Any, ...]) -> str:
        texts = [v if isinstance(v, bytes) else str(v).encode() for row in found for v in row]
        whole = b"".join(str(len(text)).encode() + b":" + text + b"," for text in texts)
        return f"{table} {len(found)} {hashlib.sha256(whole).hexdigest()}\n"

    events = [
        (p, n.originator_id, n.originator_version, n.topic, n.state)
        for p, n in enumerate(ledger.log.select(0, 9, ALL_EVENTS), 1)
    ]
    index = [tuple(row) for row in ledger.log.fetch("SELECT position, event_id, recorded_at, digest FROM event_index")]
    text = line("stored_events", *events) + line("event_index", *sorted(index)) + line("event_references")
    text += line("process_events", ("first", 1), ("first", 2)) + line("subject_processes", ("talks/first", "first"))
    with ledger.log.snapshot() as log:
        assert summed(log, 2).sha256 == hashlib.sha256(text.encode()).hexdigest()
