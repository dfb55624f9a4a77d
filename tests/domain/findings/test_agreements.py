"""Obligations, and the end of a truce."""

from __future__ import annotations

from typing import Any

import pytest

from domain.event import Event
from domain.findings.rules import holds
from tests.domain.findings.cases import (
    DAY_1,
    DAY_2,
    DAY_3,
    DAY_4,
    found,
    ids,
    stands,
)
from tests.spec import event


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


def test_in_an_archive_what_is_overdue_is_unsettled_and_less_grave() -> None:
    agreed = owes("release", deadline=DAY_1)
    (old,), (followed,) = (found(agreed, rule=name) for name in ("obligation-unsettled", "obligation-overdue"))
    assert (old.text, old.since, old.about) == (followed.text, followed.since, followed.about)
    assert [holds(old.rule, followed=yes) for yes in (True, False)] == [False, True]
    assert [holds(followed.rule, followed=yes) for yes in (True, False)] == [True, False]
    assert found(agreed, assessed("release", score=3), rule="obligation-unsettled") == []


def test_a_run_that_is_not_reported_is_missed() -> None:
    (finding,) = found(owes("passage", schedule={"times": 1, "per": "month", "starts": DAY_1}), rule="run-missed")
    assert "expected by 2017-11-26" in finding.text
    assert not stands(finding, "2017-11-26T20:00:00Z")
    assert stands(finding, "2017-11-27")
