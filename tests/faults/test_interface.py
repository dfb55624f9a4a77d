"""Schemathesis asks everything of every operation, and every answer is as it is described; none is an accident.

Here some hundred requests of each kind; `PARLEY_LONG=1` makes it some 80,000 on each database: all edges of the schemas
of all sixty event types, hundreds of drawn requests for each operation, and long chains of them.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("PARLEY_LONG") == "1"
QUICK = {
    "sqlite": ["--phases", "examples,fuzzing,stateful", "--examples", "3"],
    "postgresql": ["--phases", "coverage,fuzzing", "--examples", "3"],
}
WHOLE = ["--whole", "--examples", "300"]


def test_the_whole_interface(where: Path | str) -> None:
    seed = 1 if settings().derandomize else random.randrange(2**32)
    options = WHOLE if LONG else QUICK["postgresql" if isinstance(where, str) else "sqlite"]
    command = [sys.executable, "-m", "tests.faults.interface", str(where), "--seed", str(seed), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command[1:])}\n{done.stdout}\n{done.stderr[-5000:]}"


def test_a_failing_test_elsewhere_shows_its_example() -> None:
    assert "schemathesis" not in sys.modules, "it keeps Hypothesis from that: run it in a process of its own"
