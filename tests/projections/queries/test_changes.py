"""What became known between two moments: every group of the digest, from logs that are folded in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadCursor, NotFound
from domain.event import Revision
from projections.answers.status import StatusAnswer
from projections.queries import line_names
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.queries.changes import End, changes, digest
from tests.projections.world import (
    NOW,
    SLOW,
    Wire,
    folded,
    opened,
    pictured,
    plain,
    processes_of,
    reading,
    recorded,
    scene_of,
)
from tests.spec import wire
from tests.strategies import histories

pytestmark = pytest.mark.usefixtures("both_databases")

LATER = NOW + timedelta(days=7)
BASE = opened("processes/first", "talks/first", "agreements/first", "convoys/first")
START = len(BASE)
GROUPS = (
    "overdue", "newly_contested", "no_longer_contested", "changed", "corrected", "raised", "resolved", "new",
)  # fmt: skip


def told(
    history: list[Wire], since: int, until: int | None = None, *, clocks: tuple[datetime, datetime] = (NOW, NOW)
) -> Wire:
    """The digest between two positions of a history, each with its clock."""
    log = recorded(history)
    ends = [HorizonRequest(position=since), HorizonRequest(position=len(log) if until is None else until)]
    before, after = (scene_of(pictured(log, "first", asked=e, now=t), t, e) for e, t in zip(ends, clocks, strict=True))
    return plain(digest(before, after))


def came(*events: Wire, after: tuple[Wire, ...] = (), **more: Any) -> Wire:
    """What events tell that come in after the openings and `after`."""
    return told([*BASE, *after, *events], START + len(after), **more)


def said_by(who: str, published: str = "2017-10-28") -> dict[str, Any]:
    return {"sources": [{"publisher": who, "claimant": who, "published": published}]}


def scheduled(when: str = "2017-11-02", occurred: str = "2017-10-27", **more: Any) -> Wire:
    return wire("TalksScheduled", occurred=occurred, data={"when": when}, **more)


def revision(name: str, target: Wire, **data: Any) -> Wire:
    more = {"by": "our error"} if name == "EventCorrected" else {}
    reason = {} if name == "EventDisputed" else {"reason": "The page was misread."}
    return wire(name, subject=target["subject"], data={"event": target["id"], **more, **reason, **data})


def replacement(target: Wire, **fields: Any) -> Wire:
    return {name: value for name, value in {**target, **fields}.items() if name not in ("id", "subject")}


def line(answer: Wire, name: str) -> Wire:
    found = {one["line"]: one for one in answer["changed"]}
    one: Wire = found[name]
    return one


# --- new


def test_new_reports_come_by_subject_with_who_says_so() -> None:
    one = wire(
        "StatementMade",
        subject="talks/first",
        data={"description": "one elder", "text": "They will come."},
        **said_by("Radio"),
    )
    two, three = scheduled(**said_by("TASS")), wire("StatementMade", subject="processes/first")
    answer = came(one, three, two)
    assert [(group["subject"], group["opened"]) for group in answer["new"]] == [
        ("talks/first", False),
        ("processes/first", False),
    ]
    first, second = answer["new"][0]["reports"]
    assert (first["event"], first["type"], first["occurred"]) == (one["id"], "StatementMade", "2017-10-27")
    assert first["claimants"] == ["Radio"]
    assert first["says"] == "Statement made: one elder; They will come."
    assert second["says"] == "Talks scheduled: 2017-11-02."
    assert second["position"] == START + 3
    assert answer["evidence"][two["id"]]["sources"][0]["publisher"] == "TASS"
    assert answer["totals"]["new"] == 3
    assert answer["totals"]["subjects"] == 2


def test_a_subject_that_was_not_known_is_told_as_such_and_its_lines_are_no_changes() -> None:
    answer = came(*opened("talks/second"), scheduled(subject="talks/second"))
    assert [group["opened"] for group in answer["new"]] == [True]
    assert answer["changed"] == []


def test_a_sentence_names_actors_by_label_and_tells_numbers_as_claimed() -> None:
    actor = wire(
        "ActorIdentified",
        subject="actors/elders",
        data={"labels": [{"text": "the elders", "lang": "en"}], "kind": "community"},
    )
    taken = wire("PositionTaken", subject="talks/first", data={"actor": "elders", "position": "accepts"})
    quantity = {"value": 2000, "qualifier": "about"}
    figure = wire("FigureReported", subject="processes/first", data={"measure": "fighters", "quantity": quantity})
    answer = came(taken, figure, after=(actor,))
    says = [report["says"] for group in answer["new"] for report in group["reports"]]
    assert says == ["Position taken: the elders; accepts.", "Figure reported: fighters; about 2,000 persons."]
    assert answer["actors"]["elders"]["label"] == "the elders"


@pytest.mark.parametrize(
    ("occurred", "late"),
    [("2017-10-01", True), ("2017-10-28", False), ("2017-10-01/..", False), ("2017-10", False), ("2017-11-04", False)],
)
def test_what_occurred_long_before_it_was_recorded_is_late(occurred: str, late: bool) -> None:
    answer = came(
        wire("StatementMade", subject="talks/first", occurred=occurred), clocks=(NOW - timedelta(days=5), NOW)
    )
    (report,) = answer["new"][0]["reports"]
    assert report["late"] is late
    assert answer["totals"]["late"] == late


def test_a_report_recorded_at_once_is_not_late() -> None:
    answer = came(
        wire("StatementMade", subject="talks/first", occurred="2025-12-31"),
        clocks=(datetime(2026, 1, 1, tzinfo=UTC), LATER),
    )
    assert answer["new"][0]["reports"][0]["late"] is False


def test_what_was_recorded_for_another_process_before_is_new_to_this_one() -> None:
    elsewhere = opened("processes/second")[0]
    talks = wire(
        "TalksReported", subject="talks/other", data={"title": BASE[1]["data"]["title"], "processes": ["second"]}
    )
    known = wire("StatementMade", subject="talks/other")
    put_in = {**talks, "id": wire("StatementMade")["id"], "data": {**talks["data"], "processes": ["second", "first"]}}
    answer = came(put_in, after=(elsewhere, talks, known))
    assert [(r["event"], r["put_in"]) for r in answer["new"][0]["reports"]] == [
        (talks["id"], True),
        (known["id"], True),
        (put_in["id"], False),
    ]


def test_a_new_report_that_was_revised_at_once_tells_it_and_is_no_correction() -> None:
    one = scheduled()
    answer = came(one, revision("EventRetracted", one))
    assert answer["corrected"] == []
    assert answer["new"][0]["reports"][0]["retracted_by"]
    assert answer["changed"] == []


# --- corrected


def test_a_correction_tells_field_by_field_what_it_said_and_says() -> None:
    one = scheduled(**said_by("TASS"))
    corrected = revision(
        "EventCorrected",
        one,
        replacement=replacement(
            one, occurred="2017-10-26", data={"when": "2017-11-03"}, **said_by("TASS", "2017-10-29")
        ),
    )
    answer = came(corrected, after=(one,))
    (entry,) = answer["corrected"]
    assert entry["what"] == ["corrected"]
    assert (entry["said"], entry["says"]) == ("Talks scheduled: 2017-11-02.", "Talks scheduled: 2017-11-03.")
    assert {d["field"]: (d["before"], d["after"]) for d in entry["differences"]} == {
        "occurred": ("2017-10-27", "2017-10-26"),
        "sources.0.published": ("2017-10-28", "2017-10-29"),
        "data.when": ("2017-11-02", "2017-11-03"),
    }
    (why,) = entry["revisions"]
    assert (why["event"], why["by"], why["why"]) == (corrected["id"], "our error", "The page was misread.")
    assert why["recorded_by"] == "office"
    assert answer["totals"]["corrected"] == 1
    assert answer["totals"]["new"] == 0
    planned = line(answer, "talks/first.planned")
    assert (planned["before"]["value"], planned["after"]["value"]) == ("2017-11-02", "2017-11-03")
    assert planned["because"] == [corrected["id"]]


def test_a_correction_of_a_correction_tells_the_last_reading_and_names_both() -> None:
    one = scheduled()
    first = revision("EventCorrected", one, replacement=replacement(one, data={"when": "2017-11-03"}))
    second = revision("EventCorrected", first, replacement=replacement(one, data={"when": "2017-11-04"}))
    (entry,) = came(first, second, after=(one,))["corrected"]
    assert entry["says"] == "Talks scheduled: 2017-11-04."
    assert [why["event"] for why in entry["revisions"]] == [first["id"], second["id"]]
    (entry,) = came(second, after=(one, first))["corrected"]
    assert (entry["event"], entry["said"]) == (one["id"], "Talks scheduled: 2017-11-03.")
    (entry,) = came(revision("EventRetracted", first), after=(one, first))["corrected"]
    assert entry["what"] == ["correction withdrawn"]
    (entry,) = came(first, revision("EventRetracted", first), after=(one,))["corrected"]
    assert (entry["what"], entry["differences"]) == (["unchanged"], [])


def test_a_retraction_and_one_that_is_taken_back() -> None:
    one = scheduled()
    gone = revision("EventRetracted", one)
    answer = came(gone, after=(one,))
    (entry,) = answer["corrected"]
    assert (entry["what"], entry["says"], entry["differences"]) == (["retracted"], None, [])
    assert line(answer, "talks/first.planned")["after"] is None
    assert line(answer, "talks/first.state")["because"] == [gone["id"]]
    answer = came(revision("EventRetracted", gone), after=(one, gone))
    (entry,) = answer["corrected"]
    assert (entry["what"], entry["event"], entry["says"]) == (["restored"], one["id"], "Talks scheduled: 2017-11-02.")
    assert line(answer, "talks/first.state")["after"]["value"] == "scheduled"


def test_a_dispute_tells_who_and_what_instead() -> None:
    one = scheduled()
    dispute = revision("EventDisputed", one, described="the committee", instead="Nobody agreed to it.")
    answer = came(dispute, after=(one,))
    (entry,) = answer["corrected"]
    assert entry["what"] == ["disputed"]
    assert [(why["by"], why["why"]) for why in entry["revisions"]] == [("the committee", "Nobody agreed to it.")]
    assert [finding["rule"] for finding in answer["raised"]] == ["report-disputed"]
    answer = came(
        wire("EventRetracted", subject="talks/first", data={"event": dispute["id"], "reason": "A mix-up."}),
        after=(one, dispute),
    )
    assert answer["corrected"][0]["what"] == ["dispute withdrawn"]
    assert [finding["rule"] for finding in answer["resolved"]] == ["report-disputed"]


def test_a_duplicate_is_told_once_and_stands_again_when_the_other_is_taken_back() -> None:
    one, two = scheduled(**said_by("TASS")), scheduled(**said_by("Radio"))
    mark = wire("DuplicateMarked", subject="talks/first", data={"event": two["id"], "of": one["id"]})
    (entry,) = came(mark, after=(one, two))["corrected"]
    assert (entry["what"], entry["event"], entry["same_as"]) == (["marked as a duplicate"], two["id"], one["id"])
    entries = came(revision("EventRetracted", one), after=(one, two, mark))["corrected"]
    assert {entry["event"]: entry["what"] for entry in entries} == {one["id"]: ["retracted"], two["id"]: ["restored"]}


def test_two_ids_of_one_convoy() -> None:
    departed = wire("ConvoyDeparted", subject="convoys/second", data={})
    unified = wire("SubjectUnified", subject="convoys/second", data={"into": "convoys/first", "reason": "One plate."})
    answer = came(unified, after=(*opened("convoys/second"), departed))
    (entry,) = answer["corrected"]
    assert (entry["what"], entry["subject"]) == (["unified"], "convoys/first")
    assert entry["revisions"][0]["why"] == "One plate."
    moved = line(answer, "convoys/first.whereabouts")
    assert moved["before"]["value"]["stage"] == "reported"
    assert moved["after"]["value"]["stage"] == "departed"
    assert moved["because"] == [unified["id"]]
    apart = wire("EventRetracted", subject="convoys/second", data={"event": unified["id"], "reason": "Two plates."})
    answer = came(apart, after=(*opened("convoys/second"), departed, unified))
    (entry,) = answer["corrected"]
    assert (entry["what"], entry["says"]) == (["unification withdrawn"], None)


# --- changed


def test_a_line_that_changed_tells_before_after_and_by_which_event() -> None:
    put_off = wire("TalksPostponed", occurred="2017-10-28", data={"until": "2017-11-09"})
    answer = came(put_off, after=(scheduled(),))
    state = line(answer, "talks/first.state")
    assert (state["before"]["value"], state["after"]["value"]) == ("scheduled", "postponed")
    assert (state["because"], state["subject"]) == ([put_off["id"]], "talks/first")
    assert line(answer, "talks/first.planned")["after"]["value"] == "2017-11-09"


def test_the_same_said_again_changes_no_line() -> None:
    taken = {"actor": "elders", "position": "accepts"}
    one, two = (
        wire("PositionTaken", subject="talks/first", data={**taken, "verbatim": words}, occurred=day)
        for words, day in (("Yes.", "2017-10-27"), ("Yes, again.", "2017-10-28"))
    )
    elders = wire("ActorIdentified", subject="actors/elders")
    assert came(two, scheduled(occurred="2017-10-28"), after=(elders, one, scheduled()))["changed"] == []


def test_lines_of_every_family_are_compared() -> None:
    army = wire("ActorIdentified", subject="actors/army")
    place = {"labels": [{"text": "Dolmet", "lang": "en"}]}
    before = (
        army,
        wire("AccessReported", subject="processes/first", data={"place": place, "access": "open"}),
        wire("ObligationAgreed", data={"obligation": "release", "text": "All go free.", "debtor": ["army"]}),
        wire("RoleTaken", subject="talks/first", data={"actor": "army", "role": "guarantor", "modality": "announced"}),
        wire("FigureReported", subject="processes/first", data={"measure": "fighters", "quantity": {"value": 10}},
             claimant="TASS"),
        wire("AgreementEnteredIntoForce", data={"until": "2017-12-01"}),
    )  # fmt: skip
    after = (
        wire("AccessReported", subject="processes/first", occurred="2017-10-28",
             data={"place": place, "access": "besieged"}),
        wire("ObligationAssessed", data={"obligation": "release", "score": 1, "assessor": "us"}),
        wire("RoleTaken", subject="talks/first", occurred="2017-10-28", data={"actor": "army", "role": "guarantor"}),
        wire("FigureReported", subject="processes/first", occurred="2017-10-28",
             data={"measure": "fighters", "quantity": {"value": 12}}, claimant="TASS"),
        wire("AgreementExtended", occurred="2017-10-28", data={"until": "2018-01-01", "way": "explicitly"}),
        wire("ConvoyDeparted", occurred="2017-10-28", data={}),
    )  # fmt: skip
    answer = came(*after, after=before)
    values = {
        one["line"]: [side and side["value"] for side in (one["before"], one["after"])] for one in answer["changed"]
    }
    assert set(values) == {
        "access.dolmet",
        "agreements/first.obligations.release.score",
        "talks/first.roles.army.guarantor",
        "figures.fighters.tass",
        "agreements/first.term",
        "convoys/first.whereabouts",
        "convoys/first.departure",
    }
    assert [side["access"] for side in values["access.dolmet"]] == ["open", "besieged"]
    assert values["agreements/first.obligations.release.score"][0] is None
    assert [side["modality"] for side in values["talks/first.roles.army.guarantor"]] == ["announced", "actual"]
    assert [side["value"] for side in values["figures.fighters.tass"]] == [10, 12]
    assert [side["until"] for side in values["agreements/first.term"]] == ["2017-12-01", "2018-01-01"]


def test_a_proposal_that_is_answered() -> None:
    army = wire("ActorIdentified", subject="actors/army")
    asked = wire("ProposalMade", subject="talks/first", data={"kind": "demand", "text": "A neutral venue."})
    answered = wire(
        "PositionTaken", subject="talks/first", data={"actor": "army", "position": "refuses", "answers": asked["id"]}
    )
    changed = line(came(answered, after=(army, asked)), f"talks/first.proposals.demand.{asked['id'][:8]}")
    assert (changed["before"]["value"], changed["after"]["value"]) == ("unanswered", "answered")
    assert changed["because"] == [answered["id"]]


# --- contested


def test_what_is_newly_contested_and_what_settles_it() -> None:
    arrived = wire("ConvoyArrived", occurred="2017-10-28", data={}, claimant="the council")
    turned = wire("ConvoyTurnedBack", occurred="2017-10-28", data={}, claimant="the army")
    answer = came(turned, after=(arrived,))
    (contest,) = answer["newly_contested"]
    assert (contest["rule"], contest["subject"], contest["by_time"]) == ("contested", "convoys/first", False)
    assert contest["because"] == [turned["id"]]
    assert line(answer, "convoys/first.whereabouts")["after"]["contested"]
    assert len(line(answer, "convoys/first.whereabouts")["after"]["candidates"]) == 2
    gone = revision("EventRetracted", turned)
    answer = came(gone, after=(arrived, turned))
    assert answer["newly_contested"] == []
    (settled,) = answer["no_longer_contested"]
    assert (settled["rule"], settled["because"]) == ("contested", [gone["id"]])


def test_figures_that_cannot_all_be_true() -> None:
    def claim(value: int, who: str, day: str = "2017-10-27") -> Wire:
        data = {"measure": "fighters", "quantity": {"value": value}}
        return wire("FigureReported", subject="processes/first", occurred=day, data=data, claimant=who)

    one, two, three = claim(10, "A"), claim(50, "B"), claim(10, "B", "2017-10-28")
    assert [found["rule"] for found in came(two, after=(one,))["newly_contested"]] == ["claims-contradict"]
    answer = came(three, after=(one, two))
    assert [found["rule"] for found in answer["no_longer_contested"]] == ["claims-contradict"]
    assert answer["no_longer_contested"][0]["because"] == [three["id"]]


# --- findings and deadlines


def test_what_fell_due_merely_by_time() -> None:
    planned = scheduled("2017-11-02")
    answer = came(after=(planned,), clocks=(NOW, LATER))
    (due,) = answer["overdue"]
    assert (due["what"], due["when"], due["subject"], due["by_time"]) == (
        "round of talks",
        "2017-11-02",
        "talks/first",
        True,
    )
    assert [(one["rule"], one["by_time"]) for one in answer["raised"]] == [("plan-date-passed", True)]
    assert answer["raised"][0]["because"] == []
    assert answer["totals"] == {
        **dict.fromkeys(GROUPS, 0), "overdue": 1, "raised": 1, "shown": 0, "late": 0, "subjects": 0,
    }  # fmt: skip
    assert came(after=(planned,), clocks=(LATER, LATER + timedelta(days=1)))["overdue"] == [], "it was overdue before"


def test_what_was_past_already_when_it_was_reported() -> None:
    (due,) = came(scheduled("2017-10-28"))["overdue"]
    assert due["by_time"] is False


def test_what_was_overdue_and_is_settled() -> None:
    held = wire("TalksConvened", occurred="2017-11-02", data={}, **said_by("TASS"))
    answer = came(held, after=(scheduled("2017-11-02"),), clocks=(LATER, LATER))
    assert answer["overdue"] == []
    resolved = {one["rule"]: one for one in answer["resolved"]}
    assert resolved["plan-date-passed"]["because"] == [held["id"]]
    assert resolved["plan-date-passed"]["by_time"] is False


def test_a_finding_that_only_time_takes_away() -> None:
    force = wire("AgreementEnteredIntoForce", occurred="2017-10-01", data={"until": "2017-11-02"})
    answer = came(after=(force,), clocks=(NOW, LATER))
    rules = {one["rule"]: one for group in ("raised", "resolved") for one in answer[group]}
    assert rules["truce-lapsing"]["by_time"]
    assert rules["truce-lapsing"] in answer["resolved"]
    assert rules["truce-lapsed"]["by_time"]
    assert rules["truce-lapsed"] in answer["raised"]


def test_silence_is_broken_by_any_report() -> None:
    statement = wire("StatementMade", subject="talks/first", occurred="2017-11-05")
    answer = came(statement, clocks=(LATER, LATER))
    (finding,) = (one for one in answer["resolved"] if one["rule"] == "silence")
    assert finding["because"] == [statement["id"]]


# --- ends


def test_nothing_between_is_nothing() -> None:
    answer = told([*BASE, scheduled()], START + 1)
    assert not any(answer["totals"].values())
    assert [answer[group] for group in GROUPS] == [[]] * len(GROUPS)


def test_of_a_process_not_known_before_all_is_new() -> None:
    log = recorded([*BASE, scheduled("2017-10-28")])
    asked = HorizonRequest(position=len(log))
    answer = plain(digest(None, scene_of(pictured(log, "first", asked=asked), NOW, asked)))
    assert answer["known_before"] is False
    assert answer["since"] == {"position": 0, "time": None}
    assert answer["totals"]["new"] == len(log)
    assert all(group["opened"] for group in answer["new"])
    assert answer["changed"] == answer["corrected"] == []
    assert [due["what"] for due in answer["overdue"]] == ["round of talks"]


def test_from_the_read_models_each_end_has_its_position_and_clock() -> None:
    before = recorded(BASE)[-1].recorded_at
    with reading(*BASE, scheduled()) as snapshot:
        answer = plain(changes(snapshot, "first", HorizonRequest(position=START), PRESENT, LATER))
        assert answer["since"] == {"position": START, "time": before.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        assert answer["until"]["position"] == START + 1
        assert answer["until"]["time"] == "2026-01-01T00:05:00.000000Z", "never before the last event"
        assert answer["totals"]["new"] == 1
        at = "2026-01-01T00:04:30Z"
        timed = plain(changes(snapshot, "first", HorizonRequest(known_at=at, position=START), PRESENT, LATER))
        assert timed["since"] == {"position": START, "time": "2026-01-01T00:04:30.000000Z"}
        wall = datetime(2026, 2, 1, tzinfo=UTC)
        assert plain(changes(snapshot, "first", HorizonRequest(position=START), PRESENT, wall))["until"][
            "time"
        ].startswith("2026-02-01")
        early = plain(changes(snapshot, "first", HorizonRequest(), HorizonRequest(position=1), wall))
        assert early["totals"]["new"] == 1
        for since, until in (
            (HorizonRequest(position=2), HorizonRequest(position=1)),
            (HorizonRequest(position=4, known_at="2026-01-03T00:00:00Z"), HorizonRequest(position=5)),
            (HorizonRequest(position=5), HorizonRequest(position=5, known_at="2026-01-01T00:04:59Z")),
        ):
            with pytest.raises(BadCursor, match="lies after `until`"):
                changes(snapshot, "first", since, until, wall)
        with pytest.raises(NotFound, match="no such process"):
            changes(snapshot, "second", HorizonRequest(), PRESENT, wall)
        with pytest.raises(NotFound, match="recorded at position 1"):
            changes(snapshot, "first", HorizonRequest(), HorizonRequest(position=0), wall)


@SLOW
@given(histories(), st.integers(0, 40), st.integers(0, 40))
def test_whatever_is_recorded_it_is_told(history: list[Wire], one: int, other: int) -> None:
    """Every report of the process is told once; the read models tell the same as a pure fold; names lead somewhere."""
    log = recorded(history)
    since, until = sorted((min(one, len(log)), min(other, len(log))))
    asked, end = HorizonRequest(position=since), HorizonRequest(position=until)
    for process in processes_of(log[:until]):
        clocks = [log[end - 1].recorded_at if end else NOW for end in (since, until)]
        after = scene_of(pictured(log, process, asked=end, now=clocks[1]), clocks[1], end)
        before = None
        if process in processes_of(log[:since]):
            before = scene_of(pictured(log, process, asked=asked, now=clocks[0]), clocks[0], asked)
        first = End(since, log[since - 1].recorded_at if since else None)
        pure = plain(digest(before, after, first))
        with reading(*history) as snapshot:
            assert plain(changes(snapshot, process, asked, end, NOW)) == pure
        known = {r.id for r in before.snapshot.filed} if before is not None else set()
        came_in = [r for r in after.snapshot.filed if r.id not in known and not isinstance(r.event.data, Revision)]
        reports = [report["event"] for group in pure["new"] for report in group["reports"]]
        assert sorted(reports) == sorted(str(r.id) for r in came_in)
        if since == until:
            assert not any(pure["totals"].values())
        names = line_names.lines_in(cast(StatusAnswer, folded(log, process, clocks[1], asked=end)))
        assert {line["line"] for line in pure["changed"] if line["after"] is not None} <= set(names)
        for name in names:
            assert name in line_names.matching(name, names)
