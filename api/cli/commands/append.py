"""`parley append`: events from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import append_file
from api.cli.errors import CannotContinue, ServerRefusal, Unreachable
from api.cli.options import Data, Url, connection
from api.cli.terminal.console import REFUSED, out, say, warn
from api.cli.terminal.finding_lines import put_findings
from api.cli.terminal.progress import reading
from api.cli.terminal.text_layout import TextLayout
from api.wording import words
from api.wording.marks import ALERT, ASIDE
from api.wording.words import times
from domain.finding import Severity

if TYPE_CHECKING:
    from projections.answers.findings import ShownFinding


def append(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="File of events, one a line (NDJSON); - reads stdin.")],
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Refuse a line that would raise a finding of data quality on its own subject."),
    ] = False,
    correct: Annotated[
        bool, typer.Option("--correct", help="A line that differs from a report in wording or number corrects it.")
    ] = False,
    new: Annotated[bool, typer.Option("--new", help="Such a line is a report of its own.")] = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Append events from a file, up to the first line that is refused.

    Everything before that line is recorded. Running it again is safe: what is recorded already is recognised by its id.
    A line without an id gets one made from its content, so two lines that are equal are one event; one that differs
    from a report of the same subject, type, date and sources in wording or number alone is asked about first. After a
    short file it shows what does not fit on the subjects of its lines.
    """
    if correct and new:
        raise CannotContinue("--correct and --new exclude each other: choose what such lines are")
    doubles: append_file.DoublesAre = "corrections" if correct else "new" if new else "asked about"
    options = append_file.AppendOptions(strict=strict, doubles=doubles, findings=True)
    tally = append_file.AppendResult()
    name = str(getattr(file, "name", "-"))
    name = "stdin" if name in ("-", "<stdin>") else name
    try:
        with connection(data, url, new=True) as client, reading(file) as read:
            where = client.where
            append_file.append_lines(client, file, tally, read, options)
    except append_file.DoublesFound as asked:
        for double in asked.doubles:
            warn(f"Line {double.number} of {name} may be a report that is recorded, in other words or numbers:", ALERT)
            for event in double.recorded:
                warn(f"  {event}  {words.spoken(double.event['type'])}  {double.event['subject']}")
        several = "Several could be meant: use `parley correct ID`. " if correct else ""
        warn(
            f"Nothing was recorded. {several}Run the same command again with --correct if such lines correct these "
            "reports, or with --new if they are reports of their own."
        )
        raise typer.Exit(REFUSED) from None
    except append_file.LineRefused as stopped:
        warn(f"Line {stopped.number} of {name} is refused: {stopped.title}", "bold red")
        for pointer, detail in stopped.faults:
            warn(f"  {pointer}: {detail}" if pointer else f"  {detail}")
        warn(f"Before it: {summary(tally)}. Mend line {stopped.number}, then run the same command again.")
        raise typer.Exit(REFUSED) from None
    except (KeyboardInterrupt, Unreachable, ServerRefusal):
        if tally.recorded:
            warn(f"Broken off: {summary(tally)}. Running the same command again is safe, and goes on from there.")
        raise
    say(f"{summary(tally)[:1].upper()}{summary(tally)[1:]}, in {where}.")
    if tally.new:
        print_recorded(tally.recorded_lines)
        print_findings(tally.findings)


def summary(tally: append_file.AppendResult) -> str:
    """What an append did, in words."""
    if not tally.recorded:
        return "nothing was recorded"
    if not tally.new:
        return f"nothing new: {times(tally.known, 'event was', 'events were')} there already"
    known = f", {tally.known:,} were there already" if tally.known else ""
    return f"{times(tally.new, 'event is', 'events are')} recorded{known}"


def print_recorded(lines: list[append_file.RecordedLine]) -> None:
    """The ids of what is new, as `parley correct` and `parley retract` take them; nothing after a long file."""
    if len(lines) > append_file.MAX_LINES_SHOWN:
        return
    names = {line.subject: line.name for line in lines if line.name is not None}
    for line in lines:
        name = f" “{words.clean(names[line.subject])}”" if line.subject in names else ""
        say(f"  {line.id}  {words.spoken(line.type)}  {line.subject}{name}")


MAX_FINDINGS_SHOWN = 10
"""Findings that are shown after an append."""
GRAVITY = {severity.value: place for place, severity in enumerate(Severity)}


def print_findings(by_subject: dict[str, list[ShownFinding]]) -> None:
    """What stands on the subjects of an append, the gravest first."""
    gravest_first = [finding for of_subject in by_subject.values() for finding in of_subject]
    gravest_first.sort(key=lambda finding: GRAVITY.get(finding["severity"], len(GRAVITY)))
    if not gravest_first:
        return
    console = out()
    sheet = TextLayout(console.width)
    sheet.put(f"{words.times(len(gravest_first), 'finding')} on {words.times(len(by_subject), 'subject')}:")
    put_findings(sheet, gravest_first[:MAX_FINDINGS_SHOWN], {})
    if len(gravest_first) > MAX_FINDINGS_SHOWN:
        sheet.put((f"and {len(gravest_first) - MAX_FINDINGS_SHOWN} more: `parley findings` shows them all.", ASIDE))
    sheet.print(console)
