"""The interpreter, set up for serving, and for reading a long log."""

from __future__ import annotations

import gc
import sys

SWITCH = 0.001  # seconds; Python's own 5 ms make every request wait when the read models catch up
COLLECT_AFTER = 50_000
"""Objects made before Python looks for cycles among them. Events and states hold none; at its own 700, a third of the
time of reading a long history goes into looking."""


def tune() -> None:
    """Short turns of threads, rare searches for cycles. Call it when all is loaded."""
    sys.setswitchinterval(SWITCH)
    gc.freeze()  # what is loaded stays, and need not be looked at again
    gc.set_threshold(COLLECT_AFTER)
