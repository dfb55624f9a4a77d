"""What does not fit, rule by rule: raised by some reports, resolved by another."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import findings, folds
from domain.edtf import BEGINNING, END, When
from domain.event import Event
from domain.findings import DAY, RULES, ClaimMade, Finding, of_claims, of_disputes, of_process, of_repeats, of_state
from domain.general import SubjectState
from domain.values import EventId, Subject
from tests.spec import event, fold_of
from tests.strategies import histories, read

DAY_1, DAY_2, DAY_3, DAY_4 = "2017-10-27", "2017-10-28", "2017-10-29", "2017-10-30"
OURS = "actors/government"
THEIRS = "actors/eleven-groups"


def found(*events: Event, rule: str) -> list[Finding]:
    """The findings of one rule on the subject of these reports."""
    return [one for one in of_state(events[0].subject, fold_of(*events)) if one.rule == rule]


def stands(one: Finding, when: str) -> bool:
    return one.stands(When(when).span.earliest)


def ids(*events: Event) -> set[EventId]:
    return {one.id for one in events}


def talks() -> Event:
    return event("TalksReported", occurred=DAY_1)


def agreement() -> Event:
    return event("AgreementReported", occurred=DAY_1)


def convoy(**data: Any) -> Event:
    return event(
        "ConvoyReported",
        occurred="2017-10-20",
        data={"processes": ["eastern-kalamun"], "kind": "aid", "title": [{"text": "x"}], **data},
    )


def retold(one: Event, **fields: Any) -> Event:
    """The same report by somebody else."""
    data = fields.pop("data", one.data.model_dump(mode="json", exclude_none=True))
    return event(one.type, subject=one.subject, occurred=fields.pop("occurred", one.occurred), data=data, **fields)


# --- contested ------------------------------------------------------------------------------------------------


def test_two_outcomes_of_one_day_are_contested_with_who_says_what() -> None:
    one = event("TalksConcluded", occurred=DAY_3, claimant=OURS, data={"outcome": "with outcome"})
    other = event("TalksConcluded", occurred=DAY_3, claimant="one commander", data={"outcome": "broken off"})
    (finding,) = found(one, other, rule="contested")
    assert finding.text == (
        "Reports contradict each other on the outcome: with outcome (2017-10-29, actors/government); "
        "broken off (2017-10-29, one commander)."
    )
    assert finding.key == ("contested", "talks/first", "outcome")
    assert set(finding.events) == ids(one, other)
    later = event("TalksConcluded", occurred=DAY_4, claimant="both", data={"outcome": "adjourned"})
    assert found(one, other, later, rule="contested") == []


@pytest.mark.parametrize(
    ("name", "one", "other", "about"),
    [
        ("ActorIdentified", {"labels": [{"text": "x"}], "kind": "committee"}, {"kind": "state"}, "kind"),
        ("ActorRelated", {"relation": "part of", "to": "a"}, {"affirmed": False}, "relations part of|a"),
        ("ProcessEnded", {"how": "lapsed"}, {"how": "collapsed"}, "ending"),
        ("ProcessLinked", {"relation": "parallel", "to": "b"}, {"denied": True}, "links parallel|b"),
        (
            "ControlReported",
            {"holders": ["a"], "places": [{"labels": [{"text": "Jarut"}]}]},
            {"holders": ["b"], "number": {"value": 5, "unit": "cities"}},
            "control jarut",
        ),
        (
            "AccessReported",
            {"place": {"labels": [{"text": "Jarut"}]}, "access": "open", "for_whom": "aid"},
            {"access": "closed"},
            "access place|jarut|aid",
        ),
        (
            "AccessReported",
            {"place": {"labels": [{"text": "Jarut"}]}, "access": "open", "modality": "announced"},
            {"access": "closed"},
            "access place|jarut||plan",
        ),
        ("TalksScheduled", {"when": DAY_3}, {"when": DAY_4}, "planned"),
        (
            "TalksScheduled",
            {"when": DAY_3, "venue": {"labels": [{"text": "Damascus"}]}},
            {"venue": {"labels": [{"text": "Jarut"}]}},
            "venue",
        ),
        (
            "TalksConvened",
            {"attendance": [{"actor": "a", "presence": "present"}]},
            {"attendance": [{"actor": "a", "presence": "absent"}]},
            "attendance a",
        ),
        ("AgreementReached", {"complete": True}, {"complete": False}, "complete"),
        ("AgreementSigned", {"actor": "a"}, {"capacity": "witness"}, "signatures a"),
        ("AgreementEnteredIntoForce", {"until": "2017-11"}, {"until": "2017-12"}, "term"),
        ("AgreementEnteredIntoForce", {"until": "2017-11"}, {"trial": True}, "term"),
        ("ObligationAgreed", {"obligation": "o", "text": "x", "debtor": ["a"]}, {"debtor": ["b"]}, "obligation o"),
        (
            "ObligationAgreed",
            {"obligation": "o", "text": "x", "debtor": ["a"], "beneficiary": ["c"], "deadline": DAY_3},
            {"deadline": DAY_4, "condition": "x"},
            "obligation o",
        ),
        ("ObligationAssessed", {"obligation": "o", "score": 3}, {"score": 1, "standing": "overdue"}, "assessment o"),
        ("ClearanceGranted", {"by": "a", "form": "final"}, {"by": "a", "form": "in principle"}, None),
        ("ConvoyArrived", {"completeness": "fully"}, {"completeness": "partly"}, "arrival"),
        ("ConvoyReported", {**convoy().data.model_dump(mode="json")}, {"kind": "evacuation"}, "described kind"),
        (
            "ConvoyReported",
            {**convoy(planned=DAY_3).data.model_dump(mode="json")},
            {"planned": DAY_4},
            "described planned",
        ),
        (
            "RoleTaken",
            {"actor": "a", "role": "guarantor", "accepted": True},
            {"accepted": False},
            "roles a|guarantor||",
        ),
        (
            "RoleTaken",
            {"actor": "a", "role": "guarantor", "on_behalf_of": "b", "modality": "announced"},
            {"modality": "possible"},
            None,
        ),
        (
            "PositionTaken",
            {"actor": "a", "position": "accepts on condition", "condition": "c", "matter": "m"},
            {"position": "refuses", "condition": None},
            "positions a|m|",
        ),
    ],
)
def test_what_two_say_of_one_day_is_contested_where_it_contradicts(
    name: str, one: dict[str, Any], other: dict[str, Any], about: str | None
) -> None:
    subject = None if name not in ("RoleTaken", "PositionTaken") else "processes/first"
    first = event(name, subject=subject, occurred=DAY_2, claimant="one", data=one)
    second = event(name, subject=subject, occurred=DAY_2, claimant="another", data={**one, **other})
    raised = found(first, second, rule="contested")
    assert [finding.about for finding in raised] == ([about] if about else [])
    for finding in raised:
        assert set(finding.events) == ids(first, second)
        assert "one" in finding.text
        assert "another" in finding.text


def test_a_clearance_granted_and_denied_on_one_day_is_contested() -> None:
    granted = event("ClearanceGranted", occurred=DAY_2, data={"by": "a", "form": "final"})
    denied = event("ClearanceDenied", occurred=DAY_2, data={"by": "a"})
    assert [f.about for f in found(convoy(), granted, denied, rule="contested")] == ["clearances a", "stage"]


def test_a_place_added_and_removed_in_one_month_is_contested() -> None:
    place = {"place": {"labels": [{"text": "Ruhaiba"}]}}
    added = event("AreaAdded", occurred=DAY_2, data=place)
    removed = event("AreaRemoved", occurred="2017-10", data=place)
    assert [f.about for f in found(added, removed, rule="contested")] == ["areas ruhaiba"]


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("TalksScheduled", {"when": DAY_3}, {"when": "2017-10"}),
        ("TalksReported", {"about": "a truce"}, {"about": "the road"}),
        ("TalksConvened", {"attendance": [{"actor": "a", "presence": "present"}]}, {"attendance": []}),
        (
            "TalksConvened",
            {"attendance": [{"actor": "a", "presence": "present"}]},
            {"attendance": [{"actor": "a", "presence": "unknown"}]},
        ),
        ("ConvoyArrived", {"completeness": "fully"}, {"completeness": "unknown"}),
        ("ObligationAssessed", {"obligation": "o", "score": 3}, {"score": None, "standing": "no information"}),
        ("ObligationAssessed", {"obligation": "o", "score": 1}, {"standing": "overdue"}),
        ("ConvoyRequested", {"to": "a"}, {"to": "b"}),
        ("AgreementReported", {"written": "yes"}, {"written": "unknown"}),
    ],
)
def test_what_only_one_tells_or_words_otherwise_is_not_contested(
    name: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    whole = event(name).data.model_dump(mode="json", exclude_none=True) if name.endswith("Reported") else {}
    first = event(name, occurred=DAY_2, data={**whole, **one})
    second = event(name, occurred=DAY_2, data={**whole, **one, **other})
    assert found(first, second, rule="contested") == []


def test_what_is_only_possible_contradicts_nothing() -> None:
    held = event("TalksConvened", occurred=DAY_3, data={})
    off = event("TalksCancelled", occurred=DAY_3, data={})
    assert found(held, off, rule="contested")
    assert found(held, off.as_possible(), rule="contested") == []


def test_many_values_and_claimants_are_told_in_short() -> None:
    reports = [
        event("ConvoyHeld", occurred=DAY_3, claimant=f"claimant {n}", data={"reason": "x"}) for n in range(5)
    ] + [event("PositionTaken", subject="convoys/first", occurred=DAY_3, data={"actor": "a", "position": "refuses"})]
    positions = [
        event(
            "PositionTaken",
            subject="convoys/first",
            occurred=DAY_3,
            data={"actor": "a", "position": "accepts on condition", "condition": f"{n} {'x' * 400}"},
        )
        for n in range(8)
    ]
    turned = event("ConvoyCancelled", occurred=DAY_3, data={})
    state, position = (
        next(f for f in found(*reports, *positions, turned, rule="contested") if f.about.startswith(about))
        for about in ("stage", "positions")
    )
    assert "claimant 0, claimant 1, claimant 2 and 2 more" in state.text
    assert "; and 4 more." in position.text
    assert len(position.text) < 1500


# --- who says so ----------------------------------------------------------------------------------------------


def test_an_agreement_that_one_side_only_confirms() -> None:
    signed = event("AgreementSigned", occurred=DAY_2, claimant=OURS)
    (finding,) = found(agreement(), signed, rule="one-side-only")
    assert finding.text == (
        "Only actors/government says “signed” (2017-10-28); neither actors/eleven-groups nor anybody else confirms it."
    )
    assert finding.key == ("one-side-only", "agreements/first", "stage signed")
    for other in (THEIRS, "an observer"):
        assert found(agreement(), signed, retold(signed, claimant=other), rule="one-side-only") == []


def test_an_inference_of_ours_confirms_nothing() -> None:
    signed = event("AgreementSigned", occurred=DAY_2, claimant=OURS)
    assert found(agreement(), signed, retold(signed, basis="inferred by us"), rule="one-side-only")
    assert not found(agreement(), signed, retold(signed, basis="observed"), rule="one-side-only")


def test_an_opening_or_a_claimant_from_outside_is_no_side() -> None:
    assert found(event("TalksReported", claimant=OURS), rule="one-side-only") == []
    assert found(talks(), event("TalksConvened", claimant="actors/elders"), rule="one-side-only") == []


def test_a_single_claimant_is_told_of_after_48_hours_and_until_a_second_one() -> None:
    convened = event("TalksConvened", occurred=DAY_1, claimant="TASS", data={})
    (finding,) = found(convened, rule="single-claimant")
    assert finding.text == "“convened” (2017-10-27) rests on one claimant only: TASS."
    assert not stands(finding, "2017-10-29T23:59:58Z")
    assert stands(finding, "2017-10-29T23:59:59Z")
    assert stands(finding, "2027")
    again = retold(convened, claimant="TASS", occurred=DAY_3)
    assert found(convened, again, rule="single-claimant")[0].since == finding.since
    assert found(convened, retold(convened, claimant="the committee"), rule="single-claimant") == []
    assert found(convened, retold(convened, basis="observed"), rule="single-claimant") == []
    assert found(convened, retold(convened, basis="inferred by us"), rule="single-claimant")


def test_a_change_that_nobody_is_named_for_rests_on_no_claimant() -> None:
    (finding,) = found(event("ProcessSuspended", occurred=DAY_1), rule="single-claimant")
    assert "no claimant" in finding.text
    assert found(event("ProcessOpened", claimant="TASS"), rule="single-claimant") == []


# --- plans and answers ----------------------------------------------------------------------------------------


def test_a_round_whose_date_passes_unconfirmed() -> None:
    planned = event("TalksScheduled", occurred=DAY_1, data={"when": DAY_3})
    (finding,) = found(planned, rule="plan-date-passed")
    assert "2017-10-29" in finding.text
    assert not stands(finding, "2017-10-29T23:59:59Z")
    assert stands(finding, DAY_4)
    for later in (
        event("TalksConvened", occurred=DAY_3, data={}),
        event("TalksCancelled", occurred=DAY_3, data={}),
        event("TalksPostponed", occurred=DAY_3, data={}),
    ):
        assert found(planned, later, rule="plan-date-passed") == []
    assert found(event("TalksScheduled", data={"when": "2017-10-29/.."}), rule="plan-date-passed") == []


def test_a_convoy_whose_departure_passes_unconfirmed() -> None:
    (finding,) = found(convoy(planned=DAY_3), rule="plan-date-passed")
    assert not stands(finding, DAY_3)
    assert stands(finding, DAY_4)
    for name in ("ConvoyDeparted", "ConvoyCancelled"):
        assert found(convoy(planned=DAY_3), event(name, occurred=DAY_3), rule="plan-date-passed") == []


def test_a_proposal_unanswered_past_its_date() -> None:
    proposal = event("ProposalMade", subject="talks/first", occurred=DAY_1)
    (finding,) = found(proposal, rule="proposal-unanswered")
    assert "actors/field-commanders to actors/government" in finding.text
    assert not stands(finding, "2017-11-30")
    assert stands(finding, "2017-12-01")
    position = {"actor": "government", "position": "refuses", "answers": str(proposal.id)}
    answer = event("PositionTaken", subject="talks/first", occurred=DAY_2, data=position)
    assert found(proposal, answer, rule="proposal-unanswered") == []
    open_ = event("ProposalMade", subject="talks/first", data={"kind": "demand", "text": "x"})
    assert found(open_, rule="proposal-unanswered") == []


def test_a_condition_of_consent_that_is_not_met() -> None:
    data = {"actor": "a", "position": "accepts on condition", "condition": "The centre takes part."}
    taken = event("PositionTaken", subject="talks/first", occurred=DAY_1, data=data)
    assert found(taken, rule="condition-not-held") == []
    unmet = event("PositionTaken", subject="talks/first", occurred=DAY_2, data={**data, "condition_met": False})
    (finding,) = found(taken, unmet, rule="condition-not-held")
    assert finding.text.startswith(
        "actors/a accepts on a condition that is said not to be met: The centre takes part ("
    )
    assert unmet.id in finding.events
    met = event("PositionTaken", subject="talks/first", occurred=DAY_3, data={**data, "condition_met": True})
    assert found(taken, unmet, met, rule="condition-not-held") == []


# --- agreements -----------------------------------------------------------------------------------------------


def owes(name: str, **data: Any) -> Event:
    return event(
        "ObligationAgreed",
        occurred=DAY_1,
        data={"obligation": name, "text": name, "debtor": ["government"], **data},
    )


def assessed(name: str, occurred: str = DAY_2, **data: Any) -> Event:
    return event("ObligationAssessed", occurred=occurred, data={"obligation": name, **data})


def test_an_obligation_past_its_deadline_is_overdue_until_it_is_kept() -> None:
    agreed = owes("release", deadline="2017-10")
    (finding,) = found(agreed, rule="obligation-overdue")
    assert finding.text == ("Obligation release of actors/government was due by 2017-10 and is not reported as kept.")
    assert finding.about == "obligation release"
    assert not stands(finding, "2017-10-31T23:59:59Z")
    assert stands(finding, "2017-11-01")
    assert found(agreed, assessed("release", score=2), rule="obligation-overdue")
    assert found(agreed, assessed("release", score=3), rule="obligation-overdue") == []
    assert found(agreed, event("AgreementEnded", occurred=DAY_3), rule="obligation-overdue") == []


def test_an_obligation_that_is_judged_to_be_overdue_is_so_at_once() -> None:
    (finding,) = found(assessed("release", standing="overdue"), rule="obligation-overdue")
    assert finding.since is None
    assert finding.text == "Obligation release is judged to be overdue."
    again = assessed("release", DAY_3, standing="not due")
    assert found(assessed("release", standing="overdue"), again, rule="obligation-overdue") == []


def test_an_obligation_waits_for_one_that_is_overdue() -> None:
    first, then = owes("lift-siege", deadline=DAY_3), owes("release", depends_on=["lift-siege"], phase="exchange")
    (finding,) = found(first, then, rule="phase-blocked")
    assert finding.text == ("Phase “exchange”: obligation release waits for lift-siege, which was due by 2017-10-29.")
    assert not stands(finding, DAY_3)
    assert stands(finding, DAY_4)
    assert set(finding.events) == ids(first, then)
    assert found(first, then, assessed("lift-siege", score=3), rule="phase-blocked") == []
    assert found(first, then, assessed("release", score=3), rule="phase-blocked") == []


@pytest.mark.parametrize("standing", ["blocked", "overdue"])
def test_an_obligation_waits_for_one_that_is_judged_to_stand_still(standing: str) -> None:
    first, then = owes("lift-siege"), owes("release", depends_on=["lift-siege", "never-told"])
    assert found(first, then, rule="phase-blocked") == []
    raised = found(first, then, assessed("lift-siege", standing=standing), rule="phase-blocked")
    (finding,) = (one for one in raised if one.about == "obligation release")
    assert finding.since is None
    assert f"waits for lift-siege, which is judged to be {standing}" in finding.text


def test_an_obligation_that_is_judged_to_be_blocked_blocks_its_phase() -> None:
    blocked = assessed("release", standing="blocked")
    assert [f.about for f in found(owes("release", phase="first"), blocked, rule="phase-blocked")] == [
        "obligation release"
    ]
    assert found(owes("release"), blocked, assessed("release", DAY_3, score=2), rule="phase-blocked") == []


def test_a_truce_is_about_to_lapse_for_14_days_and_then_has_lapsed() -> None:
    truce = event("AgreementEnteredIntoForce", occurred="2017-07-01", claimant="TASS", data={"until": "2017-09-30"})
    (lapsing,) = found(truce, rule="truce-lapsing")
    (lapsed,) = found(truce, rule="truce-lapsed")
    assert lapsing.text.startswith("According to TASS it is in force until 2017-09-30;")
    moments = ["2017-09-16", "2017-09-17", "2017-09-30T23:59:59Z", "2017-10-01", "2018"]
    assert [stands(lapsing, moment) for moment in moments] == [False, True, True, False, False]
    assert [stands(lapsed, moment) for moment in moments] == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("AgreementExtended", {"way": "tacitly"}),
        ("AgreementEnded", {"how": "expired"}),
        ("AgreementSuspended", {}),
    ],
)
@pytest.mark.parametrize("rule", ["truce-lapsing", "truce-lapsed"])
def test_a_truce_does_not_lapse_in_silence_if_somebody_speaks(name: str, data: dict[str, Any], rule: str) -> None:
    truce = event("AgreementEnteredIntoForce", occurred="2017-07-01", data={"until": "2017-09-30"})
    assert found(truce, event(name, occurred="2017-09-20", data=data), rule=rule) == []


def test_an_extension_moves_the_end_of_the_truce() -> None:
    truce = event("AgreementEnteredIntoForce", occurred="2017-07-01", data={"until": "2017-09-30"})
    extended = event("AgreementExtended", occurred="2017-09-20", data={"way": "explicitly", "until": "2017-10-31"})
    (lapsed,) = found(truce, extended, rule="truce-lapsed")
    assert stands(lapsed, "2017-11-01")
    assert not stands(lapsed, "2017-10-31")


# --- convoys --------------------------------------------------------------------------------------------------


def test_a_request_without_an_answer_by_its_date_is_stuck() -> None:
    asked = event("ConvoyRequested", occurred=DAY_1, data={"to": "government", "answer_by": DAY_3})
    (finding,) = found(convoy(), asked, rule="clearance-stuck")
    assert finding.text == "Passage was asked of actors/government (2017-10-27); no answer is reported by 2017-10-29."
    assert not stands(finding, DAY_3)
    assert stands(finding, DAY_4)
    answers = [
        event("ClearanceGranted", occurred=DAY_2, data={"by": "government", "form": "final"}),
        event("ClearanceDenied", occurred=DAY_2, data={"by": "government"}),
        event("ConvoyDeparted", occurred=DAY_2, data={}),
        event("ConvoyCancelled", occurred=DAY_2, data={}),
    ]
    for answer in answers:
        assert found(convoy(), asked, answer, rule="clearance-stuck") == []
    other = event("ClearanceGranted", occurred=DAY_2, data={"by": "committee", "form": "final"})
    assert found(convoy(), asked, other, rule="clearance-stuck") == [finding]


def test_a_request_without_a_date_is_stuck_after_7_days() -> None:
    (finding,) = found(convoy(), event("ConvoyRequested", occurred=DAY_1, data={}), rule="clearance-stuck")
    assert not stands(finding, "2017-11-03T23:59:58Z")
    assert stands(finding, "2017-11-04")


@pytest.mark.parametrize("form", ["in principle", "with conditions"])
def test_a_clearance_that_is_not_final_is_stuck_7_days_after_it_was_first_granted(form: str) -> None:
    granted = event("ClearanceGranted", occurred=DAY_1, data={"by": "government", "form": form})
    (finding,) = found(convoy(), granted, rule="clearance-stuck")
    assert (
        finding.text
        == f"actors/government granted passage {form} (2017-10-27); 7 days later there is no final clearance."
    )
    assert not stands(finding, "2017-11-03T23:59:58Z")
    assert stands(finding, "2017-11-04")
    (same,) = found(convoy(), granted, retold(granted, occurred=DAY_4), rule="clearance-stuck")
    assert same.since == finding.since
    final = event("ClearanceGranted", occurred=DAY_2, data={"by": "government", "form": "final"})
    assert found(convoy(), granted, final, rule="clearance-stuck") == []
    assert found(convoy(), granted, event("ConvoyDeparted", occurred=DAY_2), rule="clearance-stuck") == []


def test_a_clearance_expires_if_the_convoy_has_not_gone() -> None:
    data = {"by": "government", "form": "final", "valid_until": DAY_3}
    granted = event("ClearanceGranted", occurred=DAY_1, data=data)
    (finding,) = found(convoy(), granted, rule="clearance-expired")
    assert not stands(finding, DAY_3)
    assert stands(finding, DAY_4)
    assert found(convoy(), granted, event("ConvoyDeparted", occurred=DAY_3), rule="clearance-expired") == []
    anew = event("ClearanceGranted", occurred=DAY_4, data={**data, "valid_until": "2017-11"})
    assert found(convoy(), granted, anew, rule="clearance-expired")[0].since == When("2017-11").span.latest + 1


def test_a_convoy_that_has_not_arrived_a_day_after_it_was_seen() -> None:
    departed = event("ConvoyDeparted", occurred=DAY_1, claimant="TASS", data={})
    (finding,) = found(convoy(), departed, rule="not-arrived")
    assert finding.text == "Last seen: departed (2017-10-27, TASS); a day later it is not reported to have arrived."
    assert not stands(finding, "2017-10-28T23:59:58Z")
    assert stands(finding, DAY_3)
    held = event("ConvoyHeld", occurred=DAY_2, data={"place": {"labels": [{"text": "the gate"}]}})
    (later,) = found(convoy(), departed, held, rule="not-arrived")
    assert "held at the gate" in later.text
    assert later.since == When(DAY_3).span.latest
    for name in ("ConvoyArrived", "ConvoyTurnedBack"):
        assert found(convoy(), departed, held, event(name, occurred=DAY_2, data={}), rule="not-arrived") == []


def test_a_series_of_convoys_is_always_on_the_road() -> None:
    assert found(convoy(series=True), event("ConvoyDeparted", occurred=DAY_1), rule="not-arrived") == []


def item(number: float, *, of: str = "baskets", unit: str = "boxes", **more: Any) -> dict[str, Any]:
    return {"description": of, "quantity": {"value": number, "unit": unit, **more}}


@pytest.mark.parametrize(
    ("name", "field", "what"), [("ConvoyArrived", "delivered", "delivered"), ("ItemsRemoved", "items", "removed")]
)
def test_more_delivered_or_removed_than_was_loaded(name: str, field: str, what: str) -> None:
    loaded = event("ConvoyDeparted", occurred=DAY_1, data={"loaded": [item(30), item(20, of="Baskets")]})

    def then(*items: dict[str, Any]) -> list[Finding]:
        return found(convoy(), loaded, event(name, occurred=DAY_2, data={field: items}), rule="part-above-whole")

    (finding,) = then(item(51))
    assert finding.text == f"51 boxes of baskets or more were {what}, 50 loaded at most."
    assert finding.severity is RULES["part-above-whole"].severity
    assert then(item(50)) == []
    assert then(item(60, qualifier="up to")) == []
    assert then(item(51, unit="tonnes")) == []
    assert then(item(51, of="kits"), {"description": "baskets"}) == []
    corrected = event("ConvoyDeparted", occurred=DAY_2, data={"loaded": [item(50, qualifier="at least")]})
    delivered = event(name, occurred=DAY_3, data={field: [item(51)]})
    assert found(convoy(), loaded, corrected, delivered, rule="part-above-whole") == []


# --- steps that cannot be -------------------------------------------------------------------------------------

STEPS: list[tuple[Any, Any, str]] = [
    (("ConvoyDeparted", {}), ("ConvoyArrived", {}), "arrived before departed"),
    (("ConvoyHeld", {}), ("ConvoyArrived", {}), "arrived before held"),
    (("TalksConvened", {}), ("TalksConcluded", {"outcome": "with outcome"}), "concluded before convened"),
    (("AgreementReached", {}), ("AgreementSigned", {"actor": "a"}), "signed before reached"),
    (("AgreementEnteredIntoForce", {}), ("AgreementEnded", {"how": "expired"}), "ended before in force"),
]


@pytest.mark.parametrize(("earlier", "later", "about"), STEPS)
def test_a_step_reported_before_the_one_it_follows_cannot_be(earlier: Any, later: Any, about: str) -> None:
    one = event(earlier[0], occurred=DAY_3, data=earlier[1])
    other = event(later[0], occurred=DAY_1, data=later[1])
    run = [convoy()] if one.family == "convoys" else []  # one run: the example is a series
    (finding,) = found(*run, one, other, rule="impossible-step")
    assert finding.about == about
    assert "2017-10-27" in finding.text
    assert "2017-10-29" in finding.text
    assert set(finding.events) == ids(one, other)
    assert found(*run, one, retold(other, occurred=DAY_3), rule="impossible-step") == []  # corrected
    assert found(*run, one, other, retold(other, occurred=DAY_4), rule="impossible-step") == []
    assert found(*run, one, other, retold(one, occurred="2017-10"), rule="impossible-step") == []
    assert found(*run, one.as_possible(), other, rule="impossible-step") == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (("TalksScheduled", {"when": "2017-11"}), ("TalksConvened", {})),
        (("TalksConvened", {}), ("TalksConcluded", {"outcome": "adjourned"})),
        (("AgreementReported", None), ("AgreementSigned", {"actor": "a"})),
        (("AgreementEnteredIntoForce", {}), ("AgreementSuspended", {})),
        (("AgreementExtended", {"way": "tacitly"}), ("AgreementEnded", {"how": "expired"})),
        (("AgreementEnteredIntoForce", {}), ("AgreementSigned", {"actor": "a", "act": "acceded"})),
        (("ProcessResumed", {}), ("ProcessEnded", {"how": "lapsed"})),
        (("ClearanceGranted", {"by": "a", "form": "final"}), ("ConvoyDeparted", {})),
    ],
)
def test_what_may_come_again_or_is_told_late_can_be(earlier: Any, later: Any) -> None:
    one = event(earlier[0], occurred=DAY_3, data=earlier[1])
    other = event(later[0], occurred=DAY_1, data=later[1])
    run = [convoy()] if one.family == "convoys" else []
    assert found(*run, one, other, rule="impossible-step") == []


def test_several_runs_have_no_order() -> None:
    runs = (event("ConvoyDeparted", occurred=DAY_3), event("ConvoyArrived", occurred=DAY_1))
    assert found(convoy(series=True), *runs, rule="impossible-step") == []


def test_between_dates_and_hours_there_is_room_for_any_zone() -> None:
    departed = event("ConvoyDeparted", occurred="2017-10-28T09:00Z")
    on_the_day_before = event("ConvoyArrived", occurred=DAY_1)
    assert found(convoy(), departed, on_the_day_before, rule="impossible-step") == []
    hours = event("ConvoyArrived", occurred="2017-10-27T20:00Z")
    assert found(convoy(), departed, hours, rule="impossible-step")
    assert found(convoy(), departed, hours, on_the_day_before, rule="impossible-step") == []


# --- claims ---------------------------------------------------------------------------------------------------

REGISTER = Subject("enrolments/first")
SERIES = ("fighters", "stock", "persons", "jarut", "", "")


def claim(
    low: float,
    high: float | None = None,
    *,
    by: str = "one",
    on: str = DAY_1,
    series: tuple[str, ...] = SERIES,
    assessed: bool = False,
    exact: bool = True,
) -> ClaimMade:
    span = When(on).span
    return ClaimMade(
        series, by, assessed, low, low if exact and high is None else high, span.earliest, span.latest, new_id()
    )


def new_id() -> EventId:
    return event("StatementMade", subject="talks/first").id


def rules(*claims: ClaimMade) -> list[str]:
    return [one.rule for one in of_claims(REGISTER, claims)]


def test_claims_that_no_number_satisfies_contradict_each_other() -> None:
    one, other = claim(2000), claim(1500, by="actors/committee", on=DAY_3)
    (finding,) = of_claims(REGISTER, [one, other])
    assert finding.rule == "claims-contradict"
    assert finding.text == (
        "Claims on “fighters” (stock, persons, area jarut) cannot all be true: "
        "1500 (2017-10-29, actors/committee); 2000 (2017-10-27, one)."
    )
    assert set(finding.events) == {one.event, other.event}
    assert rules(one, claim(2000, by="actors/committee", on=DAY_4)) == []


def test_a_claimed_zero_is_a_claim_too() -> None:
    assert rules(claim(0), claim(20, by="another")) == ["claims-contradict"]
    assert rules(claim(0), claim(0, 20, by="another")) == ["claims-diverge"]
    assert rules(claim(0), claim(0, by="another")) == []


@pytest.mark.parametrize(
    "other",
    [
        claim(10, by="another", assessed=True),
        claim(10, by="another", on="2017-12-15"),
        claim(10, by="another", series=("fighters", "stock", "persons", "", "", "")),
    ],
)
def test_what_is_judged_long_ago_or_another_series_does_not_contradict(other: ClaimMade) -> None:
    assert rules(claim(2000), other) == []


def test_claims_diverge_if_only_their_width_lets_all_be_true() -> None:
    assert rules(claim(900, 5000), claim(1000, by="another")) == ["claims-diverge"]
    assert rules(claim(900, 1500), claim(1000, by="another")) == []
    assert rules(claim(200, exact=False), claim(400, by="another")) == ["claims-diverge"]
    assert rules(claim(0, exact=False), claim(400, by="another")) == []
    assert rules(claim(0, 800), claim(400, by="another")) == ["claims-diverge"]
    assert rules(claim(0, 800), claim(700, by="another")) == []


def test_many_claims_are_told_by_the_smallest_and_the_largest() -> None:
    (finding,) = of_claims(REGISTER, [claim(n, by=f"claimant {n}") for n in range(1, 10)])
    assert "1 (2017-10-27, claimant 1)" in finding.text
    assert "9 (2017-10-27, claimant 9); and 4 more." in finding.text


def test_a_claim_of_any_time_is_told_without_a_date() -> None:
    ever = replace(claim(5, exact=False), earliest=BEGINNING, latest=END)
    (finding,) = of_claims(
        REGISTER, [ever, replace(claim(1, by="b"), earliest=BEGINNING), claim(2, 4, by="c", on="2017")]
    )
    assert "5 or more (no date, one)" in finding.text
    assert "1 (.. to 2017-10-27, b)" in finding.text
    assert "2 to 4 (2017-01-01 to 2017-12-31, c)" in finding.text


def of(**fields: str) -> tuple[str, ...]:
    return tuple(fields.get(name, part) for name, part in zip(findings.SERIES, SERIES, strict=True))


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (of(area="jarut"), of(area="jarut+ruhaiba")),
        (of(measure="enrolled: militia"), of(measure="enrolled: all tracks")),
        (of(measure="enrolled: militia, citizens"), of(measure="enrolled: all tracks, citizens")),
        (of(measure="enrolled: militia", area="a"), of(measure="enrolled: all tracks", area="a+b")),
        (of(scope="deserters"), of()),
    ],
)
def test_a_part_above_its_whole_by_one_claimant(part: tuple[str, ...], whole: tuple[str, ...]) -> None:
    (finding,) = of_claims(REGISTER, [claim(300, series=part), claim(200, series=whole)])
    assert finding.rule == "part-above-whole"
    assert RULES[finding.rule].data_quality
    assert "300" in finding.text
    assert "200" in finding.text
    assert rules(claim(300, series=part), claim(300, series=whole)) == []
    assert rules(claim(300, series=part), claim(200, series=whole, exact=False)) == []
    assert rules(claim(300, series=part), claim(200, series=whole, by="another")) == []
    assert rules(claim(300, series=part), claim(200, series=whole, on="2017-01")) == []
    assert rules(claim(300, series=part, assessed=True), claim(200, series=whole)) == []
    assert rules(claim(200, series=part), claim(300, series=whole)) == []


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (of(area="jarut"), of(area="")),
        (of(area="jarut+qaldun"), of(area="jarut+ruhaiba")),
        (of(scope="deserters"), of(area="jarut+ruhaiba")),
        (of(measure="enrolled: militia"), of(measure="enrolled: all tracks, citizens")),
        (of(measure="enrolled: militia"), of(measure="enrolled: disarm")),
        (of(counting="flow", area="jarut"), of(area="jarut+ruhaiba")),
    ],
)
def test_what_is_no_part_may_be_more(part: tuple[str, ...], whole: tuple[str, ...]) -> None:
    assert rules(claim(300, series=part), claim(200, series=whole)) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5) | st.none(), st.sampled_from("abc")), max_size=6))
def test_what_claims_tell_does_not_depend_on_their_order(drawn: list[tuple[int, int | None, str]]) -> None:
    claims = [
        replace(claim(1), low=min(low, high or low), high=high and max(low, high), claimant=f"{by}{n}")
        for n, (low, high, by) in enumerate(drawn)
    ]
    told = of_claims(REGISTER, claims)
    assert [(one.key, one.text) for one in told] == [(one.key, one.text) for one in of_claims(REGISTER, claims[::-1])]
    assert len(told) <= 1


# --- repeats and disputes -------------------------------------------------------------------------------------


def test_the_same_report_by_the_same_claimant_is_likely_a_duplicate() -> None:
    said = event("TalksConvened", occurred=DAY_1, claimant="TASS", data={})
    again = retold(said, claimant="TASS", note="heard twice")
    (finding,) = of_repeats(said.subject, [said, again])
    assert finding.text == "2 reports of TalksConvened on 2017-10-27 by TASS say the same."
    assert finding.events == (said.id, again.id)
    assert of_repeats(said.subject, [said]) == []  # the other one was marked, or retracted
    assert of_repeats(said.subject, [said, retold(said, claimant="the committee")]) == []
    assert of_repeats(said.subject, [said, retold(said, claimant="TASS", occurred=DAY_2)]) == []


def test_an_opening_told_twice_is_a_duplicate_and_a_revision_never() -> None:
    opening = event("TalksReported", claimant="TASS")
    assert of_repeats(opening.subject, [opening, retold(opening, claimant="TASS")])
    revision = event(
        "EventRetracted", subject="talks/first", claimant="TASS", data={"event": str(opening.id), "reason": "x"}
    )
    other = event(
        "EventRetracted", subject="talks/first", claimant="TASS", data={"event": str(opening.id), "reason": "x"}
    )
    assert of_repeats(opening.subject, [revision, other]) == []


def test_the_content_key_holds_what_is_said_and_not_who_says_it() -> None:
    said = event("TalksScheduled", occurred=DAY_1, claimant="TASS", data={"when": DAY_3})
    same = {findings.content_key(one) for one in (said, retold(said), retold(said, sensitivity="high"))}
    assert len(same) == 1
    assert findings.content_key(retold(said, data={"when": DAY_4})) not in same
    assert findings.content_key(retold(said, occurred=DAY_2)) not in same


def test_a_report_is_disputed_while_the_dispute_stands() -> None:
    said, dispute = new_id(), new_id()
    (finding,) = of_disputes(Subject("talks/first"), [(said, dispute, "actors/committee")])
    assert finding.rule == "report-disputed"
    assert finding.text.startswith("actors/committee disputes")
    assert finding.events == (said, dispute)
    assert of_disputes(Subject("talks/first"), []) == []


# --- processes ------------------------------------------------------------------------------------------------


def states(*events: Event) -> dict[Subject, SubjectState]:
    subjects: defaultdict[Subject, list[Event]] = defaultdict(list)
    for one in events:
        subjects[one.subject].append(one)
    return {subject: fold_of(*told) for subject, told in subjects.items()}


def test_a_process_is_silent_14_days_after_it_was_last_heard_of() -> None:
    (finding,) = of_process("first", states(event("ProcessOpened")), DAY_1)
    assert finding.key == ("silence", "processes/first", "")
    assert not stands(finding, "2017-11-10T23:59:58Z")
    assert stands(finding, "2017-11-11")
    (later,) = of_process("first", {}, DAY_3)
    assert later.since == (finding.since or 0) + 2 * DAY


@pytest.mark.parametrize("heard", [None, "", "2017-10-29/.."])
def test_of_silence_nothing_is_said_without_a_day(heard: str | None) -> None:
    assert of_process("first", states(event("ProcessOpened")), heard) == []


def test_a_process_that_has_ended_is_not_silent() -> None:
    assert of_process("first", states(event("ProcessEnded")), DAY_1) == []


ACTS = [
    event("PositionTaken", subject="talks/first", data={"actor": "elders", "position": "accepts"}),
    event("ProposalMade", subject="processes/first", data={"kind": "draft", "text": "x", "by": "elders"}),
    event("AgreementSigned", data={"actor": "elders"}),
    event("ObligationAgreed", data={"obligation": "o", "text": "x", "debtor": ["elders"]}),
]


@pytest.mark.parametrize("act", ACTS)
def test_an_actor_that_acts_without_a_role(act: Event) -> None:
    (finding,) = of_process("first", states(act), None)
    assert finding.key == ("acting-without-role", "processes/first", "actors/elders")
    assert finding.text.startswith("actors/elders ")
    assert finding.text.endswith(f"({act.subject}), but no role or side of it is reported.")
    assert finding.events == (act.id,)
    taken = event("RoleTaken", subject="convoys/first", data={"actor": "elders", "role": "mediator"})
    assert of_process("first", states(act, taken), None) == []
    ended = event("RoleEnded", subject="convoys/first", occurred="2018", data={"actor": "elders", "role": "mediator"})
    assert of_process("first", states(act, taken, ended), None) == [finding]


def test_a_party_to_talks_needs_no_role() -> None:
    opening = event(
        "TalksReported",
        subject="talks/second",
        data={"processes": ["first"], "title": [{"text": "x"}], "between": ["elders", "government"]},
    )
    assert of_process("first", states(*ACTS, opening), None) == []
    (finding,) = of_process("first", states(*ACTS), None)
    assert set(finding.events) == ids(*ACTS)
    assert "and 1 more" in finding.text


def test_a_witness_needs_no_role() -> None:
    witness = event("AgreementSigned", data={"actor": "elders", "capacity": "witness"})
    assert of_process("first", states(witness), None) == []


# --- all of them ----------------------------------------------------------------------------------------------


def subjects_of(history: list[dict[str, Any]]) -> dict[Subject, list[Event]]:
    told: defaultdict[Subject, list[Event]] = defaultdict(list)
    for wire in history:
        told[wire["subject"]].append(read(wire))
    return told


@given(histories(min_steps=5))
def test_findings_of_any_history_are_whole(history: list[dict[str, Any]]) -> None:
    folded = {subject: folds.fold(subject.partition("/")[0], told) for subject, told in subjects_of(history).items()}
    known = {UUID(wire["id"]) for wire in history}
    found = [one for subject, state in folded.items() for one in of_state(subject, state)]
    found += of_process("first", folded, "2017-10-27")
    for subject, told in subjects_of(history).items():
        found += of_repeats(subject, told)
    assert {one.rule for one in found} <= set(RULES)
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert set(one.events) <= known
        assert one.events or one.rule == "silence"
        assert one.text.endswith(".")
        assert one.since is None or BEGINNING <= one.since <= END + 15 * DAY
        assert one.until is None or one.since is None or one.since < one.until


@given(histories(min_steps=5), st.randoms())
def test_findings_do_not_depend_on_the_order_of_arrival(history: list[dict[str, Any]], chance: Any) -> None:
    for subject, told in subjects_of(history).items():
        family = subject.partition("/")[0]
        mixed = folds.fold(family, chance.sample(told, len(told)))
        kept = folds.load(family, folds.dump(family, folds.fold(family, told)))
        assert of_state(subject, mixed) == of_state(subject, kept)


def test_every_rule_is_told_of_and_raised_by_a_test_here() -> None:
    tests = Path(__file__).read_text(encoding="utf-8")
    for name, rule in RULES.items():
        assert name == rule.name
        assert f'"{name}"' in tests, f"no test here raises {name}"
        assert "raised" in rule.looks_at.lower(), name
        assert "resolved" in rule.looks_at, name
    assert {name for name, rule in RULES.items() if rule.data_quality} == {
        "impossible-step",
        "part-above-whole",
        "likely-duplicate",
    }


def test_every_rule_that_is_raised_is_a_rule() -> None:
    source = Path(findings.__file__).read_text(encoding="utf-8")
    below = source.partition('"""Every rule by its name')[2]
    assert [name for name in RULES if f'"{name}"' not in below] == []


SECTION: dict[str, str] = {
    "contested outcome or date": "contested",
    "claims on one measure and scope that cannot all be true": "claims-contradict",
    "or that diverge widely": "claims-diverge",
    "a part above its whole": "part-above-whole",
    "one side only confirms": "one-side-only",
    "a plan's date has passed unconfirmed": "plan-date-passed",
    "a proposal unanswered past its date": "proposal-unanswered",
    "a truce about to lapse": "truce-lapsing",
    "or lapsed": "truce-lapsed",
    "an obligation overdue": "obligation-overdue",
    "a phase blocked": "phase-blocked",
    "a condition of consent no longer held": "condition-not-held",
    "a clearance stuck": "clearance-stuck",
    "departed and not arrived within a day": "not-arrived",
    "silence for N days": "silence",
    "a step that cannot be": "impossible-step",
    "a change of state with a single claimant after 48 hours": "single-claimant",
    "an actor acting without a role": "acting-without-role",
    "a likely duplicate": "likely-duplicate",
}
"""What the domain asks to be found, in the words of its list, and the rule that finds it."""


def test_every_finding_the_domain_asks_for_has_its_rule() -> None:
    assert set(SECTION.values()) | {"clearance-expired", "report-disputed"} == set(RULES)


@pytest.mark.parametrize("family", folds.STATES)
def test_a_state_of_which_nothing_is_known_fits(family: str) -> None:
    assert of_state(Subject(f"{family}/first"), folds.initial(family)) == []
