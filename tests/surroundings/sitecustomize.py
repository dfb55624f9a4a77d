"""Found by every Python that runs with this directory in PYTHONPATH: makes it work under libfaketime.

libfaketime 0.9.10 answers `clock_nanosleep` by the monotonic clock with EINVAL when it leaves that clock alone. It must
do so here: with a monotonic clock of its own, `threading.Event.wait` never ends. Python sleeps by that call since 3.11.
"""

import select
import time
from typing import SupportsIndex


def sleep(seconds: float | SupportsIndex) -> None:
    """As `time.sleep`, by another call of the system."""
    left = float(seconds)
    if left < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], left)


time.sleep = sleep
