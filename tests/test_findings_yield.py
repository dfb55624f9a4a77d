"""Findings are worth reading: what is true is found, little else is, and an archive is not full of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.findings.rules import OF_FOLLOWED, RULES
from tests.findings_yield import measured
from tests.made.archive import archive
from tests.made.register import register
from tests.made.seeds import seeds
from tests.made.sets import MadeSet

CASES = 5
PER_100_EVENTS = 5
ONLY_IN_THE_PRESS = OF_FOLLOWED | {"plan-date-passed", "proposal-unanswered"}
"""Rules that nothing in a coded register can raise: of what is followed, of plans, of proposals with a date."""


def test_in_the_seeds_all_that_is_true_is_found_and_nothing_else() -> None:
    told = measured(seeds())
    assert (told.missed, told.false) == ([], [])


@pytest.mark.parametrize(("make", "without"), [(archive, frozenset()), (register, ONLY_IN_THE_PRESS)])
def test_what_is_true_is_found_and_little_else(make: Callable[[], MadeSet], without: frozenset[str]) -> None:
    made = make()
    for name in RULES.keys() - without:
        assert made.planted[name, True] >= CASES, f"plant true cases of {name}"
        assert made.planted[name, False] >= CASES, f"plant near misses of {name}"
    told = measured(made)
    assert told.missed == []
    for name, of_rule in told.by_rule.items():
        assert of_rule.false <= of_rule.found, f"more than half of what {name} finds is false"
    assert told.body_events >= 300
    assert told.in_body * 100 < PER_100_EVENTS * told.body_events, [finding.text for _, finding in told.false]
