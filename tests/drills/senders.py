"""Those who use the servers while a database fails: some append, some ask, and one follows the log live."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2

from tests.api.sending import opening, statement
from tests.waiting import PATIENCE, eventually

TIMEOUT = httpx2.Timeout(60, connect=5)
"""Seconds, as the command line has it: a server may wait for 20 until it knows what became of an append."""
PAUSE = 0.5
"""Seconds before it is tried again where nobody answered."""
NO_ANSWER, TIMED_OUT = "no answer", "no answer in time"


@dataclass(slots=True)
class Sent:
    """An event, and what its sender was told of it."""

    id: str
    subject: str
    tries: list[str] = field(default_factory=list)
    """What each try brought: a status, or no answer."""
    position: int = 0
    version: int = 0
    at: float = 0.0
    """When it was acknowledged, by the monotonic clock; 0 if it was not."""


class Crowd:
    """Threads that do something over and over until they are stopped."""

    def __init__(self, *work: Callable[[], None]) -> None:
        self.stopping = threading.Event()
        self._threads = [threading.Thread(target=one, daemon=True) for one in work]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE * 2)


class Senders(Crowd):
    """They append to the servers in turn, one event after another, and send each under its id until it is recorded.

    Args:
        addresses: of the servers.
        number: how many senders.
    """

    def __init__(self, addresses: list[str], number: int) -> None:
        super().__init__(*(lambda number=number: self._send(number) for number in range(number)))
        self.addresses = addresses
        self.sent: list[Sent] = []
        self.refusals: Counter[str] = Counter()
        """What answers said that were not 200 or 201, and how often."""
        subjects = ["processes/first", *(f"talks/of-{number}" for number in range(number))]
        opened = httpx2.post(
            f"{addresses[0]}/v1/events", json=[opening(one, id=str(uuid4())) for one in subjects], timeout=120
        )
        assert opened.status_code == 201, opened.text

    def acknowledged(self, after: float = 0.0) -> list[Sent]:
        """In the order in which they were."""
        return sorted((one for one in list(self.sent) if one.at > after), key=lambda one: one.at)

    def tries(self) -> Counter[str]:
        return Counter(tried for one in list(self.sent) for tried in one.tries)

    def _send(self, number: int) -> None:
        with ExitStack() as stack:
            clients = [
                stack.enter_context(httpx2.Client(base_url=address, timeout=TIMEOUT)) for address in self.addresses
            ]
            turns = count(number)
            while not self.stopping.is_set():
                # Some write to a subject of their own, some to one that all of them write to.
                one = Sent(str(uuid4()), "processes/first" if next(turns) % 2 else f"talks/of-{number}")
                self.sent.append(one)
                body = json.dumps(statement(one.subject, id=one.id))
                until = time.monotonic() + PATIENCE
                while not one.at and not (self.stopping.is_set() and time.monotonic() > until):
                    self._try(one, body, clients[next(turns) % len(clients)])

    def _try(self, one: Sent, body: str, http: httpx2.Client) -> None:
        headers = {"Content-Type": "application/json", "Prefer": "return=minimal"}
        try:
            answer = http.post("/v1/events", content=body, headers=headers)
        except httpx2.TransportError as error:
            one.tries.append(TIMED_OUT if isinstance(error, httpx2.TimeoutException) else NO_ANSWER)
            time.sleep(PAUSE)
            return
        one.tries.append(str(answer.status_code))
        told: dict[str, Any] = answer.json()
        if answer.status_code in (200, 201):
            (event,) = told["events"]
            one.position, one.version, one.at = event["position"], event["version"], time.monotonic()
        else:
            self.refusals[f"{answer.status_code}: {told['detail']}"] += 1
            time.sleep(float(answer.headers.get("Retry-After", PAUSE)))


class Onlookers(Crowd):
    """They ask for the status of a process, and one follows the log live.

    Args:
        addresses: of the servers.
    """

    def __init__(self, addresses: list[str]) -> None:
        super().__init__(self._ask)
        self.addresses = addresses
        self._follower = threading.Thread(target=self._follow, daemon=True)  # nobody waits for its end
        self.answers: Counter[str] = Counter()
        self.heard: list[tuple[int, str]] = []
        """Position and id of each event that came over the live stream."""
        self.connections = 0
        """How often the live stream was begun."""

    def start(self) -> None:
        super().start()
        self._follower.start()

    def hear(self, head: int) -> None:
        """Waits until the live stream has told of the event at this position."""
        eventually(lambda: self.heard and self.heard[-1][0] >= head)

    def _ask(self) -> None:
        for turn in count():
            if self.stopping.wait(0.2):
                return
            address = self.addresses[turn % len(self.addresses)]
            try:
                answer = httpx2.get(f"{address}/v1/processes/first", timeout=TIMEOUT)
                self.answers[str(answer.status_code)] += 1
            except httpx2.TransportError:
                self.answers[NO_ANSWER] += 1

    def _follow(self) -> None:
        with httpx2.Client(timeout=httpx2.Timeout(20, connect=5)) as http:
            while not self.stopping.is_set():
                address = self.addresses[self.connections % len(self.addresses)]
                self.connections += 1
                with suppress(httpx2.TransportError):
                    self._listen(http, address)
                self.stopping.wait(PAUSE)

    def _listen(self, http: httpx2.Client, address: str) -> None:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(self.heard[-1][0] if self.heard else 0)}
        with http.stream("GET", f"{address}/v1/events", headers=headers) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    self.heard.append((event["position"], event["id"]))
                if self.stopping.is_set():
                    return
