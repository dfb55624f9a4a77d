"""Given these reports of talks, roles and bodies: what did not happen, who is only described, what is denied."""

from __future__ import annotations

from typing import Any

import pytest

from domain import families
from domain.errors import Malformed
from domain.event import Event
from domain.finding import Finding
from domain.values import Subject
from tests.spec import contested, event, fold_of, given

DAY, LATER = "2017-10-29", "2017-10-30"


def told(name: str, occurred: str = DAY, **data: Any) -> Event:
    subject = "processes/first" if name.startswith("Body") else "talks/first"
    return event(name, subject=subject, occurred=occurred, data=data)


def found(rule: str, *events: Event) -> list[Finding]:
    every = families.findings(events[0].subject, fold_of(*events))
    return [one for one in every if one.rule == rule]


def due(*events: Event) -> list[tuple[str, str]]:
    return [(one.what, str(one.when)) for one in families.due(fold_of(*events))]


SCHEDULED = told("TalksScheduled", "2017-10-27", when="2017-10-29")


def test_a_round_that_was_not_held_stays_overdue_and_says_who_did_not_come() -> None:
    not_held = told("TalksNotHeld", absent=["committee"])
    story = given(SCHEDULED, not_held).then(stage="not held")
    state = fold_of(*story.reports)
    assert state.attendance["committee"].value.presence == "absent"
    assert due(SCHEDULED, not_held) == [("round of talks, not held", "2017-10-29")]
    assert found("plan-date-passed", SCHEDULED, not_held) == [], "somebody says what became of it"
    story.when(told("TalksCancelled", LATER)).then(stage="cancelled")
    story.when(told("TalksConvened", LATER)).then(stage="convened")


def test_held_and_not_held_on_one_day_is_contested() -> None:
    convened, not_held = told("TalksConvened"), told("TalksNotHeld")
    given(SCHEDULED, convened, not_held).then(stage=contested({"convened": convened, "not held": not_held}))


def test_that_no_date_is_set_denies_one_that_was_told() -> None:
    denied = told("TalksDateDenied", "2017-10-28", denied="2017-10-29")
    given(SCHEDULED, denied).then(stage="no date set", planned=None)
    assert due(SCHEDULED, denied) == []
    same_day = told("TalksDateDenied", "2017-10-27")
    given(SCHEDULED, same_day).then(stage=contested({"scheduled": SCHEDULED, "no date set": same_day}))


def test_talks_are_over_and_nobody_tells_what_came_of_them() -> None:
    given(told("TalksConvened"), told("TalksConcluded", outcome="unknown")).then(stage="concluded", outcome="unknown")
    one, other = told("TalksConcluded", outcome="unknown"), told("TalksConcluded", outcome="with outcome")
    assert found("contested", one, other) == [], "unknown contradicts nothing"


def test_rounds_topics_and_form_add_up_over_reports() -> None:
    data: dict[str, Any] = {"processes": ["p"], "title": [{"text": "Talks"}]}
    topic = {"scheme": "cwm", "code": "territory"}
    shuttle = told("TalksReported", **data, topics=[topic], form="shuttle", rounds={"value": 4, "unit": "rounds"})
    state = fold_of(shuttle, told("TalksReported", **data, topics=[topic, {"scheme": "cwm", "code": "government"}]))
    assert [one.code for one in state.topics] == ["territory", "government"]
    assert (state.form.value, state.rounds.value.value) == ("shuttle", 4)


def test_a_mediator_may_only_be_described_and_there_may_be_several() -> None:
    one = told("RoleReported", role="mediator", described="a tribal mediator")
    several = told("RoleReported", role="mediator", described="elders", number={"value": 3})
    assert len(fold_of(one, several).described_roles) == 2
    with pytest.raises(Malformed, match="nobody"):
        told("RoleReported", role="mediator")
    with pytest.raises(Malformed, match="nobody"):
        told("RoleReported", role="mediator", described="elders", nobody=True)


def test_that_nobody_mediated_contradicts_a_mediator_at_the_same_time() -> None:
    nobody = told("RoleReported", role="mediator", nobody=True)
    (finding,) = found("contested", nobody, told("RoleTaken", actor="russia", role="mediator"))
    assert "who is mediator: nobody" in finding.text
    assert "actors/russia" in finding.text
    assert found("contested", nobody, told("RoleReported", role="mediator", described="an elder"))
    assert found("contested", nobody, told("RoleTaken", LATER, actor="russia", role="mediator")) == []
    assert found("contested", nobody, told("RoleTaken", actor="russia", role="witness")) == []


def test_a_role_may_be_that_of_a_third_party_named_by_somebody() -> None:
    taken = told("RoleTaken", actor="elders", role="third party", nominated_by="government")
    (line,) = fold_of(taken).roles.values()
    assert (line.value.role, line.value.nominated_by) == ("third party", "government")


def test_a_position_that_is_not_known_contradicts_none() -> None:
    unknown = told("PositionTaken", actor="committee", position="unknown")
    assert found("contested", unknown, told("PositionTaken", actor="committee", position="accepts")) == []


def test_a_body_is_dissolved_or_replaced() -> None:
    first, second = told("BodyEstablished", labels=[{"text": "A"}]), told("BodyEstablished", labels=[{"text": "B"}])
    gone = told("BodyDissolved", LATER, established=str(first.id), replaced_by=str(second.id))
    state = fold_of(first, second, gone)
    assert [cited.data.established for cited in state.dissolved] == [first.id]
    assert families.findings(Subject("processes/first"), state) == []
