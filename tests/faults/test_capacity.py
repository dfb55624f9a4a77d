"""Each kind of client has room of its own: followers, questions that take a while, and whoever appends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import anyio
import httpx2
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.app import ROUTERS, create_app
from api.http.parameters import _parameters
from api.http.question_routes import QuestionRoute
from api.services.capacity import MOST_WAITING
from api.services.registry import Services
from api.settings import load
from domain.errors import TookTooLong
from projections.patience import waiting_until
from projections.queries.at_horizon import HorizonRequest
from projections.queries.status import process_status
from projections.read_models.timeline import event_of
from tests.api.conftest import HERE
from tests.api.sending import opening, problem, statement
from tests.faults.test_pressure import serving
from tests.projections.world import NOW, opened, reading
from tests.spec import wire
from tests.waiting import eventually

AT_HORIZON = "/v1/processes/first?as_of=2030-01-01"


@contextmanager
def client_of(data: Path, **settings: int) -> Iterator[tuple[TestClient, Services]]:
    app = create_app(load(data=data, port=0, **settings))
    with TestClient(app, base_url=HERE) as client:
        assert client.post("/v1/events", json=[opening("processes/first")]).status_code == 201
        assert client.get("/v1/processes/first?min_position=1").status_code == 200
        yield client, app.state.services


@contextmanager
def at_work(client: TestClient, services: Services, number: int) -> Iterator[None]:
    """So many questions that do not end until the context does."""
    assert client.portal is not None
    gate = client.portal.call(anyio.Event)
    begun = [client.portal.start_task_soon(services.questions.answered, gate.wait) for _ in range(number)]
    client.portal.call(anyio.sleep, 0.01)
    try:
        yield
    finally:
        client.portal.call(gate.set)
        for one in begun:
            one.exception()


def others_are_served(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.post("/v1/events", json=statement("processes/first", id=str(uuid4()))).status_code == 201
    large = [statement("processes/first", id=str(uuid4()), note="much " * 200) for _ in range(100)]
    assert client.post("/v1/events", json=large).status_code == 201
    assert client.get("/v1/processes/first").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_followers_have_places_of_their_own(tmp_path: Path) -> None:
    with serving(tmp_path / "log", tmp_path, followers=2) as address, ExitStack() as stack:
        url = f"http://{address[0]}:{address[1]}"
        client = stack.enter_context(httpx2.Client(base_url=url, timeout=60))
        live = {"Accept": "text/event-stream"}
        first, second = ExitStack(), stack.enter_context(ExitStack())
        for one in (first, second):
            assert one.enter_context(client.stream("GET", "/v1/events", headers=live)).status_code == 200
        refused = client.get("/v1/events", headers=live)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert refused.json()["type"] == "/problems/too-busy"
        assert "page by page" in refused.json()["detail"]
        assert client.get("/healthz").status_code == 200
        assert client.post("/v1/events", json=opening("processes/first")).status_code == 201
        assert client.get("/v1/events").status_code == 200
        first.close()

        def let_in() -> bool:
            with client.stream("GET", "/v1/events", headers=live) as again:
                return again.status_code == 200

        eventually(let_in)


def test_a_question_that_takes_a_while_waits_for_its_place_and_is_given_up(tmp_path: Path) -> None:
    with client_of(tmp_path, questions=2, question_time=1) as (client, services):
        assert client.get(AT_HORIZON).status_code == 200
        with at_work(client, services, 2):
            answer = client.get(AT_HORIZON)
            body = problem(answer, 503)
            assert body["type"] == "/problems/took-too-long"
            assert body["retry"] is True
            assert "a later `since`" in body["detail"]
            assert answer.headers["retry-after"] == "2"
            others_are_served(client)
        assert client.get(AT_HORIZON).status_code == 200


def test_only_some_wait(tmp_path: Path) -> None:
    with client_of(tmp_path, questions=1) as (client, services), at_work(client, services, 1 + MOST_WAITING):
        body = problem(client.get("/processes/first/changes?since=0&as_of=2030"), 503)
        assert body["type"] == "/problems/too-busy"
        assert "ask again in a moment" in body["detail"]
        others_are_served(client)


def test_nothing_goes_on_for_an_answer_that_nobody_waits_for() -> None:
    with reading(*opened("processes/first")) as transaction, waiting_until(time.monotonic() - 1):
        with pytest.raises(TookTooLong):
            process_status(transaction, "first", NOW, HorizonRequest(as_of="2030-01-01"))


def test_whatever_takes_a_horizon_or_makes_a_file_is_such_a_question() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    names = {"as_of", "known_at", "since", "format"}
    asking = [route for route in routes if names & _parameters(route.dependant).keys()]
    assert len(asking) > 20
    assert [route.path for route in asking if not isinstance(route, QuestionRoute)] == []


def test_two_who_ask_about_a_process_hold_one_copy_of_its_events() -> None:
    text = json.dumps(wire("StatementMade", subject="processes/first", id=str(uuid4())))
    event = event_of("StatementMade", text)
    event_of.cache_clear()
    assert event_of("StatementMade", text) is event
