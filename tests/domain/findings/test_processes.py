"""What a process as a whole tells."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC

import pytest

from domain.event import Event
from domain.finding import DAY
from domain.findings.processes import in_doubt, of_process
from domain.general import SubjectState
from domain.values import Subject
from tests.domain.findings.cases import (
    DAY_1,
    DAY_3,
    ids,
    stands,
)
from tests.spec import event, fold_of


def states(*events: Event) -> dict[Subject, SubjectState]:
    subjects: defaultdict[Subject, list[Event]] = defaultdict(list)
    for one in events:
        subjects[one.subject].append(one)
    return {subject: fold_of(*told) for subject, told in subjects.items()}


def test_a_process_is_silent_14_days_after_it_was_last_heard_of() -> None:
    (finding,) = of_process("first", states(event("ProcessOpened")), DAY_1, (UTC,))
    assert finding.key == ("silence", "processes/first", "")
    assert not stands(finding, "2017-11-10T23:59:58Z")
    assert stands(finding, "2017-11-11")
    (later,) = of_process("first", {}, DAY_3, (UTC,))
    assert later.since == (finding.since or 0) + 2 * DAY


@pytest.mark.parametrize("heard", [None, "", "2017-10-29/.."])
def test_of_silence_nothing_is_said_without_a_day(heard: str | None) -> None:
    assert of_process("first", states(event("ProcessOpened")), heard) == []


def test_a_process_that_has_ended_is_not_silent() -> None:
    assert of_process("first", states(event("ProcessEnded")), DAY_1) == []


ACTS = [
    event("PositionTaken", subject="talks/first", data={"actor": "elders", "position": "accepts"}),
    event("ProposalMade", subject="processes/first", data={"kind": "draft", "text": "x", "by": "elders"}),
    event("PositionTaken", subject="agreements/first", data={"actor": "elders", "position": "refuses"}),
    event("ProposalMade", subject="convoys/first", data={"kind": "demand", "text": "x", "by": "elders"}),
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


@pytest.mark.parametrize(
    "place",
    [
        event("AgreementSigned", data={"actor": "elders"}),
        event("AgreementSigned", data={"actor": "elders", "capacity": "witness"}),
        event("ObligationAgreed", data={"obligation": "o", "text": "x", "debtor": ["elders"]}),
        event(
            "TalksConvened", subject="talks/second", data={"attendance": [{"actor": "elders", "presence": "present"}]}
        ),
    ],
)
def test_who_signs_owes_or_attends_has_a_place(place: Event) -> None:
    assert of_process("first", states(place), None) == []
    assert of_process("first", states(place, ACTS[1]), None) == []


def test_who_speaks_for_another_needs_no_role() -> None:
    data = {"actor": "elders", "position": "accepts", "on_behalf_of": "government"}
    assert of_process("first", states(event("PositionTaken", subject="talks/first", data=data)), None) == []
    absent = event("TalksConvened", data={"attendance": [{"actor": "elders", "presence": "absent"}]})
    assert of_process("first", states(ACTS[1], absent), None)


def test_that_two_places_could_be_meant_is_a_hint() -> None:
    one, other = event("ProcessOpened"), event("ProcessOpened")
    finding = in_doubt("first", "mill", ("Mill", "Old mill"), "distance", [other.id, one.id])
    assert (finding.rule, finding.events) == ("places-in-doubt", tuple(sorted([one.id, other.id])))
    assert "“Mill” and “Old mill” are told apart (distance)" in finding.text
