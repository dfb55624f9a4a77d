"""Bad input of every kind: each is refused quickly, names the field and the mend, and changes nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.app import create_app
from api.http.parameters import only_known
from api.http.request_body import MAX_VALUES_PER_EVENT
from api.settings import Settings, load
from ledger.ledger import Ledger
from projections.batch import VIEW_VERSION
from tests.api.conftest import HERE
from tests.api.sending import begin, head, opening, pointers, problem, statement
from tests.effort import LITTLE, effort
from tests.spec import wire

MARK = "m4rk3d"  # stands in what is sent and must not stand in what is answered
JSON = {"Content-Type": "application/json"}


def with_data(name: str, subject: str = "talks/first", **data: Any) -> dict[str, Any]:
    return {**statement(subject), "type": name, "data": data}


def figure(**quantity: Any) -> dict[str, Any]:
    return with_data("FigureReported", measure="population", quantity={"unit": MARK, **quantity})


@dataclass(frozen=True)
class Bad:
    """What is sent (as JSON, or as bytes), and what must come back."""

    sent: Any
    status: int
    pointer: str | None
    mend: str
    """A word of the advice."""


BAD = {
    "unknown type": Bad(with_data("TalksSchedulled", when=MARK), 422, "/type", "did you mean TalksScheduled?"),
    "no type": Bad({"note": MARK}, 422, "/type", "/v1/event-types"),
    "unknown field": Bad(statement(sensitivty=MARK), 422, "/sensitivty", "did you mean `sensitivity`?"),
    "unknown field of the payload": Bad(
        with_data("StatementMade", txt=MARK, text="x"), 422, "/data/txt", "did you mean `text`?"
    ),
    "a field that the log adds": Bad(statement(position=1, note=MARK), 422, "/position", "remove it"),
    "the version that the log adds": Bad(statement(version=1, note=MARK), 422, "/version", "remove it"),
    "wrong family": Bad(
        {**opening("talks/second", note=MARK), "subject": "convoys/second"}, 422, "/subject", "talks/…"
    ),
    "unopened subject": Bad(statement(f"talks/{MARK}"), 422, "/subject", "TalksReported"),
    "opened twice": Bad(opening("talks/first", note=MARK), 409, "/subject", "expected_version 1"),
    "unknown actor": Bad(with_data("RoleTaken", actor=MARK, role="mediator"), 422, "/data/actor", "ActorIdentified"),
    "unknown claimant": Bad(
        statement(sources=[{"publisher": "TASS", "claimant": f"actors/{MARK}"}]),
        422,
        "/sources/0/claimant",
        "ActorIdentified",
    ),
    "unknown process": Bad(
        {
            **opening("talks/second"),
            "data": {"processes": ["first", MARK], "title": [{"text": "Talks"}]},
        },
        422,
        "/data/processes/1",
        "ProcessOpened",
    ),
    "unknown event": Bad(
        {
            **{k: v for k, v in with_data("EventRetracted").items() if k != "occurred"},
            "data": {"event": "0192d5a0-7c00-7000-8000-00000000dead", "reason": MARK},
        },
        422,
        "/data/event",
        "append that event first",
    ),
    "impossible day": Bad({**statement(note=MARK), "occurred": "2017-02-30"}, 422, "/occurred", "01 to 28"),
    "impossible month": Bad(with_data("TalksScheduled", when="2017-13"), 422, "/data/when", "01 to 12"),
    "day first": Bad({**statement(), "occurred": "27.10.2017"}, 422, "/occurred", "YYYY-MM-DD"),
    "an hour without a zone": Bad({**statement(), "occurred": "2017-10-27T09:00"}, 422, "/occurred", "zone"),
    "reversed interval": Bad({**statement(), "occurred": "2017-10-29/2017-10-27"}, 422, "/occurred", "swap"),
    "reversed range": Bad(figure(low=2, high=1), 422, "/data/quantity", "swap"),
    "negative count": Bad(figure(value=-1), 422, "/data/quantity/value", "0 or more"),
    "NaN": Bad(json.dumps(figure(value=float("nan"))).encode(), 400, "/data/quantity/value", "finite"),
    "infinity": Bad(json.dumps(figure(value=float("inf"))).encode(), 400, "/data/quantity/value", "finite"),
    "a number beyond all": Bad(
        json.dumps(figure(value=7)).replace(": 7", ": 7e400").encode(), 400, "/data/quantity/value", "1e308"
    ),
    "a whole number beyond all": Bad(
        json.dumps(figure(value=7)).replace(": 7", ": " + "7" * 5000).encode(), 400, "/data/quantity/value", "64 bits"
    ),
    "lone surrogate": Bad(json.dumps(statement(note=f"{MARK}\ud800")).encode(), 400, "/note", "surrogate"),
    "NUL": Bad(statement(note=f"{MARK}\0"), 400, "/note", "NUL"),
    "control character": Bad(statement(note=f"{MARK}\x1b[2J"), 422, "/note", "control characters"),
    "line break in a short text": Bad(
        statement(sources=[{"publisher": f"{MARK}\n"}]), 422, "/sources/0/publisher", "control characters"
    ),
    "not UTF-8": Bad(json.dumps(statement(note=MARK)).encode() + b"\xff", 400, None, "UTF-8"),
    "subject out of pattern": Bad(statement(f"talks/{MARK.upper()}"), 422, "/subject", "a-z, 0-9 and -"),
    "subject with a line break": Bad(statement("talks/first\n"), 422, "/subject", "a-z, 0-9 and -"),
    "reference out of pattern": Bad(
        with_data("RoleTaken", actor=f"actors/{MARK}", role="mediator"), 422, "/data/actor", "without `family/`"
    ),
    "an id that is no UUID": Bad(statement(id=MARK), 422, "/id", "UUID"),
    "an event that is no object": Bad([statement(), MARK], 422, "/1", "object"),
    "no event": Bad([], 422, "", "array of 1 to 1,000"),
    "neither object nor array": Bad(MARK, 422, "", "object"),
    "1,001 events": Bad([statement(note=MARK) for _ in range(1001)], 413, None, "1,000 events"),
    "an endless event": Bad(
        statement(sources=[{"publisher": MARK}] * MAX_VALUES_PER_EVENT * 2), 422, "", f"{MAX_VALUES_PER_EVENT:,} values"
    ),
    "nested arrays": Bad(b"[" * 100_000 + b"]" * 100_000, 400, "", "levels"),
    "nested objects": Bad(b'{"data":' * 100_000 + b"1" + b"}" * 100_000, 400, "", "levels"),
    "nested in the payload": Bad(
        json.dumps(statement()).replace('"data": {', '"data": {"a":' + "[" * 100_000, 1).encode(), 400, "", "levels"
    ),
    "nested nearly too deep": Bad(
        json.dumps(statement()).replace('"data": {', '"data": {"a":' + "[" * 197 + "]" * 197 + ",", 1).encode(),
        422,
        "/data/a",
        "remove it",
    ),
    "a key twice": Bad(
        json.dumps(statement()).replace("{", '{"note": "m4rk3d", "note": "two",', 1).encode(), 400, "/note", "twice"
    ),
    "stale version": Bad({**statement(note=MARK), "expected_version": 7}, 409, "/expected_version", "version 1"),
    "a version that is none": Bad({**statement(), "expected_version": True}, 422, "/expected_version", "whole number"),
    "a fraction of a version": Bad({**statement(), "expected_version": 1.0}, 422, "/expected_version", "whole number"),
    "no body": Bad(b"", 400, None, "empty"),
    "broken JSON": Bad(b'{"type": "StatementMade", "note": "m4rk3d"', 400, None, "line 1"),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One server for all of these, since none of them changes anything."""
    app = create_app(load(data=tmp_path_factory.mktemp("data")))
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        begin(client)
        yield client


def whole_log(client: TestClient) -> str:
    return client.get("/v1/events", headers={"Accept": "application/x-ndjson"}).text


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input(opened: TestClient, bad: Bad) -> None:
    before = whole_log(opened)
    content = bad.sent if isinstance(bad.sent, bytes) else json.dumps(bad.sent).encode()
    answer = opened.post("/v1/events", content=content, headers=JSON)
    body = problem(answer, bad.status)
    if bad.pointer is None:
        assert body["errors"] == []
        assert bad.mend in body["detail"]
    else:
        (fault,) = [error for error in body["errors"] if error["pointer"] == bad.pointer]
        assert bad.mend in fault["detail"]
    assert MARK not in answer.text
    assert len(answer.text) < 10_000
    assert whole_log(opened) == before


# --- bodies that are too long, or of another type


def test_a_body_over_the_limit(client: TestClient, settings: Settings) -> None:
    begin(client)
    long = json.dumps([statement(note=MARK * 500) for _ in range(700)]).encode()
    assert len(long) > settings.max_body == 2 * 1024 * 1024
    answer = client.post("/v1/events", content=long, headers=JSON)
    assert "2,097,152 bytes" in problem(answer, 413)["detail"]

    def in_parts() -> Iterator[bytes]:
        yield from (long[at : at + 65_536] for at in range(0, len(long), 65_536))

    problem(client.post("/v1/events", content=in_parts(), headers=JSON), 413)
    assert head(client) == 2
    just = json.dumps(statement()).encode()
    padded = just + b" " * (settings.max_body - len(just))
    assert client.post("/v1/events", content=padded, headers=JSON).status_code == 201
    problem(client.post("/v1/events", content=padded + b" ", headers=JSON), 413)


@pytest.mark.parametrize(
    "media",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/vnd.parley+json",
        "application/jsonp",
        "application/json; charset=latin-1",
        "application/json; profile=x",
    ],
)
def test_a_wrong_content_type(client: TestClient, media: str | None) -> None:
    headers = {} if media is None else {"Content-Type": media}
    answer = client.post("/v1/events", content=json.dumps(opening("processes/first")).encode(), headers=headers)
    assert "application/json" in problem(answer, 415)["detail"]
    assert head(client) == 0


@pytest.mark.parametrize(
    "media", ["application/json", "Application/JSON ; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_a_right_content_type(client: TestClient, media: str) -> None:
    content = json.dumps(opening("processes/first")).encode()
    assert client.post("/v1/events", content=content, headers={"Content-Type": media}).status_code == 201


# --- much of a bad thing


MANY: dict[str, Callable[[], Any]] = {
    "unknown fields": lambda: {**statement(), **{f"k{n}": 1 for n in range(150_000)}},
    "unknown fields, few enough to be told": lambda: {**statement(), **{f"k{n}": 1 for n in range(9_000)}},
    "empty sources": lambda: statement(sources=[{}] * 600_000),
    "empty sources in each of a thousand": lambda: [statement(sources=[{}] * 600) for _ in range(1000)],
    "a thousand mistyped types": lambda: [{**statement(), "type": f"StatementMad{n}"} for n in range(1000)],
    "one long key": lambda: {**statement(), "abcdefghijk" * 180_000: 1},
    "a long type": lambda: {**statement(), "type": "abcdefghijk" * 180_000},
    "a long text": lambda: statement(note="x" * 2_000_000),
    "a long id": lambda: statement(id="0" * 2_000_000),
    "a long date": lambda: {**statement(), "occurred": "2" * 2_000_000},
}


@pytest.mark.parametrize("many", MANY.values(), ids=MANY)
def test_many_faults_are_told_quickly(opened: TestClient, many: Callable[[], Any]) -> None:
    content = json.dumps(many(), separators=(",", ":")).encode()
    assert len(content) < 2 * 1024 * 1024
    answers = []
    assert effort(lambda: answers.append(opened.post("/v1/events", content=content, headers=JSON))) < LITTLE
    for answer in answers:
        assert len(problem(answer, 422)["errors"]) <= 1000
        assert len(answer.text) < 300_000
    assert head(opened) == 2


# --- the log cannot take it


def test_a_locked_log_is_503(client: TestClient, settings: Settings) -> None:
    begin(client)
    with closing(Ledger(settings.log_at)) as other, other.log.writing():
        body = problem(client.post("/v1/events", json=statement()), 503)
        assert body["retry"]
        assert client.get("/v1/head").json()["position"] == 2
    assert client.post("/v1/events", json=statement()).status_code == 201


def test_a_full_disk_is_503_and_never_a_false_201(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    if settings.database_url is not None:
        return  # a file is what can be filled here; tests/ledger has the database
    begin(client)
    log = app.state.services.ledger.log
    ((pages,),) = log.fetch("PRAGMA page_count")
    most = pages + 10
    pool = log.datastore.pool
    taken = pool.get_connection

    def limited(*args: Any, **options: Any) -> Any:
        connection = taken(*args, **options)
        connection.cursor().execute(f"PRAGMA max_page_count={most}")  # of each connection: SQLite then says "full"
        return connection

    monkeypatch.setattr(pool, "get_connection", limited)
    acknowledged = []
    refused = 0
    for _ in range(40):
        sent = statement(note="x" * 2000)
        answer = client.post("/v1/events", json=sent)
        if answer.status_code == 201:
            acknowledged.append(sent["id"])
        else:
            refused += 1
            assert "disk is full" in problem(answer, 503)["detail"]
    assert refused
    stored = [event["id"] for event in client.get("/v1/events?after=2&limit=1000").json()["events"]]
    assert stored == acknowledged


# --- positions and cursors


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", str(2**63), "1" * 5000, "%00"])
def test_a_broken_position(opened: TestClient, after: str) -> None:
    body = problem(opened.get(f"/v1/events?after={after}"), 400)
    assert body["errors"][0]["parameter"] == "after"
    assert "number" in body["errors"][0]["detail"]


@pytest.mark.parametrize("last", ["-1", "x", "1.5", "", str(2**63), "1" * 5000, "1, 2"])
def test_a_broken_last_event_id(opened: TestClient, last: str) -> None:
    headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
    body = problem(opened.get("/v1/events", headers=headers), 400)
    assert body["errors"][0]["header"] == "Last-Event-ID"


def test_no_file_is_left_behind(client: TestClient, settings: Settings) -> None:
    begin(client)
    if settings.database_url is not None:
        assert not settings.data.exists()
        return
    names = {Path(path).name.partition(".")[0] for path in settings.data.iterdir()}
    assert names == {"events", "views", f"parley-views-v{VIEW_VERSION}"}


def test_a_language_is_a_tag_of_the_grammar(client: TestClient) -> None:
    def sent(lang: str) -> Any:
        return wire(
            "ActorIdentified", subject="actors/a", data={"labels": [{"text": "A", "lang": lang}], "kind": "state"}
        )

    body = problem(client.post("/v1/events", json=sent("en-12")), 422)
    assert pointers(body) == ["/data/labels/0/lang"]
    assert "BCP 47" in body["detail"]
    assert client.post("/v1/events", json=sent("sr-Latn-RS-x-local")).status_code == 201


def test_every_endpoint_refuses_a_parameter_that_it_does_not_know(app: FastAPI) -> None:
    for endpoint in app.routes:
        assert isinstance(endpoint, APIRoute), endpoint
        assert only_known in [needed.dependency for needed in endpoint.dependencies], endpoint.path
