"""Claims on figures that do not fit together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.edtf import BEGINNING, END, When
from domain.findings.figures import ClaimMade, of_claims
from domain.findings.rules import RULES
from domain.values import Series, Subject
from tests.domain.findings.cases import (
    DAY_1,
    DAY_3,
    DAY_4,
    new_id,
)

REGISTER = Subject("enrolments/first")
SERIES = ("fighters", "stock", "persons", "jarut", "", "")


def claim(
    low: float,
    high: float | None = None,
    *,
    by: str = "one",
    on: str = DAY_1,
    series: tuple[str, ...] = SERIES,
    assessed: bool = False,
    exact: bool = True,
) -> ClaimMade:
    span = When(on).span
    return ClaimMade(
        series, by, assessed, low, low if exact and high is None else high, span.earliest, span.latest, new_id()
    )


def rules(*claims: ClaimMade) -> list[str]:
    return [one.rule for one in of_claims(REGISTER, claims)]


def test_claims_that_no_number_satisfies_contradict_each_other() -> None:
    one, other = claim(2000), claim(1500, by="actors/committee", on=DAY_3)
    (finding,) = of_claims(REGISTER, [one, other])
    assert finding.rule == "claims-contradict"
    assert finding.text == (
        "Claims on “fighters” (stock, persons, area jarut) cannot all be true: "
        "1500 (2017-10-29, actors/committee); 2000 (2017-10-27, one)."
    )
    assert set(finding.events) == {one.event, other.event}
    assert rules(one, claim(2000, by="actors/committee", on=DAY_4)) == []


def test_a_claimed_zero_is_a_claim_too() -> None:
    assert rules(claim(0), claim(20, by="another")) == ["claims-contradict"]
    assert rules(claim(0), claim(0, 20, by="another")) == ["claims-diverge"]
    assert rules(claim(0), claim(0, by="another")) == []


@pytest.mark.parametrize(
    "other",
    [
        claim(10, by="another", assessed=True),
        claim(10, by="another", on="2017-12-15"),
        claim(10, by="another", series=("fighters", "stock", "persons", "", "", "")),
    ],
)
def test_what_is_judged_long_ago_or_another_series_does_not_contradict(other: ClaimMade) -> None:
    assert rules(claim(2000), other) == []


def test_claims_diverge_if_only_their_width_lets_all_be_true() -> None:
    assert rules(claim(900, 5000), claim(1000, by="another")) == ["claims-diverge"]
    assert rules(claim(900, 1500), claim(1000, by="another")) == []
    assert rules(claim(200, exact=False), claim(400, by="another")) == ["claims-diverge"]
    assert rules(claim(0, exact=False), claim(400, by="another")) == []
    assert rules(claim(0, 800), claim(400, by="another")) == ["claims-diverge"]
    assert rules(claim(0, 800), claim(700, by="another")) == []


def test_many_claims_are_told_by_the_smallest_and_the_largest() -> None:
    (finding,) = of_claims(REGISTER, [claim(n, by=f"claimant {n}") for n in range(1, 10)])
    assert "1 (2017-10-27, claimant 1)" in finding.text
    assert "9 (2017-10-27, claimant 9); and 4 more." in finding.text


def test_a_claim_of_any_time_is_told_without_a_date() -> None:
    ever = replace(claim(5, exact=False), earliest=BEGINNING, latest=END)
    (finding,) = of_claims(
        REGISTER, [ever, replace(claim(1, by="b"), earliest=BEGINNING), claim(2, 4, by="c", on="2017")]
    )
    assert "5 or more (no date, one)" in finding.text
    assert "1 (.. to 2017-10-27, b)" in finding.text
    assert "2 to 4 (2017-01-01 to 2017-12-31, c)" in finding.text


def of(**fields: str) -> tuple[str, ...]:
    return tuple(fields.get(name, part) for name, part in zip(Series._fields, SERIES, strict=True))


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (of(area="jarut"), of(area="jarut+ruhaiba")),
        (of(measure="enrolled: militia"), of(measure="enrolled: all tracks")),
        (of(measure="enrolled: militia, citizens"), of(measure="enrolled: all tracks, citizens")),
        (of(measure="enrolled: militia", area="a"), of(measure="enrolled: all tracks", area="a+b")),
        (of(scope="deserters"), of()),
    ],
)
def test_a_part_above_its_whole_by_one_claimant(part: tuple[str, ...], whole: tuple[str, ...]) -> None:
    (finding,) = of_claims(REGISTER, [claim(300, series=part), claim(200, series=whole)])
    assert finding.rule == "part-above-whole"
    assert RULES[finding.rule].data_quality
    assert "300" in finding.text
    assert "200" in finding.text
    assert rules(claim(300, series=part), claim(300, series=whole)) == []
    assert rules(claim(300, series=part), claim(200, series=whole, exact=False)) == []
    assert rules(claim(300, series=part), claim(200, series=whole, by="another")) == []
    assert rules(claim(300, series=part), claim(200, series=whole, on="2017-01")) == []
    assert rules(claim(300, series=part, assessed=True), claim(200, series=whole)) == []
    assert rules(claim(200, series=part), claim(300, series=whole)) == []


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (of(area="jarut"), of(area="")),
        (of(area="jarut+qaldun"), of(area="jarut+ruhaiba")),
        (of(scope="deserters"), of(area="jarut+ruhaiba")),
        (of(measure="enrolled: militia"), of(measure="enrolled: all tracks, citizens")),
        (of(measure="enrolled: militia"), of(measure="enrolled: disarm")),
        (of(counting="flow", area="jarut"), of(area="jarut+ruhaiba")),
    ],
)
def test_what_is_no_part_may_be_more(part: tuple[str, ...], whole: tuple[str, ...]) -> None:
    assert rules(claim(300, series=part), claim(200, series=whole)) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5) | st.none(), st.sampled_from("abc")), max_size=6))
def test_what_claims_tell_does_not_depend_on_their_order(drawn: list[tuple[int, int | None, str]]) -> None:
    claims = [
        replace(claim(1), low=min(low, high or low), high=high and max(low, high), claimant=f"{by}{n}")
        for n, (low, high, by) in enumerate(drawn)
    ]
    told = of_claims(REGISTER, claims)
    assert [(one.key, one.text) for one in told] == [(one.key, one.text) for one in of_claims(REGISTER, claims[::-1])]
    assert len(told) <= 1
