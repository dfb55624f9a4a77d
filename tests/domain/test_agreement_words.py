"""Given these reports of an agreement, then it is so: declarations, relations, terms, recurrence, who is not said."""

from __future__ import annotations

from typing import Any

from domain import families
from domain.edtf import When
from domain.event import Event
from domain.finding import Finding
from domain.spans import ANYWHERE, moment_after
from domain.values import Subject
from tests.spec import event, fold_of, given

DAY, LATER = "2017-10-28", "2017-10-30"


def told(name: str, occurred: str = DAY, **data: Any) -> Event:
    return event(name, subject="agreements/first", occurred=occurred, data=data)


def found(rule: str, *events: Event) -> list[Finding]:
    return [one for one in families.findings(Subject("agreements/first"), fold_of(*events)) if one.rule == rule]


def due(*events: Event) -> list[tuple[str, str]]:
    return [(one.what, str(one.when)) for one in families.due(fold_of(*events))]


def test_one_side_declares_what_another_need_not_agree_to() -> None:
    story = given(told("AgreementDeclared", by=["committee"])).then(stage="declared")
    story.when(told("AgreementEnteredIntoForce", LATER)).then(stage="in force")


def test_an_agreement_renews_another_and_somebody_denies_it() -> None:
    says = told("AgreementRelated", relation="renews", to="truce-of-july")
    denies = told("AgreementRelated", relation="renews", to="truce-of-july", affirmed=False)
    (line,) = fold_of(says, denies).relations.values()
    assert line.contested
    (finding,) = found("contested", says, denies)
    assert "whether it renews agreements/truce-of-july" in finding.text
    named = told("AgreementRelated", relation="responds to", named="Truce of July")
    assert len(fold_of(says, named).relations) == 2


def test_it_may_be_signed_without_saying_by_whom() -> None:
    story = given(told("AgreementSigned", described="two elders"), told("AgreementSigned")).then(stage="signed")
    assert len(fold_of(*story.reports).signatures) == 2


def test_an_obligation_whose_debtor_is_not_stated_contradicts_none_that_names_one() -> None:
    nobody = told("ObligationAgreed", obligation="o", text="Release of detainees.", deadline="2017-11")
    somebody = told("ObligationAgreed", obligation="o", text="Release of detainees.", debtor=["government"])
    assert due(nobody) == [("obligation: Release of detainees.", "2017-11")]
    assert found("contested", nobody, somebody) == []


def test_a_term_told_as_a_duration_has_an_end_that_is_computed() -> None:
    begun = told("AgreementEnteredIntoForce", "2017-12-31", lasts="P2M")
    term = fold_of(begun).term.value
    assert (term.until, term.computed, term.lasts) == ("2018-02-27", True, "P2M")
    extended = told("AgreementExtended", "2018-02-20", way="explicitly", lasts="P2M")
    assert fold_of(begun, extended).term.value.until == "2018-04-27"
    (lapsed,) = found("truce-lapsed", begun)
    assert "2018-02-27 (computed by us)" in lapsed.text


def test_a_term_until_an_event_has_no_date_and_does_not_lapse() -> None:
    begun = told("AgreementEnteredIntoForce", until_event="the end of the holiday")
    term = fold_of(begun).term.value
    assert (term.until, term.until_event, term.computed) == (None, "the end of the holiday", False)
    assert found("truce-lapsed", begun) == []


def test_a_named_end_stands_above_a_computed_one() -> None:
    begun = told("AgreementEnteredIntoForce", until="2017-11-30", lasts="P1M")
    assert (fold_of(begun).term.value.until, fold_of(begun).term.value.computed) == ("2017-11-30", False)


def test_an_end_may_be_unknown_in_kind_and_in_date() -> None:
    for how in ("unknown", "never in force"):
        given(told("AgreementEnded", "2017-11/..", how=how)).then(stage="ended", ending=how)


def test_fewer_runs_than_so_many_per_week_are_missed_and_told_with_their_number() -> None:
    often = {"times": 3, "per": "week", "starts": "2017-10-30"}
    owed = told("ObligationAgreed", obligation="o", text="Passage of buses", debtor=["government"], schedule=often)
    runs = [told("ObligationAssessed", day, obligation="o", score=3, run=day) for day in ("2017-10-30", "2017-11-02")]
    assert due(owed, *runs) == [("next run: Passage of buses", "2017-11-05")]
    (missed,) = found("run-missed", owed, *runs)
    assert missed.text == (
        "Obligation o recurs: it was expected by 2017-11-05: 2 of 3 runs are reported for 2017-10-30 to 2017-11-05."
    )
    assert missed.since == moment_after(When("2017-11-05"), ANYWHERE)
    third = told("ObligationAssessed", "2017-11-04", obligation="o", score=1, run="2017-11-04")
    assert due(owed, *runs, third) == [("next run: Passage of buses", "2017-11-12")]
    not_done = told("ObligationAssessed", "2017-11-04", obligation="o", score=0, run="2017-11-04")
    assert due(owed, *runs, not_done) == [("next run: Passage of buses", "2017-11-05")]
    whole = told("ObligationAssessed", "2017-11-08", obligation="o", score=3)
    assert found("run-missed", owed, whole) == []


def test_what_recurs_is_expected_next_and_missed_if_its_day_passes() -> None:
    weekly = {"rule": "FREQ=WEEKLY;BYDAY=MO", "starts": "2017-10-30"}
    owed = told("ObligationAgreed", obligation="o", text="Passage of buses", debtor=["government"], schedule=weekly)
    assert due(owed) == [("next run: Passage of buses", "2017-10-30")]
    done = told("ObligationAssessed", "2017-10-31", obligation="o", score=2, run="2017-10-30")
    assert due(owed, done) == [("next run: Passage of buses", "2017-11-06")]
    (missed,) = found("run-missed", owed, done)
    assert missed.text.startswith("Obligation o recurs: it was expected by 2017-11-06")
    assert missed.since == moment_after(When("2017-11-06"), ANYWHERE)
    not_done = told("ObligationAssessed", "2017-11-07", obligation="o", score=0)
    assert due(owed, done, not_done)[-1][1] in ("2017-10-30", "2017-11-06")
