"""Several processes write, one reads what comes in: it skips nothing, sees nothing twice, and all in one order.

`PARLEY_LONG=1` makes it 100,000 events instead of a few thousand.
"""

from __future__ import annotations

import multiprocessing
import os
import random
from collections import Counter
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from ledger.append import Append
from ledger.ledger import Ledger
from ledger.recorder import Filter
from tests.ledger.sending import begin, statement
from tests.waiting import PATIENCE

WRITERS = 4
EVENTS = 100_000 if os.environ.get("PARLEY_LONG") == "1" else 3_000


def write(where: Path | str, office: str, events: int) -> None:
    """Appends in groups of requests of different sizes, as a busy server does."""
    sizes = random.Random(office)
    with closing(Ledger(where, office=office, lock_timeout=60)) as ledger:
        while events:
            group = []
            for _ in range(sizes.randint(1, 8)):
                size = min(sizes.choice((1, 1, 1, 5, 20)), events)
                if size:
                    group.append(Append(tuple(statement(id=str(uuid4())) for _ in range(size))))
                events -= size
            answers = ledger.append_group(group)
            assert all(getattr(answer, "new", 0) for answer in answers), answers


def test_a_reader_that_follows_skips_none_of_what_four_processes_write(where: Path | str) -> None:
    with closing(Ledger(where)) as ledger:
        begin(ledger)
        spawn = multiprocessing.get_context("spawn")
        share = EVENTS // WRITERS
        writers = [spawn.Process(target=write, args=(where, f"office-{n}", share)) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        positions: list[int] = []
        versions: list[int] = []
        offices: Counter[str] = Counter()
        times: list[str] = []
        last, idle = 0, 0
        while last < 2 + share * WRITERS:
            found = ledger.read_wire(last, 100)
            idle = 0 if found else idle + 1
            assert any(writer.is_alive() for writer in writers) or idle < 2, "nobody writes any more"
            for event in found:
                positions.append(event["position"])
                times.append(event["recorded_at"])
                if event["subject"] == "talks/first":
                    versions.append(event["version"])
                    offices[event["recorded_by"]] += 1
                last = event["position"]
        for writer in writers:
            writer.join(PATIENCE)
            assert writer.exitcode == 0
        assert positions == list(range(1, 3 + share * WRITERS))
        assert versions == list(range(1, 2 + share * WRITERS))
        assert times == sorted(times)
        assert {f"office-{n}": share for n in range(WRITERS)}.items() <= offices.items()
        by_process = [event["position"] for event in ledger.read_wire(0, EVENTS + 10, Filter(process="first"))]
        assert by_process == positions, "and all are filed under their process"
