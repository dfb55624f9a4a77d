"""`parley explain`: why a line of the status says so, and what it rests on, report by report."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, cast

import typer

from api.cli.options import NOW, AsJson, Data, Horizon, ProcessId, Url, connection, with_horizon
from api.cli.questions import read_event, read_status
from api.cli.terminal.console import out, print_json, warn
from api.cli.terminal.text_layout import TextLayout
from api.wording import lines, words
from api.wording.explained_lines import ExplainedLines, ReadRecord, cited_reports
from api.wording.homonyms import told_apart
from api.wording.language import phrase
from api.wording.lines import split
from api.wording.marks import ALERT, ASIDE
from api.wording.values import Names
from api.wording.words import clean
from projections.queries.line_names import lines_in, matching

if TYPE_CHECKING:
    from projections.answers.status import StatusAnswer
    from projections.queries.line_names import NamedLine

MAX_HINTS = 5
MAX_SAID = 60
"""Characters of what a line says where all are listed."""
NOT_FOUND = 1


@with_horizon
def explain(
    process: ProcessId,
    line: Annotated[
        str | None,
        typer.Argument(
            metavar="LINE",
            help="Name of a line: state, talks/damascus.venue, convoys/x.whereabouts, figures.fighters, "
            "obligations.release-detainees, term … All there are, if it is left out.",
        ),
    ] = None,
    horizon: Horizon = NOW,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show why a line of the status says what it says: the reports it rests on, and what became of them.

    A name is the subject (left out for the process itself), then the field, then what distinguishes several of them. A
    part of a name stands for all lines under it; without its subject it stands for the lines of any subject.
    """
    with connection(data, url) as client:
        status = read_status(client, process, horizon)
        all_lines = lines_in(told_apart(status))
        names = list(all_lines) if line is None else matching(line, all_lines)
        if line is not None and not names:
            _unknown(process, line, all_lines)
        rest_on = [] if line is None else [event for name in names for event in all_lines[name]["events"]]
        reports = cited_reports(lambda event: cast("ReadRecord", read_event(client, event)), status, rest_on)
    if as_json:
        answer: dict[str, object] = {"process": status["process"], "horizon": status["horizon"]}
        if line is None:
            answer["lines"] = {
                name: {"contested": one["contested"], "value": one["value"]} for name, one in all_lines.items()
            }
        else:
            answer["lines"] = {name: all_lines[name] for name in names}
            answer["events"] = {event: report.as_json() for event, report in reports.items()}
            answer["actors"] = status["actors"]
        print_json(answer)
        return
    console = out()
    sheet = TextLayout(console.width)
    if asked := words.horizon(status["horizon"]):
        sheet.put((asked, "bold"))
    if line is None:
        _list(sheet, status, all_lines)
    else:
        page = ExplainedLines(sheet, Names.of_status(status), reports)
        for name in names:
            page.line(name, all_lines[name])
    sheet.print(console)


def _unknown(process: str, line: str, all_lines: Iterable[str]) -> None:
    """Ends the command: no line has this name."""
    known = list(all_lines)
    tails = {".".join(split(name)[1]): name for name in reversed(known)}
    close = difflib.get_close_matches(line.casefold()[:200], [*known, *tails], n=MAX_HINTS, cutoff=0.5)
    close += [name for name in known if line and line.casefold() in name]
    hints = list(dict.fromkeys(close))[:MAX_HINTS]
    warn(f"There is no line {clean(line)[:200]!r} in the status of {clean(process)}.", ALERT)
    if hints:
        offered = words.listed(hints, last=phrase("{first} or {last}"))
        warn(f"  Did you mean {offered}?")
    warn(f"  `parley explain {clean(process)}` lists all there are.", ASIDE)
    raise typer.Exit(NOT_FOUND)


def _list(sheet: TextLayout, status: StatusAnswer, all_lines: dict[str, NamedLine]) -> None:
    """The names of all lines, each with what it says in short."""
    names = Names.of_status(status)
    for subject in dict.fromkeys(split(name)[0] for name in all_lines):
        path = subject or f"processes/{status['process']}"
        sheet.heading(names.subject(path), clean(path))
        for name, line in all_lines.items():
            if split(name)[0] == subject:
                parts = lines.sides(names, name, line)
                short = " ".join("".join(part if isinstance(part, str) else part[0] for part in parts).split())
                sheet.name(name, short if len(short) <= MAX_SAID else f"{short[: MAX_SAID - 1].rstrip()}…")
    sheet.gap()
    sheet.put((f"`parley explain {clean(status['process'])} LINE` tells what one of them rests on.", ASIDE))
