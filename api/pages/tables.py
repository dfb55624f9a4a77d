"""Tables, on a page and for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from api.pages.markup import plain

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a program for sheets would compute."""


@dataclass(slots=True)
class Row:
    """A row of a table."""

    cells: Sequence[Any]
    link: str | None = None
    """Where the first cell leads."""
    mark: str = ""
    """A class that gives the row a shape."""


@dataclass(slots=True)
class Table:
    """A table with the names of its columns."""

    head: Sequence[str]
    rows: Sequence[Sequence[Any]] = ()
    caption: str = ""
    more: list[Row] = field(default_factory=list)


def harmless(cell: object) -> str:
    """A cell as text that no program for sheets takes for a formula: such a one gets an apostrophe before it."""
    text = plain("" if cell is None else cell)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) and not isinstance(cell, (int, float)) else text


def as_csv(table: Table, name: str) -> Response:
    """A table as CSV in UTF-8, with the mark at its begin without which spreadsheets misread it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([harmless(cell) for cell in table.head])
    writer.writerows([harmless(cell) for cell in row] for row in table.rows)
    headers = {
        "Content-Disposition": f'attachment; filename="parley-{name}.csv"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    return Response(b"\xef\xbb\xbf" + out.getvalue().encode(), headers=headers, media_type="text/csv; charset=utf-8")
