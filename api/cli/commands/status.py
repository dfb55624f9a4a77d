"""`parley status`: where a process stands."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import NOW, AsJson, Data, Horizon, ProcessId, Url, connection, with_horizon
from api.cli.questions import read_revisions, read_status_at
from api.cli.terminal.console import out, print_json
from api.cli.terminal.text_layout import TextLayout
from api.wording import status_page


@with_horizon
def status(
    process: ProcessId,
    events: Annotated[bool, typer.Option("--events", help="Show the events that each line rests on, by id.")] = False,
    notes: Annotated[bool, typer.Option("--notes", help="Show the notes of the recording office.")] = False,
    horizon: Horizon = NOW,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show where a process stands: what is due, who is at risk, what was agreed, who says so.

    With a horizon: where it stood, or what was known of it.
    """
    with connection(data, url) as client:
        shown, position = read_status_at(client, process, horizon)
        revisions = {} if as_json else read_revisions(client, shown["evidence"].values())
    if as_json:
        print_json(shown)
        return
    console = out()
    sheet = TextLayout(console.width)
    page = status_page.draw(shown, sheet, position=position, events=events, notes=notes, revisions=revisions)
    page.print(console)
