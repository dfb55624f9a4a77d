"""Comparing what was measured with the table of docs/performance.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

TABLE = Path(__file__).parents[2] / "docs" / "performance.md"
MOST = 0.2
"""By what part a ratio may be worse: more is named."""


def fallen(lines: Iterable[str], table: str | None = None) -> list[str]:
    """What is worse than in a table by more than a fifth, each with the ratio then and now.

    Args:
        lines: of a table in Markdown, as they were measured.
        table: those that they are held against; by default what docs/performance.md has.
    """
    before = _ratios((TABLE.read_text(encoding="utf-8") if table is None else table).splitlines())
    worse: list[str] = []
    for what, (ratio, grows) in _ratios(lines).items():
        if what in before and before[what][0]:
            then = before[what][0]
            change = ratio / then if grows else then / ratio
            if change < 1 - MOST:
                worse.append(f"{what}: {then:.2f} then, {ratio:.2f} now")
    return worse


def _ratios(lines: Iterable[str]) -> dict[str, tuple[float, bool]]:
    """The ratio of each line, the first if there are several, and whether more is better: of rates it is."""
    ratios: dict[str, tuple[float, bool]] = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        number = re.match(r"[0-9][0-9,.]*", cells[3]) if len(cells) == 4 else None
        if number:
            ratios[cells[0]] = float(number[0].replace(",", "").rstrip(".")), "/s" in cells[1]
    return ratios
