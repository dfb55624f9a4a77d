"""The status: in the order of the first screen, with the clock as an argument, and every line with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.status import StatusAnswer
from projections.queries import figures, status
from projections.queries.snapshot import findings_in
from projections.read_models.findings import glance_at
from tests.examples import examples
from tests.projections.world import NOW, Wire, folded, opened, pictured, processes_of, recorded, scene_of
from tests.spec import wire
from tests.strategies import histories

FIRST = "processes/first"
TALKS = "talks/first"
TRUCE = "agreements/first"
CONVOY = "convoys/first"
OPENED = opened("actors/army", "actors/elders", "actors/committee", FIRST, TALKS, TRUCE, CONVOY)


def shown(*history: Wire, now: datetime = NOW) -> Wire:
    """The status of the process `first`, on top of the openings."""
    return folded(recorded([*OPENED, *history]), "first", now)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- its order


def test_the_sections_stand_in_the_order_of_the_first_screen() -> None:
    assert list(_composed()) == [
        *("process", "version", "labels", "level", "time_zone", "areas", "links", "horizon"),
        *("state", "ending", "last_heard", "followed"),
        *("next_14_days", "overdue", "later"),
        "findings",
        "people_at_risk",
        "truce",
        "incidents",
        *("obligations", "totals"),
        *("talks", "positions", "proposals"),
        *("roles", "described_roles", "bodies", "control", "access", "instruments"),
        "figures",
        "enrolments",
        *("convoys", "agreements", "statements"),
        *("still_to_come", "withdrawn", "unified"),
        "changes",
        *("actors", "evidence"),
    ]


def _composed() -> StatusAnswer:
    """As it is composed, its keys in their order."""
    log = recorded(OPENED)
    found = pictured(log, "first")

    return status.compose(scene_of(found))


def test_the_horizon_tells_the_clock() -> None:
    assert shown(now=at("2017-10-30T12:00:00.25"))["horizon"] == {
        "as_of": None,
        "published_by": None,
        "known_at": None,
        "known_at_position": None,
        "now": "2017-10-30T12:00:00.250000Z",
        "position": None,
        "possible": 0,
        "beyond": 0,
    }


def test_last_heard_is_the_newest_source() -> None:
    newest = wire("StatementMade", subject=FIRST, sources=[{"publisher": "TASS", "published": "2017-11-02"}])
    older = wire("StatementMade", subject=FIRST, sources=[{"publisher": "SANA", "published": "2017-10-31"}])
    heard = shown(newest, older)["last_heard"]
    published = {"on": "2017-11-02", "publisher": "TASS", "claimant": "TASS", "events": [newest["id"]]}
    assert heard == {**published, "occurred": heard["occurred"], "published": published}


# --- what is due

PLAN = wire("TalksScheduled", subject=TALKS, occurred="2017-10-01", data={"when": "2017-10-29"})


@pytest.mark.parametrize(
    ("now", "place"),
    [
        ("2017-10-14T23:59:59", "later"),
        ("2017-10-15", "next_14_days"),
        ("2017-10-28T12:00", "next_14_days"),
        ("2017-10-29T23:59:59.999999", "next_14_days"),
        ("2017-10-30", "overdue"),
        ("2018-10-30", "overdue"),
    ],
)
def test_a_plan_is_ahead_then_near_then_overdue(now: str, place: str) -> None:
    found = shown(PLAN, now=at(now))
    lines = {name: found[name] for name in ("next_14_days", "overdue", "later")}
    expected = {"subject": TALKS, "what": "round of talks", "when": "2017-10-29", "actor": None, "events": [PLAN["id"]]}
    assert lines == {name: [expected] if name == place else [] for name in lines}


@pytest.mark.parametrize(
    ("now", "place"),
    [("2017-10-15T05:59:59", "later"), ("2017-10-15T06:00", "next_14_days"), ("2017-10-29T06:01", "overdue")],
)
def test_an_hour_is_read_in_its_zone(now: str, place: str) -> None:
    plan = wire("TalksScheduled", subject=TALKS, occurred="2017-10-01", data={"when": "2017-10-29T09:00+03:00"})
    assert [line["when"] for line in shown(plan, now=at(now))[place]] == ["2017-10-29T09:00+03:00"]


@pytest.mark.parametrize(
    ("now", "place"), [("2017-10-05", "next_14_days"), ("2017-10-31", "next_14_days"), ("2017-11-01", "overdue")]
)
def test_a_vague_plan_is_overdue_when_its_last_day_is_over(now: str, place: str) -> None:
    plan = wire("TalksScheduled", subject=TALKS, occurred="2017-10-01", data={"when": "2017-10"})
    assert len(shown(plan, now=at(now))[place]) == 1


@pytest.mark.parametrize(
    "settled",
    [
        wire("TalksConvened", subject=TALKS, occurred="2017-10-29", data={}),
        wire("TalksConcluded", subject=TALKS, occurred="2017-10-29"),
        wire("TalksCancelled", subject=TALKS, occurred="2017-10-28"),
        wire("TalksPostponed", subject=TALKS, occurred="2017-10-28", data={}),
    ],
    ids=lambda sent: str(sent["type"]),
)
def test_what_is_settled_is_no_longer_overdue(settled: Wire) -> None:
    assert shown(PLAN)["overdue"] != []
    assert shown(PLAN, settled)["overdue"] == []
    assert shown(settled, PLAN)["overdue"] == [], "whichever came in first"


def test_a_postponed_round_is_due_at_its_new_time() -> None:
    found = shown(PLAN, wire("TalksPostponed", subject=TALKS, occurred="2017-10-28", data={"until": "2017-11-05"}))
    assert found["overdue"] == []
    assert [line["when"] for line in found["next_14_days"]] == ["2017-11-05"]


def test_what_is_due_stands_oldest_first() -> None:
    owed = {"text": "Lift the siege.", "debtor": ["army"]}
    found = shown(
        PLAN,
        wire("ObligationAgreed", subject=TRUCE, data={"obligation": "one", "deadline": "2017-10-20", **owed}),
        wire("ProposalMade", subject=FIRST, data={"kind": "demand", "text": "Talk.", "answer_by": "2017-10-25"}),
        wire("AgreementEnteredIntoForce", subject=TRUCE, occurred="2017-10-01", data={"until": "2017-10-28"}),
    )
    assert [(line["when"], line["what"], line["actor"]) for line in found["overdue"]] == [
        ("2017-10-20", "obligation: Lift the siege.", "army"),
        ("2017-10-25", "answer to the demand", None),
        ("2017-10-28", "end of the term", None),
        ("2017-10-29", "round of talks", None),
    ]


def test_an_answer_settles_a_proposal() -> None:
    proposal = wire("ProposalMade", subject=FIRST, data={"kind": "demand", "text": "Talk.", "answer_by": "2017-10-25"})
    (line,) = shown(proposal)["proposals"]
    assert (line["unanswered"], line["answered_by"]) == (True, [])
    data = {"actor": "army", "position": "refuses", "answers": proposal["id"]}
    answer = wire("PositionTaken", subject=FIRST, data=data)
    found = shown(proposal, answer)
    assert found["overdue"] == []
    (line,) = found["proposals"]
    assert (line["unanswered"], line["answered_by"]) == (False, [answer["id"]])


# --- people at risk


def convoy(name: str, occurred: str = "2017-10-29", **data: Any) -> Wire:
    return wire(name, subject=CONVOY, occurred=occurred, data=data)


GONE = convoy("ConvoyDeparted", people=[{"category": "wounded", "quantity": {"value": 12}}])


@pytest.mark.parametrize(
    ("reports", "stage"),
    [
        ([GONE], "departed"),
        ([GONE, convoy("CheckpointPassed", place={"labels": [{"text": "Jarut"}]})], "passed a checkpoint"),
        ([GONE, convoy("ConvoyHeld", by="army", reason="no papers")], "held"),
    ],
)
def test_a_convoy_on_the_road_is_at_risk(reports: list[Wire], stage: str) -> None:
    (line,) = shown(*reports)["people_at_risk"]["convoys"]
    assert line["subject"] == CONVOY
    assert line["whereabouts"]["value"]["stage"] == stage
    assert line["people"] == [
        {"category": "wounded", "quantity": {"value": 12, "qualifier": "exact", "unit": "persons"}}
    ]
    assert reports[-1]["id"] in line["whereabouts"]["events"]


@pytest.mark.parametrize("end", [convoy("ConvoyArrived", "2017-10-30"), convoy("ConvoyTurnedBack", "2017-10-30")])
def test_a_convoy_that_is_through_is_not_at_risk(end: Wire) -> None:
    assert shown(GONE, end)["people_at_risk"]["convoys"] == []


def test_a_convoy_is_at_risk_while_its_end_is_contested() -> None:
    found = shown(convoy("ConvoyHeld"), convoy("ConvoyCancelled"))
    (line,) = found["people_at_risk"]["convoys"]
    assert {c["value"]["stage"] for c in line["whereabouts"]["candidates"]} == {"held", "cancelled"}


def test_a_convoy_that_is_only_planned_is_not_at_risk() -> None:
    assert shown()["people_at_risk"]["convoys"] == []
    assert shown(convoy("ClearanceGranted", by="army", form="final"))["people_at_risk"]["convoys"] == []


def access(how: str, occurred: str = "2017-10-27", **data: Any) -> Wire:
    data = {"place": {"labels": [{"text": "Jarut"}]}, "access": how, **data}
    return wire("AccessReported", subject=FIRST, occurred=occurred, data=data)


@pytest.mark.parametrize("how", ["closed", "besieged"])
def test_a_place_that_is_shut_is_at_risk_until_it_opens(how: str) -> None:
    shut = access(how, controlled_by="army")
    found = shown(shut)
    (line,) = found["people_at_risk"]["places"]
    assert line["value"]["access"] == how
    assert line["events"] == [shut["id"]]
    assert "army" in found["actors"]
    assert shown(shut, access("partly", "2017-10-28"))["people_at_risk"]["places"] == []


@pytest.mark.parametrize("modality", ["announced", "possible"])
def test_a_siege_that_is_only_announced_is_none(modality: str) -> None:
    found = shown(access("besieged", modality=modality))
    assert found["people_at_risk"]["places"] == []
    assert found["access"][0]["value"]["modality"] == modality


def test_a_contested_siege_is_shown() -> None:
    (line,) = shown(access("besieged"), access("open"))["people_at_risk"]["places"]
    assert line["contested"]
    assert {c["value"]["access"] for c in line["candidates"]} == {"open", "besieged"}


# --- the truce


def test_a_truce_with_its_term_and_violations() -> None:
    found = shown(
        wire(
            "AgreementEnteredIntoForce", subject=TRUCE, occurred="2017-10-01", data={"until": "2017-11", "trial": True}
        ),
        wire("ViolationReported", subject=TRUCE, occurred="2017-10-29", claimant="army"),
        wire("ViolationReported", subject=TRUCE, occurred="2017-10-29", claimant="actors/elders"),
    )
    (line,) = found["truce"]["agreements"]
    assert line["agreement"] == TRUCE
    assert line["state"]["value"] == "in force"
    assert line["term"]["value"] == {
        "starts": "2017-10-01",
        "until": "2017-11",
        "trial": True,
        "renewable": None,
        "extended": None,
        "lasts": None,
        "until_event": None,
        "computed": False,
    }
    assert {name: counts["all"] for name, counts in line["violations"].items()} == {"army": 1, "actors/elders": 1}


@pytest.mark.parametrize(("days", "certain"), [(0, 1), (6, 1), (7, 0)])
def test_counts_of_the_last_days_go_by_the_clock(days: int, certain: int) -> None:
    incident = wire("IncidentReported", subject=FIRST, occurred="2017-10-29", claimant="army")
    found = shown(incident, now=at("2017-10-29T23:59") + timedelta(days=days))
    assert found["truce"]["incidents"]["army"]["last_7_days"] == {"certain": certain, "possible": 0}
    assert found["truce"]["incidents"]["army"]["last_30_days"]["certain"] == 1


# --- obligations


def owed(name: str, debtor: str, beneficiary: str, deadline: str | None = None, **data: Any) -> Wire:
    data |= {"obligation": name, "text": name, "debtor": [debtor], "beneficiary": [beneficiary]}
    return wire("ObligationAgreed", subject=TRUCE, data=data | ({"deadline": deadline} if deadline else {}))


def scored(name: str, score: int) -> Wire:
    return wire("ObligationAssessed", subject=TRUCE, occurred="2017-10-29", data={"obligation": name, "score": score})


TERMS = (
    owed("lift-siege", "army", "elders", "2017-10-28"),
    owed("hand-over-arms", "elders", "army", "2017-10-30", depends_on=["lift-siege"]),
)


def ledger(found: Wire) -> dict[Any, dict[str, Wire]]:
    return {side["side"]: {line["obligation"]: line for line in side["owes"]} for side in found["obligations"]}


def test_obligations_are_a_ledger_of_sides() -> None:
    found = shown(*TERMS)
    assert [(side["side"], side["is_owed"]) for side in found["obligations"]] == [
        ("army", [f"{TRUCE}#hand-over-arms"]),
        ("elders", [f"{TRUCE}#lift-siege"]),
    ]
    sides = ledger(found)
    siege, arms = sides["army"]["lift-siege"], sides["elders"]["hand-over-arms"]
    assert (siege["overdue"], siege["kept"], siege["blocked_by"], siege["score"]) == (True, False, [], None)
    assert (arms["overdue"], arms["kept"], arms["blocked_by"]) == (False, False, ["lift-siege"])


def test_an_obligation_that_is_kept_is_not_overdue_and_blocks_nothing() -> None:
    sides = ledger(shown(*TERMS, scored("lift-siege", 3)))
    assert (sides["army"]["lift-siege"]["overdue"], sides["army"]["lift-siege"]["kept"]) == (False, True)
    assert sides["elders"]["hand-over-arms"]["blocked_by"] == []
    sides = ledger(shown(*TERMS, scored("lift-siege", 2)))
    assert sides["army"]["lift-siege"]["overdue"], "partly kept is not kept"


def test_an_obligation_is_overdue_when_its_last_day_is_over() -> None:
    assert not ledger(shown(*TERMS, now=at("2017-10-28T23:59:59")))["army"]["lift-siege"]["overdue"]
    assert ledger(shown(*TERMS, now=at("2017-10-29")))["army"]["lift-siege"]["overdue"]


def test_an_obligation_that_was_assessed_but_never_told_has_no_side() -> None:
    assert list(ledger(shown(scored("unheard-of", 1)))) == [None]


# --- what is contested, and what lines rest on


def test_a_contested_state_names_candidates_and_who_says_so() -> None:
    ended = wire("ProcessEnded", subject=FIRST, occurred="2017-10-28", claimant="actors/army", note="heard twice")
    suspended = wire("ProcessSuspended", subject=FIRST, occurred="2017-10-28", data={}, claimant="one commander")
    found = shown(ended, suspended)
    line = found["state"]
    assert (line["contested"], line["value"]) == (True, None)
    assert {c["value"]: c["events"] for c in line["candidates"]} == {
        "ended": [ended["id"]],
        "suspended": [suspended["id"]],
    }
    assert set(line["events"]) == {ended["id"], suspended["id"]}
    assert found["evidence"][ended["id"]]["claimants"] == ["actors/army"]
    assert found["evidence"][suspended["id"]]["claimants"] == ["one commander"]
    assert found["evidence"][ended["id"]]["note"] == "heard twice"
    assert "army" in found["actors"], "a claimant that is identified is named"


def mentioned(part: Any) -> Iterator[str]:
    """Every event id in a line of a status, and in all lines within it."""
    match part:
        case dict():
            for name, value in part.items():
                if name in ("events", "answered_by"):
                    yield from value
                else:
                    yield from mentioned(value)
        case list():
            for value in part:
                yield from mentioned(value)
        case _:
            pass


NAMES = {
    "actor",
    "side",
    "debtor",
    "beneficiary",
    "between",
    "by",
    "to",
    "on_behalf_of",
    "speaker",
    "holders",
    "senders",
}
"""Fields that hold ids of actors, wherever they stand in a status."""
OTHER_TO = {"links"}


def named(part: Any, section: str = "") -> Iterator[str]:
    match part:
        case dict():
            for name, value in part.items():
                if name in NAMES and not (name == "to" and section in OTHER_TO):
                    yield from [value] if isinstance(value, str) else (v for v in value or () if isinstance(v, str))
                elif name in ("attendance", "clearances"):
                    yield from value
                yield from named(value, section or name)
        case list():
            for value in part:
                yield from named(value, section)
        case _:
            pass


@examples(12)
@given(histories(min_steps=5))
def test_every_line_can_be_traced(history: list[Wire]) -> None:
    """The events of all lines stand in the evidence, and the actors mentioned among the actors."""
    log = recorded(history)
    identified = {r.subject.partition("/")[2] for r in log if r.subject.startswith("actors/")}
    for process in processes_of(log):
        found = folded(log, process)
        body = {name: part for name, part in found.items() if name not in ("evidence", "actors")}
        assert set(mentioned(body)) == set(found["evidence"])
        assert all(str(UUID(event)) == event for event in found["evidence"])
        claimants = {c.removeprefix("actors/") for one in found["evidence"].values() for c in one["claimants"]}
        assert (set(named(body)) | claimants) & identified <= set(found["actors"]) <= identified
        assert all(actor["label"] or actor.get("withdrawn") for actor in found["actors"].values())


# --- totals


def test_totals_count_by_state() -> None:
    more = opened("talks/second", "talks/third", "convoys/second")
    found = shown(
        *more,
        PLAN,
        wire("TalksConcluded", subject="talks/second", occurred="2017-10-20"),
        wire("TalksCancelled", subject="talks/second", occurred="2017-10-20"),
        GONE,
    )
    assert found["totals"] == {
        "agreements": {"reported": 1},
        "convoys": {"departed": 1, "reported": 1},
        "talks": {"contested": 1, "reported": 1, "scheduled": 1},
    }


def test_what_is_over_stands_last_and_only_the_newest_of_it() -> None:
    held = [
        one
        for number in range(status.OVER_SHOWN + 3)
        for one in (
            *opened(f"talks/held-{number}"),
            wire("TalksConcluded", subject=f"talks/held-{number}", occurred=f"2017-10-{number + 10}"),
        )
    ]
    found = shown(*held)
    paths = [talks["subject"] for talks in found["talks"]]
    assert paths == [TALKS, *(f"talks/held-{number}" for number in range(12, 2, -1))]
    assert found["totals"]["talks"] == {"reported": 1, "concluded": 13}


# --- until when it holds

MOMENTS = st.datetimes(datetime(2017, 10, 1), datetime(2017, 12, 15), timezones=st.just(UTC))  # noqa: DTZ001
NEAR = st.sampled_from([at(f"2017-10-{day}T{hour}") for day in (27, 28, 29, 30) for hour in ("05:59:30", "23:59:59.5")])


@examples(15)
@given(histories(min_steps=8, with_revisions=False), NEAR | MOMENTS)
def test_a_status_holds_until_the_moment_it_names(history: list[Wire], now: datetime) -> None:
    log = recorded(history)
    for process in processes_of(log):
        seen = pictured(log, process, now=now)
        until = status.changes_at(seen, now, glance_at(findings_in(seen), int(now.timestamp()), 0).until)
        assert now < until <= now + timedelta(days=1)
        first, last = (folded(log, process, moment) for moment in (now, until - timedelta(microseconds=1)))
        assert first.pop("horizon") != last.pop("horizon") or until - now == timedelta(microseconds=1)
        assert first == last


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2017-10-20T12:00", "2017-10-21"),
        ("2017-10-28T22:00", "2017-10-28T22:30"),  # the obligation is overdue when its minute is over
        ("2017-10-28T22:30", "2017-10-29"),
        ("2017-10-29T05:00", "2017-10-29T06:01"),
        ("2017-10-15T05:00", "2017-10-15T06:00"),
    ],
)
def test_a_deadline_ends_it_sooner_than_the_day(now: str, until: str) -> None:
    log = recorded(
        [
            *OPENED,
            wire("TalksScheduled", subject=TALKS, occurred="2017-10-01", data={"when": "2017-10-29T09:00+03:00"}),
            owed("lift-siege", "army", "elders", "2017-10-28T22:29Z"),
        ]
    )
    assert status.changes_at(pictured(log, "first"), at(now)) == at(until)


def test_a_deadline_of_an_agreement_that_has_ended_counts_too() -> None:
    """It is no longer awaited, but the ledger still tells whether it was overdue."""
    history = [owed("lift-siege", "army", "elders", "2017-10-28T22:29Z"), wire("AgreementEnded", subject=TRUCE)]
    log = recorded([*OPENED, *history])
    before, after = at("2017-10-28T22:00"), at("2017-10-28T22:30")
    assert not ledger(shown(*history, now=before))["army"]["lift-siege"]["overdue"]
    assert ledger(shown(*history, now=after))["army"]["lift-siege"]["overdue"]
    assert status.changes_at(pictured(log, "first"), before) == after


def test_stocks_far_apart_in_time_do_not_contradict_each_other() -> None:
    def claim(value: int, claimant: str, occurred: str) -> Wire:
        return wire(
            "FigureReported",
            subject=FIRST,
            occurred=occurred,
            claimant=claimant,
            data={"measure": "fighters", "quantity": {"value": value}},
        )

    apart = shown(claim(2000, "army", "2017-01-05"), claim(500, "elders", "2017-10-05"))["figures"]
    assert [(line["contested"], line["span"]) for line in apart] == [(False, {"low": 500, "high": 500})]
    close = shown(claim(2000, "army", "2017-10-01"), claim(500, "elders", "2017-10-05"))["figures"]
    assert [(line["contested"], line["span"]) for line in close] == [(True, None)]


def test_a_flow_is_compared_within_its_period_only() -> None:
    def flow(value: int, claimant: str, period: str) -> Wire:
        figure = {"measure": "arrivals", "quantity": {"value": value}, "counting": "flow", "period": period}
        return wire("FigureReported", subject=FIRST, occurred="2017-10-29", claimant=claimant, data=figure)

    lines = shown(flow(10, "army", "2017-09"), flow(20, "army", "2017-10"), flow(30, "elders", "2017-10"))["figures"]
    assert [(len(line["claims"]), line["contested"]) for line in lines] == [(2, True), (1, False)]


def test_contested_figures_come_first_however_many_there_are() -> None:
    calm = [
        wire("FigureReported", subject=FIRST, data={"measure": f"a{n:03}", "quantity": {"value": n}})
        for n in range(figures.SERIES_SHOWN)
    ]
    torn = [
        wire("FigureReported", subject=FIRST, claimant=who, data={"measure": "z", "quantity": {"value": value}})
        for who, value in (("army", 1), ("elders", 2))
    ]
    found = shown(*calm, *torn)
    assert len(found["figures"]) == figures.SERIES_SHOWN
    assert (found["figures"][0]["measure"], found["figures"][0]["contested"]) == ("z", True)
    assert found["totals"]["figures"] == {"series": figures.SERIES_SHOWN + 1}
