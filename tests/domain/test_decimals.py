"""Numbers are compared and added as they were written."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from fractions import Fraction

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.decimals import Exact, about, as_number, as_text, exact, middle, more_than, times, total

FLOATS = st.floats(min_value=0, max_value=1e15)
NUMBERS = st.one_of(st.integers(0, 10**15), FLOATS, st.decimals(0, 10**9, places=3).map(float))


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    """Of what was loaded, all was delivered, in two parts."""
    assert total([exact(0.1), exact(0.2)]) == exact(0.3)
    assert total([exact(0.1)] * 10) == 1
    assert total([exact(1e15), exact(1e-20)]) > exact(1e15)
    assert total([]) == 0


def test_whole_numbers_are_one_however_they_are_written() -> None:
    assert exact(2000) == exact(2000.0) == exact("2000.00") == exact(2e3) == 2000
    assert {exact(2000), exact(2000.0), exact("2000.0")} == {2000}
    assert type(exact(2000.0)) is int
    assert type(exact(True)) is int
    assert as_text(exact(1e15)) == "1000000000000000"
    assert exact(1e300) == int(1e300)


@pytest.mark.parametrize(
    ("number", "low", "high"),
    [
        (0.1, "0.09", "0.11"),
        (0.3, "0.27", "0.33"),
        (2000, "1800", "2200"),
        (2000.0, "1800", "2200"),
        (5, "4.5", "5.5"),
        (0.7, "0.63", "0.77"),
        (0, "0", "0"),
        (1e-7, "0.00000009", "0.00000011"),
    ],
)
def test_about_is_ten_per_cent_to_either_side(number: float, low: str, high: str) -> None:
    """About 0.1 allows 0.09: floats would have it at 0.09000000000000001."""
    assert about(exact(number)) == (exact(low), exact(high))
    assert [as_text(bound) for bound in about(exact(number))] == [low, high]


def test_more_than_a_whole_number_starts_one_above_it() -> None:
    assert more_than(exact(20000.0)) == 20001
    assert more_than(exact(1.5)) == exact(1.5)


def test_the_middle() -> None:
    assert middle(1, 2) == exact("1.5")
    assert middle(exact(0.1), exact(0.2)) == exact("0.15")
    assert middle(exact(0.1), exact(0.1)) == exact(0.1)
    assert type(middle(1, 3)) is int


def test_what_is_shown_is_what_was_sent() -> None:
    assert json.dumps(as_number(total([exact(0.1), exact(0.2)]))) == "0.3"
    assert json.dumps(as_number(exact(2000.0))) == "2000"
    assert as_text(exact(1e-300)) == "0." + "0" * 299 + "1"


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), "NaN", "Infinity", "", "one", "1,5"])
def test_what_is_no_number_is_refused(number: float | str) -> None:
    with pytest.raises(ValueError, match="number"):
        exact(number)


@given(NUMBERS)
@example(0.1)
@example(5e-324)
@example(123456789012345.67)
def test_a_number_is_the_shortest_decimal_that_reads_as_it(number: float) -> None:
    found = exact(number)
    assert as_number(found) == number
    assert exact(as_text(found)) == found
    assert exact(orjson.loads(orjson.dumps(number))) == found
    assert isinstance(found, int) == (number == int(number))


@given(st.decimals(0, 10**9, places=4))
def test_fifteen_digits_are_read_as_they_were_sent(sent: Decimal) -> None:
    assert exact(orjson.loads(str(sent))) == sent


@given(st.lists(NUMBERS, max_size=8))
def test_sums_are_exact_in_any_order(numbers: list[float]) -> None:
    found = [exact(number) for number in numbers]
    expected = sum((Fraction(as_text(number)) for number in found), Fraction(0))
    assert Fraction(as_text(total(found))) == expected
    assert total(reversed(found)) == total(found)
    assert total([total(found[:3]), total(found[3:])]) == total(found)


@given(NUMBERS, NUMBERS)
def test_all_is_exact_and_settled_whatever_the_context(one: float, other: float) -> None:
    with localcontext() as context:
        context.prec = 2
        a, b = sorted((exact(one), exact(other)))
        low, high = about(a)
        results: list[Exact] = [low, high, middle(a, b), times(a, 2), total((a, b))]
    x, y = Fraction(as_text(a)), Fraction(as_text(b))
    expected = [x * 9 / 10, x * 11 / 10, (x + y) / 2, 2 * x, x + y]
    assert [Fraction(as_text(result)) for result in results] == expected
    assert all(isinstance(result, int) or result != int(result) for result in results)
    assert low <= a <= high
    assert a <= middle(a, b) <= b
