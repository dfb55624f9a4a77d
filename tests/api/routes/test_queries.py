"""The queries over HTTP, asked of the founding case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.http import parameters
from api.settings import load
from domain.event import Unreadable
from domain.values import Subject
from tests.api.sending import Wire, begin, head, opening, problem, statement
from tests.spec import wire
from tests.waiting import eventually

KALAMUN = "/v1/processes/eastern-kalamun"
TALKS = "/v1/talks/eastern-kalamun-truce"
OF_A_PROCESS = (
    *("", "/history", "/actors", "/talks", "/agreements", "/obligations", "/convoys"),
    *("/enrolments", "/figures", "/claims", "/incidents"),
)
QUERIES = (
    "/v1/processes",
    *(KALAMUN + part for part in OF_A_PROCESS),
    TALKS,
    "/v1/agreements/roadblock-checks",
    "/v1/convoys/russian-aid",
    "/v1/enrolments/reconciliation-participants",
    "/v1/actors",
    "/v1/actors/russia",
)
LISTS = ("/v1/processes", *(KALAMUN + part for part in OF_A_PROCESS if part), "/v1/actors")


def append(client: TestClient, *events: Wire) -> int:
    """Appends and waits until the read models show it; gives the last position."""
    answer = client.post("/v1/events", json=list(events), headers={"Prefer": "wait=30"})
    assert answer.status_code in (200, 201), answer.text
    assert answer.headers["preference-applied"] == "wait=30"
    position: int = answer.json()["position"]
    return position


def on_the_talks(name: str, occurred: str = "2017-10-27", **data: Any) -> Wire:
    return wire(name, subject="talks/eastern-kalamun-truce", occurred=occurred, data=data)


def get(client: TestClient, path: str, **headers: str) -> Response:
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code in (200, 304), answer.text
    return answer


def parameter(body: Wire) -> str:
    (error,) = body["errors"]
    found: str = error["parameter"]
    return found


# --- every one answers


def test_every_query_answers_and_tells_its_position(seeded: TestClient) -> None:
    for path in QUERIES:
        answer = get(seeded, path)
        assert answer.headers["parley-position"] == "42", path
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()
        assert get(seeded, f"{path}?min_position=42").json().keys() == answer.json().keys()


def test_the_founding_case_over_http(seeded: TestClient) -> None:
    assert [one["process"] for one in get(seeded, "/v1/processes").json()["processes"]] == [
        "eastern-kalamun",
        "national-reconciliation",
    ]
    assert len(get(seeded, f"{KALAMUN}/history").json()["events"]) == 42 - 11 - 3 - 1
    assert [one["subject"] for one in get(seeded, f"{KALAMUN}/talks").json()["talks"]] == [
        "talks/earlier-with-russian-military",
        "talks/eastern-kalamun-truce",
    ]
    held = {(r["process"], r["role"]) for r in get(seeded, "/v1/actors/russia").json()["processes"]}
    assert held == {("eastern-kalamun", "guarantor")}
    asked = "/v1/processes?actor=reconciliation-centre&role=coordinator&state=open&place=kalamun&q=KALAMUN"
    assert [one["process"] for one in get(seeded, asked).json()["processes"]] == ["eastern-kalamun"]
    nothing = get(seeded, "/v1/processes?actor=russia&role=coordinator").json()
    assert (nothing["processes"], nothing["next"]) == ([], None)


def test_pages_over_http(seeded: TestClient) -> None:
    for order in ("oldest", "newest"):
        whole = [one["id"] for one in get(seeded, f"{KALAMUN}/history?order={order}").json()["events"]]
        found: list[str] = []
        after = ""
        while True:
            page = get(seeded, f"{KALAMUN}/history?limit=4&order={order}{after}").json()
            found += [one["id"] for one in page["events"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert found == whole
        assert len(set(found)) == len(found)


# --- the ETag of a status


def test_a_status_that_did_not_change_is_304(seeded: TestClient) -> None:
    first = get(seeded, KALAMUN)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    assert first.headers["cache-control"] == "no-cache"
    for sent in (tag, tag.removeprefix("W/"), "*", f'"other", {tag}'):
        again = get(seeded, KALAMUN, If_None_Match=sent)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["parley-position"] == "42"
    assert get(seeded, KALAMUN, If_None_Match='"other"').status_code == 200


def changed(client: TestClient, tag: str, path: str = KALAMUN) -> Wire:
    """The status after something that must have changed its ETag."""
    answer = get(client, path, If_None_Match=tag)
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag
    body: Wire = answer.json()
    return body


def test_an_append_to_the_process_changes_its_etag(seeded: TestClient) -> None:
    tag = get(seeded, KALAMUN).headers["etag"]
    append(seeded, on_the_talks("StatementMade", text="The buses are ready."))
    assert "The buses are ready." in [one["text"] for one in changed(seeded, tag)["statements"]]


def test_an_append_elsewhere_does_not(seeded: TestClient) -> None:
    tag = get(seeded, KALAMUN).headers["etag"]
    append(seeded, wire("StatementMade", subject="processes/national-reconciliation"))
    again = get(seeded, KALAMUN, If_None_Match=tag)
    assert again.status_code == 304
    assert again.headers["parley-position"] == "43", "it holds at the new position too"


def test_another_name_of_an_actor_changes_the_etag(seeded: TestClient) -> None:
    first = get(seeded, KALAMUN)
    old = first.json()["actors"]["russia"]["label"]
    new = {"labels": [{"text": "Russian Federation", "lang": "en"}]}
    append(
        seeded,
        wire("ActorRelabelled", subject="actors/russia", data=new),
        wire("ActorRelabelled", subject="actors/russia", data={"labels": [{"text": old}], "no_longer": True}),
    )
    assert changed(seeded, first.headers["etag"])["actors"]["russia"]["label"] == "Russian Federation"


def test_the_status_says_what_the_clock_says(tmp_path: Any) -> None:
    """A plan that passes is never hidden by a kept status or by a 304."""
    with time_machine.travel("2017-10-28T12:00:00Z", tick=False) as clock:
        app = create_app(load(data=tmp_path / "clock", port=0))
        with TestClient(app, base_url="http://127.0.0.1") as client:
            append(
                client,
                opening("processes/first"),
                opening("talks/first"),
                wire("TalksScheduled", occurred="2017-10-27", data={"when": "2017-10-29T09:00Z"}),
            )
            path = "/v1/processes/first"
            first = get(client, path)
            assert [line["when"] for line in first.json()["next_14_days"]] == ["2017-10-29T09:00Z"]
            clock.move_to("2017-10-28T23:59:59Z")
            assert get(client, path, If_None_Match=first.headers["etag"]).status_code == 304
            clock.move_to("2017-10-29T00:00:00Z")  # a new day: the counts of the last days move
            changed(client, first.headers["etag"], path)
            second = get(client, path)
            clock.move_to("2017-10-29T09:00:59Z")
            assert get(client, path, If_None_Match=second.headers["etag"]).status_code == 304
            clock.move_to("2017-10-29T09:01:00Z")
            found = changed(client, second.headers["etag"], path)
            assert [line["when"] for line in found["overdue"]] == ["2017-10-29T09:00Z"]
            assert found["next_14_days"] == []
            assert found["horizon"]["now"] == "2017-10-29T09:01:00.000000Z"


def test_a_kept_status_is_given_at_its_own_position_only(seeded: TestClient) -> None:
    for number in range(5):
        get(seeded, KALAMUN)
        position = append(seeded, on_the_talks("StatementMade", text=f"Statement {number}."))
        found = get(seeded, KALAMUN)
        assert int(found.headers["parley-position"]) == position
        (newest,) = found.json()["changes"][0]["events"]
        assert found.json()["evidence"][newest]["position"] == position


# --- reading one's own writes


def test_min_position_waits(seeded: TestClient) -> None:
    sent = seeded.post("/v1/events", json=on_the_talks("StatementMade", text="The buses left."))
    position = sent.json()["position"]
    for path in QUERIES:
        assert int(get(seeded, f"{path}?min_position={position}").headers["parley-position"]) >= position


def test_min_position_gives_up(seeded: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "BRIEFLY", 0.02)
    for path in QUERIES:
        body = problem(seeded.get(f"{path}?min_position=43"), 503)
        assert body["retry"]
        assert "have not reached the position asked for" in body["detail"]


def test_min_position_behind_a_halted_view_says_why(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    strange = Unreadable(3, 2, Subject("talks/first"), "TalksBlessed", "there is no such type of event")
    follower = app.state.services.follower
    monkeypatch.setattr(follower, "_pull", lambda after, limit: [strange])
    follower.nudge()
    eventually(lambda: follower.halted is not None)
    monkeypatch.setattr(parameters, "BRIEFLY", 3_600)  # if it waited in vain, this would never end
    body = problem(client.get("/v1/processes?min_position=99"), 503)
    assert "TalksBlessed" in body["detail"]
    assert "TalksBlessed" in client.get("/readyz").text


# --- what cannot be asked


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "1.5", "", "9" * 400])
def test_a_page_has_1_to_1000_entries(seeded: TestClient, limit: str) -> None:
    for path in LISTS:
        assert parameter(problem(seeded.get(f"{path}?limit={limit}"), 400)) == "limit"


def test_the_bounds_of_a_page_are_taken(seeded: TestClient) -> None:
    for path in LISTS:
        for limit in (1, 1000):
            get(seeded, f"{path}?limit={limit}")


@pytest.mark.parametrize("name", ["asof", "known", "placce", "Limit"])
def test_an_unknown_parameter_is_refused(seeded: TestClient, name: str) -> None:
    """An answer of today must not pass for one of another day, because the name of the day was misspelled."""
    for path in QUERIES:
        body = problem(seeded.get(f"{path}?{name}=2017-10-29"), 400)
        assert parameter(body) == name
        assert "unknown parameter" in body["detail"]
        assert "this address takes" in body["detail"]
        assert "min_position" in body["detail"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("state=closed", "state"),
        ("role=boss", "role"),
        ("actor=Russia", "actor"),
        ("updated_after=-1", "updated_after"),
        (f"updated_after={10**30}", "updated_after"),
        ("q=" + "x" * 301, "q"),
        ("q=a&q=b", "q"),
        ("min_position=-1", "min_position"),
        ("after=" + "x" * 1001, "after"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(seeded: TestClient, query: str, name: str) -> None:
    assert parameter(problem(seeded.get(f"/v1/processes?{query}"), 400)) == name


@pytest.mark.parametrize("query", ["q=%00", "q=%ff", "q=%25_%5c'%22", "place=%D8%A7", "updated_after=0", "q="])
def test_odd_filters_are_answered(seeded: TestClient, query: str) -> None:
    get(seeded, f"/v1/processes?{query}")


@pytest.mark.parametrize("cursor", ["x", "%00", "W10", "WzEsMl0", "WyJcdWQ4MDAiXQ", "W1tbW1tbW1tb", "%F0%9F%98%80"])
def test_a_broken_cursor_is_refused(seeded: TestClient, cursor: str) -> None:
    for path in LISTS:
        body = problem(seeded.get(f"{path}?after={cursor}"), 400)
        assert "next" in body["detail"]


def test_the_order_of_a_history_is_oldest_or_newest(seeded: TestClient) -> None:
    assert parameter(problem(seeded.get(f"{KALAMUN}/history?order=random"), 400)) == "order"


def test_what_is_not_there_is_404(seeded: TestClient) -> None:
    for part in OF_A_PROCESS:
        body = problem(seeded.get(f"/v1/processes/nowhere{part}"), 404)
        assert body["type"] == "/problems/not-found"
        assert "GET /v1/processes" in body["detail"]
    for family in ("talks", "agreements", "convoys", "enrolments", "actors"):
        problem(seeded.get(f"/v1/{family}/nowhere"), 404)
    problem(seeded.get("/v1/talks/russia"), 404)


@pytest.mark.parametrize("name", ["Eastern", "a_b", "-a", "x" * 65, "%D8%A7", "a%0A"])
def test_an_id_out_of_pattern_is_400(seeded: TestClient, name: str) -> None:
    for path in (f"/v1/processes/{name}", f"/v1/processes/{name}/history", f"/v1/talks/{name}", f"/v1/actors/{name}"):
        body = problem(seeded.get(path), 400)
        assert "send an id of 1 to 64 characters: a-z, 0-9 and -" in body["detail"]


# --- subjects


def test_the_etag_of_a_subject_is_its_version_and_goes_with_an_append(seeded: TestClient) -> None:
    first = get(seeded, TALKS)
    tag = first.headers["etag"]
    assert tag == '"10"', "one opening and nine reports"
    assert get(seeded, TALKS, If_None_Match=tag).status_code == 200, "names are joined in, which it does not tell of"
    sent = on_the_talks("TalksCancelled", "2017-10-28")
    answer = seeded.post("/v1/events", json=sent, headers={"If-Match": tag, "Prefer": "wait=9"})
    assert answer.status_code == 201
    again = get(seeded, TALKS, If_None_Match=tag)
    assert again.status_code == 200
    assert again.headers["etag"] == answer.headers["etag"] == '"11"'
    assert again.json()["state"]["value"] == "cancelled"
    stale = on_the_talks("TalksConvened", "2017-10-29")
    problem(seeded.post("/v1/events", json=stale, headers={"If-Match": tag}), 412)
    assert head(seeded) == 43


def test_a_role_taken_elsewhere_is_not_hidden_by_a_304_of_the_actor(seeded: TestClient) -> None:
    tag = get(seeded, "/v1/actors/elders").headers["etag"]
    append(seeded, on_the_talks("RoleTaken", actor="elders", role="mediator"))
    again = get(seeded, "/v1/actors/elders", If_None_Match=tag)
    assert again.status_code == 200
    assert [role["role"] for role in again.json()["processes"]] == ["mediator"]


def test_a_subject_is_found_by_its_id_in_another_register(seeded: TestClient) -> None:
    ids = [{"scheme": "pa-x-agreement", "id": "1234"}]
    data = {"processes": ["eastern-kalamun"], "title": [{"text": "A text"}], "ids": ids}
    append(seeded, wire("AgreementReported", subject="agreements/text", data=data))
    (found,) = get(seeded, "/v1/subjects?scheme=pa-x-agreement&id=1234").json()["subjects"]
    assert (found["subject"], found["of_event"]) == ("agreements/text", False)
    assert get(seeded, "/v1/agreements/text").json()["ids"] == ids
    assert seeded.get("/v1/subjects?scheme=PA-X").status_code == 400


def test_a_subject_page_tells_its_evidence(seeded: TestClient) -> None:
    found = get(seeded, TALKS).json()
    for line in (found["state"], found["planned"], *found["roles"], *found["positions"]):
        assert set(line["events"]) <= set(found["evidence"])
    assert found["actors"]["russia"]["label"] == "Russia"


# --- late reports


def test_a_late_report_slots_into_the_history_by_time_of_occurrence(seeded: TestClient) -> None:
    after = on_the_talks("TalksConvened", "2017-10-29")
    between = on_the_talks("TalksPostponed", "2017-10-28", until="2017-10-29")
    append(seeded, after)
    position = append(seeded, between)
    events = get(seeded, f"{KALAMUN}/history?min_position={position}").json()["events"]
    assert [one["id"] for one in events[-2:]] == [between["id"], after["id"]]
    assert [one["position"] for one in events[-2:]] == [44, 43]
    newest = get(seeded, f"{KALAMUN}/history?order=newest&limit=1").json()["events"]
    assert [one["id"] for one in newest] == [after["id"]]
    assert get(seeded, TALKS).json()["state"]["value"] == "convened"
    status = get(seeded, KALAMUN).json()
    assert status["changes"][0]["events"] == [between["id"]], "what was recorded last is told apart"


def test_a_revised_event_is_marked_in_the_history(seeded: TestClient) -> None:
    said = on_the_talks("StatementMade", text="They will come.")
    retracted = on_the_talks("EventRetracted", event=said["id"], reason="It was said of other talks.")
    append(seeded, said, retracted)
    events = {one["id"]: one for one in get(seeded, f"{KALAMUN}/history").json()["events"]}
    (mark,) = events[said["id"]]["revised_by"]
    assert (mark["id"], mark["type"], mark["reason"]) == (
        retracted["id"],
        "EventRetracted",
        "It was said of other talks.",
    )


# --- when the read models are gone


@pytest.fixture
def restarted(tmp_path: Any) -> Iterator[TestClient]:
    """A server that starts with a log, and whose read models were deleted."""
    settings = load(data=tmp_path / "again", port=0)
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as first:
        begin(first)
        append(first, statement())
    for left in settings.data.glob("views.db*"):
        left.unlink()
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as second:
        yield second


def test_deleting_the_read_models_is_harmless(restarted: TestClient) -> None:
    answer = get(restarted, "/v1/processes/first/history?min_position=3")
    assert len(answer.json()["events"]) == 3
