"""A page of lines of a status: each with what it rests on, and with all candidates if it is contested."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from api.wording import words
from api.wording.language import grouped, phrase, say
from api.wording.marks import ASIDE, Fragment
from api.wording.sheet import Sheet
from api.wording.values import Names, tag
from api.wording.words import Fields, clean, coded
from projections.answers.lines import fields_of

if TYPE_CHECKING:
    from typing import TypedDict

    from projections.answers.lines import Citation, Said, ShownDescription, ShownLine
    from projections.answers.status import StatusAnswer

    class OnSubject(TypedDict):
        subject: str


T = TypeVar("T")
E = TypeVar("E")
S = TypeVar("S", bound="OnSubject")

FAMILIES = {
    "processes": phrase("in the process: {name}"),
    "talks": phrase("in the talks: {name}"),
    "agreements": phrase("in the agreement: {name}"),
    "convoys": phrase("in the convoy: {name}"),
    "enrolments": phrase("in the register: {name}"),
}


class CitedLines:
    """Puts lines on a layout, in sections.

    Args:
        status: what the lines are of.
        sheet: what they are put on.
        events: whether to show the events that each line rests on, with their ids.
        notes: whether to show what the recording office noted with them.
        revisions: corrections and disputes by id, as far as they were looked up: they say by whom.
    """

    def __init__(
        self,
        status: StatusAnswer,
        sheet: Sheet,
        *,
        events: bool,
        notes: bool,
        revisions: Mapping[str, Fields],
    ) -> None:
        self.sheet = sheet
        self.names = Names.of_status(status, revisions)
        self._totals = status["totals"]
        self._show_events = events
        self._show_notes = notes
        self._said = ""
        """What the last paragraph rests on."""
        self._noted: set[str] = set()
        """Events whose note is shown already."""

    def entry(
        self,
        events: list[str],
        *said: Fragment,
        indent: int = 2,
        below: bool = False,
        of: Mapping[str, Any] | None = None,
    ) -> None:
        """A paragraph with what it rests on. One `below` another leaves that out if it is the same as above."""
        grounds = self.names.grounds(events)
        again = below and grounds == self._said
        self._said = grounds
        self.sheet.cite(*said, grounds=grounds, of=of, events=events, indent=indent, again=again)
        for event in events:
            known = self.names.evidence.get(event)
            if self._show_notes and known and known["note"] and event not in self._noted:
                self._noted.add(event)
                self.sheet.put((say("Note: {text}", text=clean(known["note"])), "italic"), indent=indent + 2)
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
            if line["value"] is not None or not line.get("candidates"):
                self.entry(
                    line["events"],
                    *lead,
                    *self._possibly(line["events"]),
                    *show(value_of(line)),
                    *after,
                    *_one_claimant(line),
                    indent=indent,
                    of=line,
                )
                lead = [say("or: ")]
            for candidate in line.get("candidates", ()):
                if candidate.get("possible"):
                    on = f" ({words.when(candidate['occurred'])})"
                    said = [*lead, tag("possibly"), " ", *show(candidate["value"]), on]
                    self.entry(candidate["events"], *said, indent=indent + 2)
            self.also(line, show, indent + 2)
            return
        disagree = say(" the last reports disagree.")
        self.sheet.cite(
            *lead, tag("contested"), disagree, *after, grounds="", of=line, events=line["events"], indent=indent
        )
        for number, candidate in enumerate(line["candidates"]):
            on = f" ({words.when(candidate['occurred'])})"
            choice: list[Fragment] = [say("or: ") if number else say("either: ")]
            choice += [tag("possibly"), " "] if candidate.get("possible") else []
            self.entry(candidate["events"], *choice, *show(candidate["value"]), on, indent=indent + 2)

    def told_together(self, thing: Citation, *said: Fragment, indent: int = 2) -> None:
        """One thing that several reports tell of, and what some of them say beside the others."""
        self.entry(thing["events"], *said, indent=indent, of=thing)
        for name, others in thing.get("also", {}).items():
            for other in others:
                gist = words.gist({name: other["value"]}, self.names.actors)
                self.entry(other["events"], say("also: "), gist, indent=indent + 2)

    def also(self, line: ShownLine[T], show: Callable[[T], list[Fragment]], indent: int) -> None:
        """What other reports say beside a line that does not contradict it."""
        for name, others in line.get("also", {}).items():
            for other in others:
                said = (
                    show(other["value"]) if name == "value" else [words.gist({name: other["value"]}, self.names.actors)]
                )
                self.entry(other["events"], say("also: "), *said, indent=indent)

    def step(
        self,
        lead: list[Fragment],
        line: ShownLine[T] | None,
        show: Callable[[T], list[Fragment]],
        *after: Fragment,
        indent: int = 2,
    ) -> None:
        """A line of what happened, or of how far something has come, with the date; after a text it is in brackets."""
        date = ""
        if line is not None and not line["contested"] and line["value"] is not None:
            date = self.happened(line["occurred"], line["events"])
            said = "".join(part if isinstance(part, str) else part[0] for part in show(line["value"]))
            date = f" ({date.strip()})" if date and not said.endswith("]") else date
        self.line(lead, line, show, date, *after, indent=indent)

    def happened(self, occurred: str | None, events: list[str]) -> str:
        """The date on which it happened, unless that is the day of a source: then it stands with that."""
        if not occurred or words.when(occurred.removeprefix("../")) in self.names.grounds(events):
            return ""
        return f" {words.when(occurred)}"

    def _possibly(self, events: list[str]) -> list[Fragment]:
        """A word before what rests only on reports that are possibly beyond the horizon."""
        return [tag("possibly"), " "] if self.names.possible(events) else []

    def detail(
        self, lead: str, line: ShownLine[T] | None, show: Callable[[T], list[Fragment]], *, dated: bool = False
    ) -> None:
        """A line that belongs to the entry above it; of what happened, dated."""
        if line is None:
            return
        if line["contested"]:
            self.line([lead or say("what it is: ")], line, show, indent=4)
        else:
            self.entry(
                line["events"],
                lead,
                *self._possibly(line["events"]),
                *show(value_of(line)),
                f" ({date.strip()})" if dated and (date := self.happened(line["occurred"], line["events"])) else "",
                indent=4,
                below=True,
                of=line,
            )
            self.also(line, show, 6)

    def description(self, line: ShownDescription | None, show: Callable[[Said], list[Fragment]]) -> None:
        """What a thing is, put together from all reports of it: each part with who says it, what is contested apart."""
        if line is None:
            return
        value, told_by = fields_of(value_of(line)), line.get("told_by", {})
        parts: dict[tuple[str, ...], dict[str, Any]] = {}
        first = tuple(next(iter(told_by.values()), line["events"]))
        for name, said in value.items():
            parts.setdefault(tuple(told_by.get(name, first)), {})[name] = said
        for events, part in parts.items():
            said = show(cast("Said", part))
            if any(said):
                self.entry(list(events), *self._possibly(list(events)), *said, indent=4, below=True, of=line)
        for name, field in line.get("contested_fields", {}).items():
            contested = [tag("contested"), f" {words.field_name(name)}:", say(" the last reports disagree.")]
            self.sheet.cite(*contested, grounds="", of=field, events=field["events"], indent=4)
            for number, candidate in enumerate(field["candidates"]):
                on = f" ({words.when(candidate['occurred'])})"
                choice = say("or: ") if number else say("either: ")
                said = show(cast("Said", {name: candidate["value"]}))
                self.entry(candidate["events"], choice, *said, on, indent=6)
        self.also(line, show, 6)

    def section(
        self,
        key: str,
        title: str,
        entries: Sequence[E],
        nothing: str | None = None,
        *,
        family: str | None = None,
    ) -> Sequence[E]:
        """A heading; it says so where there is nothing to list, or where the list is not whole."""
        total = sum(self._totals.get(family or "", {}).values())
        if not entries:
            aside = say("none recorded") if nothing is None else nothing
        elif total > len(entries):
            whole = {"shown": grouped(len(entries)), "total": grouped(total)}
            aside = say("{shown} of {total}: those under way, and the last ones over", **whole)
        else:
            aside = ""
        self.sheet.heading(title, aside, key=key)
        return entries

    def grouped(self, entries: Sequence[S]) -> Iterator[S]:
        """What is said on each subject, under its name."""
        for path in dict.fromkeys(entry["subject"] for entry in entries):
            family = path.partition("/")[0]
            self.sheet.put((say(FAMILIES[family], name=self.names.subject(path)), ASIDE), indent=2)
            yield from (entry for entry in entries if entry["subject"] == path)


def _one_claimant(line: ShownLine[Any]) -> list[Fragment]:
    """The mark of a change of state that no more than one claimant tells of."""
    return [" ", (f"[{say('one claimant')}]", "bold")] if line.get("one_claimant") else []


def value_of(line: ShownLine[T]) -> T:
    """What a line says that is not contested."""
    return cast("T", line["value"])


def plain(value: object) -> list[Fragment]:
    """A value that needs no more than a word."""
    return [coded(value)]


def values_of(line: ShownLine[T] | None) -> Iterable[T | None]:
    """The values that stand in a line."""
    if line is None:
        return []
    if line["contested"]:
        return [candidate["value"] for candidate in line["candidates"]]
    return [line["value"]]


CONTESTED = ("contested", "claims-contradict")
"""The rules that find what is contested: of lines, and of figures."""


def contested_matters(status: StatusAnswer) -> int:
    """How many matters are contested: the findings tell of the same ones that are marked in the lists."""
    return sum(status["findings"]["by_rule"].get(rule, 0) for rule in CONTESTED)
