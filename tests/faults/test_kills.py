"""A server is killed (SIGKILL) over and over while eight clients append to it.

Each client sends again, under the same ids, what it had no answer to, until it is told what became of it. In the end
every acknowledged event stands in the log once, what was refused does not, and the read models are what the log gives.

A server that is started again begins while what the killed one had started may still be at work, as it would be where
something restarts it at once. All of that must have ended soon after.

`PARLEY_LONG=1` makes it 200 kills instead of 2, which takes a quarter of an hour for each database on two cores.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import cycle, islice, pairwise

from ledger.ledger import Ledger
from tests.api.sending import Wire
from tests.faults.clients import Client, entry, log_of, report
from tests.faults.history import Acknowledged, Append, Event, Refused, Unknown, check
from tests.faults.serving import Killed, Server
from tests.waiting import eventually

LONG = os.environ.get("PARLEY_LONG") == "1"
KILLS = 200 if LONG else 2
CLIENTS = 8
SUBJECTS = ("processes/first", "talks/first", "talks/second", "talks/third")
ALONE = (1, Killed.SERVER)
ROUNDS = [ALONE, (2, Killed.ALL), ALONE, ALONE, (2, Killed.SERVER)]
"""How many processes serve, and who is killed; then from the beginning again. Two take long to start."""


class Sender(Client):
    """A client that sends each request until it is answered."""

    def __init__(self, number: int, url: str) -> None:
        super().__init__(number, url)
        self._random = random.Random(number)
        self._versions = dict.fromkeys(SUBJECTS, 1)
        """As it was last told."""
        self._sent: list[tuple[Wire, ...]] = []

    def work(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            if self._random.random() < 0.15:
                self.read(max(self._random.choice([0, -20, -200]) + (self.read_head() or 0), 0))
            events = tuple(self._events())
            self._sent.append(events)
            # Some wait until the read models show their events, as they do by default.
            prefer = "wait=1" if self._random.random() < 0.1 else "return=minimal"
            outcome = self.append_until_answered(events, prefer=prefer)
            for told in outcome.entries if isinstance(outcome, Acknowledged) else ():
                self._versions[told.subject] = told.version

    def send_again_what_was_lost(self) -> None:
        """Sends once more what was not answered at first. It must be told the same as in the end."""
        unanswered = {one.events[0].id for one in self.appends() if isinstance(one.outcome, Unknown)}
        told = {events[0].id: outcome for events, outcome in self.in_the_end().items()}
        for events in self._sent:
            if (first := str(events[0]["id"])) in unanswered:
                outcome, before = self.append_until_answered(events), told[first]
                if isinstance(before, Acknowledged):
                    assert outcome == Acknowledged(before.entries, new=False)
                else:
                    assert isinstance(outcome, Refused)

    def in_the_end(self) -> dict[tuple[Event, ...], Acknowledged | Refused | Unknown]:
        """What was told last of the events of each request."""
        return {one.events: one.outcome for one in self.appends()}

    def appends(self) -> list[Append]:
        return [one for one in self.history if isinstance(one, Append)]

    def _events(self) -> Sequence[Wire]:
        """One event or a few; of some, the first is to meet a version that another may have taken."""
        subject = self._random.choice(SUBJECTS)
        expected = self._versions[subject] if self._random.random() < 0.2 else None
        more = [self._random.choice(SUBJECTS) for _ in range(self._random.choice((0, 0, 0, 1, 2, 4)))]
        return [report(self._random, subject, expected), *(report(self._random, one) for one in more)]


def test_kills_lose_nothing_and_double_nothing(server: Server) -> None:
    rng = random.Random(KILLS)
    rounds = [*islice(cycle(ROUNDS if LONG or isinstance(server.where, str) else [ALONE]), KILLS), ALONE]
    stopping = threading.Event()
    senders = [Sender(number, server.url) for number in range(CLIENTS)]
    with ExitStack() as stack:
        for sender in senders:
            stack.enter_context(sender)
        server.start(rounds[0][0])
        senders[0].open(SUBJECTS)
        pool = stack.enter_context(ThreadPoolExecutor(CLIENTS))
        stack.callback(stopping.set)
        working = [pool.submit(sender.work, stopping) for sender in senders]
        for (_, whom), (workers, _) in pairwise(rounds):
            some = acknowledged(senders) + rng.randint(5, 60)
            while acknowledged(senders) < some and not any(done.done() for done in working):
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.03))
            server.kill(whom)
            server.start(workers)
        stopping.set()
        for done in working:
            done.result()
        outcomes = [one.outcome for sender in senders for one in sender.appends()]
        recorded = sum(isinstance(one, Acknowledged) and not one.new for one in outcomes)
        for sender in senders:
            sender.send_again_what_was_lost()
        replayed = senders[0].replayed()
        eventually(server.caught_up)
    with closing(Ledger(server.where)) as ledger:
        log = log_of(ledger)
    assert log == list(map(entry, replayed)), "over HTTP it is the same as in the database"
    history = [operation for sender in senders for operation in sender.history]
    assert check(history, log) == []

    standing = Counter(one.id for one in log)
    for sender in senders:
        for events, outcome in sender.in_the_end().items():
            times = 1 if isinstance(outcome, Acknowledged) else 0
            assert [standing[event.id] for event in events] == [times] * len(events)
    lost = sum(isinstance(outcome, Unknown) for outcome in outcomes)
    print(f"{len(history)} operations, {len(log)} events, {lost} requests cut off, of which {recorded} were recorded")
    assert lost >= KILLS / 2, "or they were not killed at work: on a busy machine all may rest at that moment"

    server.stop()
    assert server.errors == ""
    assert f"each row is what the log gives, up to position {len(log):,}" in " ".join(server.run("verify").split())


def acknowledged(senders: Sequence[Sender]) -> int:
    return sum(sender.acknowledged for sender in senders)
