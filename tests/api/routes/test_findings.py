"""Findings over HTTP and on the command line: of one process, across processes, at a horizon, and their rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from domain.findings.rules import OF_ARCHIVES, OF_FOLLOWED, RULES
from tests.api.cli.test_commands import Run, flat, lines, place, run
from tests.api.routes.test_queries import append, parameter
from tests.api.sending import Wire, begin, opening, problem, statement
from tests.spec import wire

__all__ = ["place", "run"]  # fixtures

FINDINGS = "/v1/processes/first/findings"
LATER = "2017-12-24T12:00:00Z"


def planned(when: str, publisher: str = "TASS", **fields: Any) -> Wire:
    return wire(
        "TalksScheduled",
        **{"subject": "talks/first", "data": {"when": when}, "sources": [{"publisher": publisher}], **fields},
    )


def rules(body: Wire) -> list[str]:
    return [one["rule"] for one in body["findings"]]


# --- one process


def test_the_findings_of_a_process_with_what_they_rest_on(client: TestClient) -> None:
    begin(client)
    rivals = [planned("2017-10-29"), planned("2017-10-31", "SMART")]
    append(client, *rivals)
    with time_machine.travel("2017-10-30T12:00:00Z", tick=False):
        body = client.get(FINDINGS).json()
    assert rules(body) == ["contested", "plan-date-passed"]
    contested, passed = body["findings"]
    assert (contested["severity"], contested["subject"], contested["since"]) == ("high", "talks/first", None)
    assert set(contested["events"]) == {one["id"] for one in rivals}
    assert passed["since"] == "2017-10-30T00:00:00.000000Z"
    assert set(body["evidence"]) == set(contested["events"])
    assert body["horizon"]["now"] == "2017-10-30T12:00:00.000000Z"


def test_a_finding_goes_away_when_it_is_resolved(client: TestClient) -> None:
    begin(client)
    append(client, planned("2017-10-29", occurred="2017-10-27"))
    assert "plan-date-passed" in rules(client.get(FINDINGS).json())
    append(client, wire("TalksConvened", subject="talks/first", occurred="2017-10-29", data={}))
    assert "plan-date-passed" not in rules(client.get(FINDINGS).json())


def test_findings_at_a_horizon_take_its_clock(client: TestClient) -> None:
    begin(client)
    position = append(client, planned("2017-10-29", occurred="2017-10-27"))
    append(client, wire("TalksConvened", subject="talks/first", occurred="2017-10-29", data={}))

    def found(**asked: Any) -> list[str]:
        answer = client.get(FINDINGS, params=asked)
        assert answer.status_code == 200, answer.text
        return rules(answer.json())

    assert "plan-date-passed" not in found(as_of="2017-10-28")
    assert "plan-date-passed" in found(known_at_position=position)
    assert "plan-date-passed" not in found(known_at_position=position, as_of="2017-10-28")
    assert "silence" in found(as_of="2017-12-24")
    assert "silence" not in found(as_of="2017-10-31")


def test_the_actors_that_a_finding_speaks_of_are_named(client: TestClient) -> None:
    begin(client)
    who = opening("actors/elders")
    consent = wire(
        "PositionTaken",
        subject="talks/first",
        data={"actor": "elders", "position": "accepts on condition", "condition": "peace", "condition_met": False},
    )
    append(client, who, consent)
    body = client.get(FINDINGS).json()
    assert "condition-not-held" in rules(body)
    assert "acting-without-role" in rules(body)
    label = who["data"]["labels"][0]["text"]
    assert body["actors"]["elders"]["label"] == label
    assert client.get("/v1/findings").json()["actors"]["elders"]["label"] == label


def test_findings_of_an_unknown_process(client: TestClient) -> None:
    problem(client.get("/v1/processes/nowhere/findings"), 404)


# --- all processes


def test_findings_across_processes(client: TestClient) -> None:
    begin(client)
    second = opening("talks/second")
    second["data"] = {**second["data"], "processes": ["first", "second"]}
    append(client, opening("processes/second"), second, planned("2017-10-29"), planned("2017-10-31", "SMART"))
    append(client, planned("2017-11-05", subject="talks/second"))
    with time_machine.travel(LATER, tick=False):
        body = client.get("/v1/findings").json()
        found = [(one["process"], one["rule"], one["subject"]) for one in body["findings"]]
        assert body["next"] is None
        assert found[0] == ("first", "contested", "talks/first")
        assert ("second", "plan-date-passed", "talks/second") in found, "it belongs to both"
        assert ("first", "plan-date-passed", "talks/second") in found
        for process in ("first", "second"):
            mine = client.get(f"/v1/processes/{process}/findings").json()["findings"]
            assert [{"process": process, **one} for one in mine] == [
                one for one in body["findings"] if one["process"] == process
            ]
        pages: list[Any] = []
        after: dict[str, str] = {}
        while True:
            page = client.get("/v1/findings", params={"limit": 2, **after}).json()
            pages += page["findings"]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert pages == body["findings"]
        only = client.get("/v1/findings?rule=plan-date-passed&severity=moderate").json()["findings"]
        assert only == [one for one in body["findings"] if one["rule"] == "plan-date-passed"]
        assert client.get("/v1/findings?rule=plan-date-passed&severity=high").json()["findings"] == []


def test_a_page_ends_within_findings_of_any_script_and_length(client: TestClient) -> None:
    begin(client)
    told = [
        wire(
            "FigureReported",
            subject="talks/first",
            claimant=claimant,
            data={"measure": f"هدنة {number} " + "x" * 280, "quantity": {"value": value}},
        )
        for number in range(3)
        for claimant, value in (("one", 10), ("two", 1000))
    ]
    append(client, *told)
    whole = client.get("/v1/findings?rule=claims-contradict").json()["findings"]
    assert len(whole) == 3
    first = client.get("/v1/findings?rule=claims-contradict&limit=1").json()
    rest = client.get("/v1/findings", params={"rule": "claims-contradict", "after": first["next"]})
    assert rest.status_code == 200, rest.text
    assert [*first["findings"], *rest.json()["findings"]] == whole


def test_findings_wait_for_a_position(client: TestClient) -> None:
    begin(client)
    position = client.post("/v1/events", json=planned("2017-10-29"), headers={"Prefer": "return=minimal"}).json()[
        "position"
    ]
    answer = client.get(f"/v1/findings?min_position={position}")
    assert int(answer.headers["parley-position"]) >= position
    assert "plan-date-passed" in rules(answer.json())


@pytest.mark.parametrize("path", ["/v1/findings", FINDINGS])
def test_an_unknown_rule_or_severity_names_the_known_ones(client: TestClient, path: str) -> None:
    begin(client)
    body = problem(client.get(f"{path}?rule=contestet"), 400)
    assert parameter(body) == "rule"
    assert "did you mean contested?" in body["detail"]
    assert all(name in body["errors"][0]["detail"] for name in RULES)
    body = problem(client.get(f"{path}?severity=grave"), 400)
    assert body["errors"] == [{"parameter": "severity", "detail": "no such severity: one of high, moderate, hint"}]
    problem(client.get("/v1/findings?after=x"), 400)
    problem(client.get("/v1/findings?limit=0"), 400)


@pytest.mark.parametrize(("path", "name"), [("/v1/findings", "rule"), (FINDINGS, "rule"), ("/v1/processes", "finding")])
def test_a_rule_that_was_dropped_says_what_tells_the_same_now(client: TestClient, path: str, name: str) -> None:
    begin(client)
    body = problem(client.get(f"{path}?{name}=single-claimant"), 400)
    assert body["errors"] == [
        {
            "parameter": name,
            "detail": "there is no rule single-claimant any more: a state of which no more than one claimant tells "
            "carries the mark `one_claimant` on its line",
        }
    ]


def test_a_change_of_state_that_one_claimant_tells_of_is_marked_where_it_stands(client: TestClient) -> None:
    begin(client)
    sources = [{"publisher": "TASS", "claimant": "one"}]
    append(client, wire("TalksConvened", subject="talks/first", data={}, sources=sources))

    def lines() -> list[Any]:
        status = client.get("/v1/processes/first").json()
        return [*(round_["state"] for round_ in status["talks"]), client.get("/v1/talks/first").json()["state"]]

    assert [line.get("one_claimant") for line in lines()] == [True, True]
    append(client, wire("TalksConvened", subject="talks/first", data={}, claimant="another"))
    assert [line.get("one_claimant") for line in lines()] == [None, None]
    assert "one_claimant" not in client.get("/v1/processes/first").json()["state"], "that it is open is no change"


def test_the_processes_in_which_a_finding_stands(client: TestClient) -> None:
    begin(client)
    append(client, opening("processes/second"), planned("2017-10-29"))
    asked = "/v1/processes?finding=plan-date-passed"
    with time_machine.travel("2017-10-28T12:00:00Z", tick=False):
        before = client.get(asked)
        assert before.json()["processes"] == []
        unchanged = client.get(asked, headers={"If-None-Match": before.headers["etag"]})
        assert unchanged.status_code == 304
    with time_machine.travel(LATER, tick=False):
        later = client.get(asked, headers={"If-None-Match": before.headers["etag"]})
        assert later.status_code == 200, "nothing is recorded, and yet it stands now"
        assert [one["process"] for one in later.json()["processes"]] == ["first"]
        silent = client.get("/v1/processes?finding=silence").json()["processes"]
        assert [one["process"] for one in silent] == ["first", "second"]
    assert "did you mean silence?" in problem(client.get("/v1/processes?finding=silense"), 400)["detail"]


def test_the_rules(client: TestClient) -> None:
    told = client.get("/v1/findings/rules").json()["rules"]
    assert [one["rule"] for one in told] == list(RULES)
    assert {one["rule"] for one in told if one["data_quality"]} == {
        "impossible-step",
        "part-above-whole",
        "likely-duplicate",
        "told-before-it-happened",
        "hijri-year",
        "years-apart",
        "shared-foreign-id",
    }
    assert all(one["looks_at"] and one["severity"] for one in told)
    assert {one["rule"] for one in told if one["followed_only"]} == OF_FOLLOWED
    assert {one["rule"] for one in told if one["archives_only"]} == OF_ARCHIVES


# --- on the command line


def case(*events: Wire) -> str:
    return lines(opening("processes/first"), opening("talks/first"), *events)


def test_findings_are_printed(run: Run) -> None:
    run("append", "-", input=case(planned("2017-10-29"), planned("2017-10-31", "SMART")))
    page = run("findings").stdout
    assert page.startswith("FIRST  4 findings\n")
    assert "  high      contested  talks/first: Reports contradict each other on the date of\n            the" in page
    assert "Since 30 Oct 2017 00:00 UTC." in flat(page)
    assert max(map(len, page.splitlines())) <= 80
    one = run("findings", "first", "--rule", "silence").stdout
    assert "contested" not in one
    assert "silence" in one
    past = run("findings", "first", "--as-of", "2017-10-28", "--rule", "plan-date-passed").stdout
    assert flat(past) == "As of 28 Oct 2017 Nothing of that kind stands out."
    assert rules(json.loads(run("findings", "--json", "--severity", "high").stdout)) == ["contested"]
    assert rules(json.loads(run("findings", "first", "--json", "--severity", "high").stdout)) == ["contested"]


def test_findings_name_what_is_wrong(run: Run) -> None:
    run("append", "-", input=case())
    assert "the mark `one_claimant`" in flat(run("findings", "--rule", "single-claimant", code=1).stderr)
    assert "did you mean silence?" in run("findings", "--rule", "silense", code=1).stderr
    assert "there is no such process" in run("findings", "nowhere", code=1).stderr


def test_an_append_prints_the_findings_of_its_subjects(run: Run) -> None:
    events = case(planned("2017-10-29", id="00000000-0000-4000-8000-000000009301"))
    page = run("append", "-", input=events).stdout
    assert page.startswith("3 events are recorded, in parley-data.\n")
    assert "1 finding raised:" in page.splitlines()
    assert "plan-date-passed talks/first: The round of talks planned for 2017-10-29" in flat(page)
    many = [planned("2017-10-29", "SMART", subject=f"talks/n{n}") for n in range(12)]
    opened = [opening(f"talks/n{n}") for n in range(12)]
    page = run("append", "-", input=lines(*opened, *many)).stdout
    assert "and 2 more: `parley findings` shows all that stand." in page
    long = [statement(claimant=f"claimant {n}") for n in range(101)]
    assert "finding" not in run("append", "-", input=lines(*long)).stdout


def test_a_strict_append_stops_at_a_doubtful_line(run: Run) -> None:
    first, second = (statement(claimant="one", id=f"00000000-0000-4000-8000-00000000940{n}") for n in (1, 2))
    third = statement(claimant="two")
    opened = [opening("processes/first"), opening("talks/first")]
    refused = run("append", "-", "--strict", input=lines(*opened, first, second, third), code=1).stderr
    assert "Line 4 of stdin is refused: It would raise a finding of data quality" in refused
    assert "likely-duplicate" in refused
    assert "Before it: 3 events are recorded." in refused
    assert "1 event is recorded" in run("append", "-", "--strict", input=lines(*opened, first, third)).stdout
