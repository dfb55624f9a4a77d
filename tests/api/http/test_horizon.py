"""Time travel over HTTP: the four parameters, alone and together, on all that belongs to one process."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.http import parameters
from api.settings import load
from domain.event import instant
from tests.api.conftest import HERE
from tests.api.routes.test_queries import KALAMUN, OF_A_PROCESS, append, get, parameter
from tests.api.sending import Wire, begin, opening, problem, statement
from tests.spec import wire

FIRST = "/v1/processes/first"
STATED = {"as_of", "published_by", "known_at", "known_at_position", "now", "position"}
LATER = "2100-01-01T00:00:00Z"


def horizon(client: TestClient, path: str, query: str = "") -> Wire:
    found: Wire = get(client, f"{path}?{query}").json()["horizon"]
    return found


def published(day: str, **more: Any) -> list[Wire]:
    return [{"publisher": "TASS", "published": day, **more}]


def talks(client: TestClient, query: str = "", name: str = "first") -> Wire:
    found = {one["subject"]: one for one in get(client, f"{FIRST}/talks?{query}").json()["talks"]}
    one: Wire = found[f"talks/{name}"]
    return one


# --- what an answer states


@pytest.mark.parametrize(
    "query",
    [
        "as_of=2017-10-29",
        "as_of=2017-10",
        "as_of=2017",
        "as_of=2017-10-29T12:00:00%2B03:00",
        "as_of=2017-10-29T09:00:00Z",
        "published_by=2017-10-27",
        "published_by=2017-10-27T23:59Z",
        "known_at=now",
        "known_at_position=42",
        "as_of=2017-10-29&published_by=2017-11&known_at=now&known_at_position=40",
    ],
)
def test_every_query_of_a_process_takes_a_horizon_and_states_it(seeded: TestClient, query: str) -> None:
    query = query.replace("=now", f"={instant(datetime.now(UTC))}")
    sent = dict(one.replace("%2B", "+").split("=") for one in query.split("&"))
    for part in OF_A_PROCESS:
        answer = get(seeded, f"{KALAMUN}{part}?{query}")
        found = answer.json()["horizon"]
        assert set(found) >= STATED, part
        assert {name: str(value) for name, value in found.items() if name in sent} == sent
        assert [found[name] for name in STATED - set(sent) - {"now", "position"}] == [None] * (4 - len(sent))
        resolved = int(sent.get("known_at_position", 42)) if "known" in query else None
        assert found["position"] == resolved
        assert answer.headers["parley-position"] == "42"


def test_the_present_is_a_horizon_of_nulls_and_the_clock(seeded: TestClient) -> None:
    for part in OF_A_PROCESS:
        before = datetime.now(UTC)
        found = horizon(seeded, KALAMUN + part)
        assert [found[name] for name in STATED - {"now"}] == [None] * 5
        assert before <= datetime.fromisoformat(found["now"]) <= datetime.now(UTC)


def test_the_clock_is_as_of_else_known_at_else_the_wall(seeded: TestClient) -> None:
    now = instant(datetime.now(UTC))
    asked = f"known_at={now}&as_of=2017-10-28"
    assert horizon(seeded, KALAMUN, asked)["now"] == "2017-10-28T23:59:59.000000Z"
    assert horizon(seeded, f"{KALAMUN}/talks", asked)["now"] == "2017-10-28T23:59:59.000000Z"
    assert horizon(seeded, f"{KALAMUN}/history", f"known_at={now}")["now"] == now
    assert horizon(seeded, KALAMUN, "published_by=2017-10-28")["now"] >= now
    assert [one["when"] for one in get(seeded, f"{KALAMUN}?as_of=2017-10-28").json()["next_14_days"]] == ["2017-10-29"]
    assert [one["when"] for one in get(seeded, f"{KALAMUN}?as_of=2017-10-30").json()["overdue"]] == ["2017-10-29"]


def test_a_horizon_at_the_end_of_the_log_shows_the_present(seeded: TestClient) -> None:
    for part in OF_A_PROCESS:
        past = get(seeded, f"{KALAMUN}{part}?known_at_position=42").json()
        present = get(seeded, KALAMUN + part).json()
        for answer in (past, present):
            del answer["horizon"]
        assert past == present, part


def test_a_status_at_a_horizon_is_neither_kept_nor_hidden_by_a_304(seeded: TestClient) -> None:
    tag = get(seeded, KALAMUN).headers["etag"]
    past = get(seeded, f"{KALAMUN}?as_of=2017-10-28", If_None_Match=tag)
    assert past.status_code == 200
    assert "etag" not in past.headers
    assert past.json()["horizon"]["as_of"] == "2017-10-28"
    assert horizon(seeded, KALAMUN)["as_of"] is None


# --- known_at and known_at_position


@pytest.fixture
def dated(tmp_path: Path) -> Any:
    """A server whose log was begun on 28 October 2017 and grew by an event a day: talks held, then cancelled."""
    with time_machine.travel("2017-10-28T12:00:00Z", tick=False) as clock:
        with TestClient(create_app(load(data=tmp_path / "dated", port=0)), base_url=HERE) as client:
            append(client, opening("processes/first"), opening("talks/first"))
            clock.move_to("2017-10-29T12:00:00Z")
            append(client, wire("TalksScheduled", occurred="2017-10-27", data={"when": "2017-11-05"}))
            clock.move_to("2017-10-30T12:00:00Z")
            append(client, wire("TalksCancelled", occurred="2017-10-26", data={}))
            append(client, wire("TalksPostponed", occurred="2017-10-28", data={"until": "2017-11-06"}))
            yield client


def test_known_at_between_two_appends(dated: TestClient) -> None:
    stages = {
        at: talks(dated, f"known_at={at}")["state"]["value"]
        for at in ("2017-10-28T12:00:00Z", "2017-10-29T11:59:59.999999Z", "2017-10-29T12:00:00Z",
                   "2017-10-30T14:59:59%2B03:00", "2017-10-30T12:00:00Z")
    }  # fmt: skip
    assert list(stages.values()) == ["reported", "reported", "scheduled", "scheduled", "postponed"]
    assert horizon(dated, f"{FIRST}/talks", "known_at=2017-10-30T11:00:00Z")["position"] == 3


def test_known_at_takes_a_day_which_ends_at_midnight_in_utc(dated: TestClient) -> None:
    stages = {day: talks(dated, f"known_at={day}")["state"]["value"] for day in ("2017-10-28", "2017-10-29")}
    assert list(stages.values()) == ["reported", "scheduled"]
    ended = horizon(dated, f"{FIRST}/talks", "known_at=2017-10-29")
    assert (ended["known_at"], ended["position"], ended["now"]) == ("2017-10-29", 3, "2017-10-29T23:59:59.999999Z")
    today = horizon(dated, f"{FIRST}/talks", "known_at=2017-10-30")
    assert (today["position"], today["now"]) == (5, "2017-10-30T12:00:00.000000Z"), "a day that has not ended"
    tomorrow = problem(dated.get(f"{FIRST}?known_at=2017-10-31"), 400)
    assert "this day is still to come" in tomorrow["detail"]
    month = problem(dated.get(f"{FIRST}?known_at=2017-10"), 400)
    assert "send a day in UTC, such as 2017-10-29, or a time with its zone" in month["detail"]
    with time_machine.travel("2017-10-31T00:00:00Z", tick=False):
        append(dated, wire("TalksConvened", occurred="2017-10-30", data={}))
        assert horizon(dated, FIRST, "known_at=2017-10-30")["position"] == 5, "midnight is of the next day"
        changed = get(dated, f"{FIRST}/changes?since=2017-10-31").json()
        assert (changed["since"]["position"], changed["totals"]["new"]) == (5, 1)


def test_of_two_bounds_of_knowledge_the_earlier_counts(dated: TestClient) -> None:
    both = "known_at=2017-10-29T12:00:00Z&known_at_position="
    for position, resolved in ((2, 2), (3, 3), (5, 3)):
        found = horizon(dated, FIRST, both + str(position))
        assert (found["known_at_position"], found["position"]) == (position, resolved)


def test_before_anything_was_recorded_there_is_nothing(dated: TestClient) -> None:
    for query in ("known_at=2017-10-28T11:59:59Z", "known_at=1001-01-01T00:00:00%2B14:00", "known_at_position=0"):
        for part in OF_A_PROCESS:
            body = problem(dated.get(f"{FIRST}{part}?{query}"), 404)
            assert "2017-10-28T12:00:00.000000Z" in body["detail"], "it tells from when on there is something"
    problem(dated.get("/v1/processes/nowhere?known_at_position=2"), 404)


def test_a_known_at_to_come_is_refused_but_for_a_minute(dated: TestClient) -> None:
    get(dated, f"{FIRST}?known_at=2017-10-30T12:01:00Z")
    body = problem(dated.get(f"{FIRST}?known_at=2017-10-30T12:01:01Z"), 400)
    assert parameter(body) == "known_at"
    assert "leave it out to ask what is known now" in body["detail"]


def test_read_models_that_are_behind_are_waited_for(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    append(client, statement())
    assert horizon(client, FIRST, "known_at_position=3")["position"] == 3
    app.state.services.follower.close()
    assert client.post("/v1/events", json=statement()).status_code == 201
    get(client, f"{FIRST}?known_at_position=3")
    monkeypatch.setattr(parameters, "BRIEFLY", 0.02)
    now = instant(datetime.now(UTC))
    for query in ("known_at_position=4", f"known_at={now}"):
        body = problem(client.get(f"{FIRST}/figures?{query}"), 503)
        assert "have not reached the position asked for" in body["detail"]


# --- published_by


def test_a_correction_of_ours_reaches_back_and_one_of_the_source_does_not(client: TestClient) -> None:
    first = wire("TalksScheduled", sources=published("2017-10-27"), data={"when": "2017-10-29"})
    second = {**wire("TalksScheduled", sources=published("2017-10-27"), data={"when": "2017-10-29"}),
              "subject": "talks/second"}  # fmt: skip
    append(client, opening("processes/first"), opening("talks/first"), opening("talks/second"), first, second)

    def corrected(event: Wire, by: str, day: str) -> Wire:
        replacement = {"type": "TalksScheduled", "occurred": "2017-10-27", "sources": published(day),
                       "data": {"when": "2017-10-30"}}  # fmt: skip
        data = {"event": event["id"], "by": by, "reason": "It says the 30th.", "replacement": replacement}
        return wire("EventCorrected", subject=event["subject"], sources=published("2017-11-02"), data=data)

    ours = corrected(first, "our error", "2017-10-27")
    theirs = corrected(second, "corrected by the source", "2017-11-02")
    append(client, ours, theirs)

    def planned(query: str) -> list[str]:
        return [talks(client, query, name)["planned"]["value"] for name in ("first", "second")]

    assert planned("published_by=2017-10-28") == ["2017-10-30", "2017-10-29"]
    assert planned("published_by=2017-11-02") == ["2017-10-30", "2017-10-30"]
    assert planned("known_at_position=5") == ["2017-10-29", "2017-10-29"]
    assert planned("known_at_position=6") == ["2017-10-30", "2017-10-29"]
    evidence = get(client, f"{FIRST}?published_by=2017-10-28").json()["evidence"]
    assert evidence[first["id"]]["corrected_by"] == [ours["id"]]
    assert "corrected_by" not in evidence[second["id"]]
    listed = {one["id"]: one for one in get(client, f"{FIRST}/history").json()["events"]}
    assert listed[second["id"]]["corrected_by"] == [theirs["id"]]
    assert listed[second["id"]]["data"]["when"] == "2017-10-29", "the history shows what was recorded"


# --- as_of


def test_an_event_of_a_month_is_possible_within_it(client: TestClient) -> None:
    held = wire("TalksConvened", occurred="2017-10", data={})
    append(
        client,
        *(opening(subject, occurred="2017-09-01") for subject in ("processes/first", "talks/first")),
        wire("TalksScheduled", occurred="2017-09-20", data={"when": "2017-10"}),
        held,
        statement(occurred="2017-10-16"),
    )
    status = get(client, f"{FIRST}?as_of=2017-10-15").json()
    assert (status["horizon"]["possible"], status["horizon"]["beyond"]) == (1, 1)
    assert status["evidence"][held["id"]]["possible"] == "occurrence"
    state = talks(client, "as_of=2017-10-15")["state"]
    assert (state["value"], state["contested"]) == ("scheduled", False), "what is only possible contradicts nothing"
    told = {one["value"]: one.get("possible", False) for one in state["candidates"]}
    assert told == {"scheduled": False, "convened": True}
    events = {one["id"]: one for one in get(client, f"{FIRST}/history?as_of=2017-10-15").json()["events"]}
    assert events[held["id"]]["possible"] == "occurrence"
    assert talks(client, "as_of=2017-10-31")["state"]["value"] == "convened"
    assert talks(client, "as_of=2017-09-30")["state"]["value"] == "scheduled"


def test_together_the_bounds_cut_each_for_itself(client: TestClient) -> None:
    begin(client)
    said = {
        name: statement(occurred=occurred, sources=published(day), data={"description": "one", "text": name})
        for name, occurred, day in (
            ("early", "2017-10-27", "2017-10-27"),
            ("read late", "2017-10-27", "2017-11-03"),
            ("later", "2017-11-02", "2017-11-03"),
            ("recorded last", "2017-10-27", "2017-10-27"),
        )
    }
    append(client, *said.values())

    def heard(query: str) -> set[str]:
        return {one["text"] for one in get(client, f"{FIRST}?{query}").json()["statements"]}

    assert heard("as_of=2017-10-31") == {"early", "read late", "recorded last"}
    assert heard("published_by=2017-10-31") == {"early", "recorded last"}
    assert heard("known_at_position=5") == {"early", "read late", "later"}
    assert heard("as_of=2017-10-31&published_by=2017-10-31&known_at_position=5") == {"early"}


# --- lists


def figure(value: int, occurred: str, claimant: str, measure: str = "population") -> Wire:
    data = {"measure": measure, "counting": "stock", "quantity": {"value": value}}
    return wire("FigureReported", subject="processes/first", occurred=occurred, data=data, claimant=claimant)


def test_claims_are_a_series_over_time(client: TestClient) -> None:
    begin(client)
    wrong = figure(9, "2017-10-29", "the committee")
    append(
        client,
        figure(3, "2017-11-03", "the committee"),
        figure(1, "2017-10-27", "the committee"),
        figure(2, "2017-10-28", "the army", "Population"),
        figure(4, "2017-10-28", "the army", "detainees"),
        wrong,
        wire("EventRetracted", subject="processes/first", data={"event": wrong["id"], "reason": "A misprint."}),
    )

    def values(query: str) -> list[float]:
        found = get(client, f"{FIRST}/claims?{query}").json()["claims"]
        return [one["value"] for one in found]

    assert sorted(values("")) == [1, 2, 3, 4]
    assert values("measure=population") == [1, 2, 3]
    assert values("measure=population&claimant=the+committee") == [1, 3]
    assert values("measure=population&as_of=2017-10-31") == [1, 2]
    assert values("claimant=the+army&measure=detainees&known_at_position=6") == [4]
    assert values("known_at_position=7&claimant=the+committee") == [1, 9, 3], "before it was retracted"
    assert values("measure=nothing") == []
    assert values("claimant=nobody&known_at_position=6") == []
    for query in ("measure=" + "x" * 301, "claimant=" + "x" * 301):
        assert parameter(problem(client.get(f"{FIRST}/claims?{query}"), 400)) == query.partition("=")[0]


@pytest.mark.parametrize("part", ["history", "history?order=newest", "claims", "incidents"])
@pytest.mark.parametrize("query", ["", "as_of=2017-10-29", "known_at_position=60"])
def test_pages_at_a_horizon(client: TestClient, part: str, query: str) -> None:
    begin(client)
    days = [f"2017-10-{day:02}" for day in (29, 3, 27, 14, 30, 5, 8)]
    append(
        client,
        *(figure(1, day, "the committee") for day in days),
        *(wire("IncidentReported", subject="processes/first", occurred=day) for day in days),
        *(statement() for _ in range(60)),
    )
    path = f"{FIRST}/{part}" + ("&" if "?" in part else "?") + query
    name = part.partition("?")[0].replace("history", "events")
    whole = get(client, f"{path}&limit=1000").json()[name]
    found: list[Wire] = []
    after = ""
    while True:
        page = get(client, f"{path}&limit=4{after}").json()
        found += page[name]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == whole
    assert len(whole) == len({one.get("id", one.get("event")) for one in whole}) > 5


# --- what cannot be asked

NOT_DATES = (
    *("2017-02-29", "2017-13", "2017-00", "2017-10-32", "0000", "17", "20171029", "29.10.2017", "yesterday", ""),
    *("2017-10-01/2018-05-04", "2018-05-04/..", "../2018-05-04", "2018-05-04T09:00Z/2018-05-04T10:00Z"),
    *("2017-10~", "2017?", "2017%25", "201X", "2017-10-XX", "2017-21", "-2017", "12017", "0999", "9999"),
    *("2018-05-04T09:00:00", "2018-05-04T09:00", "2018-05-04T25:00:00Z", "2018-05-04T09:00:60Z", "2018-05-04T"),
    *("2018-05-04T12:00:00+03:00", "2018-05-04T09:00:00%2B15:00", "2018-05-04 09:00:00Z", "%D9%A2%D9%A0%D9%A1%D9%A7"),
    *("%00", "2018-05-04%0A", "x" * 5000, "%F0%9F%98%80"),
)  # fmt: skip


@pytest.mark.parametrize("name", ["as_of", "published_by"])
@pytest.mark.parametrize("value", NOT_DATES, ids=lambda value: value[:40])
def test_a_date_that_is_none_is_refused_with_its_mend(dated: TestClient, name: str, value: str) -> None:
    body = problem(dated.get(f"{FIRST}?{name}={value}"), 400)
    assert body["type"] == "/problems/bad-cursor"
    assert parameter(body) == name
    told = body["errors"][0]["detail"]
    assert ("such as 2017-10-29" in told and "%2B" in told) or "years" in told
    assert len(value) < 5 or value not in body["detail"], "the value is never repeated"


@pytest.mark.parametrize(
    "value",
    ["2018-05-04", "2018-05-04T09:00:00", "2018-05-04T09:00Z", "2017-02-30T09:00:00Z", "2018-05-04T12:00:00+03:00",
     "yesterday", "", "0001-01-01T00:00:00%2B14:00", LATER, "2017-10-31T00:00:00Z"],
)  # fmt: skip
def test_a_known_at_that_is_none_is_refused(dated: TestClient, value: str) -> None:
    body = problem(dated.get(f"{FIRST}/history?known_at={value}"), 400)
    assert parameter(body) == "known_at"
    assert not value or value not in body["detail"]


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "", "6", str(10**30), "9" * 5000, "%00"])
def test_a_position_that_the_log_does_not_have_is_refused(dated: TestClient, value: str) -> None:
    body = problem(dated.get(f"{FIRST}/history?known_at_position={value}"), 400)
    assert parameter(body) == "known_at_position"
    if value in ("6", str(10**30)):
        assert "the log ends at position 5: send that or less" in body["detail"]


def test_all_faults_of_a_horizon_are_told_at_once(dated: TestClient) -> None:
    asked = f"{FIRST}?as_of=2017-02-30&published_by=soon&known_at={LATER}&known_at_position=-1"
    body = problem(dated.get(asked), 400)
    assert {error["parameter"] for error in body["errors"]} == STATED - {"now", "position"}


@pytest.mark.parametrize("value", ["1001", "9998-12-31T23:59:59-12:00", "9998", "2017-10-29t09:00:00.25z"])
def test_the_bounds_of_what_can_be_asked_are_answered(dated: TestClient, value: str) -> None:
    for name in ("as_of", "published_by"):
        for part in OF_A_PROCESS:
            answer = dated.get(f"{FIRST}{part}?{name}={quote(value)}")
            assert answer.status_code == 200 or (value == "1001" and answer.status_code == 404), answer.text
            if answer.status_code == 200:
                assert len(answer.json()["horizon"]["now"]) == len("2017-10-29T09:00:00.000000Z")


def test_a_parameter_sent_twice_is_refused(dated: TestClient) -> None:
    assert parameter(problem(dated.get(f"{FIRST}?as_of=2017&as_of=2018"), 400)) == "as_of"
