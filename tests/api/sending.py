"""Requests that the tests of the interface send, and what they ask of a refusal."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from domain import families
from tests.spec import example_of, wire

Wire = dict[str, Any]


def opening(subject: str, **fields: Any) -> Wire:
    """The opening of a subject, with references to nothing but the process `first`."""
    payload = families.OPENINGS[subject.partition("/")[0]]
    example = example_of(payload.__name__)
    data = {name: value for name, value in example.items() if name not in ("between", "senders", "organiser")}
    if "processes" in data:
        data["processes"] = ["first"]
    return wire(payload.__name__, subject=subject, data=data, **fields)


def statement(subject: str = "talks/first", **fields: Any) -> Wire:
    """A report that refers to nothing."""
    return wire("StatementMade", subject=subject, **fields)


def begin(client: TestClient) -> None:
    """Opens the process `first` and the talks `first`: positions 1 and 2."""
    assert client.post("/v1/events", json=[opening("processes/first"), opening("talks/first")]).status_code == 201


def head(client: TestClient) -> int:
    position: int = client.get("/v1/head").json()["position"]
    return position


def problem(answer: Response, status: int) -> dict[str, Any]:
    """The body of a problem, after a look at all that every problem must have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) - {"request_id"} == {"type", "title", "status", "detail", "retry", "errors"}
    assert ("request_id" in body) == (status == 500)
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert all(len(error) == 2 and error["detail"] for error in body["errors"])
    assert (answer.headers.get("retry-after") is not None) == (status == 503)
    return body


def pointers(body: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in body["errors"]]
