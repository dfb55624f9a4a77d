"""Time travel over HTTP on lists across processes and on pages of one subject."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.event import instant
from tests.api.http.test_horizon import STATED, published
from tests.api.routes.test_queries import TALKS, append, get, parameter
from tests.api.sending import Wire, begin, opening, problem
from tests.spec import wire

LISTS = ("/v1/processes", "/v1/processes?q=kalamun", "/v1/findings", "/v1/deadlines", "/v1/deadlines?since=2017-10-01")
SUBJECTS = (
    "/v1/actors",
    "/v1/actors?q=russia",
    "/v1/places",
    "/v1/subjects?scheme=pa-x-agreement",
    "/v1/actors/russia",
    TALKS,
    "/v1/agreements/roadblock-checks",
    "/v1/convoys/russian-aid",
    "/v1/enrolments/reconciliation-participants",
)
EVERYWHERE = (*LISTS, *SUBJECTS)


def at(client: TestClient, path: str, query: str) -> Wire:
    found: Wire = get(client, f"{path}{'&' if '?' in path else '?'}{query}").json()
    return found


@pytest.mark.parametrize(
    "query",
    [
        "as_of=2017-10-29",
        "published_by=2017-10-27T23:59Z",
        "known_at=now",
        "known_at_position=42",
        "as_of=2017-10-29&published_by=2017-11&known_at=now&known_at_position=40",
    ],
)
def test_every_list_takes_a_horizon_and_states_it(seeded: TestClient, query: str) -> None:
    query = query.replace("=now", f"={instant(datetime.now(UTC))}")
    sent = dict(part.split("=") for part in query.split("&"))
    for path in EVERYWHERE:
        found = at(seeded, path, query)["horizon"]
        assert set(found) == STATED, path
        assert {name: str(value) for name, value in found.items() if name in sent} == sent
        assert [found[name] for name in STATED - set(sent) - {"now", "position"}] == [None] * (4 - len(sent))
        resolved = int(sent.get("known_at_position", 42)) if "known" in query else None
        assert found["position"] == resolved
        if "as_of" in sent:
            assert found["now"] == "2017-10-29T23:59:59.000000Z"


def test_the_present_is_a_horizon_of_nulls_and_the_clock(seeded: TestClient) -> None:
    for path in EVERYWHERE:
        before = datetime.now(UTC)
        found = get(seeded, path).json()["horizon"]
        assert [found[name] for name in STATED - {"now"}] == [None] * 5
        assert before <= datetime.fromisoformat(found["now"]) <= datetime.now(UTC)


def test_a_horizon_at_the_end_of_the_log_shows_the_present(seeded: TestClient) -> None:
    for path in EVERYWHERE:
        past, present = at(seeded, path, "known_at_position=42"), get(seeded, path).json()
        for answer in (past, present):
            del answer["horizon"]
        assert past == present, path


def test_a_list_at_a_horizon_is_not_hidden_by_a_304(seeded: TestClient) -> None:
    tag = get(seeded, "/v1/processes").headers["etag"]
    past = get(seeded, "/v1/processes?as_of=2017-10-28", If_None_Match=tag)
    assert (past.status_code, "etag" in past.headers) == (200, False)


def test_a_horizon_of_a_list_is_refused_as_that_of_a_process_is(seeded: TestClient) -> None:
    for path in EVERYWHERE:
        asked = "as_of=2017-02-30&published_by=soon&known_at=2100-01-01T00:00:00Z&known_at_position=-1"
        sign = "&" if "?" in path else "?"
        body = problem(seeded.get(f"{path}{sign}{asked}"), 400)
        assert {error["parameter"] for error in body["errors"]} == STATED - {"now", "position"}
        body = problem(seeded.get(f"{path}{sign}known_at_position=43"), 400)
        assert parameter(body) == "known_at_position"
        assert "the log ends at position 42" in body["detail"]


def due(client: TestClient, query: str) -> list[tuple[str, bool]]:
    return [(one["when"], one["overdue"]) for one in get(client, f"/v1/deadlines?{query}").json()["deadlines"]]


def test_a_list_of_deadlines_begins_with_the_day_of_its_horizon(client: TestClient) -> None:
    begin(client)
    append(
        client,
        opening("talks/second"),
        *(
            wire("TalksScheduled", subject=f"talks/{name}", occurred="2017-10-02", data={"when": day})
            for name, day in (("first", "2017-10-10"), ("second", "2017-10-20"))
        ),
    )
    assert due(client, "as_of=2017-10-05") == [("2017-10-10", False), ("2017-10-20", False)]
    assert due(client, "as_of=2017-10-15") == [("2017-10-20", False)]
    assert due(client, "as_of=2017-10-15&overdue=true") == [("2017-10-10", True)]
    assert due(client, "as_of=2017-10-15&since=2017-10-01") == [("2017-10-10", True), ("2017-10-20", False)]
    assert due(client, "as_of=2017-10-01") == []
    assert due(client, "as_of=2017-10-05&process=first") == [("2017-10-10", False), ("2017-10-20", False)]
    body = problem(client.get("/v1/deadlines?as_of=2017-09-01&process=first"), 404)
    assert "nothing of this process is inside the horizon" in body["detail"]
    first = get(client, "/v1/deadlines?as_of=2017-10-05&limit=1").json()
    rest = get(client, f"/v1/deadlines?as_of=2017-10-05&limit=1&after={first['next']}").json()
    assert [one["when"] for page in (first, rest) for one in page["deadlines"]] == ["2017-10-10", "2017-10-20"]
    assert rest["next"] is None


def test_the_clock_of_a_list_of_one_process_goes_by_its_zone(client: TestClient) -> None:
    data = {"labels": [{"text": "Far in the west"}], "time_zone": "America/New_York"}
    append(client, wire("ProcessOpened", subject="processes/west", occurred="2017-10-01", data=data))
    for query, clock in (("", "2017-10-15T23:59:59.000000Z"), ("&process=west", "2017-10-16T03:59:59.000000Z")):
        assert at(client, "/v1/deadlines", f"as_of=2017-10-15{query}")["horizon"]["now"] == clock


def test_a_calendar_of_the_past_says_of_when_it_is(client: TestClient) -> None:
    begin(client)
    append(client, wire("TalksScheduled", occurred="2017-10-02", data={"when": "2017-10-10"}))
    then = get(client, "/v1/deadlines.ics?known_at_position=3").text
    assert "BEGIN:VEVENT" in then
    assert "X-WR-CALNAME:Deadlines in Parley, known at log position 3" in then
    assert "BEGIN:VEVENT" not in get(client, "/v1/deadlines.ics?known_at_position=2").text
    assert "X-WR-CALNAME:Deadlines in Parley\r\n" in get(client, "/v1/deadlines.ics").text


def test_a_filter_goes_by_what_was_known_then(client: TestClient) -> None:
    begin(client)
    append(
        client,
        wire("ProcessSuspended", subject="processes/first", occurred="2017-10-12", sources=published("2017-10-20")),
    )

    def ids(query: str) -> list[Any]:
        return [one["process"] for one in get(client, f"/v1/processes?{query}").json()["processes"]]

    assert ids("state=suspended") == ["first"]
    assert ids("state=suspended&published_by=2017-10-19") == []
    assert ids("state=open&known_at_position=2") == ["first"]
    assert ids("known_at_position=0") == []


def test_the_page_of_one_subject_at_a_horizon(client: TestClient) -> None:
    renamed = {"labels": [{"text": "Council of Elders"}]}
    begin(client)
    append(
        client,
        opening("actors/elders"),
        wire("RoleTaken", subject="talks/first", occurred="2017-10-20", data={"actor": "elders", "role": "mediator"}),
        wire("ActorRelabelled", subject="actors/elders", occurred="2017-11-01", data=renamed),
        wire("TalksCancelled", occurred="2017-10-21", data={}),
    )

    def roles(query: str) -> list[tuple[str, str]]:
        found = get(client, f"/v1/actors/elders?{query}").json()
        return [(role["process"], role["role"]) for role in found["processes"]]

    def is_renamed(query: str) -> bool:
        labels = get(client, f"/v1/actors/elders?{query}").json()["labels"]
        return "Council of Elders" in [label["text"] for label in labels]

    assert roles("known_at_position=3") == roles("as_of=2017-10-19") == []
    assert roles("known_at_position=4") == roles("as_of=2017-10-20") == [("first", "mediator")]
    assert is_renamed("known_at_position=5")
    assert is_renamed("as_of=2017-01-01"), "names are not news"
    assert not is_renamed("known_at_position=4")
    assert get(client, "/v1/talks/first?as_of=2017-10-20").json()["state"]["value"] == "reported"
    shown = get(client, "/v1/talks/first?known_at_position=6")
    assert shown.json()["state"]["value"] == "cancelled"
    assert "etag" not in shown.headers
    body = problem(client.get("/v1/actors/elders?known_at_position=2"), 404)
    assert "nothing of this subject is inside the horizon: its first event was recorded at position 3" in body["detail"]
    assert "there is no such subject" in problem(client.get("/v1/talks/nowhere?known_at_position=2"), 404)["detail"]
    assert [one["subject"] for one in get(client, "/v1/actors?known_at_position=2").json()["actors"]] == []
    assert [one["subject"] for one in get(client, "/v1/actors?known_at_position=3").json()["actors"]] == [
        "actors/elders"
    ]
