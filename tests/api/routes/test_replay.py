"""Replay: pages, lines, filters, what a client accepts, single events with their revisions, and the head."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.http import parameters
from api.http.parameters import POSITION_HEADER
from api.services import event_streams
from tests.api.sending import begin, opening, problem, statement

LINES = {"Accept": "application/x-ndjson"}


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    """A log of 12 events: two openings and ten statements, on the talks and on the process in turn."""
    begin(client)
    subjects = ["talks/first", "processes/first"] * 5
    assert client.post("/v1/events", json=[statement(subject) for subject in subjects]).status_code == 201
    return client


def positions(client: TestClient, query: str = "") -> list[int]:
    answer = client.get(f"/v1/events?{query}")
    assert answer.status_code == 200, answer.text
    return [event["position"] for event in answer.json()["events"]]


# --- pages


def test_pages_follow_each_other(filled: TestClient) -> None:
    address: str | None = "/v1/events?limit=5&type=StatementMade"
    seen: list[list[int]] = []
    while address:
        answer = filled.get(address)
        seen.append([event["position"] for event in answer.json()["events"]])
        assert answer.headers[POSITION_HEADER] == "12"
        following = answer.json()["next"]
        assert ("next" in answer.links) == (following is not None)
        address = str(answer.links["next"]["url"]) if following else None
        assert address is None or f"after={following}" in address
    assert seen == [[3, 4, 5, 6, 7], [8, 9, 10, 11, 12]]


def test_a_page_as_long_as_the_log_has_no_next(filled: TestClient) -> None:
    assert filled.get("/v1/events?limit=12").json()["next"] is None
    assert filled.get("/v1/events?limit=11").json()["next"].startswith("11-")
    assert filled.get("/v1/events?after=12").json() == {"events": [], "next": None}


def test_a_page_holds_a_hundred(client: TestClient) -> None:
    begin(client)
    client.post("/v1/events", json=[statement() for _ in range(1000)])
    page = client.get("/v1/events").json()
    assert (len(page["events"]), page["next"]) == (
        100,
        client.get("/v1/events?limit=100").headers["link"].split("after=")[1].split("&")[0],
    )
    assert len(client.get("/v1/events?limit=1000").json()["events"]) == 1000
    for limit in ("0", "1001", "-1", "x"):
        body = problem(client.get(f"/v1/events?limit={limit}"), 400)
        assert body["errors"][0]["parameter"] == "limit"


def test_an_event_is_shown_as_it_was_sent(client: TestClient) -> None:
    sent = opening("processes/first", note="Ü بيان", sources=[{"publisher": "TASS"}])
    client.post("/v1/events", json=sent)
    (shown,) = client.get("/v1/events").json()["events"]
    assert {name: shown[name] for name in sent} == sent
    assert set(shown) - set(sent) == {"position", "version", "recorded_at", "recorded_by", "schema"}


# --- lines


def test_lines_go_to_the_head(filled: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "CHUNK", 5)
    answer = filled.get("/v1/events?after=1", headers=LINES)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers[POSITION_HEADER] == "12"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["position"] for line in lines] == list(range(2, 13))
    assert lines == filled.get("/v1/events?after=1").json()["events"]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029"])
def test_an_event_is_on_one_line_for_every_reader(client: TestClient, mark: str) -> None:
    """Whatever reader of lines is used: some take separators of lines and paragraphs for the end of one."""
    sent = opening("processes/first", note=f"north{mark}south")
    client.post("/v1/events", json=sent)
    answer = client.get("/v1/events", headers=LINES)
    (line,) = answer.text.splitlines()
    assert list(answer.iter_lines()) == [line]
    assert json.loads(line) == client.get("/v1/events").json()["events"][0]
    assert json.loads(line)["note"] == sent["note"]


def test_lines_of_an_empty_log(client: TestClient) -> None:
    answer = client.get("/v1/events", headers=LINES)
    assert (answer.status_code, answer.text, answer.headers[POSITION_HEADER]) == (200, "", "0")


def test_a_stream_takes_no_limit(filled: TestClient) -> None:
    for media in ("application/x-ndjson", "text/event-stream"):
        body = problem(filled.get("/v1/events?limit=5", headers={"Accept": media}), 400)
        assert body["errors"][0]["parameter"] == "limit"


# --- filters


def test_filters(filled: TestClient) -> None:
    assert positions(filled, "process=first&subject=talks/first") == [2, 3, 5, 7, 9, 11]
    assert positions(filled, "family=talks&type=TalksReported") == [2]
    assert positions(filled, "process=second") == []
    assert positions(filled, "type=StatementMade&family=processes&after=9") == [10, 12]
    lines = filled.get("/v1/events?family=talks&after=9", headers=LINES).text.splitlines()
    assert [json.loads(line)["position"] for line in lines] == [11]


def test_recorded_after(filled: TestClient) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert positions(filled, "recorded_after=2017-10-29T09:00:00Z") == list(range(1, 13))
    assert positions(filled, "recorded_after=2017-10-29") == list(range(1, 13))
    assert positions(filled, f"recorded_after={tomorrow:%Y-%m-%d}") == [], "after the end of a day"
    assert positions(filled, "recorded_after=0001-01-01T00:00:00.123456789%2B14:00") == list(range(1, 13))
    assert positions(filled, "recorded_after=9999-12-31T23:59:59-12:00") == []
    assert positions(filled, f"recorded_after={tomorrow.strftime('%Y-%m-%dT%H:%M:%Sz')}") == []
    at = filled.get("/v1/events/" + filled.get("/v1/events?after=2&limit=1").json()["events"][0]["id"]).json()
    assert positions(filled, f"recorded_after={at['recorded_at']}") == []


@pytest.mark.parametrize(
    "time",
    [
        "2017-10",
        "2017-10-29T09:00:00",
        "2017-10-29T09:00:00+03:00",  # the + is a space in a URL
        "2017-10-29T09:00Z",
        "20171029T090000Z",
        "2017-W43-7T09:00:00Z",
        "2017-02-30T09:00:00Z",
        "2017-10-29T25:00:00Z",
        "2017-10-29T09:00:00+25:00",
        "0000-01-01T00:00:00Z",
        "٢٠١٧-10-29T09:00:00Z",
        "now",
        "",
    ],
)
def test_a_time_without_a_zone_or_sense(client: TestClient, time: str) -> None:
    body = problem(client.get(f"/v1/events?recorded_after={time}"), 400)
    assert body["errors"][0]["parameter"] == "recorded_after"
    assert "%2B03:00" in body["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("query", "parameter", "mend"),
    [
        ("limmit=3", "limmit", "did you mean limit?"),
        ("proces=first", "proces", "did you mean process?"),
        ("colour=red", "colour", "this address takes after, limit"),
        ("family=talk", "family", "did you mean talks?"),
        ("family=participants", "family", "actors, processes"),
        ("type=TalksSchedule", "type", "did you mean TalksScheduled?"),
        ("type=talksscheduled", "type", "/v1/event-types"),
        ("type=TalksScheduled&type=TalksConvened", "type", "once"),
        ("subject=talks", "subject", "a subject path"),
        ("subject=talks/First", "subject", "a subject path"),
        ("process=processes/first", "process", "an id"),
        ("min_position=x", "min_position", "number"),
    ],
)
def test_no_filter_is_ignored(client: TestClient, query: str, parameter: str, mend: str) -> None:
    body = problem(client.get(f"/v1/events?{query}"), 400)
    (fault,) = [error for error in body["errors"] if error["parameter"] == parameter]
    assert mend in fault["detail"]


def test_all_faults_of_a_query_are_told(client: TestClient) -> None:
    body = problem(client.get("/v1/events?a=1&b=2&limit=3&limit=4"), 400)
    assert [error["parameter"] for error in body["errors"]] == ["a", "b", "limit"]
    many = "&".join(f"k{n}=m4rk3d" for n in range(500))
    answer = client.get(f"/v1/events?{many}")
    assert len(problem(answer, 400)["errors"]) <= 20
    assert "m4rk3d" not in answer.text


# --- what a client accepts


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("application/X-NDJSON; q=0.5, application/json;q=0.4", "application/x-ndjson"),
        ("application/json;q=0.2, application/x-ndjson", "application/x-ndjson"),
        ("application/json;q=0, */*;q=0.1", "application/x-ndjson"),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "application/json"),
        ("application/x-ndjson;q=nan, application/json;q=0.9", "application/x-ndjson"),
        ("text/html, application/json;q=0.1", "application/json"),
    ],
)
def test_negotiation(client: TestClient, accept: str | None, media: str) -> None:
    client.headers.pop("accept")
    answer = client.get("/v1/events", headers={} if accept is None else {"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media


@pytest.mark.parametrize("accept", ["image/*", "application/json;q=0", "*/*;q=0", "json", "application/jsonx"])
def test_what_cannot_be_given(client: TestClient, accept: str) -> None:
    assert "x-ndjson" in problem(client.get("/v1/events", headers={"Accept": accept}), 406)["detail"]


# --- one event


def revision(name: str, event: dict[str, Any], /, **data: Any) -> dict[str, Any]:
    sent = {**statement(), "type": name, "data": {"event": event["id"], **data}}
    del sent["occurred"]
    return sent


def test_an_event_with_its_revisions(client: TestClient) -> None:
    begin(client)
    first, second = statement(), statement()
    retraction = revision("EventRetracted", first, reason="Misread.")
    duplicate = revision("DuplicateMarked", second, of=first["id"])
    dispute = revision("EventDisputed", retraction, instead="It was read well.")
    assert client.post("/v1/events", json=[first, second, retraction, duplicate, dispute]).status_code == 201

    def bearing_on(event: dict[str, Any]) -> list[str]:
        shown = client.get(f"/v1/events/{event['id']}").json()
        assert shown["id"] == event["id"]
        return [each["id"] for each in shown["revisions"]]

    assert bearing_on(first) == [retraction["id"], duplicate["id"]]
    assert bearing_on(second) == [duplicate["id"]]
    assert bearing_on(retraction) == [dispute["id"]]
    assert bearing_on(dispute) == []


def test_an_event_that_was_never_recorded(client: TestClient) -> None:
    body = problem(client.get(f"/v1/events/{uuid4()}"), 404)
    assert body["type"] == "/problems/not-found"
    body = problem(client.get("/v1/events/m4rk3d"), 400)
    told = "send a UUID: that of a recorded event, or for a new event one made by `uuidgen`"
    assert body["errors"] == [{"parameter": "event_id", "detail": told}]


# --- the head


def test_the_head(client: TestClient) -> None:
    assert client.get("/v1/head").json() == {"position": 0, "cursor": "0", "recorded_at": None}
    begin(client)
    answer = client.get("/v1/head")
    last = client.get("/v1/events?after=1").json()["events"][0]
    cursor = client.get("/v1/events").headers["parley-cursor"]
    assert answer.json() == {"position": 2, "cursor": cursor, "recorded_at": last["recorded_at"]}
    assert answer.headers[POSITION_HEADER] == "2"


def test_waiting_for_a_position_of_the_log(filled: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filled.get("/v1/head?min_position=12").json()["position"] == 12
    monkeypatch.setattr(parameters, "BRIEFLY", 0.05)
    for address in ("/v1/head", "/v1/events", f"/v1/events/{uuid4()}"):
        assert problem(filled.get(f"{address}?min_position=13"), 503)["retry"]


# --- what this version does not understand


def test_an_unreadable_event_is_shown_and_halts_the_views(client: TestClient, app: FastAPI) -> None:
    begin(client)
    here = app.state.services
    client.post("/v1/events", json=statement(), headers={"Prefer": "wait=30"})
    with here.ledger.log.writing() as writing:
        state = orjson.loads(writing.run("SELECT state FROM stored_events WHERE {position}=3")[0][0])
        state["envelope"]["id"] = str(uuid4())
        values = (4, "talks/first", 3, "TalksStreamed", orjson.dumps(state))
        writing.run("INSERT INTO stored_events VALUES (?, ?, ?, ?, ?)", values)
        writing.run(
            "INSERT INTO event_index (position, event_id, recorded_at, digest) "
            "SELECT 4, digest, recorded_at, digest FROM event_index WHERE position=3"
        )
    answer = client.post("/v1/events", json=statement(), headers={"Prefer": "wait=30"})
    assert (answer.status_code, answer.json()["position"]) == (201, 5)
    assert "preference-applied" not in answer.headers
    shown = client.get("/v1/events?after=3").json()["events"]
    assert "upgrade" in shown[0]["unreadable"]
    assert "unreadable" not in shown[1]
    body = problem(client.get("/readyz"), 503)
    assert "TalksStreamed" in body["detail"]
