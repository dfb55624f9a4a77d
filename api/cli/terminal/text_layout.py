"""A sheet of paragraphs for the terminal: indented, wrapped, and plain when piped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from api.wording.marks import ASIDE, Fragment
from api.wording.words import clean

MAX_WIDTH = 100
MIN_WIDTH = 40
MAX_DATE_COLUMN = 26
"""Columns of a date beside its claim; a longer one gets a line of its own."""

_TOGETHER = re.compile(r"\b\d{1,2} [A-Z][a-z]{2} \d{4}\b|\b[A-Z][a-z]{2} \d{4}\b|— ")
"""Dates, and the dash before a source: a line does not break within them."""
_GLUE = "\ue000"


class TextLayout:
    """Collects the lines of a page.

    Args:
        width: columns of the terminal; a page is 40 to 100 wide.
    """

    def __init__(self, width: int = 80) -> None:
        self.width = max(MIN_WIDTH, min(width, MAX_WIDTH))
        self.lines: list[Text] = []
        self._console = Console(width=self.width, color_system=None)

    def put(self, *parts: Fragment, indent: int = 0) -> None:
        """A paragraph; its further lines stand two columns deeper."""
        for number, line in enumerate(self._wrapped(parts, self.width - indent - 2)):
            self._line(indent if number == 0 else indent + 2, line)

    def row(
        self,
        left: str,
        *parts: Fragment,
        column: int,
        indent: int = 2,
        style: str = "",
        grounds: str = "",
        marks: Sequence[Fragment] = (),
        events: Sequence[str] = (),  # noqa: ARG002  a page links to them
    ) -> None:
        """A paragraph beside a short text: a date, a word. A text too long for its column gets a line of its own."""
        if grounds:
            parts = (*parts, (f" — {grounds}", ASIDE))
        for mark in marks:
            parts = (*parts, " ", mark)
        if len(left) >= column:
            self._line(indent, Text(left, style))
            left = ""
        for number, line in enumerate(self._wrapped(parts, self.width - indent - column)):
            self._line(indent, Text((left if number == 0 else "").ljust(column), style) + line)

    def cite(
        self,
        *parts: Fragment,
        grounds: str,
        of: Mapping[str, Any] | None,  # noqa: ARG002  a page links to it
        events: Sequence[str],  # noqa: ARG002
        indent: int,
        again: bool = False,
    ) -> None:
        """A paragraph, and what it rests on after a dash, unless that stands above."""
        self.put(*parts, (f" — {grounds}", ASIDE) if grounds and not again else "", indent=indent)

    def heading(self, title: str, aside: str = "", *, key: str = "") -> None:  # noqa: ARG002  a page has anchors
        """The title of a section; `aside` says so where there is nothing to list."""
        self.gap()
        self.put((title.upper(), "bold"), (f"  {aside}" if aside else "", ASIDE))

    def name(self, name: str, said: str = "", style: str = "") -> None:
        """A name in one piece, so that it can be copied, and what is said of it: beside it, or below."""
        beside = len(name) + 2 + len(said) <= self.width
        self.lines.append(Text.assemble((clean(name), "bold"), (f"  {said}" if beside and said else "", style)))
        if not beside:
            self.put((said, style), indent=4)

    def gap(self) -> None:
        if self.lines and self.lines[-1].plain:
            self.lines.append(Text())

    def print(self, console: Console) -> None:
        for line in self.lines:
            console.print(line, no_wrap=True, overflow="ignore", crop=False, highlight=False, markup=False)

    def __str__(self) -> str:
        return "\n".join(line.plain for line in self.lines)

    def _wrapped(self, parts: tuple[Fragment, ...], width: int) -> list[Text]:
        text = Text.assemble(*parts)
        text.plain = _TOGETHER.sub(lambda match: match[0].replace(" ", _GLUE), text.plain)
        lines = text.wrap(self._console, max(width, 16))
        for line in lines:
            line.plain = line.plain.replace(_GLUE, " ")
        return list(lines)

    def _line(self, indent: int, text: Text) -> None:
        line = Text(" " * indent) + text
        line.rstrip()
        self.lines.append(line)
