"""Whoever brings the read models up to date is killed in the middle of a batch, over and over.

It is stopped at random moments; if it is in the middle then, it is killed there, else it goes on until the next moment.
Nothing may be applied twice or left out: in the end each row is compared with what the log gives.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import closing, suppress
from uuid import uuid4

import pytest

from ledger.append import Append
from ledger.ledger import Ledger
from ledger.mapper import Draft
from projections.batch import open_read_models
from tests.faults.surroundings import LONG, Command, Site, held, on_linux, site, whole
from tests.ledger.sending import draft, opening, statement
from tests.waiting import PATIENCE, eventually

__all__ = ["site"]

pytestmark = on_linux

KILLS = {"project": 100, "serve": 30} if LONG else {"project": 2, "serve": 1}
BACKLOG = 2_500
"""Events that wait at least when a worker starts: more than go into two batches."""


def more(ledger: Ledger, number: int, chance: random.Random) -> None:
    """Records some more, of several kinds, on several subjects, with reports that are taken back."""
    while number > 0:
        talks = f"talks/{uuid4()}"
        drafts: list[Draft] = [opening(talks, id=str(uuid4())), opening(f"convoys/{uuid4()}", id=str(uuid4()))]
        for _ in range(chance.randint(50, 200)):
            drafts.append(statement(talks, id=str(uuid4())))
            if chance.random() < 0.1:
                data = {"event": str(drafts[-1].event.id), "reason": "it was sent twice"}
                drafts.append(draft("EventRetracted", subject=talks, id=str(uuid4()), data=data))
        ledger.append(Append(tuple(drafts)))
        number -= len(drafts)


def killed_in_the_middle(worker: Command, site: Site, chance: random.Random, feed: Callable[[], None]) -> None:
    """Waits for a batch, and kills it there. It is fed on: it may be done before it is caught."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        time.sleep(chance.uniform(0, 0.1))
        _tell(worker, signal.SIGSTOP)
        if held(site):
            worker.kill()
            return
        _tell(worker, signal.SIGCONT)
        feed()
        time.sleep(0.005)
    raise AssertionError("it never was in the middle of a batch")


def _tell(worker: Command, what: signal.Signals) -> None:
    for process in worker.family():
        with suppress(ProcessLookupError):
            os.kill(process, what)


@pytest.mark.parametrize("command", ["project", "serve"])
def test_nothing_is_applied_twice_or_left_out(site: Site, command: str) -> None:
    chance = random.Random(command)
    positions: list[int] = []
    with closing(Ledger(site.where, lock_timeout=30)) as ledger, closing(open_read_models(site.views_at)) as views:

        def feed() -> None:
            more(ledger, BACKLOG - (ledger.head() - views.position()), chance)

        ledger.append(Append((opening("processes/first", id=str(uuid4())),)))
        for _ in range(KILLS[command]):
            positions.append(views.position())
            feed()
            if command == "project":
                worker: Command = site.project()
            else:  # it makes the tables under the same lock first
                worker = site.begin_to_serve()
                eventually(lambda: views.position() > positions[-1])
            killed_in_the_middle(worker, site, chance, feed)
        assert positions == sorted(positions), "what was committed stays"
        last = site.project() if command == "project" else site.serve()
        eventually(lambda: views.position() == ledger.head())
        last.stop()
        whole(ledger, views)
