"""A line keeps what no later report follows, whatever the order in which the reports came in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain import agreements, convoys, enrolments, families, general, processes, talks
from domain.edtf import When
from domain.event import Event
from domain.lines import ANY_ORDER, Course, Line
from domain.spans import moment_after
from tests.spec import event, example_of, fold_of
from tests.strategies import DATES

COURSES = {
    "process": processes.COURSE,
    "talks": talks.COURSE,
    "agreement": agreements.COURSE,
    "convoy": convoys.COURSE,
    "clearance": convoys.CLEARANCE_COURSE,
    "enrolment": enrolments.COURSE,
    "role": general.ROLE_COURSE,
}
Report = tuple[str, Event]
PASSED = {"plan-date-passed", "truce-lapsed", "obligation-unsettled", "clearance-expired", "clearance-stuck"}
PASSED |= {"proposal-unanswered"}
CONVENED: Report = ("convened", event("TalksConvened", occurred="2017-10-20", data={}))


def line_of(reports: list[Report], course: Course) -> Line[str]:
    line: Line[str] = Line()
    for value, one in sorted(reports, key=lambda report: report[1].order):
        line = line.advance(value, one, course)
    return line


def steps(course: Course) -> list[str]:
    return sorted({str(step) for pair in course.pairs for step in pair})


@st.composite
def told(draw: st.DrawFn) -> tuple[list[Report], Course]:
    course = draw(st.sampled_from([ANY_ORDER, *COURSES.values()]))
    values = st.sampled_from(steps(course) or ["yes", "no", "maybe"])
    pairs = draw(st.lists(st.tuples(values, st.sampled_from(DATES)), min_size=1, max_size=6))
    return [(value, event("RoleTaken", occurred=date)) for value, date in pairs], course


def follows(course: Course) -> Callable[[Report, Report], bool]:
    """Whether the second report follows the first: certainly later, or a later step where dates leave it open."""

    def later(a: Report, b: Report) -> bool:
        if a[1].span.precedes(b[1].span):
            return True
        if course.turns_to(a[0], b[0]) and a[1].span == b[1].span:
            return a[1].order < b[1].order
        return course.leads(a[0], b[0]) and not b[1].span.precedes(a[1].span)

    return later


@given(told())
def test_what_stands_is_what_no_other_report_follows(told: tuple[list[Report], Course]) -> None:
    reports, course = told
    later = follows(course)
    # Dates may contradict the course (arrived on the 1st, left on the 5th, held some time that month); what then
    # stands has no such simple definition.
    assume(not any(later(a, b) and later(b, c) and later(c, a) for a in reports for b in reports for c in reports))
    stands = {one.id for value, one in reports if not any(later((value, one), other) for other in reports)}
    line = line_of(reports, course)
    assert {candidate.events[-1] for candidate in line.candidates} <= stands <= set(line.events)


@given(told())
def test_something_always_stands(told: tuple[list[Report], Course]) -> None:
    reports, course = told
    line = line_of(reports, course)
    assert line.values
    assert line.contested == (line.value is None) == (len(line.values) > 1)
    assert set(line.events) <= {one.id for _, one in reports}


@given(told())
def test_a_report_heard_twice_changes_no_value(told: tuple[list[Report], Course]) -> None:
    reports, course = told
    again = [(value, event("RoleTaken", occurred=one.occurred)) for value, one in reports]
    assert set(line_of([*reports, *again], course).values) == set(line_of(reports, course).values)


@pytest.mark.parametrize("name", COURSES)
def test_a_course_never_leads_back(name: str) -> None:
    course = COURSES[name]
    for a, b in course.pairs:
        assert (b, a) not in course.pairs
        assert course.leads(a, b)
        assert not course.leads(a, a)
    assert all((a, d) in course.pairs for a, b in course.pairs for c, d in course.pairs if b == c)


def test_paths_join_where_they_share_a_step() -> None:
    course = Course.of(("a", "b"), ("b", "c"), ("d", "c"))
    assert course.pairs == {("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")}


def test_any_arrival_gives_the_same_line() -> None:
    reports = [
        ("departed", event("RoleTaken", occurred="2017-10")),
        ("held", event("RoleTaken", occurred="2017-10-28")),
        ("arrived", event("RoleTaken", occurred="2017-10-28~")),
    ]
    lines = {line_of(list(order), convoys.COURSE) for order in permutations(reports)}
    assert [line.value for line in lines] == ["arrived"]


def test_what_is_only_possible_takes_the_place_of_nothing() -> None:
    """A month that the horizon cuts begins before the days in it, and its step comes last in the usual course."""
    concluded = ("concluded", event("TalksConcluded", occurred="2017-10").as_possible())
    scheduled, convened = (("scheduled", event("TalksScheduled", occurred="2017-10-10")), CONVENED)
    line = line_of([concluded, scheduled, convened], talks.COURSE)
    assert [(c.value, c.possible) for c in line.candidates] == [("concluded", True), ("convened", False)]
    assert (line.value, line.contested, line.otherwise) == ("convened", False, True)
    certain = ("concluded", event("TalksConcluded", occurred="2017-10"))
    assert [c.value for c in line_of([certain, scheduled, convened], talks.COURSE).candidates] == ["concluded"]
    perhaps = ("convened", CONVENED[1].as_possible())
    assert [c.value for c in line_of([certain, perhaps], talks.COURSE).candidates] == ["concluded"]


def test_an_empty_line_says_nothing() -> None:
    line: Line[Any] = Line()
    assert (line.value, line.contested, line.events, line.since) == (None, False, (), None)


def test_wording_aside_reports_agree() -> None:
    first, second = (
        convoys.Whereabouts(stage="held", place=None, actor=None, reason=reason) for reason in ("papers", "no reason")
    )
    line: Line[convoys.Whereabouts] = Line()
    line = line.advance(first, event("RoleTaken")).advance(second, event("RoleTaken"))
    assert not line.contested
    assert line.value == second
    assert len(line.candidates) == 1
    assert len(line.events) == 2


def test_what_is_said_in_a_field_is_said_once_and_as_exactly_as_anybody_says_it() -> None:
    month, day = event("TalksScheduled", data={"when": "2017-10"}), event("TalksScheduled", data={"when": "2017-10-29"})
    again = event("TalksScheduled", data={"when": "2017-10-29"}, occurred=day.occurred)
    line = Line[Any]()
    for one in sorted((month, day, again), key=lambda one: one.order):
        line = line.advance(one.data, one)
    (said,) = line.said_in("when")
    assert (said.value, set(said.events)) == ("2017-10-29", {day.id, again.id})
    perhaps = Line[Any]().advance(month.data, month).advance(day.data, day.as_possible())
    assert [said.value for said in perhaps.said_in("when")] == ["2017-10", "2017-10-29"], "that may not be so"
    assert line.said_in("venue") == []


def test_a_deadline_of_a_month_and_of_a_day_in_it_is_one() -> None:
    """In every family: the day stands, cited with those that give it."""
    round_of_talks = {"when": "2017-10"}, {"when": "2017-10-29"}
    term = {"until": "2017-12"}, {"until": "2017-12-15", "renewable": True}
    owed = (
        {"obligation": "o", "text": "Release.", "deadline": "2017-11"},
        {"obligation": "o", "text": "Free them.", "deadline": "2017-11-05"},
    )
    clearance = (
        {"by": "a", "form": "final", "valid_until": "2017-11"},
        {"by": "a", "form": "final", "valid_until": "2017-11-05"},
    )
    opening = {"passage": "announced", "on": "2017-11"}, {"passage": "announced", "on": "2017-11-05"}
    register = {**example_of("EnrolmentOpened"), "modality": "actual"}
    openings = {**register, "until": "2017-11"}, {**register, "until": "2017-11-05"}
    proposal = (
        {"kind": "demand", "text": "A venue.", "answer_by": "2017-11"},
        {"kind": "demand", "text": "A venue.", "answer_by": "2017-11-05"},
    )
    for name, subject, (vague, exact) in (
        ("TalksScheduled", "talks/first", round_of_talks),
        ("AgreementEnteredIntoForce", "agreements/first", term),
        ("ObligationAgreed", "agreements/first", owed),
        ("ClearanceGranted", "convoys/first", clearance),
        ("PassageReported", "convoys/first", opening),
        ("ConvoyRequested", "convoys/first", ({"answer_by": "2017-11"}, {"answer_by": "2017-11-05"})),
        ("EnrolmentOpened", "enrolments/first", openings),
        ("ProposalMade", "talks/first", proposal),
    ):
        reports = [event(name, subject=subject, occurred="2017-10-20", data=data) for data in (vague, exact)]
        (due,) = [due for due in families.due(fold_of(*reports)) if due.when.startswith("2017-1")]
        assert (due.when in exact.values(), due.events) == (True, (reports[1].id,)), name
        found = [one for one in families.findings(reports[0].subject, fold_of(*reports), (UTC,)) if one.rule in PASSED]
        assert [one.since for one in found] == [moment_after(When(due.when), (UTC,))] * (name != "EnrolmentOpened"), (
            name
        )


@pytest.mark.parametrize(
    ("name", "subject", "shared", "field", "values"),
    [
        (
            "ConvoyArrived",
            "convoys/first",
            {"completeness": "partly"},
            "people_reached",
            ({"value": 5000}, {"value": 90}),
        ),
        (
            "ClearanceGranted",
            "convoys/first",
            {"by": "a", "form": "final"},
            "valid_until",
            ("2017-11-05", "2017-11-25"),
        ),
        (
            "ObligationAgreed",
            "agreements/first",
            {"obligation": "o", "text": "x"},
            "target",
            ({"value": 5}, {"value": 50}),
        ),
        (
            "ObligationAssessed",
            "agreements/first",
            {"obligation": "o", "score": 1},
            "achieved",
            ({"value": 5}, {"value": 50}),
        ),
        ("AgreementEnteredIntoForce", "agreements/first", {"until": "2017-12"}, "starts", ("2017-10-01", "2017-10-15")),
        (
            "RoleReported",
            "processes/first",
            {"role": "mediator", "described": "x"},
            "number",
            ({"value": 2}, {"value": 9}),
        ),
    ],
)
def test_reports_of_one_day_that_agree_in_the_main_are_contested_in_the_rest(
    name: str, subject: str, shared: dict[str, Any], field: str, values: tuple[Any, Any]
) -> None:
    """Neither claim is lost, whichever id comes first."""
    for told in (values, values[::-1]):
        reports = [event(name, subject=subject, occurred="2017-10-20", data={**shared, field: one}) for one in told]
        silent = event(name, subject=subject, occurred="2017-10-20", data=shared)
        found = [
            one
            for one in families.findings(reports[0].subject, fold_of(*reports, silent), (UTC,))
            if one.rule == "contested"
        ]
        assert [set(one.events) >= {report.id for report in reports} for one in found] == [True]
