"""The process that keeps the read models for a server: it ends with it, and is replaced if it ends alone."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.server.projection_process import ASKED, Hearing, Projector, run_child
from api.settings import Settings, load
from domain.vocabulary import read_event
from ledger.append import Append
from ledger.ledger import Ledger
from ledger.mapper import Draft
from projections.batch import open_read_models
from projections.follower import FollowerStatus
from tests.api.conftest import HERE, kept
from tests.api.sending import Wire, opening, statement
from tests.waiting import PATIENCE, eventually


@pytest.fixture
def ours(where: Path | str, tmp_path: Path) -> Settings:
    return load(**kept(where, tmp_path), port=0)


@pytest.fixture
def projector(ours: Settings) -> Iterator[Projector]:
    Ledger(ours.log_at).close()  # a server has opened its log before
    projector = Projector(ours)
    projector.start()
    assert projector.wait_until_complete(PATIENCE)
    yield projector
    projector.close()


class SlowToHear(FollowerStatus):
    """Takes in what is asked only once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may, self.asked = threading.Event(), list[UUID]()

    def ask(self, events: Iterable[UUID]) -> None:
        assert self.may.wait(PATIENCE)
        self.asked += events


def test_what_was_asked_before_an_event_is_known_before_the_event_is_taken_in() -> None:
    ours, theirs = multiprocessing.Pipe()
    hearing, follower, events = Hearing(theirs), SlowToHear(), [uuid4() for _ in range(3)]
    with ThreadPoolExecutor(2) as pool:
        over = pool.submit(hearing.hear, follower)
        for event in events:
            ours.send_bytes(ASKED + event.bytes)
        waited = pool.submit(hearing.wait)
        with pytest.raises(TimeoutError):
            waited.result(0.2)
        follower.may.set()
        waited.result(PATIENCE)
        assert follower.asked == events
        ours.close()
        over.result(PATIENCE)
    hearing.wait()  # nobody says anything any more


def append(ledger: Ledger, *events: Wire) -> int:
    drafts = tuple(Draft.of(read_event(event, json.dumps(event))) for event in events)
    return ledger.append(Append(drafts)).position


def test_it_hears_of_each_append_and_tells_how_far_it_is(ours: Settings, projector: Projector) -> None:
    ledger = Ledger(ours.log_at)
    append(ledger, opening("processes/first"), opening("talks/first"))
    for number in range(3, 8):
        position = append(ledger, statement())
        projector.nudge()
        assert projector.wait_for(position, PATIENCE)
        assert projector.position == position == number
    ledger.close()
    assert projector.leads
    assert (projector.halted, projector.fault) == (None, None)


def test_one_that_is_killed_is_replaced_and_goes_on(ours: Settings, projector: Projector) -> None:
    ledger = Ledger(ours.log_at)
    append(ledger, opening("processes/first"), opening("talks/first"))
    projector.nudge()
    assert projector.wait_for(2, PATIENCE)
    for _ in range(2):
        first = projector._process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        position = append(ledger, statement())
        projector.nudge()
        assert projector.wait_for(position, PATIENCE)
        assert projector._process.pid != first
    ledger.close()
    eventually(lambda: projector.fault is None)
    views = open_read_models(ours.views_at)
    assert views.position() == position
    views.close()


def test_it_ends_when_its_parent_does(projector: Projector) -> None:
    """A parent that is killed says nothing: the line is closed for it."""
    process = projector._process
    projector._closing.set()
    projector._line.send_bytes(b"stop")
    process.join(PATIENCE)
    assert process.exitcode == 0


def test_one_that_hangs_is_ended(ours: Settings, projector: Projector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.server.projection_process.RESTART_PAUSE", 0.1)
    assert projector._process.pid is not None
    os.kill(projector._process.pid, signal.SIGSTOP)
    projector.close()
    assert not projector._process.is_alive()


def test_one_that_says_nothing_more_gives_up_its_lead(ours: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.server.projection_process.SILENT", 2.0)
    monkeypatch.setattr("api.server.projection_process.LOOK", 0.1)
    Ledger(ours.log_at).close()
    projector = Projector(ours)
    projector.start()
    assert projector.wait_until_complete(PATIENCE)
    first = projector._process.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    ledger = Ledger(ours.log_at)
    append(ledger, opening("processes/first"), opening("talks/first"))
    projector.nudge()
    eventually(lambda: projector.fault is not None and "does not answer" in projector.fault)
    assert not projector.leads
    assert projector.wait_for(2, PATIENCE)
    assert projector._process.pid != first
    ledger.close()
    projector.close()


def test_it_does_not_wait_for_a_log_once_its_parent_has_ended(
    ours: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would wait for ever: the parent had opened the log, and the log was gone then."""
    monkeypatch.setattr("api.server.projection_process.RESTART_PAUSE", 0.01)
    (tmp_path / "file").write_text("no directory")
    gone = ours.model_copy(update={"data": tmp_path / "file" / "data", "database_url": None})
    parents, childs = multiprocessing.Pipe()
    child = threading.Thread(target=run_child, args=(gone, childs), daemon=True)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    child.start()
    parents.close()
    child.join(PATIENCE)
    assert not child.is_alive()


def test_a_server_with_it_answers_as_one_without(ours: Settings) -> None:
    Ledger(ours.log_at).close()
    with TestClient(create_app(ours, Projector(ours)), base_url=HERE) as client:
        wait = {"Prefer": "wait=30"}
        answer = client.post("/v1/events", json=[opening("processes/first"), opening("talks/first")], headers=wait)
        assert answer.headers["preference-applied"] == "wait=30"
        assert answer.json()["events"][0]["findings"] is not None
        status = client.get("/v1/processes/first", params={"min_position": 2})
        assert (status.status_code, status.headers["parley-position"]) == (200, "2")
        assert client.get("/readyz").status_code == 200
        assert "parley_views_leading" in client.get("/metrics").text
