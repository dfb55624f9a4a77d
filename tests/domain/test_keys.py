"""Keys of several values: two lists have one key only if they are equal, and no key outgrows an index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.keys import MOST_BYTES, bounded, compound

PARTS = st.lists(st.text(alphabet="ab|\\+ é", max_size=4), min_size=1, max_size=4)


@given(PARTS, PARTS)
def test_two_lists_of_values_have_one_key_only_if_they_are_equal(one: list[str], other: list[str]) -> None:
    assert (compound(*one) == compound(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a|b", "c"), ("a", "b|c")), (("a\\", "b"), ("a\\|b",)), (("", "a"), ("a", "")), (("a",), ("a", ""))],
)
def test_a_separator_in_a_value_is_no_separator(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert compound(*one) != compound(*other)


def test_a_key_without_separators_reads_as_it_is() -> None:
    assert compound("route", "ruhaiba", "") == "route|ruhaiba|"


@given(st.text(max_size=MOST_BYTES + 100), st.text(max_size=MOST_BYTES + 100))
def test_bounded_keys_are_one_only_if_the_keys_are(one: str, other: str) -> None:
    assert (bounded(one) == bounded(other)) == (one == other)


@pytest.mark.parametrize("letter", ["a", "é", "ق", "𐤀"])
@pytest.mark.parametrize("times", [1, 99, 100, 101, 199, 200, 201, 400, 401, 4_000, 100_000])
def test_a_bounded_key_fits_an_index_and_begins_as_the_key(letter: str, times: int) -> None:
    key = letter * times
    size = len(bounded(key).encode())
    assert size <= MOST_BYTES + 35
    assert bounded(key) == key or size > MOST_BYTES, "no key that is kept as it is equals one that is not"
    assert bounded(key)[:50] == key[:50]
    assert bounded(key + "x") != bounded(key)
