"""Claims on figures that do not fit together."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.claimants import speaking
from domain.decimals import Exact, exact
from domain.edtf import BEGINNING, END, When
from domain.findings.figures import COMPARED, ClaimMade, of_claims, of_kin
from domain.findings.rules import RULES
from domain.series import Series
from domain.values import Subject
from tests.domain.findings.cases import (
    DAY_1,
    DAY_3,
    DAY_4,
    new_id,
)

REGISTER = Subject("enrolments/first")
SERIES = Series("fighters", "stock", "persons", ("jarut",), "", "")


def claim(
    low: Exact,
    high: Exact | None = None,
    *,
    by: str = "one",
    on: str = DAY_1,
    series: Series = SERIES,
    assessed: bool = False,
    open_ended: bool = False,
) -> ClaimMade:
    span = When(on).span
    return ClaimMade(
        series,
        speaking(by, "a paper", None),
        assessed,
        low,
        low if high is None and not open_ended else high,
        span.earliest,
        span.latest,
        new_id(),
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
        claim(10, by="another", series=SERIES._replace(area=())),
    ],
)
def test_what_is_judged_long_ago_or_another_series_does_not_contradict(other: ClaimMade) -> None:
    assert rules(claim(2000), other) == []


def test_claims_of_one_time_are_held_against_each_other() -> None:
    count = SERIES._replace(counting="cumulative")
    for one, other, series, compared in (
        (DAY_1, "2017-11-26", SERIES, True),
        (DAY_1, "2017-11-27", SERIES, False),
        ("2017-10", "2017-10", SERIES, True),
        ("2017-10", "2017-11", SERIES, True),
        ("2017-10", DAY_1, SERIES, True),
        ("2017-12-15", DAY_1, SERIES, False),
        (DAY_1, DAY_3, count, False),
        (DAY_1, DAY_1, count, True),
    ):
        found = rules(claim(20, on=one, series=series), claim(90, by="another", on=other, series=series))
        assert found == (["claims-contradict"] if compared else []), (one, other)


def test_what_each_recorder_counts_for_itself_is_not_compared() -> None:
    acts = SERIES._replace(measure="violations", counts="violations")
    assert rules(claim(11, series=acts), claim(4, by="another", series=acts)) == []
    assert rules(claim(9, series=acts), claim(3, series=acts._replace(area=("jarut", "ruhaiba")))) == [
        "part-above-whole"
    ]


def test_claims_diverge_if_only_their_width_lets_all_be_true() -> None:
    assert rules(claim(900, 5000), claim(1000, by="another")) == ["claims-diverge"]
    assert rules(claim(900, 1500), claim(1000, by="another")) == []
    assert rules(claim(200, open_ended=True), claim(400, by="another")) == [], (
        "at least so many says nothing of how many"
    )
    assert rules(claim(200, open_ended=True), claim(400, 2000, by="another"), claim(500, by="third")) == [
        "claims-diverge"
    ]
    assert rules(claim(0, open_ended=True), claim(400, by="another")) == []
    assert rules(claim(0, 800), claim(400, by="another")) == ["claims-diverge"]
    assert rules(claim(0, 800), claim(700, by="another")) == []


def test_many_claims_are_told_by_the_smallest_and_the_largest() -> None:
    (finding,) = of_claims(REGISTER, [claim(n, by=f"claimant {n}") for n in range(1, 10)])
    assert "1 (2017-10-27, claimant 1)" in finding.text
    assert "9 (2017-10-27, claimant 9); and 4 more." in finding.text


def test_a_claim_of_any_time_is_told_without_a_date() -> None:
    ever = replace(claim(5, open_ended=True), earliest=BEGINNING, latest=END)
    (finding,) = of_claims(
        REGISTER, [ever, replace(claim(1, by="b"), earliest=BEGINNING), claim(2, 4, by="c", on="2017")]
    )
    assert "5 or more (no date, one)" in finding.text
    assert "1 (.. to 2017-10-27, b)" in finding.text
    assert "2 to 4 (2017-01-01 to 2017-12-31, c)" in finding.text


def of(**fields: Any) -> Series:
    return SERIES._replace(**fields)


def enrolled(track: str = "", category: str = "", *area: str) -> Series:
    return SERIES._replace(measure="enrolled", area=area, enrolled=(track, category))


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (of(), of(area=("jarut", "ruhaiba"))),
        (enrolled("militia"), enrolled()),
        (enrolled("militia", "citizens"), enrolled("", "citizens")),
        (enrolled("militia", "", "a"), enrolled("", "", "a", "b")),
        (of(scope="deserters"), of()),
    ],
)
def test_a_part_above_its_whole_by_one_claimant(part: Series, whole: Series) -> None:
    (finding,) = of_claims(REGISTER, [claim(300, series=part), claim(200, series=whole)])
    assert finding.rule == "part-above-whole"
    assert RULES[finding.rule].data_quality
    assert "300" in finding.text
    assert "200" in finding.text
    assert rules(claim(300, series=part), claim(300, series=whole)) == []
    assert rules(claim(300, series=part), claim(200, series=whole, open_ended=True)) == []
    assert rules(claim(300, series=part), claim(200, series=whole, by="another")) == []
    assert rules(claim(300, series=part), claim(200, series=whole, on=DAY_3)) == [], "it may have grown"
    assert rules(claim(300, series=part), claim(200, series=whole, on="2017-10")) == ["part-above-whole"]
    assert rules(claim(300, series=part, assessed=True), claim(200, series=whole)) == []
    assert rules(claim(200, series=part), claim(300, series=whole)) == []


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (of(), of(area=())),
        (of(area=("jarut", "qaldun")), of(area=("jarut", "ruhaiba"))),
        (of(scope="deserters"), of(area=("jarut", "ruhaiba"))),
        (enrolled("militia"), enrolled("", "citizens")),
        (enrolled("militia"), enrolled("disarm")),
        (of(measure="enrolled: militia"), of(measure="enrolled: all tracks")),
        (of(area=("jarut",)), of(area=("jarut+ruhaiba",))),
        (of(counting="flow"), of(area=("jarut", "ruhaiba"))),
    ],
)
def test_what_is_no_part_may_be_more(part: Series, whole: Series) -> None:
    assert rules(claim(300, series=part), claim(200, series=whole)) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5) | st.none(), st.sampled_from("abc")), max_size=6))
def test_what_claims_tell_does_not_depend_on_their_order(drawn: list[tuple[int, int | None, str]]) -> None:
    claims = [
        replace(
            claim(1),
            low=min(low, high or low),
            high=high and max(low, high),
            claimant=speaking(f"{by}{n}", "a paper", None),
        )
        for n, (low, high, by) in enumerate(drawn)
    ]
    told = of_claims(REGISTER, claims)
    assert [(one.key, one.text) for one in told] == [(one.key, one.text) for one in of_claims(REGISTER, claims[::-1])]
    assert len(told) <= 1


# --- whose claims, in which numbers


def test_who_is_only_described_is_another_one_in_another_paper() -> None:
    unnamed = "a local official, unnamed"
    here, there = (speaking(unnamed, paper, None) for paper in ("Northern Wire", "Radio South"))
    copied = speaking(unnamed.upper(), "Radio South", "northern wire")
    claims = [replace(claim(100), claimant=here), replace(claim(500), claimant=there)]
    (finding,) = of_claims(REGISTER, claims)
    assert finding.rule == "claims-contradict"
    assert f"100 (2017-10-27, {unnamed} (Northern Wire))" in finding.text
    assert f"500 (2017-10-27, {unnamed} (Radio South))" in finding.text
    assert copied.key == here.key


def test_a_part_is_held_against_the_whole_of_one_claimant_in_any_spelling() -> None:
    part = replace(claim(300, series=of(scope="deserters")), claimant=speaking("Le R\u00e9seau", "a", None))
    whole = replace(claim(200), claimant=speaking("le re\u0301seau\u200b", "A", None))
    (finding,) = of_claims(REGISTER, [part, whole])
    assert finding.rule == "part-above-whole"


def test_numbers_are_compared_as_they_were_written() -> None:
    assert rules(claim(exact(0.09), exact(0.11)), claim(exact(0.09), by="another")) == []
    assert rules(claim(exact(0.1)), claim(exact(0.2), by="another")) == ["claims-contradict"]
    part, whole = claim(exact("0.3"), series=of(scope="deserters")), claim(exact(0.3))
    assert rules(part, whole) == []
    assert rules(claim(exact(0.1), exact(0.3)), claim(exact(0.1), exact(0.7), by="another")) == ["claims-diverge"]


def test_what_a_finding_is_about_is_short_however_long_the_names() -> None:
    long = of(area=tuple(sorted(f"{letter * 300}" for letter in "abcdefghijkl")), measure="m" * 300)
    (finding,) = of_claims(REGISTER, [claim(1, series=long), claim(2, series=long, by="another")])
    assert len(finding.about.encode()) < 500
    (other,) = of_claims(
        REGISTER,
        [
            claim(1, series=of(**{**long._asdict(), "scope": "x"})),
            claim(2, series=of(**{**long._asdict(), "scope": "x"}), by="another"),
        ],
    )
    assert other.about != finding.about


def test_every_part_is_held_against_every_whole_of_it() -> None:
    """However many claims there are: those without an area in common, or a place of one, are no part of each other."""
    areas = [(), ("a",), ("b",), ("a", "b"), ("a", "b", "c"), ("c", "d")]
    enrolled = [(), ("", "people"), ("army", "people"), ("army", "others")]
    made = [
        claim(number, series=Series(measure, "stock", "persons", area, scope, "", of))
        for number, (measure, area, scope, of) in enumerate(product(("x", "y"), areas, ("", "men"), enrolled), 1)
    ]

    def about(one: ClaimMade, other: ClaimMade) -> set[str]:
        return {finding.about for finding in of_kin(REGISTER, [one, other])}

    two_by_two = {key for one, other in combinations(made, 2) for key in about(one, other)}
    assert len(two_by_two) > 50
    assert {finding.about for finding in of_kin(REGISTER, made)} == two_by_two


def test_of_many_claimants_those_of_the_newest_claims_are_held_against_each_other() -> None:
    old = [claim(9_000, by=f"old {number}") for number in range(3)]
    new = [claim(100, by=f"new {number}", on=DAY_3) for number in range(COMPARED)]
    assert rules(*old, *new[1:])
    assert rules(*old, *new) == []
