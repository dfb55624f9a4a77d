"""What reports say is one if its texts and numbers are, however they were written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.comparison import comparable
from domain.findings.reports import content_key
from tests.spec import event

TEXTS = st.text('aAbé\u00e9\u0301\u200b \u00a0".e-', min_size=1, max_size=5)


def key(data: dict[str, Any], name: str = "StatementMade") -> str:
    return content_key(event(name, data=data))


@given(TEXTS, TEXTS)
def test_texts_are_one_if_they_compare_as_one(one: str, other: str) -> None:
    assert (key({"text": one}) == key({"text": other})) == (comparable(one) == comparable(other))


def figure(value: float, measure: str = "fuel") -> str:
    return key({"measure": measure, "quantity": {"value": value}}, "FigureReported")


@pytest.mark.parametrize(("one", "other"), [(2000, 2000.0), (0.5, 5e-1), (1e15, 10**15), (1e-7, 0.0000001), (0, 0.0)])
def test_a_number_is_one_however_it_was_written(one: float, other: float) -> None:
    assert figure(one) == figure(other)
    assert figure(one, "a. b") == figure(other, "A.  b")
    assert figure(one) != figure(17)


def test_who_says_so_and_when_it_was_published_is_no_part_of_it() -> None:
    said = {"text": "said"}
    assert content_key(event("StatementMade", data=said, claimant="one")) == key(said)
    assert content_key(event("StatementMade", data=said, occurred="2017-10-28")) != key(said)
