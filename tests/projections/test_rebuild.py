"""A rebuild where nobody has brought the live read models up to date: it reaches the end of the log by itself."""

from __future__ import annotations

import pytest

from projections import catch_up as catching
from projections.catch_up import rebuild
from projections.storage.generations import ReadModels
from tests.projections.world import opened, pull, recorded

LOG = recorded(opened("processes/first", *(f"talks/of-{number}" for number in range(9))))


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 9, 10, 11])
def test_it_takes_all_of_the_log(found: ReadModels, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new version's read models are made so, before its first server starts."""
    monkeypatch.setattr(catching, "BATCH", batch)
    assert rebuild(found, pull(LOG)).position == len(LOG)
    with found.reading() as reading:
        assert reading.position == len(LOG)
