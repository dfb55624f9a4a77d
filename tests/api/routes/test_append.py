"""Appending over HTTP: what is answered, with which headers, and how preferences and preconditions work."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.http import parameters, preferences
from api.http.parameters import POSITION_HEADER
from api.routes import append
from domain.errors import Unavailable
from ledger.append import Append
from ledger.writer import Writer
from projections import catch_up
from tests.api.sending import begin, head, opening, pointers, problem, statement
from tests.ledger.sending import statement as drafted
from tests.spec import wire


def test_one_event(client: TestClient) -> None:
    sent = opening("processes/first")
    answer = client.post("/v1/events", json=sent)
    assert answer.status_code == 201
    body = answer.json()
    recorded_at = body["events"][0].pop("recorded_at")
    assert recorded_at.endswith("Z")
    event = {"id": sent["id"], "position": 1, "subject": "processes/first", "version": 1}
    assert body == {"events": [{**event, "findings": [], "findings_total": 0}], "position": 1}
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
    minimal = {"Prefer": "return=minimal"}
    answer = client.post("/v1/events", json=[statement() for _ in range(1000)], headers=minimal)
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
    before, after = first.json(), again.json()
    assert after == before, "what it did to findings is told again, not what stands now"
    assert again.headers["etag"] == '"3"', "the subject has moved on"
    partly = client.post("/v1/events", json=[sent, statement()])
    assert partly.status_code == 201
    assert partly.json()["events"][0] == before["events"][0]


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


def test_the_etag_of_unified_subjects_covers_both_streams(client: TestClient) -> None:
    begin(client)
    client.post("/v1/events", json=opening("talks/second"))
    unified = wire("SubjectUnified", subject="talks/second", data={"into": "talks/first", "reason": "One round."})
    told = client.post("/v1/events", json=unified, headers={"If-Match": '"1"'})
    joined = told.headers["ETag"]

    def tags() -> set[str]:
        position = {"min_position": head(client)}
        return {client.get(f"/v1/talks/{name}", params=position).headers["ETag"] for name in ("first", "second")}

    assert tags() == {joined}
    problem(client.post("/v1/events", json=statement("talks/first"), headers={"If-Match": '"1"'}), 412)
    problem(client.post("/v1/events", json=statement("talks/second"), headers={"If-Match": '"2"'}), 412)
    after = client.post("/v1/events", json=statement("talks/first"), headers={"If-Match": joined})
    assert after.status_code == 201
    assert tags() == {after.headers["ETag"]} != {joined}
    problem(client.post("/v1/events", json=statement("talks/second"), headers={"If-Match": joined}), 412)
    sent = statement("talks/second")
    again = client.post("/v1/events", json=sent, headers={"If-Match": after.headers["ETag"]})
    assert again.status_code == 201
    assert tags() == {again.headers["ETag"]}
    assert client.post("/v1/events", json=sent, headers={"If-Match": joined}).status_code == 200, "it is recorded"
    assert client.post("/v1/events", json={**statement("talks/second"), "expected_version": 3}).status_code == 201
    problem(client.post("/v1/events", json={**statement("talks/second"), "expected_version": 6}), 409)
    before = tags()
    apart = wire("EventRetracted", subject="talks/second", data={"event": unified["id"], "reason": "Two rounds."})
    client.post("/v1/events", json=apart)
    assert len(tags()) == 2
    assert not tags() & {*before, joined}


# --- preferences


def test_waiting_for_the_read_models(client: TestClient) -> None:
    begin(client)
    answer = client.post("/v1/events", json=statement(), headers={"Prefer": "respond-async, wait=9"})
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "wait=9"
    assert client.get("/readyz").json()["views"] == {"position": 3, "lag": 0}
    long = client.post("/v1/events", json=statement(), headers={"Prefer": "wait=900"})
    assert long.headers["preference-applied"] == "wait=30"


def hold_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the read models take nothing in, not even in a transaction that is open."""
    monkeypatch.setattr(catch_up, "_pulled", lambda _, progress, *rest: progress)


def test_waiting_in_vain_is_still_201(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(client)
    client.post("/v1/events", json=statement(), headers={"Prefer": "wait=30"})
    hold_back(monkeypatch)
    answer = client.post("/v1/events", json=statement(), headers={"Prefer": "wait=0"})
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers


def test_a_halted_view_is_not_waited_for(client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(client)
    client.post("/v1/events", json=statement(), headers={"Prefer": "wait=30"})
    follower = app.state.services.follower
    hold_back(monkeypatch)
    monkeypatch.setattr(follower, "halted", "position 2: from a newer version")
    answer = client.post("/v1/events", json=statement(), headers={"Prefer": "wait=30"})
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers


@pytest.mark.parametrize(
    "prefer", ["wait=soon", "handling=lenient", "return=representation", "respond-async", "wait", "wait=-1", "", ";,=;"]
)
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
    monkeypatch.setattr(Writer, "submit_here", busy)
    assert problem(client.post("/v1/events", json=statement()), 503)["retry"]


def test_a_request_that_is_given_up_loses_nothing(client: TestClient, app: FastAPI) -> None:
    """Whoever waits may go; those who stay get their answers, and the log has no half of anything."""
    begin(client)
    writer = app.state.services.writer

    async def give_up() -> list[Any]:
        waiting = [writer.submit_here(Append((drafted(),))) for _ in range(20)]
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


# --- findings


def planned(when: str, publisher: str = "TASS") -> Any:
    """A date of the round `first`, always reported for the same day."""
    return wire("TalksScheduled", subject="talks/first", data={"when": when}, sources=[{"publisher": publisher}])


def rules(event: Any) -> list[str]:
    return [f"{finding['now']} {finding['rule']}" for finding in event["findings"]]


def test_an_append_tells_what_its_events_do_to_the_findings_of_their_own_subjects(client: TestClient) -> None:
    begin(client)
    first = client.post("/v1/events", json=planned("2017-10-29")).json()["events"][0]
    assert rules(first) == ["raised plan-date-passed"]
    rival, other = client.post("/v1/events", json=[planned("2017-10-31", "SMART"), opening("talks/second")]).json()[
        "events"
    ]
    assert rules(rival) == ["raised contested", "raised plan-date-passed"]
    assert rival["findings_total"] == 2
    assert rival["findings"][0]["subject"] == "talks/first"
    assert set(rival["findings"][0]["events"]) == {first["id"], rival["id"]}
    assert other["findings"] == []


def test_later_events_resolve_a_finding(client: TestClient) -> None:
    begin(client)
    sent = planned("2017-10-29")
    client.post("/v1/events", json=[sent, planned("2017-10-31", "SMART")])
    retracted = wire("EventRetracted", subject="talks/first", data={"event": sent["id"], "reason": "misread"})
    left = client.post("/v1/events", json=retracted).json()["events"][0]
    assert rules(left) == ["resolved contested", "resolved plan-date-passed"]
    assert client.post("/v1/events", json=retracted).json()["events"] == [left]


def test_read_models_that_lag_behind_leave_the_findings_unknown(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    hold_back(monkeypatch)
    monkeypatch.setattr(append, "LONG_WAIT", 0.01)
    answer = client.post("/v1/events", json=statement())
    assert answer.status_code == 201
    assert answer.json()["events"][0]["findings"] is None
    assert "parley_append_findings_unknown_total 1.0" in client.get("/metrics").text


def test_read_models_that_are_being_made_leave_the_findings_unknown(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_anew() -> Any:
        raise Unavailable("the read models are being made from the log")

    begin(client)
    monkeypatch.setattr(app.state.services.views, "reading", made_anew)
    monkeypatch.setattr(app.state.services.follower, "answer_of", lambda _: None)  # another process took it in
    answer = client.post("/v1/events", json=statement())
    assert answer.status_code == 201, "it is recorded"
    assert answer.json()["events"][0]["findings"] is None


def test_what_was_not_kept_is_worked_out_anew_as_long_as_somebody_waits(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    sent = planned("2017-10-29")
    client.post("/v1/events", json=sent, headers={"Prefer": "return=minimal, wait=30"})
    with monkeypatch.context() as hasty:
        for name in ("LONG_WAIT", "WAIT_FOR_EACH"):
            hasty.setattr(append, name, 0.0)
        assert client.post("/v1/events", json=sent).json()["events"][0]["findings"] is None
    assert client.post("/v1/events", json=sent).json()["events"][0]["findings"] is not None


def test_a_minimal_answer_tells_no_findings_and_does_not_wait(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    hold_back(monkeypatch)
    monkeypatch.setattr(append, "LONG_WAIT", 60)
    answer = client.post("/v1/events", json=planned("2017-10-29"), headers={"Prefer": "return=minimal"})
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "return=minimal"
    assert answer.json()["events"][0]["findings"] is None


def test_a_dry_run_tells_no_findings(client: TestClient) -> None:
    begin(client)
    answer = client.post("/v1/events?dry_run=true", json=planned("2017-10-29"))
    assert answer.json()["events"][0]["findings"] is None


# --- strict handling

STRICT = {"Prefer": "handling=strict"}


def said(**fields: Any) -> Any:
    """The same words by the same claimant each time."""
    return statement(claimant="one field commander", **fields)


def test_strict_handling_refuses_what_is_of_doubtful_quality(client: TestClient) -> None:
    begin(client)
    assert client.post("/v1/events", json=said(), headers=STRICT).headers["preference-applied"] == "handling=strict"
    before = head(client)
    again = said(id=UUID(int=7777))
    body = problem(client.post("/v1/events", json=again, headers=STRICT), 409)
    assert body["type"] == "/problems/doubtful-quality"
    assert body["detail"].startswith("likely-duplicate: "), "no pointer, no colon before it"
    assert not body["retry"]
    assert pointers(body) == [""]
    assert "likely-duplicate: 2 reports of StatementMade" in body["errors"][0]["detail"]
    assert "DuplicateMarked" in body["errors"][0]["detail"]
    assert head(client) == before
    assert client.get(f"/v1/events/{again['id']}").status_code == 404
    answer = client.post("/v1/events", json=again)
    assert (answer.status_code, rules(answer.json()["events"][0])) == (201, ["raised likely-duplicate"])
    assert client.post("/v1/events", json=again, headers=STRICT).status_code == 200, "it is not judged again"


def test_strict_handling_names_the_event_of_a_batch(client: TestClient) -> None:
    begin(client)
    batch = [said(id=UUID(int=8001)), opening("talks/second"), said(id=UUID(int=8002)), said(subject="talks/second")]
    body = problem(client.post("/v1/events", json=batch, headers=STRICT), 409)
    assert pointers(body) == ["/2"]
    assert head(client) == 2, "nothing of it is recorded"
    assert client.post("/v1/events", json=[batch[0], batch[0]], headers=STRICT).status_code == 201, "one event"


def test_strict_handling_never_refuses_a_contradiction(client: TestClient) -> None:
    begin(client)
    batch = [planned("2017-10-29"), planned("2017-10-31", "SMART")]
    answer = client.post("/v1/events", json=batch, headers=STRICT)
    assert answer.status_code == 201
    assert "raised contested" in rules(answer.json()["events"][1])


def test_strict_handling_takes_another_claimant_for_corroboration(client: TestClient) -> None:
    begin(client)
    for claimant in ("one field commander", "another"):
        assert client.post("/v1/events", json=statement(claimant=claimant), headers=STRICT).status_code == 201


def test_strict_handling_refuses_a_step_that_cannot_be(client: TestClient) -> None:
    begin(client)
    ended = wire("TalksConcluded", subject="talks/first", occurred="2017-10-20", data={"outcome": "without outcome"})
    begun = wire("TalksConvened", subject="talks/first", occurred="2017-10-29", data={})
    assert client.post("/v1/events", json=ended, headers=STRICT).status_code == 201
    body = problem(client.post("/v1/events", json=begun, headers=STRICT), 409)
    assert "impossible-step" in body["detail"]
    corrected = {"type": "TalksConcluded", "occurred": "2017-10-30", "data": {"outcome": "without outcome"}}
    mended = wire(
        "EventCorrected",
        subject="talks/first",
        data={"event": ended["id"], "replacement": corrected, "by": "our error", "reason": "misread"},
    )
    assert client.post("/v1/events", json=[mended, begun], headers=STRICT).status_code == 201, "both at once"


def test_strict_handling_refuses_dates_that_cannot_be(client: TestClient) -> None:
    begin(client)
    convened = wire("TalksConvened", subject="talks/first", occurred="2062-03-03", data={})
    hijri = wire("TalksScheduled", subject="talks/first", data={"when": "1445-08-20"})
    body = problem(client.post("/v1/events", json=[hijri, convened], headers=STRICT), 409)
    assert pointers(body) == ["/0", "/1"]
    assert [error["detail"].partition(":")[0] for error in body["errors"]] == ["hijri-year", "told-before-it-happened"]
    answer = client.post("/v1/events", json=[hijri, convened]).json()["events"]
    dates = ["hijri-year", "told-before-it-happened"]
    assert [f"raised {rule}" in rules(event) for rule, event in zip(dates, answer, strict=True)] == [True, True]
    standing = client.get("/v1/processes/first").json()["findings"]["items"]
    assert {one["rule"] for one in standing} >= set(dates)
    plan = wire("TalksScheduled", subject="talks/first", occurred="2062-03-03", data={"when": "2062-03-05"})
    assert client.post("/v1/events", json=plan, headers=STRICT).status_code == 201, "a plan may lie ahead"
    old = statement(occurred="1991-03-01", sources=[{"publisher": "An Archive", "published": "2017-10-28"}])
    answer = client.post("/v1/events", json=old, headers=STRICT)
    assert answer.status_code == 201, "a hint is recorded"
    assert "raised years-apart" in rules(answer.json()["events"][0])


def test_strict_handling_blames_no_event_for_what_stood_before(client: TestClient) -> None:
    begin(client)
    client.post("/v1/events", json=[said(id=UUID(int=9001)), said(id=UUID(int=9002))])
    answer = client.post("/v1/events", json=planned("2017-10-29"), headers=STRICT)
    assert answer.status_code == 201
    assert "likely-duplicate" not in " ".join(rules(answer.json()["events"][0]))


def test_strict_handling_is_told_what_is_wrong_anyway_first(client: TestClient) -> None:
    begin(client)
    client.post("/v1/events", json=said(id=UUID(int=9101)))
    unknown = wire("RoleTaken", subject="talks/first", data={"actor": "nobody", "role": "mediator"})
    body = problem(client.post("/v1/events", json=[said(id=UUID(int=9102)), unknown], headers=STRICT), 422)
    assert pointers(body) == ["/1/data/actor"]


def test_strict_handling_of_a_dry_run(client: TestClient) -> None:
    begin(client)
    client.post("/v1/events", json=said(id=UUID(int=9201)))
    problem(client.post("/v1/events?dry_run=true", json=said(id=UUID(int=9202)), headers=STRICT), 409)
    assert client.post("/v1/events?dry_run=true", json=planned("2017-10-29"), headers=STRICT).status_code == 200


def test_strict_handling_needs_the_read_models(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(client)
    hold_back(monkeypatch)
    monkeypatch.setattr(parameters, "BRIEFLY", 0.05)
    client.post("/v1/events", json=statement(), headers={"Prefer": "return=minimal"})
    before = head(client)
    assert problem(client.post("/v1/events", json=said(), headers=STRICT), 503)["retry"]
    assert head(client) == before


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (["handling=strict; x=1, wait = 5"], {"handling": "strict", "wait": "5"}),
        (['return="minimal"', "HANDLING=lenient"], {"return": "minimal", "handling": "lenient"}),
        (["wait=1, wait=2"], {"wait": "1"}),
        (['x="a, wait=3, b", wait=5'], {"x": "a, wait=3, b", "wait": "5"}),
        ([r'x="a\", wait=3"; y="b,c", handling="stri\ct"'], {"x": 'a", wait=3', "handling": "strict"}),
        (['x="no end, wait=3', "wait=5"], {"wait": "5"}),
        (["respond-async,,=,a b"], {"respond-async": ""}),
        ([], {}),
    ],
)
def test_how_preferences_are_read(sent: list[str], read: dict[str, str]) -> None:
    assert preferences.read(sent) == read
