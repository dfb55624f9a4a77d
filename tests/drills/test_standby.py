"""The drill, with seconds of load; and what is acknowledged while the standby of a synchronous primary is away.

It starts servers of its own: what it does to them, nobody would have done to his.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from domain.errors import Unavailable
from ledger import postgres
from ledger.append import Append, Appended
from ledger.ledger import Ledger
from tests.drills.pair import STANDBY, Pair, at, pair
from tests.drills.standby import QUICK, alone, fail_over
from tests.ledger.sending import begin, statement
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc and kills servers")


def test_the_standby_takes_over_and_nothing_that_was_acknowledged_is_lost() -> None:
    outcome = fail_over(QUICK, synchronous=True)
    assert outcome.acknowledged > 0
    assert outcome.lost == []
    assert outcome.faults == []


def test_a_primary_without_its_standby_goes_on_once_it_need_not_wait_for_it() -> None:
    outcome = alone(QUICK)
    assert outcome.acknowledged > 0
    assert outcome.lost == []
    assert outcome.faults == []


# --- what is on one disk only is not acknowledged


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    with pair(synchronous=True) as both:
        yield both


@pytest.fixture
def ledger(both: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """A log that a commit waits for the standby of, which is away. At the end it is back."""
    monkeypatch.setattr(postgres, "SILENT_AT_MOST", 1)
    with closing(Ledger(both.url, lock_timeout=1, settle=2)) as ledger:
        if ledger.head() == 0:
            begin(ledger)
        both.standby.stop()
        yield ledger
    both.wait_for_standby("")
    both.standby.start()
    eventually(lambda: both.streaming() == "async")
    both.wait_for_standby(STANDBY)
    eventually(lambda: both.streaming() == "sync")


def waiting(both: Pair) -> list[int]:
    """The processes of the server that wait for the standby."""
    with at(both.primary) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        return [int(row[0]) for row in connection.execute(query).fetchall()]


@pytest.mark.parametrize("ended", [None, "pg_cancel_backend", "pg_terminate_backend"])
def test_what_the_standby_has_not_confirmed_is_not_acknowledged(both: Pair, ledger: Ledger, ended: str | None) -> None:
    """Not even if an administrator ends the waiting: then the event is there, but on one disk only."""
    head, answers = ledger.head(), list[Appended | Unavailable]()
    request = Append((statement(id=str(uuid4())),))

    def send() -> None:
        try:
            answers.append(ledger.append(request))
        except Unavailable as refusal:
            answers.append(refusal)

    sender = threading.Thread(target=send)
    sender.start()
    while sender.is_alive():
        eventually(lambda: waiting(both) or not sender.is_alive())
        with at(both.primary) as connection:
            for pid in waiting(both) if ended else ():
                connection.execute(f"SELECT {ended}({pid})")
        time.sleep(0.1)
    (answer,) = answers
    assert isinstance(answer, Unavailable)
    assert ledger.head() == (head + 1 if ended else head)
    with pytest.raises(Unavailable):
        ledger.append(request)

    both.wait_for_standby("")
    eventually(lambda: not waiting(both))
    told = ledger.append(request)
    assert (told.position, told.new) == (head + 1, 0)
    assert ledger.head() == head + 1
