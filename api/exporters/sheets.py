"""Tables for other programs, as CSV and as XLSX, in which nothing is computed.

A program for sheets takes a cell that begins with certain characters for a formula, whatever the file means by it. In
CSV such a cell gets an apostrophe before it. In XLSX each text is typed as text and marked as quoted, so that it stays
one when somebody edits the cell; no text is taken for a number or a link.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from projections.patience import each

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a cell begins that a program for sheets would compute."""
LONGEST = 32_767
"""Characters that a cell of XLSX holds."""
WIDEST = 60
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML cannot hold."""

SheetCell = str | int | float
"""A cell: a text, or a number."""


def as_csv(head: Sequence[str], rows: Sequence[Sequence[SheetCell]]) -> bytes:
    """A table in UTF-8, with the mark at its begin without which programs for sheets misread it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_harmless(cell) for cell in head])
    writer.writerows([_harmless(cell) for cell in row] for row in each(rows))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(cell: SheetCell) -> str:
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else str(cell)


def is_formula(text: str) -> bool:
    """Whether a program for sheets would compute a text."""
    return text.lstrip().startswith(FORMULA) or text.startswith(FORMULA)


def as_xlsx(
    title: str, head: Sequence[str], rows: Sequence[Sequence[SheetCell]], *, right_to_left: bool = False
) -> bytes:
    """A workbook of one sheet, the same bytes for the same table.

    Args:
        title: of the workbook; a sheet's own name may hold less, so it is not used for that.
        head: names of the columns.
        rows: each as wide as the head, or narrower.
        right_to_left: whether the first column stands at the right.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # slow to import

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with Workbook(out, options) as book:
        book.set_properties({"title": title[:255], "created": datetime(2000, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet("Parley")
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        quoted = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
        if right_to_left:
            sheet.right_to_left()
        for column, name in enumerate(head):
            sheet.write_string(0, column, _legal(name), bold)
            longest = max((len(str(row[column])) for row in each(rows) if column < len(row)), default=0)
            sheet.set_column(column, column, min(max(longest, len(name), 8) + 2, WIDEST))
        for number, row in enumerate(each(rows), 1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, _legal(cell), quoted if is_formula(cell) else text)
                else:
                    sheet.write_number(number, column, cell, text)
        sheet.freeze_panes(1, 0)
    return out.getvalue()


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)[:LONGEST]
