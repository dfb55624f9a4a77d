"""Tables, on a page and for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from api.exporters.sheets import SheetCell, as_csv, as_xlsx
from api.pages.asked import Asked
from api.pages.markup import plain
from domain.errors import BadCursor
from projections.patience import each

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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


def download(asked: Asked, table: Table, name: str) -> Response | None:
    """The table as the file that is asked for; None if a page is. Call it while the language is spoken.

    Raises:
        BadCursor: there is no such format.
    """
    head = [plain(one) for one in table.head]
    rows = [[_written(cell) for cell in row] for row in each(table.rows)]
    match asked.query.get("format"):
        case None:
            return None
        case "csv":
            return as_file(as_csv(head, rows), f"{name}.csv", "text/csv; charset=utf-8")
        case "xlsx":
            right_to_left = asked.language.direction == "rtl"
            return as_file(as_xlsx(plain(table.caption), head, rows, right_to_left=right_to_left), f"{name}.xlsx", XLSX)
        case _:
            raise BadCursor.at("format", "choose csv or xlsx")


def _written(cell: object) -> SheetCell:
    """A cell as text or a number."""
    match cell:
        case Cell(text=Markup() as html):
            return html.striptags()
        case Cell(text=shown):
            return plain(shown)
        case list():
            return ", ".join(str(_written(one)) for one in cell)
        case None:
            return ""
        case int() | float():
            return cell
        case _:
            return plain(cell)


def as_file(body: bytes, name: str, media: str) -> Response:
    """A file to be kept, which no browser shows as a page of ours."""
    headers = {
        "Content-Disposition": f'attachment; filename="parley-{name}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    return Response(body, headers=headers, media_type=media)
