"""Clients over HTTP that write down all they do: what they sent and asked, when, and what they were told."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx2

from domain.event import Recorded, instant
from ledger.ledger import Ledger
from tests.api.sending import Wire, opening
from tests.faults.history import Acknowledged, Append, Entry, Event, Operation, Read, Refused, Unknown
from tests.spec import wire

TIMEOUT = httpx2.Timeout(60, connect=5)
"""Seconds: a server may wait for 20 until it knows what became of an append."""
AGAIN = 0.05
"""Seconds before a request is sent again,"""
TRIES = 6_000
"""and how often it is: a slow machine may need minutes to start a server."""
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
PAGE, LINES = "application/json", "application/x-ndjson"
ON_PAGE = 100
"""Events on a page, if nothing else is asked for."""


class Client:
    """One client, which does one thing after another.

    Args:
        number: of the client.
        url: of the server.
    """

    def __init__(self, number: int, url: str) -> None:
        self.number = number
        self.history: list[Operation] = []
        self.acknowledged = 0
        """How many requests were."""
        self._http = httpx2.Client(base_url=url, timeout=TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def open(self, subjects: Sequence[str]) -> None:
        """Opens subjects, all at once."""
        outcome = self.append([opening(subject, id=str(uuid4())) for subject in subjects])
        assert isinstance(outcome, Acknowledged), outcome

    def append(
        self, events: Sequence[Wire], *, if_match: int | None = None, prefer: str = "return=minimal"
    ) -> Acknowledged | Refused | Unknown | None:
        """Sends events, one by itself or several as an array. None if they could not be sent.

        Args:
            events: each with its id.
            if_match: the version that their one subject must have.
            prefer: the header of this name.
        """
        headers = {"Content-Type": "application/json", "Prefer": prefer}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        body = json.dumps(events[0] if len(events) == 1 else events)
        invoked = time.monotonic_ns()
        try:
            outcome = _outcome(self._http.post("/v1/events", content=body, headers=headers))
        except NEVER_SENT:
            return None
        except httpx2.TransportError as error:
            outcome = Unknown(type(error).__name__)
        sent = [Event(event["id"], event["subject"], event.get("expected_version")) for event in events]
        if if_match is not None:
            sent[0] = Event(sent[0].id, sent[0].subject, if_match)
        self.history.append(Append(self.number, invoked, time.monotonic_ns(), tuple(sent), outcome))
        self.acknowledged += isinstance(outcome, Acknowledged)
        return outcome

    def append_until_answered(
        self, events: Sequence[Wire], *, prefer: str = "return=minimal"
    ) -> Acknowledged | Refused:
        """Sends events, and sends them again under the same ids as long as nobody says what became of them."""
        for _ in range(TRIES):
            outcome = self.append(events, prefer=prefer)
            if isinstance(outcome, Acknowledged | Refused):
                return outcome
            time.sleep(AGAIN)
        raise AssertionError(f"no answer in {TRIES} tries, and at last {outcome}")

    def read(
        self, after: int = 0, *, subject: str | None = None, limit: int | None = None, lines: bool = False
    ) -> Read | None:
        """Reads a page of the log, or all of it as lines. None if there was no answer.

        Args:
            after: a position.
            subject: whose events; of all if left out.
            limit: of a page.
            lines: whether to read all that there is.
        """
        asked: dict[str, str | int] = {"after": after}
        if subject is not None:
            asked["subject"] = subject
        if limit is not None:
            asked["limit"] = limit
        at_most = None if lines else limit or ON_PAGE
        invoked = time.monotonic_ns()
        answer = self._get("/v1/events", asked, LINES if lines else PAGE)
        if answer is None:
            return None
        events = [json.loads(line) for line in answer.text.splitlines()] if lines else answer.json()["events"]
        shown, head = tuple(map(entry, events)), int(answer.headers["parley-position"])
        read = Read(self.number, invoked, time.monotonic_ns(), head, shown, after, subject, at_most)
        self.history.append(read)
        if not lines:
            more = answer.json()["next"]  # the position with a digest
            whole = len(shown) == at_most and more is not None and more.startswith(f"{shown[-1].position}-")
            assert more is None or whole, answer.text
        return read

    def read_head(self) -> int | None:
        """The last position of the log. None if there was no answer."""
        invoked = time.monotonic_ns()
        answer = self._get("/v1/head", {}, PAGE)
        if answer is None:
            return None
        head: int = answer.json()["position"]
        self.history.append(Read(self.number, invoked, time.monotonic_ns(), head, (), limit=0))
        return head

    def replayed(self) -> list[Wire]:
        """The whole log: as lines, and page by page, which must be the same."""
        answer = self._get("/v1/events", {}, LINES)
        assert answer is not None
        lines = [json.loads(line) for line in answer.text.splitlines()]
        pages: list[Wire] = []
        after: int | None = 0
        while after is not None:
            answer = self._get("/v1/events", {"after": after, "limit": 1000}, PAGE)
            assert answer is not None
            page = answer.json()
            pages += page["events"]
            after = page["next"]
        assert pages == lines
        return lines

    def _get(self, path: str, asked: dict[str, str | int], accept: str) -> httpx2.Response | None:
        try:
            answer = self._http.get(path, params=asked, headers={"Accept": accept})
        except httpx2.TransportError:
            return None
        assert answer.status_code in (200, 503), answer.text
        return answer if answer.status_code == 200 else None


def _outcome(answer: httpx2.Response) -> Acknowledged | Refused | Unknown:
    told = answer.json()
    if answer.status_code in (200, 201):
        return Acknowledged(tuple(map(entry, told["events"])), new=answer.status_code == 201)
    if answer.status_code >= 500:
        return Unknown(f"{answer.status_code}: {told['detail']}")
    return Refused(told["type"].rpartition("/")[2])


def entry(told: Wire) -> Entry:
    """An event as an answer tells of it."""
    return Entry(told["position"], told["id"], told["subject"], told["version"], told["recorded_at"])


def log_of(ledger: Ledger) -> list[Entry]:
    """The whole log, out of its database."""
    found: list[Entry] = []
    while some := ledger.read(len(found)):
        for one in some:
            assert isinstance(one, Recorded), one
            at = instant(one.recorded_at)
            found.append(Entry(one.position, str(one.event.id), one.event.subject, one.version, at))
    return found


def report(rng: random.Random, subject: str, expected: int | None = None) -> Wire:
    """A random report on talks or on a process, with an id of its own."""
    day = f"2017-10-{rng.randint(1, 30):02d}"
    names: dict[str, dict[str, Any] | None] = {
        "StatementMade": None,
        "IncidentReported": None,
        "FigureReported": {"measure": "fighters", "quantity": {"value": rng.randint(1, 3000)}, "scope": "all groups"},
    }
    if subject.startswith("talks/"):
        names |= {"TalksScheduled": {"when": f"2017-11-{rng.randint(1, 30):02d}"}, "TalksPostponed": {}}
    name = rng.choice([*names])
    version: dict[str, Any] = {} if expected is None else {"expected_version": expected}
    return wire(name, subject=subject, id=str(uuid4()), occurred=day, data=names[name], **version)
