"""Repeats and disputes."""

from __future__ import annotations

from typing import Any

from domain.event import Event
from domain.findings.reports import content_key, number_keys, of_disputes, of_numbers, of_repeats, of_shared_ids
from domain.values import Subject
from tests.domain.findings.cases import (
    DAY_1,
    DAY_2,
    DAY_3,
    DAY_4,
    OURS,
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


def by(publisher: str, claimant: str | None = None, origin: str | None = None) -> list[dict[str, str]]:
    source = {"publisher": publisher, "claimant": claimant, "derived_from": origin}
    return [{name: value for name, value in source.items() if value}]


def shelling(sources: list[dict[str, str]], *ids: tuple[str, str], **data: Any) -> Event:
    numbers = [{"scheme": scheme, "id": number} for scheme, number in ids]
    said = {"kind": "shelling", **({"ids": numbers} if ids else {}), **data}
    return event("IncidentReported", subject="processes/first", occurred=DAY_1, sources=sources, data=said)


def test_two_papers_that_quote_one_claimant_repeat_nothing_but_what_is_counted() -> None:
    said = event("TalksConvened", occurred=DAY_1, sources=by("Wire", OURS), data={})
    for copy in (by("Radio", OURS), by("Radio", OURS, "Wire")):
        assert of_repeats(said.subject, [said, retold(said, sources=copy)]) == []
    assert of_repeats(said.subject, [said, retold(said, sources=by("WIRE", OURS))])
    incidents = [shelling(by("Wire")), shelling(by("Radio", None, "Wire"))]
    assert of_repeats(incidents[0].subject, incidents), "it counts twice"


def test_ids_of_another_register_tell_whether_two_incidents_are_one() -> None:
    first, second = shelling(by("Wire"), ("acled-event", "1")), shelling(by("Wire"), ("acled-event", "2"))
    subject, unnumbered, elsewhere = first.subject, shelling(by("Wire")), shelling(by("Wire"), ("ucdp-event", "1"))
    assert of_repeats(subject, [first, second]) == [], "two ids of one register are two things"
    assert set(of_repeats(subject, [first, unnumbered])[0].events) == {first.id, unnumbered.id}
    assert set(of_repeats(subject, [first, second, elsewhere])[0].events) == {first.id, second.id, elsewhere.id}
    again = shelling(by("Another register"), ("acled-event", "1"), description="In other words.")
    assert of_repeats(subject, [first, again]) == []
    (key,) = number_keys(first)
    assert number_keys(again) == [key]
    (finding,) = of_numbers(subject, key, [first, again])
    assert finding.text == "2 reports of IncidentReported have the id 1 in acled-event: one thing twice."
    assert set(finding.events) == {first.id, again.id}
    assert of_numbers(subject, key, [first]) == []
    opening = event(
        "TalksReported",
        data={"processes": ["first"], "title": [{"text": "x"}], "ids": [{"scheme": "acled-event", "id": "1"}]},
    )
    assert number_keys(opening) == [], "a further report of a subject may name its id again"


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
    many = {("iso-3166", "SY"): {Subject(f"agreements/{n}"): [told] for n in "abcd"}}
    assert of_shared_ids(a, many) == [], "it is of what they belong to"
    for scheme, family, shared in (
        ("ucdp-conflict", "processes", True),
        ("pa-x-process", "agreements", True),
        ("pa-x-process", "processes", False),
    ):
        first, second = Subject(f"{family}/a"), Subject(f"{family}/b")
        assert (of_shared_ids(first, {(scheme, "1"): {first: [told], second: [again]}}) == []) is shared
