"""What may not fit on any subject: who says so, answers, conditions, steps that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from domain.lines import told_by_one
from tests.domain.findings.cases import (
    DAY_1,
    DAY_2,
    DAY_3,
    DAY_4,
    OURS,
    THEIRS,
    agreement,
    convoy,
    found,
    ids,
    retold,
    stands,
    talks,
)
from tests.spec import event, fold_of


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


@pytest.mark.parametrize(
    "said",
    [
        ("AgreementDeclared", {"by": ["government"]}),
        ("AgreementSuspended", {"by": "government"}),
        ("AgreementEnded", {"how": "denounced", "by": "government"}),
    ],
)
def test_what_one_side_can_do_by_itself_is_so_when_it_says_so(said: Any) -> None:
    told = event(said[0], occurred=DAY_2, claimant=OURS, data=said[1])
    assert found(agreement(), told, rule="one-side-only") == []


def test_a_change_of_state_is_marked_if_no_more_than_one_claimant_tells_of_it() -> None:
    convened = event("TalksConvened", occurred=DAY_1, claimant="TASS", data={})
    again = retold(convened, claimant="TASS", occurred=DAY_3)
    inferred, observed = retold(convened, basis="inferred by us"), retold(convened, basis="observed")
    for told in ([convened], [convened, again], [convened, inferred], [event("TalksConvened", occurred=DAY_1)]):
        assert told_by_one(fold_of(*told).stage)
    for told in ([convened, retold(convened, claimant="the committee")], [convened, observed]):
        assert not told_by_one(fold_of(*told).stage)
    assert not told_by_one(fold_of(event("ProcessOpened", claimant="TASS")).stage), "that it began is no change"
    assert told_by_one(fold_of(event("ProcessSuspended", occurred=DAY_1)).stage), "nobody is named"


def test_a_proposal_unanswered_past_its_date() -> None:
    proposal = event("ProposalMade", subject="talks/first", occurred=DAY_1)
    (finding,) = found(proposal, rule="proposal-unanswered")
    assert "actors/field-commanders to actors/government" in finding.text
    assert not stands(finding, "2017-11-30")
    assert stands(finding, "2017-12-01")
    position = {"actor": "government", "position": "refuses", "answers": str(proposal.id)}
    answer = event("PositionTaken", subject="talks/first", occurred=DAY_2, data=position)
    assert found(proposal, answer, rule="proposal-unanswered") == []
    at_large = {"actor": "government", "position": "refuses"}
    for said, day in (({}, DAY_1), ({"matter": "the road"}, DAY_2), ({"actor": "elders"}, DAY_2)):
        other = event("PositionTaken", subject="talks/first", occurred=day, data={**at_large, **said})
        assert found(proposal, other, rule="proposal-unanswered")
    spoken = event("PositionTaken", subject="talks/first", occurred=DAY_2, data=at_large)
    assert found(proposal, spoken, rule="proposal-unanswered") == []
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
        (("AgreementSigned", {"actor": "a"}), ("AgreementEnteredIntoForce", {})),
        (("AgreementReached", {}), ("AgreementEnteredIntoForce", {})),
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
