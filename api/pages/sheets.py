"""A sheet of lines for a page: sections of nested entries, each with what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from api.pages.markup import fragments, marked_up
from api.wording.marks import Fragment

STEP = 2
"""Columns by which a paragraph stands deeper than the one it belongs to."""


@dataclass(slots=True)
class Entry:
    """A paragraph, and those that belong to it."""

    said: Markup
    grounds: Markup = field(default_factory=Markup)
    """Who says so, through whom and when; empty if that stands above."""
    occurred: Markup = field(default_factory=Markup)
    """When it happened."""
    why: str | None = None
    """The address of what it rests on."""
    event: str | None = None
    """The first event that it rests on."""
    entries: list[Entry] = field(default_factory=list)
    differs: str = ""
    """How it differs from the other side, in words, where two sides are shown."""

    @property
    def own(self) -> tuple[str, str, str]:
        """What it says itself, to be held against another one."""
        return str(self.said), str(self.grounds), str(self.occurred)


@dataclass(slots=True)
class Section:
    """A titled list of entries."""

    key: str
    title: str
    aside: str
    entries: list[Entry] = field(default_factory=list)


Reason = Callable[[Mapping[str, Any] | None, Sequence[str]], str | None]
"""The address of what a line rests on, given the line and its events."""
Date = Callable[[Mapping[str, Any] | None, Sequence[str]], str]
"""When that happened, in words."""


class PageSheet:
    """Collects the sections of a page; what stands before the first heading is its top.

    Args:
        reason: where a line is explained.
        date: when what a line tells of happened.
    """

    def __init__(self, reason: Reason, date: Date) -> None:
        self.top = Section("top", "", "")
        self.sections: list[Section] = []
        self._reason = reason
        self._date = date
        self._open: list[tuple[int, Entry]] = []

    def heading(self, title: str, aside: str = "", *, key: str = "") -> None:
        self.sections.append(Section(key, title, aside))
        self._open.clear()

    def row(
        self,
        left: str,
        *parts: Fragment,
        column: int,  # noqa: ARG002  a page has no columns of letters
        indent: int = 2,
        grounds: str = "",
        marks: Sequence[Fragment] = (),
        events: Sequence[str] = (),
    ) -> None:
        reason = self._reason(None, events) if events else None
        spaced = [part for mark in marks for part in (" ", mark)]
        entry = Entry(fragments([*parts, *spaced]), marked_up(grounds), marked_up(left), reason)
        entry.event = events[0] if events else None
        self._add(entry, indent)

    def name(self, name: str, said: str = "", style: str = "") -> None:  # noqa: ARG002  it is the title here
        self.heading(said, key=name)

    def gap(self) -> None:
        self.sections.append(Section("", "", ""))
        self._open.clear()

    def put(self, *parts: Fragment, indent: int = 0) -> None:
        self._add(Entry(fragments(parts)), indent)

    def cite(
        self,
        *parts: Fragment,
        grounds: str,
        of: Mapping[str, Any] | None,
        events: Sequence[str],
        indent: int,
        again: bool = False,
    ) -> None:
        entry = Entry(
            fragments(parts),
            Markup("") if again else marked_up(grounds),
            Markup("") if again else marked_up(self._date(of, events)),
            self._reason(of, events),
            events[0] if events else None,
        )
        self._add(entry, indent)

    def by_key(self) -> dict[str, Section]:
        """Its sections, by the names that no language changes."""
        return {section.key: section for section in self.sections if section.key}

    def _add(self, entry: Entry, indent: int) -> None:
        while self._open and self._open[-1][0] >= indent:
            self._open.pop()
        section = self.sections[-1] if self.sections else self.top
        (self._open[-1][1].entries if self._open else section.entries).append(entry)
        self._open.append((indent, entry))


def differing(entries: Iterable[Entry], others: Iterable[Entry], differs: str) -> bool:
    """Marks the entries that the other side has not, at any depth, and tells whether there is one."""
    there = {entry.own for entry in _nested(others)}
    missing = [entry for entry in _nested(entries) if entry.own not in there]
    for entry in missing:
        entry.differs = differs
    return bool(missing)


def _nested(entries: Iterable[Entry]) -> Iterable[Entry]:
    for entry in entries:
        yield entry
        yield from _nested(entry.entries)
