"""A page of lines of a status: each with what it rests on, and with all candidates if it is contested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from api.cli.terminal.text_layout import TextLayout
from api.wording import words
from api.wording.marks import ASIDE, Fragment
from api.wording.values import Names, tag
from api.wording.words import clean

if TYPE_CHECKING:
    from typing import TypedDict

    from api.http.schemas.answers import EventWithRevisions
    from projections.answers.lines import ShownLine
    from projections.answers.status import StatusAnswer

    class OnSubject(TypedDict):
        subject: str


T = TypeVar("T")
E = TypeVar("E")
S = TypeVar("S", bound="OnSubject")

FAMILIES = {"processes": "process", "agreements": "agreement", "convoys": "convoy", "enrolments": "register"}


class CitedLines:
    """Puts lines on a layout, in sections.

    Args:
        status: what the lines are of.
        width: columns of the terminal.
        events: whether to show the events that each line rests on, with their ids.
        notes: whether to show what the recording office noted with them.
        revisions: corrections and disputes by id, as far as they were looked up: they say by whom.
    """

    def __init__(
        self,
        status: StatusAnswer,
        width: int,
        *,
        events: bool,
        notes: bool,
        revisions: Mapping[str, EventWithRevisions],
    ) -> None:
        self.sheet = TextLayout(width)
        self.names = Names.of_status(status, revisions)
        self._totals = status["totals"]
        self._show_events = events
        self._show_notes = notes
        self._said = ""
        """What the last paragraph rests on."""
        self._noted: set[str] = set()
        """Events whose note is shown already."""

    def entry(self, events: list[str], *said: Fragment, indent: int = 2, below: bool = False) -> None:
        """A paragraph with what it rests on. One `below` another leaves that out if it is the same as above."""
        grounds = self.names.grounds(events)
        again = below and grounds == self._said
        self._said = grounds
        self.sheet.put(*said, (f" — {grounds}", ASIDE) if grounds and not again else "", indent=indent)
        for event in events:
            known = self.names.evidence.get(event)
            if self._show_notes and known and known["note"] and event not in self._noted:
                self._noted.add(event)
                self.sheet.put((f"Note: {clean(known['note'])}", "italic"), indent=indent + 2)
            if self._show_events:
                self.sheet.put((f"{clean(known['type'] if known else 'event')} {event}", ASIDE), indent=indent + 2)

    def line(
        self,
        lead: list[Fragment],
        line: ShownLine[T] | None,
        show: Callable[[T], list[Fragment]],
        *after: Fragment,
        indent: int = 2,
    ) -> None:
        """A line of the status after its lead; all candidates, each with who says so, if it is contested."""
        if line is None:
            return
        if not line["contested"]:
            self.entry(
                line["events"], *lead, *self._possibly(line["events"]), *show(value_of(line)), *after, indent=indent
            )
            return
        self.sheet.put(*lead, tag("contested"), " the last reports disagree.", *after, indent=indent)
        for number, candidate in enumerate(line["candidates"]):
            on = f" ({words.when(candidate['occurred'])})"
            choice: list[Fragment] = ["or: " if number else "either: "]
            choice += [tag("possibly"), " "] if candidate.get("possible") else []
            self.entry(candidate["events"], *choice, *show(candidate["value"]), on, indent=indent + 2)

    def _possibly(self, events: list[str]) -> list[Fragment]:
        """A word before what rests only on reports that are possibly beyond the horizon."""
        return [tag("possibly"), " "] if self.names.possible(events) else []

    def detail(self, lead: str, line: ShownLine[T] | None, show: Callable[[T], list[Fragment]]) -> None:
        """A line that belongs to the entry above it."""
        if line is None:
            return
        if line["contested"]:
            self.line([lead or "what it is: "], line, show, indent=4)
        else:
            self.entry(
                line["events"], lead, *self._possibly(line["events"]), *show(value_of(line)), indent=4, below=True
            )

    def section(
        self, title: str, entries: Sequence[E], nothing: str = "none recorded", *, family: str | None = None
    ) -> Sequence[E]:
        """A heading; it says so where there is nothing to list, or where the list is not whole."""
        total = sum(self._totals.get(family or "", {}).values())
        aside = (
            f"{len(entries):,} of {total:,}: those under way, and the last ones over" if total > len(entries) else ""
        )
        self.sheet.heading(title, aside if entries else nothing)
        return entries

    def grouped(self, entries: Sequence[S]) -> Iterator[S]:
        """What is said on each subject, under its name."""
        for path in dict.fromkeys(entry["subject"] for entry in entries):
            family = path.partition("/")[0]
            self.sheet.put((f"in the {FAMILIES.get(family, family)}: {self.names.subject(path)}", ASIDE), indent=2)
            yield from (entry for entry in entries if entry["subject"] == path)


def value_of(line: ShownLine[T]) -> T:
    """What a line says that is not contested."""
    return cast("T", line["value"])


def plain(value: object) -> list[Fragment]:
    """A value that needs no more than a word."""
    return [clean(value)]
