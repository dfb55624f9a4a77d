"""Each read model by itself: what its tables keep is what it folds in memory, whatever the batches were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.queries.at_horizon import PRESENT, process_view
from projections.queries.snapshot import ProcessSnapshot, findings_in, fold_snapshot, read_snapshot
from projections.read_models.incident_counts import LONG_AGO
from projections.storage.generations import ReadTransaction
from tests.examples import examples
from tests.projections.test_time_travel import revised
from tests.projections.world import NOW, Wire, follow, processes_of, pull, recorded, views
from tests.strategies import histories, with_unified_actors

pytestmark = pytest.mark.usefixtures("both_databases")

PARTS: dict[str, Callable[[ProcessSnapshot], Any]] = {
    "subjects": lambda snapshot: snapshot.states,
    "figures": lambda snapshot: snapshot.claims,
    "incident_counts": lambda snapshot: snapshot.incident_counts,
    "last_heard": lambda snapshot: snapshot.heard,
    "entries": lambda snapshot: (snapshot.statements, snapshot.acts),
    "history": lambda snapshot: snapshot.newest,
    "timeline": lambda snapshot: (snapshot.version, snapshot.withdrawn),
    "upcoming": lambda snapshot: (snapshot.held, snapshot.possible),
    "process_zones": lambda snapshot: snapshot.zones,
}
"""What each read model gives to a snapshot."""


def findings_kept(reading: ReadTransaction, process: str) -> list[Any]:
    return sorted(process_view(reading, process, NOW).findings(), key=str)


@examples(15)
@given(st.one_of(histories(), revised(), with_unified_actors()), st.lists(st.integers(1, 7), min_size=1, max_size=20))
def test_what_is_kept_is_what_is_folded(history: list[Wire], sizes: list[int]) -> None:
    log = recorded(history)
    turns = iter(sizes * len(log) * 2)
    with views() as kept:
        follow(kept, pull(log, lambda: next(turns)))
        with kept.reading() as reading:
            for process in processes_of(log):
                read, folded = (
                    read_snapshot(reading, process, LONG_AGO),
                    fold_snapshot(log, process, horizon=PRESENT.horizon_at(NOW)),
                )
                if read is None or folded is None:
                    assert read is folded
                    continue
                for name, part in PARTS.items():
                    assert part(read) == part(folded), name
                assert findings_kept(reading, process) == sorted(findings_in(folded), key=str)
