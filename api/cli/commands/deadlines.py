"""`parley deadlines`: what is due."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import NOW, AsJson, Data, Horizon, Url, connection, with_horizon
from api.cli.questions import list_deadlines, read_calendar
from api.cli.terminal.console import out, print_json, say
from api.cli.terminal.text_layout import MAX_DATE_COLUMN, TextLayout
from api.wording import words
from api.wording.marks import ALERT, ASIDE, Fragment
from api.wording.words import clean

BEGINNING = "0001-01-01"
"""Before all dates: the interface begins a list with today unless it is asked; here what is overdue comes first."""

if TYPE_CHECKING:
    from projections.answers.deadlines import Deadline
    from projections.answers.explanations import Explained


@with_horizon
def deadlines(
    process: Annotated[str | None, typer.Option(help="Only of this process.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only what may be due on this date (EDTF) or later.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only what may be due by the end of this date (EDTF).")
    ] = None,
    overdue: Annotated[
        bool | None, typer.Option("--overdue/--not-overdue", help="Only what is overdue, or what is not.")
    ] = None,
    ics: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write an iCalendar file for calendar programs instead; - is stdout."),
    ] = None,
    horizon: Horizon = NOW,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show what is due, the first to end first: rounds of talks, departures, answers, obligations, terms.

    With a horizon: what was due then, or by what was known.
    """
    if ics is not None and as_json:
        raise typer.BadParameter("send either --json or --ics")
    asked = {"since": since or BEGINNING, "until": until, "overdue": None if overdue is None else str(overdue).lower()}
    asked |= horizon
    with connection(data, url) as client:
        if ics is not None:
            _write(ics, read_calendar(client, process, asked))
            return
        listed: list[Deadline] = []
        explained: Explained = {"actors": {}, "evidence": {}}
        pages = list(list_deadlines(client, process, asked))
        for page in pages:
            listed += page["deadlines"]
            explained["actors"] |= page["actors"]
            explained["evidence"] |= page["evidence"]
    if as_json:
        print_json({"deadlines": listed, **explained, "horizon": pages[0]["horizon"]})
        return
    console = out()
    draw_deadlines(listed, explained, console.width, words.horizon(pages[0]["horizon"])).print(console)


def _write(file: Path, content: bytes) -> None:
    if str(file) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        file.write_bytes(content)
        say(f"Written to {file}.")


def draw_deadlines(listed: list[Deadline], explained: Explained, width: int, horizon: str = "") -> TextLayout:
    """A list: until when, what, who owes it, who says so; under the horizon in words, if one was asked for."""
    sheet = TextLayout(width)
    if horizon:
        sheet.put((horizon, "bold"))
    actors = explained["actors"]
    dates = [words.when(deadline["when"]) for deadline in listed]
    column = min(max(map(len, dates), default=0) + 2, MAX_DATE_COLUMN)
    for date, deadline in zip(dates, listed, strict=True):
        marks: list[Fragment] = [(" [overdue]", ALERT)] if deadline["overdue"] else []
        marks += [(" [contested]", ALERT)] if deadline["contested"] else []
        owed = f"; owed by {words.claimed_by('actors/' + deadline['actor'], actors)}" if deadline["actor"] else ""
        grounds = words.grounds([explained["evidence"][event] for event in deadline["events"]], actors)
        sheet.row(
            date,
            (clean(deadline["label"]), "bold"),
            f": {' '.join(clean(deadline['what']).split())}{owed}  ({words.listed(map(clean, deadline['processes']))})",
            *marks,
            (f" — {grounds}", ASIDE),
            column=column,
            indent=0,
        )
    if not listed:
        sheet.put("Nothing is due.")
    return sheet
