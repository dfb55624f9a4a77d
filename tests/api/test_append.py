"""Appending over HTTP: what is answered, with which headers, and how preferences and preconditions work."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.parameters import POSITION_HEADER
from domain.errors import Unavailable
from ledger.ledger import Append
from ledger.writer import Writer
from tests.api.sending import begin, head, opening, pointers, problem, statement
from tests.ledger.sending import statement as drafted


def test_one_event(client: TestClient) -> None:
    sent = opening("processes/first")
    answer = client.post("/v1/events", json=sent)
    assert answer.status_code == 201
    body = answer.json()
    recorded_at = body["events"][0].pop("recorded_at")
    assert recorded_at.endswith("Z")
    assert body == {
        "events": [{"id": sent["id"], "position": 1, "subject": "processes/first", "version": 1, "findings": []}],
        "position": 1,
    }
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/events/{sent['id']}"
    assert answer.headers[POSITION_HEADER] == "1"
    shown = client.get(answer.headers["location"]).json()
    assert shown["recorded_at"] == recorded_at
    assert shown["recorded_by"] == "field-office"


def test_a_batch_over_several_subjects(client: TestClient) -> None:
    answer = client.post("/v1/events", json=[opening("processes/first"), opening("talks/first"), statement()])
    assert answer.status_code == 201
    assert [(e["subject"], e["version"], e["position"]) for e in answer.json()["events"]] == [
        ("processes/first", 1, 1),
        ("talks/first", 1, 2),
        ("talks/first", 2, 3),
    ]
    assert "etag" not in answer.headers
    assert "location" not in answer.headers


def test_a_batch_on_one_subject_has_its_etag(client: TestClient) -> None:
    begin(client)
    assert client.post("/v1/events", json=[statement(), statement()]).headers["etag"] == '"3"'


def test_a_thousand_events(client: TestClient) -> None:
    begin(client)
    answer = client.post("/v1/events", json=[statement() for _ in range(1000)])
    assert answer.status_code == 201
    assert answer.json()["position"] == 1002


def test_an_id_is_made(client: TestClient) -> None:
    begin(client)
    sent = [statement() for _ in range(3)]
    for event in sent:
        del event["id"]
    ids = [UUID(event["id"]) for event in client.post("/v1/events", json=sent).json()["events"]]
    assert [number.version for number in ids] == [7, 7, 7]
    assert ids == sorted(ids)
    assert len(set(ids)) == 3


def test_sending_again_answers_as_before(client: TestClient) -> None:
    begin(client)
    sent = statement()
    first = client.post("/v1/events", json=sent)
    client.post("/v1/events", json=statement())
    again = client.post("/v1/events", json=sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["etag"] == '"3"', "the subject has moved on"
    partly = client.post("/v1/events", json=[sent, statement()])
    assert partly.status_code == 201
    assert partly.json()["events"][0] == first.json()["events"][0]


def test_expected_version_is_not_part_of_the_event(client: TestClient) -> None:
    begin(client)
    sent = statement()
    assert client.post("/v1/events", json={**sent, "expected_version": 1}).status_code == 201
    assert client.post("/v1/events", json=sent).status_code == 200
    assert "expected_version" not in client.get(f"/v1/events/{sent['id']}").json()


def test_a_dry_run_checks_and_stores_nothing(client: TestClient) -> None:
    begin(client)
    answer = client.post("/v1/events?dry_run=true", json=statement())
    assert answer.status_code == 200
    (event,) = answer.json()["events"]
    assert (event["position"], event["recorded_at"], event["version"]) == (None, None, 2)
    assert answer.headers["etag"] == '"1"', "the subject stays as it is"
    assert "location" not in answer.headers
    problem(client.post("/v1/events?dry_run=true", json=statement("talks/second")), 422)
    assert head(client) == 2


def test_a_mistyped_dry_run_does_not_record(client: TestClient) -> None:
    begin(client)
    body = problem(client.post("/v1/events?dry_rum=true", json=statement()), 400)
    assert body["errors"][0]["parameter"] == "dry_rum"
    assert "dry_run" in body["detail"]
    problem(client.post("/v1/events?dry_run=perhaps", json=statement()), 400)
    problem(client.post("/v1/events?dry_run=false&dry_run=true", json=statement()), 400)
    assert head(client) == 2


# --- preconditions


def test_if_match(client: TestClient) -> None:
    begin(client)
    sent = statement()
    assert client.post("/v1/events", json=sent, headers={"If-Match": '"1"'}).status_code == 201
    assert client.post("/v1/events", json=sent, headers={"If-Match": '"1"'}).status_code == 200
    body = problem(client.post("/v1/events", json=statement(), headers={"If-Match": '"1"'}), 412)
    assert "version 2" in body["detail"]
    batch = [statement(), statement()]
    assert client.post("/v1/events", json=batch, headers={"If-Match": '"2"'}).status_code == 201
    assert client.post("/v1/events", json=opening("talks/second"), headers={"If-Match": '"0"'}).status_code == 201


@pytest.mark.parametrize("tag", ['W/"1"', "*", "1", '"1", "2"', '"01"', '"one"', '""', f'"{10**18}"'])
def test_an_if_match_that_is_no_version(client: TestClient, tag: str) -> None:
    begin(client)
    body = problem(client.post("/v1/events", json=statement(), headers={"If-Match": tag}), 400)
    assert body["errors"][0]["header"] == "If-Match"
    assert head(client) == 2


def test_if_match_goes_with_one_subject(client: TestClient) -> None:
    begin(client)
    two = [statement(), statement("processes/first")]
    body = problem(client.post("/v1/events", json=two, headers={"If-Match": '"1"'}), 400)
    assert "expected_version" in body["detail"]
    assert head(client) == 2


# --- preferences


def test_waiting_for_the_read_models(client: TestClient) -> None:
    begin(client)
    answer = client.post("/v1/events", json=statement(), headers={"Prefer": "handling=strict, wait=9"})
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "wait=9"
    assert client.get("/readyz").json()["views"] == {"position": 3, "lag": 0}
    long = client.post("/v1/events", json=statement(), headers={"Prefer": "wait=900"})
    assert long.headers["preference-applied"] == "wait=30"


def test_waiting_in_vain_is_still_201(client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(client)
    client.post("/v1/events", json=statement(), headers={"Prefer": "wait=9"})
    monkeypatch.setattr(app.state.parley.follower, "_follow", lambda: None)
    answer = client.post("/v1/events", json=statement(), headers={"Prefer": "wait=0"})
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers


def test_a_halted_view_is_not_waited_for(client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(client)
    client.post("/v1/events", json=statement(), headers={"Prefer": "wait=9"})
    follower = app.state.parley.follower
    monkeypatch.setattr(follower, "_follow", lambda: None)
    monkeypatch.setattr(follower, "halted", "position 2: from a newer version")
    answer = client.post("/v1/events", json=statement(), headers={"Prefer": "wait=30"})
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers


@pytest.mark.parametrize("prefer", ["wait=soon", "handling=strict", "respond-async", "wait", "wait=-1", "", ";,=;"])
def test_what_cannot_be_preferred_is_ignored(client: TestClient, prefer: str) -> None:
    answer = client.post("/v1/events", json=opening("processes/first"), headers={"Prefer": prefer})
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers


# --- pointers


def test_the_ledgers_pointers_have_no_index_for_a_single_event(client: TestClient) -> None:
    begin(client)
    role = {**statement(), "type": "RoleTaken", "data": {"actor": "nobody", "role": "mediator"}}
    body = problem(client.post("/v1/events", json=role), 422)
    assert pointers(body) == ["/data/actor"]
    assert body["detail"].startswith("/data/actor: ")
    assert body["retry"]
    body = problem(client.post("/v1/events", json=[statement(), role]), 422)
    assert pointers(body) == ["/1/data/actor"]


def test_faults_of_all_events_are_told_at_once(client: TestClient) -> None:
    begin(client)
    first, third = statement(sensitivty="low"), {**statement(), "occurred": "2017-13"}
    fourth: Any = {**statement(), "expected_version": -1, "subject": "talks/First"}
    body = problem(client.post("/v1/events", json=[first, statement(), third, fourth, 7]), 422)
    assert pointers(body) == ["/0/sensitivty", "/2/occurred", "/3/expected_version", "/3/subject", "/4"]
    assert "did you mean `sensitivity`" in body["errors"][0]["detail"]
    assert head(client) == 2


# --- the writer


def test_a_busy_writer_is_503(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise Unavailable("too many requests are waiting: send the request again in a moment")

    begin(client)
    monkeypatch.setattr(Writer, "submit", busy)
    assert problem(client.post("/v1/events", json=statement()), 503)["retry"]


def test_a_request_that_is_given_up_loses_nothing(client: TestClient, app: FastAPI) -> None:
    """Whoever waits may go; those who stay get their answers, and the log has no half of anything."""
    begin(client)
    writer = app.state.parley.writer

    async def give_up() -> list[Any]:
        waiting = [asyncio.ensure_future(asyncio.wrap_future(writer.submit(Append((drafted(),))))) for _ in range(20)]
        for each in waiting[::2]:
            each.cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    answers = asyncio.run(give_up())
    kept = [answer.position for answer in answers[1::2]]
    assert kept == sorted(kept)
    assert set(kept) <= {event["position"] for event in client.get("/v1/events?limit=1000").json()["events"]}
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])


def test_json_with_escapes_is_the_same_event(client: TestClient) -> None:
    begin(client)
    sent = statement(note="هدنة é :null")
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    assert client.post("/v1/events", content=json.dumps(sent), headers=headers).status_code == 201
    plain = json.dumps(sent, ensure_ascii=False, indent=2).encode()
    assert client.post("/v1/events", content=plain, headers=headers).status_code == 200
