"""The shortcuts answer as the usual way does: the same requests, sent to a server with them and to one without."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api import app as wiring
from api.app import create_app
from api.routes.fast_path import FastPath
from api.settings import load
from ledger.ledger import Ledger
from tests.api.conftest import HERE, kept
from tests.api.sending import opening, problem, statement

ID = "0192d5a0-7c00-7000-8000-0000000000{:02}"
JSON = {"Content-Type": "application/json"}
Send = Callable[..., tuple[Response, Response]]


@pytest.fixture
def both(
    tmp_path: Path, installation: Callable[[str], Path | str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[TestClient, TestClient]]:
    """A server with shortcuts, and one without."""

    def server(name: str) -> TestClient:
        app = create_app(load(**kept(installation(name), tmp_path / name), port=0))
        return TestClient(app, base_url=HERE, raise_server_exceptions=False)

    with server("short") as short:
        monkeypatch.setattr(wiring, "FastPath", lambda app, known: app)
        with server("long") as long:
            yield short, long


def told(answer: Response) -> tuple[object, ...]:
    """What an answer says, without its id, its clock and the time of recording."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in ("x-request-id",))
    body = re.sub(r'"(recorded_at|now|request_id)":"[^"]*"', "", answer.text)
    return answer.status_code, headers, body


APPENDS: list[tuple[bytes, dict[str, str]]] = [
    (json.dumps(opening("processes/first", id=ID.format(1))).encode(), JSON),
    (json.dumps(opening("processes/first", id=ID.format(1))).encode(), JSON),  # again
    (json.dumps(opening("processes/first", id=ID.format(2))).encode(), JSON),  # it is open
    (json.dumps(statement("processes/first", id=ID.format(3))).encode(), JSON | {"If-Match": '"1"'}),
    (json.dumps(statement("processes/first", id=ID.format(4))).encode(), JSON | {"If-Match": '"1"'}),
    (json.dumps(statement("processes/first", id=ID.format(5))).encode(), JSON | {"If-Match": "1"}),
    (json.dumps(statement("processes/first", id=ID.format(6))).encode(), JSON | {"Prefer": "return=minimal, wait=1"}),
    (json.dumps(statement("processes/first", id=ID.format(7))).encode(), JSON | {"Prefer": "handling=strict"}),
    (json.dumps([statement("processes/first", id=ID.format(8 + n)) for n in range(2)]).encode(), JSON),
    (json.dumps(statement("processes/none", id=ID.format(20))).encode(), JSON),
    (b"{", JSON),
    (b"", JSON),
    (b"[]", JSON | {"If-Match": ""}),
    (b"{}", {"Content-Type": "text/plain"}),
    (b"{}", {}),
    (b" " * 9_000_000, JSON),
]


def test_appends(both: tuple[TestClient, TestClient]) -> None:
    for number, (body, headers) in enumerate(APPENDS):
        short, long = (client.post("/v1/events", content=body, headers=headers) for client in both)
        assert told(short) == told(long), number
    twice = [("Content-Type", "application/json"), ("Prefer", "return=minimal"), ("Prefer", "wait=9")]
    body = json.dumps(statement("processes/first", id=ID.format(30))).encode()
    short, long = (client.post("/v1/events", content=body, headers=twice) for client in both)
    assert told(short) == told(long)
    assert short.headers["preference-applied"] == "return=minimal, wait=9"


def test_statuses(both: tuple[TestClient, TestClient]) -> None:
    for client in both:
        client.post("/v1/events", json=opening("processes/first", id=ID.format(1)), headers={"Prefer": "wait=30"})
    for address in ("first", "none", "First", "first/", "first?as_of=2020-01-01", "first?x=1", "a/b", "%66irst"):
        for _ in range(2):  # drawn, then kept
            short, long = (client.get(f"/v1/processes/{address}") for client in both)
            assert told(short) == told(long), address
    etag = both[0].get("/v1/processes/first").headers["etag"]
    for tags in (etag, etag.removeprefix("W/"), "*", f'"a", {etag}', '"a"', ""):
        short, long = (client.get("/v1/processes/first", headers={"If-None-Match": tags}) for client in both)
        assert told(short) == told(long), tags
    twice = [("If-None-Match", '"a"'), ("If-None-Match", etag)]
    short, long = (client.get("/v1/processes/first", headers=twice) for client in both)
    assert told(short) == told(long)
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
        short, long = (client.request(method, "/v1/processes/first") for client in both)
        assert told(short) == told(long), method


def test_an_accident_is_answered_alike(both: tuple[TestClient, TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "append_group", lambda *_: 1 / 0)
    short, long = (client.post("/v1/events", json=opening("processes/first")) for client in both)
    assert told(short) == told(long)
    problem(short, 500)


def test_the_shortcuts_are_taken(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.post("/v1/events", json=opening("processes/first"), headers={"Prefer": "wait=30"}).status_code == 201
    client.get("/v1/processes/first")
    reached: list[str] = []
    inner = FastPath._append

    async def counted(self: FastPath, *arguments: object) -> bool:
        reached.append("append")
        return await inner(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(FastPath, "_append", counted)
    client.post("/v1/events", json=statement("processes/first"))
    assert reached == ["append"]
