"""Health, readiness and metrics."""

import sqlite3

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.settings import Settings, load
from tests.api.conftest import HERE
from tests.api.sending import begin, opening, problem, statement


def figures(client: TestClient) -> dict[str, float]:
    """Every figure by its name and labels."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        " ".join([sample.name, *(f"{key}={value}" for key, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_alive(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "alive"


def test_ready(client: TestClient) -> None:
    begin(client)
    client.post("/v1/events", json=statement(), headers={"Prefer": "wait=9"})
    assert client.get("/readyz").json() == {
        "status": "ready",
        "log": {"position": 3},
        "views": {"position": 3, "lag": 0},
    }


def test_halted_views_are_not_ready(client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    app.state.parley.follower.close()
    monkeypatch.setattr(app.state.parley.follower, "halted", "position 7, TalksStreamed: upgrade it")
    assert "TalksStreamed" in problem(client.get("/readyz"), 503)["detail"]
    assert client.get("/healthz").status_code == 200


def test_an_unreachable_log_is_not_ready(client: TestClient, settings: Settings) -> None:
    begin(client)
    other = sqlite3.connect(settings.data / "events.db", isolation_level=None)
    other.execute("DROP TABLE event_index")
    other.close()
    assert "log" in problem(client.get("/readyz"), 503)["detail"]


def test_what_is_counted(client: TestClient) -> None:
    begin(client)
    sent = statement()
    for _ in range(2):
        client.post("/v1/events", json=sent)
    client.post("/v1/events?dry_run=true", json=statement())
    client.post("/v1/events", json=statement("talks/second"))
    client.post("/v1/events", content=b"{")
    client.post("/v1/events", json=[statement(), statement()], headers={"Prefer": "wait=9"})
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
    assert (seen["parley_log_position"], seen["parley_views_position"], seen["parley_views_lag_events"]) == (5, 5, 0)
    assert (seen["parley_writer_queue"], seen["parley_live_readers"], seen["parley_views_halted"]) == (0, 0, 0)
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
