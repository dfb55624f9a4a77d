"""How many examples of a property that takes long are tried: a few in each run, many when there is time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("PARLEY_LONG") == "1"
"""Whether the long versions were asked for."""


def examples(few: int) -> settings:
    """So many examples, or fifty times as many with `PARLEY_LONG=1`; they may be slow and large."""
    return settings(
        max_examples=few * (50 if LONG else 1),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
