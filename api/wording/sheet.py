"""What lines are put on: a terminal lays them out in columns of letters, a page in HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from api.wording.marks import Fragment


class Sheet(Protocol):
    """Takes a page line by line, from the top."""

    def heading(self, title: str, aside: str = "", *, key: str = "") -> None:
        """The title of a section.

        Args:
            title: in words.
            aside: says so where there is nothing to list, or where the list is not whole.
            key: a name of the section that no language changes.
        """

    def put(self, *parts: Fragment, indent: int = 0) -> None:
        """A paragraph, `indent` columns deep: a deeper one belongs to the one above it."""

    def cite(
        self,
        *parts: Fragment,
        grounds: str,
        of: Mapping[str, Any] | None,
        events: Sequence[str],
        indent: int,
        again: bool = False,
    ) -> None:
        """A paragraph with what it rests on.

        Args:
            parts: what it says.
            grounds: who says so, through whom and when.
            of: the line or citation of the answer that it tells of, if it is one.
            events: the reports.
            indent: as of any paragraph.
            again: whether the paragraph above rests on the same.
        """

    def row(
        self,
        left: str,
        *parts: Fragment,
        column: int,
        indent: int = 2,
        grounds: str = "",
        marks: Sequence[Fragment] = (),
        events: Sequence[str] = (),
    ) -> None:
        """A paragraph beside a short text, a date: what it rests on, and its marks, stand at its end."""

    def name(self, name: str, said: str = "", style: str = "") -> None:
        """The name of a line, in one piece, and what is said of it."""

    def gap(self) -> None:
        """Ends a section."""
