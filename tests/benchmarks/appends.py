"""Appends over HTTP, as they come first and without findings beside it, against stock eventsourcing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks.histories import load, reports
from tests.benchmarks.load import Load, run
from tests.benchmarks.servers import MINIMAL, PLAIN, convoys, database, empties, figures, opponent, parley, serving

ROUNDS = 5
"""What is measured over HTTP is measured in turns, ours and theirs: a slow minute of the machine hits both."""


def appends(count: int) -> Iterator[str]:
    """Durable appends over HTTP against stock eventsourcing behind a plain route, on both databases."""
    with tempfile.TemporaryDirectory() as place:
        yield from _appends("SQLite", count, place, {})
        if strace := shutil.which("strace"):
            slow: tuple[str, ...] = (strace, "-D", "-f", "--seccomp-bpf", "-qq", "-o", os.devnull)
            slow = (*slow, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_exit=2000")
            yield from _appends("SQLite, 2 ms more for each sync of the disk", count // 4, place, {}, slow)
    with tempfile.TemporaryDirectory() as place, database() as url:
        yield from _appends("PostgreSQL", count // 2, place, {"ours": url, "stock": url})


def _appends(name: str, count: int, place: str, urls: dict[str, str], through: tuple[str, ...] = ()) -> Iterator[str]:
    here = Path(tempfile.mkdtemp(dir=place))
    (here / "stock").mkdir()
    load(urls.get("ours", here / "ours"), reports(1), 20).close()
    load(here / "alone", reports(1), 20).close()
    each = max(count // ROUNDS, 20)
    more = {"PARLEY_DATABASE_URL": urls["ours"]} if urls else {}
    with (
        serving(*parley(here / "ours"), through=through, **more) as ours,
        serving(*opponent("stock", urls.get("stock", here / "stock")), through=through) as stock,
        serving(*opponent("alone", here / "alone"), through=through) as alone,
    ):
        sides = {"stock": stock} | ({} if urls else {"alone": alone})
        for port in (ours, *sides.values()):
            run(port, figures(50), 1, expect=(201,))
        for connections in (16, 1):
            found: dict[str, list[Load]] = defaultdict(list)
            some = each if connections > 1 else max(each // 5, 20)
            for _ in range(ROUNDS):
                for way, prefer in WAYS.items():
                    fewer = some if prefer else max(some // 4, 20)
                    found[way].append(run(ours, figures(fewer, prefer), connections, expect=(201,)))
                    found[f"{way}, new subjects"].append(run(ours, convoys(fewer, prefer), connections, expect=(201,)))
                for side, port in sides.items():
                    found[side].append(run(port, figures(some), connections, expect=(201,)))
                found["empty"].append(run(stock, empties(each * 2), connections))
            rate = {side: median(one.rate for one in loads) for side, loads in found.items()}
            wait = {side: median(one.median for one in loads) for side, loads in found.items()}
            yield from _lines(name, connections, rate, wait, _spread(found))


WAYS = {"plain": PLAIN, "minimal": MINIMAL}
"""How an append is sent: as it comes, and without findings."""


def _lines(
    name: str, connections: int, rate: dict[str, float], wait: dict[str, float], spread: dict[str, str]
) -> Iterator[str]:
    stock = f"stock `eventsourcing` behind a plain route: {rate['stock']:,.0f}/s, median {wait['stock']:.2f} ms"
    others = f"{stock}; an empty route: {rate['empty']:,.0f}/s"
    if "alone" in rate:
        others += f"; the same log, no shared commits: median {wait['alone']:.2f} ms"
    for way in WAYS:
        for kind in (way, f"{way}, new subjects"):
            ratio = rate[kind] / rate["stock"]
            yield (
                f"| durable appends, {kind}, {name}, {connections} connection{'s' if connections > 1 else ''} | "
                f"{rate[kind]:,.0f}/s ({spread[kind]}), median {wait[kind]:.2f} ms | {others} | {ratio:.2f} of stock |"
            )


def _spread(found: dict[str, list[Load]]) -> dict[str, str]:
    """The slowest and the fastest round of each."""
    rates = {side: [one.rate for one in loads] for side, loads in found.items()}
    return {side: f"{min(some):,.0f} to {max(some):,.0f}" for side, some in rates.items()}
