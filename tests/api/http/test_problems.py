"""Every error is a problem, with a status from the one table, and tells nothing about the inside."""

import logging
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.http.problems import KINDS, PLACES, STATUS_OF, kind_of, of_refusal
from domain.errors import BadCursor, Fault, Malformed, Refusal
from ledger.ledger import Ledger
from tests.api.conftest import HERE
from tests.api.sending import problem, statement


def all_refusals(above: type[Refusal] = Refusal) -> set[type[Refusal]]:
    below = set(above.__subclasses__())
    return below.union(*(all_refusals(each) for each in below))


def test_every_refusal_has_a_status() -> None:
    assert set(STATUS_OF) == all_refusals()
    assert set(PLACES) <= set(STATUS_OF)
    assert all(400 <= status < 600 for status in STATUS_OF.values())
    assert len(KINDS) == len(STATUS_OF)


@pytest.mark.parametrize("refusal", STATUS_OF, ids=kind_of)
def test_the_type_of_a_problem_can_be_read(client: TestClient, refusal: type[Refusal]) -> None:
    told = client.get(f"/problems/{kind_of(refusal)}").json()
    assert told["status"] == STATUS_OF[refusal]
    assert told["title"] == refusal.title != Refusal.title
    assert told["type"] == f"/problems/{kind_of(refusal)}"


def test_an_unknown_type_of_problem(client: TestClient) -> None:
    problem(client.get("/problems/nothing"), 404)


def test_long_texts_are_cut() -> None:
    answer = of_refusal(Malformed.of([Fault("/" + "x" * 1_000_000, "y" * 1_000_000)]))
    assert len(answer.body) < 5_000


def test_parameters_and_pointers_are_told_apart() -> None:
    assert b'"parameter":"limit"' in bytes(of_refusal(BadCursor.at("limit", "no")).body)
    assert b'"pointer":"/limit"' in bytes(of_refusal(Malformed.at("/limit", "no")).body)


@pytest.mark.parametrize("address", ["/v1", "/v1/events/", "/v2/events", "/v1/events/a/b", "/docs/", "/%00", "/m4rk3d"])
def test_an_address_with_nothing(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert "/openapi.json" in problem(answer, 404)["detail"]
    assert "m4rk3d" not in answer.text


@pytest.mark.parametrize(("method", "address"), [("DELETE", "/v1/events"), ("POST", "/v1/head"), ("PUT", "/healthz")])
def test_a_method_that_is_not_taken(client: TestClient, method: str, address: str) -> None:
    answer = client.request(method, address)
    problem(answer, 405)
    assert answer.headers["allow"] == ("GET, HEAD, POST" if address == "/v1/events" else "GET, HEAD")


def test_an_accident_tells_nothing_of_the_inside(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("m4rk3d: /var/lib/m4rk3d")

    monkeypatch.setattr(Ledger, "head_at", fail)
    monkeypatch.setattr(Ledger, "append_group", fail)
    with caplog.at_level(logging.CRITICAL + 1):
        for answer in (client.get("/v1/head"), client.post("/v1/events", json=statement())):
            assert problem(answer, 500)["type"] == "about:blank"
            assert "m4rk3d" not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", "", "[::2]"]
)
def test_another_host_is_refused(client: TestClient, host: str) -> None:
    """A page whose name points at this machine reads nothing: its requests carry its own name."""
    for address in ("/v1/events", "/openapi.json", "/nothing"):
        problem(client.get(address, headers={"Host": host}), 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8642", "127.0.0.1:1", "127.1.2.3", "[::1]:8642", "[::1]"])
def test_this_machine_by_any_name(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_no_other_origin_may_read(client: TestClient) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    problem(client.options("/v1/events", headers=headers), 405)
    answer = client.get("/v1/events", headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_errors_of_routers_to_come_are_problems_too(app: FastAPI) -> None:
    @app.get("/later/{number}")
    def later(number: int, wanted: bool) -> None:
        raise AssertionError

    with TestClient(app, base_url=HERE) as client:
        body = problem(client.get("/later/x?wanted=m4rk3d"), 400)
        assert [error["parameter"] for error in body["errors"]] == ["number", "wanted"]
        assert "m4rk3d" not in str(body)
        problem(client.get("/later/1?wantd=true"), 400)
