"""The one place that every request passes: on the fast path and in the framework, whatever is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Scope

from api import app as wiring
from api.app import create_app
from api.http import middleware
from api.http.admission import AUDIENCE, EVERYBODY, Audience, admit
from api.http.problems import WrongHost
from api.routes.documentation import example_of
from api.routes.fast_path import FastPath
from api.services.status_cache import StatusCache, StatusKey
from api.settings import load
from tests.api.conftest import HERE, kept
from tests.api.sending import opening, problem, statement

Headers = Iterable[tuple[bytes, bytes]]
Asked = list[tuple[str, str, dict[bytes, bytes]]]
REFUSED = WrongHost("nobody is admitted")


def host(*names: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"accept", b"*/*"), *((b"host", name) for name in names)]


@pytest.mark.parametrize("name", [b"localhost", b"LOCALHOST:8642", b"127.0.0.1:1", b"127.1.2.3", b"[::1]:8642"])
def test_a_request_to_this_machine_is_admitted(name: bytes) -> None:
    assert admit("GET", "/v1/events", host(name)) == EVERYBODY


@pytest.mark.parametrize(
    "names", [(), (b"",), (b"evil.example",), (b"127.0.0.1.evil.example",), (b"localhost", b"localhost")]
)
def test_any_other_is_refused(names: tuple[bytes, ...]) -> None:
    with pytest.raises(WrongHost):
        admit("GET", "/v1/events", host(*names))


@pytest.fixture(params=["with the fast path", "without it"])
def server(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    installation: Callable[[str], Path | str],
    monkeypatch: pytest.MonkeyPatch,
) -> FastAPI:
    if request.param == "without it":
        monkeypatch.setattr(wiring, "FastPath", lambda app, known: app)
    return create_app(load(**kept(installation("server"), tmp_path), port=0))


def test_every_way_of_answering_asks_first(server: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    with TestClient(server, base_url=HERE, raise_server_exceptions=False) as client:
        client.post("/v1/events", json=opening("processes/first"), headers={"Prefer": "wait=30"})
        assert client.get("/v1/processes/first").status_code == 200  # the fast path can answer it from now on
        described = client.get("/openapi.json").json()["paths"]
        seen: Asked = []

        def refuse(method: str, target: str, headers: Headers) -> Audience:
            seen.append((method, target, dict(headers)))
            raise REFUSED

        monkeypatch.setattr(middleware, "admit", refuse)
        requests = [("POST", "/v1/events"), ("GET", "/v1/processes/first"), ("GET", "/v1/processes/first?as_of=2017")]
        requests += [("GET", "/"), ("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/nothing"), ("PUT", "/healthz")]
        for path, methods in described.items():
            for method, operation in methods.items():
                address = path
                for parameter in operation.get("parameters", ()):
                    if parameter["in"] == "path":
                        address = address.replace("{" + parameter["name"] + "}", str(example_of(parameter)))
                requests.append((method.upper(), address))
        for method, address in requests:
            answer = client.request(method, address, json=statement("processes/first") if method == "POST" else None)
            problem(answer, 421)
            assert answer.headers["x-request-id"], "a refusal is an answer like any other"
        assert [(method, target) for method, target, _ in seen] == [(m, a.partition("?")[0]) for m, a in requests]
        assert all(headers[b"host"] == b"127.0.0.1" for _, _, headers in seen)
        monkeypatch.undo()
        assert client.get("/v1/head").json()["position"] == 1, "what was refused was not recorded"


def test_who_is_not_admitted_finds_no_fast_path(client: TestClient, app: FastAPI) -> None:
    """A layer that stood around the admission would fail at once, and not answer."""
    client.get("/healthz")
    scope: Scope = {"type": "http", "method": "POST", "path": "/v1/events", "query_string": b"", "headers": []}

    async def never(*_: object) -> Any:
        raise AssertionError("it reads, or answers")

    with pytest.raises(KeyError, match=AUDIENCE):
        asyncio.run(FastPath(app, app)(scope, never, never))


def test_a_web_socket_is_not_handed_on(client: TestClient) -> None:
    with pytest.raises(NotImplementedError), client.websocket_connect("/v1/events"):
        pass


def test_a_status_is_kept_for_its_audience_alone(client: TestClient, app: FastAPI) -> None:
    client.post("/v1/events", json=opening("processes/first"), headers={"Prefer": "wait=30"})
    assert client.get("/v1/processes/first").status_code == 200
    cache: StatusCache = app.state.services.status_cache
    assert list(cache._kept) == [StatusKey("first", EVERYBODY)]
