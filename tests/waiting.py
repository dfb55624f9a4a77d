"""How tests wait: for what is to come true, and so long that only a broken program makes them give up."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 300.0
"""Seconds after which a test gives up. A machine that has ten times as much to do as it can takes a minute to start a
server; a test that gives up while it does says nothing of the program."""
_LOOK = 0.02  # seconds between two looks


def eventually(true: Callable[[], object], otherwise: Callable[[], str] = lambda: "it never came true") -> None:
    """Waits for something to come true. Time in which this process is held does not count.

    Args:
        true: is asked again and again.
        otherwise: what to say if it never is.
    """
    for _ in range(round(PATIENCE / _LOOK)):
        if true():
            return
        time.sleep(_LOOK)
    raise AssertionError(otherwise())
