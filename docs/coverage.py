"""Which event and field says what a column of a data set of the field says, from `coverage.csv`.

The list is kept by hand, in our own words. `docs/generate.py` writes `coverage.md` from it; `tests/test_coverage.py`
holds it against the vocabulary.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

LIST = Path(__file__).parent / "coverage.csv"
REASONS = {
    "bookkeeping": "bookkeeping of the file",
    "derived": "derived from other columns",
    "licensed text": "a text under licence (where it can be read is kept)",
    "outside": "outside this domain",
}
NO_CONTENT = ("bookkeeping", "derived")
"""Reasons of columns that say nothing of their own."""


class Column(NamedTuple):
    """One column of a data set."""

    data_set: str
    column: str
    meaning: str
    """What it says, in our own words."""
    said_by: tuple[str, ...]
    """The events and fields that say it, `Type.field.field`; `Event` is the envelope of any event."""
    left_out: str
    """Why nothing says it, a key of REASONS; empty if something does."""
    our_reading: bool
    """Whether the meaning is our reading of the name and the values alone."""


def columns() -> list[Column]:
    """All columns, in the order of the data sets."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return [
            Column(
                row["data_set"],
                row["column"],
                row["meaning"],
                tuple(filter(None, row["said_by"].split("; "))),
                row["left_out"],
                row["our_reading"] == "yes",
            )
            for row in csv.DictReader(file)
        ]


def share(some: Iterable[Column]) -> tuple[int, int]:
    """How many columns have a place, of those that say something of their own."""
    telling = [column for column in some if column.left_out not in NO_CONTENT]
    return sum(bool(column.said_by) for column in telling), len(telling)


_INTRODUCTION = """# What coded data sets say, and where it is said here

The {columns} columns of {sets} published data sets of the field, each with the event and field that says the same. Of
those that are neither bookkeeping nor derived, {placed} of {telling} have a place. `Event` is the envelope of any
event; all types are in [events.md](events.md).

Left out are: {left_out}.

What a column means is said in our own words. Where it is our reading of the name and the values alone, and not of the
code book, it is marked *our reading*. That a field can say it does not mean that a value is taken as it is: whoever
imports decides, column by column, who claims it and since when.

Generated from `coverage.csv` by `uv run python -m docs.generate`. Do not edit it: edit the list.
"""


def coverage_markdown() -> str:
    """The content of `docs/coverage.md`."""
    every = columns()
    placed, telling = share(every)
    reasons = Counter(column.left_out for column in every if column.left_out)
    left_out = "; ".join(f"{reasons[name]} as {REASONS[name]}" for name in REASONS if reasons[name])
    names = list(dict.fromkeys(column.data_set for column in every))
    numbers = {"columns": len(every), "sets": len(names), "placed": placed, "telling": telling, "left_out": left_out}
    parts = [_INTRODUCTION.format(**numbers), "| data set | columns | have a place | of |\n| --- | --- | --- | --- |"]
    for name in names:
        mine = [column for column in every if column.data_set == name]
        parts.append("| [{}](#{}) | {} | {} | {} |".format(name, _anchor(name), len(mine), *share(mine)))
    for name in names:
        parts.append(f"\n## {name}\n\n| column | what it says | said by |\n| --- | --- | --- |")
        parts += [_row(column) for column in every if column.data_set == name]
    return "\n".join(parts) + "\n"


def _row(column: Column) -> str:
    meaning = column.meaning + (" (*our reading*)" if column.our_reading else "")
    said_by = ", ".join(f"`{path}`" for path in column.said_by) or f"left out: {REASONS[column.left_out]}"
    return f"| `{column.column}` | {meaning} | {said_by} |"


def _anchor(name: str) -> str:
    kept = "".join(mark for mark in name.lower() if mark.isalnum() or mark in " -")
    return kept.replace(" ", "-")
