"""What holds for the fold of any history: a function of the set of reports that can be kept and taken up again."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain import families
from domain.event import Event
from tests.examples import examples
from tests.strategies import histories, read


def subjects_of(history: list[dict[str, Any]]) -> dict[str, list[Event]]:
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for wire in history:
        found[wire["subject"]].append(read(wire))
    return found


@examples(30)
@given(histories(min_steps=5), st.randoms())
def test_the_order_of_arrival_never_matters(history: list[dict[str, Any]], chance: random.Random) -> None:
    for subject, events in subjects_of(history).items():
        family = subject.partition("/")[0]
        assert families.fold(family, chance.sample(events, len(events))) == families.fold(family, events)


@examples(30)
@given(histories(min_steps=5))
def test_step_by_step_in_canonical_order_is_the_fold(history: list[dict[str, Any]]) -> None:
    for subject, events in subjects_of(history).items():
        family = subject.partition("/")[0]
        state = families.initial(family)
        for one in sorted(filter(families.is_step, events), key=lambda one: one.order):
            state = families.load(family, families.dump(family, families.evolve(state, one)))
        assert state == families.fold(family, events)


@examples(30)
@given(histories(min_steps=5))
def test_a_state_is_kept_and_loaded_as_it_was(history: list[dict[str, Any]]) -> None:
    for subject, events in subjects_of(history).items():
        family = subject.partition("/")[0]
        state = families.fold(family, events)
        assert families.load(family, families.dump(family, state)) == state
        assert families.due(families.load(family, families.dump(family, state))) == families.due(state)


@examples(30)
@given(histories(min_steps=5))
def test_what_a_state_rests_on_was_reported(history: list[dict[str, Any]]) -> None:
    for subject, events in subjects_of(history).items():
        state: Any = families.fold(subject.partition("/")[0], events)
        known = {one.id for one in events}
        assert set(state.opened_by) <= known
        assert {found for one in families.due(state) for found in one.events} <= known
        for line in [*state.roles.values(), *state.positions.values(), getattr(state, "stage", None)]:
            assert line is None or set(line.events) <= known
