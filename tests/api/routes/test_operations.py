"""Health, readiness and metrics."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.multiprocess import mark_process_dead
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.settings import Settings, load
from ledger.ledger import Ledger
from projections.storage.generations import GenerationProgress, ReadModels
from tests.api.conftest import HERE
from tests.api.sending import begin, opening, problem, statement
from tests.waiting import eventually

ROOT = Path(__file__).parents[3]
LAG_EVENTS, LAG_SECONDS = (f"parley_projection_lag_{unit} projection=views" for unit in ("events", "seconds"))


def figures(client: TestClient) -> dict[str, float]:
    """Every figure by its name and labels."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        " ".join([sample.name, *(f"{key}={value}" for key, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def spoil(settings: Settings) -> None:
    """Makes the log unreadable."""
    if settings.database_url is not None:
        with psycopg.connect(settings.database_url) as database:
            database.execute("DROP TABLE parley_log.event_index")
        return
    with closing(sqlite3.connect(settings.data / "events.db", isolation_level=None)) as file:
        file.execute("DROP TABLE event_index")


def test_alive(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "alive"


def test_ready(client: TestClient) -> None:
    begin(client)
    client.post("/v1/events", json=statement(), headers={"Prefer": "wait=30"})
    ready = client.get("/readyz").json()
    assert ready["log"].pop("where")
    assert ready == {
        "status": "ready",
        "log": {"position": 3, "ahead": 0},
        "views": {"position": 3, "lag": 0},
    }


def test_halted_views_are_not_ready(client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    app.state.services.follower.close()
    monkeypatch.setattr(app.state.services.follower, "halted", "position 7, TalksStreamed: upgrade it")
    assert "TalksStreamed" in problem(client.get("/readyz"), 503)["detail"]
    assert client.get("/healthz").status_code == 200


def test_an_unreachable_log_is_not_ready(client: TestClient, settings: Settings) -> None:
    begin(client)
    spoil(settings)
    wanted = "the log" if settings.database_url is None else "lacks tables of Parley"
    assert wanted in problem(client.get("/readyz"), 503)["detail"]


def test_what_is_counted(client: TestClient) -> None:
    begin(client)
    sent = statement()
    for _ in range(2):
        client.post("/v1/events", json=sent)
    client.post("/v1/events?dry_run=true", json=statement())
    client.post("/v1/events", json=statement("talks/second"))
    client.post("/v1/events", content=b"{")
    client.post("/v1/events", json=[statement(), statement()], headers={"Prefer": "wait=30"})
    for number in range(20):
        client.get(f"/nothing/{number}")
        client.get(f"/v1/event-types/x{number}")
        client.request(f"BREW{number}", "/v1/head")
    seen = figures(client)
    assert {key.partition("=")[2]: seen[key] for key in seen if key.startswith("parley_appends_total")} == {
        "recorded": 3,
        "repeated": 1,
        "dry-run": 1,
        "not-open": 1,
        "wrong-media-type": 1,
    }
    assert seen["parley_events_recorded_total"] == 5
    assert (seen["parley_commit_events_count"], seen["parley_commit_events_sum"]) == (3, 5)
    assert seen["parley_commit_requests_sum"] == 3
    assert (seen["parley_log_position"], seen["parley_views_position"], seen["parley_ready"]) == (5, 5, 1)
    assert (seen["parley_writer_queue"], seen["parley_live_readers"], seen["parley_views_halted"]) == (0, 0, 0)
    assert (seen[LAG_EVENTS], seen[LAG_SECONDS]) == (0, 0)
    assert seen["parley_request_seconds_count method=POST route=/v1/events status=201"] == 3
    assert seen["parley_request_seconds_count method=GET route=none status=404"] == 20
    assert seen["parley_request_seconds_count method=GET route=/v1/event-types/{name} status=404"] == 20
    assert seen["parley_request_seconds_count method=other route=/v1/head status=405"] == 20
    assert len([key for key in seen if key.startswith("parley_request_seconds_count")]) < 15


def test_two_servers_in_one_process_count_apart(client: TestClient, settings: Settings) -> None:
    begin(client)
    other = create_app(load(data=settings.data / "other"))
    with TestClient(other, base_url=HERE) as second:
        second.post("/v1/events", json=opening("processes/first"))
        assert figures(second)["parley_events_recorded_total"] == 1
    assert figures(client)["parley_events_recorded_total"] == 2


def test_an_accident_is_counted(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(Ledger, "append_group", fail)
    problem(client.post("/v1/events", json=statement()), 500)
    assert figures(client)["parley_appends_total outcome=accident"] == 1


# --- how far the read models are behind


def test_the_lag_of_read_models_that_stand_still(app: FastAPI, client: TestClient, settings: Settings) -> None:
    app.state.services.follower.close()
    begin(client)
    eventually(lambda: figures(client)[LAG_SECONDS] > 0.5)
    first = figures(client)
    assert first[LAG_EVENTS] == 2
    assert first["parley_ready"] == 1
    client.post("/v1/events", json=statement(), headers={"Prefer": "return=minimal"})
    recorded = client.get("/v1/events").json()["events"]
    eventually(lambda: figures(client)[LAG_EVENTS] == 3)
    second = figures(client)[LAG_SECONDS]
    assert second > first[LAG_SECONDS], "the oldest event counts, not the newest"
    assert second < 30, recorded

    spoil(settings)
    eventually(lambda: figures(client)["parley_ready"] == 0)
    assert figures(client)[LAG_SECONDS] > second, "told when the log cannot be read too"


def test_a_log_that_fails_in_an_unknown_way_does_not_end_the_figures(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "head", fail)
        eventually(lambda: "the log cannot be asked for the metrics" in caplog.text)
    begin(client)
    eventually(lambda: figures(client)["parley_views_position"] == 2)


def test_read_models_that_catch_up_have_no_lag(client: TestClient) -> None:
    begin(client)
    client.post("/v1/events", json=statement(), headers={"Prefer": "wait=30"})

    def told() -> tuple[float, ...]:
        seen = figures(client)
        return seen["parley_views_position"], seen[LAG_EVENTS], seen[LAG_SECONDS]

    eventually(lambda: told() == (3, 0, 0))


# --- several workers

WORKER = """
import json, sys
from fastapi.testclient import TestClient
from api.app import create_app
from api.settings import load
from tests.api.sending import begin, statement
from tests.api.routes.test_operations import figures

with TestClient(create_app(load(data=sys.argv[1])), base_url="http://127.0.0.1") as client:
    begin(client)
    for line in sys.stdin:
        if line.strip() == "append":
            client.post("/v1/events", json=[statement(), statement()], headers={"Prefer": "wait=30"})
        print(json.dumps(figures(client)), flush=True)
"""


class Worker:
    """A process with a server in it, which counts together with others."""

    def __init__(self, data: Path, shared: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(data)],
            cwd=ROOT,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(shared)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, what: str = "figures") -> dict[str, float]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(what, file=self.process.stdin, flush=True)
        told: dict[str, float] = json.loads(self.process.stdout.readline())
        return told


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[list[Worker]]:
    shared = tmp_path / "shared"
    shared.mkdir()
    started = [Worker(tmp_path / str(number), shared) for number in range(2)]
    yield started
    for worker in started:
        worker.process.kill()
        worker.process.communicate()


def test_whichever_worker_is_asked_tells_what_all_count(workers: list[Worker], tmp_path: Path) -> None:
    one, other = workers
    one.ask()
    for _ in range(2):
        other.ask("append")
    told = one.ask()
    assert told["parley_appends_total outcome=recorded"] == 4
    assert told["parley_events_recorded_total"] == 8
    assert (told["parley_commit_events_count"], told["parley_commit_events_sum"]) == (4, 8)
    assert told["parley_commit_events_bucket le=2.0"] == 4
    assert told["parley_request_seconds_count method=POST route=/v1/events status=201"] == 4
    assert told["parley_log_position"] == 6, "that of the worker which knows most"
    eventually(lambda: one.ask()["parley_ready"] == 1)
    assert {name: value for name, value in other.ask().items() if "seconds" not in name} == {
        name: value for name, value in one.ask().items() if "seconds" not in name
    }

    other.process.kill()
    other.process.wait()
    mark_process_dead(other.process.pid, str(tmp_path / "shared"))  # type: ignore[no-untyped-call]
    told = one.ask()
    assert told["parley_events_recorded_total"] == 8, "what was counted stays counted"
    assert told["parley_log_position"] == 2, "but a dead worker has no position"


def test_a_server_answers_once_its_first_read_models_are_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = ReadModels.begin_generation

    def slowly(*arguments: Any, **options: Any) -> GenerationProgress:
        time.sleep(0.3)
        return begin(*arguments, **options)

    monkeypatch.setattr(ReadModels, "begin_generation", slowly)
    with TestClient(create_app(settings), base_url=HERE) as client:
        problem(client.get("/v1/processes/nowhere"), 404)
