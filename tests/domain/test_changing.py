"""The quick copy of a state is what `dataclasses.replace` makes."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from domain import families
from domain.changing import changed
from domain.families import STATES


@pytest.mark.parametrize("family", STATES)
def test_it_is_what_the_standard_library_makes(family: str) -> None:
    state = families.initial(family)
    quick, usual = changed(state, processes=("first",)), replace(state, processes=("first",))
    assert quick == usual
    assert type(quick) is type(usual)
    assert vars(quick) == vars(usual)
    assert families.dump(family, quick) == families.dump(family, usual)
    assert state == families.initial(family), "the one it was made from is as it was"


@pytest.mark.parametrize("family", STATES)
def test_a_state_holds_its_fields_and_nothing_else(family: str) -> None:
    """Else a copy might keep what was worked out for another state."""
    kind = STATES[family]
    assert not hasattr(kind, "__post_init__")
    assert set(vars(families.initial(family))) == {field.name for field in fields(kind)}
    assert all(field.init for field in fields(kind))
