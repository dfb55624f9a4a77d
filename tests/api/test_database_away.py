"""The database stops while a server works, and comes back: everything is 503 meanwhile, and nothing needs a restart."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import load
from tests import postgres
from tests.api.conftest import HERE
from tests.api.sending import begin, problem, statement
from tests.waiting import eventually


@pytest.fixture
def database() -> Iterator[postgres.Server]:
    """A server of its own, since it is stopped."""
    with postgres.home() as directory:
        server = postgres.Server(directory)
        server.create()
        server.start()
        yield server
        server.stop()


def is_taken(client: TestClient, sent: dict[str, Any]) -> bool:
    """Whether an append is answered as recorded; it may be told to come again in a moment."""
    answer = client.post("/v1/events", json=sent, headers={"Prefer": "wait=30"})
    assert answer.status_code in (200, 201) or problem(answer, 503)
    return answer.status_code < 300


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_it_goes_away_and_comes_back(database: postgres.Server, tmp_path: Path, how: str) -> None:
    with postgres.database(database.url()) as url:
        app = create_app(load(data=tmp_path, database_url=url, port=0, lock_timeout=1))
        with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
            begin(client)
            before = statement()
            assert client.post("/v1/events", json=before, headers={"Prefer": "wait=30"}).status_code == 201
            assert client.get("/v1/processes/first").status_code == 200
            (database.stop if how == "stopped" else database.kill)()
            lost = statement()
            for answer in (
                client.post("/v1/events", json=lost),
                client.get("/v1/events"),
                client.get("/v1/head"),
                client.get("/v1/processes"),
                client.get("/readyz"),
            ):
                body = problem(answer, 503)
                assert body["retry"]
                assert answer.headers["retry-after"]
                assert "parley_test" not in body["detail"], "where it is concerns nobody who asks"
            assert client.get("/healthz").status_code == 200
            assert "parley_ready 0.0" in client.get("/metrics").text

            database.start()
            for sent in (lost, before):  # what was told to be sent again, and what was there before
                eventually(partial(is_taken, client, sent))
            assert [event["id"] for event in client.get("/v1/events?after=2").json()["events"]] == [
                before["id"],
                lost["id"],
            ]
            eventually(lambda: client.get("/v1/processes/first?min_position=4").status_code == 200)
            eventually(lambda: client.get("/readyz").status_code == 200)
            eventually(lambda: "parley_views_leading 1.0" in client.get("/metrics").text)
