"""Deadlines over HTTP, as a calendar that other programs read, and on the command line."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import time_machine
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from api.exporters import ical
from api.exporters.ical import uid
from api.http.schemas.examples import DEADLINES as EXAMPLE
from domain.edtf import When
from domain.values import SUBJECT_PATTERN, Sensitivity
from projections.answers.deadlines import Deadline
from projections.answers.explanations import Explained
from tests.api.cli.test_commands import Run, flat, lines, place, run
from tests.api.routes.test_queries import append, parameter
from tests.api.sending import Wire, begin, opening, problem
from tests.examples import examples
from tests.spec import wire
from tests.strategies import DATES

__all__ = ["place", "run"]  # fixtures

NOW = "2017-10-30T12:00:00Z"
DEADLINES, CALENDAR = "/v1/deadlines", "/v1/deadlines.ics"


def planned(when: str, subject: str = "talks/first", **fields: Any) -> Wire:
    return wire("TalksScheduled", **{"subject": subject, "data": {"when": when}, "sensitivity": "low", **fields})


def owed(name: str, deadline: str, **fields: Any) -> Wire:
    data = {"obligation": name, "text": f"Open the road, part {name}.", "debtor": ["army"], "deadline": deadline}
    return wire("ObligationAgreed", **{"subject": "agreements/first", "data": data, "claimant": "TASS", **fields})


@pytest.fixture
def world(client: TestClient) -> TestClient:
    """Two rounds of talks, one of two processes, and two obligations."""
    begin(client)
    second = opening("talks/second")
    second["data"] = {**second["data"], "processes": ["first", "second"]}
    append(client, opening("actors/army"), opening("processes/second"), second, opening("agreements/first"))
    append(
        client,
        planned("2017-10-29"),
        planned("2017-11-10", "talks/second"),
        owed("a", "2017-11"),
        owed("b", "../2017-11-02"),
    )
    return client


def shown(client: TestClient, path: str = DEADLINES, **asked: Any) -> list[Deadline]:
    with time_machine.travel(NOW, tick=False):
        answer = client.get(path, params={"since": "2017-01-01", **asked} if path == DEADLINES else asked)
    assert answer.status_code == 200, answer.text
    found: list[Deadline] = answer.json()["deadlines"]
    return found


def entries(content: bytes) -> list[Any]:
    """The entries of a calendar, after a look at what every one must have (RFC 5545)."""
    assert content.replace(b"\r\n", b"").find(b"\n") == -1, "every line ends in CRLF"
    assert max(map(len, content.split(b"\r\n"))) <= 75
    whole: Any = Calendar.from_ical(content)
    assert (whole["VERSION"], whole["PRODID"]) == ("2.0", "-//Parley//Deadlines//EN")
    found: list[Any] = list(whole.subcomponents)
    assert len({str(one["UID"]) for one in found}) == len(found)
    for one in found:
        assert one.errors == []
        assert one.name in ("VEVENT", "VTODO")
        assert one["DTSTAMP"].dt.tzinfo is not None
        starts, ends = (one[name].dt if name in one else None for name in ("DTSTART", "DTEND"))
        due = one["DUE"].dt if "DUE" in one else None
        assert one.name == "VTODO" or starts is not None
        assert starts is None or due is None or starts < due
        assert starts is None or ends is None or starts < ends
        assert all(isinstance(each, date) and not isinstance(each, datetime) for each in (starts, ends, due) if each)
    return found


def by_summary(content: bytes) -> dict[str, Any]:
    return {str(one["SUMMARY"]).rpartition(": ")[2]: one for one in entries(content)}


# --- as JSON


def test_what_is_due_in_any_process(world: TestClient) -> None:
    found = shown(world)
    assert [(one["subject"], one["when"], one["overdue"]) for one in found] == [
        ("talks/first", "2017-10-29", True),
        ("agreements/first", "../2017-11-02", False),
        ("talks/second", "2017-11-10", False),
        ("agreements/first", "2017-11", False),
    ]
    assert [one["processes"] for one in found] == [["first"], ["first"], ["first", "second"], ["first"]]
    assert (found[1]["what"], found[1]["actor"]) == ("obligation: Open the road, part b.", "army")
    assert [one["contested"] for one in found] == [False] * 4
    assert [one["sensitivity"] for one in found] == ["low", "moderate", "low", "moderate"]
    body = world.get(DEADLINES, params={"since": "2017-01-01"}).json()
    assert set(body["actors"]) == {"army"}
    assert set(body["evidence"]) == {event for one in found for event in one["events"]}


def test_filters_of_deadlines(world: TestClient) -> None:
    assert [one["subject"] for one in shown(world, process="second")] == ["talks/second"]
    assert [one["when"] for one in shown(world, until="2017-11-01")] == ["2017-10-29", "../2017-11-02", "2017-11"]
    assert [one["when"] for one in shown(world, until="2017-10")] == ["2017-10-29", "../2017-11-02"]
    assert [one["when"] for one in shown(world, overdue="true")] == ["2017-10-29"]
    assert len(shown(world, overdue="false")) == 3
    assert [one["when"] for one in shown(world, overdue="false", process="first", until="2017-11-02")] == [
        "../2017-11-02",
        "2017-11",
    ]


def test_a_list_begins_with_today_unless_it_is_asked(world: TestClient) -> None:
    def dates(**asked: str) -> list[str]:
        with time_machine.travel(NOW, tick=False):
            return [one["when"] for one in world.get(DEADLINES, params=asked).json()["deadlines"]]

    assert dates() == ["../2017-11-02", "2017-11-10", "2017-11"]
    assert dates(since="2017-11-03") == ["2017-11-10", "2017-11"]
    assert dates(since="2017-11-11") == ["2017-11"]
    assert dates(since="2017-10-29")[0] == dates(overdue="true")[0] == "2017-10-29"
    assert dates(since="2018") == []
    assert dates(until="2017-10-29") == ["2017-10-29", "../2017-11-02"], "a past that is asked for"
    assert parameter(problem(world.get(f"{DEADLINES}?since=yesterday"), 400)) == "since"


def test_pages_of_deadlines(world: TestClient) -> None:
    whole = shown(world)
    first = world.get(DEADLINES, params={"limit": 3, "since": "2017"}).json()
    rest = world.get(DEADLINES, params={"limit": 3, "since": "2017", "after": first["next"]}).json()
    assert rest["next"] is None
    assert [one["when"] for one in (*first["deadlines"], *rest["deadlines"])] == [one["when"] for one in whole]


def test_what_is_settled_is_due_no_more(world: TestClient) -> None:
    append(world, wire("TalksConvened", subject="talks/first", occurred="2017-10-29", data={}))
    append(world, wire("AgreementEnded", subject="agreements/first", occurred="2017-10-30", data={"how": "collapsed"}))
    assert [one["subject"] for one in shown(world)] == ["talks/second"]


def test_a_deadline_that_reports_contradict_each_other_on(world: TestClient) -> None:
    append(world, planned("2017-11-05", sources=[{"publisher": "SMART"}]), owed("b", "2017-12-01", claimant="SMART"))
    found = {(one["subject"], one["when"]): one["contested"] for one in shown(world)}
    assert found == {
        ("talks/first", "2017-10-29"): True,
        ("talks/first", "2017-11-05"): True,
        ("talks/second", "2017-11-10"): False,
        ("agreements/first", "../2017-11-02"): True,
        ("agreements/first", "2017-12-01"): True,
        ("agreements/first", "2017-11"): False,
    }


def test_what_is_wrong_with_a_question(world: TestClient) -> None:
    body = problem(world.get(f"{DEADLINES}?until=10.11.2017"), 400)
    assert parameter(body) == "until"
    assert "YYYY-MM-DD" in body["detail"]
    problem(world.get(f"{DEADLINES}?process=nowhere"), 404)
    problem(world.get(f"{DEADLINES}?process=No"), 400)
    problem(world.get(f"{DEADLINES}?overdue=perhaps"), 400)
    problem(world.get(f"{DEADLINES}?after=x"), 400)
    problem(world.get(f"{CALENDAR}?limit=3"), 400)
    problem(world.get(DEADLINES, headers={"Accept": "image/png"}), 406)
    calendar = {"Accept": "text/calendar"}
    assert parameter(problem(world.get(f"{DEADLINES}?limit=3", headers=calendar), 400)) == "limit"


# --- as a calendar


def test_the_calendar_has_the_same_deadlines(world: TestClient) -> None:
    for answer in (world.get(DEADLINES, headers={"Accept": "text/calendar"}), world.get(CALENDAR)):
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert answer.headers["parley-position"]
        assert {str(one["UID"]) for one in entries(answer.content)} == {str(uid(one)) for one in shown(world)}
    assert world.get(CALENDAR).content == world.get(CALENDAR).content, "the same log, the same file"
    assert len(entries(world.get(f"{CALENDAR}?process=second").content)) == 1
    with time_machine.travel(NOW, tick=False):
        assert len(entries(world.get(f"{CALENDAR}?overdue=true").content)) == 1


def test_what_an_entry_says(world: TestClient) -> None:
    found = by_summary(world.get(CALENDAR).content)
    b = found["Open the road, part b."]
    assert (b["DTSTART"].dt, b["DTEND"].dt) == (date(2017, 11, 2), date(2017, 11, 3)), "at the latest on that day"
    a = found["Open the road, part a."]
    assert (a["DTSTART"].dt, a["DTEND"].dt) == (date(2017, 11, 1), date(2017, 12, 1)), "some day of the month"
    assert (b.get("STATUS"), a["STATUS"]) == (None, "TENTATIVE")
    assert (b["CLASS"], b["TRANSP"]) == ("PRIVATE", "TRANSPARENT")
    assert [str(one) for one in b["CATEGORIES"].cats] == ["agreements", "first"]
    (row,) = [one for one in shown(world) if one["when"] == "../2017-11-02"]
    assert b["DTSTAMP"].dt == datetime.fromisoformat(row["touched_at"]).replace(microsecond=0)
    label = world.get("/v1/actors/army").json()["labels"][0]["text"]
    assert str(b["DESCRIPTION"]).splitlines() == [
        "Process: first",
        "Date: ../2017-11-02",
        f"Owed by: {label}",
        "According to: TASS",
        "Subject: agreements/first",
        f"Events: {row['events'][0]}",
    ]


def test_a_corrected_date_moves_the_entry(world: TestClient) -> None:
    (row,) = [one for one in shown(world) if one["subject"] == "talks/second"]
    replacement = {"type": "TalksScheduled", "occurred": "2017-10-27", "data": {"when": "2017-11-12"}}
    data = {"event": row["events"][0], "replacement": replacement, "by": "our error", "reason": "misread"}
    append(world, wire("EventCorrected", subject="talks/second", data=data))
    (moved,) = [one for one in shown(world) if one["subject"] == "talks/second"]
    assert moved["when"] == "2017-11-12"
    assert uid(moved) == uid(row)
    assert moved["touched_at"] > row["touched_at"], "programs see that it is newer"


def test_what_is_sensitive_stays_in_parley(client: TestClient) -> None:
    begin(client)
    venue = {"labels": [{"text": "the thermal power station"}]}
    travel = planned("2099-10-29", sensitivity="high", data={"when": "2099-10-29", "venue": venue}, note="by car")
    answer = {"kind": "demand", "text": "Free the detained.", "answer_by": "2099-11-01"}
    append(client, travel, wire("ProposalMade", subject="talks/first", data=answer, sensitivity="severe"))
    content = client.get(CALENDAR).content
    found = by_summary(content)
    assert {one["CLASS"] for one in found.values()} == {"CONFIDENTIAL"}
    label = client.get("/v1/talks/first").json()["labels"][0]["text"]
    assert str(found["round of talks"]["SUMMARY"]) == f"{label}: round of talks"
    assert str(found["answer to the demand"]["SUMMARY"]) == "talks: answer to the demand"
    assert str(found["round of talks"]["DESCRIPTION"]).splitlines() == [
        "Process: first",
        "Date: 2099-10-29",
        "Sensitivity: high. Parley has the details.",
    ]
    unfolded = content.replace(b"\r\n ", b"")
    for secret in (b"power station", b"by car", b"Free the detained", travel["id"].encode()):
        assert secret not in unfolded


@pytest.mark.parametrize(
    ("when", "name", "first", "last", "tentative"),
    [
        ("2017-10-29", "VEVENT", date(2017, 10, 29), date(2017, 10, 29), False),
        ("2017-10-29?", "VEVENT", date(2017, 10, 28), date(2017, 10, 30), True),
        ("2017-10-27/2017-10-29", "VEVENT", date(2017, 10, 27), date(2017, 10, 29), False),
        ("2017-10-29T23:30+03:00", "VEVENT", date(2017, 10, 29), date(2017, 10, 29), False),
        ("2017-10-XX", "VEVENT", date(2017, 10, 1), date(2017, 10, 31), True),
        ("2017-24", "VEVENT", date(2017, 12, 1), date(2018, 2, 28), True),
        ("/2017-10-29", "VEVENT", date(2017, 10, 29), date(2017, 10, 29), False),
        ("2017", "VTODO", date(2017, 1, 1), date(2017, 12, 31), False),
        ("2017-10-28/..", "VTODO", date(2017, 10, 28), None, False),
        ("9999-12-31", "VEVENT", date(9999, 12, 31), date(9999, 12, 31), False),
        ("0001-01-01", "VEVENT", date(1, 1, 1), date(1, 1, 1), False),
    ],
)
def test_how_a_date_stands_in_a_calendar(
    when: str, name: str, first: date | None, last: date | None, tentative: bool
) -> None:
    (one,) = entries(ical.calendar([deadline(when)], EXPLAINED, "x"))
    assert one.name == name
    assert one.get("STATUS") == ("TENTATIVE" if tentative else None)
    assert (one["DTSTART"].dt if "DTSTART" in one else None) == first
    if name == "VTODO":
        assert (one["DUE"].dt if "DUE" in one else None) == last
    else:
        assert date.fromordinal(one["DTEND"].dt.toordinal() - 1) == last if "DTEND" in one else last == first


EVENT = "b7131032-e6b3-5c87-9c59-dbb069427976"
EXPLAINED: Explained = {"actors": {}, "evidence": {EVENT: EXAMPLE["evidence"][EVENT]}}


def deadline(when: str, **fields: Any) -> Deadline:
    default: Deadline = {
        "processes": ["first"],
        "subject": "talks/first",
        "label": "Talks",
        "what": "round of talks",
        "when": when,
        "actor": None,
        "overdue": False,
        "contested": False,
        "sensitivity": "low",
        "touched_at": "2026-01-05T08:30:00.123456Z",
        "events": [EVENT],
    }
    return cast(Deadline, {**default, **fields})


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=120)


@examples(30)
@given(
    st.lists(
        st.builds(
            deadline,
            st.sampled_from([*DATES, "2017~", "20XX", "201X", "../2017", "2017-10-29/"]),
            label=TEXTS,
            what=st.one_of(TEXTS, st.just("obligation: one\nand, two; three\\four")),
            subject=st.from_regex(SUBJECT_PATTERN, fullmatch=True),
            contested=st.booleans(),
            sensitivity=st.sampled_from([each.value for each in Sensitivity]),
            actor=st.sampled_from([None, "army"]),
        ),
        max_size=5,
        unique_by=uid,
    )
)
def test_any_deadlines_make_a_calendar_that_can_be_read(deadlines: list[Deadline]) -> None:
    found = entries(ical.calendar(deadlines, EXPLAINED, "هدنة"))
    assert [str(one["UID"]) for one in found] == [str(uid(one)) for one in deadlines]
    for one, sent in zip(found, deadlines, strict=True):
        if sent["sensitivity"] in ("low", "moderate"):
            assert str(one["SUMMARY"]) == f"{sent['label']}: {' '.join(sent['what'].split())}"
        assert (one.name == "VEVENT") == (_days(sent["when"]) <= ical.MAX_OCTETS)
    assert ical.calendar(deadlines, EXPLAINED, "هدنة") == ical.calendar(deadlines, EXPLAINED, "هدنة")


def _days(when: str) -> float:
    """How many days a date may be; one that is only bounded above counts as its last day."""
    first, last = When(when).days
    if last is None:
        return float("inf")
    return (date.fromisoformat(last) - date.fromisoformat(first)).days + 1 if first is not None else 1


# --- on the command line


def sent() -> str:
    return lines(
        opening("processes/first"),
        opening("talks/first"),
        opening("actors/army"),
        opening("agreements/first"),
        planned("2017-10-29"),
        owed("a", "2099-11"),
    )


def test_deadlines_are_printed(run: Run) -> None:
    assert "Nothing is due" not in run("append", "-", input=sent()).stdout
    page = run("deadlines").stdout
    assert max(map(len, page.splitlines())) <= 80
    passed, coming = page.split("Nov 2099")
    assert passed.startswith("29 Oct 2017  ")
    assert "round of talks (first) [overdue]" in flat(passed)
    assert "obligation: Open the road, part a.; owed by" in flat(coming)
    assert "Nov 2099" not in run("deadlines", "--overdue", "--process", "first").stdout
    assert "29 Oct" not in run("deadlines", "--not-overdue").stdout
    assert "Nov 2099" not in run("deadlines", "--until", "2018").stdout
    assert flat(run("deadlines", "--until", "2016").stdout) == "Nothing is due."
    found = json.loads(run("deadlines", "--json").stdout)
    assert [one["when"] for one in found["deadlines"]] == ["2017-10-29", "2099-11"]
    assert set(found["evidence"]) == {event for one in found["deadlines"] for event in one["events"]}
    assert "there is no such process" in run("deadlines", "--process", "nowhere", code=1).stderr


def test_deadlines_are_written_for_a_calendar(run: Run, place: Path) -> None:
    run("append", "-", input=sent())
    assert run("deadlines", "--ics", "due.ics").stdout == "Written to due.ics.\n"
    written = (place / "due.ics").read_bytes()
    assert len(entries(written)) == 2
    assert run("deadlines", "--ics", "-").stdout_bytes == written
    assert "either" in run("deadlines", "--ics", "-", "--json", code=2).stderr


def test_dtstamp_is_in_utc() -> None:
    (one,) = entries(ical.calendar([deadline("2017-10-29")], EXPLAINED, "x"))
    assert one["DTSTAMP"].dt == datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
