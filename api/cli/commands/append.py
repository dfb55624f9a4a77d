"""`parley append`: events from a file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from api.cli import append_file
from api.cli.check_file import check_lines
from api.cli.client import begins_a_log
from api.cli.doubles import MAX_CHANGES, Double
from api.cli.errors import CannotContinue, ServerRefusal, Unreachable
from api.cli.event_file import Faults, LineRefused
from api.cli.held_lines import DoublesAre
from api.cli.kept_ids import KeptIds
from api.cli.options import Data, Url, connection
from api.cli.terminal.console import REFUSED, out, say, warn
from api.cli.terminal.finding_lines import put_findings
from api.cli.terminal.progress import reading
from api.cli.terminal.text_layout import TextLayout
from api.settings import load
from api.wording import words
from api.wording.marks import ALERT, ASIDE
from api.wording.words import times
from domain.finding import Severity, Turn

if TYPE_CHECKING:
    from projections.answers.findings import ChangedFinding, ShownFinding


def append(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="File of events, one a line (NDJSON); - reads stdin.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the whole file, tell every error, and record nothing.")
    ] = False,
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
    A line without an id gets one made from its content, so two lines that are equal are one event; it is kept in
    FILE.ids, so that a line that is mended later is recognised. Such a line, and one that differs from a report of the
    same subject, type, date and sources in wording or number alone, is asked about first. After a short file it shows
    what its lines did to the findings of their subjects: which they raised, changed and resolved.
    """
    if correct and new:
        raise CannotContinue("--correct and --new exclude each other: choose what such lines are")
    doubles: DoublesAre = "corrections" if correct else "new" if new else "asked about"
    options, tally = append_file.AppendOptions(strict, doubles, findings=True), append_file.AppendResult()
    path = str(getattr(file, "name", "-"))
    name = "stdin" if path in ("-", "<stdin>") else path
    kept = KeptIds.beside(Path(name) if name == path else None, notice=lambda text: warn(text, ALERT))
    if dry_run:
        _check(file, name, kept, options, data, url)
        return
    try:
        with connection(data, url, new=True) as client, reading(file) as read:
            where = client.where
            append_file.append_lines(client, file, tally, read, options, kept)
    except append_file.DoublesFound as asked:
        _print_doubles(asked.doubles, name)
        _ask_about(asked.doubles, f"Recorded before that: {summary(tally)}." if tally.recorded else "", correct=correct)
        raise typer.Exit(REFUSED) from None
    except LineRefused as stopped:
        warn(f"Line {stopped.number} of {name} is refused: {stopped.title}", "bold red")
        _print_faults(stopped.faults)
        warn(f"Before it: {summary(tally)}. Mend line {stopped.number}, then run the same command again.")
        warn("With --dry-run it tells the errors of all lines.", ASIDE)
        raise typer.Exit(REFUSED) from None
    except (KeyboardInterrupt, Unreachable, ServerRefusal):
        if tally.recorded:
            warn(f"Broken off: {summary(tally)}. Running the same command again is safe, and goes on from there.")
        raise
    say(f"{summary(tally)[:1].upper()}{summary(tally)[1:]}, in {where}.")
    if kept.added and not kept.entries and kept.path is not None:
        warn(f"The ids of its lines are kept in {kept.path}: leave it beside the file.", ASIDE)
    if tally.new:
        print_recorded(tally.recorded_lines)
        print_findings(tally.findings.values())


def _check(
    file: BinaryIO, name: str, kept: KeptIds, options: append_file.AppendOptions, data: Path | None, url: str | None
) -> None:
    """Tells all that is wrong with a file; nothing is recorded, and no log is begun."""
    with ExitStack() as stack:
        directory = data
        if begins_a_log(load(data=data, url=url)):
            directory = Path(stack.enter_context(TemporaryDirectory(prefix="parley-")))
        client = stack.enter_context(connection(directory, url, new=True))
        read = stack.enter_context(reading(file))
        where = client.where if directory is data else "a log that it begins"
        result = check_lines(client, file, kept, options, read)
    for number, faults in sorted(result.faults.items()):
        warn(f"Line {number} of {name}:", ALERT)
        _print_faults(faults)
    _print_doubles(result.doubles, name)
    fits = f"{times(result.new, 'event', 'events')} can be recorded in {where}" if result.new else "No event is new"
    say(f"{fits}{f', {result.known:,} are there already' if result.known else ''}. Nothing was recorded.")
    if result.doubles:
        _ask_about(result.doubles, "", correct=options.doubles == "corrections")
    if result.faults:
        errors = sum(map(len, result.faults.values()))
        warn(f"{times(errors, 'error', 'errors')} in {times(len(result.faults), 'line', 'lines')} of {name}.")
    if result.doubles or result.faults:
        raise typer.Exit(REFUSED)


def _print_faults(faults: Faults) -> None:
    for pointer, detail in faults:
        warn(f"  {words.clean(pointer)}: {words.clean(detail)}" if pointer else f"  {words.clean(detail)}")


def _print_doubles(doubles: Sequence[Double], name: str) -> None:
    for double in doubles:
        head = f"Line {double.number} of {name}"
        if double.mended:
            warn(f"{head} says something else than the report that was recorded from it:", ALERT)
        else:
            warn(f"{head} may be a report that is recorded, in other words or numbers:", ALERT)
        subject = words.clean(double.elsewhere or double.event["subject"])
        for event in double.recorded:
            warn(f"  {event}  {words.spoken(double.event['type'])}  {subject}")
        if double.changes:
            more = "" if len(double.changes) <= MAX_CHANGES else f", and {len(double.changes) - MAX_CHANGES} more"
            warn(f"  differs in {words.clean(', '.join(double.changes[:MAX_CHANGES]))}{more}")


def _ask_about(doubles: Sequence[Double], recorded: str, *, correct: bool) -> None:
    """Says what can be done about lines that may be reports which are recorded."""
    nothing = recorded or "Nothing was recorded."
    several = any(len(double.recorded) > 1 for double in doubles)
    if any(double.elsewhere is not None for double in doubles):
        warn(
            "A report cannot be moved to another subject: retract it with `parley retract ID --reason TEXT`, and run "
            "this again."
        )
    which = "Several could be meant: use `parley correct ID`. " if correct and several else ""
    warn(
        f"{nothing} {which}Run the same command again with --correct if such lines correct these reports, or with "
        "--new if they are reports of their own."
    )


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
    names = {line.subject: line.name for line in reversed(lines) if line.name is not None}  # the first that was given
    for line in lines:
        name = f" “{words.clean(names[line.subject])}”" if line.subject in names else ""
        say(f"  {line.id}  {words.spoken(line.type)}  {line.subject}{name}")


MAX_FINDINGS_SHOWN = 10
"""Findings that are shown after an append."""
GRAVITY = {severity.value: place for place, severity in enumerate(Severity)}


def print_findings(changes: Collection[ChangedFinding]) -> None:
    """What lines did to the findings of their subjects: what they raised, changed and resolved, the gravest first."""
    if not changes:
        return
    console, left = out(), MAX_FINDINGS_SHOWN
    sheet = TextLayout(console.width)
    for turn in Turn:
        turned = sorted((finding for finding in changes if finding["now"] == turn), key=_gravity)
        if turned:
            sheet.put(f"{words.times(len(turned), 'finding')} {turn}:")
            put_findings(sheet, turned[:left], {})
            left = max(left - len(turned), 0)
    if len(changes) > MAX_FINDINGS_SHOWN:
        sheet.put((f"and {len(changes) - MAX_FINDINGS_SHOWN} more: `parley findings` shows all that stand.", ASIDE))
    sheet.print(console)


def _gravity(finding: ShownFinding) -> int:
    return GRAVITY.get(finding["severity"], len(GRAVITY))
