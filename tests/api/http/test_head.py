"""HEAD wherever GET is: the same head, and no body."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from tests.api.sending import opening, statement

VARIES = ("x-request-id", "date")
FILLED = {"process": "first", "event_id": "9" * 8 + "-9999-4999-8999-" + "9" * 12, "type": "StatementMade"}


def told(client: TestClient, method: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    answer = client.request(method, path, headers=headers)
    assert method == "GET" or answer.content == b"", path
    return answer.status_code, {name: value for name, value in answer.headers.items() if name not in VARIES}


def test_head_is_answered_as_get_is(client: TestClient) -> None:
    client.post("/v1/events", json=[opening("processes/first"), statement("processes/first")])
    client.get("/v1/processes/first?min_position=2")
    paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    addresses = [path for path, operations in paths.items() if "get" in operations and path != "/metrics"]
    assert len(addresses) > 30
    for address in [*addresses, "/processes/first", "/", "/v1/nowhere"]:
        path = address
        for name in ("process", "event_id", "type", "id", "name"):
            path = path.replace(f"{{{name}}}", FILLED.get(name, "first"))
        assert told(client, "HEAD", path) == told(client, "GET", path), path


def test_the_head_of_a_stream_begins_no_stream(client: TestClient) -> None:
    for media in ("application/x-ndjson", "text/event-stream"):
        status, headers = told(client, "HEAD", "/v1/events", Accept=media)
        assert status == 200
        assert headers["content-type"].startswith(media)


def test_only_where_get_is(client: TestClient) -> None:
    assert client.head("/v1/events").status_code == 200
    assert client.put("/v1/events").headers["allow"] == "GET, HEAD, POST"
    assert client.delete("/v1/head").headers["allow"] == "GET, HEAD"
