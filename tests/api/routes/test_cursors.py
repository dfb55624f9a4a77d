"""Who followed a log that was restored learns that it followed another history, and skips nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.api.cli.test_commands import Run, lines, place, run
from tests.api.cli.test_doubles import OPENED, figure
from tests.api.sending import begin, head, problem, statement

__all__ = ["place", "run"]  # fixtures
LIVE = {"Accept": "text/event-stream"}


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    begin(client)
    client.post("/v1/events", json=[statement() for _ in range(4)])
    return client


def test_a_cursor_goes_on_where_it_stands(filled: TestClient) -> None:
    page = filled.get("/v1/events?limit=3")
    cursor = page.json()["next"]
    assert cursor.startswith("3-")
    assert f"after={cursor}" in page.headers["link"]
    for after in (cursor, "3"):
        rest = filled.get(f"/v1/events?after={after}").json()
        assert [event["position"] for event in rest["events"]] == [4, 5, 6]
    end = filled.get("/v1/head").json()["cursor"]
    for answer in (page, filled.get("/v1/events", headers={"Accept": "application/x-ndjson"})):
        assert answer.headers["parley-cursor"] == end
    assert filled.get(f"/v1/events?after={end}").json() == {"events": [], "next": None}


@pytest.mark.parametrize("cursor", ["3-000000000000", "7", "7-000000000000", "0-000000000000", "9223372036854775807"])
def test_a_cursor_of_another_history_is_refused(filled: TestClient, cursor: str) -> None:
    for headers in ({}, {"Accept": "application/x-ndjson"}, LIVE):
        body = problem(filled.get(f"/v1/events?after={cursor}", headers=headers), 409)
        assert body["type"] == "/problems/another-history"
        assert body["errors"][0]["parameter"] == "after"
        assert "from the beginning (after=0)" in body["detail"]
    problem(filled.get("/v1/events", headers={**LIVE, "Last-Event-ID": cursor}), 409)


@pytest.mark.parametrize("cursor", ["3-", "3-00000000000g", "3-0000", "-3", "3 ", "3-0000000000000", "x"])
def test_what_is_no_cursor_is_told(filled: TestClient, cursor: str) -> None:
    assert problem(filled.get(f"/v1/events?after={cursor}"), 400)["errors"][0]["parameter"] == "after"


def test_a_restored_log_is_another_history_above_the_backup(run: Run, place: Path) -> None:
    def cursors(data: str) -> dict[int, str]:
        with TestClient(create_app(Settings(data=place / data)), base_url="http://localhost") as client:
            pages = [client.get(f"/v1/events?limit=1&after={n}").json()["next"] for n in range(head(client) - 1)]
            return dict(enumerate([*pages, client.get("/v1/head").json()["cursor"]], 1))

    run("append", "-", "--data", "before", input=lines(OPENED, figure(1)))
    run("backup", "--data", "before", "saved.zip")
    run("append", "-", "--new", "--data", "before", input=lines(figure(2), figure(3)))
    run("restore", "saved.zip", "--data", "after")
    run("append", "-", "--new", "--data", "after", input=lines(figure(2), figure(3)))
    before, after = cursors("before"), cursors("after")
    assert (before[1], before[2]) == (after[1], after[2])
    for position in (3, 4):
        assert before[position] != after[position], "even though the same events were recorded once more"
        told = run("replay", "--after", before[position], "--data", "after", code=1).stderr
        assert "The log is not the one that was followed" in told
        assert "--after: this log has another event at position" in told
    assert len(run("replay", "--after", before[2], "--data", "after").stdout.splitlines()) == 2
    assert "this log ends at position 4" in run("replay", "--after", "5", "--data", "after", code=1).stderr
    run("replay", "--follow", "--after", "5", "--data", "after", code=1)
