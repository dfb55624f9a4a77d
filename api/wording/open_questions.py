"""What is not known of a process: silent, overdue, unanswered, contested, unconfirmed; a section of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from api.wording import lines, words
from api.wording.language import say
from api.wording.lines import readable
from api.wording.marks import Fragment
from api.wording.sheet import Sheet
from api.wording.values import Names, expected, tag

if TYPE_CHECKING:
    from projections.answers.status import StatusAnswer
    from projections.queries.line_names import NamedLine

MOST = 20
"""Lines of one kind."""


def put(sheet: Sheet, names: Names, status: StatusAnswer, named: Mapping[str, NamedLine]) -> None:
    """Puts the section on a sheet."""
    open_lines = list(_lines(names, status, named))
    nothing = say("no question is open as far as is recorded; what nobody reported is not known either")
    sheet.heading(say("What we do not know"), "" if open_lines else nothing, key="unknown")
    for said, of, events in open_lines:
        sheet.cite(*said, grounds="", of=of, events=events, indent=2)


Question = tuple[list[Fragment], Mapping[str, object] | None, list[str]]


def _lines(names: Names, status: StatusAnswer, named: Mapping[str, NamedLine]) -> Iterator[Question]:
    for finding in status["findings"]["items"]:
        if finding["rule"] == "silence":
            text = f" {names.subject(finding['subject'])}: {readable(finding['text'], names.actors)}"
            yield [(f"[{say('silent')}]", "bold"), text], finding, finding["events"]
    for due in status["overdue"][:MOST]:
        said = say(
            " What became of this is not recorded: {what}, {date}.",
            what=expected(due["what"]),
            date=words.when(due["when"]),
        )
        yield [tag("overdue"), said], due, due["events"]
    waiting = [proposal for proposal in status["proposals"] if proposal["unanswered"]]
    for proposal in waiting[:MOST]:
        yield [tag("unanswered"), " ", *lines.said(names, "proposals", proposal)], proposal, proposal["events"]
    # Of an archive nobody waits for a second claimant: there the mark on the line is enough.
    unconfirmed = [(name, line) for name, line in named.items() if line.get("one_claimant")]
    for name, line in unconfirmed[:MOST] if status["followed"] else []:
        subject, steps = lines.split(name)
        if steps == ["state"]:
            of = f" {names.subject(subject)}: " if subject else " "
            yield [(f"[{say('unconfirmed')}]", "bold"), of, *lines.sides(names, name, line)], line, line["events"]
    contested = [(name, line) for name, line in named.items() if line["contested"] or line.get("disagrees")]
    for name, line in contested[:MOST]:
        subject, _ = lines.split(name)
        of = f" {names.subject(subject)}:" if subject else ""
        yield [tag("contested"), f"{of} {lines.title(names, name)}"], line, line["events"]
