"""How much work the program does: in time of the processor, which other programs on the machine do not count in."""

from __future__ import annotations

import time
from collections.abc import Callable

LITTLE = 5.0
"""Seconds of the processor. What is bounded by it takes less than half a second on an idle machine, and up to three
times as much where two programs share one core; what goes with the square of its input takes minutes."""


def effort(work: Callable[[], object]) -> float:
    """Seconds of the processor that it takes, the better of two times: threads of other tests may work meanwhile."""
    spent = []
    for _ in range(2):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)
