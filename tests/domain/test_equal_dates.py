"""Dates are compared by their spans: one month written in three ways is one month, in whatever line it stands."""

from __future__ import annotations

from typing import Any

import pytest

from domain import agreements
from domain.edtf import When
from domain.event import Event
from domain.findings.figures import of_claims
from projections.queries.line_changes import substance
from projections.queries.line_names import NamedLine
from projections.read_models import figures
from tests.spec import event, fold_of

MARCH = ("2024-03", "2024-03-XX", "2024-03-01/2024-03-31")


@pytest.mark.parametrize(
    ("when", "bounds"),
    [
        *((text, "2024-03-01/2024-03-31") for text in MARCH),
        ("2024-03-01", "2024-03-01"),
        ("2024-03-01/2024-03-01", "2024-03-01"),
        ("2024-03-01/..", "2024-03-01/.."),
        ("2024-03-01/", "2024-03-01/.."),
        ("/2024-03", "../2024-03-31"),
        ("2024", "2024-01-01/2024-12-31"),
        ("2024-XX-XX", "2024-01-01/2024-12-31"),
        ("202X", "2020-01-01/2029-12-31"),
        ("2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2024-03-01T03:00:00+03:00", "2024-03-01T00:00:00Z"),
        ("2024-03-01T00:00Z", "2024-03-01T00:00:00Z/2024-03-01T00:00:59Z"),
    ],
)
def test_dates_have_one_spelling_of_their_bounds(when: str, bounds: str) -> None:
    assert When(when).bounds == bounds
    assert When(bounds).span == When(when).span


def told(name: str, publisher: str, data: dict[str, Any]) -> Event:
    return event(name, subject="agreements/first", occurred="2024-02-01", claimant=publisher, data=data)


def test_a_term_a_deadline_and_a_plan_agree_with_themselves_in_another_spelling() -> None:
    owed = {"obligation": "o", "text": "x", "debtor": ["a"]}
    state = fold_of(
        *(told("AgreementEnteredIntoForce", text, {"until": text}) for text in MARCH),
        *(told("ObligationAgreed", text, {**owed, "deadline": text}) for text in MARCH),
    )
    assert len(state.term.candidates) == 1
    assert len(agreements.term_ends(state)) == 1
    obligation = state.obligations["o"]
    assert len(obligation.agreed.candidates) == 1
    assert len(agreements.deadlines(obligation)) == 1
    planned = fold_of(*(event("TalksScheduled", occurred="2024-02-01", data={"when": text}) for text in MARCH))
    assert len(planned.planned.candidates) == 1
    assert len(planned.planned.candidates[0].events) == 3
    register = fold_of(
        *(event("EnrolmentReopened", occurred="2024-02-01", data={"until": text}) for text in MARCH),
    )
    assert len(register.until.candidates) == 1


def test_figures_of_one_period_are_compared_however_it_is_written() -> None:
    said = [
        event("FigureReported", subject="talks/first", occurred="2024-04-02", claimant=f"office {number}", data={
            "measure": "arrivals", "quantity": {"value": 100 ** (number + 1)}, "counting": "flow", "period": period})
        for number, period in enumerate(MARCH)
    ]  # fmt: skip
    claims = [claim.made for claim in figures.fold(said)]
    assert len({claim.series for claim in claims}) == 1
    (finding,) = of_claims(said[0].subject, claims)
    assert set(finding.events) == {one.id for one in said}


def test_another_spelling_of_a_date_is_no_change_of_a_line() -> None:
    def line(value: Any) -> NamedLine:
        return {"value": value, "contested": False, "candidates": []}  # type: ignore[typeddict-item]

    assert substance(line("2024-03")) == substance(line("2024-03-XX")) != substance(line("2024-04"))
    assert substance(line({"until": "2024-03"})) == substance(line({"until": "2024-03-01/2024-03-31"}))
    assert substance(line("2024 or so")) == "2024 or so"
