"""Where a truce stands at a time, and the ledger of an agreement: phases, what is overdue, what mirrors what."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from domain import agreements
from domain.agreements import LAPSING, mirror_pairs, phases, standing, term_ends
from domain.edtf import When
from domain.event import Event
from tests.spec import event, fold_of

ZONE = (UTC,)


def at(moment: str) -> int:
    return When(moment).span.earliest


def in_force(occurred: str = "2017-07-01", **data: Any) -> Event:
    return event("AgreementEnteredIntoForce", occurred=occurred, data=data)


def extended(occurred: str, **data: Any) -> Event:
    return event("AgreementExtended", occurred=occurred, data={"way": "explicitly", **data})


def suspended(occurred: str) -> Event:
    return event("AgreementSuspended", occurred=occurred)


def resumed(occurred: str) -> Event:
    return event("AgreementResumed", occurred=occurred)


TRIAL = in_force(until="2017-09-30", trial=True)


@pytest.mark.parametrize(
    ("reports", "moment", "expected"),
    [
        ([event("AgreementReported")], "2017-08", "not in force"),
        ([event("AgreementSigned")], "2017-12", "not in force"),
        ([in_force()], "2017-08", "in force"),
        ([in_force(starts="2017-08-01")], "2017-07-31", "not in force"),
        ([in_force(starts="2017-08-01")], "2017-08-01", "in force"),
        ([TRIAL], "2017-08", "trial"),
        ([TRIAL], "2017-09-16", "trial"),
        ([TRIAL], "2017-09-17", "lapsing"),
        ([TRIAL], "2017-09-30T23:59:59Z", "lapsing"),
        ([TRIAL], "2017-10-01", "lapsed"),
        ([in_force(until="2017-07-02/..")], "2018", "in force"),
        ([TRIAL, extended("2017-09-20", until="2017-12-31")], "2017-10-01", "trial"),
        ([TRIAL, extended("2017-09-20", until="2017-12-31")], "2018-01-01", "lapsed"),
        ([TRIAL, extended("2017-09-20")], "2018-01-01", "trial"),
        ([TRIAL, in_force("2017-09-20")], "2018-01-01", "in force"),
        ([TRIAL, suspended("2017-08-01")], "2017-10-01", "suspended"),
        ([TRIAL, suspended("2017-08-01"), resumed("2017-08-20")], "2017-09-01", "trial"),
        ([TRIAL, suspended("2017-08-01"), resumed("2017-08-20")], "2017-10-01", "lapsed"),
        ([TRIAL, suspended("2017-08-01"), extended("2017-08-20", until="2017-12")], "2017-09-01", "trial"),
        ([TRIAL, event("AgreementEnded", occurred="2017-10-02")], "2017-10-03", "ended"),
        ([in_force(), suspended("2017-08"), resumed("2017-08-10")], "2017-09", "contested"),
    ],
)
def test_where_a_truce_stands(reports: list[Event], moment: str, expected: str) -> None:
    assert standing(fold_of(*reports), at(moment), ZONE) == expected


def test_two_ends_of_a_term_leave_it_lapsing_until_the_last_one() -> None:
    state = fold_of(in_force(until="2017-09-30"), in_force(until="2017-10-31"))
    assert [str(end) for end in term_ends(state)] == ["2017-09-30", "2017-10-31"]
    assert standing(state, at("2017-09-17"), ZONE) == "lapsing"
    assert standing(state, at("2017-10-31"), ZONE) == "lapsing"
    assert standing(state, at("2017-11-01"), ZONE) == "lapsed"


def test_a_report_that_names_no_end_denies_none() -> None:
    assert term_ends(fold_of(in_force(until="2017-09-30"), in_force())) == ["2017-09-30"]
    assert LAPSING == 14 * 24 * 60 * 60


# --- the ledger -----------------------------------------------------------------------------------------------


def owes(name: str, **data: Any) -> Event:
    return event("ObligationAgreed", data={"obligation": name, "text": name, "debtor": ["a"], **data})


def assessed(name: str, **data: Any) -> Event:
    return event("ObligationAssessed", occurred="2017-11", data={"obligation": name, **data})


LIFT = owes("lift", phase="first", deadline="2017-10-29")
OPEN = owes("open", phase="first", depends_on=["lift"])
RELEASE = owes("release", phase="second", depends_on=["open", "lift"])


def test_phases_tell_what_is_kept_overdue_and_waited_for() -> None:
    state = fold_of(LIFT, OPEN, RELEASE, assessed("lift", score=2), assessed("other", score=3))
    first, second, rest = phases(state, at("2017-10-30"), ZONE)
    assert (first.name, first.obligations, first.kept) == ("first", ("lift", "open"), 0)
    assert (first.overdue, first.blocked_by) == (("lift",), ())
    assert (second.name, second.obligations, second.blocked_by) == ("second", ("release",), ("open", "lift"))
    assert (rest.name, rest.obligations, rest.kept) == (None, ("other",), 1)
    assert phases(state, at("2017-10-29"), ZONE)[0].overdue == ()


def test_what_is_kept_is_neither_overdue_nor_in_the_way() -> None:
    state = fold_of(LIFT, OPEN, RELEASE, assessed("lift", score=3))
    first, second = phases(state, at("2018"))
    assert (first.kept, first.overdue) == (1, ())
    assert second.blocked_by == ("open",)


def test_nothing_is_overdue_once_the_agreement_has_ended() -> None:
    state = fold_of(LIFT, RELEASE, event("AgreementEnded", occurred="2018"))
    assert [(phase.overdue, phase.blocked_by) for phase in phases(state, at("2019"))] == [((), ()), ((), ())]
    assert agreements.owed(state) == {}


def test_an_obligation_judged_to_be_overdue_is_so_whatever_its_deadline() -> None:
    state = fold_of(LIFT, assessed("lift", standing="overdue"))
    assert phases(state, at("2017-10-01"))[0].overdue == ("lift",)


def test_obligations_that_answer_each_other_are_one_pair() -> None:
    state = fold_of(owes("release", mirrors="lift"), owes("lift", mirrors="release"), owes("open", mirrors="untold"))
    assert {frozenset(pair) for pair in mirror_pairs(state)} == {
        frozenset(("lift", "release")),
        frozenset(("open", "untold")),
    }
    assert len(mirror_pairs(state)) == 2
    assert mirror_pairs(fold_of(LIFT)) == []
