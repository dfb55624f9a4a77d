"""Logs for the tests of the read models: recorded events without a ledger, and statuses made in each way."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete

from domain.actors import ActorState
from domain.event import Recorded, Unreadable
from domain.families import OPENINGS
from domain.values import Subject
from projections.batch import open_read_models
from projections.catch_up import Pull, catch_up, reading_at, wall_clock
from projections.queries import status
from projections.queries.at_horizon import PRESENT, HorizonRequest, ProcessView
from projections.queries.snapshot import ProcessSnapshot, findings_in, fold_snapshot
from projections.read_models.findings import glance_at
from projections.storage.generations import GenerationProgress, ReadModels, ReadTransaction
from tests import postgres
from tests.examples import examples
from tests.spec import example_of, wire
from tests.strategies import read

REFERENCES = ("between", "senders", "organiser")
SLOW = examples(12)
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
        data = {name: value for name, value in example_of(payload.__name__).items() if name not in REFERENCES}
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


class Databases:
    """Read models in databases of a PostgreSQL server, emptied for the next who asks: it takes long to make them."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._idle: list[ReadModels] = []
        self._all = ExitStack()

    def take(self) -> ReadModels:
        if self._idle:
            return self._idle.pop()
        read_models = open_read_models(self._all.enter_context(postgres.database(self._server)))
        self._all.callback(read_models.close)
        return read_models

    def give_back(self, read_models: ReadModels) -> None:
        _empty(read_models)
        self._idle.append(read_models)

    def close(self) -> None:
        self._all.close()


_databases: Databases | None = None


@contextmanager
def kept_in(databases: Databases | None) -> Iterator[None]:
    """While it lasts, `views` gives read models in these databases; in files, if that is None."""
    global _databases
    _databases = databases
    yield
    _databases = None


@contextmanager
def views() -> Iterator[ReadModels]:
    if (databases := _databases) is not None:
        found = databases.take()
        try:
            yield found
        finally:
            databases.give_back(found)
        return
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "views.db").write_bytes(_new_file())
        found = open_read_models(Path(directory) / "views.db")
        try:
            yield found
        finally:
            found.close()


@cache
def _new_file() -> bytes:
    """A file of read models as it is at first: to copy it is quicker than to make all tables."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "views.db"
        open_read_models(file).close()
        return file.read_bytes()


def _empty(found: ReadModels) -> None:
    """Read models as they are at first."""
    with found.restructuring() as connection:
        live = found.live(connection)
        if live is None:
            found.begin_generation(connection, live=True)
            return
        for table in found.tables(live.generation).meta.tables.values():
            connection.execute(delete(table))
        found.advance(connection, GenerationProgress(live.generation, 0, None))


@contextmanager
def reading(*history: Wire) -> Iterator[ReadTransaction]:
    """The read models of a history, in the order in which it came in, by the clock on the wall."""
    with views() as found:
        follow(found, pull(recorded(history)), wall_clock())
        with found.reading() as snapshot:
            yield snapshot


def follow(found: ReadModels, source: Pull, now: datetime = NOW) -> None:
    """Catches up until nothing moves."""
    position = -1
    while position != (position := catch_up(found, source, clock=lambda: now).position):
        pass


def kept(found: ReadModels, process: str, now: datetime = NOW, asked: HorizonRequest = PRESENT) -> Wire:
    """The status as the read models give it."""
    with reading_at(found, now) as reading:
        return plain(status.process_status(reading, process, now, asked)[0])


def folded(
    log: Sequence[Recorded], process: str, now: datetime = NOW, newest: int = 10, asked: HorizonRequest = PRESENT
) -> Wire:
    """The status as a pure fold of the log gives it."""
    return plain(status.compose(scene_of(pictured(log, process, newest, asked, now), now, asked)))


def pictured(
    log: Sequence[Recorded], process: str, newest: int = 10, asked: HorizonRequest = PRESENT, now: datetime = NOW
) -> ProcessSnapshot:
    """The picture that a pure fold of the log gives; something of the process must be inside the horizon."""
    found = fold_snapshot(log, process, newest, horizon=asked.horizon_at(now))
    assert found is not None, "nothing is inside the horizon"
    return found


def scene_of(found: ProcessSnapshot, now: datetime = NOW, asked: HorizonRequest = PRESENT) -> ProcessView:
    """The scene of a picture that was folded from a log."""

    def named(ids: Iterable[str]) -> dict[str, ActorState]:
        states = {}
        for one in ids:
            path = Subject(f"actors/{one}")
            state = found.actors.get(found.joined.get(path, path).partition("/")[2])
            if isinstance(state, ActorState):
                states[one] = state
        return states

    return ProcessView(
        found,
        asked.clock(found.zones_of(found.own)) or now,
        asked,
        lambda ids: {one: found.events[one] for one in dict.fromkeys(ids)},
        lambda ids: {one: found.marks[one] for one in ids if one in found.marks},
        named,
        lambda: findings_in(found),
        lambda at, most: glance_at(findings_in(found), at, most),
    )


def plain(answer: Any) -> Wire:
    """As JSON would carry it."""
    shown: Wire = json.loads(json.dumps(answer, sort_keys=True))
    return shown


def processes_of(log: Sequence[Recorded]) -> list[str]:
    return sorted({r.subject.partition("/")[2] for r in log if r.subject.startswith("processes/")})
