"""Repeats and disputes."""

from __future__ import annotations

from domain.findings.reports import content_key, of_disputes, of_repeats, of_shared_ids
from domain.values import Subject
from tests.domain.findings.cases import (
    DAY_1,
    DAY_2,
    DAY_3,
    DAY_4,
    new_id,
    retold,
)
from tests.spec import event


def test_the_same_report_by_the_same_claimant_is_likely_a_duplicate() -> None:
    said = event("TalksConvened", occurred=DAY_1, claimant="TASS", data={})
    again = retold(said, claimant="TASS", note="heard twice")
    (finding,) = of_repeats(said.subject, [said, again])
    assert finding.text == "2 reports of TalksConvened on 2017-10-27 by TASS say the same."
    assert finding.events == (said.id, again.id)
    assert of_repeats(said.subject, [said]) == []  # the other one was marked, or retracted
    assert of_repeats(said.subject, [said, retold(said, claimant="the committee")]) == []
    assert of_repeats(said.subject, [said, retold(said, claimant="TASS", occurred=DAY_2)]) == []


def test_one_date_written_in_several_ways_is_one() -> None:
    march = [event("TalksConvened", occurred=when, claimant="TASS", data={}) for when in ("2024-03", "2024-03-XX")]
    third = event("TalksConvened", occurred="2024-03-01/2024-03-31", claimant="TASS", data={})
    other = event("TalksConvened", occurred="2024-03~", claimant="TASS", data={})
    for told in ([*march, third, other], [other, third, *march[::-1]]):
        (finding,) = of_repeats(third.subject, told)
        assert set(finding.events) == {third.id, march[0].id, march[1].id}
        assert finding.text == "3 reports of TalksConvened on 2024-03 by TASS say the same."
    planned = [event("TalksScheduled", claimant="TASS", data={"when": when}) for when in ("2024-03", "2024-03-XX")]
    assert len(of_repeats(planned[0].subject, planned)) == 1
    counted = [
        event("FigureReported", subject="talks/first", claimant="TASS", data={
            "measure": "arrivals", "quantity": {"value": 3}, "counting": "flow", "period": period})
        for period in ("2024-03", "2024-03-01/2024-03-31", "2024-04")
    ]  # fmt: skip
    assert len(of_repeats(counted[0].subject, counted)[0].events) == 2


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
    same = {content_key(one) for one in (said, retold(said), retold(said, sensitivity="high"))}
    assert len(same) == 1
    assert content_key(retold(said, data={"when": DAY_4})) not in same
    assert content_key(retold(said, occurred=DAY_2)) not in same


def test_a_report_is_disputed_while_the_dispute_stands() -> None:
    said, dispute = new_id(), new_id()
    (finding,) = of_disputes(Subject("talks/first"), [(said, dispute, "actors/committee")])
    assert finding.rule == "report-disputed"
    assert finding.text.startswith("actors/committee disputes")
    assert finding.events == (said, dispute)
    assert of_disputes(Subject("talks/first"), []) == []


def test_an_id_of_another_register_belongs_to_one_subject_of_a_family() -> None:
    a, b, process = Subject("agreements/a"), Subject("agreements/b"), Subject("processes/p")
    told, again, other = new_id(), new_id(), new_id()
    holders = {("pa-x-agreement", "1"): {a: [told, again], b: [other], process: [other]}}
    (finding,) = of_shared_ids(a, holders)
    assert (finding.rule, finding.about) == ("shared-foreign-id", "id pa-x-agreement|1")
    assert set(finding.events) == {told, again, other}
    assert of_shared_ids(process, holders) == []
