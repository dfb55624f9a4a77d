"""Sixteen clients append to a few subjects, each to the version that it last saw: one of them wins each version.

`tests.faults.history.check` proves it from what the clients saw and the log in the end. Two processes serve, so that it
is not one writer that decides, but the lock of the database.

`PARLEY_LONG=1` makes it 10,000 appends instead of 200, with one process and with two, which takes a minute or two for
each of the four.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import count

import pytest

from ledger.ledger import Ledger
from tests.faults.clients import Client, entry, log_of, report
from tests.faults.history import STALE, Acknowledged, Append, Operation, check
from tests.faults.serving import Server

LONG = os.environ.get("PARLEY_LONG") == "1"
APPENDS = 10_000 if LONG else 200
CLIENTS = 16
SUBJECTS = ("processes/first", "talks/first", "talks/second")


class Rival(Client):
    """A client that appends to what it has seen."""

    def __init__(self, number: int, url: str) -> None:
        super().__init__(number, url)
        self._random = random.Random(number)
        self._seen = dict.fromkeys(SUBJECTS, 0)
        """The position up to which it has seen a subject,"""
        self._versions = dict.fromkeys(SUBJECTS, 0)
        """and its version there."""

    def compete(self, turns: Iterator[int]) -> None:
        """Appends until all turns are taken."""
        while next(turns) < APPENDS:
            subject, *others = self._random.sample(SUBJECTS, 2 if self._random.random() < 0.1 else 1)
            for one in (subject, *others):
                self._look(one)
            if self._random.random() < 0.2:
                self._read_something_else()
            self._append(subject, others)

    def _look(self, subject: str) -> None:
        """Reads what is new on a subject, unless it thinks it knows."""
        if self._versions[subject] and self._random.random() < 0.3:
            return
        while read := self.read(self._seen[subject], subject=subject, lines=self._random.random() < 0.5):
            if read.shown:
                self._versions[subject] = read.shown[-1].version
            self._seen[subject] = read.shown[-1].position if read.shown else max(read.after, read.head)
            if read.limit is None or len(read.shown) < read.limit:
                return

    def _read_something_else(self) -> None:
        if self._random.random() < 0.5:
            self.read_head()
        else:
            self.read(max(min(self._seen.values()) - 5, 0), limit=self._random.randint(1, 30))

    def _append(self, subject: str, others: list[str]) -> None:
        version, some = self._versions[subject], self._random.choice((1, 1, 1, 2, 3))
        if others:
            events = [report(self._random, one, self._versions[one]) for one in (subject, *others)]
            outcome = self.append(events)
        elif self._random.random() < 0.3:
            outcome = self.append([report(self._random, subject) for _ in range(some)], if_match=version)
        else:
            each_says = self._random.random() < 0.5
            outcome = self.append(
                [report(self._random, subject, version + n if n == 0 or each_says else None) for n in range(some)]
            )
        if isinstance(outcome, Acknowledged):
            for told in outcome.entries:
                self._versions[told.subject] = told.version


@pytest.mark.parametrize("workers", [2, 1] if LONG else [2])
def test_one_wins_each_version(server: Server, workers: int) -> None:
    server.start(workers)
    rivals = [Rival(number, server.url) for number in range(CLIENTS)]
    with ExitStack() as stack:
        for rival in rivals:
            stack.enter_context(rival)
        rivals[0].open(SUBJECTS)
        turns = count()
        with ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(rival.compete, turns) for rival in rivals]:
                done.result()
        replayed = rivals[0].replayed()
    with closing(Ledger(server.where)) as ledger:
        log = log_of(ledger)
    assert log == list(map(entry, replayed)), "over HTTP it is the same as in the database"
    history = [operation for rival in rivals for operation in rival.history]
    assert check(history, log) == []

    tried = Counter((event.subject, event.expected) for one in appends(history) for event in one.events)
    contested = sum(times > 1 for (_, expected), times in tried.items() if expected is not None)
    outcomes = Counter(str(getattr(one.outcome, "kind", type(one.outcome).__name__)) for one in appends(history))
    print(f"{len(history)} operations, {len(log)} events, {contested} versions contested, {dict(outcomes)}")
    assert len(appends(history)) == APPENDS + 1
    assert contested > APPENDS / 20, "or nothing was proved"
    assert set(outcomes) == {"Acknowledged", *STALE}, "nothing else was told"
    server.stop()


def appends(history: Sequence[Operation]) -> list[Append]:
    return [one for one in history if isinstance(one, Append)]
