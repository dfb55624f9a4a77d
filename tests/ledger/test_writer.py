"""The one writer: groups, a full queue, and what happens to those who wait when it stops."""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime

import pytest

from domain.errors import Refusal, StaleVersion, Unavailable
from ledger.append import Append, Appended
from ledger.ledger import Ledger
from ledger.writer import MAX_WAITING, Commit, Writer
from tests.ledger.sending import statement
from tests.waiting import PATIENCE


@pytest.fixture
def gate(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The log takes nothing until the gate is opened."""
    opened = threading.Event()
    append_group = ledger.append_group

    def waiting(requests: Sequence[Append], now: datetime | None = None) -> list[Appended | Refusal]:
        assert opened.wait(PATIENCE)
        return append_group(requests, now)

    monkeypatch.setattr(ledger, "append_group", waiting)
    return opened


def test_what_waits_shares_a_commit(ledger: Ledger, gate: threading.Event) -> None:
    commits: list[Commit] = []
    writer = Writer(ledger, commits.append)
    first = writer.submit(Append((statement(),)))
    while writer.waiting:
        pass
    others = [writer.submit(Append((statement(), statement()))) for _ in range(3)]
    stale = writer.submit(Append((statement(expected=99),)))
    gate.set()
    assert [answer.result(PATIENCE).position for answer in (first, *others)] == [3, 5, 7, 9]
    assert isinstance(stale.exception(30), StaleVersion)
    writer.close()
    assert commits == [Commit(position=3, requests=1, events=1), Commit(position=9, requests=4, events=6)]


def test_what_is_not_new_is_no_commit(ledger: Ledger) -> None:
    commits: list[Commit] = []
    writer = Writer(ledger, commits.append)
    once = statement()
    for _ in range(2):
        writer.submit(Append((once,))).result(PATIENCE)
    writer.submit(Append((statement(),), dry_run=True)).result(PATIENCE)
    writer.close()
    assert len(commits) == 1


def test_a_full_queue_is_told_at_once(ledger: Ledger, gate: threading.Event) -> None:
    writer = Writer(ledger)
    dry = Append((statement(),), dry_run=True)
    writer.submit(dry)
    while writer.waiting:
        pass
    waiting = [writer.submit(dry) for _ in range(MAX_WAITING)]
    assert writer.waiting == MAX_WAITING
    with pytest.raises(Unavailable, match="too many") as refusal:
        writer.submit(dry)
    assert refusal.value.retry
    gate.set()
    assert all(answer.result(PATIENCE) for answer in waiting)
    writer.close()


def test_closing_records_what_waits_and_takes_no_more(ledger: Ledger, gate: threading.Event) -> None:
    writer = Writer(ledger)
    waiting = [writer.submit(Append((statement(),))) for _ in range(5)]
    closing = threading.Thread(target=writer.close)
    closing.start()
    while not writer._closed:
        pass
    with pytest.raises(Unavailable, match="stopping"):
        writer.submit(Append((statement(),)))
    gate.set()
    closing.join(PATIENCE)
    writer.close()
    assert [answer.result(0).position for answer in waiting] == [3, 4, 5, 6, 7]


def test_what_was_given_up_before_its_turn_is_not_recorded(ledger: Ledger, gate: threading.Event) -> None:
    writer = Writer(ledger)
    first = writer.submit(Append((statement(),)))
    while writer.waiting:
        pass
    second, third = writer.submit(Append((statement(),))), writer.submit(Append((statement(),)))
    assert second.cancel()
    assert not first.cancel(), "it is on its way"
    gate.set()
    writer.close()
    assert (first.result(0).position, third.result(0).position, ledger.head()) == (3, 4, 4)


def test_a_fault_reaches_all_who_wait_and_the_writer_goes_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(ledger)
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "append_group", lambda *_: 1 / 0)
        assert isinstance(writer.submit(Append((statement(),))).exception(30), ZeroDivisionError)
    assert writer.submit(Append((statement(),))).result(PATIENCE).position == 3
    writer.close()


def test_a_watcher_that_fails_costs_no_answer(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: Commit) -> None:
        raise RuntimeError("no loop")

    writer = Writer(ledger, fails)
    with caplog.at_level(logging.CRITICAL + 1):
        assert [writer.submit(Append((statement(),))).result(PATIENCE).position for _ in range(2)] == [3, 4]
    writer.close()
