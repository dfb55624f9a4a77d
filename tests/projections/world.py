"""Logs for the tests of the read models: recorded events without a ledger, and statuses made in each way."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from domain.event import Recorded, Unreadable
from domain.vocabulary import OPENINGS
from projections import queries, status
from projections.catch_up import Pull, catch_up
from projections.picture import picture_of
from projections.views import Reading, Views
from tests.spec import wire
from tests.strategies import read

REFERENCES = ("between", "senders", "organiser")
SLOW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
NOW = datetime(2017, 10, 30, 12, tzinfo=UTC)
Wire = dict[str, Any]


def recorded(history: Sequence[Wire]) -> list[Recorded]:
    """The history as a log would have recorded it, one event a minute."""
    versions: dict[str, int] = {}
    log = []
    for position, sent in enumerate(history, 1):
        event = read(sent)
        versions[event.subject] = versions.get(event.subject, 0) + 1
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=position)
        log.append(Recorded(event, position, versions[event.subject], at, "office", 1))
    return log


def opened(*subjects: str, **fields: Any) -> list[Wire]:
    """The openings of subjects, with references to nothing but the process `first`."""
    found = []
    for subject in subjects:
        payload = OPENINGS[subject.partition("/")[0]]
        data = {name: value for name, value in payload.example.items() if name not in REFERENCES}
        if "processes" in data:
            data["processes"] = ["first"]
        found.append(wire(payload.__name__, **{"subject": subject, "occurred": "2017-10-01", "data": data, **fields}))
    return found


def history(log: Sequence[Recorded]) -> list[Wire]:
    """The reports of a log as they were sent."""
    return [one.event.model_dump(mode="json", exclude_unset=True) for one in log]


def pull(log: Sequence[Recorded | Unreadable], at_most: Callable[[], int] = lambda: 1000) -> Pull:
    """Reads a log that lies in memory, in batches of any size."""
    return lambda after, limit: [r for r in log if r.position > after][: min(limit, at_most())]


@contextmanager
def views() -> Iterator[Views]:
    with tempfile.TemporaryDirectory() as directory:
        found = Views(Path(directory) / "views.db")
        try:
            yield found
        finally:
            found.close()


@contextmanager
def reading(*history: Wire) -> Iterator[Reading]:
    """The read models of a history, in the order in which it came in."""
    with views() as found:
        follow(found, pull(recorded(history)))
        with found.reading() as snapshot:
            yield snapshot


def follow(found: Views, source: Pull) -> None:
    """Catches up until nothing moves."""
    position = -1
    while position != (position := catch_up(found, source).position):
        pass


def kept(found: Views, process: str, now: datetime = NOW) -> Wire:
    """The status as the read models give it."""
    with found.reading() as reading:
        return plain(queries.process_status(reading, process, now)[0])


def folded(log: Sequence[Recorded], process: str, now: datetime = NOW, newest: int = 10) -> Wire:
    """The status as a pure fold of the log gives it."""
    found = picture_of(log, process, newest)
    return plain(
        status.compose(
            found,
            now,
            lambda ids: {one: found.events[one] for one in dict.fromkeys(ids)},
            lambda ids: {one: found.actors[one] for one in ids},
        )
    )


def plain(answer: Any) -> Wire:
    """As JSON would carry it."""
    shown: Wire = json.loads(json.dumps(answer, sort_keys=True))
    return shown


def processes_of(log: Sequence[Recorded]) -> list[str]:
    return sorted({r.subject.partition("/")[2] for r in log if r.subject.startswith("processes/")})
