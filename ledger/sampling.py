"""A look at some events of a log: whether they are there, and say what was recorded."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import cast

from ledger.ledger import Ledger
from ledger.mapper import EventMapper, changed
from ledger.recorder import Filter

ANY = Filter()


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen."""

    looked_at: int
    """How many positions."""
    changed: list[str]
    """A sentence for each event that is not what was recorded."""
    missing: list[int]
    """The positions without an event."""


def sample(ledger: Ledger, number: int) -> Sample:
    """Compares the newest events and others at random with their digests, so many at most.

    Raises:
        Unavailable: the log cannot be read.
    """
    head, mapper = ledger.head(), cast(EventMapper, ledger.mapper)
    newest = range(max(head - number // 2, 0) + 1, head + 1)
    earlier = range(1, newest.start)
    positions = sorted([*random.sample(earlier, min(number - len(newest), len(earlier))), *newest])
    there = {n.id: n for position in positions for n in ledger.log.select(position - 1, 1, ANY, position)}
    faults = [changed(n) for n in there.values() if not mapper.is_as_recorded(n, ledger.log.digest_at(n.id))]
    return Sample(len(positions), faults, [position for position in positions if position not in there])
