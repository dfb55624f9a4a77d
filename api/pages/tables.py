"""Tables, on a page and for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from api.pages.markup import plain

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a program for sheets would compute."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that leads somewhere, or is HTML already."""

    text: str | Markup
    link: str | None = None
    link_text: str | None = None
    """What the link says beside the text; the text itself is the link, if None."""


@dataclass(slots=True)
class Table:
    """A table with the names of its columns. A cell is text, a number, a `Cell` or a list of these."""

    head: Sequence[str]
    rows: Sequence[Sequence[Any]] = ()
    caption: str = ""


def harmless(cell: object) -> str:
    """A cell as text that no program for sheets takes for a formula: such a one gets an apostrophe before it."""
    match cell:
        case Cell(text=Markup() as html):
            text = html.striptags()
        case Cell(text=shown):
            text = plain(shown)
        case list():
            return ", ".join(map(harmless, cell))
        case None:
            return ""
        case int() | float():
            return str(cell)
        case _:
            text = plain(cell)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


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
