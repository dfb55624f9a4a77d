"""What can be asked: histories in display order, lists with filters, figures by claimant, actors and their roles."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadCursor, NotFound
from projections import paging
from projections.paging import Page
from projections.queries import figures, incidents, obligations, processes, status, subjects
from projections.queries import history as history_query
from projections.read_models.process_list import ProcessFilter
from projections.storage.generations import ReadTransaction
from tests.projections.world import NOW, SLOW, Wire, follow, opened, processes_of, pull, reading, recorded, views
from tests.spec import wire
from tests.strategies import histories

pytestmark = pytest.mark.usefixtures("both_databases")

FIRST = "processes/first"


def uuid(number: int) -> str:
    return str(UUID(int=1_000_000 + number))


def said(number: int, occurred: str, subject: str = FIRST, **fields: Any) -> Wire:
    """A statement with a known id."""
    return wire("StatementMade", id=uuid(number), subject=subject, occurred=occurred, **fields)


def ids(entries: list[Wire]) -> list[str]:
    return [entry["id"] for entry in entries]


def pages(ask: Callable[..., Page]) -> list[Wire]:
    """All entries of a list, page by page."""
    found: list[Wire] = []
    after = None
    while True:
        answer = ask(after=after)
        found += answer.items
        after = answer.next
        if after is None:
            return found
        assert answer.items, "a page with a following one is not empty"


def the_history(here: ReadTransaction, process: str = "first", **options: Any) -> list[Wire]:
    return history_query.history(here, process, None, 1000, **options).items


# --- history


def test_a_history_goes_by_time_of_occurrence_not_of_arrival() -> None:
    with reading(
        *opened(FIRST),
        said(1, "2017-10-29"),
        said(2, "2017-10-27"),
        said(3, "2017-10-28"),
        said(4, "2017-10"),
        said(5, "../2017-10-28"),
    ) as here:
        found = the_history(here)
        spoken = [one["id"] for one in found if one["type"] == "StatementMade"]
        assert spoken == [uuid(5), uuid(4), uuid(2), uuid(3), uuid(1)]
        assert ids(the_history(here, newest_first=True)) == ids(found)[::-1]
        assert [one["position"] for one in found if one["id"] == uuid(1)] == [2], "the order of arrival is told"


def test_on_one_day_the_usual_course_decides_then_the_id() -> None:
    talks = "talks/first"
    with reading(
        *opened(FIRST, talks, occurred="2017-10-27"),
        wire("TalksConcluded", subject=talks, id=uuid(1)),
        wire("TalksConvened", subject=talks, id=uuid(3), data={}),
        wire("TalksConvened", subject=talks, id=uuid(2), data={}),
        wire("TalksScheduled", subject=talks, id=uuid(4)),
    ) as here:
        assert ids(the_history(here))[-4:] == [uuid(4), uuid(2), uuid(3), uuid(1)]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_visit_each_event_once_also_with_equal_dates(limit: int, newest_first: bool) -> None:
    days = ["2017-10-27"] * 5 + ["2017-10-28"] * 3 + ["2017-10"] * 2 + ["../2017-10-27"]
    with reading(*opened(FIRST), *[said(number, day) for number, day in enumerate(days)]) as here:
        found = pages(lambda after: history_query.history(here, "first", after, limit, newest_first=newest_first))
        assert ids(found) == ids(the_history(here, newest_first=newest_first))
        assert len(set(ids(found))) == len(found) == len(days) + 1


@settings(SLOW, max_examples=15)
@given(histories(), st.integers(1, 5), st.booleans())
def test_pages_of_any_history_visit_each_event_once(history: list[Wire], limit: int, newest_first: bool) -> None:
    log = recorded(history)
    with reading(*history) as here:
        for process in processes_of(log):
            ask = partial(history_query.history, here, process, limit=limit, newest_first=newest_first)
            found = pages(ask)
            whole = the_history(here, process, newest_first=newest_first)
            assert found == whole
            assert len({one["position"] for one in whole}) == len(whole)


def test_revisions_follow_their_target_and_mark_it() -> None:
    with reading(
        *opened(FIRST),
        said(1, "2017-10-27"),
        said(2, "2017-10-28"),
        wire("EventRetracted", subject=FIRST, id=uuid(3), data={"event": uuid(1), "reason": "It was a rumour."}),
        wire("EventDisputed", subject=FIRST, id=uuid(0), data={"event": uuid(3), "described": "the south"}),
        wire("EventDisputed", subject=FIRST, id=uuid(5), data={"event": uuid(1), "described": "the north"}),
    ) as here:
        found = the_history(here)
        assert ids(found)[1] == uuid(1)
        assert set(ids(found)[2:5]) == {uuid(3), uuid(0), uuid(5)}, "before what occurred on the next day"
        assert ids(found)[5] == uuid(2)
        by_id = {one["id"]: one for one in found}
        assert [mark["id"] for mark in by_id[uuid(1)]["revised_by"]] == [uuid(3), uuid(5)], "oldest first"
        assert by_id[uuid(1)]["revised_by"][0] == {
            "id": uuid(3),
            "type": "EventRetracted",
            "recorded_at": "2026-01-01T00:04:00.000000Z",
            "recorded_by": "office",
            "by": None,
            "reason": "It was a rumour.",
        }
        assert [mark["id"] for mark in by_id[uuid(3)]["revised_by"]] == [uuid(0)], "a revision can be revised"
        assert by_id[uuid(2)]["revised_by"] == []


def test_a_mark_stands_on_the_target_whichever_page_it_is_on() -> None:
    with reading(
        *opened(FIRST, occurred="2017-10-30"),
        said(1, "2017-10-27"),
        wire("EventRetracted", subject=FIRST, id=uuid(2), data={"event": uuid(1), "reason": "It was a rumour."}),
    ) as here:
        page = history_query.history(here, "first", None, 1)
        assert ids(page.items[0]["revised_by"]) == [uuid(2)]
        assert ids(history_query.history(here, "first", page.next, 1).items) == [uuid(2)]


def test_a_revision_in_a_later_batch_stands_beside_its_target_too() -> None:
    log = recorded(
        [
            *opened(FIRST),
            said(1, "2017-10-27"),
            said(2, "2017-10-28"),
            wire("EventRetracted", subject=FIRST, id=uuid(3), data={"event": uuid(1), "reason": "It was a rumour."}),
            wire("EventRetracted", subject=FIRST, id=uuid(4), data={"event": uuid(3), "reason": "It was none."}),
        ]
    )
    with views() as found:
        follow(found, pull(log, lambda: 1))
        with found.reading() as here:
            assert ids(the_history(here))[1:] == [uuid(1), uuid(3), uuid(4), uuid(2)]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "é",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        paging.cursor("first"),
        paging.cursor(1, 2, 3),
        paging.cursor(1, 2, 3, 4),
        paging.cursor(1, 2, True, "x"),
        paging.cursor(1.0, 2, 3, "x"),
        paging.cursor(2**63, 2, 3, "x"),
        paging.cursor(-(10**400), 2, 3, "x"),
        paging.cursor(1, 2, 3, "\ud800"),
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
        base64.urlsafe_b64encode(json.dumps({"a": 1}).encode()).decode(),
    ],
)
def test_a_cursor_of_another_making_is_refused(cursor: str) -> None:
    with reading(*opened(FIRST)) as here:
        with pytest.raises(BadCursor, match="unchanged from `next`"):
            history_query.history(here, "first", cursor, 10)
        with pytest.raises(BadCursor):
            incidents.incidents(here, "first", cursor, 10)


@pytest.mark.parametrize("cursor", ["x", paging.cursor(1), paging.cursor("a", "b"), paging.cursor("\ud800")])
def test_lists_by_id_refuse_such_cursors_too(cursor: str) -> None:
    with reading(*opened(FIRST)) as here:
        with pytest.raises(BadCursor):
            processes.processes(here, ProcessFilter(), cursor, 10)
        with pytest.raises(BadCursor):
            subjects.actors(here, None, cursor, 10)


@pytest.mark.parametrize(
    "ask",
    [
        lambda here: history_query.history(here, "nowhere", None, 10),
        lambda here: status.process_status(here, "nowhere", NOW),
        lambda here: processes.stamp(here, "nowhere"),
        lambda here: figures.figures(here, "nowhere"),
        lambda here: incidents.incidents(here, "nowhere", None, 10),
        lambda here: obligations.obligations(here, "nowhere", NOW),
        lambda here: subjects.of_family(here, "nowhere", "talks"),
        lambda here: subjects.actors_of(here, "nowhere"),
        lambda here: subjects.subject_page(here, "talks/nowhere"),
        lambda here: subjects.actor_page(here, "nobody"),
    ],
)
def test_what_was_never_opened_is_not_found(ask: Callable[[ReadTransaction], Any]) -> None:
    with reading(*opened(FIRST)) as here:
        with pytest.raises(NotFound):
            ask(here)


# --- processes that share a subject


def also_in(process: str, subject: str = "talks/first") -> Wire:
    """A further report of a round of talks, which names another process."""
    data = {"processes": [process], "title": [{"text": "The same talks"}]}
    return wire("TalksReported", subject=subject, occurred="2017-10-30", data=data)


def test_a_process_that_is_named_later_gets_what_came_before() -> None:
    with reading(
        *opened(FIRST, "processes/second", "talks/first"),
        said(1, "2017-10-27", "talks/first", claimant="elders"),
        wire("FigureReported", subject="talks/first", id=uuid(2), occurred="2017-10-28"),
        wire("IncidentReported", subject="talks/first", id=uuid(3), occurred="2017-10-29"),
        also_in("second"),
        said(4, "2017-10-26", "talks/first"),
    ) as here:
        second = the_history(here, "second")
        assert [one["id"] for one in second if one["subject"] == "talks/first"] == [
            one["id"] for one in the_history(here) if one["subject"] == "talks/first"
        ]
        assert {uuid(1), uuid(2), uuid(3), uuid(4)} <= set(ids(second))
        assert len(figures.figures(here, "second")) == 1
        assert ids(incidents.incidents(here, "second", None, 10).items) == [uuid(3)]
        shown, _ = status.process_status(here, "second", NOW)
        assert [talks["subject"] for talks in shown["talks"]] == ["talks/first"]
        listed = processes.processes(here, ProcessFilter(updated_after=7), None, 10).items[1]
        assert listed["process"] == "second"


def test_what_was_heard_before_counts_for_a_process_that_is_named_later() -> None:
    source = {"publisher": "TASS", "published": "2017-12-01"}
    with reading(
        *opened(FIRST, "processes/second", "talks/first"),
        said(1, "2017-10-27", "talks/first", sources=[source]),
        also_in("second"),
    ) as here:
        shown = processes.processes(here, ProcessFilter(), None, 10).items
        assert [one["last_heard"]["on"] for one in shown] == ["2017-12-01", "2017-12-01"]


# --- the list of processes


def place(name: str, code: str | None = None) -> Wire:
    return {"labels": [{"text": name}], **({"admin_code": code} if code else {})}


def process(name: str, *labels: str, areas: list[Wire] | None = None) -> Wire:
    data = {"labels": [{"text": text} for text in labels or (name,)], "areas": areas or []}
    return wire("ProcessOpened", subject=f"processes/{name}", occurred="2017-10-01", data=data)


def role(actor: str, code: str, subject: str, occurred: str = "2017-10-27", **data: Any) -> Wire:
    return wire("RoleTaken", subject=subject, occurred=occurred, data={"actor": actor, "role": code, **data})


MANY = (
    *opened("actors/elders", "actors/army", "actors/russia"),
    process("kalamun", "Eastern Kalamun", "القلمون الشرقي", areas=[place("Jarut", "SY0304"), place("الرحيبة")]),
    process("ghouta", "ÖSTLICHE Ghouta", "100% of_it", areas=[place("Douma", "SY0303")]),
    process("homs", "Homs", areas=[place("Al-Waer")]),
    *[  # positions 7 to 13
        wire(
            "TalksReported",
            subject="talks/k",
            occurred="2017-10-02",
            data={"processes": ["kalamun"], "title": [{"text": "Talks"}]},
        ),
        role("russia", "guarantor", "talks/k"),
        role("elders", "mediator", "processes/ghouta"),
        role("russia", "witness", "processes/ghouta"),
        role("army", "guarantor", "processes/homs", "2017-10-01"),
        wire("RoleEnded", subject="processes/homs", occurred="2017-10-05", data={"actor": "army", "role": "guarantor"}),
        wire("ProcessSuspended", subject="processes/homs", occurred="2017-10-20", data={}),
    ],
    wire("ProcessEnded", subject="processes/ghouta", occurred="2017-10-20"),
    wire("ProcessSuspended", subject="processes/ghouta", occurred="2017-10-20", data={}),
    wire("AreaRemoved", subject="processes/homs", occurred="2017-10-21", data={"place": place("Al-Waer")}),
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ProcessFilter(), ["ghouta", "homs", "kalamun"]),
        (ProcessFilter(q="kalamun"), ["kalamun"]),
        (ProcessFilter(q="KALAMUN"), ["kalamun"]),
        (ProcessFilter(q="östliche ghOUTA"), ["ghouta"]),
        (ProcessFilter(q="القلمون"), ["kalamun"]),
        (ProcessFilter(q="الغوطة"), []),
        (ProcessFilter(q="100%"), ["ghouta"]),
        (ProcessFilter(q="of_i"), ["ghouta"]),
        (ProcessFilter(q="%"), ["ghouta"]),
        (ProcessFilter(q="a_tern"), []),
        (ProcessFilter(q="\\"), []),
        (ProcessFilter(place="jarut"), ["kalamun"]),
        (ProcessFilter(place="الرحيبة"), ["kalamun"]),
        (ProcessFilter(place="SY0304"), ["kalamun"]),
        (ProcessFilter(place="sy03"), ["ghouta", "kalamun"]),
        (ProcessFilter(place="Al-Waer"), []),  # it was removed
        (ProcessFilter(actor="russia"), ["ghouta", "kalamun"]),
        (ProcessFilter(actor="army"), []),  # its role has ended
        (ProcessFilter(actor="nobody"), []),
        (ProcessFilter(role="guarantor"), ["kalamun"]),
        (ProcessFilter(actor="russia", role="witness"), ["ghouta"]),
        (ProcessFilter(actor="russia", role="mediator"), []),  # another holds that one
        (ProcessFilter(state="open"), ["kalamun"]),
        (ProcessFilter(state="suspended"), ["ghouta", "homs"]),  # contested ones may be so
        (ProcessFilter(state="ended"), ["ghouta"]),
        (ProcessFilter(state="contested"), ["ghouta"]),
        (ProcessFilter(updated_after=13), ["ghouta", "homs"]),
        (ProcessFilter(updated_after=15), ["homs"]),
        (ProcessFilter(updated_after=99), []),
        (ProcessFilter(q="ghouta", place="SY0303", actor="russia", state="ended", updated_after=3), ["ghouta"]),
        (ProcessFilter(q="ghouta", place="SY0304"), []),
    ],
)
def test_processes_by_filter(wanted: ProcessFilter, expected: list[str]) -> None:
    with reading(*MANY) as here:
        assert [one["process"] for one in processes.processes(here, wanted, None, 10).items] == expected
        found = pages(lambda after: processes.processes(here, wanted, after, 1))
        assert [one["process"] for one in found] == expected


def test_what_the_list_shows_of_a_process() -> None:
    with reading(*MANY) as here:
        ghouta, homs, kalamun = processes.processes(here, ProcessFilter(), None, 10).items
    assert kalamun["labels"] == [{"text": "Eastern Kalamun"}, {"text": "القلمون الشرقي"}]
    assert kalamun["areas"] == ["Jarut", "الرحيبة"]
    assert kalamun["state"]["value"] == "open"
    assert kalamun["updated"] == {"position": 8, "recorded_at": "2026-01-01T00:08:00.000000Z"}
    assert (ghouta["state"]["value"], ghouta["state"]["contested"]) == (None, True)
    assert [one["value"] for one in ghouta["state"]["candidates"]] == ["suspended", "ended"]
    assert homs["areas"] == [], "the area was removed"
    assert homs["last_heard"]["on"] == "2017-10-21"


# --- figures


def figure(value: int, claimant: str | None = None, occurred: str = "2017-10-27", **fields: Any) -> Wire:
    quantity = {"value": value, "qualifier": fields.pop("qualifier", "exact")}
    data = {"measure": "fighters", "quantity": quantity, **fields}
    return wire("FigureReported", subject=FIRST, occurred=occurred, data=data, claimant=claimant)


def figures_after(*history: Wire) -> list[Wire]:
    with reading(*opened(FIRST), *history) as here:
        return figures.figures(here, "first")


def test_the_newest_claim_of_each_claimant_stands_and_nothing_is_added() -> None:
    (line,) = figures_after(
        figure(2000, "army", "2017-10-27"),
        figure(1500, "army", "2017-10-01"),  # arrives late
        figure(1800, "elders", "2017-10-20", qualifier="at least"),
    )
    assert [(c["claimant"], c["value"], c["claims"], c["as_of"]) for c in line["claims"]] == [
        ("army", 2000, 2, "2017-10-27"),
        ("elders", 1800, 1, "2017-10-20"),
    ]
    assert line["contested"] is False
    assert line["span"] == {"low": 2000, "high": 2000}
    assert line["assessed"] == []


def test_the_span_is_what_all_claims_allow() -> None:
    (line,) = figures_after(figure(2000, "army", qualifier="up to"), figure(500, "elders", qualifier="more than"))
    assert line["span"] == {"low": 501, "high": 2000}
    (line,) = figures_after(figure(500, "elders", qualifier="at least"))
    assert line["span"] == {"low": 500, "high": None}


def test_claims_that_cannot_all_be_true_are_contested() -> None:
    calm, contested = (figure(2000, "army", scope="north"), figure(2001, "elders", scope="south"))
    first, second, *_ = figures_after(calm, contested, figure(5, "army", scope="south"))
    assert (first["scope"], first["contested"], first["span"]) == ("south", True, None)
    assert sorted(c["value"] for c in first["claims"]) == [5, 2001]
    assert (second["scope"], second["contested"]) == ("north", False)


def test_a_claimed_zero_is_a_claim() -> None:
    (line,) = figures_after(figure(0, "army"), figure(3, "elders"))
    assert line["contested"]
    assert sorted(c["value"] for c in line["claims"]) == [0, 3]


def test_another_counting_unit_or_area_is_another_series() -> None:
    found = figures_after(
        figure(1),
        figure(2, counting="cumulative"),
        figure(3, counting="flow", period="2017-10"),
        figure(4, area=[place("Jarut", "SY0304")]),
        figure(5, area=[place("Jarud", "SY0304")]),
    )
    assert len(found) == 4
    assert not any(line["contested"] for line in found if line["counting"] != "stock")
    (stated,) = [line for line in found if line["area_stated"]]
    assert (stated["area"], stated["contested"]) == (["Jarud"], False), "two names, one P-code; its newest claim stands"
    assert {line["area"] for line in found if not line["area_stated"]} == {None}


def test_an_assessment_stands_beside_the_claims() -> None:
    data = {
        "measure": "Fighters",
        "quantity": {"low": 10, "high": 20},
        "assessor": "field office",
        "reason": "Counted.",
    }
    (line,) = figures_after(figure(2000, "army"), wire("FigureAssessed", subject=FIRST, data=data))
    assert [c["claimant"] for c in line["claims"]] == ["army"]
    assert [(a["claimant"], a["low"], a["high"], a["reason"]) for a in line["assessed"]] == [
        ("field office", 10, 20, "Counted.")
    ]
    assert line["span"] == {"low": 2000, "high": 2000}, "a judgement does not narrow what is claimed"
    assert not line["contested"]


def test_only_an_assessment_has_no_span() -> None:
    (line,) = figures_after(wire("FigureAssessed", subject=FIRST))
    assert (line["claims"], line["span"], line["contested"]) == ([], None, False)


def test_counts_of_a_register_stand_with_it_and_among_the_figures() -> None:
    register = "enrolments/first"
    quantity = {"value": 20000, "qualifier": "more than"}
    joined = wire("EnrolmentReported", subject=register, data={"quantity": quantity, "counting": "cumulative"})
    with reading(*opened(FIRST, register), joined) as here:
        shown, _ = status.process_status(here, "first", NOW)
        assert shown["figures"] == []
        (enrolment,) = shown["enrolments"]
        (count,) = enrolment["counts"]
        assert count == figures.figures(here, "first")[0]
        assert (count["measure"], count["claims"][0]["low"], count["area_stated"]) == (
            "enrolled: all tracks",
            20001,
            False,
        )
        assert joined["id"] in shown["evidence"]


# --- incidents and tallies


def violation(number: int, occurred: str, **fields: Any) -> Wire:
    return wire("ViolationReported", id=uuid(number), occurred=occurred, **fields)


def test_incidents_and_violations_newest_first_each_with_its_assessments() -> None:
    verdicts = [
        wire("ViolationAssessed", id=uuid(8), data={"violation": uuid(1), "verification": "under verification"}),
        wire("ViolationAssessed", id=uuid(9), data={"violation": uuid(1), "verification": "substantiated"}),
    ]
    with reading(
        *opened(FIRST, "agreements/first"),
        violation(1, "2017-10-28"),
        wire("IncidentReported", subject=FIRST, id=uuid(2), occurred="2017-10-29"),
        violation(3, "2017-10-20"),
        *verdicts,
        said(4, "2017-10-30"),
    ) as here:
        found = pages(lambda after: incidents.incidents(here, "first", after, 1))
        assert found == incidents.incidents(here, "first", None, 10).items
    assert ids(found) == [uuid(2), uuid(1), uuid(3)]
    assert [one["verification"] for one in found[1]["assessments"]] == ["under verification", "substantiated"]
    assert ids(found[1]["assessments"]) == [uuid(8), uuid(9)]
    assert found[0]["assessments"] == found[2]["assessments"] == []


def test_counts_are_per_recorder_certain_or_possible_and_never_added() -> None:
    """The clock stands at noon of 30 October 2017: 7 days begin on the 24th, 30 days on the 1st."""
    days = ["2017-10-30", "2017-10-24", "2017-10-23", "2017-10-01", "2017-09-30", "2017-10-31", "2017-10", "2017"]
    twice = {"sources": [{"publisher": "TASS"}, {"publisher": "the monitors"}]}
    truce = {"processes": ["first"], "title": [{"text": "Truce"}], "stage": "ceasefire"}
    with reading(
        *opened(FIRST),
        wire("AgreementReported", subject="agreements/first", occurred="2017-10-01", data=truce),
        *[violation(number, day, claimant="army") for number, day in enumerate(days)],
        violation(50, "2017-10-29", **twice),
        wire("IncidentReported", subject=FIRST, occurred="2017-10-29", claimant="elders"),
    ) as here:
        shown, _ = status.process_status(here, "first", NOW)
    (agreement,) = shown["truce"]["agreements"]
    assert agreement["violations"]["army"] == {
        "last_7_days": {"certain": 2, "possible": 2},  # a day in October, or in the year, may lie within
        "last_30_days": {"certain": 4, "possible": 2},
        "all": 8,
    }
    assert {name: line["all"] for name, line in agreement["violations"].items()} == {
        "TASS": 1,
        "army": 8,
        "the monitors": 1,
    }
    assert shown["truce"]["incidents"]["elders"]["last_7_days"] == {"certain": 1, "possible": 0}


# --- actors


def test_actors_by_page_and_name() -> None:
    names = {"a": "Elders of Jarut", "b": "الأعيان", "c": "ARMY", "d": "army of the south"}
    history = [
        wire("ActorIdentified", subject=f"actors/{key}", data={"labels": [{"text": name}], "kind": "other"})
        for key, name in names.items()
    ]
    with reading(*opened(FIRST), *history) as here:
        assert [a["subject"] for a in pages(lambda after: subjects.actors(here, None, after, 1))] == [
            f"actors/{key}" for key in names
        ]
        assert [a["subject"] for a in pages(lambda after: subjects.actors(here, "Army", after, 1))] == [
            "actors/c",
            "actors/d",
        ]
        assert [a["label"] for a in subjects.actors(here, "الأعيان", None, 10).items] == ["الأعيان"]


def test_an_actor_page_shows_its_roles_in_every_process_and_what_they_rest_on() -> None:
    mine = role("russia", "guarantor", "talks/k", "2017-10-28", on_behalf_of="army")
    with reading(*MANY, mine, also_in("homs", "talks/k")) as here:
        shown, version = subjects.actor_page(here, "russia")
        found = [(r["process"], r["subject"], r["role"], r["on_behalf_of"]) for r in shown["processes"]]
    assert found == [
        ("ghouta", "processes/ghouta", "witness", None),
        ("homs", "talks/k", "guarantor", None),
        ("homs", "talks/k", "guarantor", "army"),
        ("kalamun", "talks/k", "guarantor", None),
        ("kalamun", "talks/k", "guarantor", "army"),
    ]
    assert version == 1, "of the actor itself"
    assert {event for r in shown["processes"] for event in r["events"]} <= set(shown["evidence"])
    assert "army" in shown["actors"]


def test_the_actors_of_a_process_with_their_roles_and_positions() -> None:
    position = {"actor": "elders", "position": "accepts"}
    talks = {"processes": ["kalamun"], "title": [{"text": "Talks"}], "between": ["army"]}
    with reading(
        *MANY,
        wire("PositionTaken", subject="processes/kalamun", data=position),
        wire("TalksReported", subject="talks/more", data=talks),
    ) as here:
        found = {one["subject"]: one for one in subjects.actors_of(here, "kalamun")}
    assert list(found) == ["actors/army", "actors/elders", "actors/russia"]
    assert [r["role"] for r in found["actors/russia"]["roles"]] == ["guarantor"]
    assert [p["value"]["position"] for p in found["actors/elders"]["positions"]] == ["accepts"]
    assert (found["actors/army"]["roles"], found["actors/army"]["positions"]) == ([], []), "it has a seat"


def relabelled(text: str, *, no_longer: bool = False) -> Wire:
    data = {"labels": [{"text": text}], "no_longer": no_longer}
    return wire("ActorRelabelled", subject="actors/russia", occurred="2017-10-28", data=data)


def test_a_relabelled_actor_shows_its_new_name_everywhere() -> None:
    old = opened("actors/russia")[0]["data"]["labels"][0]["text"]
    history = (*MANY, relabelled("Russian Federation"), relabelled(old, no_longer=True))
    with reading(*history) as here:
        for process in ("kalamun", "ghouta"):
            shown, _ = status.process_status(here, process, NOW)
            assert shown["actors"]["russia"]["label"] == "Russian Federation"
        page, _ = subjects.subject_page(here, "talks/k")
        assert page["actors"]["russia"]["label"] == "Russian Federation"
        page, version = subjects.actor_page(here, "russia")
        assert (page["label"], page["former_labels"], version) == ("Russian Federation", [old], 3)
        assert processes.stamp(here, "kalamun").actors == len(history)


def test_a_subject_page_explains_itself() -> None:
    with reading(*MANY) as here:
        shown, version = subjects.subject_page(here, "talks/k")
    assert version == 2
    assert shown["processes"] == ["kalamun"]
    (held,) = shown["roles"]
    assert set(held["events"]) <= set(shown["evidence"])
    assert set(shown["actors"]) == {"russia"}
